"""A part of a clip as bytes: frames as JPEG, each with its number and time. Pure functions.

Layout: `MAGIC`; the length of the header (4 bytes, little-endian); the header, JSON: `version`, `width`, `height` and
for each frame [number, seconds since the clip began, length in bytes]; then the JPEGs, one after the other, and nothing
behind them. Reading trusts nothing: a library may come from anybody.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]
MAGIC = b"PFMCLIP1"
VERSION = 1
QUALITY = 95  # with all of the colour (4:4:4): nobody sees a difference
MOST_FRAMES = 2000  # of a segment
MOST_HEADER = 1 << 17  # bytes
MOST_BYTES = 1 << 29  # of a segment
LONGEST_S = 24 * 3600.0
SMALLEST_SIDE, LARGEST_SIDE, MOST_PIXELS = 8, 16_384, 64_000_000
_CODING = (
    cv2.IMWRITE_JPEG_QUALITY, QUALITY,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
)  # fmt: skip
# markers of a JPEG: the kind that `coded` makes (others are none of ours), where its pixels begin, and two tables
_BASELINE, _PIXELS, _TABLES = 0xC0, 0xDA, (0xC4, 0xCC)


class SegmentError(UserError):
    """Bytes that are no part of a clip, or a damaged one."""

    def __init__(self, why: str) -> None:
        super().__init__(
            tr("a part of this clip cannot be read: {why}", why=why),
            safe=tr("nothing was changed, and its other parts are there"),
            remedy=tr("put its file back from a backup"),
        )


@dataclass(frozen=True)
class CodedFrame:
    """A frame as it is kept; `seconds` since the clip began, `width` x `height` in pixels."""

    number: int
    seconds: float
    width: int
    height: int
    jpeg: bytes


@dataclass(frozen=True)
class FramePlace:
    """Where a frame lies among the bytes of its segment."""

    number: int
    seconds: float
    start: int
    length: int


@dataclass(frozen=True)
class SegmentIndex:
    """What is in a segment: frames of `width` x `height` pixels, in the order of time."""

    width: int
    height: int
    frames: tuple[FramePlace, ...]


@dataclass(frozen=True, eq=False)
class SegmentBytes:
    """A segment on its way to the disk; `number` counts those of its clip from 0."""

    number: int
    data: bytes
    frames: int
    first_s: float
    last_s: float


def coded(pixels: Pixels, *, number: int, seconds: float) -> CodedFrame:
    """A frame (H x W x 3 uint8 RGB) as JPEG. Raises `ValueError` for pixels that are none, or of a size beyond use."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError("a frame is H x W x 3 uint8")
    height, width = pixels.shape[:2]
    if not _fits(width, height):
        raise ValueError(f"a frame of {width} x {height} pixels cannot be kept")
    try:
        done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), _CODING)
    except cv2.error as error:
        raise ValueError("a frame could not be coded") from error
    if not done:
        raise ValueError("a frame could not be coded")
    return CodedFrame(number, seconds, width, height, jpeg.tobytes())


def encode(frames: Sequence[CodedFrame]) -> bytes:
    """A segment of these frames, all of one size and in the order of time; `ValueError` for others."""
    if not 0 < len(frames) <= MOST_FRAMES:
        raise ValueError(f"a segment has between 1 and {MOST_FRAMES} frames")
    first = frames[0]
    if any((one.width, one.height) != (first.width, first.height) for one in frames):
        raise ValueError("the frames of a segment are of one size")
    header = {
        "version": VERSION,
        "width": first.width,
        "height": first.height,
        "frames": [[one.number, one.seconds, len(one.jpeg)] for one in frames],
    }
    said = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    made = b"".join((MAGIC, len(said).to_bytes(4, "little"), said, *(one.jpeg for one in frames)))
    if len(said) > MOST_HEADER or len(made) > MOST_BYTES:
        raise ValueError("a segment is too large")
    return made


