"""Moments of an examination follow one clock, whatever happens to that of the computer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pfm_desktop.services.capture.times import JUMP_S, Times

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
TIMES = Times(NOON, 1000.0, 0.0)


@pytest.mark.parametrize("at", [900.0, 1000.0, 1000.25, 5000.0])
def test_a_moment_goes_there_and_back(at: float) -> None:
    assert TIMES.monotonic(TIMES.wall(at)) == pytest.approx(at, abs=1e-5)


def test_a_moment_is_so_long_after_the_beginning_as_the_clock_that_never_jumps_says() -> None:
    assert TIMES.wall(1060.0) == NOON + timedelta(seconds=60)


@pytest.mark.parametrize("off", [-3600.0, -JUMP_S, JUMP_S, 90.0, 86_400.0])
def test_a_clock_that_was_set_is_told_by_how_much(off: float) -> None:
    assert TIMES.jumped(NOON + timedelta(seconds=60 + off), 1060.0) == pytest.approx(off)


@pytest.mark.parametrize("off", [0.0, 0.5, -1.9])
def test_a_clock_that_is_corrected_by_a_little_is_not_told(off: float) -> None:
    assert TIMES.jumped(NOON + timedelta(seconds=60 + off), 1060.0) == 0.0


def test_what_the_computer_slept_has_passed_as_well() -> None:
    awake = TIMES.awake(120.0)
    assert awake.wall(1000.0) == NOON + timedelta(seconds=120)
    assert awake.awake(120.0) is awake
    assert TIMES.awake(0.1) is TIMES
