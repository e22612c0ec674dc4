"""Writing frames as a video that other programs play: AVI with MJPG, or Matroska with FFV1 (nothing is lost in it).

A video has one rate, a clip has the times of its frames: each frame is shown from the place of the grid that is nearest
to its time, until the next one comes. So time is right within half a frame, and a gap is a picture that stands still.
"""

from __future__ import annotations

import math
import os
import shutil
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pfm_desktop.capture.clip_segment import Pixels
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr

SLOWEST, FASTEST = 1, 120  # frames a second of a file
LONGEST_S = 4 * 3600.0
ROOM = 64 << 20  # bytes that stay free on the disk
AVI_LIMIT = 1900 << 20  # bytes that an AVI of this kind can hold, and a little less
_QUALITY = 98  # of MJPG, 0 to 100
_REMOVED = tr("what was written of it is removed, and the clip is unchanged")

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # a torn video is said by us, not by FFmpeg on the terminal


class Coding(StrEnum):
    """How the frames of a file are coded."""

    MJPG = "mjpg"  # smaller, plays everywhere; half of the colour is kept, as in most cameras
    FFV1 = "ffv1"  # the very pixels of the clip

    @property
    def suffix(self) -> str:
        """Of the names of such files."""
        return ".avi" if self is Coding.MJPG else ".mkv"


@dataclass(frozen=True)
class Written:
    """What is in a file: `shown` frames a `rate`, of which those that repeat the one before are counted as well.
    `left_out`: frames of the clip for which there was no place, since another one was nearer to it."""

    rate: int
    shown: int
    left_out: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.shown / self.rate


def rate_of(seconds: Sequence[float]) -> int:
    """Frames a second of a file for frames that were taken at these times: as many as there usually were, or a little
    more, so that each has a place."""
    apart = [after - before for before, after in pairwise(seconds) if after > before]
    if not apart:
        return SLOWEST
    usual = statistics.median(apart)
    usual = statistics.fmean(one for one in apart if 0.5 * usual <= one <= 1.5 * usual)
    return int(min(FASTEST, max(SLOWEST, math.ceil(0.99 / usual - 0.02))))


