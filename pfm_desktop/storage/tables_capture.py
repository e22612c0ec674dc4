"""The tables of live examinations. They refer to pictures and visits without foreign keys where those may be taken off
the record and put back by undo in another order; `storage.removal` says what goes with what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pfm_desktop.storage.tables import ID, Base, Json, UtcDateTime


class AcquisitionTable(Base):
    """How a picture was taken live; see `domain.capture.Acquisition`."""

    __tablename__ = "acquisitions"
    picture_id: Mapped[str] = mapped_column(ID, primary_key=True)
    camera: Mapped[str] = mapped_column(String(200), default="")
    light: Mapped[str | None] = mapped_column(String(20))
    exposure_ms: Mapped[float | None] = mapped_column(Float(53))
    gain: Mapped[float | None] = mapped_column(Float(53))
    white_balance_k: Mapped[float | None] = mapped_column(Float(53))
    automatic: Mapped[list[Any]] = mapped_column(JSON, default=list)
    excitation_nm: Mapped[float | None] = mapped_column(Float(53))
    filter: Mapped[str] = mapped_column(String(200), default="")
    polariser: Mapped[str] = mapped_column(String(200), default="")
    gap_s: Mapped[float | None] = mapped_column(Float(53))
    dark_sha256: Mapped[str] = mapped_column(String(64), default="")
    clip_id: Mapped[str] = mapped_column(ID, default="")
    frame: Mapped[int | None]


class ExaminationTable(Base):
    """The clock and the plan of a visit that was examined live; see `domain.examination.Examination`."""

    __tablename__ = "examinations"
    visit_id: Mapped[str] = mapped_column(ID, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    acid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    plan: Mapped[list[Any]] = mapped_column(JSON)
    skipped: Mapped[list[Any]] = mapped_column(JSON, default=list)
    iodine_override: Mapped[str] = mapped_column(Text, default="")


class AllergiesTable(Base):
    """What a woman does not bear; None where she was not asked."""

    __tablename__ = "allergies"
    patient_id: Mapped[str] = mapped_column(ID, primary_key=True)
    iodine_allergy: Mapped[bool | None]  # not "iodine": that is an item of the Swede score


class SiteChoiceTable(Base):
    """What a site has chosen for all who work in this library, by name: `examination_plan`."""

    __tablename__ = "site_choices"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


class ClipTable(Base):
    """Moving pictures of a visit: `kind` `video` or `whitening`. While it is recorded `content_sha256` (over the hashes
    of its segments, in order) is "", and only the segments tell what is there; `complete` stays false where it was cut
    short (`services.capture.clips`)."""

    __tablename__ = "clips"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ID, index=True)
    kind: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds_since_acid: Mapped[float | None] = mapped_column(Float(53))
    camera: Mapped[str] = mapped_column(String(200), default="")
    width: Mapped[int]
    height: Mapped[int]
    frames: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float] = mapped_column(Float(53), default=0.0)
    complete: Mapped[bool] = mapped_column(default=False)
    content_sha256: Mapped[str] = mapped_column(String(64), default="")


class ClipSegmentTable(Base):
    """A part of a clip; `sha256` names its bytes in the picture store. Written while it is recorded, past the journal;
    the clip's own line holds a hash over all of them once it is complete. `first_s`, `last_s` since the clip began."""

    __tablename__ = "clip_segments"
    clip_id: Mapped[str] = mapped_column(ID, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    frames: Mapped[int]
    first_s: Mapped[float] = mapped_column(Float(53))
    last_s: Mapped[float] = mapped_column(Float(53))


class WhiteningTable(Base):
    """How a place whitened (`domain.examination.Whitening`), from a clip. `map_sha256` names a picture in the picture
    store, "" for none."""

    __tablename__ = "whitenings"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ID, index=True)
    clip_id: Mapped[str] = mapped_column(ID)
    region: Mapped[list[Any]] = mapped_column(JSON)
    normal: Mapped[list[Any] | None] = mapped_column(Json)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    map_sha256: Mapped[str] = mapped_column(String(64), default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(200))
