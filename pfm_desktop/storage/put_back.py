"""Putting the database of a library back as it was before a newer program brought it up to date.

Nothing is opened by the ways of this version, which would bring it up to date again. Pictures stay where they are: the
store only grows, and a database names what is its own by the hash.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from pfm_desktop.jobs import Context
from pfm_desktop.storage import migrations, snapshot
from pfm_desktop.storage.engine import copy_database, in_words, make_engine
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.lock import HeldElsewhereError, LibraryLock
from pfm_desktop.storage.refusals import in_use_by
from pfm_desktop.storage.schema import DATABASE, SIDE_FILES, place_aside
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.files import named, replacing
from pfm_desktop.support.language import tr

UNCHANGED = tr("the library is unchanged")


@dataclass(frozen=True)
class PutBack:
    """From which file, of which moment; where the newer database lies; how many lines its audit trail has since."""

    source: Path
    made_at: datetime
    aside: Path
    since: int


@dataclass(frozen=True)
class Earlier:
    """A database of a library as it was, and when."""

    path: Path
    made_at: datetime


def put_back(
    ctx: Context, library: Path, keys: LibraryKeys | None, *, version: int, earlier: Earlier | None, after: datetime
) -> PutBack | None:
    """Bring the database back to `version`; None where the program of that version reads it as it is.

    It comes from the last copy of that version which the newer program made after `after`, before it brought the
    library up to date, or else from `earlier`. What is there now goes into the library's folder `set-aside`, whole; the
    change is one step. Raises `StorageError`; the library is as it was then.
    """
    with _held(library), in_words(library):
        engine = make_engine(library / DATABASE, keys=keys)
        try:
            with engine.connect() as connection:
                if (migrations.version_of(connection) or 0) <= version:
                    return None
                of, end = _whose(connection)
            source = _source(library, version, earlier, after)
            before = _checked(ctx, source.path, keys, of=of)
            aside = place_aside(library, DATABASE)
            with named(aside, safe=UNCHANGED):
                aside.parent.mkdir(exist_ok=True)
            copy_database(engine, aside, safe=UNCHANGED, keys=keys, ctx=ctx)
        finally:
            engine.dispose()  # the last connection folds the WAL into the database
        _check_folded(library)
        with source.path.open("rb") as stream, replacing(library / DATABASE) as database:
            shutil.copyfileobj(stream, database)  # the one step
    return PutBack(source.path, source.made_at, aside, end - before)


@contextlib.contextmanager
def _held(library: Path) -> Iterator[None]:
    if not (library / DATABASE).is_file():
        raise StorageError(
            tr("{path} holds no library: {file} is missing", path=library, file=DATABASE),
            safe=tr("nothing was changed"),
            remedy=tr("check that its disk is connected"),
        )
    try:
        lock = LibraryLock.take(library / "lock")
    except HeldElsewhereError as error:
        raise StorageError(
            tr("the library {library} is {state}", library=library, state=in_use_by(error)),
            safe=tr("nothing was changed"),
            remedy=tr("close the program there, then try again"),
        ) from error
    except OSError as error:
        raise StorageError(
            tr("the library {library} may not be written", library=library),
            safe=tr("nothing was changed"),
            remedy=tr("check the permissions of the folder and whether the disk is read-only"),
        ) from error
    try:
        yield
    finally:
        lock.release()


def _source(library: Path, version: int, earlier: Earlier | None, after: datetime) -> Earlier:
    kept = [copy for copy in migrations.copies(library) if copy.version == version and copy.made_at >= after]
    if kept:
        return Earlier(kept[-1].path, kept[-1].made_at)
    if earlier is None:
        raise StorageError(
            tr("the library {library} has no copy from before the update", library=library),
            safe=UNCHANGED,
            remedy=tr("bring a backup back beside the library with the earlier program: pfm library restore"),
        )
    return earlier


def _checked(ctx: Context, source: Path, keys: LibraryKeys | None, *, of: str) -> int:
    """The last line of the audit trail in a copy that is whole and of this library."""
    wrong = snapshot.harm(source, keys, ctx)
    engine: Engine = make_engine(source, keys=keys, immutable=True)
    try:
        with engine.connect() as connection:
            whose, end = _whose(connection) if not wrong else ("", 0)
    finally:
        engine.dispose()
    if wrong or whose != of:
        raise StorageError(
            tr("{file} is damaged, or that of another library: {why}", file=source, why=wrong or whose),
            safe=UNCHANGED,
            remedy=tr("bring a backup back beside the library with the earlier program: pfm library restore"),
        )
    return end


def _whose(connection: Connection) -> tuple[str, int]:
    whose = connection.execute(text("SELECT value FROM meta WHERE key = 'library_id'")).scalar()
    return str(whose), int(connection.execute(text("SELECT coalesce(max(seq), 0) FROM journal")).scalar() or 0)


def _check_folded(library: Path) -> None:
    """A WAL that is left would be taken for that of the database which comes."""
    for name in SIDE_FILES:
        side = library / name
        if side.exists() and side.stat().st_size:
            raise StorageError(
                tr("the library {library} could not be closed: {file} is left", library=library, file=name),
                safe=UNCHANGED,
                remedy=tr("close every program that has it open, then try again"),
            )
        side.unlink(missing_ok=True)
