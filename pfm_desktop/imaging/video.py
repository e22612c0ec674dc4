"""Frames of a recorded examination: AVI and Matroska files whose every frame stands for itself (MJPG, FFV1).

OpenCV reads them from a file only. A frame is shown as it was stored; no sound, no subtitles.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pfm_desktop.imaging.io import PIXEL_LIMIT, SMALLEST_SIDE, Pixels
from pfm_desktop.imaging.kinds import HEAD, kind_of
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

CODINGS = ("MJPG", "FFV1")
LONGEST = 4 * 3600.0  # seconds of a recording
_MISSED = 0.5  # seconds at the end that may be missing: heads are rounded, the last frame may lack its length
_MISSED_PART = 0.02  # of the whole, likewise: a rate that changes makes an estimate of the head
_FASTEST = 1000.0  # frames a second, beyond which the file is not to be believed
_REMEDY = tr("save single pictures of the examination, or the video as AVI or MKV with MJPG or FFV1")

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # a damaged video is said by us, not by FFmpeg on the terminal


@dataclass(frozen=True)
class Frame:
    """`pixels` H x W x 3 uint8 RGB; `seconds` since the start of the recording."""

    pixels: Pixels
    seconds: float


@dataclass(frozen=True)
class Extent:
    """Seconds of a video that were read, and those that its head says it has (0: it does not say)."""

    read: float
    declared: float

    @property
    def cut_short(self) -> bool:
        """Whether the file ends well before what its head says."""
        return self.declared - self.read > max(_MISSED, _MISSED_PART * self.declared)


def frames(
    path: Path | str, *, every: float = 10.0, ended: Callable[[Extent], None] = lambda _: None
) -> Iterator[Frame]:
    """One frame for each `every` seconds of a video, the first at 0. Raises `BadInputError`, also in the midst of it.

    A file that ends early gives what can be read; `ended` is told at the end how much that is. One that gives no frame
    at all is refused.
    """
    if not (math.isfinite(every) and every > 0):
        raise ValueError("frames must lie some time apart")
    with _opened(Path(path)) as (video, rate):
        number, given = 0, 0
        while number / rate <= LONGEST and video.grab():
            if number / rate >= given * every - 1e-9:
                yield Frame(_decoded(video, Path(path)), number / rate)
                given = math.floor(number / rate / every + 1e-9) + 1
            number += 1
        if not number:
            raise _unreadable(Path(path), tr("no frame of it can be read"))
        ended(Extent(number / rate, min(_declared(video, rate), LONGEST)))


def _declared(video: Any, rate: float) -> float:
    count = float(video.get(cv2.CAP_PROP_FRAME_COUNT))
    return count / rate if math.isfinite(count) and count > 0 else 0.0


class Recording:
    """An open video, for frames one after another: a later one is read on from the last. Close it at the end."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._stack, self._number = ExitStack(), -1  # the frame that was read last
        self._video, self._rate = self._stack.enter_context(_opened(self.path))

    def at(self, seconds: float) -> Frame:
        """The frame that is shown at `seconds`. `BadInputError` where the video does not go that far."""
        wanted = math.floor(seconds * self._rate + 1e-6)
        if not 0 <= wanted <= LONGEST * self._rate:
            raise self._none_at(seconds)
        if wanted <= self._number:
            self.close()
            self._number = -1
            self._video, self._rate = self._stack.enter_context(_opened(self.path))
        # counted, not sought: an index may be missing or wrong
        while self._number < wanted:
            if not self._video.grab():
                raise self._none_at(seconds)
            self._number += 1
        return Frame(_decoded(self._video, self.path), wanted / self._rate)

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def _none_at(self, seconds: float) -> BadInputError:
        return BadInputError(
            tr("{path} has no frame at {seconds:g} seconds", path=self.path, seconds=seconds),
            remedy=tr("choose an earlier moment"),
        )


def frame_at(path: Path | str, seconds: float) -> Frame:
    """The frame that is shown at `seconds`; see `Recording.at`."""
    with closing(Recording(path)) as recording:
        return recording.at(seconds)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, float]]:
    """The open video and its frames a second."""
    _check_file(path)
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what is wrong is said by us
    try:
        video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    except cv2.error as error:
        raise _unreadable(path, tr("it cannot be opened")) from error
    finally:
        cv2.utils.logging.setLogLevel(level)
    try:
        yield video, _checked_rate(video, path)
    except cv2.error as error:
        raise _unreadable(path, tr("it is damaged")) from error
    finally:
        video.release()


def _check_file(path: Path) -> None:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadInputError(tr("{path} is not a file", path=path), remedy=tr("name one video file"))
        with path.open("rb") as stream:
            kind = kind_of(stream.read(HEAD))
    except OSError as error:
        raise BadInputError(
            tr("{path} cannot be read: {why}", path=path, why=error.strerror or error),
            remedy=tr("check its name, its permissions and the disk"),
        ) from error
    if kind is None or not kind.is_video:
        raise BadInputError(tr("{path} is not a video that can be read", path=path), remedy=_REMEDY)


def _checked_rate(video: Any, path: Path) -> float:
    if not video.isOpened():
        raise _unreadable(path, tr("it cannot be opened"))
    coding = int(video.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=False).decode("latin-1").upper()
    if coding not in CODINGS:
        shown = coding if coding.isprintable() else tr("an unknown way")
        raise BadInputError(tr("{path} is coded in {shown}, which is not read", path=path, shown=shown), remedy=_REMEDY)
    width, height = video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if not min(width, height) >= SMALLEST_SIDE or width * height > PIXEL_LIMIT:
        raise _unreadable(path, tr("its frames would be {width:.0f} x {height:.0f} pixels", width=width, height=height))
    rate = float(video.get(cv2.CAP_PROP_FPS))
    if not (math.isfinite(rate) and 0 < rate <= _FASTEST):
        raise _unreadable(path, tr("it does not say how many frames a second has"))
    return rate


def _decoded(video: Any, path: Path) -> Pixels:
    done, values = video.retrieve()
    if not done or values is None or values.dtype != np.uint8 or values.ndim != 3 or values.shape[2] != 3:
        raise _unreadable(path, tr("a frame of it is damaged"))
    return np.ascontiguousarray(values[:, :, ::-1])


def _unreadable(path: Path, why: str) -> BadInputError:
    return BadInputError(tr("{path} cannot be read as a video: {why}", path=path, why=why), remedy=_REMEDY)
