"""Which bytes in the derived store are the thumbnail of a picture."""

from __future__ import annotations

from collections.abc import Set

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from pfm_desktop.storage.tables import ThumbnailTable


def kept(session: Session, picture_sha256: str) -> str | None:
    """Hash of the thumbnail of a picture; None where none was made yet."""
    row = session.get(ThumbnailTable, picture_sha256)
    return None if row is None else row.sha256


def keep(session: Session, picture_sha256: str, sha256: str) -> None:
    """Note the thumbnail of a picture; it takes the place of the one before."""
    session.merge(ThumbnailTable(picture_sha256=picture_sha256, sha256=sha256))


def of(session: Session, pictures: Set[str]) -> frozenset[str]:
    """Hashes of the thumbnails of `pictures`; none in the database of an older version, which has not kept any."""
    if not inspect(session.connection()).has_table(ThumbnailTable.__tablename__):
        return frozenset()
    found = session.execute(select(ThumbnailTable.picture_sha256, ThumbnailTable.sha256))
    return frozenset(sha256 for picture, sha256 in found if picture in pictures)
