"""Birth dates in names of folders and files: they tell two women of one name apart. Pure functions over text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from pfm_desktop.services.importing.dates import births_said

_FIRST_YEAR = 1890


@dataclass(frozen=True)
class Birth:
    """`text` as it stands in the name; `days` all that it can mean: 03-04-1980 is two. Of a year only: `days` empty."""

    text: str
    years: frozenset[int]
    days: frozenset[date]

    def may_be(self, day: date) -> bool:
        """Whether it can mean that day."""
        return day in self.days if self.days else day.year in self.years

    def after(self, day: date) -> bool:
        """Whether all that it can mean is later."""
        return min(self.days) > day if self.days else min(self.years) > day.year

    def agrees(self, other: Birth) -> bool:
        """Whether both can be of one woman."""
        if self.days and other.days:
            return bool(self.days & other.days)
        return bool(self.years & other.years)


@functools.lru_cache(maxsize=65_536)
def births_in(name: str) -> tuple[Birth, ...]:
    """Birth dates that a name says to be such, in order; those that can be no day are left out."""
    return tuple(birth for said in births_said(name) if (birth := _read(said)) is not None)


def births_on(folders: Iterable[str], file_name: str) -> tuple[Birth, ...]:
    """Those of all folders and of the file, without those said twice."""
    names = (*folders, file_name.rsplit(".", 1)[0])
    return tuple(dict.fromkeys(birth for name in names for birth in births_in(name)))


def disagreement(births: Iterable[Birth]) -> tuple[Birth, Birth] | None:
    """Two that cannot be of one woman; None where all can."""
    several = list(dict.fromkeys(births))
    pairs = ((one, other) for at, one in enumerate(several) for other in several[at + 1 :])
    return next((pair for pair in pairs if not pair[0].agrees(pair[1])), None)


def agreed_day(births: Iterable[Birth], *, latest: date = date.max) -> date | None:
    """The one day up to `latest` that all of them say (03-04-1980 is two, with 3.4.1980 beside it one); else None."""
    days = [birth.days for birth in births if birth.days]
    left = frozenset(day for day in frozenset.intersection(*days) if day <= latest) if days else frozenset()
    return next(iter(left)) if len(left) == 1 else None


def _read(said: str) -> Birth | None:
    numbers = re.findall(r"\d+", said)
    if len(numbers) == 1 and len(numbers[0]) == 8:
        whole = numbers[0]
        orders = [
            (whole[:4], whole[4:6], whole[6:]),
            (whole[4:], whole[2:4], whole[:2]),
            (whole[4:], whole[:2], whole[2:4]),
        ]
    elif len(numbers) == 3 and len(numbers[0]) == 4:
        orders = [(numbers[0], numbers[1], numbers[2])]
    elif len(numbers) == 3:
        day_first = (numbers[2], numbers[1], numbers[0])
        dotted = "." in said  # nobody writes the month first with full stops
        orders = [day_first] if dotted else [day_first, (numbers[2], numbers[0], numbers[1])]
    else:  # a year, or a month in letters, which is not read
        years = frozenset(int(number) for number in numbers if len(number) == 4)
        return Birth(said, years, frozenset()) if years else None
    days = frozenset(day for order in orders for day in _days(*order))
    return Birth(said, frozenset(day.year for day in days), days) if days else None


def _days(year: str, month: str, day: str) -> Iterator[date]:
    years = [int(year)] if len(year) == 4 else [1900 + int(year), 2000 + int(year)]
    for one in years:
        try:
            found = date(one, int(month), int(day))
        except ValueError:
            continue
        if one >= _FIRST_YEAR:
            yield found
