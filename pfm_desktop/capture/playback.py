"""A recording, or a folder of pictures, as a camera at its own rate: for demonstrations and tests.

Frames are paced by the monotonic clock. Where the program was late, what follows is later as well; none is left out.
"""

from __future__ import annotations

import math
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from pfm_desktop.capture.decoding import rgb_of, torn
from pfm_desktop.capture.opencv_camera import format_of, make_driver
from pfm_desktop.capture.opencv_controls import words
from pfm_desktop.capture.source import (
    READ_S,
    CameraError,
    Control,
    DeniedError,
    EndedError,
    Format,
    Frame,
    NoCameraError,
    Pixels,
    Setting,
    StalledError,
)

RATE = 30.0  # where the recording says none
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
_LARGEST = 256_000_000  # bytes of one picture

Decode = Callable[[], Pixels]


class _Reel(Protocol):
    """What is played: frames one after another, once through; each is decoded when it is due."""

    format: Format

    def frames(self) -> Iterator[Decode]:
        """From the beginning."""

    def close(self) -> None:
        """Let the file go."""


class Playback:
    """The recording (AVI or MKV) or the folder of pictures at `path`, over and over where it `loops`. `rate`: frames a
    second, else as the recording says."""

    def __init__(self, path: Path | str, *, loops: bool = True, rate: float | None = None, name: str = "") -> None:
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            raise ValueError("frames must lie some time apart")
        self.path, self._loops, self._rate = Path(path), loops, rate
        self.name, self.key = name or self.path.name, f"file:{path}"
        self._reel: _Reel | None = None
        self._frames: Iterator[Decode] = iter(())
        self._format = Format(0, 0)
        self._number, self._due = 0, 0.0
        self._interrupted = threading.Event()

    def open(self, wanted: Format | None = None) -> Format:
        """See `Camera`; it is what it is, whatever is wanted."""
        self.close()
        _check(self.path)
        self._reel = _Folder(self.path) if self.path.is_dir() else _Video(self.path)
        found = self._reel.format
        rate = self._rate or found.rate or RATE
        self._format = Format(found.width, found.height, rate, found.coding)
        self._frames, self._number, self._due = self._reel.frames(), 0, 0.0
        self._interrupted.clear()
        return self._format

    def read(self) -> Frame:
        """See `Camera`. Raises `EndedError` at the end of what does not loop."""
        if self._reel is None:
            raise NoCameraError(f"{self.name} is not open", remedy="open it first")
        self._wait()
        decode = next(self._frames, None)
        if decode is None and self._loops and self._number:
            self._frames = self._reel.frames()
            decode = next(self._frames, None)
        if decode is None:
            raise EndedError(f"{self.name} is at its end", remedy="start it again to see it again")
        at = time.monotonic()
        self._due = max(self._due or at, at - 1.0 / self._format.rate) + 1.0 / self._format.rate
        pixels = decode()
        number, self._number = self._number, self._number + 1
        return Frame(pixels, at, number)

    def _wait(self) -> None:
        left = self._due - time.monotonic()
        if self._interrupted.wait(max(0.0, min(left, READ_S))):
            raise StalledError(f"{self.name} was interrupted")
        if left > READ_S:
            raise StalledError(f"{self.name} has no frame yet", remedy="wait for it")

    def interrupt(self) -> None:
        """See `Interruptible`."""
        self._interrupted.set()

    def formats(self) -> tuple[Format, ...]:
        """See `Camera`."""
        return (self._format,)

    def controls(self) -> Mapping[Control, Setting]:
        """See `Camera`; a recording has none."""
        return {}

    def set(self, control: Control, value: float | None) -> None:
        """See `Camera`."""
        raise CameraError(f"the {words(control)} of a recording cannot be set", remedy="choose a camera")

    def close(self) -> None:
        """See `Camera`."""
        reel, self._reel, self._frames = self._reel, None, iter(())
        if reel is not None:
            reel.close()


class _Video:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._driver: Any = self._opened()
        found = format_of(self._driver)
        if not found.width * found.height:
            self.close()
            raise CameraError(f"{path.name} cannot be read as a video", remedy="choose an AVI or MKV file")
        self.format = found

    def _opened(self) -> Any:
        try:
            driver = make_driver(str(self._path), cv2.CAP_FFMPEG, ())
        except cv2.error as error:
            raise self._unreadable() from error
        if not driver.isOpened():
            driver.release()
            raise self._unreadable()
        if format_of(driver).coding == "MJPG":
            driver.set(cv2.CAP_PROP_FORMAT, -1.0)  # the JPEGs themselves: it is seen where one is damaged
        return driver

    def _unreadable(self) -> CameraError:
        return CameraError(f"{self._path.name} cannot be read as a video", remedy="choose an AVI or MKV file")

    def frames(self) -> Iterator[Decode]:
        """Opened anew where it was read before: to go back is not safe in a file without an index."""
        if self._driver is None:
            self._driver = self._opened()
        driver, self._driver = self._driver, None
        try:
            while True:
                done, values = driver.read()
                if not done or values is None:
                    return
                yield partial(rgb_of, values)
        except cv2.error as error:
            raise CameraError(f"{self._path.name} is damaged", remedy="choose another file") from error
        finally:
            driver.release()

    def close(self) -> None:
        if self._driver is not None:
            self._driver.release()
            self._driver = None


class _Folder:
    def __init__(self, path: Path) -> None:
        meant = (file for file in path.iterdir() if file.suffix.lower() in PICTURES and not file.name.startswith("."))
        self._paths = sorted(meant, key=lambda file: _by_number(file.name))
        if not self._paths:
            raise CameraError(f"{path.name} has no pictures", remedy="choose a folder with PNG or JPEG files")
        height, width = _picture(self._paths[0]).shape[:2]
        self.format = Format(width, height, 0.0, self._paths[0].suffix[1:].upper())

    def frames(self) -> Iterator[Decode]:
        return (partial(_picture, path) for path in self._paths)

    def close(self) -> None:
        return


def _check(path: Path) -> None:
    if not path.exists():
        raise NoCameraError(f"{path} is not there", remedy="choose a recording or a folder of pictures")
    if not os.access(path, os.R_OK):
        raise DeniedError(f"this user may not read {path}", remedy="ask for the permission to read it")


def _picture(path: Path) -> Pixels:
    try:
        if path.stat().st_size > _LARGEST:
            raise torn(f"{path.name} is too large")
        coded = np.fromfile(path, np.uint8)
        pixels = cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB) if coded.size else None
    except (OSError, cv2.error) as error:
        raise torn(f"{path.name} cannot be read") from error
    if pixels is None:
        raise torn(f"{path.name} cannot be read")
    return np.asarray(pixels, np.uint8)


def _by_number(name: str) -> list[tuple[int, int, str]]:
    """frame9 before frame10."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in parts if part]
