"""What housekeeping and backups ask of a library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from pfm_desktop.storage import chain
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.tables import JournalTable, PictureTable, PredictionTable, RegistrationTable


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


@dataclass(frozen=True)
class Named:
    """Hashes that a database names: `pictures` on record, each once, `undone` ones that undo could bring back, and what
    was made of pictures: heatmaps and registrations."""

    pictures: tuple[str, ...]
    undone: frozenset[str]
    derived: frozenset[str]


def named_in(session: Session) -> Named:
    """What the database of this session names."""
    pictures = _on_record(session)
    derived = set(session.scalars(select(RegistrationTable.sha256)))
    for blobs in session.scalars(select(PredictionTable.blobs)):
        derived |= set(blobs.values())
    return Named(pictures, _of_journal(session).difference(pictures), frozenset(derived))


def picture_hashes(library: Library) -> tuple[str, ...]:
    """Hashes of all pictures on record, each once."""
    with library.read() as session:
        return _on_record(session)


def hashes_in_use(library: Library) -> frozenset[str]:
    """Hashes of all pictures on record, and of those that undo could bring back."""
    with library.read() as session:
        return _of_journal(session).union(_on_record(session))


def _on_record(session: Session) -> tuple[str, ...]:
    return tuple(session.scalars(select(PictureTable.sha256).distinct().order_by(PictureTable.sha256)))


def _of_journal(session: Session) -> frozenset[str]:
    found = set[str]()
    for line in session.scalars(select(JournalTable).where(JournalTable.what == "picture")):
        found |= {str(side["sha256"]) for side in (line.old, line.new) if side and "sha256" in side}
    return frozenset(found)
