"""A line with words in Arabic, Hebrew or another script that runs from right to left, in the order in which it is seen
from left to right, as a PDF draws it.

As the bidirectional algorithm of Unicode (UAX 9) has it for a line that runs from left to right as a whole, without
its explicit marks: names and short words, no book. Arabic letters get the form that they have beside their neighbours,
from the compatibility forms of Unicode itself; marks above and below stay with their letter.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_RIGHT = frozenset({"R", "AL"})
_NUMBER = frozenset({"EN", "AN"})
_MIRRORED = str.maketrans("()[]{}<>\u00ab\u00bb", ")(][}{><\u00bb\u00ab")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_CLOSES = "closes"
_LAM = "\u0644"


def seen(line: str) -> str:
    """The line as it is seen; the same where nothing in it runs from right to left."""
    kinds = [unicodedata.bidirectional(character) for character in line]
    if not _RIGHT.intersection(kinds):
        return line
    kinds = [_CLOSES if character in _BRACKETS.values() else kind for character, kind in zip(line, kinds, strict=True)]
    parts: list[str] = []
    at = 0
    while at < len(line):
        end = _end_of_run(line, kinds, at) if kinds[at] in _RIGHT else at
        if end > at:
            parts.append(_turned(_joined(line[at:end])))
            at = end
        else:
            parts.append(line[at])
            at += 1
    return "".join(parts)


def _end_of_run(line: str, kinds: list[str], start: int) -> int:
    """Behind the last letter of what runs to the left from `start`: what lies between two of its letters belongs to it,
    numbers too, and the bracket that closes one of its own."""
    last = start
    open_ = ""  # the brackets that would close what is open by then
    for place in range(start, len(kinds)):
        if kinds[place] == "L":
            break
        open_ += _BRACKETS.get(line[place], "")
        closes = kinds[place] == _CLOSES and open_.endswith(line[place])
        open_ = open_[:-1] if closes else open_
        if kinds[place] in _RIGHT or (last == place - 1 and (closes or kinds[place] == "NSM")):
            last = place
    return last + 1


def _turned(run: str) -> str:
    """From its end to its beginning; numbers stay as they are, marks behind their letter, brackets open to the left."""
    clusters: list[str] = []
    before = ""
    for character in run:
        kind = unicodedata.bidirectional(character)
        goes_on = kind == "NSM" or (kind in _NUMBER and before in _NUMBER)
        if clusters and goes_on:
            clusters[-1] += character
        else:
            clusters.append(character)
        before = kind
    return "".join(cluster.translate(_MIRRORED) if len(cluster) == 1 else cluster for cluster in reversed(clusters))


def _joined(run: str) -> str:
    """Arabic letters in the forms that they have in this run; lam and alef as one."""
    forms, letters = _forms(), list(run)
    out: list[str] = []
    place = 0
    while place < len(letters):
        here = letters[place]
        after = _neighbour(letters, place, 1)
        pair = _LAM + letters[after] if here == _LAM and after is not None else ""
        joins_before = _joins(letters, place, -1)
        if pair in forms:
            out.append(forms[pair]["final" if joins_before and "final" in forms[pair] else "isolated"])
            out += letters[place + 1 : after]
            place = (after or place) + 1
            continue
        if here in forms:
            joins_after = _joins(letters, place, 1)
            name = {(True, True): "medial", (True, False): "final", (False, True): "initial"}.get(
                (joins_before, joins_after), "isolated"
            )
            out.append(forms[here].get(name, here))
        else:
            out.append(here)
        place += 1
    return "".join(out)


def _joins(letters: list[str], place: int, step: int) -> bool:
    """Whether a letter is joined to the one before (-1) or after (1) it, marks passed over."""
    other, forms = _neighbour(letters, place, step), _forms()
    if other is None or letters[other] not in forms or letters[place] not in forms:
        return False
    first, second = (other, place) if step < 0 else (place, other)
    return "initial" in forms[letters[first]] and "final" in forms[letters[second]]


def _neighbour(letters: list[str], place: int, step: int) -> int | None:
    at = place + step
    while 0 <= at < len(letters) and unicodedata.bidirectional(letters[at]) == "NSM":
        at += step
    return at if 0 <= at < len(letters) else None


@lru_cache(maxsize=1)
def _forms() -> dict[str, dict[str, str]]:
    """By letter (or lam with an alef), its forms by name: isolated, initial, medial, final."""
    found: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFBFF), *range(0xFE80, 0xFEFD)):
        kind, *letters = unicodedata.decomposition(chr(code)).split()[:3] or [""]
        text = "".join(chr(int(letter, 16)) for letter in letters)
        if kind.startswith("<") and text and (len(text) == 1 or text[0] == _LAM):
            found.setdefault(text, {}).setdefault(kind.strip("<>"), chr(code))
    return found
