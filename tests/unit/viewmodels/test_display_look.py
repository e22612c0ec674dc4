from __future__ import annotations

import pytest

from pfm_desktop.domain.source import Source
from pfm_desktop.viewmodels.display_look import (
    NARROWEST,
    as_taken,
    green_toggled,
    note_of,
    width_level,
    with_width_level,
)
from pfm_desktop.viewmodels.pair_view import DisplayWindow, Filter, PairView, with_window

AS_TAKEN = DisplayWindow()


def test_width_and_level_say_where_black_and_white_are() -> None:
    assert width_level(AS_TAKEN) == (255, 128)
    window = with_width_level(AS_TAKEN, 100, 90)
    assert (window.low, window.high) == (40.0, 140.0)
    assert width_level(window) == (100, 90)


def test_width_and_level_of_a_picture_as_taken_leave_it_so() -> None:
    assert with_width_level(with_width_level(AS_TAKEN, 30, 40), *width_level(AS_TAKEN)) == AS_TAKEN


@pytest.mark.parametrize("width", [-5, 0, 1])
def test_no_window_is_so_narrow_that_nothing_is_seen(width: int) -> None:
    assert width_level(with_width_level(AS_TAKEN, width, 128))[0] == NARROWEST


def test_the_filter_stays_while_the_window_changes() -> None:
    green = green_toggled(PairView()).window(Source.WHITE)
    assert with_width_level(green, 90, 80).filter is Filter.GREEN


def test_green_is_toggled_and_as_taken_takes_everything_back() -> None:
    view = green_toggled(PairView())
    assert view.window(Source.WHITE).filter is Filter.GREEN
    assert green_toggled(view) == PairView()
    other = with_window(view, Source.FLUORESCENCE, DisplayWindow(low=9, gamma=2.0))
    assert as_taken(other) == PairView()


def test_only_what_is_in_sight_and_not_as_taken_is_named() -> None:
    view = with_window(green_toggled(PairView()), Source.FLUORESCENCE, DisplayWindow(low=10, high=110, gamma=1.5))
    both = [(Source.WHITE, "White light"), (Source.FLUORESCENCE, "Fluorescence")]
    assert note_of(view, both[:1]) == "Processed, for looking: White light: green filter"
    assert note_of(view, both).endswith("Fluorescence: window 100, level 60, gamma 1.5")
    assert note_of(PairView(), both) == ""
    assert note_of(view, []) == ""
