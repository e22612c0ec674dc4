"""Where bytes, pixels, or shots of the same moment are on record already: the store keeps equal bytes once, whoever's
visit they are in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from pfm_desktop.domain.case import Patient, Picture
from pfm_desktop.storage.repositories import patient_from, picture_from
from pfm_desktop.storage.tables import PatientTable, PictureTable, VisitTable


@dataclass(frozen=True)
class Holder:
    """A visit that holds a picture with these bytes, and whose visit it is; `started_at` is aware."""

    sha256: str
    pixels_sha256: str
    visit_id: str
    started_at: datetime
    patient: Patient


@dataclass(frozen=True)
class Shot:
    """A picture on record, the visit that holds it and whose visit it is; `started_at` is aware."""

    picture: Picture
    started_at: datetime
    patient: Patient


def shots(session: Session, at: Collection[datetime]) -> tuple[Shot, ...]:
    """Pictures whose files say one of these moments (aware), also where it is known to be that of a wrong clock. One
    query."""
    return _shots(session, PictureTable.taken_at.in_(tuple(at)))


def shots_of_pixels(session: Session, pixels_sha256: str) -> tuple[Shot, ...]:
    """Pictures with these pixels, whatever their bytes; none for "". One query."""
    return _shots(session, PictureTable.pixels_sha256 == pixels_sha256) if pixels_sha256 else ()


def _shots(session: Session, which: ColumnElement[bool]) -> tuple[Shot, ...]:
    query = (
        select(PictureTable, VisitTable.started_at, PatientTable)
        .join(VisitTable, VisitTable.id == PictureTable.visit_id)
        .join(PatientTable, PatientTable.id == VisitTable.patient_id)
        .where(which)
        .order_by(VisitTable.started_at.desc(), PictureTable.id)
    )
    return tuple(Shot(picture_from(row), begun, patient_from(who)) for row, begun, who in session.execute(query))


def holders(session: Session, hashes: Collection[str], pixels: Collection[str] = ()) -> tuple[Holder, ...]:
    """Visits that hold pictures with these hashes, of their bytes or pixels, newest first; one a visit and hash. One
    query."""
    those: ColumnElement[bool] = PictureTable.sha256.in_(tuple(hashes))
    if pixels := [one for one in pixels if one]:
        those = or_(those, PictureTable.pixels_sha256.in_(pixels))
    query = (
        select(PictureTable.sha256, PictureTable.pixels_sha256, VisitTable.id, VisitTable.started_at, PatientTable)
        .join(VisitTable, VisitTable.id == PictureTable.visit_id)
        .join(PatientTable, PatientTable.id == VisitTable.patient_id)
        .where(those)
        .order_by(VisitTable.started_at.desc(), VisitTable.id)
    )
    found = (Holder(one, other, visit, at, patient_from(row)) for one, other, visit, at, row in session.execute(query))
    return tuple(dict.fromkeys(found))
