"""When a picture was taken: from its EXIF data, its name, the names of its folders, the time of its file.

Pure functions. Times without a zone are those of this computer's zone, and said to be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from pfm_desktop.services.importing.guess import Guess, Sure, likely, unknown, unsure

EARLIEST = 1995  # the first year a digital picture is believed to be of; cameras without a battery begin before it
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_. ]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])"
    r"(?:[-_T ]{0,2}([01]\d|2[0-3])([-_:.h]?)([0-5]\d)(?:\6([0-5]\d))?(?!-?\d))?(?!\d)"
)
_DAY_FIRST = re.compile(r"(?<!\d)(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.((?:19|20)\d\d)(?!\d)")
_CHINESE = re.compile(r"(?<!\d)((?:19|20)\d\d)年(1[0-2]|0?[1-9])月([12]\d|3[01]|0?[1-9])[日号]?")
_EXIF = re.compile(r"^(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"^([+-])(\d\d):?(\d\d)$")


@dataclass(frozen=True)
class When:
    """`at` (aware) is when a picture was taken; `day_only`: the day is known, the time of day is not (0:00 here)."""

    at: datetime
    day_only: bool = False

    @property
    def day(self) -> date:
        """The day in the zone of this computer."""
        return self.at.astimezone().date()


@dataclass(frozen=True)
class ExifTime:
    """DateTimeOriginal as it stands in a picture, and its offset ("": not said)."""

    text: str
    offset: str = ""


def guessed_time(
    *, exif: ExifTime | None, stem: str, folders: tuple[str, ...], modified: datetime | None
) -> Guess[When]:
    """When a picture was taken. `folders` outermost first; `modified` (aware) is the time of its file."""
    from_exif = _from_exif(exif)
    if from_exif is not None:
        return from_exif
    for name in (stem, *reversed(folders)):
        found = in_name(name)
        if found is None:
            continue
        if found.day_only and modified is not None and modified.astimezone().date() == found.day:
            return likely(When(modified), f"{name} says the day, and the file's time is of that day")
        said_in = f"the name {name} says the day only" if found.day_only else f"the name {name} says so"
        return likely(found, said_in)
    if modified is not None and modified.year >= EARLIEST:
        return unsure(When(modified), "only the file's time says it, which copying may have changed")
    return unknown("neither the picture, nor a name, nor the file's time says it")


def parsed_exif(exif: ExifTime) -> datetime | None:
    """An EXIF time as an aware moment; None for one that is none, as cameras without a clock write it."""
    found = _EXIF.match(exif.text.strip().strip("\0"))
    if not found:
        return None
    try:
        year, month, day, hour, minute, second = (int(part) for part in found.groups())
        plain = datetime(year, month, day, hour, minute, second)
        if plain.year < EARLIEST:
            return None
        zone = _zone(exif.offset)
        return plain.replace(tzinfo=zone) if zone else plain.astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def in_name(name: str) -> When | None:
    """A date, or a date and time, in the name of a file or folder. Two different ones are none."""
    found = {
        when for pattern in (_DATE, _DAY_FIRST, _CHINESE) for hit in pattern.finditer(name) if (when := _when(hit))
    }
    return found.pop() if len(found) == 1 else None


def without_dates(name: str) -> str:
    """A name with a space for each date in it."""
    for pattern in (_DATE, _DAY_FIRST, _CHINESE):
        name = pattern.sub(" ", name)
    return name


def _from_exif(exif: ExifTime | None) -> Guess[When] | None:
    at = parsed_exif(exif) if exif is not None else None
    if exif is None or at is None:
        return None
    if _zone(exif.offset):
        return Guess(When(at), Sure.SAID, "the picture says so")
    return likely(When(at), "the picture says so; its zone is taken for that of this computer")


def _zone(offset: str) -> timezone | None:
    found = _OFFSET.match(offset.strip().strip("\0"))
    if not found or int(found[2]) > 14 or int(found[3]) > 59:
        return None
    return timezone((1 if found[1] == "+" else -1) * timedelta(hours=int(found[2]), minutes=int(found[3])))


def _when(hit: re.Match[str]) -> When | None:
    parts = hit.groups()
    try:
        if hit.re is _DAY_FIRST:
            return _day(int(parts[2]), int(parts[1]), int(parts[0]))
        if hit.re is _CHINESE:
            return _day(int(parts[0]), int(parts[1]), int(parts[2]))
        year, month, day = int(parts[0]), int(parts[2]), int(parts[3])
        if parts[4] is None:
            return _day(year, month, day)
        clock = time(int(parts[4]), int(parts[6]), int(parts[7] or 0))
        return When(datetime.combine(date(year, month, day), clock).astimezone()) if year >= EARLIEST else None
    except (ValueError, OverflowError, OSError):
        return None


def _day(year: int, month: int, day: int) -> When | None:
    return When(datetime(year, month, day).astimezone(), day_only=True) if year >= EARLIEST else None
