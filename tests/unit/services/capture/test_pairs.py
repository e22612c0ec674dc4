"""Taking a pair: the right frames, the lamp back in white light whatever happens, nothing lost that was taken."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from pfm_desktop.capture.lamp import LampError, LampSilentError, SerialLamp, Switched
from pfm_desktop.capture.simulated import SimulatedCamera
from pfm_desktop.capture.simulated_lamp import LampFaults, SimulatedLamp
from pfm_desktop.capture.source import Frame
from pfm_desktop.capture.stream import Stream
from pfm_desktop.domain.capture import Light
from pfm_desktop.services.capture.pair_parts import LONGEST_EXPOSURE_S
from pfm_desktop.services.capture.pairs import (
    LampFailedError,
    NoFluorescenceError,
    NoWhiteError,
    PairError,
    Waits,
    WrongLightError,
    take_switched,
    take_two_sensors,
)

pytestmark = pytest.mark.slow

COLOURS = {Light.WHITE: (235, 140, 150), Light.FLUORESCENCE: (40, 120, 60), None: (138, 130, 105)}  # None: a mixture
Pixels = np.ndarray
QUICK = Waits(exposure_s=0.1, settle_s=0.0, frame_s=0.2)


def plain(light: Light | None) -> Pixels:
    return np.full((96, 128, 3), COLOURS[light], np.uint8)


def striped(strength: int) -> Pixels:
    pixels = plain(Light.WHITE)
    pixels[::4, :, 1] -= np.uint8(strength)
    return pixels


def frame(light: Light | None, at: float, number: int = 0, pixels: Pixels | None = None) -> Frame:
    return Frame(plain(light) if pixels is None else pixels, at, number)


@dataclass
class FakeStream:
    """The frames of `ring`, then those of `coming`, each as soon as it is asked for."""

    ring: list[Frame] = field(default_factory=list)
    coming: list[Light | None] = field(default_factory=list)
    state: str = "live"
    asked: list[float] = field(default_factory=list)

    @property
    def status(self) -> SimpleNamespace:
        return SimpleNamespace(state=self.state)

    def latest(self) -> Frame | None:
        return self.ring[-1] if self.ring else None

    def recent(self) -> tuple[Frame, ...]:
        return tuple(self.ring)

    def wait_for(self, after: float, timeout: float) -> Frame | None:
        self.asked.append(after)
        found = next((one for one in self.ring if one.at > after), None)
        if found is None and self.coming:
            found = frame(self.coming.pop(0), after + 0.01, len(self.ring))
            self.ring.append(found)
        return found


class FakeLamp:
    """Says that it lit what it was asked for, unless `fails` names it."""

    name = "fake"

    def __init__(self, *fails: Light, known: bool = True) -> None:
        self.fails = fails
        self.switched: Switched | None = Switched(Light.WHITE, time.monotonic() - 60, 0.0) if known else None
        self.asked: list[Light] = []

    def open(self) -> None: ...

    def close(self) -> None: ...

    def switch(self, light: Light) -> Switched:
        self.asked.append(light)
        self.switched = None
        if light in self.fails:
            raise LampSilentError("the lamp does not answer", remedy="look at its cable")
        self.switched = Switched(light, time.monotonic(), 0.0)
        return self.switched


def white_ring(*ages: float) -> list[Frame]:
    now = time.monotonic()
    return [frame(Light.WHITE, now - age, number) for number, age in enumerate(ages)]


def test_white_light_is_the_last_frame_and_fluorescence_the_first_that_was_wholly_exposed_in_it() -> None:
    stream, lamp = FakeStream(white_ring(0.2, 0.1, 0.01), [Light.FLUORESCENCE]), FakeLamp()
    shot = take_switched(stream, lamp, QUICK)
    assert shot.white is stream.ring[2]
    assert shot.fluorescence is stream.ring[3]
    assert lamp.asked == [Light.FLUORESCENCE, Light.WHITE]
    assert shot.gap_s == shot.fluorescence.at - shot.white.at > 0.1
    assert shot.problems == ()


def test_a_frame_that_was_exposed_from_before_the_answer_on_is_passed_over() -> None:
    lamp = FakeLamp()
    ring = white_ring(0.05)
    now = time.monotonic()
    ring += [frame(None, now + 0.09, 1), frame(Light.FLUORESCENCE, now + 0.5, 2)]
    stream = FakeStream(ring)
    stream.recent = lambda: tuple(ring[:1])  # type: ignore[method-assign] # the others are yet to come
    assert take_switched(stream, lamp, QUICK).fluorescence.number == 2


def test_an_exposure_that_is_not_known_is_taken_for_the_longest() -> None:
    stream, lamp = FakeStream(white_ring(0.05), [Light.FLUORESCENCE]), FakeLamp()
    begun = time.monotonic()
    shot = take_switched(stream, lamp, Waits())
    assert shot.fluorescence.at > begun + LONGEST_EXPOSURE_S


def test_the_sharpest_of_the_last_frames_is_taken_where_it_is_clearly_sharper() -> None:
    now = time.monotonic()
    sharp, soft, old = striped(80), striped(20), striped(160)
    ring = [frame(Light.WHITE, now - age, pixels=pixels) for age, pixels in ((1.0, old), (0.15, sharp), (0.01, soft))]
    shot = take_switched(FakeStream(ring, [Light.FLUORESCENCE]), FakeLamp(), QUICK)
    assert shot.white.pixels is sharp  # and not the one of a second ago
    ring = [frame(Light.WHITE, now - age, pixels=striped(level)) for age, level in ((0.15, 81), (0.01, 80))]
    stream = FakeStream(ring, [Light.FLUORESCENCE])
    assert take_switched(stream, FakeLamp(), QUICK).white is stream.ring[1]


def test_a_frame_that_is_too_old_is_not_taken_and_the_next_one_awaited() -> None:
    stream = FakeStream(white_ring(5.0), [Light.WHITE, Light.FLUORESCENCE])
    assert take_switched(stream, FakeLamp(), QUICK).white is stream.ring[1]


def test_a_lamp_whose_light_is_not_known_is_switched_to_white_first() -> None:
    stream, lamp = FakeStream(white_ring(0.01), [Light.WHITE, Light.FLUORESCENCE]), FakeLamp(known=False)
    shot = take_switched(stream, lamp, QUICK)
    assert lamp.asked == [Light.WHITE, Light.FLUORESCENCE, Light.WHITE]
    assert shot.white is stream.ring[1]  # the one in the ring may be of any light


def test_right_after_a_pair_no_frame_of_its_fluorescence_is_taken_for_white_light() -> None:
    now, lamp = time.monotonic(), FakeLamp()
    lamp.switched = Switched(Light.WHITE, now - 0.05, 0.0)
    ring = [frame(light, now - age) for light, age in ((Light.FLUORESCENCE, 0.1), (None, 0.01))]
    stream = FakeStream(ring, [Light.WHITE, Light.FLUORESCENCE])
    assert take_switched(stream, lamp, QUICK).white is stream.ring[2]


@pytest.mark.parametrize("seen", [Light.WHITE, None])
def test_what_looks_like_white_light_or_a_mixture_is_passed_over_and_then_refused(seen: Light | None) -> None:
    stream, lamp = FakeStream(white_ring(0.01), [seen, Light.FLUORESCENCE]), FakeLamp()
    assert take_switched(stream, lamp, QUICK).fluorescence is stream.ring[2]
    stream, lamp = FakeStream(white_ring(0.01), [seen] * 3), FakeLamp()
    with pytest.raises(WrongLightError, match="white light, or like both") as raised:
        take_switched(stream, lamp, QUICK)
    assert raised.value.white is stream.ring[0]
    assert raised.value.fluorescence is stream.ring[3]
    assert lamp.asked[-1] is Light.WHITE


def test_a_camera_that_knows_its_light_is_believed() -> None:
    stream, lamp = FakeStream(white_ring(0.01)), FakeLamp()
    told = Frame(plain(None), time.monotonic() + 1, 9, Light.FLUORESCENCE)
    stream.recent = lambda: tuple(stream.ring[:1])  # type: ignore[method-assign]
    stream.ring.append(told)
    assert take_switched(stream, lamp, QUICK).fluorescence is told


def test_a_lamp_that_is_in_fluorescence_while_it_says_white_is_found() -> None:
    stream = FakeStream([frame(Light.FLUORESCENCE, time.monotonic())], [Light.FLUORESCENCE])
    with pytest.raises(WrongLightError, match="said white light") as raised:
        take_switched(stream, FakeLamp(), QUICK)
    assert raised.value.fluorescence is stream.ring[1]


@pytest.mark.parametrize(
    ("lamp", "stream", "error"),
    [
        (FakeLamp(Light.FLUORESCENCE), FakeStream(white_ring(-1e6)), LampFailedError),
        (FakeLamp(), FakeStream(white_ring(-1e6), state="stalled"), NoFluorescenceError),
    ],
)
def test_what_fails_after_white_light_keeps_it_and_asks_for_white_light_again(
    lamp: FakeLamp, stream: FakeStream, error: type[PairError]
) -> None:
    stream.ring = white_ring(0.01)
    with pytest.raises(error, match="white-light picture is kept") as raised:
        take_switched(stream, lamp, QUICK)
    assert raised.value.white is stream.ring[0]
    assert raised.value.fluorescence is None
    assert raised.value.problems == []
    assert lamp.asked[-1] is Light.WHITE
    assert ("stalled" in str(raised.value)) == (stream.state == "stalled")


def test_the_cause_of_a_lamp_that_failed_is_there() -> None:
    with pytest.raises(LampFailedError, match="does not answer") as raised:
        take_switched(FakeStream(white_ring(0.01)), FakeLamp(Light.FLUORESCENCE), QUICK)
    assert isinstance(raised.value.__cause__, LampError)


def test_anything_else_that_fails_leaves_white_light_too() -> None:
    stream, lamp = FakeStream(white_ring(0.01)), FakeLamp()

    def broken(after: float, timeout: float) -> Frame | None:
        raise KeyboardInterrupt

    stream.wait_for = broken  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        take_switched(stream, lamp, QUICK)
    assert lamp.asked == [Light.FLUORESCENCE, Light.WHITE]


def test_a_lamp_that_does_not_go_back_is_a_problem_of_a_pair_that_was_taken() -> None:
    shot = take_switched(FakeStream(white_ring(0.01), [Light.FLUORESCENCE]), FakeLamp(Light.WHITE), QUICK)
    assert shot.problems[0].startswith("excitation light may still be on: ")


def test_a_lamp_that_fails_altogether_is_said_with_what_the_camera_shows() -> None:
    lamp = FakeLamp(Light.FLUORESCENCE, Light.WHITE, known=False)
    stream = FakeStream(white_ring(0.01))
    with pytest.raises(LampFailedError, match="no pair was taken") as raised:
        take_switched(stream, lamp, QUICK)
    assert raised.value.white is stream.ring[0]
    assert raised.value.problems


def test_without_any_frame_no_light_is_switched() -> None:
    lamp = FakeLamp()
    with pytest.raises(NoWhiteError, match="the camera is failed"):
        take_switched(FakeStream(state="failed"), lamp, QUICK)
    assert lamp.asked == []


def test_another_resolution_in_between_is_told() -> None:
    stream = FakeStream([frame(Light.WHITE, time.monotonic(), pixels=plain(Light.WHITE)[:48])], [Light.FLUORESCENCE])
    assert "resolution" in take_switched(stream, FakeLamp(), QUICK).problems[0]


def ring_of(light: Light, *ages: float) -> FakeStream:
    now = time.monotonic()
    return FakeStream([frame(light, now - age, number) for number, age in enumerate(ages)])


def test_of_two_sensors_the_two_frames_that_are_nearest_in_time_are_taken() -> None:
    shot = take_two_sensors(
        ring_of(Light.WHITE, 0.9, 0.2, 0.16, 0.12, 0.02), ring_of(Light.FLUORESCENCE, 0.9, 0.17, 0.06)
    )
    assert (shot.white.number, shot.fluorescence.number) == (2, 1)
    assert shot.gap_s == pytest.approx(-0.01, abs=0.005)


def test_of_two_sensors_one_that_gives_nothing_is_said_and_the_other_kept() -> None:
    white, glow = ring_of(Light.WHITE, 0.05), ring_of(Light.FLUORESCENCE, 5.0)
    glow.state = "stalled"
    with pytest.raises(NoFluorescenceError, match="stalled") as raised:
        take_two_sensors(white, glow)
    assert raised.value.white is white.ring[0]
    with pytest.raises(NoWhiteError):
        take_two_sensors(ring_of(Light.WHITE), ring_of(Light.FLUORESCENCE, 0.05))


def test_two_sensors_that_are_swapped_are_found() -> None:
    with pytest.raises(WrongLightError, match="swapped") as raised:
        take_two_sensors(ring_of(Light.FLUORESCENCE, 0.05), ring_of(Light.WHITE, 0.05))
    assert raised.value.white is None  # it would be kept as one in white light
    assert raised.value.fluorescence is not None
    with pytest.raises(WrongLightError) as raised:
        take_two_sensors(ring_of(Light.WHITE, 0.05), ring_of(Light.WHITE, 0.05))
    assert raised.value.white is not None


Dual = tuple[SimulatedCamera, SimulatedLamp, SerialLamp, Stream]


@pytest.fixture
def dual() -> Iterator[Dual]:
    """A whole simulated device: lamp on a pseudo-terminal, camera in its light."""
    with SimulatedLamp(switching_s=0.005) as there:
        picture: Callable[[Light, float], Pixels] = lambda light, at: plain(light)  # noqa: E731
        camera = SimulatedCamera(picture, light=lambda: there.light, width=128, height=96, read_s=0.05)
        lamp = SerialLamp(there.port, answer_s=0.15)
        lamp.open()
        stream = Stream(lambda: camera)
        stream.start()
        assert stream.wait_for(0.0, 10.0) is not None
        yield camera, there, lamp, stream
        stream.stop()
        lamp.close()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
class TestWithASimulatedDevice:
    waits = Waits(exposure_s=0.12, settle_s=0.0)

    def test_every_pair_is_of_one_light_each_and_the_lamp_is_white_again(self, dual: Dual) -> None:
        camera, there, lamp, stream = dual
        for _ in range(3):
            shot = take_switched(stream, lamp, self.waits)
            assert camera.lit_by(shot.white.number) == (Light.WHITE,)
            assert camera.lit_by(shot.fluorescence.number) == (Light.FLUORESCENCE,)
            assert there.light is Light.WHITE
            assert shot.gap_s > 0

    def test_a_lamp_that_answers_before_it_is_lit_does_not_spoil_the_pair(self, dual: Dual) -> None:
        camera, there, lamp, stream = dual
        there._switching_s, there.faults = 0.15, LampFaults(early=True)
        shot = take_switched(stream, lamp, self.waits)
        assert camera.lit_by(shot.fluorescence.number) == (Light.FLUORESCENCE,)

    @pytest.mark.parametrize(
        ("faults", "error"),
        [
            (LampFaults(silent=True), LampFailedError),
            (LampFaults(garbage=True), LampFailedError),
            (LampFaults(other_light=True), LampFailedError),
            (LampFaults(late_s=2.0), LampFailedError),
        ],
    )
    def test_a_lamp_that_fails_loses_no_white_light_picture(
        self, dual: Dual, faults: LampFaults, error: type[PairError]
    ) -> None:
        camera, there, lamp, stream = dual
        lamp.switch(Light.WHITE)
        there.faults = faults
        with pytest.raises(error) as raised:
            take_switched(stream, lamp, self.waits)
        assert raised.value.white is not None
        assert camera.lit_by(raised.value.white.number) == (Light.WHITE,)
        there.faults = LampFaults()
        assert take_switched(stream, lamp, self.waits).problems == ()  # the next one is taken as if nothing had been

    def test_a_lamp_that_was_unplugged_and_is_there_again_is_opened_by_itself(self, dual: Dual) -> None:
        _, there, lamp, stream = dual
        lamp.switch(Light.WHITE)
        there.stop()
        with pytest.raises(LampFailedError, match="unplugged") as raised:
            take_switched(stream, lamp, self.waits)
        assert raised.value.white is not None
        assert raised.value.problems
        with pytest.raises(LampFailedError, match="no lamp on"):
            take_switched(stream, lamp, self.waits)
        lamp.port = there.start().port
        assert take_switched(stream, lamp, self.waits).problems == ()

    def test_a_camera_that_stalls_in_between_loses_no_white_light_picture(self, dual: Dual) -> None:
        camera, there, lamp, stream = dual
        lamp.switch(Light.WHITE)
        assert stream.wait_for(time.monotonic(), 5) is not None
        camera.stall()
        with pytest.raises(PairError) as raised:
            take_switched(stream, lamp, Waits(exposure_s=0.0, frame_s=0.2))
        assert isinstance(raised.value, NoFluorescenceError | NoWhiteError)
        assert there.light is Light.WHITE
