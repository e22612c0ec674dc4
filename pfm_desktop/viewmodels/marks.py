"""Where pins and the os stand in each picture, and what their labels say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pfm_desktop.domain.annotation import OsMark, Pin
from pfm_desktop.domain.clock import clock_hour
from pfm_desktop.domain.source import Source
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.pair_view import XY, CursorPosition, PairRegistration, Size, within


@dataclass(frozen=True)
class PlacedPin:
    """A pin at (x, y) of one frame. `hour` is None until the os is marked, or at least found, where it can be compared.

    `sure` is False while the os was only found by the program.
    """

    id: str
    x: float
    y: float
    letter: str
    hour: int | None
    sure: bool = True

    @cached_property
    def label(self) -> str:
        """`B  4 o'clock`, `B  4 o'clock?` or `B`; "4 h" would read as hours."""
        if self.hour is None:
            return self.letter
        if self.sure:
            return tr("{letter}  {hour} o'clock", letter=self.letter, hour=self.hour)
        return tr("{letter}  {hour} o'clock?", letter=self.letter, hour=self.hour)


def mapped(x: float, y: float, start: Source, end: Source, registration: PairRegistration | None) -> XY | None:
    """A point of the `start` frame in the `end` frame; None without a registration to get there."""
    if start is end:
        return x, y
    if registration is None:
        return None
    points = np.array([[x, y]], dtype=np.float64)
    moved = (
        registration.white_to_fluorescence(points)
        if start is Source.WHITE
        else registration.fluorescence_to_white(points)
    )
    return (float(moved[0, 0]), float(moved[0, 1])) if np.isfinite(moved).all() else None


def pins_in(
    frame: Source,
    pins: Sequence[Pin],
    os_mark: OsMark | None,
    registration: PairRegistration | None,
    *,
    suggested: OsMark | None = None,
) -> tuple[PlacedPin, ...]:
    """The pins as they stand in `frame`; the hour is read in the pin's own frame, to which the os is mapped.

    Where no os is marked, `suggested` gives an hour that is not sure.
    """
    centre, sure = os_mark or suggested, os_mark is not None
    placed = []
    for pin in pins:
        spot = mapped(pin.x, pin.y, pin.frame, frame, registration)
        if spot is not None:
            placed.append(PlacedPin(pin.id, *spot, pin.letter, hour(pin, centre, registration), sure))
    return tuple(placed)


def os_in(frame: Source, os_mark: OsMark | None, registration: PairRegistration | None) -> XY | None:
    """The marked os in `frame`."""
    return None if os_mark is None else mapped(os_mark.x, os_mark.y, os_mark.frame, frame, registration)


def hour(pin: Pin, os_mark: OsMark | None, registration: PairRegistration | None) -> int | None:
    """Clock hour of a pin, also where the os was marked in the other picture of a registered pair.

    Never across points that the structures contradict: it might be another woman's os.
    """
    borne_out = None if registration is not None and registration.for_looking_only else registration
    centre = os_in(pin.frame, os_mark, borne_out)
    return None if centre is None else clock_hour(pin.x, pin.y, *centre)


def cursor_in_both(
    frame: Source, x: float, y: float, registration: PairRegistration | None, *, other_size: Size | None
) -> CursorPosition:
    """The tissue under the cursor in both frames; `other_size` is that of the other picture, None where there is none.

    Tissue that the other picture does not show has no place in it.
    """
    there = Source.FLUORESCENCE if frame is Source.WHITE else Source.WHITE
    other = None if other_size is None else mapped(x, y, frame, there, registration)
    if other is not None and other_size is not None and not within(other, other_size):
        other = None
    return CursorPosition((x, y), other) if frame is Source.WHITE else CursorPosition(other, (x, y))
