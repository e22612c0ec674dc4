"""Exposure, gain and white balance of a picture are what the camera had, and what it does not take is said."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from pfm_desktop.capture.lamp import Switched
from pfm_desktop.capture.source import CameraError, Control, Format, Frame, Setting
from pfm_desktop.capture.stream import Stream
from pfm_desktop.domain.capture import Light
from pfm_desktop.services.capture import simulated
from pfm_desktop.services.capture.config import DeviceConfig, Kind, LightSetting
from pfm_desktop.services.capture.device import Device, open_device
from pfm_desktop.services.capture.live import Exposed

LIMIT = 10.0
COLOURS = {Light.WHITE: (200, 150, 140), Light.FLUORESCENCE: (10, 90, 30), Light.OFF: (0, 0, 0)}
ONE = DeviceConfig(name="Fake", kind=Kind.ONE, camera="usb:7", fluorescence=LightSetting())


class Camera:
    """Chooses its exposure itself, another one each time it is asked, until it is set; has no gain."""

    name, key = "Fake", "fake:"

    def __init__(self) -> None:
        self.exposure: float | None = None
        self.chosen = 20.0
        self.light = Light.WHITE
        self.number = 0
        self.set_to: list[float | None] = []

    def open(self, wanted: Format | None = None) -> Format:
        return Format(6, 4, 100.0)

    def formats(self) -> tuple[Format, ...]:
        return ()

    def read(self) -> Frame:
        time.sleep(0.01)
        self.number += 1
        return Frame(np.full((4, 6, 3), COLOURS[self.light], np.uint8), time.monotonic(), self.number)

    def controls(self) -> Mapping[Control, Setting]:
        automatic = self.exposure is None
        return {Control.EXPOSURE: Setting(self.chosen if automatic else self.exposure, automatic=automatic)}

    def set(self, control: Control, value: float | None) -> None:
        if control is not Control.EXPOSURE:
            raise CameraError(f"this camera has no {control.value}", remedy="leave it as it is")
        self.exposure = value
        self.set_to.append(value)

    def close(self) -> None: ...


class Lamp:
    name = "the lamp"

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.switched: Switched | None = None

    def open(self) -> None: ...

    def close(self) -> None: ...

    def switch(self, light: Light) -> Switched:
        self.camera.light = light
        self.switched = Switched(light, time.monotonic(), 0.0)
        return self.switched


class Film:
    """Of one colour in each light."""

    width, height = 64, 48

    def picture(self, light: Light, *, acid_s: float | None, at: float) -> np.ndarray:
        return np.full((self.height, self.width, 3), COLOURS[light], np.uint8)

    def motion(self, at: float) -> np.ndarray:
        return np.eye(3)


Opens = Callable[..., Device]


@pytest.fixture
def opens(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opens]:
    """`opens(config)`: a simulated device; `opens(config, camera)`: one with this camera, and a lamp where it has."""
    monkeypatch.setattr(simulated, "make_simulated", partial(simulated.make_simulated, film=Film()))
    made: list[Device] = []

    def opened(config: DeviceConfig, camera: Camera | None = None) -> Device:
        if camera is None:
            made.append(open_device(config))
        else:
            lamp = Lamp(camera) if config.kind is Kind.SWITCHED else None
            made.append(Device(config, Stream(lambda: camera), lamp=lamp))
            made[-1].stream.start()
        assert made[-1].stream.wait_for(0.0, LIMIT) is not None
        return made[-1]

    yield opened
    for device in made:
        device.stop()


def how_of(exposed: Exposed) -> tuple[float | None, float | None, tuple[str, ...]]:
    return exposed.acquisition.exposure_ms, exposed.acquisition.gain, exposed.acquisition.automatic


ComesTrue = Callable[[Callable[[], bool], float], bool]
needs_terminals = pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")


@needs_terminals
def test_the_first_picture_of_a_phantom_has_its_exposure_and_gain(opens: Opens) -> None:
    device = opens(DeviceConfig(width=64, height=48))
    assert [how_of(one) for one in device.take(pair=False)] == [(10.0, 1.0, ())]
    assert device.stream.status.note == ""


@needs_terminals
def test_a_phantom_is_set_for_either_light_and_has_on_record_what_it_is_set_to(opens: Opens) -> None:
    config = DeviceConfig(
        width=64,
        height=48,
        white=LightSetting(exposure_ms=20.0, gain=2.0),
        fluorescence=LightSetting(exposure_ms=60.0, gain=4.0, white_balance_k=4000.0, excitation_nm=405.0),
    )
    device = opens(config)
    white, glow = device.take(pair=True)
    assert (how_of(white), how_of(glow)) == ((20.0, 2.0, ()), (60.0, 4.0, ()))
    assert (white.acquisition.white_balance_k, glow.acquisition.white_balance_k) == (5000.0, 4000.0)
    assert white.frame.pixels.mean() > 1.2 * np.mean(COLOURS[Light.WHITE]), "it really is"


@needs_terminals
def test_what_a_phantom_does_not_take_is_said_and_on_no_record(opens: Opens) -> None:
    wrong = LightSetting(exposure_ms=9999.0, gain=2.0)
    device = opens(DeviceConfig(width=64, height=48, white=wrong, fluorescence=wrong))
    assert device.stream.status.note == "Exposure of the simulated camera goes from 1 to 350."
    white, glow = device.take(pair=True)
    assert (how_of(white), how_of(glow)) == ((10.0, 2.0, ()), (120.0, 2.0, ()))


def test_an_exposure_that_the_camera_chooses_is_read_at_the_taking(opens: Opens, comes_true: ComesTrue) -> None:
    camera = Camera()
    device = opens(ONE, camera)
    device.set_up()
    assert comes_true(lambda: bool(device._sensor.known), LIMIT)
    camera.chosen = 35.0
    assert [how_of(one) for one in device.take(pair=False)] == [(35.0, None, ("exposure",))]


def test_where_it_was_not_read_near_the_picture_it_is_not_on_record(opens: Opens) -> None:
    device = opens(ONE, Camera())
    frame = device.take(pair=False)[0].frame
    assert how_of(device.exposed(frame))[0] == 20.0
    later = replace(frame, at=frame.at + 5.0)
    assert how_of(device.exposed(later)) == (None, None, ("exposure",)), "frozen a while after that"


def test_while_a_dark_frame_is_taken_a_picture_has_not_the_settings_of_that(opens: Opens) -> None:
    camera = Camera()
    device = opens(ONE, camera)
    with device._lit_by_one:
        assert [how_of(one) for one in device.take(pair=False)] == [(None, None, ())]


def test_the_white_light_picture_of_a_pair_has_the_exposure_of_before_it(opens: Opens) -> None:
    camera = Camera()
    lit = LightSetting(exposure_ms=60.0)
    device = opens(replace(ONE, kind=Kind.SWITCHED, lamp="fake:", fluorescence=lit), camera)
    camera.chosen = 35.0
    set_to, before = camera.set, camera.chosen

    def chooses_anew(control: Control, value: float | None) -> None:
        camera.chosen = 90.0  # in the dark light of the pair
        set_to(control, value)

    camera.set = chooses_anew  # type: ignore[method-assign]
    white, glow = device.take(pair=True)
    assert how_of(white) == (before, None, ("exposure",))
    assert how_of(glow) == (60.0, None, ())
    assert camera.set_to == [60.0, None]


def test_what_was_asked_and_not_taken_is_said_once_and_on_no_record(opens: Opens, comes_true: ComesTrue) -> None:
    told: list[str] = []
    device = opens(replace(ONE, white=LightSetting(exposure_ms=12.0, gain=3.0)), Camera())
    device.stream.on_status.append(lambda status: told.append(status.note))
    first = device.take(pair=False)[0]
    assert how_of(first) == (20.0, None, ("exposure",)), "it is not set yet"
    device.set_up()
    assert comes_true(lambda: bool(told), LIMIT)
    assert told == ["This camera has no gain. Leave it as it is."]
    assert how_of(device.take(pair=False)[0]) == (12.0, None, ())


def test_what_a_camera_does_not_offer_for_a_pair_is_said(opens: Opens, comes_true: ComesTrue) -> None:
    lit = LightSetting(exposure_ms=60.0, gain=4.0)
    device = opens(replace(ONE, kind=Kind.SWITCHED, lamp="fake:", fluorescence=lit), Camera())
    device.set_up()
    assert comes_true(lambda: bool(device.stream.status.note), LIMIT)
    assert device.stream.status.note == "This camera does not let its gain be set. Leave it as it is."
    assert how_of(device.take(pair=True)[1]) == (60.0, None, ())
