"""The one place that makes a database engine, copies a database, and turns errors of it into words for a person."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from pfm_desktop.jobs import Context
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.schema import DATABASE, KEYS, file_uri, is_encrypted
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

BUSY_SECONDS = 5.0
KEPT = 5  # connections that stay open once as many were needed at once; more are closed again
EMPTY = tr("the file is empty")
COPY_AND_RESTORE = tr(
    "copy its folder as it stands, and put the last backup beside it: pfm library restore BACKUP NEW_FOLDER"
)
_PROBE = 1 << 16  # bytes
_CACHE = 64 << 10  # KiB of pages that each connection keeps, decrypted: the first letters of a search take most of that
_PAGES = 2048  # of a copy, between two signs of life: 8 MB


def make_engine(
    database: Path,
    *,
    keys: LibraryKeys | None = None,
    create: bool = False,
    never_written: bool = False,
    immutable: bool = False,
) -> Engine:
    """Engine on one SQLite file: WAL, foreign keys on, synchronous FULL, nothing temporary on disk.

    With `keys` the file is one of SQLCipher. Without `create` a missing file is an error instead of an empty database.
    `never_written` refuses writes and keeps closing from folding the WAL into the file, also as the last one that has
    it open; `immutable` takes no lock and writes no side file either (read-only media).
    """
    mode = "rwc" if create else ("ro&immutable=1" if immutable else "ro" if never_written else "rw")
    uri, driver = file_uri(database, mode), _driver(keys)

    def connect() -> Any:
        made = driver.connect(uri, uri=True, check_same_thread=False, timeout=BUSY_SECONDS)
        return _keyed(made, keys)

    engine = create_engine(
        "sqlite://", module=driver, creator=connect, poolclass=QueuePool, pool_size=KEPT, max_overflow=10,
        pool_use_lifo=True,  # the one that was used last has its pages still, also where it wrote
    )  # fmt: skip
    pragmas = ["foreign_keys=ON", "synchronous=FULL", "temp_store=MEMORY", f"cache_size=-{_CACHE}"]
    pragmas += ["query_only=ON"] if never_written or immutable else ["journal_mode=WAL"]

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:
        # the driver must not open transactions on its own: `_begin` below decides which kind
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a reader that turns writer can fail with "locked" however long it waits; writers say so at the start
        options = connection.get_execution_options()
        if options.get("writes", False):
            connection.exec_driver_sql(f"PRAGMA busy_timeout={round(1000 * options.get('waits_s', BUSY_SECONDS))}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def copy_database(
    engine: Engine, out: Path, *, safe: str, keys: LibraryKeys | None = None, ctx: Context | None = None
) -> None:
    """Copy the database of `engine` to the file `out`, which appears only once it is whole and on disk.

    `keys` are those of the database, and become those of the copy; `ctx` is told how far it is, and may stop it. Raises
    `StorageError`, which says with `safe` what is as before. Nothing is written to the database itself, so that one
    that is open for reading only can be copied as well.
    """

    def told(_status: int, remaining: int, total: int) -> None:
        if ctx is not None:
            ctx.progress(total - remaining, total, tr("Copying the database"))

    source = engine.raw_connection()
    try:
        driver: Any = source.driver_connection
        with _appearing(out, keys, safe) as target:
            # one moment for all steps: what is written meanwhile comes into the next copy, and starts none again
            driver.execute("BEGIN")
            driver.execute("SELECT count(*) FROM sqlite_master").fetchall()
            try:
                driver.backup(target, pages=_PAGES, progress=told)
            finally:
                driver.execute("ROLLBACK")
            target.execute("PRAGMA journal_mode=DELETE")  # whole on its own, without side files
    finally:
        source.close()


def encrypt_database(plain: Path, out: Path, keys: LibraryKeys) -> None:
    """Write the database in the file `plain`, which nobody has open, encrypted to `out`, which appears once whole.

    Raises `StorageError`. Nobody, since this process would hold the file by two copies of SQLite, and closing one lets
    go the locks of the other.
    """
    with _appearing(out, keys, tr("the library is unchanged")) as target:
        target.execute("ATTACH DATABASE ? AS plain KEY ''", (str(plain),))
        target.execute("SELECT sqlcipher_export('main', 'plain')").fetchall()
        target.execute("DETACH DATABASE plain")


@contextlib.contextmanager
def _appearing(out: Path, keys: LibraryKeys | None, safe: str) -> Iterator[Any]:
    """A connection to a new database, which takes the name `out` once the block has ended and it is on disk."""
    module = _driver(keys)
    temporary = out.with_name(f".{out.name}.part")
    try:
        temporary.unlink(missing_ok=True)
        with contextlib.closing(_keyed(module.connect(temporary), keys)) as target:
            yield target
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o600)
        temporary.replace(out)
    except BaseException as error:
        with contextlib.suppress(OSError):  # it is removed before the next copy
            temporary.unlink(missing_ok=True)
        if not isinstance(error, (OSError, module.Error)):
            raise
        if is_damage(str(error)):
            raise DamagedError(
                tr("the database that was to be copied is damaged"),
                str(error),
                safe=safe,
                remedy=tr("look what is wrong with it (pfm library verify), and bring back a backup"),
            ) from error
        raise StorageError(
            tr("could not write the copy {file}: {why}", file=out, why=getattr(error, "strerror", None) or error),
            safe=safe,
            remedy=tr("free some space or choose a folder that you may write to, then try again"),
        ) from error


def _driver(keys: LibraryKeys | None) -> ModuleType:
    """Python's own for a plain database, so that it opens without loading another; SQLCipher's for an encrypted one."""
    if keys is None:
        return sqlite3
    from sqlcipher3 import dbapi2

    driver: ModuleType = dbapi2
    return driver


def _keyed(connection: Any, keys: LibraryKeys | None) -> Any:
    """The connection with its key; it must come before anything else."""
    if keys is not None:
        connection.execute("PRAGMA cipher_log_level = NONE")  # to standard error; what is wrong is said as an error
        connection.execute(f"PRAGMA key = \"x'{keys.database}'\"")
    return connection


@contextlib.contextmanager
def in_words(library: Path, keys: LibraryKeys | None = None) -> Iterator[None]:
    """Turn database errors inside the block into `StorageError`; `keys`: those that it is opened with."""
    try:
        with _in_words(library):
            yield
    except DamagedError as error:
        error.keys = keys
        raise


@contextlib.contextmanager
def _in_words(library: Path) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise StorageError(
            tr(
                "the library refused a change that would leave records without what they refer to ({problem})",
                problem=error.orig,
            ),
            safe=tr("nothing was changed"),
        ) from error
    except DatabaseError as error:
        raise _translated(str(error.orig or error), library) from error
    except SQLAlchemyError as error:
        raise StorageError(
            tr("the library {library} could not be used: {problem}", library=library, problem=error),
            safe=tr("nothing was changed"),
        ) from error
    except Exception as error:
        if not isinstance(error, _of_the_drivers()):
            raise
        raise _translated(str(error), library) from error


def _of_the_drivers() -> tuple[type[Exception], ...]:
    """What the drivers raise themselves, where SQLAlchemy stands not between."""
    loaded: Any = sys.modules.get("sqlcipher3.dbapi2")
    return (sqlite3.DatabaseError, *((loaded.DatabaseError,) if loaded is not None else ()))


def _translated(message: str, library: Path) -> StorageError:
    low = message.lower()
    if "full" in low:
        return FullDiskError(
            tr("the disk that holds {library} is full", library=library),
            safe=tr("nothing was changed"),
            remedy=tr("free some space, then try again"),
        )
    if is_damage(message):
        return damaged(library, message)
    if "unable to open" in low:
        return StorageError(
            tr("the database of the library {library} cannot be opened", library=library),
            safe=tr("nothing was changed"),
            remedy=tr(
                "if its folder was moved or renamed, open it where it is now; else check that its disk or network "
                "share is connected and may be written"
            ),
        )
    if "readonly" in low or "read-only" in low:
        return NotWritableError(
            tr("the library {library} may not be written", library=library),
            safe=tr("nothing was changed"),
            remedy=tr("check the permissions of the folder and whether the disk is read-only"),
        )
    if "locked" in low or "busy" in low:
        return busy(library, tr("another program is writing to it"))
    return StorageError(
        tr("the library {library} could not be read or written ({problem})", library=library, problem=message),
        safe=tr("nothing was changed"),
        remedy=tr("check that the disk is connected and has free space, then try again"),
    )


def busy(library: Path, why: str) -> StorageError:
    """It takes no changes just now."""
    return StorageError(
        tr("the library {library} is busy: {why}", library=library, why=why),
        safe=tr("nothing was changed"),
        remedy=tr("close the other program or wait a moment, then try again"),
    )


def is_damage(message: str) -> bool:
    """Whether SQLite says so that a database is not one any more."""
    low = message.lower()
    return "malformed" in low or "not a database" in low or "disk image" in low


def _not_read(library: Path) -> str:
    """Why files of a library, or a copy of its database, cannot be read; "" where they can.

    Those beside the database: to close a file that SQLite has locked would let go its locks.
    """
    beside = [library] if library.is_file() else [library / name for name in ("lock", f"{DATABASE}-wal", KEYS)]
    for place in beside:
        try:
            with place.open("rb") as stream:
                stream.read(_PROBE)
        except (FileNotFoundError, PermissionError):
            continue
        except OSError as error:
            return error.strerror or str(error)
    return ""


class FullDiskError(StorageError):
    """The disk of a library takes nothing more. What is on it can be read."""


class NotWritableError(StorageError):
    """What SQLite says of a disk that takes nothing, and SQLCipher after it came upon a damaged page."""


class DamagedError(StorageError):
    """A database that is not one any more, or not one that its keys open; `detail` in the words of SQLite.

    `keys`: those with which it was to be opened, for what can be read without it.
    """

    def __init__(self, what: str, detail: str, *, safe: str, remedy: str) -> None:
        self.detail = detail
        self.keys: LibraryKeys | None = None
        self._of = what
        super().__init__(f"{what} ({detail})", safe=safe, remedy=remedy)

    def to_be_mended(self, remedy: str, *, safe: str = "") -> DamagedError:
        """The same, with another next step."""
        made = DamagedError(self._of, self.detail, safe=safe or self.safe, remedy=remedy)
        made.keys = self.keys
        return made


def damaged(library: Path, detail: str) -> StorageError:
    """The error for a database that is not one any more, or not one that the keys of its library open.

    A `DamagedError`, but where the disk gives nothing back: SQLite calls what it cannot read malformed as well.
    """
    unread = _not_read(library)
    if unread:
        return StorageError(
            tr(
                "the library {library} cannot be read: its disk or network share answers with an error ({problem})",
                library=library,
                problem=unread,
            ),
            safe=tr("nothing was changed, and it is not known to be damaged"),
            remedy=tr(
                "close the program, check that the disk or share is connected, and open the library again; put no "
                "backup in its place before it could be read and checked (pfm library verify)"
            ),
        )
    if is_encrypted(library) and not wrong_or_damaged(detail):
        return DamagedError(
            tr("the database of the library {library} is damaged", library=library),
            detail,
            safe=tr(
                "nothing was changed; its keys are the right ones, and the pictures stand in the folder 'pictures', "
                "encrypted"
            ),
            remedy=COPY_AND_RESTORE,
        )
    if is_encrypted(library):
        return DamagedError(
            tr("the database of the library {library} does not open with its keys", library=library),
            detail,
            safe=tr("nothing was changed; the pictures stand in the folder 'pictures', encrypted"),
            remedy=tr(
                "either {key_file} is not the one of this library, or library.sqlite is damaged: put both "
                "back from the same backup (pfm library restore), or choose another library",
                key_file=KEYS,
            ),
        )
    return DamagedError(
        tr("the database of the library {library} is damaged", library=library),
        detail,
        safe=tr("nothing was changed; the pictures stand in the folder 'pictures'"),
        remedy=tr("put back a backup of library.sqlite, or choose another library"),
    )


def wrong_or_damaged(detail: str) -> bool:
    """Whether the keys may be wrong. Where only a later page is damaged, the first one opened with them."""
    return "not a database" in detail.lower() or detail == EMPTY
