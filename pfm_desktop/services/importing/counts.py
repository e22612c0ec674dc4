"""Four figures behind a day in a file's name: a time of day (`2026-03-14 1215`), or a count (`2026-03-14 0012`).

Pure functions over the names of all files. A count makes no time, and is no woman's number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pfm_desktop.services.importing.dates import When
from pfm_desktop.services.importing.found import Item
from pfm_desktop.services.importing.guess import Guess, Sure
from pfm_desktop.support.language import tr

_BEHIND = re.compile(
    r"(?<!\d)((?:19|20)\d\d[-_. ]?(?:0[1-9]|1[0-2])[-_. ]?(?:0[1-9]|[12]\d|3[01])|\d{1,2}\.\d{1,2}\.(?:19|20)\d\d)"
    r"([-_ ]{1,2})(\d{4})(?![\d:.h]|-\d)"
)
_MORNING = 6  # o'clock, before which nobody is examined
_A_RUN = 3  # numbers in a row, each at the end of its name, that may be a count


@dataclass(frozen=True)
class Figures:
    """Four figures behind the day in a name. `rest`: the name without them, `sure`: they are a count for certain.

    `no_number`: they are no woman's number either.
    """

    text: str
    rest: str
    day: str
    last: bool  # nothing stands behind them
    sure: bool = False
    no_number: bool = False


def counted(items: Sequence[Item]) -> Mapping[str, Figures]:
    """Figures that are or may be a count, by the item's name."""
    groups: dict[tuple[tuple[str, ...], str], list[tuple[str, Figures]]] = {}
    for item in items:
        found = _figures(item.file_name.rsplit(".", 1)[0])
        if found is not None:
            groups.setdefault((item.folders, found.day), []).append((item.name, found))
    return {name: figures for group in groups.values() for name, figures in _judged(group)}


def _figures(stem: str) -> Figures | None:
    hit = _BEHIND.search(stem)
    if hit is None:
        return None
    rest = f"{stem[: hit.end(1)]} {stem[hit.end(3) :]}".strip()
    return Figures(hit[3], rest, hit[1], hit.end() == len(stem))


def _judged(group: Sequence[tuple[str, Figures]]) -> list[tuple[str, Figures]]:
    """Those of one folder and day that may be a count; where one can be no time, none of them is one."""
    numbers = {int(one.text) for _, one in group}
    if any(not _may_be_a_time(one.text) for _, one in group):
        times = any(_is_a_time(one.text) for _, one in group)
        return [
            (name, replace(one, sure=True, no_number=one.text[0] == "0" or (times and _in_a_row(one, numbers))))
            for name, one in group
        ]
    alike = {rest for rest in (one.rest for _, one in group) if len({o.text for _, o in group if o.rest == rest}) > 1}
    last = {int(one.text) for _, one in group if one.last}
    run = any({number + more for more in range(_A_RUN)} <= last for number in last)
    return [(name, one) for name, one in group if (run and one.last) or one.rest in alike]


def _is_a_time(text: str) -> bool:
    return int(text[:2]) < 24 and int(text[2:]) < 60


def _may_be_a_time(text: str) -> bool:
    return _is_a_time(text) and int(text[:2]) >= _MORNING


def _in_a_row(one: Figures, numbers: set[int]) -> bool:
    return bool({int(one.text) - 1, int(one.text) + 1} & numbers)


def without_count(figures: Figures | None, stem: str, guessed: Callable[[str], Guess[When]]) -> Guess[When]:
    """When a picture was taken, `guessed` from its name; a count is no time, and what may be one makes it unsure."""
    whole = guessed(stem)
    day = guessed(figures.rest) if figures is not None else whole
    if figures is None or day.value == whole.value:
        return whole
    if figures.sure:
        return replace(
            day, why=tr("{reason}: {figures} behind it is taken for a count", reason=day.why, figures=figures.text)
        )
    return Guess(
        whole.value,
        Sure.UNSURE,
        tr("{reason}, but {figures} behind the day may be a count", reason=whole.why, figures=figures.text),
    )
