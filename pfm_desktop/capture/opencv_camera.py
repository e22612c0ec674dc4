"""A camera that OpenCV reads: on USB through the system's driver, or in the network through FFmpeg.

Where the camera sends JPEGs they are taken as they come and decoded here (see `decoding`), which needs no turning of
colours afterwards. The number of a frame counts those that came whole: neither way says how many were lost before.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2

from pfm_desktop.capture import network, v4l2
from pfm_desktop.capture.decoding import rgb_of, torn
from pfm_desktop.capture.opencv_controls import Range, read_controls, set_control, ways_of, words
from pfm_desktop.capture.source import (
    READ_S,
    CameraError,
    Control,
    Format,
    Frame,
    NoCameraError,
    Setting,
    StalledError,
)

USUAL = Format(1920, 1080, 30.0, "MJPG")  # asked for where nothing else is wanted
OPEN_S = 5.0
_FASTEST = 1000.0  # frames a second, beyond which a driver is not believed
_MOST_FAILED = 5  # reads in a row without a frame
_JPEGS = frozenset({"MJPG", "JPEG"})
_CONTROLS = {
    Control.EXPOSURE: v4l2.EXPOSURE,
    Control.GAIN: v4l2.GAIN,
    Control.WHITE_BALANCE: v4l2.WHITE_BALANCE,
    Control.FOCUS: v4l2.FOCUS,
}

# before the first camera is opened: a stall is said by us, not by FFmpeg on the terminal, and not after ten seconds
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")

MakeDriver = Callable[[int | str, int, Sequence[int]], Any]


def make_driver(source: int | str, backend: int, options: Sequence[int]) -> Any:
    """`cv2.VideoCapture`, which says what is wrong to nobody but us."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2.VideoCapture(source, backend, list(options)) if options else cv2.VideoCapture(source, backend)


class _OpenCvCamera:
    """What both kinds share. `name` is for a person, `key` as in `found`."""

    def __init__(self, name: str, key: str, make: MakeDriver) -> None:
        self.name, self.key = name, key
        self._make, self._backend = make, 0
        self._driver: Any = None  # whatever has the methods of `cv2.VideoCapture`
        self._format = Format(0, 0)
        self._number, self._failed, self._came = 0, 0, 0.0

    def _begin(self, driver: Any, backend: int) -> Format:
        self._driver, self._backend = driver, backend
        self._number, self._failed, self._came = 0, 0, time.monotonic()
        self._format = format_of(driver)
        return self._format

    def read(self) -> Frame:
        """See `Camera`."""
        if self._driver is None:
            raise NoCameraError(f"{self.name} is not open", remedy="open it first")
        try:
            done, values = self._driver.read()
        except cv2.error as error:
            raise CameraError(f"{self.name} failed while it was read", remedy="unplug it and plug it in") from error
        now = time.monotonic()
        if not done or values is None:
            self._failed += 1
            raise self._why_none(now)
        self._failed, self._came = 0, now
        pixels = rgb_of(values)
        number, self._number = self._number, self._number + 1
        return Frame(pixels, self._stamp(now), number)

    def _why_none(self, now: float) -> CameraError:
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
        raise CameraError(f"{self.name} does not let its {words(control)} be set here", remedy="set it at the camera")


