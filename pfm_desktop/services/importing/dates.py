"""When a picture was taken: from its EXIF data, its name, the names of its folders, the time of its file.

Pure functions. Times without a zone are those of this computer's zone, and said to be. Sources that differ by more than
a day make a time unsure. A birth date is no day of a visit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from pfm_desktop.services.export.folder_name import is_of_export
from pfm_desktop.services.importing.guess import Guess, Sure, likely, unknown, unsure
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr

EARLIEST = 1995  # the first year a digital picture is believed to be of; cameras without a battery begin before it
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_. ]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])"
    r"(?:[-_T ]{0,2}([01]\d|2[0-3])([-_:.h]?)([0-5]\d)(?:\6([0-5]\d))?(?!-?\d))?(?!\d)"
)
_YEAR_FIRST = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_./])(?!\d\d\2\d\d)(1[0-2]|0?[1-9])\2([12]\d|3[01]|0?[1-9])(?![\d-])"
)  # 2026-3-5
_DAY_FIRST = re.compile(r"(?<!\d)(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.((?:19|20)\d\d)(?!\d)")
_CHINESE = re.compile(r"(?<!\d)((?:19|20)\d\d)年(1[0-2]|0?[1-9])月([12]\d|3[01]|0?[1-9])[日号]?")
_ANY_DATE = (
    r"(?:(?:19|20)\d\d[-_. /]?\d{1,2}[-_. /]?\d{1,2}|\d{1,2}[-_. /]\d{1,2}[-_. /](?:19|20)?\d\d"
    r"|\d{1,2}\.?[-_ ][^\W\d_]{3,10}\.?[-_ ](?:19|20)\d\d|\d{8}|(?:19|20)\d\d(?:年\d{1,2}月\d{1,2}[日号]?)?)(?!\d)"
)
_BIRTH_WORD = (
    r"(?:geb(?:oren|urtsdatum)?|geburtsdatum|gebdat|born|birth(?:[ _-]?da(?:te|y))?|bday|dob|d\.o\.b|nacid[ao]|"
    r"naci[oó]|fecha de nacimiento|nacimiento|fnac|f\.?nac|n[eé]{1,2}e?|née?|naissance|ddn|nata|nato|født|fodt|född)"
)
_BIRTH = re.compile(
    rf"(?:(?<![^\W_]){_BIRTH_WORD}(?![^\W\d_])|(?<![^\W_])f\.|[*]|出生(?:日期)?|生日)[\s_.:*=(-]{{0,4}}(?:(?:am|on|el|le|den)[\s_])?{_ANY_DATE}",
    re.IGNORECASE,
)
_BIRTH_AFTER = re.compile(rf"{_ANY_DATE}[\s_(-]{{0,3}}(?:{_BIRTH_WORD}(?![^\W_])|出生|生(?!理))", re.IGNORECASE)
# a day before there were digital pictures is no visit: it can only be a birth date, also without a word that says so
_LONG_PAST = re.compile(
    r"(?<![\w.-])(?:\d{1,2}([-/.])\d{1,2}\1(?:19[0-8]\d|199[0-4])|(?:19[0-8]\d|199[0-4])([-/.])\d{1,2}\2\d{1,2})(?![\w-]|\.\d)"
)
_CLOCK, _NAME = "clock", "name"
_SOME_YEARS = 5  # after which nobody brings in pictures of a New Year's Day
_A_DAY = timedelta(days=1)
_LONG_AGO = 10  # years: a day in a name that is farther back may be a birth date
_PERIOD = re.compile(r"^((?:19|20)\d\d)(?:[-_. ]?(0[1-9]|1[0-2]))?$")  # a folder for a year or month
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
    *,
    exif: ExifTime | None,
    stem: str,
    folders: tuple[str, ...],
    modified: datetime | None,
    recorded: When | None = None,
    now: datetime | None = None,
) -> Guess[When]:
    """When a picture was taken. `folders` outermost first; `modified` (aware) is the time of its file.

    `recorded` is what a file with a record of its own (DICOM) says; `now` (aware) is the present, beyond which nothing
    was taken.
    """
    sources = list(_sources(exif, stem, folders, modified, recorded))
    if not sources:
        if modified is not None and modified.year >= EARLIEST:
            return unsure(When(modified), tr("only the file's time says it, which copying may have changed"))
        return unknown(tr("neither the picture, nor a name, nor the file's time says it"))
    first = sources[0]
    doubt = next((_told(one) for one in sources[1:] if abs((one.when.day - first.when.day).days) > 1), "")
    doubt = doubt or next(
        (tr("its folder is {folder}", folder=name) for name in reversed(folders) if _outside(name, first.when)), ""
    )
    if doubt:
        why = tr("{reason}, but {doubt}", reason=_told(first), doubt=doubt)
        return Guess(first.when, Sure.UNSURE, why, contradicted=True)
    doubt = _doubt(first, now or datetime.now().astimezone())
    return Guess(first.when, Sure.UNSURE, f"{_told(first)}, {doubt}", contradicted=True) if doubt else first.guess


@dataclass(frozen=True)
class _Source:
    where: str  # as it is said: "the picture"
    guess: Guess[When]
    by: str = ""  # _CLOCK or _NAME

    @property
    def when(self) -> When:
        assert self.guess.value is not None
        return self.guess.value


def _sources(
    exif: ExifTime | None, stem: str, folders: tuple[str, ...], modified: datetime | None, recorded: When | None
) -> Iterator[_Source]:
    """Who says when it was, the one that counts most first."""
    if recorded is not None:
        why = (
            tr("the file's own record says the day only") if recorded.day_only else tr("the file's own record says so")
        )
        yield _Source(tr("the file's own record"), Guess(recorded, Sure.SAID, why))
    from_exif = _from_exif(exif)
    if from_exif is not None:
        yield _Source(tr("the picture"), from_exif, _CLOCK)
    for name in (stem, *reversed(folders)):
        found = in_name(name) if not is_of_export(name) else None
        if found is not None:
            yield _Source(tr("the name {name}", name=name), _from_name(name, found, modified), _NAME)


def _from_name(name: str, found: When, modified: datetime | None) -> Guess[When]:
    if found.day_only and modified is not None and modified.astimezone().date() == found.day:
        return likely(When(modified), tr("{name} says the day, and the file's time is of that day", name=name))
    return likely(
        found,
        tr("the name {name} says the day only", name=name)
        if found.day_only
        else tr("the name {name} says so", name=name),
    )


def _told(source: _Source) -> str:
    return tr("{where} says {day}", where=source.where, day=moments.day(source.when.day))


def _outside(folder: str, when: When) -> bool:
    """Whether a folder is for a year or month that a moment is not of, by more than a day."""
    found = _PERIOD.match(folder.strip())
    if found is None:
        return False
    days = [(when.at + apart).astimezone() for apart in (-_A_DAY, timedelta(), _A_DAY)]
    return not any(day.year == int(found[1]) and (not found[2] or day.month == int(found[2])) for day in days)


def _doubt(source: _Source, now: datetime) -> str:
    """Why a time is not believed although nothing contradicts it ("": it is)."""
    local = source.when.at.astimezone()
    if source.when.at > now + _A_DAY:
        return tr("which is still to come")
    if local.year < EARLIEST:
        return tr("which is before {year}", year=EARLIEST)
    if source.by == _CLOCK and (local.month, local.day) == (1, 1) and now.year - local.year > _SOME_YEARS:
        return tr("the day on which a clock begins anew when its battery was empty")
    if source.by == _NAME and now - source.when.at > _LONG_AGO * timedelta(days=365):
        return tr("more than {count} years ago: it may be a birth date", count=_LONG_AGO)
    return ""


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


def time_said(text: str) -> When | None:
    """A time of ISO 8601 that somebody wrote, or a day, of any year; None for what is none."""
    try:
        if len(text) <= len("2026-03-14"):
            return When(datetime.combine(date.fromisoformat(text), time()).astimezone(), day_only=True)
        return When(datetime.fromisoformat(text).astimezone())
    except (ValueError, OverflowError, OSError):
        return None


def in_name(name: str) -> When | None:
    """A date, or a date and time, in the name of a file or folder. Two different ones are none, nor are birth dates."""
    name = without_births(name)
    found = {
        when
        for pattern in (_DATE, _YEAR_FIRST, _DAY_FIRST, _CHINESE)
        for hit in pattern.finditer(name)
        if (when := _when(hit))
    }
    return found.pop() if len(found) == 1 else None


def without_births(name: str) -> str:
    """A name with a space for each date that it says somebody was born on."""
    return _LONG_PAST.sub(" ", _BIRTH_AFTER.sub(" ", _BIRTH.sub(" ", name)))


def births_said(name: str) -> tuple[str, ...]:
    """The dates, as they stand there, that a name says somebody was born on."""
    rest = _BIRTH.sub(" ", name)
    marked = [*_BIRTH.finditer(name), *_BIRTH_AFTER.finditer(rest)]
    hits = [*marked, *_LONG_PAST.finditer(_BIRTH_AFTER.sub(" ", rest))]
    return tuple(found[0] for hit in hits if (found := re.search(_ANY_DATE, hit[0])))


def without_dates(name: str) -> str:
    """A name with a space for each date in it, and for the word before a birth date."""
    name = without_births(name)
    for pattern in (_DATE, _YEAR_FIRST, _DAY_FIRST, _CHINESE):
        name = pattern.sub(" ", name)
    return name


def _from_exif(exif: ExifTime | None) -> Guess[When] | None:
    at = parsed_exif(exif) if exif is not None else None
    if exif is None or at is None:
        return None
    if _zone(exif.offset):
        return Guess(When(at), Sure.SAID, tr("the picture says so"))
    return likely(When(at), tr("the picture says so; its zone is taken for that of this computer"))


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
        if hit.re is _YEAR_FIRST:
            return _day(int(parts[0]), int(parts[2]), int(parts[3]))
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
