"""What housekeeping and backups ask of a library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session

from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.storage import chain, keys, passwords, replay, thumbnails
from pfm_desktop.storage.engine import DamagedError
from pfm_desktop.storage.interrupt import interruptible, telling, told_rows
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import KEYS, PUT_KEYS_BACK
from pfm_desktop.storage.tables import JournalTable, PictureTable, PredictionTable, RegistrationTable
from pfm_desktop.storage.tables_capture import AcquisitionTable, ClipSegmentTable, WhiteningTable
from pfm_desktop.storage.tables_review import AmendmentTable
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

CHECKING, NAMING = tr("Checking the database"), tr("Reading what is on record")
_SILENT = SilentContext()
_AT_ONCE = 5000  # lines: what is done with them in between is short


def database_problems(library: Library, ctx: Context = _SILENT) -> Iterator[str]:
    """What the database finds wrong with itself: its pages, its indexes, references that lead nowhere.

    `ctx` hears of it every tenth of a second, and may end it.
    """
    yield from _page_problems(library, ctx)
    with library.read() as session:
        for table, row, parent, _ in told_rows(session, "PRAGMA foreign_key_check", ctx, CHECKING):
            yield tr(
                "database: line {number} of {table} refers to a line of {other} that is not there",
                number=row,
                table=table,
                other=parent,
            )


def _page_problems(library: Library, ctx: Context) -> list[str]:
    with library.read() as session:
        verdicts = [str(verdict) for (verdict,) in told_rows(session, "PRAGMA integrity_check(20)", ctx, CHECKING)]
    return [tr("database: {problem}", problem=verdict) for verdict in verdicts if verdict != "ok"]


def audit_problems(library: Library, ctx: Context = _SILENT) -> Iterator[str]:
    """Where the chain of the journal does not hold; `ctx` hears of it and may end it."""
    with library.read() as session:
        yield from chain.problems(session, ctx)


def record_problems(library: Library, ctx: Context = _SILENT) -> Iterator[str]:
    """Where the records are not what the journal says; `ctx` hears of it and may end it."""
    with library.read() as session:
        yield from replay.problems(session, ctx)


def key_problems(library: Library) -> Iterator[str]:
    """What is wrong with the key file of an encrypted library, or with its copy."""
    wrong = _key_harms(library)
    for place, how in wrong:
        if len(wrong) > 1:
            yield tr(
                "{file} {harm}: without it and its copy nobody can open the library; make a backup before you close "
                "the program, and put {key_file} back from it: {how}",
                file=place,
                harm=how,
                key_file=KEYS,
                how=PUT_KEYS_BACK,
            )
        elif how != keys.DIFFERS:
            yield tr(
                "{file} {harm}: one is left of two. pfm library repair {library} writes both anew",
                file=place,
                harm=how,
                library=library.path,
            )
    with suppress(StorageError):  # neither is whole, which was said
        if said := passwords.problem(library):
            yield said


def key_notes(library: Library) -> Iterator[str]:
    """Two key files that are whole and not alike, as a kill between them leaves them; a repair takes the newer one."""
    for place, how in _key_harms(library):
        if how == keys.DIFFERS:
            yield tr(
                "{file} {harm}: a password or the recovery key was being changed, or an older file put back: what was "
                "before and what is new open the library; pfm library repair {library} keeps the newer one",
                file=place,
                harm=how,
                library=library.path,
            )


def _key_harms(library: Library) -> tuple[tuple[Path, str], ...]:
    return keys.harms(library.path, library.keys) if library.keys is not None else ()


def audit_length(library: Library) -> int:
    """Lines of the journal."""
    with library.read() as session:
        return session.scalar(select(func.count()).select_from(JournalTable)) or 0


def rebuild_indexes(library: Library, ctx: Context = _SILENT) -> Iterator[str]:
    """Make the indexes anew from their tables, where the database says that something is wrong with its pages; tells
    what was done, nothing where it did not help."""
    before = _page_problems(library, ctx)
    if not before:
        return
    try:
        with library.write() as session:
            session.execute(text("REINDEX"))
    except DamagedError:  # the tables themselves
        return
    if _page_problems(library, ctx) != before:
        yield "the indexes of the database were made anew"


@dataclass(frozen=True)
class Named:
    """Hashes that a database names: `pictures` on record, each once, what else lies in their store (`beside`, with what
    it is), `undone` ones that undo could bring back, and what was made of pictures: heatmaps, registrations and
    thumbnails."""

    pictures: tuple[str, ...]
    undone: frozenset[str]
    derived: frozenset[str]
    beside: Mapping[str, str] = field(default_factory=dict)


def named_in(session: Session, ctx: Context = _SILENT) -> Named:
    """What the database of this session names; also that of a backup of an older version."""
    with interruptible(session, telling(ctx, NAMING)):
        pictures = _on_record(session)
        beside = _beside(session, pictures)
        undone = _of_journal(session).difference(pictures, beside)
        derived = set(session.scalars(select(RegistrationTable.sha256)))
        for blobs in session.scalars(select(PredictionTable.blobs)):
            derived |= set(blobs.values())
        return Named(pictures, undone, frozenset(derived | thumbnails.of(session, {*pictures, *undone})), beside)


def derived_in_use(library: Library, ctx: Context = _SILENT) -> Mapping[str, str]:
    """Hashes of what was made of pictures, each with what it is; all of it can be made again."""
    with library.read() as session, interruptible(session, telling(ctx, NAMING)):
        pictures = {*_on_record(session), *_of_journal(session)}
        found = dict.fromkeys(sorted(thumbnails.of(session, pictures)), "thumbnail")
        found.update(dict.fromkeys(session.scalars(select(RegistrationTable.sha256)), "registration"))
        for blobs in session.scalars(select(PredictionTable.blobs)):
            found.update(dict.fromkeys(blobs.values(), "heatmap"))
        return found


def picture_hashes(library: Library, ctx: Context = _SILENT) -> tuple[str, ...]:
    """Hashes of all pictures on record, each once."""
    with library.read() as session, interruptible(session, telling(ctx, NAMING)):
        return _on_record(session)


def beside_pictures(library: Library, ctx: Context = _SILENT) -> Mapping[str, str]:
    """Hashes of what else on record lies in the store of the pictures, each with what it is; none of it can be made
    again."""
    with library.read() as session, interruptible(session, telling(ctx, NAMING)):
        return _beside(session, _on_record(session))


def hashes_in_use(library: Library, ctx: Context = _SILENT) -> frozenset[str]:
    """Hashes of all pictures on record and what lies beside them, and of those that undo could bring back."""
    with library.read() as session, interruptible(session, telling(ctx, NAMING)):
        return _of_journal(session).union(_on_record(session), _beside(session, ()))


def _on_record(session: Session) -> tuple[str, ...]:
    found = select(PictureTable.sha256).distinct().order_by(PictureTable.sha256)
    return tuple(session.scalars(found.execution_options(yield_per=_AT_ONCE)))


_BESIDE: tuple[tuple[Any, str], ...] = (
    (ClipSegmentTable.sha256, tr("part of a clip")),
    (WhiteningTable.map_sha256, tr("map of whitening")),
    (AcquisitionTable.dark_sha256, tr("dark frame")),
    (AmendmentTable.report_sha256, tr("signed report")),
)
# where the journal names bytes of the picture store; the parts of a clip stay in their table when it is removed
_NAMES = (
    ("picture", "sha256"),
    ("whitening", "map_sha256"),
    ("acquisition", "dark_sha256"),
    ("amendment", "report_sha256"),
)


def _beside(session: Session, pictures: Iterable[str]) -> Mapping[str, str]:
    """Nothing in the database of an older version, which has no such tables."""
    tables, found = inspect(session.connection()), dict[str, str]()
    for column, what in _BESIDE:
        if tables.has_table(column.class_.__tablename__):
            named = select(column).where(column != "").distinct().order_by(column)
            found |= dict.fromkeys(session.scalars(named.execution_options(yield_per=_AT_ONCE)), what)
    for sha256 in pictures if found else ():
        found.pop(sha256, None)
    return found


def _of_journal(session: Session) -> frozenset[str]:
    """Taken out of the lines by the database, which is quicker than reading them."""
    hashes: set[str] = set()
    for what, name in _NAMES:
        sides = (side[name].as_string() for side in (JournalTable.old, JournalTable.new))
        lines = select(*sides).where(JournalTable.what == what).execution_options(yield_per=_AT_ONCE)
        hashes.update(sha256 for line in session.execute(lines) for sha256 in line if sha256)
    return frozenset(hashes)
