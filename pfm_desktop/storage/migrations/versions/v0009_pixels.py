"""Version 9: a hash of the pixels of a picture, by which it is known in other bytes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

INFO = "the hash of a picture's pixels"


def upgrade(op: Any) -> None:
    """Of what is there already it is not taken: each picture would have to be decoded."""
    op.add_column("pictures", sa.Column("pixels_sha256", sa.String(64), nullable=False, server_default=""))
    op.create_index("ix_pictures_pixels_sha256", "pictures", ["pixels_sha256"])
