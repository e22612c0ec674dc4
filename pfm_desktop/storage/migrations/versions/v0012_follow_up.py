"""Version 12: pots of biopsies, what the laboratory says of each, what follows a visit, reports that were amended, and
words that visits are found by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from pfm_desktop.storage.schema import folded

INFO = "pots, results of the laboratory, follow-up, amended reports; visits are found by what was found in them"
PART = 16  # characters
_AT_ONCE = 5000  # lines


def upgrade(op: Any) -> None:
    """Empty. Pins that are there get no pot: nobody said that a result is waited for."""
    op.add_column("pins", sa.Column("pot", sa.String(40), nullable=False, server_default=""))
    op.add_column("pins", sa.Column("answers", sa.JSON, nullable=False, server_default="{}"))
    op.create_index("ix_pins_pot", "pins", ["pot"])
    op.create_table(
        "specimens",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("pot", sa.String(40), nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_specimens"),
    )
    op.create_index("ix_specimens_visit_id", "specimens", ["visit_id"])
    op.create_index("ix_specimens_pot", "specimens", ["pot"])
    op.create_table(
        "results",
        sa.Column("specimen_id", sa.String(32), nullable=False),
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("entered_by", sa.String(200), nullable=False),
        sa.Column("entered_on", sa.String(10), nullable=False),
        sa.Column("diagnosis", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("specimen_id", name="pk_results"),
    )
    op.create_index("ix_results_visit_id", "results", ["visit_id"])
    op.create_table(
        "follow_ups",
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("mdt", sa.String(20), nullable=False),
        sa.Column("letter_on", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("visit_id", name="pk_follow_ups"),
    )
    op.create_index("ix_follow_ups_mdt", "follow_ups", ["mdt"])
    op.create_table(
        "amendments",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("signature", sa.JSON, nullable=False),
        sa.Column("impression", sa.String(20), nullable=False),
        sa.Column("report_sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_amendments"),
    )
    op.create_index("ix_amendments_visit_id", "amendments", ["visit_id"])
    text = sa.String(PART).with_variant(sa.String(PART, collation="C"), "postgresql")
    op.create_table(
        "visit_words",
        sa.Column("part", text, nullable=False),
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("part", "visit_id", name="pk_visit_words"),
        sqlite_with_rowid=False,
    )
    _words(op.get_bind())
    op.create_index("ix_visit_words_visit_id", "visit_words", ["visit_id"])


def _words(connection: Any) -> None:
    """Indications, findings and plans; what was answered in forms of version 11 is found once it changes."""
    said = connection.execute(
        sa.text(
            "SELECT visits.id, visits.indication, findings.text, findings.plan FROM visits "
            "LEFT JOIN findings ON findings.visit_id = visits.id"
        )
    )
    lines = sorted({(part, key) for key, *texts in said for part in _parts(" ".join(filter(None, texts)))})
    words = sa.table("visit_words", sa.column("part", sa.String), sa.column("visit_id", sa.String))
    for start in range(0, len(lines), _AT_ONCE):
        some = lines[start : start + _AT_ONCE]
        connection.execute(words.insert(), [{"part": part, "visit_id": key} for part, key in some])


def _parts(text: str) -> Iterator[str]:
    small = folded(text)
    whole = (word.strip(".,;:!?()[]\"'") for word in small.split())
    yield from (word[:PART] for word in (*whole, *re.findall(r"\w+", small)) if word)
