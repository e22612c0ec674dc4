"""What housekeeping asks of a library."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select, text

from pfm_desktop.storage import chain
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.tables import JournalTable, PictureTable


def database_problems(library: Library) -> Iterator[str]:
    """What the database finds wrong with itself: its pages, its indexes, references that lead nowhere."""
    with library.read() as session:
        for (verdict,) in session.execute(text("PRAGMA integrity_check(20)")):
            if verdict != "ok":
                yield f"database: {verdict}"
        for table, row, parent, _ in session.execute(text("PRAGMA foreign_key_check")):
            yield f"database: line {row} of {table} refers to a line of {parent} that is not there"


def audit_problems(library: Library) -> Iterator[str]:
    """Where the chain of the journal does not hold."""
    with library.read() as session:
        yield from chain.problems(session)


def audit_length(library: Library) -> int:
    """Lines of the journal."""
    with library.read() as session:
        return session.scalar(select(func.count()).select_from(JournalTable)) or 0


def rebuild_indexes(library: Library) -> Iterator[str]:
    """Make the indexes anew from their tables, where the database says that something is wrong; tells what was done."""
    if not any(True for _ in database_problems(library)):
        return
    with library.write() as session:
        session.execute(text("REINDEX"))
    yield "the indexes of the database were made anew"


def picture_hashes(library: Library) -> tuple[str, ...]:
    """Hashes of all pictures on record, each once."""
    with library.read() as session:
        return tuple(session.scalars(select(PictureTable.sha256).distinct().order_by(PictureTable.sha256)))


def hashes_in_use(library: Library) -> frozenset[str]:
    """Hashes of all pictures on record, and of those that undo could bring back."""
    with library.read() as session:
        found = set(session.scalars(select(PictureTable.sha256)))
        for entry in session.scalars(select(JournalTable).where(JournalTable.what == "picture")):
            found |= {str(side["sha256"]) for side in (entry.old, entry.new) if side and "sha256" in side}
    return frozenset(found)
