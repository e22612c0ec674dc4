"""Exposure, gain, white balance and focus of a camera through OpenCV, whose units and switches differ by system.

V4L2 counts exposure in 100 microseconds; Media Foundation and DirectShow in powers of two of a second. What a driver
takes and does not hold it does not offer, so everything is read back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import cv2

from pfm_desktop.capture.source import CONTROL_WORDS, CameraError, Control, Setting
from pfm_desktop.support.language import tr

Range = tuple[float, float]


class Driver(Protocol):
    """What is used of `cv2.VideoCapture` here."""

    def get(self, prop: int) -> float:
        """The value of a property; -1 or 0 where there is none."""

    def set(self, prop: int, value: float) -> bool:
        """Whether the value was taken, as far as the driver says."""


@dataclass(frozen=True)
class _Way:
    """`value` and `switch` are OpenCV's properties; `on` and `off` what the switch may be called, in order."""

    value: int
    switch: int | None = None
    on: tuple[float, ...] = (1.0,)
    off: tuple[float, ...] = (0.0,)
    outward: Callable[[float], float] = float  # from the driver's unit to ours
    inward: Callable[[float], float] = float
    step: float = 1.0  # in the driver's unit, to which it may round


def _power_to_ms(power: float) -> float:
    return 1000.0 * math.exp2(max(-30.0, min(10.0, power)))


def _ms_to_power(milliseconds: float) -> float:
    return float(round(math.log2(max(milliseconds, 1e-3) / 1000.0)))


_COMMON = {
    Control.GAIN: _Way(cv2.CAP_PROP_GAIN),
    Control.WHITE_BALANCE: _Way(cv2.CAP_PROP_WB_TEMPERATURE, cv2.CAP_PROP_AUTO_WB, step=100.0),
    Control.FOCUS: _Way(cv2.CAP_PROP_FOCUS, cv2.CAP_PROP_AUTOFOCUS),
}
_LINUX = {
    Control.EXPOSURE: _Way(
        cv2.CAP_PROP_EXPOSURE,
        cv2.CAP_PROP_AUTO_EXPOSURE,
        on=(3.0, 0.0),  # V4L2_EXPOSURE_APERTURE_PRIORITY, V4L2_EXPOSURE_AUTO
        off=(1.0,),  # V4L2_EXPOSURE_MANUAL
        outward=lambda hundreds: hundreds / 10.0,
        inward=lambda milliseconds: float(round(milliseconds * 10.0)),
    ),
    **_COMMON,
}
_WINDOWS = {
    Control.EXPOSURE: _Way(
        cv2.CAP_PROP_EXPOSURE,
        cv2.CAP_PROP_AUTO_EXPOSURE,
        on=(1.0, 0.75),
        off=(0.0, 0.25),
        outward=_power_to_ms,
        inward=_ms_to_power,
        step=0.5,
    ),
    **_COMMON,
}


def ways_of(backend: int) -> Mapping[Control, _Way]:
    """How the controls are reached through a backend of OpenCV; none through one that has none."""
    if backend == cv2.CAP_V4L2:
        return _LINUX
    return _WINDOWS if backend in {cv2.CAP_MSMF, cv2.CAP_DSHOW} else {}


def read_controls(
    driver: Driver, ways: Mapping[Control, _Way], ranges: Mapping[Control, Range] | None
) -> dict[Control, Setting]:
    """What can be set, and is; nothing is changed. `ranges` in the driver's unit, of all that is offered; None where
    the system does not say them: what has a value is offered then."""
    found = {}
    for control, way in ways.items():
        raw = driver.get(way.value)
        limits = ranges.get(control) if ranges is not None else None
        nothing = {0.0} if control is Control.EXPOSURE else {0.0, -1.0}  # an exposure of -1 is half a second
        if not math.isfinite(raw) or (limits is None and (ranges is not None or raw in nothing)):
            continue
        switch = driver.get(way.switch) if way.switch is not None else math.nan
        low, high = (way.outward(limit) for limit in limits) if limits else (None, None)
        found[control] = Setting(
            value=way.outward(raw),
            low=low,
            high=high,
            automatic=switch in way.on,
            can_be_automatic=switch in {*way.on, *way.off},
        )
    return found


def set_control(driver: Driver, way: _Way, control: Control, value: float | None, limits: Range | None = None) -> None:
    """Set a control and read it back; None: automatic. Raises `CameraError` where the driver does not hold it."""
    if value is None:
        if way.switch is None or not _switched(driver, way.switch, way.on):
            raise CameraError(
                tr("this camera does not set its {control} by itself", control=CONTROL_WORDS[control]),
                remedy=tr("set it by hand"),
            )
        return
    if not math.isfinite(value) or (control is not Control.FOCUS and value < 0):
        raise CameraError(
            tr("{value:g} is no value for the {control}", value=value, control=CONTROL_WORDS[control]),
            remedy=tr("choose another one"),
        )
    wanted = way.inward(value)
    if limits is not None and not limits[0] <= wanted <= limits[1]:
        low, high = (way.outward(limit) for limit in limits)
        raise CameraError(
            tr(
                "the {control} of this camera goes from {low:g} to {high:g}, not to {value:g}",
                control=CONTROL_WORDS[control],
                low=low,
                high=high,
                value=value,
            ),
            remedy=tr("choose a value within"),
        )
    if way.switch is not None:
        _switched(driver, way.switch, way.off)
    taken = driver.set(way.value, wanted)
    held = driver.get(way.value)
    if not taken or not math.isfinite(held) or abs(held - wanted) > max(way.step, 0.05 * abs(wanted)):
        raise CameraError(
            tr("this camera does not let its {control} be set", control=CONTROL_WORDS[control]),
            remedy=tr("leave it as it is"),
        )


def _switched(driver: Driver, switch: int, names: tuple[float, ...]) -> bool:
    """Whether the switch holds one of `names` now; a driver knows only some."""
    return any(driver.set(switch, name) and driver.get(switch) == name for name in names)
