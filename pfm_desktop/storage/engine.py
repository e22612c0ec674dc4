"""The one place that makes a database engine, copies a database, and turns errors of it into words for a person."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from pfm_desktop.storage.schema import file_uri
from pfm_desktop.support.errors import StorageError

BUSY_SECONDS = 5.0


def make_engine(database: Path, *, create: bool = False, query_only: bool = False, immutable: bool = False) -> Engine:
    """Engine on one SQLite file: WAL, foreign keys on, synchronous FULL, nothing temporary on disk.

    Without `create` a missing file is an error instead of an empty database. `query_only` refuses writes;
    `immutable` also takes no lock and writes no side file (read-only media).
    """
    mode = "rwc" if create else ("ro&immutable=1" if immutable else "rw")
    uri = file_uri(database, mode)

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=BUSY_SECONDS)

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=5, max_overflow=10)
    pragmas = ["foreign_keys=ON", "synchronous=FULL", "temp_store=MEMORY"]
    pragmas += ["query_only=ON"] if query_only or immutable else ["journal_mode=WAL"]

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:
        # the driver must not open transactions on its own: `_begin` below decides which kind
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a reader that turns writer can fail with "locked" however long it waits; writers say so at the start
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def copy_database(engine: Engine, out: Path, *, safe: str) -> None:
    """Copy the database of `engine` to the file `out`, which appears only once it is whole and on disk.

    Raises `StorageError`, which says with `safe` what is as before. Nothing is written to the database itself, so that
    one that is open for reading only can be copied as well.
    """
    temporary = out.with_name(f".{out.name}.part")
    source = engine.raw_connection()
    try:
        temporary.unlink(missing_ok=True)
        driver: Any = source.driver_connection
        with contextlib.closing(sqlite3.connect(temporary)) as target:
            driver.backup(target)  # all pages in one step: what is written meanwhile comes into the next copy
            target.execute("PRAGMA journal_mode=DELETE")  # whole on its own, without side files
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o600)
        temporary.replace(out)
    except (OSError, sqlite3.Error) as error:
        temporary.unlink(missing_ok=True)
        raise StorageError(
            f"could not write the copy {out}: {getattr(error, 'strerror', None) or error}",
            safe=safe,
            remedy="free some space or choose a folder that you may write to, then try again",
        ) from error
    finally:
        source.close()


@contextlib.contextmanager
def in_words(library: Path) -> Iterator[None]:
    """Turn database errors inside the block into `StorageError`."""
    try:
        yield
    except IntegrityError as error:
        raise StorageError(
            f"the library refused a change that would leave records without what they refer to ({error.orig})",
            safe="nothing was changed",
        ) from error
    except (DatabaseError, sqlite3.DatabaseError) as error:
        raise _translated(str(getattr(error, "orig", None) or error), library) from error
    except SQLAlchemyError as error:
        raise StorageError(f"the library {library} could not be used: {error}", safe="nothing was changed") from error


def _translated(message: str, library: Path) -> StorageError:
    low = message.lower()
    if "full" in low:
        return StorageError(
            f"the disk that holds {library} is full",
            safe="nothing was changed",
            remedy="free some space, then try again",
        )
    if "malformed" in low or "not a database" in low or "disk image" in low:
        return damaged(library, message)
    if "readonly" in low or "read-only" in low:
        return StorageError(
            f"the library {library} may not be written",
            safe="nothing was changed",
            remedy="check the permissions of the folder and whether the disk is read-only",
        )
    if "locked" in low or "busy" in low:
        return StorageError(
            f"the library {library} is busy: another program is writing to it",
            safe="nothing was changed",
            remedy="close the other program or wait a moment, then try again",
        )
    return StorageError(
        f"the library {library} could not be read or written ({message})",
        safe="nothing was changed",
        remedy="check that the disk is connected and has free space, then try again",
    )


def damaged(library: Path, detail: str) -> StorageError:
    """The error for a database that is not one any more."""
    return StorageError(
        f"the database of the library {library} is damaged ({detail})",
        safe="nothing was changed; the pictures stand in the folder 'pictures'",
        remedy="put back a backup of library.sqlite, or choose another library",
    )
