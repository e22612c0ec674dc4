"""Version 4: who may sign in to a library, and as what."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

INFO = "accounts with roles, for encrypted libraries"


def upgrade(op: Any) -> None:
    """A library that is not encrypted has none."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_folded", sa.String(200), nullable=False),
        sa.Column("roles", sa.String(200), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name_folded", name="uq_accounts_name_folded"),
    )
