"""What a DICOM picture says of itself: taken as hints, cleaned, never as instructions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain.source import Stage
from pfm_desktop.interop.dicom import codes
from pfm_desktop.interop.dicom.header import one_line

if TYPE_CHECKING:
    from pydicom import Dataset

LONGEST = 200  # characters of any text that is taken over
MOST_SECONDS = 3_600.0  # since acetic acid; more is no time of an examination
MOST_ITEMS = 50  # of acquisition context
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)$")
_DAY = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)")
_TIME = re.compile(r"(\d\d):?(\d\d)?:?(\d\d)?(?:\.(\d{1,6}))?")
_STAGE_WORDS = {  # whole words: beginnings would make stages of surnames and places
    Stage.LUGOL: re.compile(r"\b(?:lugol'?s?|schiller'?s?|iodine)\b"),
    Stage.GREEN: re.compile(r"\b(?:green|red-?\s?free)\b"),
    Stage.ACETIC_ACID: re.compile(r"\b(?:acetic|aceto\w{0,8}|vinegar|via)\b"),
    Stage.SALINE: re.compile(r"\bsaline\b"),
}
_FLUORESCENCE_WORDS = re.compile(r"\b(?:auto)?fluoresc(?:ence|ent)\b")
_BEFORE = re.compile(
    r"\b(?:before|pre-?|without|no|not|ohne|sin|sans)\s?(?:the\s)?(?:acetic(?:\sacid)?|acid|vinegar)\b"
)


@dataclass(frozen=True)
class StatedTime:
    """A day, and where they are stated a time of day and its zone."""

    day: date
    clock: time | None = None
    zone: timezone | None = None

    @property
    def zone_known(self) -> bool:
        """Whether the file says which zone its time is in."""
        return self.zone is not None

    def moment(self, fallback: timezone) -> datetime | None:
        """Aware moment; `fallback` is the zone to assume where the file states none. None without a time of day."""
        return None if self.clock is None else datetime.combine(self.day, self.clock, self.zone or fallback)


@dataclass(frozen=True)
class DicomFacts:
    """Who, when, with what. Texts are "" and values None where the file says nothing that can be used.

    `stage` is a hint, from `stage_from`; `derived` is True for what was made from another picture (an overlay).
    """

    kind: str
    family_name: str = ""
    given_name: str = ""
    identifier: str = ""
    birth_date: date | None = None
    study_at: StatedTime | None = None
    taken_at: StatedTime | None = None
    study_uid: str = ""
    series_uid: str = ""
    instance_uid: str = ""
    modality: str = ""
    device: str = ""
    device_serial: str = ""
    software: str = ""
    description: str = ""
    stage: Stage | None = None
    stage_from: str = ""
    seconds_since_acid: float | None = None
    mm_per_px: float | None = None
    burned_in: bool = False
    derived: bool = False
    lossy: bool = False
    de_identified: bool = False
    issuer: str = ""  # of the identifier
    frames: int = 1
    body_part: str = ""
    male: bool = False  # Patient's Sex is M


def facts_of(dataset: Dataset, kind: str) -> DicomFacts:
    """Facts of a parsed file. Values that make no sense are left out, not raised."""
    family, given = _name(dataset)
    context = _context(dataset)
    described = " / ".join(
        filter(None, (_text(dataset, key) for key in ("StudyDescription", "SeriesDescription", "ImageComments")))
    )
    stage, stage_from = _stage(context, described)
    return DicomFacts(
        kind=kind,
        family_name=family,
        given_name=given,
        identifier=_text(dataset, "PatientID"),
        birth_date=_day(_text(dataset, "PatientBirthDate")),
        study_at=_stated(dataset, "StudyDate", "StudyTime"),
        taken_at=_taken(dataset),
        study_uid=_uid(dataset, "StudyInstanceUID"),
        series_uid=_uid(dataset, "SeriesInstanceUID"),
        instance_uid=_uid(dataset, "SOPInstanceUID"),
        modality=_text(dataset, "Modality"),
        device=" ".join(filter(None, (_text(dataset, "Manufacturer"), _text(dataset, "ManufacturerModelName")))),
        device_serial=_text(dataset, "DeviceSerialNumber"),
        software=_text(dataset, "SoftwareVersions"),
        description=described[:LONGEST],
        stage=stage,
        stage_from=stage_from,
        seconds_since_acid=_within(context.get(codes.SECONDS_SINCE_ACID.value), MOST_SECONDS),
        mm_per_px=_within(context.get(codes.PIXEL_SIZE.value), 10.0) or None,
        burned_in=_text(dataset, "BurnedInAnnotation") == "YES",
        derived=_text(dataset, "ImageType").upper().startswith("DERIVED"),
        lossy=_text(dataset, "LossyImageCompression") == "01",
        de_identified=_text(dataset, "PatientIdentityRemoved") == "YES",
        issuer=_text(dataset, "IssuerOfPatientID"),
        body_part=_text(dataset, "BodyPartExamined"),
        male=_text(dataset, "PatientSex").upper() == "M",
        frames=int(_within(dataset.get("NumberOfFrames"), 1e6) or 1),
    )


def _text(dataset: Dataset, keyword: str) -> str:
    value: Any = dataset.get(keyword)
    if value is None:
        return ""
    several = value if isinstance(value, list) or type(value).__name__ == "MultiValue" else [value]
    return one_line(" ".join(str(one) for one in list(several)[:4]), LONGEST)


def _uid(dataset: Dataset, keyword: str) -> str:
    text = _text(dataset, keyword)
    return text if re.fullmatch(r"[0-9.]{1,64}", text) else ""


def _name(dataset: Dataset) -> tuple[str, str]:
    """Family and given name of the first group of components."""
    parts = _text(dataset, "PatientName").split("=")[0].split("^")
    return parts[0].strip(), " ".join(part.strip() for part in parts[1:3] if part.strip())


def _day(text: str) -> date | None:
    found = _DAY.match(text)
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def _clock(text: str) -> time | None:
    found = _TIME.match(text)
    if not found:
        return None
    hour, minute, second, part = found.groups()
    try:
        return time(int(hour), int(minute or 0), min(int(second or 0), 59), int((part or "0").ljust(6, "0")))
    except ValueError:
        return None


def _zone(text: str) -> timezone | None:
    found = _OFFSET.search(text)
    if not found:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset) if offset <= timedelta(hours=14) else None


def _stated(dataset: Dataset, day_key: str, time_key: str) -> StatedTime | None:
    day = _day(_text(dataset, day_key))
    zone = _zone(_text(dataset, "TimezoneOffsetFromUTC"))
    return None if day is None else StatedTime(day, _clock(_text(dataset, time_key)), zone)


def _taken(dataset: Dataset) -> StatedTime | None:
    """From Acquisition DateTime, which may carry its own offset, else from what is nearest to it."""
    text = _text(dataset, "AcquisitionDateTime")
    day = _day(text)
    if day is not None:
        zone = _zone(text[8:]) or _zone(_text(dataset, "TimezoneOffsetFromUTC"))
        return StatedTime(day, _clock(text[8:]), zone)
    acquired = _stated(dataset, "AcquisitionDate", "AcquisitionTime")
    return acquired or _stated(dataset, "ContentDate", "ContentTime")


def _context(dataset: Dataset) -> dict[str, Any]:
    """Acquisition context: number by code of its name, and code by code of its name."""
    found: dict[str, Any] = {}
    for item in list(dataset.get("AcquisitionContextSequence") or [])[:MOST_ITEMS]:
        names = item.get("ConceptNameCodeSequence")
        if not names:
            continue
        said = item.get("ConceptCodeSequence")
        value = _text(said[0], "CodeValue") if said else item.get("NumericValue")
        found[_text(names[0], "CodeValue")] = value
    return found


def _within(value: Any, most: float) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number <= most else None


def _stage(context: dict[str, Any], described: str) -> tuple[Stage | None, str]:
    """What acquisition context says comes before words in descriptions."""
    substance = context.get(codes.EXOGENOUS_SUBSTANCE.value)
    said = set(map(str, context.values()))
    if codes.EPIFLUORESCENCE.value in said:
        after = substance == codes.ACETIC_ACID.value
        return Stage.FLUORESCENCE_AFTER_ACID if after else Stage.FLUORESCENCE_BEFORE_ACID, "acquisition context"
    if codes.GREEN_FILTER.value in said:
        return Stage.GREEN, "acquisition context"
    by_substance = {
        codes.ACETIC_ACID.value: Stage.ACETIC_ACID, codes.LUGOL.value: Stage.LUGOL, codes.SALINE.value: Stage.SALINE,
    }  # fmt: skip
    if substance in by_substance:
        return by_substance[substance], "acquisition context"
    stage = _stage_in_words(described.lower())
    return stage, "" if stage is None else "description"


def _stage_in_words(words: str) -> Stage | None:
    """The one stage that a description names; None where it names two, as that of a whole examination does.

    A Lugol picture is often described with the acid that came before it. What is said not to be is none.
    """
    before = bool(_BEFORE.search(words))
    left = _BEFORE.sub(" ", words)
    found = [stage for stage, marks in _STAGE_WORDS.items() if marks.search(left)]
    if _FLUORESCENCE_WORDS.search(words):
        if before:
            return Stage.FLUORESCENCE_BEFORE_ACID
        return Stage.FLUORESCENCE_AFTER_ACID if found == [Stage.ACETIC_ACID] else None
    if found[:1] == [Stage.LUGOL] and "after" in words and set(found) == {Stage.LUGOL, Stage.ACETIC_ACID}:
        return Stage.LUGOL
    return found[0] if len(found) == 1 else None
