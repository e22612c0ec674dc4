"""What would tell of a woman of this library in a text: her names, her identifiers, the days of her visits and birth.

Texts are taken apart into runs of letters and runs of digits, without case and accents, so that a name is found as a
whole word also beside hyphens and digits, and an identifier also within a longer code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from pfm_desktop.storage import learning as stored
from pfm_desktop.storage import repositories
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import folded
from pfm_desktop.support.language import tr

_RUNS = re.compile(r"[^\W\d_]+|\d+")
_SHORTEST_PART = 4  # letters of one part of a name of several: "van" and "der" are everywhere
_PARTICLES = frozenset({"della", "delle", "degli", "dela", "santa", "saint", "sankt"})
_SHORTEST_NUMBER = 3  # digits of an identifier that is a bare number: "12 cases" names nobody
_UNBROKEN = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")  # no spaces there
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<word>" + "|".join(_MONTHS) + r")[a-z]{0,6}\.?"
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})(?P<sign>[-./_ ]?)(?P<month>\d{2})(?P=sign)(?P<day>\d{2})(?!\d)",
        r"(?<!\d)(?P<year>\d{4})[-./](?P<month>\d{1,2})[-./](?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<day>\d{1,2})[-./_ ]{1,2}(?P<month>\d{1,2})[-./_ ]{1,2}(?P<year>\d{4})(?!\d)",
        r"(?<!\d)(?P<month>\d{1,2})[-./](?P<day>\d{1,2})[-./](?P<year>\d{4})(?!\d)",
        r"(?<!\d)(?P<day>\d{2})(?P<month>\d{2})(?P<year>\d{4})(?!\d)",
        r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[-\s]{0,3}" + _MONTH + r"[-,\s]{0,3}(?P<year>\d{4})(?!\d)",
        _MONTH + r"[-\s]{0,3}(?P<day>\d{1,2})(?:st|nd|rd|th)?[-,\s]{1,3}(?P<year>\d{4})(?!\d)",
    )
)

Runs = tuple[str, ...]


@dataclass(frozen=True)
class PatientWords:
    """`names` and `numbers` as runs; `days` of visits and births. Empty: nothing is looked for."""

    names: frozenset[Runs] = frozenset()
    numbers: frozenset[Runs] = frozenset()
    days: frozenset[date] = frozenset()


def words_of(lib: Library) -> PatientWords:
    """Of all women of a library, with the pseudonyms under which they go out."""
    with lib.read() as session:
        women = repositories.patients(session, limit=1_000_000)
        called = stored.names_of(session, [woman.id for woman in women])
        visits = stored.moments_of_visits(session)
    names = {runs for woman in women for name in (woman.family_name, woman.given_name) for runs in _names(name)}
    numbers = {_runs(number) for those in called.values() for number in those}
    born = {woman.birth_date for woman in women if woman.birth_date is not None}
    return PatientWords(
        frozenset(runs for runs in names if _tells(runs)),
        frozenset(runs for runs in numbers if _tells(runs)),
        frozenset(born | {day for at in visits for day in _days(at)}),
    )


def told_in(text: str, words: PatientWords) -> str:
    """What a text says of a woman, as the end of "it ..."; "" where it says nothing."""
    low = folded(text)
    for found, day in _dates(low):
        if day in words.days:
            return tr("names a day on which a woman of this library was seen or born ({found})", found=found)
    for known, what in (
        (words.names, tr("names a woman of this library ({found!r} is a name of hers)")),
        (words.numbers, tr("names a woman of this library ({found!r} is an identifier of hers)")),
    ):
        if found := _first(low, known):
            return what.format(found=found)
    return ""


def _names(name: str) -> Iterator[Runs]:
    """A name as a whole, and each longer part of one of several words."""
    whole = _runs(name)
    yield whole
    if len(whole) > 1:
        yield from ((part,) for part in whole if len(part) >= _SHORTEST_PART and part not in _PARTICLES)


def _runs(text: str) -> Runs:
    return tuple(_RUNS.findall(folded(text)))


def _tells(runs: Runs) -> bool:
    """Not a single letter, nor a number as short as those of which every text is full."""
    if len(runs) != 1:
        return bool(runs)
    (only,) = runs
    return len(only) >= _SHORTEST_NUMBER if only.isdigit() else len(only) > 1 or bool(_UNBROKEN.match(only))


def _first(low: str, known: Iterable[Runs]) -> str:
    """The first of `known` that stands in the folded text, as it stands there."""
    known = frozenset(known)
    longest = max(map(len, known), default=0)
    found = list(_RUNS.finditer(low))
    for begin, one in enumerate(found):
        runs: Runs = ()
        for last in found[begin : begin + longest]:
            runs = (*runs, last.group())
            if runs in known and not (len(runs) == 1 and _within_number(low, one)):
                return low[one.start() : last.end()]
    for runs in known:
        if len(runs) == 1 and _UNBROKEN.search(runs[0]) and runs[0] in low:
            return runs[0]
    return ""


def _within_number(low: str, one: re.Match[str]) -> bool:
    """Whether these digits are part of a decimal number."""
    if not one.group().isdigit():
        return False
    before, after = low[max(0, one.start() - 2) : one.start()], low[one.end() : one.end() + 2]
    return bool(re.fullmatch(r"\d[.,]", before) or re.fullmatch(r"[.,]\d", after))


def _dates(low: str) -> Iterator[tuple[str, date]]:
    for pattern in _DATES:
        for match in pattern.finditer(low):
            parts = match.groupdict()
            month = _MONTHS.index(parts["word"]) + 1 if parts.get("word") else int(parts["month"])
            try:
                yield match.group(), date(int(parts["year"]), month, int(parts["day"]))
            except ValueError:
                continue  # no day of a calendar


def _days(at: datetime) -> tuple[date, date]:
    """The day here and in UTC."""
    return at.astimezone().date(), at.date()
