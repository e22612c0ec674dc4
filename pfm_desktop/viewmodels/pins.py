"""What the Pins panel shows. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.domain.annotation import Pin, hour_of
from pfm_desktop.domain.clock import quadrant
from pfm_desktop.viewmodels.findings import why_locked
from pfm_desktop.viewmodels.grades import SOURCES

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Edit

NO_PINS = "No pins yet. Press P on the stage, then click where the biopsy is taken."
NO_OS = "Mark the os first (O on the stage)"


@dataclass(frozen=True)
class PinRow:
    """One pin: `place` is hour and quadrant, or what is missing for them; `picture` says what it is on."""

    id: str
    letter: str
    place: str
    picture: str
    note: str


@dataclass(frozen=True)
class PinsView:
    """`locked` says why nothing can be edited ("" when it can); `note` what to do while there is no pin."""

    rows: tuple[PinRow, ...] = ()
    locked: str = ""
    note: str = ""


def pins_view(case: VisitCase | None, read_only_reason: str = "") -> PinsView:
    """The pins of a visit by letter."""
    locked = why_locked(case, read_only_reason)
    if case is None:
        return PinsView(locked=locked)
    rows = tuple(
        PinRow(pin.id, pin.letter, place_of(case, pin), f"on {SOURCES[pin.frame]}", pin.note) for pin in case.pins
    )
    return PinsView(rows, locked, "" if rows or locked else NO_PINS)


def place_of(case: VisitCase, pin: Pin) -> str:
    """`2 o'clock, anterior left`; what to do while the os is not marked in the pin's picture."""
    marks = (mark for mark in case.os_marks_on(pin.pair_id) if mark.frame is pin.frame)
    hour = hour_of(pin, next(marks, None))
    return NO_OS if hour is None else f"{hour} o'clock, {quadrant(hour)}"


def remove_edit(pin_id: str) -> Edit:
    """Take a pin away."""
    from pfm_desktop.services import review

    return lambda lib: review.remove_pin(lib, pin_id)


def save_note(lib: Library, pin_id: str, note: str) -> Change:
    """The note on a pin, for `Drafts`."""
    from pfm_desktop.services import review

    return review.note_pin(lib, pin_id, note)
