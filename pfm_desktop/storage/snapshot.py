"""Reading a copied database (`engine.copy_database`) where it lies."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from pfm_desktop.jobs import Context
from pfm_desktop.storage import migrations
from pfm_desktop.storage.engine import DamagedError, in_words, make_engine
from pfm_desktop.storage.interrupt import told_rows
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.tables import MetaTable
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

CHECKING = tr("Checking the copy of the database")
QUICK, WHOLE = "PRAGMA quick_check(3)", "PRAGMA integrity_check(3)"  # the second compares the indexes as well


@contextlib.contextmanager
def opened(database: Path, keys: LibraryKeys | None = None) -> Iterator[Session]:
    """A session on a copy; nothing is written. Raises `StorageError` for one that is damaged or of a newer version."""
    if not database.is_file():
        raise StorageError(tr("there is no copy {file}", file=database), safe=tr("nothing was changed"))
    engine = make_engine(database, keys=keys, immutable=True)
    try:
        with in_words(database):
            with engine.connect() as connection:
                migrations.check_version(migrations.version_of(connection), database)
            with Session(engine) as session:
                yield session
    finally:
        engine.dispose()


def library_id(database: Path, keys: LibraryKeys | None) -> str:
    """Id of the library that a copy is of; "" where it cannot be read."""
    try:
        with opened(database, keys) as session:
            row = session.get(MetaTable, "library_id")
            return row.value if row is not None else ""
    except StorageError:
        return ""


def harm(database: Path, keys: LibraryKeys | None, ctx: Context, *, check: str = QUICK) -> str:
    """What SQLite finds wrong with the pages of a copy, in its words; "" where nothing is. `ctx` may end it."""
    try:
        with opened(database, keys) as session:
            found = [str(verdict) for (verdict,) in told_rows(session, check, ctx, CHECKING)]
    except DamagedError as error:
        return error.detail
    return "; ".join(one.replace("\n", " ") for one in found if one != "ok")
