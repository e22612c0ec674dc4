"""Pins, os and cursor in both frames of a pair."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pfm_desktop.domain.annotation import OsMark, Pin
from pfm_desktop.domain.geometry import Points
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.imaging.registration.result import refused
from pfm_desktop.viewmodels.marks import PlacedPin, cursor_in_both, hour, mapped, os_in, pins_in

WHITE, GLOW = Source.WHITE, Source.FLUORESCENCE


class Turn:
    """A quarter turn and a shift: white (x, y) lies at (100 - y, x + 20) in fluorescence."""

    status = RegistrationStatus.OK
    for_looking_only = False

    def white_to_fluorescence(self, points: Points) -> Points:
        return np.column_stack([100 - points[:, 1], points[:, 0] + 20])

    def fluorescence_to_white(self, points: Points) -> Points:
        return np.column_stack([points[:, 1] - 20, 100 - points[:, 0]])

    def in_white_frame(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        raise AssertionError("marks need no pictures")


class Contradicted(Turn):
    """Points that the structures contradict."""

    for_looking_only = True


class Nowhere(Turn):
    """A map that loses every point."""

    def white_to_fluorescence(self, points: Points) -> Points:
        return np.full_like(points, np.nan)


def pin(x: float, y: float, frame: Source = WHITE, letter: str = "A") -> Pin:
    return Pin(letter.lower(), "pair", frame, x, y, letter)


def test_a_point_in_its_own_frame_needs_no_registration() -> None:
    assert mapped(3, 4, GLOW, GLOW, None) == (3, 4)


def test_a_point_goes_through_the_registration_both_ways() -> None:
    there = mapped(30, 40, WHITE, GLOW, Turn())
    assert there == (60, 50)
    assert mapped(*there, GLOW, WHITE, Turn()) == (30, 40)


def test_without_registration_a_point_has_no_place_in_the_other_picture() -> None:
    assert mapped(1, 2, WHITE, GLOW, None) is None


def test_a_point_that_the_map_loses_has_no_place() -> None:
    assert mapped(1, 2, WHITE, GLOW, Nowhere()) is None


def test_nothing_has_a_place_across_a_refused_registration() -> None:
    found = refused("too little overlap", (200, 200), (200, 200))
    assert mapped(1, 2, WHITE, GLOW, found) is None
    assert mapped(1, 2, GLOW, WHITE, found) is None
    assert [p.letter for p in pins_in(GLOW, (pin(30, 40), pin(60, 50, GLOW, "B")), None, found)] == ["B"]
    assert hour(pin(10, 10), OsMark("pair", GLOW, 10, 20), found) is None
    assert cursor_in_both(WHITE, 30, 40, found, other_size=(200, 200)).fluorescence is None


def test_pins_stand_on_the_same_tissue_in_both_frames() -> None:
    pins = (pin(30, 40), pin(60, 50, GLOW, "B"))
    white, glow = pins_in(WHITE, pins, None, Turn()), pins_in(GLOW, pins, None, Turn())
    assert [(p.x, p.y) for p in white] == [(30, 40), (30, 40)]
    assert [(p.x, p.y) for p in glow] == [(60, 50), (60, 50)]


def test_without_registration_a_pin_is_shown_only_where_it_was_placed() -> None:
    pins = (pin(30, 40), pin(60, 50, GLOW, "B"))
    assert [p.letter for p in pins_in(WHITE, pins, None, None)] == ["A"]
    assert [p.letter for p in pins_in(GLOW, pins, None, None)] == ["B"]


@pytest.mark.parametrize("hour_wanted", range(1, 13))
def test_the_hour_is_that_of_a_clock_about_the_os(hour_wanted: int) -> None:
    angle = math.radians(30 * hour_wanted)
    placed = pin(50 + 20 * math.sin(angle), 50 - 20 * math.cos(angle))
    assert hour(placed, OsMark("pair", WHITE, 50, 50), None) == hour_wanted


def test_no_hour_is_guessed_before_the_os_is_marked() -> None:
    assert hour(pin(10, 10), None, Turn()) is None
    assert pins_in(WHITE, (pin(10, 10),), None, None)[0].label == "A"


def test_an_os_marked_in_the_other_picture_gives_no_hour_without_registration() -> None:
    assert hour(pin(10, 10), OsMark("pair", GLOW, 10, 20), None) is None


def test_an_os_marked_in_the_other_picture_gives_the_hour_through_the_registration() -> None:
    mark = OsMark("pair", GLOW, *Turn().white_to_fluorescence(np.array([[50.0, 50.0]]))[0])
    assert hour(pin(70, 50), mark, Turn()) == 3
    assert hour(pin(50, 30), mark, Turn()) == 12


def test_no_hour_is_read_across_points_that_the_structures_contradict() -> None:
    there = mapped(50, 50, WHITE, GLOW, Turn())
    assert there is not None
    assert hour(pin(70, 50), OsMark("pair", GLOW, *there), Contradicted()) is None
    assert hour(pin(70, 50), OsMark("pair", WHITE, 50, 50), Contradicted()) == 3


def test_a_pin_says_the_same_hour_in_both_pictures_also_where_one_is_turned() -> None:
    mark = OsMark("pair", WHITE, 50, 50)
    hours = {frame: pins_in(frame, (pin(70, 50),), mark, Turn())[0].hour for frame in PLACES}
    assert hours == {WHITE: 3, GLOW: 3}


def test_the_label_is_letter_and_hour() -> None:
    assert PlacedPin("b", 0, 0, "B", 4).label == "B  4 o'clock"


def test_the_os_follows_the_registration() -> None:
    mark = OsMark("pair", WHITE, 30, 40)
    assert os_in(WHITE, mark, None) == (30, 40)
    assert os_in(GLOW, mark, Turn()) == (60, 50)
    assert os_in(GLOW, mark, None) is None
    assert os_in(GLOW, None, Turn()) is None


def test_the_cursor_is_on_the_same_tissue_in_both() -> None:
    over_white = cursor_in_both(WHITE, 30, 40, Turn(), other_size=(200, 200))
    assert (over_white.white, over_white.fluorescence) == ((30, 40), (60, 50))
    over_glow = cursor_in_both(GLOW, 60, 50, Turn(), other_size=(200, 200))
    assert (over_glow.white, over_glow.fluorescence) == ((30, 40), (60, 50))


def test_the_cursor_has_no_place_on_a_picture_that_does_not_show_the_tissue() -> None:
    assert cursor_in_both(WHITE, 30, 40, Turn(), other_size=(50, 200)).fluorescence is None
    assert cursor_in_both(WHITE, 30, 140, Turn(), other_size=(200, 200)).fluorescence is None


def test_the_cursor_has_no_place_on_an_absent_or_unregistered_picture() -> None:
    assert cursor_in_both(WHITE, 30, 40, Turn(), other_size=None).fluorescence is None
    assert cursor_in_both(WHITE, 30, 40, None, other_size=(200, 200)).fluorescence is None
    assert cursor_in_both(GLOW, 30, 40, None, other_size=(200, 200)).white is None


def test_an_hour_about_an_os_that_was_only_found_is_a_question() -> None:
    found = OsMark("p", WHITE, 50, 50)
    (shown,) = pins_in(WHITE, (pin(70, 50),), None, None, suggested=found)
    assert (shown.hour, shown.sure, shown.label) == (3, False, "A  3 o'clock?")
    (marked,) = pins_in(WHITE, (pin(70, 50),), OsMark("p", WHITE, 70, 90), None, suggested=found)
    assert (marked.hour, marked.label) == (12, "A  12 o'clock")
