"""Version 12: pots of biopsies, what the laboratory says of each, and what follows a visit."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

INFO = "pots, results of the laboratory, follow-up"


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
        sa.Column("diagnosis", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("specimen_id", name="pk_results"),
    )
    op.create_index("ix_results_visit_id", "results", ["visit_id"])
    op.create_table(
        "follow_ups",
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("mdt", sa.String(20), nullable=False),
        sa.Column("letter_sent", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("visit_id", name="pk_follow_ups"),
    )
    op.create_index("ix_follow_ups_mdt", "follow_ups", ["mdt"])
