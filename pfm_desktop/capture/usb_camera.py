"""A camera on USB, through the system's driver: V4L2 on Linux, Media Foundation or DirectShow on Windows."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2

from pfm_desktop.capture import v4l2
from pfm_desktop.capture.decoding import torn
from pfm_desktop.capture.opencv_camera import JPEGS, MOST_FAILED, MakeDriver, OpenCvCamera, make_driver
from pfm_desktop.capture.opencv_controls import Range, read_controls, set_control, ways_of
from pfm_desktop.capture.source import (
    READ_S,
    CameraError,
    Control,
    Format,
    NoCameraError,
    Setting,
    StalledError,
)
from pfm_desktop.support.language import tr

USUAL = Format(1920, 1080, 30.0, "MJPG")  # asked for where nothing else is wanted
_CONTROLS = {
    Control.EXPOSURE: v4l2.EXPOSURE,
    Control.GAIN: v4l2.GAIN,
    Control.WHITE_BALANCE: v4l2.WHITE_BALANCE,
    Control.FOCUS: v4l2.FOCUS,
}


class UsbCamera(OpenCvCamera):
    """A camera of this computer: number `which`, or on Linux its name in /dev/v4l/by-id, which stays the same in
    another socket."""

    def __init__(
        self, which: int | str, *, name: str = "", make: MakeDriver = make_driver, system: str = sys.platform
    ) -> None:
        super().__init__(name or f"USB camera {which}", f"usb:{which}", make)
        self._which, self._system = which, system
        self._refused: set[Control] = set()
        self._limits: dict[Control, Range] | None = None  # as long as it is open

    @property
    def node(self) -> Path:
        """Where Linux has it."""
        if isinstance(self._which, str):
            return Path("/dev/v4l/by-id", self._which).resolve()
        return v4l2.node_of(self._which)

    def open(self, wanted: Format | None = None) -> Format:
        """See `Camera`. Raises `NoCameraError`, `DeniedError`, `BusyError`."""
        self.close()
        self._limits = None
        if self._linux:
            self._check_node()
        for backend in self._backends:
            driver = self._opened(backend)
            if driver is not None:
                ask_for(driver, wanted or USUAL)
                given = self.begin(driver, backend)
                if self._linux and given.coding in JPEGS:
                    driver.set(cv2.CAP_PROP_CONVERT_RGB, 0.0)  # the JPEGs themselves
                return given
        raise self._why_closed()

    @property
    def _backends(self) -> tuple[int, ...]:
        if self._linux:
            return (cv2.CAP_V4L2,)
        return (cv2.CAP_MSMF, cv2.CAP_DSHOW) if self._system == "win32" else (cv2.CAP_AVFOUNDATION,)

    @property
    def _linux(self) -> bool:
        return self._system.startswith("linux")

    def _check_node(self) -> None:
        if not self.node.exists():
            raise NoCameraError(tr("{name} is not there", name=self.name), remedy=tr("plug it in, and check its cable"))
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
            tr(
                "{name} does not open: it is not there, another program uses it, or the system's privacy "
                "settings forbid it",
                name=self.name,
            ),
            remedy=tr("plug it in, close other programs that show it, and allow desktop programs to use the camera"),
        )

    def why_none(self, now: float) -> CameraError:
        """See `OpenCvCamera`."""
        if self._linux and not self.node.exists():
            return NoCameraError(tr("{name} was unplugged", name=self.name), remedy=tr("plug it in again"))
        if not self._number and self._linux:
            self.close()  # or it would itself be who uses it
            why = self._why_closed()
            if type(why) is not CameraError:
                return why
        if not self._number or self._failed >= MOST_FAILED or now - self._came > READ_S:
            return StalledError(tr("{name} gives no pictures", name=self.name), remedy=tr("check its cable"))
        return torn(tr("nothing came"))

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
        if self._limits is None:
            found = {control: v4l2.range_of(self.node, number) for control, number in _CONTROLS.items()}
            self._limits = {control: limits for control, limits in found.items() if limits is not None}
        return self._limits

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


def ask_for(driver: Any, wanted: Format) -> None:
    """Ask a driver for a format; it gives what is near. The coding first: it decides which sizes there are."""
    if len(wanted.coding) == 4:
        driver.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*wanted.coding)))
    driver.set(cv2.CAP_PROP_FRAME_WIDTH, float(wanted.width))
    driver.set(cv2.CAP_PROP_FRAME_HEIGHT, float(wanted.height))
    if wanted.rate > 0:
        driver.set(cv2.CAP_PROP_FPS, wanted.rate)