class VideoFile:
    """A video that is being written to the file `path`, which is there already, empty. Close it at the end.

    `size` is (width, height) in pixels; `check` is asked now and then, and may raise, so that a gap of an hour can be
    stopped. Raises `StorageError` where it cannot be made.
    """

    def __init__(
        self,
        path: Path,
        *,
        size: tuple[int, int],
        rate: int,
        coding: Coding,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._path, self._coding, self._rate, self._check = path, coding, rate, check
        self._width, self._height = (side + side % 2 for side in size)  # both codings want even sides
        self._shown = self._left_out = 0
        self._began: float | None = None
        self._last: Pixels | None = None
        self._last_place = 0
        self._writer: Any = _opened(path, (self._width, self._height), rate, coding)

    def add(self, pixels: Pixels, seconds: float) -> None:
        """The next frame, H x W x 3 uint8 RGB, which was taken at `seconds`; of another size it is made to fit.

        Raises `StorageError` for a full disk, `BadInputError` where it becomes too long.
        """
        if self._began is None:
            self._began = seconds
        place = math.floor((seconds - self._began) * self._rate + 0.5)
        if place > LONGEST_S * self._rate:
            raise BadInputError(
                tr(
                    "this clip is longer than the {hours:.0f} hours that a video may have",
                    hours=LONGEST_S / 3600,
                ),
                safe=_REMOVED,
            )
        if self._last is not None:
            if place <= self._last_place:
                self._left_out += 1
                return
            self._show(self._last, place - self._last_place)
        self._last, self._last_place = self._fitted(pixels), place

    def close(self) -> Written:
        """Write the end, and look whether all of it is there. Raises `StorageError` where it is not."""
        try:
            if self._last is not None:
                self._show(self._last, 1)
                self._last = None
        finally:
            self.release()
        if (found := _frames_in(self._path)) != self._shown:
            raise StorageError(
                tr(
                    "the video could not be written whole: {found} of {shown} frames can be read again",
                    found=found,
                    shown=self._shown,
                ),
                safe=_REMOVED,
                remedy=tr("check the disk and its free space, then try again"),
            )
        return Written(self._rate, self._shown, self._left_out)

    def release(self) -> None:
        """Let the file go, whatever is in it; twice does no harm."""
        self._writer.release()

    def _show(self, pixels: Pixels, times: int) -> None:
        for _ in range(times):
            if self._shown % self._rate == 0:
                self._check()
                self._check_room()
            self._writer.write(pixels)
            self._shown += 1

    def _check_room(self) -> None:
        """What the disk refuses is not told by who writes the video."""
        try:
            free, length = shutil.disk_usage(self._path.parent).free, self._path.stat().st_size
        except OSError as error:
            raise StorageError(
                tr("the video cannot be written: {why}", why=error.strerror or error),
                safe=_REMOVED,
                remedy=tr("check the disk"),
            ) from error
        if free < ROOM:
            raise StorageError(
                tr("the disk that the video is written to is full"),
                safe=_REMOVED,
                remedy=tr("free some space or choose another disk, then export it again"),
            )
        if self._coding is Coding.MJPG and length > AVI_LIMIT:
            raise BadInputError(
                tr("this clip is too long for an AVI file"),
                safe=_REMOVED,
                remedy=tr("export it with FFV1, as an MKV file"),
            )

    def _fitted(self, pixels: Pixels) -> Pixels:
        """Blue, green, red, in the size of the video; one of another size stands in the middle, on black."""
        height, width = pixels.shape[:2]
        if self._width - width in (0, 1) and self._height - height in (0, 1):
            beside, below = self._width - width, self._height - height
            whole = cv2.copyMakeBorder(pixels, 0, below, 0, beside, cv2.BORDER_REPLICATE) if beside or below else pixels
            return np.asarray(cv2.cvtColor(whole, cv2.COLOR_RGB2BGR), np.uint8)
        scale = min(self._width / width, self._height / height)
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        ground = np.zeros((self._height, self._width, 3), np.uint8)
        left, top = (self._width - inner[0]) // 2, (self._height - inner[1]) // 2
        ground[top : top + inner[1], left : left + inner[0]] = cv2.resize(pixels, inner, interpolation=way)[:, :, ::-1]
        return ground


def _opened(path: Path, size: tuple[int, int], rate: int, coding: Coding) -> Any:
    # OpenCV's own writer keeps far more of a picture as MJPG than FFmpeg does by way of it
    through = cv2.CAP_OPENCV_MJPEG if coding is Coding.MJPG else cv2.CAP_FFMPEG
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what is wrong is said by us
    try:
        code = int.from_bytes(coding.value.upper().encode(), "little")
        writer = cv2.VideoWriter(str(path), through, code, float(rate), size)
        open_now = writer.isOpened()
        if open_now and coding is Coding.MJPG:
            writer.set(cv2.VIDEOWRITER_PROP_QUALITY, _QUALITY)
    except cv2.error:
        open_now = False
    finally:
        cv2.utils.logging.setLogLevel(level)
    if not open_now:
        raise StorageError(
            tr("a video could not be written to {folder}", folder=path.parent),
            safe=tr("nothing was written"),
            remedy=tr("check the folder and its disk, or choose the other way of coding"),
        )
    return writer


def _frames_in(path: Path) -> int:
    """How many frames lie whole in the file; they are not decoded, which would take as long as writing them."""
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, (cv2.CAP_PROP_FORMAT, -1))
    try:
        count = 0
        while video.isOpened() and video.grab():
            count += 1
        return count
    finally:
        video.release()


def clock_words(seconds: float, *, since_acid: bool) -> str:
    """What the clock says: `acid +1:02.5`, or `0:02.5` since the clip began. In ASCII, as OpenCV draws no other."""
    tenths = round(abs(seconds) * 10)
    said = f"{tenths // 600}:{tenths % 600 / 10:04.1f}"
    return f"acid {'-' if seconds < 0 else '+'}{said}" if since_acid else said


def with_clock(pixels: Pixels, words: str) -> Pixels:
    """A copy of the frame with these words in its lower left corner, light on a dark box."""
    drawn = pixels.copy()
    height, width = drawn.shape[:2]
    scale, thick = max(0.35, height / 800), max(1, round(height / 540))
    (long, tall), below = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    edge = max(2, round(height / 90))
    corner = min(width, long + 3 * edge), height - tall - below - 3 * edge
    cv2.rectangle(drawn, (0, max(0, corner[1])), (corner[0], height), (0, 0, 0), -1)
    place = (edge, height - below - edge)
    cv2.putText(drawn, words, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), thick, cv2.LINE_AA)
    return drawn
