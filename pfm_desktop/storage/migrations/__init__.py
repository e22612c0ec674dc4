"""Bringing a library to the current version: one module a version, applied in order, all or nothing.

The modules are listed by name instead of found on disk, so that they travel into the installed (frozen) program like
any other module. Alembic does the work on the tables.
"""

from __future__ import annotations

import importlib
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, cast

from sqlalchemy import Connection, Engine, inspect, text

from pfm_desktop.storage.engine import copy_database
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.migrations import versions as versions  # so that the bundler sees them
from pfm_desktop.storage.schema import CURRENT as CURRENT
from pfm_desktop.storage.schema import DATABASE, SIDE_FILES
from pfm_desktop.storage.schema import VERSIONS as VERSIONS
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

_TIME = "%Y%m%dT%H%M%SZ"
_COPY = re.compile(rf"{re.escape(DATABASE)}\.v(\d+)\.(\d{{8}}T\d{{6}}Z)(?:-\d+)?\.bak")
_SPARE = 16 << 20  # bytes that stay free


@dataclass(frozen=True)
class Copy:
    """The database of a library as it was before it was brought up to date, and of which version that is."""

    path: Path
    version: int
    made_at: datetime


class Migration(Protocol):
    """What a version module holds."""

    INFO: str  # one line: what this version brings

    def upgrade(self, op: object) -> None:
        """Change the tables through Alembic's operations."""


def version_of(connection: Connection) -> int | None:
    """Version of the tables; 0 in an empty database, None when the database is not a library."""
    names = inspect(connection).get_table_names()
    if "meta" not in names:
        return None if names else 0
    found = connection.execute(text("SELECT value FROM meta WHERE key = 'schema_version'")).scalar()
    return int(found) if isinstance(found, str) and found.isdigit() else None


def check_version(version: int | None, library: Path) -> None:
    """Raise `StorageError` for what this program cannot open: no library at all, or one of a newer program."""
    if not version:
        raise StorageError(
            tr("{library} holds no library of this program", library=library),
            safe=tr("nothing was changed"),
            remedy=tr("choose the folder that holds library.sqlite, or a backup"),
        )
    if version > CURRENT:
        raise StorageError(
            tr(
                "the library {library} was made by a newer version of this program (library version "
                "{version}, this program knows {known})",
                library=library,
                version=version,
                known=CURRENT,
            ),
            safe=tr("it was not opened and nothing was changed"),
            remedy=_to_bring_back(library),
        )


def _to_bring_back(library: Path) -> str:
    """What to do about one that is too new: also where it is a copy, a file."""
    if not (library / DATABASE).exists():
        return tr("update this program")
    return tr("update this program, or bring the library back to this version: pfm update back --library FOLDER")


def migrate(engine: Engine, library: Path, keys: LibraryKeys | None = None) -> Copy | None:
    """Bring the tables to `CURRENT`; returns the copy that was made before, None where there was nothing to do.

    An older library is first copied to `library.sqlite.v<old>.<time>.bak`, encrypted where it is; such a copy is never
    written over. Everything happens in one transaction: on any error the library is as before.
    """
    with engine.connect() as connection:
        version = version_of(connection)
    if version is None:
        check_version(version, library)
        return None
    if version >= CURRENT:
        return None
    copy = None
    if version > 0:
        _check_room(library)
        copy = _place_of_copy(library, version)
        copy_database(engine, copy.path, safe=tr("the library is unchanged and was not brought up to date"), keys=keys)
    _run(engine, version)
    return copy


def copies(library: Path) -> tuple[Copy, ...]:
    """What earlier versions left in the folder of a library, oldest first."""
    found = [(path, _COPY.fullmatch(path.name)) for path in library.glob(f"{DATABASE}.v*.bak")]
    made = [
        Copy(path, int(name[1]), datetime.strptime(name[2], _TIME).replace(tzinfo=UTC)) for path, name in found if name
    ]
    return tuple(sorted(made, key=lambda copy: (copy.made_at, copy.path.name)))


def _place_of_copy(library: Path, version: int) -> Copy:
    now = datetime.now(UTC).replace(microsecond=0)
    name, number = f"{DATABASE}.v{version}.{now:{_TIME}}", 1
    while (path := library / f"{name}{f'-{number}' if number > 1 else ''}.bak").exists():
        number += 1
    return Copy(path, version, now)


def _check_room(library: Path) -> None:
    """For the copy, and for the pages that change before they take their places."""
    size = sum(path.stat().st_size for name in (DATABASE, *SIDE_FILES) if (path := library / name).exists())
    needed = 2 * size + _SPARE
    try:
        free = shutil.disk_usage(library).free
    except OSError:  # a share that does not say
        return
    if free < needed:
        raise StorageError(
            tr(
                "the library {library} is of an older version, and there is too little room to copy it before it is "
                "brought up to date: {needed} MB are needed, {free} MB are free",
                library=library,
                needed=_mb(needed),
                free=_mb(free),
            ),
            safe=tr("the library is unchanged and was not brought up to date"),
            remedy=tr("free some space, then open it again"),
        )


def _mb(size: int) -> int:
    return -(-size // 1_000_000)


def _run(engine: Engine, version: int) -> None:
    from alembic.migration import MigrationContext  # loaded only when there is something to migrate
    from alembic.operations import Operations

    with engine.execution_options(writes=True).begin() as connection:
        operations = Operations(MigrationContext.configure(connection, opts={"render_as_batch": True}))
        for number, name in enumerate(VERSIONS[version:], start=version + 1):
            module = cast(Migration, importlib.import_module(f"pfm_desktop.storage.migrations.versions.{name}"))
            module.upgrade(operations)
            connection.execute(text("DELETE FROM meta WHERE key = 'schema_version'"))
            connection.execute(
                text("INSERT INTO meta (key, value) VALUES ('schema_version', :version)"), {"version": str(number)}
            )
