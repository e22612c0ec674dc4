"""Where bytes, or shots of the same moment, are on record already: the store keeps equal bytes once, whoever's visit
they are in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pfm_desktop.domain.case import Patient, Picture
from pfm_desktop.storage.repositories import patient_from, picture_from
from pfm_desktop.storage.tables import PatientTable, PictureTable, VisitTable


@dataclass(frozen=True)
class Holder:
    """A visit that holds a picture with these bytes, and whose visit it is; `started_at` is aware."""

    sha256: str
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
    """Pictures that were taken at one of these moments (aware), as far as their time is known. One query."""
    query = (
        select(PictureTable, VisitTable.started_at, PatientTable)
        .join(VisitTable, VisitTable.id == PictureTable.visit_id)
        .join(PatientTable, PatientTable.id == VisitTable.patient_id)
        .where(PictureTable.taken_at.in_(tuple(at)), PictureTable.time_known)
        .order_by(VisitTable.started_at.desc(), PictureTable.id)
    )
    return tuple(Shot(picture_from(row), begun, patient_from(who)) for row, begun, who in session.execute(query))


def holders(session: Session, hashes: Collection[str]) -> tuple[Holder, ...]:
    """Visits that hold pictures with these hashes, newest first; one a visit and hash. One query."""
    query = (
        select(PictureTable.sha256, VisitTable.id, VisitTable.started_at, PatientTable)
        .join(VisitTable, VisitTable.id == PictureTable.visit_id)
        .join(PatientTable, PatientTable.id == VisitTable.patient_id)
        .where(PictureTable.sha256.in_(tuple(hashes)))
        .order_by(VisitTable.started_at.desc(), VisitTable.id)
    )
    found = (Holder(sha256, visit_id, at, patient_from(row)) for sha256, visit_id, at, row in session.execute(query))
    return tuple(dict.fromkeys(found))
