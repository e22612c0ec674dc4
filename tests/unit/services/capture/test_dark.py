"""Dark frames taken live: with the lamp off, back in white light, and never at the cost of a picture."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace

import numpy as np
import pytest

from pfm_desktop.capture.lamp import LampSilentError, Switched
from pfm_desktop.capture.simulated_sensor import Sensor
from pfm_desktop.capture.source import CameraError, Control, Frame
from pfm_desktop.capture.stream import Stream
from pfm_desktop.domain.capture import Light
from pfm_desktop.imaging.dark import dark_frame
from pfm_desktop.services.capture.dark import COUNT, NoDarkError, cleaned, take_dark
from pfm_desktop.services.capture.pairs import Waits
from pfm_desktop.services.capture.presets import Presets
from pfm_desktop.services.capture.sensor import WatchedLamp
from pfm_desktop.services.capture.simulated import make_simulated
from pfm_desktop.support.errors import BadInputError

Pixels = np.ndarray
QUICK = Waits(exposure_s=0.01, settle_s=0.0, frame_s=0.1)
SENSOR = Sensor(64, 48, seed=1)


class Lamp:
    name = "fake"

    def __init__(self, *fails: Light) -> None:
        self.fails = fails
        self.switched: Switched | None = None
        self.asked: list[Light] = []

    def open(self) -> None: ...

    def close(self) -> None: ...

    def switch(self, light: Light) -> Switched:
        self.asked.append(light)
        self.switched = None
        if light in self.fails:
            raise LampSilentError("the lamp does not answer")
        self.switched = Switched(light, time.monotonic(), 0.0)
        return self.switched


class Darkness:
    """Frames that come as soon as they are asked for, `count` of them."""

    status = SimpleNamespace(state="live")

    def __init__(self, count: int = 100, level: int = 0) -> None:
        self.left, self.level = count, level
        self.asked: list[float] = []

    def latest(self) -> Frame | None:
        return None

    def recent(self) -> tuple[Frame, ...]:
        return ()

    def wait_for(self, after: float, timeout: float) -> Frame | None:
        self.asked.append(after)
        if not self.left:
            return None
        self.left -= 1
        seen = SENSOR.exposed((), brightness=1.0, dark_ms=120.0)
        return Frame(seen + np.uint8(self.level), after + 0.01, 0)


def test_the_lamp_is_off_for_dark_frames_and_white_afterwards() -> None:
    lamp, stream = Lamp(), Darkness()
    dark = take_dark(stream, lamp, QUICK, exposure_ms=120.0, gain=2.0)
    assert lamp.asked == [Light.OFF, Light.WHITE]
    assert (dark.count, dark.exposure_ms, dark.gain) == (COUNT, 120.0, 2.0)
    assert len(set(stream.asked)) == COUNT  # each frame once


def test_without_a_lamp_the_lens_is_covered() -> None:
    assert take_dark(Darkness(), None, QUICK, count=4).count == 4
    with pytest.raises(BadInputError, match="cover the lens"):
        take_dark(Darkness(level=90), None, QUICK)


@pytest.mark.parametrize(
    ("lamp", "stream", "error"),
    [
        (Lamp(Light.OFF), Darkness(), NoDarkError),
        (Lamp(), Darkness(3), NoDarkError),
        (Lamp(), Darkness(level=90), BadInputError),
    ],
)
def test_whatever_fails_white_light_is_asked_for(lamp: Lamp, stream: Darkness, error: type[Exception]) -> None:
    with pytest.raises(error):
        take_dark(stream, lamp, QUICK)
    assert lamp.asked == [Light.OFF, Light.WHITE]


def test_a_camera_is_set_as_for_fluorescence_meanwhile() -> None:
    done: list[tuple[Control, float | None]] = []
    presets = Presets(lambda *one: done.append(one), {Control.GAIN: 1.0}, {Control.GAIN: 4.0})
    take_dark(Darkness(), WatchedLamp(Lamp(), lambda: presets), QUICK)
    assert done == [(Control.GAIN, 4.0), (Control.GAIN, 1.0)]

    def refuses(control: Control, value: float | None) -> None:
        raise CameraError("the camera does not take it")

    refused = Presets(refuses, {}, {Control.GAIN: 4.0})
    with pytest.raises(NoDarkError, match="does not take it"):
        take_dark(Darkness(), WatchedLamp(Lamp(), lambda: refused), QUICK)


def test_a_lamp_that_does_not_go_back_does_not_lose_the_dark_frame() -> None:
    lamp = Lamp(Light.WHITE)
    assert take_dark(Darkness(), lamp, QUICK).count == COUNT
    assert lamp.switched is None  # so that the next pair asks first


def test_a_picture_without_a_dark_frame_that_fits_stays_as_it_is_and_says_why() -> None:
    seen = SENSOR.exposed((np.full((48, 64, 3), 90, np.uint8),), brightness=1.0, dark_ms=120.0)
    dark = dark_frame([SENSOR.exposed((), brightness=1.0, dark_ms=120.0) for _ in range(4)], exposure_ms=120.0)
    assert cleaned(seen, None).pixels is seen
    assert cleaned(seen, None).why_not == ""
    other = cleaned(seen, dark, exposure_ms=60.0)
    assert other.pixels is seen
    assert other.dark is None
    assert "exposure 120, the picture with 60" in other.why_not
    done = cleaned(seen, dark, exposure_ms=120.0)
    assert done.dark is dark
    assert done.pixels.max() < seen.max()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
def test_of_a_simulated_device_the_pattern_is_found() -> None:
    class Grey:
        width, height = 64, 48

        def picture(self, light: Light, *, acid_s: float | None, at: float) -> Pixels:
            return np.full((48, 64, 3), 120, np.uint8)

        def motion(self, at: float) -> Pixels:
            return np.eye(3)

    with make_simulated(5, film=Grey()) as device:
        lamp = device.lamp_factory()
        lamp.open()
        stream = Stream(device.camera_factory)
        stream.start()
        assert stream.wait_for(0.0, 10.0) is not None
        dark = take_dark(stream, lamp, device.waits, exposure_ms=120.0, count=4)
        lamp.switch(Light.FLUORESCENCE)
        seen = stream.wait_for(time.monotonic() + 0.12, 10.0)
        stream.stop()
        lamp.close()
    assert seen is not None
    clear = cleaned(seen.pixels, dark, exposure_ms=120.0)
    assert np.ptp(seen.pixels) > 60
    assert np.ptp(clear.pixels) < 25
