"""What the program asks of a camera, whatever it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.capture import Light
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]
READ_S = 2.0  # a frame is awaited no longer


class CameraError(UserError):
    """A camera that cannot be used as asked."""


class NoCameraError(CameraError):
    """There is none, or not any more."""


class BusyError(CameraError):
    """Another program has it."""


class DeniedError(CameraError):
    """This user may not use it."""


class StalledError(CameraError):
    """It is there and gives no frames."""


class TornFrameError(CameraError):
    """This frame came damaged; the next one may be whole."""


class EndedError(CameraError):
    """It has given all that it had, as a recording that is played once; opening it anew would begin again."""


@dataclass(frozen=True)
class Format:
    """`width` x `height` in pixels, `rate` in frames a second (0: not known), `coding` as the camera calls it."""

    width: int
    height: int
    rate: float = 0.0
    coding: str = ""


class Control(StrEnum):
    """What can be set."""

    EXPOSURE = "exposure"  # milliseconds
    GAIN = "gain"  # the camera's own unit
    WHITE_BALANCE = "white_balance"  # kelvin
    FOCUS = "focus"  # the camera's own unit


CONTROL_WORDS = {
    Control.EXPOSURE: tr("exposure"),
    Control.GAIN: tr("gain"),
    Control.WHITE_BALANCE: tr("white balance"),
    Control.FOCUS: tr("focus"),
}


@dataclass(frozen=True)
class Setting:
    """A control as it is now; `value` None where the camera does not say. `automatic`: the camera chooses itself."""

    value: float | None
    low: float | None = None
    high: float | None = None
    automatic: bool = False
    can_be_automatic: bool = False


@dataclass(frozen=True, eq=False)
class Frame:
    """`pixels` H x W x 3 uint8 RGB, never written to. `at`: seconds of `time.monotonic` when the exposure ended, or as
    near to that as the camera tells. `number` counts the frames since it was opened; a gap is frames that were lost.

    `light`: how it was lit, where the camera itself knows (None: it does not).
    """

    pixels: Pixels
    at: float
    number: int
    light: Light | None = None


class Camera(Protocol):
    """One camera. `name` is for a person, `key` what it is found again by. All methods are called on one thread."""

    name: str
    key: str

    def open(self, wanted: Format | None = None) -> Format:
        """Begin to give frames, in `wanted` or the nearest format; the one that it gives. Raises `CameraError`."""

    def formats(self) -> tuple[Format, ...]:
        """What it offers, as far as it says; open."""

    def read(self) -> Frame:
        """The next frame, awaited at most about `READ_S`. Raises `TornFrameError` (go on), `StalledError`, or another
        `CameraError` after which it has to be opened anew."""

    def controls(self) -> Mapping[Control, Setting]:
        """What can be set, and is; empty where it offers nothing."""

    def set(self, control: Control, value: float | None) -> None:
        """Set a control; None lets the camera choose. Raises `CameraError` for what it does not offer."""

    def close(self) -> None:
        """Let it go; twice does no harm."""


@runtime_checkable
class Interruptible(Protocol):
    """A camera whose `read` can be made to end soon by another thread; most drivers have no safe way to do so."""

    def interrupt(self) -> None:
        """Let `read` end soon with a `CameraError`, whichever thread is in it, and each one after it until `close`."""
