"""What OpenCV hands over as a frame, to pixels. JPEGs are decoded here, where it is seen that one came damaged.

FFmpeg, asked for pixels, gives the half of a JPEG that arrived as if it were whole, and scales frames of a new size to
the size of before; asked for the packets it gives what the camera sent.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.capture.source import Pixels, TornFrameError

LARGEST = 64_000_000  # pixels of a frame
_START, _END, _SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the markers behind which the size stands
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_HOW = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION


def rgb_of(values: NDArray[np.uint8] | None) -> Pixels:
    """H x W x 3 uint8 RGB of what `VideoCapture.read` gave: H x W x 3 BGR, H x W grey, or the bytes of one JPEG (one
    row or one column). Raises `TornFrameError` for anything else."""
    if values is None or values.dtype != np.uint8 or values.size == 0:
        raise torn("nothing came")
    if values.ndim == 3 and values.shape[2] == 3 and min(values.shape[:2]) > 1:
        return np.asarray(cv2.cvtColor(values, cv2.COLOR_BGR2RGB), np.uint8)
    if is_packet(values):
        return rgb_of_jpeg(values.reshape(-1))
    if values.ndim == 2 or (values.ndim == 3 and values.shape[2] == 1):
        return np.asarray(cv2.cvtColor(values, cv2.COLOR_GRAY2RGB), np.uint8)
    raise torn("it is no picture")


def is_packet(values: NDArray[np.uint8]) -> bool:
    """Whether these are bytes as the camera sent them, and no rows of pixels."""
    return min(values.shape[:2]) == 1 or values.ndim == 1


def rgb_of_jpeg(packet: NDArray[np.uint8]) -> Pixels:
    """H x W x 3 uint8 RGB of the bytes of one JPEG. Raises `TornFrameError` where it is not whole: no beginning, no
    size or a hostile one, no end (drivers may fill up behind the end), or it cannot be decoded.

    A JPEG with damage within, whose beginning and end are there, is decoded as well as it can be: nothing tells.
    """
    coded = packet.tobytes()
    if coded[:2] != _START or coded.rfind(_END) < 0:
        raise torn("a part of it is missing")
    height, width = size_of_jpeg(coded)
    if not 0 < height * width <= LARGEST:
        raise torn(f"it says to be {width} x {height} pixels")
    try:
        pixels = cv2.imdecode(packet, _HOW)
    except cv2.error as error:
        raise torn("it cannot be decoded") from error
    if pixels is None or pixels.shape != (height, width, 3):
        raise torn("it cannot be decoded")
    return np.asarray(pixels, np.uint8)


def size_of_jpeg(coded: bytes) -> tuple[int, int]:
    """Height and width that the head of a JPEG says; 0, 0 where it says none."""
    at = 2
    while at + 9 <= len(coded) and coded[at] == 0xFF:
        marker = coded[at + 1]
        if marker in _SIZES:
            return int.from_bytes(coded[at + 5 : at + 7], "big"), int.from_bytes(coded[at + 7 : at + 9], "big")
        if marker == _SCAN:
            break
        if marker == 0xFF or marker in _ALONE:  # a filling byte, or nothing behind it
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + max(2, int.from_bytes(coded[at + 2 : at + 4], "big"))
    return 0, 0


def torn(why: str) -> TornFrameError:
    """What is said of a frame that is left out."""
    return TornFrameError(f"a frame of the camera came damaged: {why}", remedy="check its cable or its network")
