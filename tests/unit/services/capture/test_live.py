"""A live examination without a window: what is asked for is taken once, named by light and clock, and goes on after a
failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pfm_desktop.capture.source import Frame
from pfm_desktop.domain.capture import Acquisition, Light
from pfm_desktop.domain.examination import DEFAULT_PLAN, Examination, Step, Taken
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.services.capture.keeping import Lot
from pfm_desktop.services.capture.live import AGAIN_S, Exposed, LiveExamination, Missed, wants_pair
from pfm_desktop.services.capture.times import Times
from pfm_desktop.support.errors import UserError

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
WAIT_S = 20.0
BEGAN = time.monotonic()  # said to be noon


def exposed(at: float, source: Source = Source.WHITE) -> Exposed:
    light = Light.WHITE if source is Source.WHITE else Light.FLUORESCENCE
    return Exposed(Frame(np.zeros((2, 2, 3), np.uint8), at, 0), source, Acquisition("A", light), 0.05)


class Device:
    """Gives what it is asked for at `now`; `broken` is what it raises."""

    def __init__(self) -> None:
        self.now, self.asked = BEGAN, 0
        self.broken: Exception | None = None
        self.go = threading.Event()
        self.go.set()

    def take(self, *, pair: bool) -> tuple[Exposed, ...]:
        assert self.go.wait(WAIT_S)
        self.asked += 1
        if self.broken is not None:
            raise self.broken
        white = exposed(self.now)
        return (white, exposed(self.now + 0.3, Source.FLUORESCENCE)) if pair else (white,)


class Heard:
    def __init__(self) -> None:
        self.lots: list[Lot] = []
        self.problems: list[str] = []
        self.missed: list[Missed] = []


Begin = Callable[..., LiveExamination]


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def begin(device: Device, heard: Heard) -> Iterator[Begin]:
    made: list[LiveExamination] = []

    def begun(acid: float | None = None, taken: tuple[Taken, ...] = ()) -> LiveExamination:
        """`acid`: when it was applied, of the monotonic clock."""
        at = None if acid is None else NOON + timedelta(seconds=acid - BEGAN)
        live = LiveExamination(
            Examination("visit", NOON, at, DEFAULT_PLAN),
            device,
            told=heard.lots.append,
            failed=heard.problems.append,
            missed=heard.missed.append,
            times=Times(NOON, BEGAN, 0.0),
            taken=taken,
        )
        made.append(live)
        return live

    yield begun
    device.go.set()
    for live in made:
        live.stop()


def stages(heard: Heard) -> list[list[str]]:
    return [[one.stage.value for one in lot.pictures] for lot in heard.lots]


def test_steps_are_taken_one_after_the_other_and_pairs_where_the_plan_says_so(begin: Begin, heard: Heard) -> None:
    live = begin()
    for _ in range(3):
        live.take(live.next(BEGAN))
        assert live.settle(WAIT_S)
    assert stages(heard) == [["saline"], ["green"], ["saline", "fluorescence_before_acid"]]
    step = live.next(BEGAN)
    assert step is not None
    assert step.starts_clock
    assert len({lot.number for lot in heard.lots}) == 3


def test_two_examinations_have_no_number_in_common(begin: Begin, heard: Heard) -> None:
    one, other = begin(), begin()
    for live in (one, other, one):
        live.take(None)
        assert live.settle(WAIT_S)
    assert len({lot.number for lot in heard.lots}) == 3


def test_a_step_that_is_under_way_does_not_come_again(begin: Begin, device: Device) -> None:
    live = begin()
    device.go.clear()
    live.take(live.next(BEGAN))
    step = live.next(BEGAN)
    assert step is not None
    assert step.key == "green"
    assert live.busy
    assert live.under_way == {"saline"}
    device.go.set()
    assert live.settle(WAIT_S)
    assert not live.busy


def test_a_picture_has_the_second_of_its_exposure_and_not_of_the_key(
    begin: Begin, device: Device, heard: Heard
) -> None:
    live = begin(acid=BEGAN)
    device.now = BEGAN + 61.5
    live.take(None, pair=True)
    assert live.settle(WAIT_S)
    white, glow = heard.lots[0].pictures
    assert (white.stage, white.seconds) == (Stage.ACETIC_ACID, pytest.approx(61.5))
    assert (glow.stage, glow.seconds) == (Stage.FLUORESCENCE_AFTER_ACID, pytest.approx(61.8))
    assert white.taken_at == NOON + timedelta(seconds=61.5)
    assert white.mm_per_px == 0.05


def test_a_frame_from_before_acid_is_none_under_acid_though_it_is_kept_later(begin: Begin, heard: Heard) -> None:
    live = begin(acid=BEGAN + 10)
    live.take_frame(exposed(BEGAN + 5), None)
    (picture,) = heard.lots[0].pictures
    assert (picture.stage, picture.seconds) == (Stage.SALINE, None)


def test_marks_take_themselves_once_however_often_one_looks(begin: Begin, device: Device, heard: Heard) -> None:
    live = begin(acid=BEGAN)
    for tenth in range(400):
        device.now = BEGAN + tenth / 10
        live.look_at_clock(device.now)
        assert live.settle(WAIT_S)
    assert stages(heard) == [["acetic_acid"], ["acetic_acid"]]


def test_a_clock_that_starts_anew_takes_nothing_at_that_moment(begin: Begin, device: Device, heard: Heard) -> None:
    live = begin(acid=BEGAN)
    live.look_at_clock(BEGAN + 14.0)
    live.examination = Examination("visit", NOON, NOON + timedelta(seconds=14), DEFAULT_PLAN)
    assert live.look_at_clock(BEGAN + 15.5) is None
    assert heard.lots == []


def test_a_mark_that_failed_is_tried_again_while_it_counts_and_said_once(
    begin: Begin, device: Device, heard: Heard
) -> None:
    live = begin(acid=BEGAN)
    device.broken = UserError("no picture came")
    live.look_at_clock(BEGAN + 14.9)
    for second in np.arange(15.0, 40.0, 0.5):
        if second < 29:
            live.look_at_clock(BEGAN + float(second))
        assert live.settle(WAIT_S)
    assert len(heard.problems) == 1
    assert 3 <= device.asked <= 12 / AGAIN_S + 1


def test_after_a_failure_the_next_one_is_taken_and_what_there_was_of_the_pair_is_kept(
    begin: Begin, device: Device, heard: Heard
) -> None:
    error = UserError("the lamp is silent")
    error.taken = (exposed(BEGAN),)  # type: ignore[attr-defined]
    device.broken = error
    live = begin()
    live.take(None, pair=True)
    assert live.settle(WAIT_S)
    device.broken = None
    live.take(None)
    assert live.settle(WAIT_S)
    assert stages(heard) == [["saline"], ["saline"]]
    assert len(heard.problems) == 1
    assert heard.missed == []


def test_where_nothing_came_of_a_retake_it_says_what_is_still_there(begin: Begin, device: Device, heard: Heard) -> None:
    device.broken = UserError("the lamp is silent")
    live = begin()
    live.take(None, pair=True, replaces=("one", "other"))
    assert live.settle(WAIT_S)
    assert heard.missed == [Missed("visit", heard.problems[0], ("one", "other"))]


@pytest.mark.expects_logged_error
def test_an_error_that_nobody_foresaw_ends_nothing(begin: Begin, device: Device, heard: Heard) -> None:
    device.broken = RuntimeError("not foreseen")
    live = begin()
    live.take(live.next(BEGAN))
    assert live.settle(WAIT_S)
    assert "log" in heard.problems[0]
    assert live.under_way == frozenset()
    device.broken = None
    live.take(live.next(BEGAN))
    assert live.settle(WAIT_S)
    assert stages(heard) == [["saline"]]


def test_what_was_asked_for_is_taken_before_it_ends(begin: Begin, device: Device, heard: Heard) -> None:
    live = begin()
    device.go.clear()
    for _ in range(3):
        live.take(None)
    live.stop(0.0)
    assert not live.settle(0.01)
    device.go.set()
    assert live.settle(WAIT_S)
    assert len(heard.lots) == 3


def test_fluorescence_always_has_its_white_light_picture() -> None:
    assert wants_pair(Step(Stage.FLUORESCENCE_AFTER_ACID))
    assert wants_pair(Step(Stage.ACETIC_ACID, 60.0, pair=True))
    assert not wants_pair(Step(Stage.ACETIC_ACID, starts_clock=True))
    assert not wants_pair(Step(Stage.SALINE))
    assert not wants_pair(None)


def test_a_frame_that_was_frozen_before_lugols_iodine_is_none_of_it(begin: Begin, heard: Heard) -> None:
    def frozen(at: float) -> Exposed:
        return Exposed(Frame(np.zeros((4, 6, 3), np.uint8), at, 0), Source.WHITE, Acquisition())

    live = begin(acid=BEGAN)
    lugol = next(step for step in DEFAULT_PLAN if step.stage is Stage.LUGOL)
    live.take_frame(frozen(BEGAN + 200.0), lugol)
    live.take_frame(frozen(BEGAN + 190.0), None)
    live.take_frame(frozen(BEGAN + 210.0), None)
    assert stages(heard) == [["lugol"], ["acetic_acid"], ["lugol"]]
    live.count_again(())
    assert not live.iodine
    again = begin(acid=BEGAN, taken=(Taken(Stage.LUGOL, 200.0),))  # gone on with: it is on since before
    again.take_frame(frozen(BEGAN + 205.0), None)
    assert stages(heard)[-1] == ["lugol"]
