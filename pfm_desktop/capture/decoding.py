"""What OpenCV hands over as a frame, to pixels. JPEGs are decoded here, where it is seen that one came damaged.

FFmpeg, asked for pixels, gives the half of a JPEG that arrived as if it were whole, and scales frames of a new size to
the size of before; asked for the packets it gives what the camera sent. OpenCV's decoder keeps to itself what libjpeg
warns of; simplejpeg says it, and gives the same pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from simplejpeg import decode_jpeg

from pfm_desktop.capture.source import Pixels, TornFrameError
from pfm_desktop.support.language import tr

LARGEST = 64_000_000  # pixels of a frame
_START, _END, _SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the markers behind which the size stands
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_FILLED = "extraneous bytes before marker 0xd9"
_HOW = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION


class DamagedWithinError(TornFrameError):
    """A JPEG whose beginning and end are there, and not all between."""


def rgb_of(values: NDArray[np.uint8] | None, *, strict: bool = True) -> Pixels:
    """H x W x 3 uint8 RGB of what `VideoCapture.read` gave: H x W x 3 BGR, H x W grey, or the bytes of one JPEG (one
    row or one column). Raises `TornFrameError` for anything else; `strict` as in `rgb_of_jpeg`."""
    if values is None or values.dtype != np.uint8 or values.size == 0:
        raise torn(tr("nothing came"))
    if values.ndim == 3 and values.shape[2] == 3 and min(values.shape[:2]) > 1:
        return np.asarray(cv2.cvtColor(values, cv2.COLOR_BGR2RGB), np.uint8)
    if is_packet(values):
        return rgb_of_jpeg(values.reshape(-1), strict=strict)
    if values.ndim == 2 or (values.ndim == 3 and values.shape[2] == 1):
        return np.asarray(cv2.cvtColor(values, cv2.COLOR_GRAY2RGB), np.uint8)
    raise torn(tr("it is no picture"))


def is_packet(values: NDArray[np.uint8]) -> bool:
    """Whether these are bytes as the camera sent them, and no rows of pixels."""
    return min(values.shape[:2]) == 1 or values.ndim == 1


def rgb_of_jpeg(packet: NDArray[np.uint8], *, strict: bool = True) -> Pixels:
    """H x W x 3 uint8 RGB of the bytes of one JPEG. Raises `TornFrameError` where it is not whole: no beginning, no
    size or a hostile one, no end (drivers may fill up behind the end), or it cannot be decoded.

    `DamagedWithinError` where the decoder had to guess what lies between; not `strict`, it may. It knows of bytes that
    are missing, of wrong ones mostly, of single bits hardly ever.
    """
    coded = packet.tobytes()
    if coded[:2] != _START or coded.rfind(_END) < 0:
        raise torn(tr("a part of it is missing"))
    height, width = size_of_jpeg(coded)
    if not 0 < height * width <= LARGEST:
        raise torn(tr("it says to be {width} x {height} pixels", width=width, height=height))
    try:
        pixels = _decoded(coded) if strict else cv2.imdecode(packet, _HOW)
    except cv2.error as error:
        raise torn(tr("it cannot be decoded")) from error
    except ValueError as error:  # with the words of libjpeg
        raise torn(tr("a part of it is damaged"), DamagedWithinError) from error
    if pixels is None or pixels.shape != (height, width, 3):
        raise torn(tr("it cannot be decoded"))
    return np.asarray(pixels, np.uint8)


def _decoded(coded: bytes) -> Pixels:
    """ValueError where libjpeg has anything to warn of, except for bytes that fill up before the end."""
    try:
        return np.asarray(decode_jpeg(coded, "RGB"), np.uint8)
    except ValueError as error:
        end = coded.rfind(_END)
        body = coded[:end].rstrip(b"\0")
        if _FILLED not in str(error) or len(body) == end:
            raise
        return np.asarray(decode_jpeg(body + _END, "RGB"), np.uint8)


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


def torn(why: str, kind: type[TornFrameError] = TornFrameError) -> TornFrameError:
    """What is said of a frame that is left out."""
    return kind(tr("a frame of the camera came damaged: {why}", why=why), remedy=tr("check its cable or its network"))
