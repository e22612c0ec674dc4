"""What a form asks, as data: items, the answers that each takes, and when it is asked at all.

One table of items makes the form on the screen, the check of what is kept, the bar that names what is missing, and the
lines of the report, so that none of them can say something else. An item without an answer is not asked or not known;
where "none" or "not done" is an answer it is given, never assumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.support.moments import day

Answers = Mapping[str, Any]
"""By item: the key of a choice, a list of them in the order of the item, a number, a day as YYYY-MM-DD, or words."""

LONGEST = 2000  # characters of an answer in words
EARLIEST = date(1900, 1, 1)
YEARS_AHEAD = 10


class Kind(StrEnum):
    """How an item is answered: one or several of its choices, a whole number, a day, or words."""

    ONE = "one"
    SEVERAL = "several"
    NUMBER = "number"
    DAY = "day"
    WORDS = "words"


@dataclass(frozen=True)
class Choice:
    """`alone`: an answer beside which no other choice of the item can stand, as `none`."""

    key: str
    words: str
    alone: bool = False


@dataclass(frozen=True)
class Item:
    """`only_if` names an item and answers of it: it is asked where one of these is given. `range` is of a number, with
    both ends; `unit` stands behind it. `hint` says what is meant. `ahead`: a day that may be to come.
    `after`: a day that never lies before the visit.
    """

    key: str
    title: str
    kind: Kind
    choices: tuple[Choice, ...] = ()
    only_if: tuple[str, frozenset[str]] | None = None
    range: tuple[int, int] = (0, 0)
    unit: str = ""
    hint: str = ""
    ahead: bool = False
    after: bool = False

    def choice(self, key: str) -> Choice:
        """A choice by key; ValueError where it has none of that key."""
        found = next((one for one in self.choices if one.key == key), None)
        if found is None:
            raise ValueError(tr("{item} has no answer {key!r}", item=self.title, key=key))
        return found


def one(key: str, title: str, *choices: Choice, only_if: tuple[str, Iterable[str]] | None = None) -> Item:
    """An item of which one choice is the answer."""
    return Item(key, title, Kind.ONE, choices, _condition(only_if))


def several(key: str, title: str, *choices: Choice, only_if: tuple[str, Iterable[str]] | None = None) -> Item:
    """An item of which any number of choices are the answer."""
    return Item(key, title, Kind.SEVERAL, choices, _condition(only_if))


def number(
    key: str, title: str, least: int, most: int, unit: str = "", *, only_if: tuple[str, Iterable[str]] | None = None
) -> Item:
    """An item whose answer is a whole number from `least` to `most`."""
    return Item(key, title, Kind.NUMBER, only_if=_condition(only_if), range=(least, most), unit=unit)


def day_of(
    key: str,
    title: str,
    *,
    only_if: tuple[str, Iterable[str]] | None = None,
    ahead: bool = False,
    after: bool = False,
) -> Item:
    """An item whose answer is a day."""
    return Item(key, title, Kind.DAY, only_if=_condition(only_if), ahead=ahead, after=after)


def text(key: str, title: str, hint: str = "", *, only_if: tuple[str, Iterable[str]] | None = None) -> Item:
    """An item whose answer is words."""
    return Item(key, title, Kind.WORDS, only_if=_condition(only_if), hint=hint)


def asked(items: Sequence[Item], answers: Answers) -> tuple[Item, ...]:
    """Those that are asked, given the answers so far."""
    return tuple(item for item in items if item.only_if is None or _given(item.only_if, answers))


def answered(items: Sequence[Item], answers: Answers) -> dict[str, Any]:
    """The answers without those of items that are not asked any more, in the order of the items."""
    left = dict(answers)
    for item in items:  # an item stands behind what it depends on
        if item.only_if is not None and not _given(item.only_if, left):
            left.pop(item.key, None)
    return {item.key: left[item.key] for item in items if item.key in left}


def checked(item: Item, answer: Any, *, today: date, visit: date | None = None) -> Any:
    """An answer as it is kept; None for none. ValueError, in words for a person, for one that the item does not take.

    Of several choices the order is that of the item. No day is before 1900, or after `today` and, where the item looks
    ahead, the ten years from then; none that is after the visit lies before the day of it, where `visit` tells that.
    """
    if answer is None or answer in ("", [], ()):
        return None
    if item.kind is Kind.ONE:
        return item.choice(str(answer)).key
    if item.kind is Kind.SEVERAL:
        return _several(item, answer)
    if item.kind is Kind.NUMBER:
        return _number(item, answer)
    if item.kind is Kind.DAY:
        return _day(item, answer, today, visit)
    words = str(answer).strip()
    if len(words) > LONGEST:
        raise ValueError(tr("{item} takes at most {most} characters", item=item.title, most=LONGEST))
    return words or None


def with_choice(item: Item, answer: Sequence[str], key: str) -> tuple[str, ...]:
    """Of several: `key` switched, on with what may stand beside it, or off."""
    chosen = item.choice(key)
    if key in answer:
        return tuple(other for other in answer if other != key)
    keep = () if chosen.alone else tuple(other for other in answer if not item.choice(other).alone)
    order = [choice.key for choice in item.choices]
    return tuple(sorted((*keep, key), key=order.index))


def answer_words(item: Item, answer: Any) -> str:
    """An answer for a person; of a choice that this version does not know its key. A day is left as it is kept."""
    if item.kind in (Kind.ONE, Kind.SEVERAL):
        keys = [answer] if isinstance(answer, str) else list(answer)
        known = {choice.key: choice.words for choice in item.choices}
        return COMMA.join(known.get(key, str(key)) for key in keys)
    if item.kind is Kind.NUMBER:
        return f"{answer} {item.unit}".rstrip()
    return str(answer)


def _condition(only_if: tuple[str, Iterable[str]] | None) -> tuple[str, frozenset[str]] | None:
    return None if only_if is None else (only_if[0], frozenset(only_if[1]))


def _given(only_if: tuple[str, frozenset[str]], answers: Answers) -> bool:
    key, wanted = only_if
    answer = answers.get(key)
    keys = [answer] if isinstance(answer, str) else answer or ()
    return bool(wanted.intersection(keys))


def _several(item: Item, answer: Any) -> list[str]:
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        raise ValueError(tr("{item} takes a list of answers", item=item.title))
    found = {item.choice(str(key)).key for key in answer}
    alone = [choice.words for choice in item.choices if choice.alone and choice.key in found]
    if alone and len(found) > 1:
        raise ValueError(tr('{item}: "{answer}" stands alone', item=item.title, answer=alone[0]))
    return [choice.key for choice in item.choices if choice.key in found]


def _number(item: Item, answer: Any) -> int:
    least, most = item.range
    try:
        value = float(answer)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if isinstance(answer, bool) or not (math.isfinite(value) and value == int(value) and least <= value <= most):
        raise ValueError(tr("{item} is a whole number from {least} to {most}", item=item.title, least=least, most=most))
    return int(value)


def _day(item: Item, answer: Any, today: date, visit: date | None) -> str:
    try:
        given = answer if type(answer) is date else date.fromisoformat(str(answer))
    except ValueError:
        raise ValueError(tr("{item} is a day", item=item.title)) from None
    if given.isoformat() != str(answer):  # the standard has other ways of writing it
        raise ValueError(tr("{item} is a day", item=item.title))
    if item.ahead:
        latest = date(today.year + YEARS_AHEAD, 12, 31)
        if not EARLIEST <= given <= latest:
            raise ValueError(
                tr("{item} lies between {first} and {last}", item=item.title, first=EARLIEST.year, last=latest.year)
            )
    elif not EARLIEST <= given <= today:
        raise ValueError(tr("{item} lies between {first} and today", item=item.title, first=EARLIEST.year))
    if item.after and visit is not None and given < visit:
        raise ValueError(tr("{item} lies before this visit, which was on {day}", item=item.title, day=day(visit)))
    return given.isoformat()
