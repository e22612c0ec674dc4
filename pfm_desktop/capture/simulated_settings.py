"""What a simulated camera can be set to, and is: exposure, gain and white balance, each for either light."""

from __future__ import annotations

from collections.abc import Mapping

from pfm_desktop.capture.source import CONTROL_WORDS, CameraError, Control, Setting
from pfm_desktop.domain.capture import Light
from pfm_desktop.support.language import tr

EXPOSURE_MS = {Light.WHITE: 10.0, Light.FLUORESCENCE: 120.0}  # a dark frame is exposed as fluorescence is
_RANGE = {Control.EXPOSURE: (1.0, 350.0), Control.GAIN: (0.1, 16.0), Control.WHITE_BALANCE: (2800.0, 6500.0)}
_GAIN, _WHITE_BALANCE = 1.0, 5000.0


def exposed_as(light: Light) -> Light:
    """The light whose exposure a frame has."""
    return Light.FLUORESCENCE if light is Light.OFF else light


class Settings:
    """White balance changes nothing to be seen. What the camera chooses itself is what it began with."""

    def __init__(self) -> None:
        self.exposure = dict(EXPOSURE_MS)  # milliseconds
        self.gain = dict.fromkeys(EXPOSURE_MS, _GAIN)
        self._white_balance = dict.fromkeys(EXPOSURE_MS, _WHITE_BALANCE)
        self._automatic: set[tuple[Control, Light]] = set()

    def exposure_of(self, light: Light) -> float:
        """Milliseconds, of a frame in this light."""
        return self.exposure[exposed_as(light)]

    def controls(self, light: Light) -> Mapping[Control, Setting]:
        """As they are in this light."""
        own = exposed_as(light)
        values = {
            Control.EXPOSURE: self.exposure[own],
            Control.GAIN: self.gain[own],
            Control.WHITE_BALANCE: self._white_balance[own],
        }
        return {
            control: Setting(
                value, *_RANGE[control], automatic=(control, own) in self._automatic, can_be_automatic=True
            )
            for control, value in values.items()
        }

    def set(self, control: Control, value: float | None, light: Light) -> None:
        """Set a control of this light; None is automatic. Raises `CameraError`."""
        if control not in _RANGE:
            raise CameraError(
                tr("the simulated camera has no {control}", control=CONTROL_WORDS[control]),
                remedy=tr("leave it as it is"),
            )
        low, high = _RANGE[control]
        if value is not None and not low <= value <= high:
            raise CameraError(
                tr(
                    "{control} of the simulated camera goes from {low:g} to {high:g}",
                    control=CONTROL_WORDS[control],
                    low=low,
                    high=high,
                )
            )
        own = exposed_as(light)
        (self._automatic.add if value is None else self._automatic.discard)((control, own))
        if control is Control.EXPOSURE:
            self.exposure[own] = EXPOSURE_MS[own] if value is None else value
        elif control is Control.GAIN:
            self.gain[own] = _GAIN if value is None else value
        else:
            self._white_balance[own] = _WHITE_BALANCE if value is None else value
