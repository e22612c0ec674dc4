"""A camera of the device with what it is set to, as far as it says; and a lamp that sets it for each light."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pfm_desktop.capture.lamp import Lamp, Switched
from pfm_desktop.capture.source import CameraError, Control, Setting
from pfm_desktop.capture.stream import Stream
from pfm_desktop.domain.capture import Acquisition, Light
from pfm_desktop.services.capture.config import DeviceConfig, LightSetting

log = logging.getLogger(__name__)
MOST_AWAY = 64  # switches that are remembered
COMES_S = 30.0  # a camera that was opened is awaited so long before it is set up


class Sensor:
    """`known` is what the camera said last; nothing here asks it but `refresh` and `apply`, which wait for it."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.known: Mapping[Control, Setting] = {}
        self.refused: tuple[Control, ...] = ()  # of what was asked of it last
        self._before: dict[Control, float | None] = {}  # in white light, of what fluorescence changed
        self._glow_balance: float | None = None  # at which it was fixed in fluorescence, where it chooses it itself

    def refresh(self) -> None:
        """Ask the camera; where it does not answer what is known stays."""
        with suppress(CameraError):
            self.known = self.stream.controls()

    def apply(self, setting: LightSetting, light: Light) -> None:
        """Set it for a light. What fluorescence changes is given back in white light; white balance is fixed in
        fluorescence where the camera chooses it itself."""
        refused = []
        for control, value in self._wanted(setting, light).items():
            try:
                self.stream.set(control, value)
            except CameraError as error:
                log.info("the camera does not take its %s: %s", control, error)
                refused.append(control)
                if control is Control.WHITE_BALANCE:
                    self._glow_balance = None
        self.refused = tuple(refused)

    def _wanted(self, setting: LightSetting, light: Light) -> dict[Control, float | None]:
        asked = {
            Control.EXPOSURE: setting.exposure_ms,
            Control.GAIN: setting.gain,
            Control.WHITE_BALANCE: setting.white_balance_k,
        }
        wanted: dict[Control, float | None] = {one: value for one, value in asked.items() if value is not None}
        if light is Light.WHITE:
            wanted = {**self._before, **wanted}
            self._before = {}
            return wanted
        balance = self.known.get(Control.WHITE_BALANCE)
        if setting.white_balance_k is None and balance is not None and balance.automatic and balance.value is not None:
            wanted[Control.WHITE_BALANCE] = balance.value
            self._glow_balance = balance.value
        for control in wanted:
            was = self.known.get(control)
            if was is not None and control not in self._before:
                self._before[control] = None if was.automatic else was.value
        return wanted

    def set_up_later(self, setting: LightSetting, light: Light) -> None:
        """Set it once it gives frames; the stream does so again whenever the camera is opened anew."""
        threading.Thread(target=self._set_up, args=(setting, light), name="camera settings", daemon=True).start()

    def _set_up(self, setting: LightSetting, light: Light) -> None:
        if self.stream.wait_for(0.0, COMES_S) is not None:
            self.refresh()
            self.apply(setting, light)
            self.refresh()

    def acquisition(self, config: DeviceConfig, setting: LightSetting, light: Light) -> Acquisition:
        """What is put on record: what was asked of the camera and taken, else what it says."""
        said = {control: found.value for control, found in self.known.items()}
        exposure, gain, balance = (
            said.get(control) if asked is None or control in self.refused else asked
            for control, asked in (
                (Control.EXPOSURE, setting.exposure_ms),
                (Control.GAIN, setting.gain),
                (Control.WHITE_BALANCE, setting.white_balance_k),
            )
        )
        lit = light is Light.FLUORESCENCE
        own = {Control.EXPOSURE: setting.exposure_ms, Control.GAIN: setting.gain}
        fixed = {control for control, asked in own.items() if asked is not None}
        if setting.white_balance_k is not None:
            fixed.add(Control.WHITE_BALANCE)
        elif lit and self._glow_balance is not None:
            fixed.add(Control.WHITE_BALANCE)
            balance = self._glow_balance
        automatic = tuple(
            control.value for control, found in self.known.items() if found.automatic and control not in fixed
        )
        return Acquisition(
            camera=config.name,
            light=light,
            exposure_ms=exposure,
            gain=gain,
            white_balance_k=None if Control.WHITE_BALANCE in automatic else balance,
            automatic=automatic,
            excitation_nm=setting.excitation_nm if lit else None,
            filter=setting.filter,
            polariser=setting.polariser,
        )


@dataclass
class ExposingLamp:
    """A lamp that sets the camera to what belongs to a light before it is lit; else it is `inner`."""

    inner: Lamp
    sensor: Sensor
    config: DeviceConfig
    away: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=MOST_AWAY))
    """From when until when it was not in white light; until `inf` while it is not."""

    def lit_white(self, at: float, clear_s: float) -> bool:
        """Whether a frame that came at `at` (seconds of `time.monotonic`) was exposed in white light alone; `clear_s`
        after the switch back none of another light comes any more."""
        return all(not begin <= at <= end + clear_s for begin, end in tuple(self.away))

    @property
    def name(self) -> str:
        """Of the lamp."""
        return self.inner.name

    @property
    def switched(self) -> Switched | None:
        """Of the lamp."""
        return self.inner.switched

    def open(self) -> None:
        """Of the lamp."""
        self.inner.open()

    def close(self) -> None:
        """Of the lamp."""
        self.inner.close()

    def switch(self, light: Light) -> Switched:
        """Set exposure, gain and white balance of this light, then light it."""
        if light is not Light.WHITE and not (self.away and self.away[-1][1] == math.inf):
            self.away.append((time.monotonic(), math.inf))
        self.sensor.apply(self.config.white if light is Light.WHITE else self.config.fluorescence, light)
        switched = self.inner.switch(light)
        if light is Light.WHITE and self.away and self.away[-1][1] == math.inf:
            self.away[-1] = (self.away[-1][0], switched.at)
        return switched
