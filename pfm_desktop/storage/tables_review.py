"""The tables of what a clinician documents by forms, and of what follows a visit; they refer to visits as those of live
examinations do (`tables_capture`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pfm_desktop.storage.tables import ID, Base, Json, UtcDateTime


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


class SpecimenTable(Base):
    """What was taken without a pin: endocervical sampling, an excision; see `domain.specimen`."""

    __tablename__ = "specimens"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ID, index=True)
    kind: Mapped[str] = mapped_column(String(20))
    pot: Mapped[str] = mapped_column(String(40), index=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)


class ResultTable(Base):
    """What the laboratory says of one pot, by the id of its specimen, which may be a pin. `entered_on` (YYYY-MM-DD) is
    the day on which its diagnosis was entered here, "" while there is none; `diagnosis` is computed: its key, or ""."""

    __tablename__ = "results"
    specimen_id: Mapped[str] = mapped_column(ID, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ID, index=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    entered_by: Mapped[str] = mapped_column(String(200), default="")
    entered_on: Mapped[str] = mapped_column(String(10), default="")
    diagnosis: Mapped[str] = mapped_column(String(20), default="")

    def derive(self) -> None:
        """See `Base.derive`."""
        self.diagnosis = str((self.answers or {}).get("diagnosis", ""))


class FollowUpTable(Base):
    """What is done about a visit afterwards; see `domain.followup`. Computed from the answers: `mdt` ("" while nobody
    said), and the day of the letter (YYYY-MM-DD, "" while none was sent)."""

    __tablename__ = "follow_ups"
    visit_id: Mapped[str] = mapped_column(ID, primary_key=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    mdt: Mapped[str] = mapped_column(String(20), default="", index=True)
    letter_on: Mapped[str] = mapped_column(String(10), default="")

    def derive(self) -> None:
        """See `Base.derive`."""
        said = self.answers or {}
        self.mdt, self.letter_on = str(said.get("mdt", "")), str(said.get("letter_on", ""))


class AmendmentTable(Base):
    """A report that was signed and opened again since, with the impression that was signed; `report_sha256` names its
    PDF in the picture store."""

    __tablename__ = "amendments"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ID, index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
    signature: Mapped[dict[str, Any]] = mapped_column(JSON)
    impression: Mapped[str] = mapped_column(String(20))
    report_sha256: Mapped[str] = mapped_column(String(64))
