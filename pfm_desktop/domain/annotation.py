"""Marks on a picture."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.clock import clock_hour
from pfm_desktop.domain.source import Source


@dataclass(frozen=True)
class Pin:
    """A biopsy pin at (x, y) pixels in the picture of `frame`, lettered A, B, C ...

    `pot` is what stands on the pot of the biopsy, "" where none was taken or nobody waits for a result; `answers` how
    it was taken, by the keys of `specimen.TAKEN`.
    """

    id: str
    pair_id: str
    frame: Source
    x: float
    y: float
    letter: str
    note: str = ""
    pot: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class OsMark:
    """The external os as the user marked it: the centre of the clock. Often not the centre of the picture."""

    pair_id: str
    frame: Source
    x: float
    y: float


@dataclass(frozen=True)
class CervixMark:
    """The outline of the cervix as the user drew it on a picture, in its pixels; it comes before the one found."""

    id: str
    picture_id: str
    outline: Outline


def hour_of(pin: Pin, mark: OsMark | None) -> int | None:
    """Clock hour of a pin; None until the os is marked in the same frame (an hour is never guessed)."""
    if mark is None or mark.frame is not pin.frame:
        return None
    return clock_hour(pin.x, pin.y, mark.x, mark.y)


def next_letter(pins: tuple[Pin, ...], taken: Collection[str] = ()) -> str:
    """First letter not in use, and not among those `taken` otherwise: A to Z, then A1, B1, ..."""
    used = {pin.letter for pin in pins} | {one.upper() for one in taken}
    for suffix in ("", *(str(n) for n in range(1, 1000))):
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            if letter + suffix not in used:
                return letter + suffix
    raise ValueError("too many pins")
