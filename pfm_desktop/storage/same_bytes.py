"""Where bytes are on record already: the store keeps equal bytes once, whoever's visit they are in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pfm_desktop.domain.case import Patient
from pfm_desktop.storage.repositories import patient_from
from pfm_desktop.storage.tables import PatientTable, PictureTable, VisitTable


@dataclass(frozen=True)
class Holder:
    """A visit that holds a picture with these bytes, and whose visit it is; `started_at` is aware."""

    sha256: str
    visit_id: str
    started_at: datetime
    patient: Patient


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
