"""Version 8: on which side of learning each woman stands, and what was learned."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

INFO = "the parts of the women for learning, and runs of it"


def upgrade(op: Any) -> None:
    """Empty: nothing was learned from a library before."""
    op.create_table(
        "learning_parts",
        sa.Column("patient_id", sa.String(32), nullable=False),
        sa.Column("part", sa.String(20), nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("patient_id", name="pk_learning_parts"),
    )
    op.create_table(
        "learning_runs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("parent_name", sa.String(200), nullable=False),
        sa.Column("parent_sha256", sa.String(64), nullable=False),
        sa.Column("model_name", sa.String(200), nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("figures", sa.JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_learning_runs"),
    )
