"""A camera of the device with what it is set to, as far as it says; and a lamp that sets it for each light."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from pfm_desktop.capture.lamp import Lamp, Switched
from pfm_desktop.capture.source import CameraError, Control, Setting
from pfm_desktop.capture.stream import Stream
from pfm_desktop.domain.capture import Acquisition, Light
from pfm_desktop.services.capture.config import DeviceConfig, LightSetting

log = logging.getLogger(__name__)
COMES_S = 30.0  # a camera that was opened is awaited so long before it is set up


class Sensor:
    """`known` is what the camera said last; nothing here asks it but `refresh` and `apply`, which wait for it."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.known: Mapping[Control, Setting] = {}
        self.refused: tuple[Control, ...] = ()  # of what was asked of it last
        self._balanced_itself = False  # before fluorescence fixed it

    def refresh(self) -> None:
        """Ask the camera; where it does not answer what is known stays."""
        with suppress(CameraError):
            self.known = self.stream.controls()

    def apply(self, setting: LightSetting, light: Light) -> None:
        """Set it for a light. White balance is fixed where it is in fluorescence, and given back in white light."""
        refused = []
        for control, value in self._wanted(setting, light).items():
            try:
                self.stream.set(control, value)
            except CameraError as error:
                log.info("the camera does not take its %s: %s", control, error)
                refused.append(control)
        self.refused = tuple(refused)

    def _wanted(self, setting: LightSetting, light: Light) -> dict[Control, float | None]:
        asked = {Control.EXPOSURE: setting.exposure_ms, Control.GAIN: setting.gain}
        wanted: dict[Control, float | None] = {one: value for one, value in asked.items() if value is not None}
        balance = self.known.get(Control.WHITE_BALANCE)
        if setting.white_balance_k is not None:
            wanted[Control.WHITE_BALANCE] = setting.white_balance_k
        elif light is not Light.WHITE and balance is not None and balance.automatic and balance.value is not None:
            self._balanced_itself = True
            wanted[Control.WHITE_BALANCE] = balance.value
        elif light is Light.WHITE and self._balanced_itself:
            self._balanced_itself = False
            wanted[Control.WHITE_BALANCE] = None
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
        own = {Control.EXPOSURE: setting.exposure_ms, Control.GAIN: setting.gain}
        automatic = tuple(
            control.value for control, found in self.known.items() if found.automatic and own.get(control) is None
        )
        lit = light is Light.FLUORESCENCE
        if lit and self._balanced_itself:
            automatic = tuple(one for one in automatic if one != Control.WHITE_BALANCE)
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
        self.sensor.apply(self.config.white if light is Light.WHITE else self.config.fluorescence, light)
        return self.inner.switch(light)