def index(data: bytes) -> SegmentIndex:
    """What a segment holds, without decoding its frames. Raises `SegmentError` for whatever is none."""
    start = len(MAGIC) + 4
    if len(data) > MOST_BYTES or not data.startswith(MAGIC) or len(data) < start:
        raise SegmentError(tr("it is no part of a clip"))
    length = int.from_bytes(data[len(MAGIC) : start], "little")
    if not 0 < length <= min(MOST_HEADER, len(data) - start):
        raise SegmentError(tr("its header is damaged"))
    try:
        header = json.loads(data[start : start + length])
        version, width, height, frames = (header[name] for name in ("version", "width", "height", "frames"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SegmentError(tr("its header is damaged")) from error
    if version != VERSION:
        raise SegmentError(tr("it was made by a newer version of the program"))
    if not (_whole(width) and _whole(height) and _fits(width, height)):
        raise SegmentError(tr("the size of its frames cannot be"))
    return SegmentIndex(width, height, _places(frames, start + length, len(data)))


def _places(frames: Any, start: int, end: int) -> tuple[FramePlace, ...]:
    if not isinstance(frames, list) or not 0 < len(frames) <= MOST_FRAMES:
        raise SegmentError(tr("its list of frames is damaged"))
    found: list[FramePlace] = []
    for one in frames:
        if not isinstance(one, list) or len(one) != 3:
            raise SegmentError(tr("its list of frames is damaged"))
        number, seconds, length = one
        sane = _whole(number) and _whole(length) and isinstance(seconds, int | float) and 0 <= seconds <= LONGEST_S
        if not sane or not 0 <= number < 1 << 31 or not 0 < length <= end - start:
            raise SegmentError(tr("its list of frames is damaged"))
        if found and (number <= found[-1].number or seconds < found[-1].seconds):
            raise SegmentError(tr("its frames are out of order"))
        found.append(FramePlace(number, float(seconds), start, length))
        start += length
    if start != end:
        raise SegmentError(tr("its length is not what its header says"))
    return tuple(found)


def frame(data: bytes, place: int, *, known: SegmentIndex | None = None) -> Pixels:
    """Frame number `place` of a segment (0: its first), H x W x 3 uint8 RGB.

    `known`: its index, where that was read before. Raises `SegmentError`; `IndexError` where there is no such frame.
    """
    found = known or index(data)
    if not 0 <= place < len(found.frames):
        raise IndexError(place)
    at = found.frames[place]
    jpeg = memoryview(data)[at.start : at.start + at.length]
    if _size_of(jpeg) != (found.width, found.height):  # before a decoder makes room for what it says
        raise SegmentError(tr("a frame of it is not of the size that it says"))
    try:
        values = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise SegmentError(tr("a frame of it is damaged")) from error
    if values is None or values.dtype != np.uint8 or values.shape != (found.height, found.width, 3):
        raise SegmentError(tr("a frame of it is damaged"))
    return np.asarray(cv2.cvtColor(values, cv2.COLOR_BGR2RGB), np.uint8)


def _size_of(jpeg: memoryview) -> tuple[int, int]:
    """Width and height that a JPEG says of itself."""
    if bytes(jpeg[:2]) != b"\xff\xd8":
        raise SegmentError(tr("a frame of it is no JPEG"))
    place = 2
    while place + 9 <= len(jpeg) and jpeg[place] == 0xFF:
        marker, length = jpeg[place + 1], int.from_bytes(jpeg[place + 2 : place + 4], "big")
        if marker == _BASELINE:
            sides = jpeg[place + 5 : place + 7], jpeg[place + 7 : place + 9]
            return int.from_bytes(sides[1], "big"), int.from_bytes(sides[0], "big")
        if length < 2 or (_BASELINE < marker <= _PIXELS and marker not in _TABLES):  # another kind, or none at all
            break
        place += 2 + length
    raise SegmentError(tr("a frame of it is damaged"))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _fits(width: int, height: int) -> bool:
    sides = min(width, height) >= SMALLEST_SIDE and max(width, height) <= LARGEST_SIDE
    return sides and math.prod((width, height)) <= MOST_PIXELS
