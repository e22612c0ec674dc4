"""Reading what live examinations left: how pictures were taken, the clock, allergies, whitening. Nothing here writes.

What tells of the woman is kept from who sees no names, as in `repositories`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pfm_desktop.domain.capture import Acquisition, Light
from pfm_desktop.domain.case import Visit
from pfm_desktop.domain.examination import (
    DEFAULT_PLAN,
    Examination,
    KeptWhitening,
    Plan,
    PlanError,
    Whitening,
    plan_from_json,
)
from pfm_desktop.storage import access
from pfm_desktop.storage.tables import JournalTable, PictureTable, VisitTable
from pfm_desktop.storage.tables_capture import (
    AcquisitionTable,
    AllergiesTable,
    ExaminationTable,
    SiteChoiceTable,
    WhiteningTable,
)

A_DAY = timedelta(hours=12)  # of work: so long before acid a visit may have begun
PLAN = "examination_plan"  # key of the choice of a site
_FACTS = ("exposure_ms", "gain", "white_balance_k", "excitation_nm", "filter", "polariser", "gap_s", "dark_sha256")
log = logging.getLogger(__name__)


def acquisition(session: Session, picture_id: str) -> Acquisition | None:
    """How a picture was taken; None for one that was not taken live."""
    row = session.get(AcquisitionTable, picture_id)
    return _acquisition(row) if row else None


def acquisitions_of(session: Session, visit_id: str) -> Mapping[str, Acquisition]:
    """By picture, how those of a visit were taken that were taken live."""
    query = select(AcquisitionTable).join(PictureTable, PictureTable.id == AcquisitionTable.picture_id)
    found = session.scalars(query.where(PictureTable.visit_id == visit_id).order_by(AcquisitionTable.picture_id))
    return {row.picture_id: _acquisition(row) for row in found}


def _acquisition(row: AcquisitionTable) -> Acquisition:
    return Acquisition(
        camera=row.camera,
        light=next((light for light in Light if light.value == row.light), None),
        automatic=tuple(str(one) for one in row.automatic),
        clip_id=row.clip_id,
        frame=row.frame,
        **{name: getattr(row, name) for name in _FACTS},
    )


def examination(session: Session, visit_id: str) -> Examination | None:
    """The examination of a visit; None where none was begun. A plan that cannot be read is the default one."""
    row = session.get(ExaminationTable, visit_id)
    if row is None:
        return None
    return Examination(
        visit_id=row.visit_id,
        started_at=row.started_at,
        acid_at=row.acid_at,
        plan=_plan(row.plan, "an examination")[0],
        skipped=frozenset(str(key) for key in row.skipped),
        iodine_override="" if access.masked(session) else row.iodine_override,
    )


def acid_since(session: Session, moment: datetime) -> tuple[str, ...]:
    """Visits in which acetic acid was applied after that moment (aware), the last one first. Only those that began in
    the 12 hours before: they are found by an index, and a library may hold examinations of many years."""
    rows = select(ExaminationTable.visit_id).join(VisitTable, VisitTable.id == ExaminationTable.visit_id)
    rows = rows.where(VisitTable.started_at >= moment - A_DAY, ExaminationTable.acid_at >= moment)
    return tuple(session.scalars(rows.order_by(ExaminationTable.acid_at.desc())))


def site_plan(session: Session) -> tuple[Plan, str]:
    """The plan of the site, the default one where none was chosen; and why a kept one does not count, else ""."""
    row = session.get(SiteChoiceTable, PLAN)
    return _plan(row.value, "the site") if row is not None else (DEFAULT_PLAN, "")


def _plan(kept: Any, whose: str) -> tuple[Plan, str]:
    try:
        return plan_from_json(kept), ""
    except PlanError as error:
        log.warning("the plan of %s: %s", whose, error)
        return DEFAULT_PLAN, str(error)


def iodine_allergy(session: Session, patient_id: str) -> bool | None:
    """Whether a woman does not bear iodine; None where she was not asked."""
    row = session.get(AllergiesTable, patient_id)
    return None if row is None or access.masked(session) else row.iodine_allergy


def iodine_told_in(session: Session, visit: Visit) -> tuple[bool | None, bool | None] | None:
    """What was said of iodine of the woman of a visit since that began, and what stood there before: both belong to
    whoever lay there. None where nothing was said, or where a later visit of hers may have said it."""
    lines = select(JournalTable).where(JournalTable.what == "allergies", JournalTable.key == visit.patient_id)
    said = session.scalars(lines.where(JournalTable.at >= visit.started_at).order_by(JournalTable.seq)).all()
    hers = select(VisitTable.id).where(VisitTable.patient_id == visit.patient_id)
    later = session.scalar(hers.where(VisitTable.started_at > visit.started_at).limit(1))
    if not said or later is not None:
        return None
    now, before = iodine_allergy(session, visit.patient_id), (said[0].old or {}).get("iodine_allergy")
    return None if now == before else (now, before)


def patient_of(session: Session, visit_id: str) -> str | None:
    """The woman of a visit, by our id."""
    row = session.get(VisitTable, visit_id)
    return row.patient_id if row is not None else None


def whitenings_of(session: Session, visit_id: str) -> tuple[KeptWhitening, ...]:
    """Curves of whitening of a visit, in the order they were made."""
    if access.masked(session):
        return ()  # where somebody looked tells what she found
    query = select(WhiteningTable).where(WhiteningTable.visit_id == visit_id)
    rows = session.scalars(query.order_by(WhiteningTable.made_at, WhiteningTable.id))
    return tuple(kept for row in rows if (kept := _readable(row)) is not None)


def _readable(row: WhiteningTable) -> KeptWhitening | None:
    """None for one that somebody altered; a report must not fail for that, and the check of the records tells it."""
    try:
        return _whitening(row)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        log.warning("a curve of whitening cannot be read: %r", error)
        return None


def _whitening(row: WhiteningTable) -> KeptWhitening:
    body = row.body
    against = body.get("against_normal")
    return KeptWhitening(
        id=row.id,
        visit_id=row.visit_id,
        clip_id=row.clip_id,
        whitening=Whitening(
            region=_points(row.region),
            seconds=tuple(body["seconds"]),
            change=tuple(body["change"]),
            against_normal=tuple(against) if against is not None else None,
            facts=body.get("facts", {}),
            **{name: body.get(name) for name in ("onset_s", "peak", "peak_s", "half_s")},
        ),
        normal=_points(row.normal) if row.normal is not None else None,
        map_sha256=row.map_sha256,
        made_at=row.made_at,
        made_by=row.made_by,
    )


def _points(kept: Any) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in kept)
