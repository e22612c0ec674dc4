"""Version 1: patients, visits, pictures, pairs, findings, marks, answers, journal."""

from typing import Any

import sqlalchemy as sa

INFO = "patients, visits, pictures, pairs, findings, marks, answers, journal"


def upgrade(op: Any) -> None:
    """From an empty database; `op` is alembic.operations.Operations."""
    op.create_table(
        "meta",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        _pk("meta", "key"),
    )
    _people(op)
    _pictures(op)
    _marks(op)
    _answers(op)
    _journal(op)


def _pk(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _fk(table: str, column: str, other: str, **options: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}", **options)


def _index(op: Any, table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(32), nullable=nullable)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=nullable)


def _float(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Float(53), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime, nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=nullable)


def _people(op: Any) -> None:
    op.create_table(
        "patients",
        _id(),
        _text("identifier", 200),
        _text("family_name", 200),
        _text("given_name", 200),
        sa.Column("birth_date", sa.Date, nullable=True),
        _text("search"),
        _pk("patients", "id"),
        sa.UniqueConstraint("identifier", name="uq_patients_identifier"),
    )
    op.create_table(
        "visits",
        _id(),
        _id("patient_id"),
        _moment("started_at"),
        _text("indication"),
        _text("examiner", 200),
        _text("note"),
        _text("day_text"),
        _pk("visits", "id"),
        _fk("visits", "patient_id", "patients"),
    )
    _index(op, "visits", "started_at")
    _index(op, "visits", "patient_id", "started_at")
    op.create_table(
        "findings",
        _id("visit_id"),
        _text("impression", 20, nullable=True),
        *(
            sa.Column(item, sa.Integer, nullable=True)
            for item in ("aceto_uptake", "margins_surface", "vessels", "lesion_size", "iodine")
        ),
        _text("text"),
        _text("plan"),
        _json("first_read", nullable=True),
        _json("second_read", nullable=True),
        _moment("revealed_at", nullable=True),
        _json("signature", nullable=True),
        _pk("findings", "visit_id"),
        _fk("findings", "visit_id", "visits"),
    )


def _pictures(op: Any) -> None:
    op.create_table(
        "pictures",
        _id(),
        _id("visit_id"),
        _text("sha256", 64),
        _text("stage", 40),
        _moment("taken_at"),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        _float("seconds_since_acid", nullable=True),
        _float("mm_per_px", nullable=True),
        _text("device", 200),
        _text("original_name"),
        _pk("pictures", "id"),
        _fk("pictures", "visit_id", "visits"),
    )
    _index(op, "pictures", "visit_id")
    _index(op, "pictures", "sha256")
    op.create_table(
        "pairs",
        _id(),
        _id("visit_id"),
        _id("white_id", nullable=True),
        _id("fluorescence_id", nullable=True),
        _moment("made_at"),
        _pk("pairs", "id"),
        _fk("pairs", "visit_id", "visits"),
        _fk("pairs", "white_id", "pictures"),
        _fk("pairs", "fluorescence_id", "pictures"),
        sa.CheckConstraint("white_id IS NOT NULL OR fluorescence_id IS NOT NULL", name="ck_pairs_not_empty"),
    )
    for column in ("visit_id", "white_id", "fluorescence_id"):
        _index(op, "pairs", column)


def _marks(op: Any) -> None:
    op.create_table(
        "pins",
        _id(),
        _id("pair_id"),
        _text("frame", 20),
        _float("x"),
        _float("y"),
        _text("letter", 8),
        _text("note"),
        _pk("pins", "id"),
        _fk("pins", "pair_id", "pairs"),
    )
    _index(op, "pins", "pair_id")
    op.create_table(
        "os_marks",
        _id("pair_id"),
        _text("frame", 20),
        _float("x"),
        _float("y"),
        _pk("os_marks", "pair_id", "frame"),
        _fk("os_marks", "pair_id", "pairs"),
    )
    op.create_table(
        "annotations",
        _id(),
        _id("visit_id"),
        _id("picture_id", nullable=True),
        _text("kind", 40),
        _text("author", 200),
        _moment("made_at"),
        _json("body"),
        _pk("annotations", "id"),
        _fk("annotations", "visit_id", "visits"),
        _fk("annotations", "picture_id", "pictures"),
    )
    for column in ("visit_id", "picture_id", "kind"):
        _index(op, "annotations", column)


def _answers(op: Any) -> None:
    op.create_table(
        "predictions",
        _id("pair_id"),
        _text("model_sha256", 64),
        _text("model_name", 200),
        _moment("made_at"),
        _json("body"),
        _json("blobs"),
        _pk("predictions", "pair_id", "model_sha256"),
        _fk("predictions", "pair_id", "pairs", ondelete="CASCADE"),
    )
    op.create_table(
        "registrations",
        _id("pair_id"),
        _text("sha256", 64),
        sa.Column("by_hand", sa.Boolean, nullable=False),
        _moment("made_at"),
        _json("summary"),
        _pk("registrations", "pair_id"),
        _fk("registrations", "pair_id", "pairs", ondelete="CASCADE"),
    )


def _journal(op: Any) -> None:
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=True),
        _moment("at"),
        _text("who", 200),
        _text("what", 40),
        _text("key", 80),
        _json("old", nullable=True),
        _json("new", nullable=True),
        _text("text"),
        _pk("journal", "seq"),
        sqlite_autoincrement=True,  # a number is never given twice, even after the last line was removed
    )
    _index(op, "journal", "what")
    _index(op, "journal", "key")
