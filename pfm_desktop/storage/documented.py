"""Reading what a clinician documented by forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pfm_desktop.domain.amendment import Amendment
from pfm_desktop.domain.findings import SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.lesion import Lesion, Scored
from pfm_desktop.domain.referral import Referral
from pfm_desktop.domain.reid import ReidIndex
from pfm_desktop.storage import access, repositories
from pfm_desktop.storage.tables_review import AmendmentTable, AssessmentTable, LesionTable, ReferralTable


def referral(session: Session, visit_id: str) -> Referral:
    """The referral card of a visit; an empty one where nobody was asked, and for who may not see it."""
    row = session.get(ReferralTable, visit_id)
    return Referral(visit_id, {} if row is None or access.masked(session) else dict(row.answers))


def assessment(session: Session, visit_id: str) -> Mapping[str, Any]:
    """The answers of `domain.ifcpc.VISIT`, as far as they were given; none for who may not see findings."""
    row = session.get(AssessmentTable, visit_id)
    return {} if row is None or access.masked(session) else dict(row.answers)


def lesions_of(session: Session, visit_id: str) -> tuple[Lesion, ...]:
    """The lesions of a visit by number; none for who may not see findings."""
    if access.masked(session):
        return ()
    rows = session.scalars(select(LesionTable).where(LesionTable.visit_id == visit_id).order_by(LesionTable.number))
    return tuple(_lesion(row) for row in rows)


def amendments_of(session: Session, visit_id: str) -> tuple[Amendment, ...]:
    """Reports of a visit that were signed and opened again, the first one first; none for who may not see findings."""
    if access.masked(session):
        return ()
    query = select(AmendmentTable).where(AmendmentTable.visit_id == visit_id)
    return tuple(_amendment(row) for row in session.scalars(query.order_by(AmendmentTable.made_at, AmendmentTable.id)))


def _amendment(row: AmendmentTable) -> Amendment:
    signed = repositories.signature(row.signature)
    assert signed is not None
    grade = Grade(row.impression)
    return Amendment(row.id, row.visit_id, row.made_at, row.who, row.reason, signed, grade, row.report_sha256)


def _lesion(row: LesionTable) -> Lesion:
    scored = row.scored
    return Lesion(
        id=row.id,
        visit_id=row.visit_id,
        number=row.number,
        answers=dict(row.answers),
        swede=SwedeScore(**_known(SwedeScore, row.swede)),
        reid=ReidIndex(**_known(ReidIndex, row.reid)),
        scored=None if scored is None else Scored.from_json(scored),
    )


def _known(kind: Any, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is kept, the items that this version has."""
    return {item.name: kept.get(item.name) for item in fields(kind)}
