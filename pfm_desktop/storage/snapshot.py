"""A copied database of a library (`engine.copy_database`): what it names, and when it was made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pfm_desktop.storage import migrations
from pfm_desktop.storage.engine import in_words, make_engine
from pfm_desktop.storage.tables import JournalTable, MetaTable, PictureTable, PredictionTable, RegistrationTable
from pfm_desktop.support.errors import StorageError


class Snapshot:
    """A copied database, for reading. Make one with `opened`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def meta(self) -> dict[str, str]:
        """Facts about the library."""
        with Session(self._engine) as session:
            return {row.key: row.value for row in session.query(MetaTable)}

    def pictures(self) -> tuple[str, ...]:
        """Hashes of all pictures on record, each once."""
        with Session(self._engine) as session:
            return tuple(session.scalars(select(PictureTable.sha256).distinct().order_by(PictureTable.sha256)))

    def undone_pictures(self) -> frozenset[str]:
        """Hashes of pictures that are on record no more, and that undo could bring back."""
        with Session(self._engine) as session:
            found = set[str]()
            for line in session.scalars(select(JournalTable).where(JournalTable.what == "picture")):
                found |= {str(side["sha256"]) for side in (line.old, line.new) if side and "sha256" in side}
        return frozenset(found - set(self.pictures()))

    def derived(self) -> frozenset[str]:
        """Hashes of what was made of the pictures: heatmaps and registrations."""
        with Session(self._engine) as session:
            found = set(session.scalars(select(RegistrationTable.sha256)))
            for blobs in session.scalars(select(PredictionTable.blobs)):
                found |= set(blobs.values())
        return frozenset(found)


@contextlib.contextmanager
def opened(database: Path) -> Iterator[Snapshot]:
    """A copy, read where it lies. Raises `StorageError` for one that is damaged or of a newer version."""
    if not database.is_file():
        raise StorageError(f"there is no copy {database}", safe="nothing was changed")
    engine = make_engine(database, immutable=True)
    try:
        with in_words(database):
            with engine.connect() as connection:
                migrations.check_version(migrations.version_of(connection), database)
            yield Snapshot(engine)
    finally:
        engine.dispose()
