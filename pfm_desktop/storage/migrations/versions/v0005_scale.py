"""Version 5: what a library of many years needs to be searched while one types, and thumbnails."""

from __future__ import annotations

import string
from datetime import datetime
from typing import Any

import sqlalchemy as sa

INFO = "searching stays quick in a library of many years; thumbnails are kept"
PART = 16  # characters
_INDEXES = (
    ("visits", "started_at", "id", "patient_id", "day_text", "minute"),
    ("visits", "patient_id", "started_at", "id", "day_text", "minute"),
    ("visits", "day_text", "started_at", "id", "patient_id", "minute"),
    ("visits", "minute", "started_at", "id", "patient_id", "day_text"),
    ("findings", "impression", "visit_id"),
    ("pictures", "visit_id", "stage"),
    ("journal", "what", "key"),
)
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_AT_ONCE = 5000  # lines


def upgrade(op: Any) -> None:
    """What is computed is computed for all that is there, before the indexes are made."""
    text = sa.String(PART).with_variant(sa.String(PART, collation="C"), "postgresql")
    op.create_table(
        "search_words",
        sa.Column("part", text, nullable=False),
        sa.Column("patient_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("part", "patient_id", name="pk_search_words"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "visit_days",
        sa.Column("day", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_visit_days"),
    )
    op.create_table(
        "thumbnails",
        sa.Column("picture_sha256", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("picture_sha256", name="pk_thumbnails"),
    )
    op.add_column("visits", sa.Column("minute", sa.Integer, nullable=False, server_default="0"))
    connection = op.get_bind()
    _words(connection)
    _minutes(connection)
    op.execute("INSERT INTO visit_days (day) SELECT DISTINCT day_text FROM visits")
    for index in ("started_at", "patient_id_started_at"):
        op.drop_index(f"ix_visits_{index}", "visits")
    op.drop_index("ix_pictures_visit_id", "pictures")
    op.drop_index("ix_journal_what", "journal")
    for table, *columns in _INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)


def _words(connection: Any) -> None:
    """In the order of the table, so that it is written from one end to the other."""
    women = connection.execute(sa.text("SELECT id, search FROM patients")).all()
    lines = sorted((part, key) for key, search in women for part in _parts(search))
    words = sa.table("search_words", sa.column("part", sa.String), sa.column("patient_id", sa.String))
    for start in range(0, len(lines), _AT_ONCE):
        some = lines[start : start + _AT_ONCE]
        connection.execute(words.insert(), [{"part": part, "patient_id": key} for part, key in some])


def _parts(search: str) -> frozenset[str]:
    words = search.translate(_SMALL).split()
    return frozenset(word[start : start + PART] for word in words for start in range(len(word)))


def _minutes(connection: Any) -> None:
    visits = sa.table(
        "visits", sa.column("id", sa.String), sa.column("started_at", sa.DateTime), sa.column("minute", sa.Integer)
    )
    begun: list[tuple[str, datetime]] = [
        (key, at) for key, at in connection.execute(sa.select(visits.c.id, visits.c.started_at))
    ]
    change = visits.update().where(visits.c.id == sa.bindparam("key")).values(minute=sa.bindparam("at"))
    for start in range(0, len(begun), _AT_ONCE):
        some = begun[start : start + _AT_ONCE]
        connection.execute(change, [{"key": key, "at": 60 * at.hour + at.minute} for key, at in some])
