"""The whole device that is not there: a phantom woman, camera and lamp, as the program sees them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import numpy as np
import pytest

from pfm_desktop.capture.lamp import NoLampError
from pfm_desktop.capture.stream import Stream
from pfm_desktop.domain.capture import Gap, Light
from pfm_desktop.domain.grade import Grade
from pfm_desktop.imaging.film import PhantomFilm
from pfm_desktop.services.capture.pairs import take_switched, take_two_sensors
from pfm_desktop.services.capture.simulated import SimulatedDevice, make_simulated
from pfm_desktop.services.capture.verdict import judge
from pfm_desktop.support.errors import UserError

LIMIT = 10.0
SIZE = {"width": 640, "height": 400}
Pixels = np.ndarray
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")]


class Grey:
    """A stand-in that remembers what it was asked for."""

    width, height = 64, 48

    def __init__(self) -> None:
        self.asked: list[tuple[Light, float | None, float]] = []

    def picture(self, light: Light, *, acid_s: float | None, at: float) -> Pixels:
        self.asked.append((light, acid_s, at))
        return np.full((self.height, self.width, 3), 100, np.uint8)

    def motion(self, at: float) -> np.ndarray:
        return np.eye(3)


@pytest.fixture(scope="module")
def film() -> PhantomFilm:
    return PhantomFilm(12, grade=Grade.HIGH, **SIZE)


@pytest.fixture
def grey() -> Iterator[tuple[SimulatedDevice, Grey]]:
    seen = Grey()
    with make_simulated(1, film=seen, rate=200.0) as device:
        yield device, seen


def streaming(device: SimulatedDevice) -> Stream:
    stream = Stream(device.camera_factory)
    stream.start()
    assert stream.wait_for(0.0, LIMIT) is not None
    return stream


def test_the_clock_of_acid_begins_when_it_is_applied(grey: tuple[SimulatedDevice, Grey]) -> None:
    device, seen = grey
    device.camera.open()
    before = device.camera.read()
    assert seen.asked[-1] == (Light.WHITE, None, device.film_s(before.at))
    device.acid()
    after = device.camera.read()
    _, acid_s, film_s = seen.asked[-1]
    assert acid_s == device.acid_s(after.at) or acid_s is None  # None: it was exposed before
    assert 0 <= device.film_s(before.at) < film_s
    device.acid(after.at - 60)
    assert device.acid_s(after.at) == pytest.approx(60)
    assert device.acid_s(after.at - 61) is None
    device.start()
    assert device.acid_s(after.at) is None


def test_the_camera_sees_the_light_of_the_lamp(grey: tuple[SimulatedDevice, Grey]) -> None:
    device, seen = grey
    lamp = device.lamp_factory()
    lamp.open()
    lamp.switch(Light.FLUORESCENCE)
    device.camera.open()
    device.camera.read()
    assert seen.asked[-1][0] is Light.FLUORESCENCE
    lamp.close()


def test_stopped_it_is_gone_and_can_be_started_again(grey: tuple[SimulatedDevice, Grey]) -> None:
    device, _ = grey
    lamp = device.lamp_factory()
    lamp.open()
    device.stop()
    with pytest.raises(NoLampError):
        lamp.switch(Light.WHITE)
    with device:
        again = device.lamp_factory()
        again.open()
        again.close()


def test_a_pair_of_it_is_worth_keeping(film: PhantomFilm) -> None:
    with make_simulated(12, film=film) as device:
        device.acid(time.monotonic() - 60)
        lamp = device.lamp_factory()
        lamp.open()
        stream = streaming(device)
        shot = take_switched(stream, lamp, device.waits)
        stream.stop()
        lamp.close()
        assert device.camera.lit_by(shot.white.number) == (Light.WHITE,)
        assert device.camera.lit_by(shot.fluorescence.number) == (Light.FLUORESCENCE,)
        found = judge(shot.white.pixels, shot.fluorescence.pixels, 0.2)
    assert found.keep, found.words
    assert found.gap is Gap.GOOD
    assert found.registration is not None
    # where she lay in each frame is known
    moved = [film.motion(device.film_s(one.at)) for one in (shot.white, shot.fluorescence)]
    truth = moved[1] @ np.linalg.inv(moved[0])
    middle = np.array([[320.0, 200.0]])
    expected = (truth @ [320.0, 200.0, 1.0])[:2] + film.offset
    np.testing.assert_allclose(found.registration.white_to_fluorescence(middle)[0], expected, atol=3)


def test_two_sensors_give_a_pair_under_their_homography(film: PhantomFilm) -> None:
    with make_simulated(12, film=film, two_sensors=True) as device:
        assert device.lamp is None
        assert device.lamp_port == ""
        assert device.fluorescence_camera is not None
        second = device.fluorescence_camera
        white, glow = streaming(device), Stream(lambda: second)
        glow.start()
        shot = take_two_sensors(white, glow)
        white.stop()
        glow.stop()
    assert abs(shot.gap_s) < 0.3
    found = judge(shot.white.pixels, shot.fluorescence.pixels, shot.gap_s, start=device.homography)
    assert found.registration is not None
    x, y, _ = device.homography @ [320 + film.offset[0], 200 + film.offset[1], 1.0]
    drift = np.abs(film.motion(device.film_s(shot.white.at)) - film.motion(device.film_s(shot.fluorescence.at)))[:2, 2]
    np.testing.assert_allclose(
        found.registration.white_to_fluorescence(np.array([[320.0, 200.0]]))[0], [x, y], atol=4 + 2 * drift.max()
    )


def test_without_pseudo_terminals_only_two_sensors_can_be_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "openpty")
    with pytest.raises(UserError, match="cannot be simulated"):
        make_simulated(1, film=Grey())
    with make_simulated(1, film=Grey(), two_sensors=True) as device:
        assert device.lamp_port == ""


def test_without_a_film_a_phantom_woman_of_the_seed_is_drawn() -> None:
    device = make_simulated(3, width=160, height=96)
    assert isinstance(device.film, PhantomFilm)
    assert (device.film.seed, device.film.width, device.film.height) == (3, 160, 96)
