"""Version 11: what is documented by forms: the referral card, the examination by IFCPC 2011, each lesion."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

INFO = "referral cards, examinations and lesions by IFCPC 2011"


def upgrade(op: Any) -> None:
    """Empty: nobody was asked before."""
    for name in ("referrals", "assessments"):
        op.create_table(
            name,
            sa.Column("visit_id", sa.String(32), nullable=False),
            sa.Column("answers", sa.JSON, nullable=False),
            sa.PrimaryKeyConstraint("visit_id", name=f"pk_{name}"),
        )
    op.create_table(
        "lesions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("swede", sa.JSON, nullable=False),
        sa.Column("reid", sa.JSON, nullable=False),
        sa.Column("scored", sa.JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lesions"),
    )
    op.create_index("ix_lesions_visit_id", "lesions", ["visit_id"])
