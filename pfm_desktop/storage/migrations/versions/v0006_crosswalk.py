"""Version 6: under which pseudonym a woman stands in exports for research."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

INFO = "the list of pseudonyms of exports for research"


def upgrade(op: Any) -> None:
    """Empty: nobody was exported under a pseudonym before."""
    op.create_table(
        "crosswalk",
        sa.Column("patient_id", sa.String(32), nullable=False),
        sa.Column("pseudonym", sa.String(64), nullable=False),
        sa.Column("offset_days", sa.Integer, nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("patient_id", name="pk_crosswalk"),
        sa.UniqueConstraint("pseudonym", name="uq_crosswalk_pseudonym"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name="fk_crosswalk_patient_id_patients", ondelete="CASCADE"
        ),
    )
