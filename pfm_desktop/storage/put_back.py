"""Putting the database of a library back as it was before a newer program brought it up to date.

Nothing is opened by the ways of this version, which would bring it up to date again. Pictures stay where they are: the
store only grows, and a database names what is its own by the hash.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text

from pfm_desktop.jobs import Context
from pfm_desktop.storage import migrations, snapshot
from pfm_desktop.storage.engine import copy_database, in_words, make_engine
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.lock import HeldElsewhereError, LibraryLock
from pfm_desktop.storage.refusals import in_use_by
from pfm_desktop.storage.schema import DATABASE, SIDE_FILES, place_aside
from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.support.files import named, reached, replacing
from pfm_desktop.support.language import tr

UNCHANGED = tr("the library is unchanged")


@dataclass(frozen=True)
class Earlier:
    """A database of a library as it was, and when."""

    path: Path
    made_at: datetime


@dataclass(frozen=True)
class Ready:
    """A library that can be put back: from what, up to which line of its audit trail that goes, and copies that would
    have been nearer and are damaged."""

    library: Path
    keys: LibraryKeys | None
    source: Earlier
    end: int
    damaged: tuple[Path, ...]

    @property
    def needed(self) -> int:
        """Bytes: for the newer database once more, and for the earlier one before it takes its place."""
        files = (self.source.path, *(self.library / name for name in (DATABASE, *SIDE_FILES)))
        return sum(path.stat().st_size for path in files if path.exists())


@dataclass(frozen=True)
class PutBack:
    """From which file, of which moment; where the newer database lies; how many lines its audit trail has since;
    copies that are damaged and were passed over."""

    source: Path
    made_at: datetime
    aside: Path
    since: int
    damaged: tuple[Path, ...] = ()


@contextlib.contextmanager
def held(library: Path) -> Iterator[None]:
    """Nobody else opens it for writing. Raises `StorageError` where somebody has, and where there is no library."""
    if not (library / DATABASE).is_file():
        raise StorageError(
            tr("{path} holds no library: {file} is missing", path=library, file=DATABASE),
            safe=tr("nothing was changed"),
            remedy=tr("check that its disk is connected"),
        )
    lock = _lock(library)
    try:
        yield
    finally:
        lock.release()


def version_of(library: Path, keys: LibraryKeys | None) -> int:
    """Of a library that is `held`, 0 where it has none."""
    with _connected(library, keys) as connection:
        return migrations.version_of(connection) or 0


def look(
    ctx: Context, library: Path, keys: LibraryKeys | None, *, version: int, earlier: Sequence[Earlier]
) -> Ready | None:
    """Whether a library that is `held` can be brought back to `version`; None where that program reads it as it is.

    It comes from the first of `earlier` that is whole. Raises `StorageError`; nothing is changed.
    """
    with _connected(library, keys) as connection:
        if (migrations.version_of(connection) or 0) <= version:
            return None
        of, _ = _whose(connection)
    wrong: list[StorageError] = []
    for number, source in enumerate(earlier):
        try:
            end = _checked(ctx, source.path, keys, of=of)
        except StorageError as error:
            wrong.append(error)
            continue
        return Ready(library, keys, source, end, tuple(one.path for one in earlier[:number]))
    if wrong:
        raise wrong[0]
    raise StorageError(
        tr("the library {library} has no copy from before the update", library=library),
        safe=UNCHANGED,
        remedy=tr("bring a backup back beside the library with the earlier program: pfm library restore"),
    )


def put_back(ctx: Context, ready: Ready, note: Callable[[PutBack], object] = lambda _: None) -> PutBack:
    """Bring the database back, of a library that is still `held`.

    What is there now goes into the library's folder `set-aside`, whole, and `note` is told where, before the change
    itself, which is one step. Raises `StorageError`; the library is as it was then.
    """
    library, keys, source = ready.library, ready.keys, ready.source
    aside = place_aside(library, DATABASE)
    with in_words(library):
        engine = make_engine(library / DATABASE, keys=keys)
        try:
            with engine.connect() as connection:
                _, end = _whose(connection)
            with named(aside, safe=UNCHANGED):
                aside.parent.mkdir(exist_ok=True, mode=0o700)
            copy_database(engine, aside, safe=UNCHANGED, keys=keys, ctx=ctx)
        finally:
            engine.dispose()  # the last connection folds the WAL into the database
    done = PutBack(source.path, source.made_at, aside, end - ready.end, ready.damaged)
    try:
        _check_folded(library)
        note(done)
        with (
            reached(source.path, safe=UNCHANGED),
            source.path.open("rb") as stream,
            replacing(library / DATABASE) as database,
        ):
            shutil.copyfileobj(stream, database)  # the one step
    except UserError:  # the library still holds all of it
        with contextlib.suppress(OSError):
            aside.unlink()
        raise
    return done


def _lock(library: Path) -> LibraryLock:
    try:
        return LibraryLock.take(library / "lock")
    except HeldElsewhereError as error:
        raise StorageError(
            tr("the library {library} is {state}", library=library, state=in_use_by(error)),
            safe=tr("nothing was changed"),
            remedy=tr("close the program there, then try again"),
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                tr("the disk that holds {library} is full", library=library),
                safe=tr("nothing was changed"),
                remedy=tr("free some space, then try again"),
            ) from error
        raise StorageError(
            tr("the library {library} may not be written", library=library),
            safe=tr("nothing was changed"),
            remedy=tr("check the permissions of the folder and whether the disk is read-only"),
        ) from error


@contextlib.contextmanager
def _connected(library: Path, keys: LibraryKeys | None) -> Iterator[Connection]:
    with in_words(library):
        engine = make_engine(library / DATABASE, keys=keys)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def _checked(ctx: Context, source: Path, keys: LibraryKeys | None, *, of: str) -> int:
    """The last line of the audit trail in a copy that is whole and of this library."""
    wrong, whose, end = snapshot.harm(source, keys, ctx), "", 0
    if not wrong:
        engine = make_engine(source, keys=keys, immutable=True)
        try:
            with in_words(source), engine.connect() as connection:
                whose, end = _whose(connection)
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
