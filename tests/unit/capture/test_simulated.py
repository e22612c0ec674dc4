"""The camera that is not there: what it gives, in which light, and its faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from pfm_desktop.capture.simulated import EXPOSURE_MS, SimulatedCamera
from pfm_desktop.capture.simulated_sensor import BLACK_LEVEL, Sensor
from pfm_desktop.capture.source import (
    BusyError,
    CameraError,
    Control,
    DeniedError,
    Format,
    Frame,
    NoCameraError,
    StalledError,
    TornFrameError,
)
from pfm_desktop.domain.capture import Light

WHITE, GLOW = 150, 60  # levels of the two lights
Pixels = np.ndarray


def plain(light: Light, _: float) -> Pixels:
    return np.full((48, 64, 3), WHITE if light is Light.WHITE else GLOW, np.uint8)


def camera_of(
    light: Callable[[], Light] = lambda: Light.WHITE,
    picture: Callable[[Light, float], Pixels] = plain,
    **options: object,
) -> SimulatedCamera:
    """Open, and fast: exposures are short."""
    camera = SimulatedCamera(picture, light=light, width=64, height=48, rate=500.0, **options)  # type: ignore[arg-type]
    camera._settings.exposure = {Light.WHITE: 1.0, Light.FLUORESCENCE: 4.0}
    camera.open()
    return camera


def level(frame: Frame) -> float:
    return float(np.median(frame.pixels)) - BLACK_LEVEL


def usual(frame: Frame, light: Light) -> float:
    """`level` as it would be at the exposure that belongs to the light."""
    return level(frame) * (EXPOSURE_MS[light] / (1.0 if light is Light.WHITE else 4.0)) ** (1 / 2.2)


class Scripted:
    """A lamp whose light changes when it has been looked at so often."""

    def __init__(self, *lights: Light) -> None:
        self.lights = list(lights)

    def __call__(self) -> Light:
        return self.lights.pop(0) if len(self.lights) > 1 else self.lights[0]


def test_frames_come_in_order_with_the_time_at_which_their_exposure_ended() -> None:
    camera = camera_of()
    before = time.monotonic()
    frames = [camera.read() for _ in range(5)]
    assert all(one.number < other.number for one, other in pairwise(frames))
    assert all(one.at < other.at for one, other in pairwise(frames))
    assert before - 1 < frames[0].at < frames[-1].at <= time.monotonic()
    assert all(frame.pixels.shape == (48, 64, 3) and frame.pixels.dtype == np.uint8 for frame in frames)
    assert frames[0].light is None


def test_each_light_shows_its_picture() -> None:
    for light, expected in ((Light.WHITE, WHITE), (Light.FLUORESCENCE, GLOW)):
        camera = camera_of(lambda light=light: light, tells_light=True)  # type: ignore[misc]
        frame = camera.read()
        assert usual(frame, light) == pytest.approx(expected, abs=12)
        assert frame.light is light
        assert camera.lit_by(frame.number) == (light,)


def test_a_frame_during_whose_exposure_the_lamp_was_switched_is_a_mixture_of_both() -> None:
    lamp = Scripted(Light.WHITE, Light.WHITE, Light.FLUORESCENCE)  # at opening, at the beginning, at the end
    camera = camera_of(lamp, tells_light=True)
    camera._settings.exposure = dict(EXPOSURE_MS)
    mixed = camera.read()
    assert camera.lit_by(mixed.number) == (Light.WHITE, Light.FLUORESCENCE)
    assert level(mixed) == pytest.approx((WHITE + GLOW) / 2, abs=3)
    assert mixed.light is None
    assert camera.lit_by(camera.read().number) == (Light.FLUORESCENCE,)


def test_who_reads_too_late_for_the_light_gets_a_mixture_and_never_the_wrong_light(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    camera = SimulatedCamera(plain, light=Scripted(Light.WHITE, Light.FLUORESCENCE), width=64, height=48, rate=100.0)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    camera.open()
    now[0] += 0.015  # the exposure was over 5 ms ago; what was lit at its beginning was not looked at
    assert camera.lit_by(camera.read().number) == (Light.WHITE, Light.FLUORESCENCE)


def test_frames_that_nobody_read_in_time_are_lost_and_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    camera = SimulatedCamera(plain, width=64, height=48, rate=100.0)
    camera.open()
    now[0] += 0.0101
    assert camera.read().number == 0
    now[0] += 1.0
    late = camera.read()
    assert 90 <= late.number <= 100
    assert late.at == pytest.approx(100.0 + 0.01 * (late.number + 1), abs=1e-6)


def test_a_dark_frame_shows_the_pattern_that_fluorescence_frames_carry() -> None:
    def black(light: Light, at: float) -> Pixels:
        return np.zeros((48, 64, 3), np.uint8)

    def mean(light: Light) -> Pixels:
        camera = camera_of(lambda: light, black)
        camera._settings.exposure[Light.FLUORESCENCE] = 120.0 if light is not Light.WHITE else 4.0
        return np.mean([camera.read().pixels for _ in range(2)], axis=0)

    dark, glow, white = mean(Light.OFF), mean(Light.FLUORESCENCE), mean(Light.WHITE)
    assert dark.max() > 25
    assert np.abs(dark - glow).max() < 12  # noise
    assert white.max() < 25  # in a short exposure it is faint
    assert float(np.median(dark)) == pytest.approx(BLACK_LEVEL, abs=3)


def test_another_camera_has_other_hot_pixels_and_the_same_one_the_same() -> None:
    first, again, other = (
        Sensor(64, 48, seed).exposed((), brightness=1.0, dark_ms=120.0).astype(int) for seed in (1, 1, 2)
    )
    assert np.abs(first - again).max() == 0
    assert np.abs(first - other).max() > 20


@pytest.mark.parametrize(("control", "value"), [(Control.EXPOSURE, 2.0), (Control.GAIN, 2.0)])
def test_more_exposure_or_gain_is_brighter(control: Control, value: float) -> None:
    camera = camera_of()
    before = level(camera.read())
    camera.set(control, value)
    assert camera.controls()[control].value == value
    camera.read()
    assert level(camera.read()) / before == pytest.approx(2 ** (1 / 2.2), rel=0.1)


def test_each_light_has_an_exposure_of_its_own() -> None:
    lamp = Scripted(Light.WHITE)
    camera = SimulatedCamera(plain, light=lamp, width=64, height=48)
    assert camera.controls()[Control.EXPOSURE].value == 10.0
    camera.set(Control.EXPOSURE, 20.0)
    lamp.lights = [Light.OFF]
    assert camera.controls()[Control.EXPOSURE].value == 120.0
    lamp.lights = [Light.WHITE]
    assert camera.controls()[Control.EXPOSURE].value == 20.0
    camera.set(Control.EXPOSURE, None)
    setting = camera.controls()[Control.EXPOSURE]
    assert (setting.value, setting.automatic) == (10.0, True)


def test_what_it_does_not_offer_is_refused() -> None:
    camera = camera_of()
    with pytest.raises(CameraError, match="no focus"):
        camera.set(Control.FOCUS, 1.0)
    for value in (0.0, 1e9, float("nan")):
        with pytest.raises(CameraError, match="goes from"):
            camera.set(Control.EXPOSURE, value)
    camera.set(Control.WHITE_BALANCE, 4000.0)
    assert camera.controls()[Control.WHITE_BALANCE].value == 4000.0
    assert not camera.controls()[Control.WHITE_BALANCE].automatic


def test_the_nearest_format_is_given_and_the_picture_made_to_fit() -> None:
    camera = SimulatedCamera(plain, width=1920, height=1080, rate=200.0)
    assert [(one.width, one.height) for one in camera.formats()] == [(1920, 1080), (1280, 720), (640, 480)]
    assert camera.open(Format(700, 500)) == Format(640, 480, 200.0, "RGB")
    assert camera.read().pixels.shape == (480, 640, 3)


def test_a_camera_that_another_has_or_that_is_forbidden_is_not_opened() -> None:
    camera = SimulatedCamera(plain, width=64, height=48)
    camera.busy = True
    with pytest.raises(BusyError, match="another program"):
        camera.open()
    camera.busy, camera.denied = False, True
    with pytest.raises(DeniedError, match="may not use"):
        camera.open()


def test_a_camera_that_says_no_rate_gives_frames_all_the_same() -> None:
    camera = camera_of()
    camera.zero_rate = True
    assert camera.open().rate == 0.0
    assert camera.formats()[0].rate == 0.0
    assert camera.read().number == 0


def test_unplugged_while_somebody_reads_it_says_so_and_has_to_be_opened_anew() -> None:
    camera = SimulatedCamera(plain, width=64, height=48, rate=0.01)  # the next frame is far away
    camera.open()
    threading.Timer(0.01, camera.unplug).start()
    with pytest.raises(NoCameraError, match="unplugged"):
        camera.read()
    with pytest.raises(NoCameraError, match="plug it in"):
        camera.open()
    camera.plug()
    with pytest.raises(NoCameraError, match="open it again"):
        camera.read()
    camera._rate = 500.0
    camera.open()
    assert camera.read().number == 0


def test_closing_ends_a_read() -> None:
    camera = SimulatedCamera(plain, width=64, height=48, rate=0.01)
    camera.open()
    threading.Timer(0.01, camera.close).start()
    with pytest.raises(NoCameraError):
        camera.read()
    camera.close()


def test_a_read_can_be_interrupted_from_another_thread_until_it_is_closed() -> None:
    camera = SimulatedCamera(plain, width=64, height=48, rate=0.01)
    camera.open()
    threading.Timer(0.01, camera.interrupt).start()
    for _ in range(2):
        with pytest.raises(CameraError, match="interrupted"):
            camera.read()
    camera.close()
    camera._rate = 500.0
    camera.open()
    assert camera.read().number == 0


def test_a_stall_is_said_after_a_bounded_wait_and_ends_when_released() -> None:
    camera = camera_of(read_s=0.05)
    camera.stall()
    for _ in range(2):
        with pytest.raises(StalledError):
            camera.read()
    camera.release()
    assert camera.read().number == 0


def test_a_short_stall_is_only_a_long_frame() -> None:
    camera = camera_of()
    until = time.monotonic() + 0.05
    camera.stall(0.05)
    assert camera.read().at >= until


def test_torn_frames_are_said_one_by_one() -> None:
    camera = camera_of()
    camera.tear(2)
    for _ in range(2):
        with pytest.raises(TornFrameError):
            camera.read()
    assert camera.read().number >= 2


def test_the_size_may_change_in_mid_stream() -> None:
    camera = camera_of()
    assert camera.read().pixels.shape == (48, 64, 3)
    camera.resize(32, 24)
    assert camera.read().pixels.shape == (24, 32, 3)
    camera.open()
    assert camera.read().pixels.shape == (48, 64, 3)


def test_dropped_frames_are_a_gap_in_the_numbers_and_in_time() -> None:
    camera = camera_of()
    before = camera.read()
    camera.drop(10)
    after = camera.read()
    assert after.number >= before.number + 11
    assert after.at - before.at >= 10 / 500


def test_a_picture_is_never_written_to() -> None:
    kept = plain(Light.WHITE, 0.0)
    kept.flags.writeable = False
    camera = camera_of(picture=lambda light, at: kept)
    frame = camera.read()
    assert frame.pixels is not kept
    assert (kept == WHITE).all()
