"""A lamp of which is known when it was not in white light, and a device that is opened without its lamp."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pfm_desktop.capture.lamp import LampSilentError, Switched
from pfm_desktop.capture.lamp_lines import FALLS_BACK_S
from pfm_desktop.domain.capture import Light
from pfm_desktop.services.capture.config import DeviceConfig, Kind
from pfm_desktop.services.capture.device import open_device
from pfm_desktop.services.capture.sensor import WatchedLamp


class Lamp:
    """Silent from `silent` on."""

    name = "the lamp"
    switched: Switched | None = None
    silent = False

    def open(self) -> None: ...

    def close(self) -> None: ...

    def switch(self, light: Light) -> Switched:
        if self.silent:
            raise LampSilentError("the lamp does not answer")
        self.switched = Switched(light, time.monotonic(), 0.0)
        return self.switched


def test_a_lamp_that_never_said_that_it_is_back_counts_as_back_when_it_fell_back_by_itself() -> None:
    inner = Lamp()
    lamp = WatchedLamp(inner, lambda: None)
    lamp.switch(Light.FLUORESCENCE)
    inner.silent = True
    with pytest.raises(LampSilentError):
        lamp.switch(Light.WHITE)
    now = time.monotonic()
    assert not lamp.lit_white(now, 0.1)
    assert not lamp.lit_white(now + FALLS_BACK_S - 1.0, 0.1)
    assert lamp.lit_white(now + FALLS_BACK_S + 1.0, 0.1)
    inner.silent = False
    lamp.switch(Light.FLUORESCENCE)
    assert not lamp.lit_white(now + FALLS_BACK_S + 1.0, 0.1), "it is kept alight"
    lamp.switch(Light.WHITE)  # it says so after all
    assert lamp.lit_white(time.monotonic() + 0.2, 0.1)


def test_a_device_whose_lamp_is_missing_opens_without_it_and_says_so(tmp_path: Path) -> None:
    device = open_device(DeviceConfig(kind=Kind.SWITCHED, camera=f"file:{tmp_path}", lamp=str(tmp_path / "no lamp")))
    try:
        assert "no lamp" in device.lamp_problem
        assert device.config.has_fluorescence
    finally:
        device.stop()
