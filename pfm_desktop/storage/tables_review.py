"""The tables of what a clinician documents by forms; they refer to visits as those of live examinations do
(`tables_capture`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from pfm_desktop.storage.tables import ID, Base, Json


class ReferralTable(Base):
    """The referral card of a visit; see `domain.referral`."""

    __tablename__ = "referrals"
    visit_id: Mapped[str] = mapped_column(ID, primary_key=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)


class AssessmentTable(Base):
    """What IFCPC 2011 asks of the examination of a visit as a whole; see `domain.ifcpc`."""

    __tablename__ = "assessments"
    visit_id: Mapped[str] = mapped_column(ID, primary_key=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)


class LesionTable(Base):
    """A lesion of a visit, by its number there; `swede` and `reid` by item, `scored` who scored it last, when, and
    whether the AI was revealed by then (null while nobody did)."""

    __tablename__ = "lesions"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ID, index=True)
    number: Mapped[int]
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    swede: Mapped[dict[str, Any]] = mapped_column(JSON)
    reid: Mapped[dict[str, Any]] = mapped_column(JSON)
    scored: Mapped[dict[str, Any] | None] = mapped_column(Json)
