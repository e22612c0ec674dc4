"""What `playback` plays: the frames of a recording, or the pictures of a folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from pfm_desktop.capture.decoding import rgb_of, torn
from pfm_desktop.capture.opencv_camera import format_of, make_driver
from pfm_desktop.capture.source import CameraError, Format, Pixels
from pfm_desktop.support.language import tr

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
_LARGEST = 256_000_000  # bytes of one picture

Decode = Callable[[], Pixels]


class Reel(Protocol):
    """What is played: frames one after another, once through; each is decoded when it is due."""

    format: Format

    def frames(self) -> Iterator[Decode]:
        """From the beginning."""

    def close(self) -> None:
        """Let the file go."""


class Video:
    """An AVI or MKV file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._driver: Any = self._opened()
        found = format_of(self._driver)
        if not found.width * found.height:
            self.close()
            raise CameraError(
                tr("{name} cannot be read as a video", name=path.name), remedy=tr("choose an AVI or MKV file")
            )
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
        return CameraError(
            tr("{name} cannot be read as a video", name=self._path.name), remedy=tr("choose an AVI or MKV file")
        )

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
            raise CameraError(
                tr("{name} is damaged", name=self._path.name), remedy=tr("choose another file")
            ) from error
        finally:
            driver.release()

    def close(self) -> None:
        """See `Reel`."""
        if self._driver is not None:
            self._driver.release()
            self._driver = None


class Folder:
    """Its pictures, by the numbers in their names."""

    def __init__(self, path: Path) -> None:
        meant = (file for file in path.iterdir() if file.suffix.lower() in PICTURES and not file.name.startswith("."))
        self._paths = sorted(meant, key=lambda file: _by_number(file.name))
        if not self._paths:
            raise CameraError(
                tr("{name} has no pictures", name=path.name), remedy=tr("choose a folder with PNG or JPEG files")
            )
        height, width = _picture(self._paths[0]).shape[:2]
        self.format = Format(width, height, 0.0, self._paths[0].suffix[1:].upper())

    def frames(self) -> Iterator[Decode]:
        """See `Reel`."""
        return (partial(_picture, path) for path in self._paths)

    def close(self) -> None:
        """See `Reel`."""


def _picture(path: Path) -> Pixels:
    try:
        if path.stat().st_size > _LARGEST:
            raise torn(tr("{name} is too large", name=path.name))
        coded = np.fromfile(path, np.uint8)
        pixels = cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB) if coded.size else None
    except (OSError, cv2.error) as error:
        raise torn(tr("{name} cannot be read", name=path.name)) from error
    if pixels is None:
        raise torn(tr("{name} cannot be read", name=path.name))
    return np.asarray(pixels, np.uint8)


def _by_number(name: str) -> list[tuple[int, int, str]]:
    """frame9 before frame10."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in parts if part]
