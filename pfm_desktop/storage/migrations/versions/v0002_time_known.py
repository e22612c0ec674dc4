"""Version 2: whether the moment at which a picture was taken is known, or is that of its adding."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

INFO = "whether the time of day of a picture is known"


def upgrade(op: Any) -> None:
    """Of what is there already nobody can tell; the pictures of the demo library were given their time when drawn."""
    op.add_column("pictures", sa.Column("time_known", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE pictures SET time_known = 1 WHERE device = 'Phantom generator' "
        "AND EXISTS (SELECT 1 FROM meta WHERE key = 'demo' AND value = '1')"
    )
