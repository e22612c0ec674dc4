"""What cameras that OpenCV reads have in common, on USB (`usb_camera`) and in the network (`network_camera`).

Where the camera sends JPEGs they are taken as they come and decoded here (see `decoding`), which needs no turning of
colours afterwards. The number of a frame counts those that came whole: neither way says how many were lost before.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2

from pfm_desktop.capture.decoding import DamagedWithinError, rgb_of
from pfm_desktop.capture.source import (
    CONTROL_WORDS,
    CameraError,
    Control,
    Format,
    Frame,
    NoCameraError,
    Pixels,
    Setting,
)
from pfm_desktop.support.language import tr

log = logging.getLogger(__name__)
_FASTEST = 1000.0  # frames a second, beyond which a driver is not believed
MOST_FAILED = 5  # reads in a row without a frame
ALL_DAMAGED = 10  # the first ones
JPEGS = frozenset({"MJPG", "JPEG"})

# before the first camera is opened: a stall is said by us, not by FFmpeg on the terminal, and not after ten seconds
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")  # or opening takes many seconds on Windows

MakeDriver = Callable[[int | str, int, Sequence[int]], Any]


def make_driver(source: int | str, backend: int, options: Sequence[int]) -> Any:
    """`cv2.VideoCapture`, which says what is wrong to nobody but us."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2.VideoCapture(source, backend, list(options)) if options else cv2.VideoCapture(source, backend)


class OpenCvCamera:
    """What both kinds share. `name` is for a person, `key` as in `found`."""

    def __init__(self, name: str, key: str, make: MakeDriver) -> None:
        self.name, self.key = name, key
        self._make, self._backend = make, 0
        self._driver: Any = None  # whatever has the methods of `cv2.VideoCapture`
        self._format = Format(0, 0)
        self._number, self._failed, self._came = 0, 0, 0.0
        self._strict, self._damaged = True, 0  # JPEGs with a damage within

    def begin(self, driver: Any, backend: int) -> Format:
        """Read from this driver, which is open; the format that it says."""
        self._driver, self._backend = driver, backend
        self._number, self._failed, self._came = 0, 0, time.monotonic()
        self._strict, self._damaged = True, 0
        self._format = format_of(driver)
        return self._format

    def read(self) -> Frame:
        """See `Camera`."""
        if self._driver is None:
            raise NoCameraError(tr("{name} is not open", name=self.name), remedy=tr("open it first"))
        try:
            done, values = self._driver.read()
        except cv2.error as error:
            raise CameraError(
                tr("{name} failed while it was read", name=self.name), remedy=tr("unplug it and plug it in")
            ) from error
        now = time.monotonic()
        if not done or values is None:
            self._failed += 1
            raise self.why_none(now)
        self._failed, self._came = 0, now
        pixels = self._decoded(values)
        number, self._number = self._number, self._number + 1
        return Frame(pixels, self._stamp(now), number)

    def _decoded(self, values: Any) -> Pixels:
        """A camera of which no frame ever came without a warning writes JPEGs in a way of its own: they are taken."""
        try:
            return rgb_of(values, strict=self._strict)
        except DamagedWithinError:
            self._damaged += 1
            if self._damaged == ALL_DAMAGED and not self._number:
                log.warning("each of the first %d JPEGs has a damage within: such ones are taken", ALL_DAMAGED)
                self._strict = False
            raise

    def why_none(self, now: float) -> CameraError:
        """What is to be said as no frame came; `now` is a moment of `time.monotonic`."""
        raise NotImplementedError

    def _stamp(self, now: float) -> float:
        return now

    def close(self) -> None:
        """See `Camera`."""
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.release()

    def formats(self) -> tuple[Format, ...]:
        """See `Camera`."""
        return (self._format,)

    def controls(self) -> Mapping[Control, Setting]:
        """See `Camera`."""
        return {}

    def set(self, control: Control, value: float | None) -> None:
        """See `Camera`."""
        raise CameraError(
            tr("{name} does not let its {control} be set here", name=self.name, control=CONTROL_WORDS[control]),
            remedy=tr("set it at the camera"),
        )


def format_of(driver: Any) -> Format:
    """What a driver says that it gives; a rate that cannot be is not known."""
    width, height, rate, coding = (
        float(driver.get(prop))
        for prop in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS, cv2.CAP_PROP_FOURCC)
    )
    return Format(_whole(width), _whole(height), rate if 0.0 < rate <= _FASTEST else 0.0, _letters(coding))


def _whole(number: float) -> int:
    return max(0, int(number)) if math.isfinite(number) else 0


def _letters(code: float) -> str:
    if not math.isfinite(code) or not 0 < code < 2**32:
        return ""
    letters = int(code).to_bytes(4, "little").decode("latin-1").strip("\0 ")
    return letters.upper() if letters.isascii() and letters.isprintable() else ""
