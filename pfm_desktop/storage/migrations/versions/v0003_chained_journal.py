"""Version 3: each line of the journal carries a hash of itself and of the line before."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import sqlalchemy as sa

from pfm_desktop.storage.chain import FIRST, HEAD, head_of, link

INFO = "the journal is a chain: a line that is altered or removed is found"


def upgrade(op: Any) -> None:
    """Lines that are there already are chained as they stand: what was done to them before nobody can tell."""
    op.add_column("journal", sa.Column("chain", sa.String(64), nullable=False, server_default=""))
    json = sa.JSON(none_as_null=True)
    names = ("who", "what", "key", "text")
    journal = sa.table(
        "journal",
        sa.column("seq", sa.Integer),
        sa.column("at", sa.DateTime),
        sa.column("old", json),
        sa.column("new", json),
        sa.column("chain", sa.String),
        *(sa.column(name, sa.String) for name in names),
    )
    connection, previous, last = op.get_bind(), FIRST, 0
    for row in connection.execute(sa.select(journal).order_by(journal.c.seq)).mappings().all():
        said = {name: row[name] for name in (*names, "old", "new")}
        previous, last = link(previous, seq=row["seq"], at=row["at"].replace(tzinfo=UTC), **said), row["seq"]
        connection.execute(journal.update().where(journal.c.seq == last).values(chain=previous))
    if last:
        meta = sa.table("meta", sa.column("key", sa.String), sa.column("value", sa.Text))
        connection.execute(meta.insert().values(key=HEAD, value=head_of(last, previous)))
