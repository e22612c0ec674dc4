"""Bringing a library to the current version: one module a version, applied in order, all or nothing.

The modules are listed by name instead of found on disk, so that they travel into the installed (frozen) program like
any other module. Alembic does the work on the tables.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from sqlalchemy import Connection, Engine, inspect, text

from pfm_desktop.storage.engine import copy_database
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.migrations import versions as versions  # so that the bundler sees them
from pfm_desktop.storage.schema import CURRENT as CURRENT
from pfm_desktop.storage.schema import VERSIONS as VERSIONS
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr


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
            remedy=tr("update this program"),
        )


def migrate(engine: Engine, library: Path, keys: LibraryKeys | None = None) -> Sequence[str]:
    """Bring the tables to `CURRENT`; returns the `INFO` lines of what was done.

    An older library is first copied to `library.sqlite.v<old>.bak`, encrypted where it is. Everything happens in one
    transaction: on any error the library is as before.
    """
    with engine.connect() as connection:
        version = version_of(connection)
    if version is None:
        check_version(version, library)
        return ()
    if version >= CURRENT:
        return ()
    if version > 0:
        out = library / f"library.sqlite.v{version}.bak"
        copy_database(engine, out, safe=tr("the library is unchanged and was not brought up to date"), keys=keys)
    return _run(engine, version)


def _run(engine: Engine, version: int) -> list[str]:
    from alembic.migration import MigrationContext  # loaded only when there is something to migrate
    from alembic.operations import Operations

    done = []
    with engine.execution_options(writes=True).begin() as connection:
        operations = Operations(MigrationContext.configure(connection, opts={"render_as_batch": True}))
        for number, name in enumerate(VERSIONS[version:], start=version + 1):
            module = cast(Migration, importlib.import_module(f"pfm_desktop.storage.migrations.versions.{name}"))
            module.upgrade(operations)
            connection.execute(text("DELETE FROM meta WHERE key = 'schema_version'"))
            connection.execute(
                text("INSERT INTO meta (key, value) VALUES ('schema_version', :version)"), {"version": str(number)}
            )
            done.append(module.INFO)
    return done
