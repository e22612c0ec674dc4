"""A woman, her visits, the pictures of a visit, and pairs of pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pfm_desktop.domain.source import Source, Stage

UNASSIGNED = "Unassigned"  # begins the identifier that stands for a woman of whom nobody has said who she is
DAY_ONLY = "Imported. The time of day is not known."  # begins the note of a visit of which the day alone is known
# 0:00 of a day is from 13 hours before that day in UTC (New Zealand) to 10 after it (Hawaii)
_EASTERNMOST = timedelta(hours=13)


def identifier_key(identifier: str) -> str:
    """The same for identifiers that are one: they differ in capitals and spaces at most. A space between two figures
    stays: `K1 12` is not `K11 2`."""
    return re.sub(r"(?<![0-9])\s+|\s+(?![0-9])", "", " ".join(identifier.casefold().split()))


def stands_for_nobody(identifier: str, family_name: str, given_name: str) -> bool:
    """See `Patient.unassigned`."""
    return identifier_key(identifier).startswith(identifier_key(UNASSIGNED)) and not (family_name or given_name)


@dataclass(frozen=True)
class Patient:
    """A woman. `identifier` is the clinic's number; `id` is ours and never shown."""

    id: str
    identifier: str
    family_name: str
    given_name: str
    birth_date: date | None

    @property
    def display_name(self) -> str:
        """Family name, given name."""
        return ", ".join(part for part in (self.family_name, self.given_name) if part)

    @property
    def unassigned(self) -> bool:
        """Whether this stands for a woman of whom nobody has said who she is: an examination began without a patient.

        Her visit is not signed, and leaves for no set in which women are told apart.
        """
        return stands_for_nobody(self.identifier, self.family_name, self.given_name)


@dataclass(frozen=True)
class IdentityCorrection:
    """A correction of who a woman is, made after a visit of hers was signed; `was` is what stood there before."""

    at: datetime  # aware
    who: str
    was: Patient


@dataclass(frozen=True)
class Visit:
    """One examination."""

    id: str
    patient_id: str
    started_at: datetime  # aware
    indication: str = ""
    examiner: str = ""
    note: str = ""

    @property
    def day_only(self) -> bool:
        """Whether only its day is known: an import says so in its note, and it begins at 0:00 in some zone."""
        at = self.started_at.astimezone(UTC)
        return self.note.startswith(DAY_ONLY) and (at.minute % 15, at.second, at.microsecond) == (0, 0, 0)

    @property
    def day(self) -> date:
        """Its day: where that alone is known the one that was said, wherever this computer is; else the day here."""
        if not self.day_only:
            return self.started_at.astimezone().date()
        return (self.started_at.astimezone(UTC) + _EASTERNMOST).date()


@dataclass(frozen=True)
class Picture:
    """A stored picture. `sha256` names its bytes in the picture store; `taken_at` is aware.

    Unless `time_known`, `taken_at` is the moment at which the picture was added, or what its clock said where that was
    wrong, and orders it only.
    `seconds_since_acid` is None before acetic acid or when not recorded; `mm_per_px` is None when not calibrated.
    `pixels_sha256`: see `imaging.pixels`; "" where it was not taken.
    """

    id: str
    visit_id: str
    sha256: str
    stage: Stage
    taken_at: datetime
    width: int
    height: int
    seconds_since_acid: float | None = None
    mm_per_px: float | None = None
    device: str = ""
    original_name: str = ""
    time_known: bool = False
    pixels_sha256: str = ""

    @property
    def source(self) -> Source:
        """White light or fluorescence: what it is alone, or in the first place of a pair."""
        return self.stage.source

    @property
    def second(self) -> Source | None:
        """What it is in the second place of a pair; None where it cannot lie there. See `Stage.second`."""
        return self.stage.second


@dataclass(frozen=True)
class Pair:
    """Pictures of one visit that are read together. One of the two may be missing (None), never both.

    `fluorescence_id` is the picture in the second place, of whatever source its stage says (ADR 15).
    `made_at` (aware) is when it was made or chosen last.
    """

    id: str
    visit_id: str
    white_id: str | None
    fluorescence_id: str | None
    made_at: datetime | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.white_id is None and self.fluorescence_id is None:
            raise ValueError("a pair needs at least one picture")

    def picture_id(self, source: Source) -> str | None:
        """The picture in the place of a source."""
        return self.white_id if source is Source.WHITE else self.fluorescence_id


@dataclass(frozen=True)
class VisitRow:
    """A line of the Today list and of search results. `awaited`: pots on which the laboratory has not answered;
    `histology` the result of the visit, `signed_first` the impression that it is compared with (of an amended report
    the one that was signed first); both "" while there is none."""

    visit: Visit
    patient: Patient
    pictures: int
    has_white: bool
    has_fluorescence: bool
    impression: str  # "" while there is none
    signed: bool
    earlier_visits: int
    hidden: bool = False  # name, birth date and findings are kept from who reads
    awaited: int = 0
    histology: str = ""
    signed_first: str = ""
