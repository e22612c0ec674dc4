"""What an export is written from: plain frozen data, and nothing else reaches a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.annotation import Pin
from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.domain.findings import Findings
from pfm_desktop.domain.prediction import Analysis
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.interop.dicom.uids import Uids, plain_uid


class Modality(StrEnum):
    """How a site calls colposcopy: CP itself is retired (clinical.md 8)."""

    PHOTOGRAPHY = "XC"
    ENDOSCOPY = "ES"


@dataclass(frozen=True)
class StudyInfo:
    """One visit as one Study. `started_at` is aware; its offset is that of all times in the objects. `day_only`: its
    time of day is not known, and not sent.

    `age_years` is the age at the visit, for where `birth_date` is not sent. `de_identified` marks an export for
    research and is set by `deidentify.research_study` alone; then free text is left out everywhere.
    """

    visit_id: str
    patient_identifier: str
    family_name: str
    given_name: str
    birth_date: date | None
    started_at: datetime
    software: str  # name and version, as "pfm-desktop 0.1.0"
    examiner: str = ""
    institution: str = ""
    accession_number: str = ""
    age_years: int | None = None
    day_only: bool = False
    de_identified: bool = False
    uids: Uids = field(default=plain_uid, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.started_at.utcoffset() is None:
            raise ValueError("started_at must be aware")


@dataclass(frozen=True)
class PictureInfo:
    """A still of a visit, as `domain.case.Picture`, without its pixels. `number` orders it within its stage.

    `lossy_ratio` is how much smaller lossy packing (a camera's JPEG) once made it; None where it never was so packed,
    0 where that is not known. `burned_in` says that words are drawn into it, which may name the patient; None where
    nobody looked. `acquisition`: how it was taken, where that is on record; its words are left out of what is
    de-identified.
    """

    id: str
    stage: Stage
    taken_at: datetime
    width: int
    height: int
    time_known: bool = True
    seconds_since_acid: float | None = None
    mm_per_px: float | None = None
    device: str = ""
    device_serial: str = ""
    lossy_ratio: float | None = None
    number: int = 1
    burned_in: bool | None = False
    acquisition: Acquisition | None = None

    @property
    def source(self) -> Source:
        """White light or fluorescence."""
        return self.stage.source


@dataclass(frozen=True)
class PinMark:
    """A biopsy pin and its clock hour, None where the os is not marked; the id of the picture that it stands on, ""
    for that of its source among those which a report is about."""

    pin: Pin
    hour: int | None = None
    picture_id: str = ""


@dataclass(frozen=True)
class OutlineMark:
    """A line that somebody drew on a picture, closed, in its pixels."""

    id: str
    frame: Source
    outline: Outline


@dataclass(frozen=True)
class ReadingContent:
    """What a structured report says of a visit. `pictures` are those that it is about, at most one a place of the pair;
    `places` names them in that order, where their stages do not. `further`: the visit's other pictures with pins."""

    made_at: datetime  # aware
    pictures: tuple[PictureInfo, ...]
    findings: Findings | None = None
    analysis: Analysis | None = None
    pins: tuple[PinMark, ...] = ()
    outlines: tuple[OutlineMark, ...] = ()
    places: tuple[Source, ...] = ()
    further: tuple[PictureInfo, ...] = ()
