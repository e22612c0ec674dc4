"""What a word of a search stands for in the database: a condition on visits, and where indexes allow a way to them.

A word may stand within names and identifiers (`search_words`), in the day, be an impression, an hour of the clock, or
begin a word of the indication or of what was found (`visit_words`).
A word that leads to few visits is a way to them; of a word that leads to very many the newest are soon found by going
through the visits instead. Portable SQL; what it finds is what comparing every visit with every word would find.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pfm_desktop.domain.grade import GRADE_WORDS, GRADES, Grade
from pfm_desktop.storage.schema import folded
from pfm_desktop.support.language import ENGLISH, current
from pfm_desktop.support.moments import LONG_MONTHS, MONTHS, SHORT_MONTHS

Ask = Callable[[str, Mapping[str, Any]], Iterable[Sequence[Any]]]
PART = 16  # characters of a part that are kept; a longer word is compared with the whole text as well
MOST = 20_000  # visits to which a way may lead
# of a way, and of the indexes that it takes
COLUMNS = "visits.id, visits.started_at, visits.patient_id, visits.day_text, visits.minute"
_MOST_WOMEN = 5_000
_OF_HER = (
    "EXISTS (SELECT 1 FROM patients WHERE patients.id = visits.patient_id AND patients.search LIKE :{} ESCAPE '/')"
)
_VISITS_EACH = 3  # of a woman, roughly: it only decides which way is taken
_HOUR = re.compile(r"\d{1,2}:\d{0,2}")
_FIGURES = frozenset("0123456789-./")
_IN_CHINESE = re.compile(r"(?:(\d{4})\u5e74)?(?:(\d{1,2})\u6708)?(?:(\d{1,2})\u65e5?)?")  # year, month, day
_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)  # as LIKE compares


@dataclass(frozen=True)
class Meaning:
    """What a word, or one thing that it may mean, is in SQL.

    `condition` on a row of visits; `way`: a statement for `COLUMNS` of all visits that fit, each once, "" where there
    is none; `visits`: how many, roughly. Where not `exact` the way gives some more; `given` is the condition that all
    of them fulfil.
    """

    condition: str
    way: str = ""
    given: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    visits: int = MOST + 1
    exact: bool = True


def is_hour(word: str) -> bool:
    """Whether a word may be an hour of the clock: 8:, 08:15."""
    return _HOUR.fullmatch(word) is not None


def parts_of(text: str) -> frozenset[str]:
    """The endings of all words of a text, cut to `PART`: whatever stands within a word begins one of them."""
    words = text.translate(_SMALL).split()
    return frozenset(word[start : start + PART] for word in words for start in range(len(word)))


def meaning(ask: Ask, word: str, number: int) -> Meaning:
    """What a word means; `number` is in the names of its values. Of an hour the condition holds for some more."""
    # names last: of a visit that fits by its day the woman is not looked up
    found = [_by_day(ask, word, number), _by_impression(ask, word, number)]
    found += [_by_minute(ask, word, number), _by_finding(ask, word, number), _by_name(ask, word, number)]
    each = [one for one in found if one is not None]
    visits = sum(one.visits for one in each)
    return Meaning(
        condition=f"({' OR '.join(one.condition for one in each)})",
        way=_one_after_the_other(each) if all(one.way for one in each) and visits <= MOST else "",
        values={name: value for one in each for name, value in one.values.items()},
        visits=visits,
        exact=all(one.exact for one in each),
    )


def _one_after_the_other(each: Sequence[Meaning]) -> str:
    """The ways together; each without what those before it gave, which is quicker than a UNION of all."""
    ways = [one.way + "".join(f" AND NOT {before.given}" for before in each[:place]) for place, one in enumerate(each)]
    return " UNION ALL ".join(ways)


def _of_a_day(word: str) -> bool:
    """Whether a word can stand in `VisitTable.day_text`: figures and what is between them, or part of a month."""
    low = word.translate(_SMALL)
    return set(low) <= _FIGURES or any(low in month.casefold() for month in MONTHS)


def _by_name(ask: Ask, word: str, number: int) -> Meaning:
    whole = f"word{number}"
    like = Meaning(_OF_HER.format(whole), values={whole: _anywhere(word)}, exact=False)
    if "\0" in word:  # the database ends its comparison there
        return like
    beginning = word.translate(_SMALL)[:PART]
    values: dict[str, Any] = {f"from{number}": beginning}
    among = f"FROM search_words WHERE search_words.part >= :from{number}"
    behind = _behind(beginning)
    if behind is not None:
        values[f"to{number}"] = behind
        among += f" AND search_words.part < :to{number}"
    women = _counted(ask, f"SELECT 1 {among}", values, _MOST_WOMEN)
    if women > _MOST_WOMEN:
        return like
    fits = f"visits.patient_id IN (SELECT search_words.patient_id {among})"
    way, visits = f"SELECT {COLUMNS} FROM visits WHERE {fits}", _VISITS_EACH * women
    if len(word) > PART:
        return Meaning(like.condition, way, fits, {**values, **like.values}, visits, exact=False)
    return Meaning(fits, way, fits, values, visits)


def _behind(beginning: str) -> str | None:
    """The first text behind all that begin with `beginning`, by code points; None where there is none."""
    for end in range(len(beginning) - 1, -1, -1):
        if (code := ord(beginning[end])) < _LAST:
            following = _SURROGATES.stop if code + 1 in _SURROGATES else code + 1
            return beginning[:end] + chr(following)
    return None


def _by_day(ask: Ask, word: str, number: int) -> Meaning | None:
    said = [word] if _of_a_day(word) else []
    said += _days_as_shown(word)
    values = {f"day{number}_{place}": _anywhere(one) for place, one in enumerate(said)}
    if not values:
        return None
    fits = " OR ".join(f"visit_days.day LIKE :{name} ESCAPE '/'" for name in values)
    return _among(ask, "day_text", f"SELECT visit_days.day FROM visit_days WHERE {fits}", values)


def _days_as_shown(word: str) -> list[str]:
    """What stands in `VisitTable.day_text`, which is English, for days and months as other languages write them."""
    if current() == ENGLISH:
        return []
    figures = _IN_CHINESE.fullmatch(word)
    if figures is not None and not word.isdigit():
        year, month, day = figures.groups()
        if month is None:
            return [f"{year}-"] if year is not None and day is None else []
        return [f"{year or ''}-{int(month):02d}-" + (f"{int(day):02d}" if day is not None else "")]
    low = folded(word).rstrip(".")
    names = zip(SHORT_MONTHS, LONG_MONTHS, MONTHS, strict=True)
    return [
        english.casefold()
        for short, long, english in names
        if len(low) > 2 and (folded(short).rstrip(".") == low or folded(long).startswith(low))
    ]


def _by_minute(ask: Ask, word: str, number: int) -> Meaning | None:
    minutes = minutes_like(ask, word) if is_hour(word) else ()
    values = {f"minute{number}_{place}": minute for place, minute in enumerate(minutes)}
    return _among(ask, "minute", _named(values), values) if values else None


def _among(ask: Ask, column: str, those: str, values: Mapping[str, Any]) -> Meaning:
    """Visits whose column holds one of `those`."""
    fits = f"visits.{column} IN ({those})"
    visits = _counted(ask, f"SELECT 1 FROM visits WHERE {fits}", values, MOST)
    return Meaning(fits, f"SELECT {COLUMNS} FROM visits WHERE {fits}", fits, values, visits)


def _by_impression(ask: Ask, word: str, number: int) -> Meaning | None:
    grades = [grade.value for grade in GRADES if (len(word) > 1 or not word.isascii()) and _is_called(grade, word)]
    values: dict[str, Any] = {f"grade{number}_{place}": grade for place, grade in enumerate(grades)}
    if not values:
        return None
    fits = f"findings.impression IN ({_named(values)})"
    visits = _counted(ask, f"SELECT 1 FROM findings WHERE {fits}", values, MOST)
    condition = f"visits.id IN (SELECT findings.visit_id FROM findings WHERE {fits})"
    if visits > MOST:  # too many to be listed before the first visit is looked at
        condition = f"EXISTS (SELECT 1 FROM findings WHERE findings.visit_id = visits.id AND {fits})"
    way = f"SELECT {COLUMNS} FROM findings CROSS JOIN visits WHERE {fits} AND visits.id = findings.visit_id"
    return Meaning(condition, way, condition, values, visits)


def _is_called(grade: Grade, word: str) -> bool:
    """In English, or as the list shows it."""
    shown = folded(GRADE_WORDS[grade])
    return any(one.startswith(folded(word)) for one in (grade.value, shown, *shown.split()))


def _by_finding(ask: Ask, word: str, number: int) -> Meaning | None:
    """Of a longer word its first `PART` characters count."""
    if is_hour(word) or "\0" in word:
        return None
    beginning = word[:PART]
    values: dict[str, Any] = {f"said{number}": beginning}
    fits = f"visit_words.part >= :said{number}"
    behind = _behind(beginning)
    if behind is not None:
        values[f"unsaid{number}"] = behind
        fits += f" AND visit_words.part < :unsaid{number}"
    among = f"FROM visit_words WHERE {fits}"
    visits = _counted(ask, f"SELECT 1 {among}", values, MOST)
    if not visits:
        return None
    condition = f"visits.id IN (SELECT visit_words.visit_id {among})"
    if visits > MOST:  # as for an impression
        condition = f"EXISTS (SELECT 1 FROM visit_words WHERE visit_words.visit_id = visits.id AND {fits})"
    return Meaning(condition, f"SELECT {COLUMNS} FROM visits WHERE {condition}", condition, values, visits)


def _anywhere(word: str) -> str:
    return "%" + re.sub("([%_/])", r"/\1", word) + "%"


def _named(values: Mapping[str, Any]) -> str:
    return ", ".join(f":{name}" for name in values)


def _counted(ask: Ask, statement: str, values: Mapping[str, Any], most: int) -> int:
    """How many lines a statement gives; no more than one over `most` are counted."""
    capped = f"SELECT count(*) FROM ({statement} LIMIT {most + 1}) AS counted"
    return next(int(count) for (count,) in ask(capped, values))


def minutes_like(ask: Ask, hour: str) -> tuple[int, ...]:
    """Minutes of the day in UTC that may be called `hour` (8:, 08:1, 08:15) by the clock of this computer.

    Of all differences to UTC that the clock had since the oldest visit, since summer and winter have their own.
    """
    whole = f"0{hour}" if hour.index(":") == 1 else hour
    named = [minute for minute in range(24 * 60) if f"{minute // 60:02d}:{minute % 60:02d}".startswith(whole)]
    found = {
        (60 * minute + second - offset) // 60 % (24 * 60)
        for offset in (_offsets(ask) if named else ())
        for minute in named
        for second in (0, 59)
    }
    return tuple(sorted(found))


def _offsets(ask: Ask) -> set[int]:
    """Seconds by which the clock of this computer was before UTC, from the oldest visit to the newest."""
    span = "SELECT (SELECT min(started_at) FROM visits), (SELECT max(started_at) FROM visits)"
    oldest, newest = next(iter(ask(span, {})))
    if oldest is None:
        return set()
    at, end = moment_of(oldest), moment_of(newest)
    moments = [end]
    while at < end:
        moments.append(at)
        at += timedelta(days=7)  # no clock was put forward and back again within a week
    differences = (moment.astimezone().utcoffset() or timedelta(0) for moment in moments)
    return {int(difference.total_seconds()) for difference in differences}


def moment_of(stored: str | datetime) -> datetime:
    """UTC; SQLite gives text, other databases moments."""
    return (datetime.fromisoformat(stored) if isinstance(stored, str) else stored).replace(tzinfo=UTC)