class UsbCamera(_OpenCvCamera):
    """A camera of this computer: number `which`, or on Linux its name in /dev/v4l/by-id, which stays the same in
    another socket."""

    def __init__(
        self, which: int | str, *, name: str = "", make: MakeDriver = make_driver, system: str = sys.platform
    ) -> None:
        super().__init__(name or f"USB camera {which}", f"usb:{which}", make)
        self._which, self._system = which, system
        self._refused: set[Control] = set()

    @property
    def node(self) -> Path:
        """Where Linux has it."""
        if isinstance(self._which, str):
            return Path("/dev/v4l/by-id", self._which).resolve()
        return v4l2.node_of(self._which)

    def open(self, wanted: Format | None = None) -> Format:
        """See `Camera`. Raises `NoCameraError`, `DeniedError`, `BusyError`."""
        self.close()
        if self._linux:
            self._check_node()
        for backend in (cv2.CAP_V4L2,) if self._linux else (cv2.CAP_MSMF, cv2.CAP_DSHOW):
            driver = self._opened(backend)
            if driver is not None:
                ask_for(driver, wanted or USUAL)
                given = self._begin(driver, backend)
                if self._linux and given.coding in _JPEGS:
                    driver.set(cv2.CAP_PROP_CONVERT_RGB, 0.0)  # the JPEGs themselves
                return given
        raise self._why_closed()

    @property
    def _linux(self) -> bool:
        return self._system.startswith("linux")

    def _check_node(self) -> None:
        if not self.node.exists():
            raise NoCameraError(f"{self.name} is not there", remedy="plug it in, and check its cable")
        if not os.access(self.node, os.R_OK | os.W_OK):
            raise v4l2.why_closed(self.node, self.name)

    def _opened(self, backend: int) -> Any:
        number = self.node.name.removeprefix("video") if self._linux else str(self._which)
        try:
            driver = self._make(int(number), backend, ())
        except (cv2.error, ValueError):
            return None
        if driver.isOpened():
            return driver
        driver.release()
        return None

    def _why_closed(self) -> CameraError:
        if self._linux:
            return v4l2.why_closed(self.node, self.name)
        return NoCameraError(
            f"{self.name} does not open: it is not there, another program uses it, or the system's privacy settings "
            "forbid it",
            remedy="plug it in, close other programs that show it, and allow desktop programs to use the camera",
        )

    def _why_none(self, now: float) -> CameraError:
        if self._linux and not self.node.exists():
            return NoCameraError(f"{self.name} was unplugged", remedy="plug it in again")
        if not self._number and self._linux:
            self.close()  # or it would itself be who uses it
            why = self._why_closed()
            if type(why) is not CameraError:
                return why
        if not self._number or self._failed >= _MOST_FAILED or now - self._came > READ_S:
            return StalledError(f"{self.name} gives no pictures", remedy="check its cable")
        return torn("nothing came")

    def _stamp(self, now: float) -> float:
        """The driver's own time where it is one of the same clock: of the frame, not of its arrival here."""
        if self._backend != cv2.CAP_V4L2 or self._driver is None:
            return now
        said = float(self._driver.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0
        return said if math.isfinite(said) and 0.0 <= now - said < 1.0 else now

    def formats(self) -> tuple[Format, ...]:
        """See `Camera`; what the driver lists on Linux, elsewhere the one that it gives."""
        return (v4l2.formats_of(self.node) if self._linux else ()) or super().formats()

    def _ranges(self) -> dict[Control, Range] | None:
        if self._backend != cv2.CAP_V4L2:
            return None
        found = {control: v4l2.range_of(self.node, number) for control, number in _CONTROLS.items()}
        return {control: limits for control, limits in found.items() if limits is not None}

    def controls(self) -> Mapping[Control, Setting]:
        """See `Camera`."""
        if self._driver is None:
            return {}
        offered = read_controls(self._driver, ways_of(self._backend), self._ranges())
        return {control: setting for control, setting in offered.items() if control not in self._refused}

    def set(self, control: Control, value: float | None) -> None:
        """See `Camera`."""
        way = ways_of(self._backend).get(control)
        if self._driver is None or way is None:
            super().set(control, value)
            return
        limits = (self._ranges() or {}).get(control)
        try:
            set_control(self._driver, way, control, value, limits)
        except CameraError:
            if value is not None and limits is None:
                self._refused.add(control)
            raise
        self._refused.discard(control)


class NetworkCamera(_OpenCvCamera):
    """A camera at an address: rtsp, rtsps, http or https. It is never waited for longer than `OPEN_S` and `READ_S`."""

    def __init__(self, url: str, *, name: str = "", make: MakeDriver = make_driver) -> None:
        super().__init__(name or network.shown(url), url, make)
        self._url = url

    def open(self, wanted: Format | None = None) -> Format:
        """See `Camera`; what it sends is set at the camera. Raises `NoCameraError`, `DeniedError`, `BusyError`."""
        self.close()
        limits = (
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(1000 * OPEN_S), cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(1000 * READ_S),
        )  # fmt: skip
        try:
            driver = self._make(self._url, cv2.CAP_FFMPEG, limits)
        except cv2.error as error:
            raise network.why_silent(self._url) from error
        if not driver.isOpened():
            driver.release()
            raise network.why_silent(self._url)
        given = self._begin(driver, cv2.CAP_FFMPEG)
        if given.coding in _JPEGS:
            driver.set(cv2.CAP_PROP_FORMAT, -1.0)  # the JPEGs themselves
            given = self._format = Format(given.width, given.height, 0.0, given.coding)  # such streams say no rate
        return given

    def _why_none(self, now: float) -> CameraError:
        if now - self._came > 0.9 * READ_S:
            return StalledError(f"{self.name} gives no pictures", remedy="check the network")
        if self._format.coding in _JPEGS or self._failed >= _MOST_FAILED:
            return NoCameraError(f"{self.name} ended the connection", remedy="check that the camera is on")
        return torn("nothing came")


def ask_for(driver: Any, wanted: Format) -> None:
    """Ask a driver for a format; it gives what is near. The coding first: it decides which sizes there are."""
    if len(wanted.coding) == 4:
        driver.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*wanted.coding)))
    driver.set(cv2.CAP_PROP_FRAME_WIDTH, float(wanted.width))
    driver.set(cv2.CAP_PROP_FRAME_HEIGHT, float(wanted.height))
    if wanted.rate > 0:
        driver.set(cv2.CAP_PROP_FPS, wanted.rate)


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
