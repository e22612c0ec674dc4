"""What a picture is like at a glance: its low cosine frequencies, of the whole and of windows, in eight orientations.

A mirror changes the signs of some frequencies, and a quarter turn swaps the two directions, so that an orientation
costs no second look at the picture.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Window = tuple[float, float, float, float]  # shares that are taken off at the top, bottom, left and right
WAYS = 8  # orientations; of their bits 4 swaps rows and columns, then 2 mirrors up and down, then 1 left and right
WHOLE: Window = (0.0, 0.0, 0.0, 0.0)
_SIDE = 32  # pixels to which a window is squeezed
_ENOUGH = 192  # longer side, pixels, of which windows are taken
_ROUGH = 8.0  # standard deviation, pixels, of what is light and vignette of the device and not of the picture
_LEAST = 1e-2  # length under which there is nothing to compare
# by frequency, in phantoms of two devices and in photographs: what is usual counts for less
_USUAL = np.array((1.63, 0.82, 1.31, 0.90, 0.82, 0.64, 0.56, 0.47), np.float32)
_RING = (2, 4)  # of these, along one axis, is the round shape that every cervix has


def _crops(share: float) -> Iterator[Window]:
    """Off one edge, off two that meet, and off two across."""
    for top, bottom, left, right in (
        (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (1, 0, 1, 0), (1, 0, 0, 1), (0, 1, 1, 0), (0, 1, 0, 1),
        (1, 1, 0, 0), (0, 0, 1, 1),
    ):  # fmt: skip
        yield share * top, share * bottom, share * left, share * right


WINDOWS: tuple[Window, ...] = (
    WHOLE,
    *((share, share, share, share) for share in (0.05, 0.10, 0.15, 0.20)),
    *_crops(0.08),
    *_crops(0.17),
)


def glances(grey: Floats) -> tuple[Floats, Floats]:
    """Of a picture H x W: of each of `WINDOWS` (25 x 63), and of the whole in each orientation (8 x 63).

    Rows of length 1, so that a product is a correlation; of zeros where there is nothing to see.
    """
    grey = reduced(grey, _ENOUGH)  # once, and not for each window
    tables = np.stack([_frequencies(window_of(grey, window)) for window in WINDOWS])
    return _rows(tables), _rows(np.stack([_turned_table(tables[0], way) for way in range(WAYS)]))


def window_of(grey: Floats, window: Window) -> Floats:
    """What is left of a picture H x W, as a view of it."""
    (height, width), (top, bottom, left, right) = grey.shape, window
    return grey[
        round(height * top) : height - round(height * bottom), round(width * left) : width - round(width * right)
    ]


def reduced(grey: Floats, longest: int) -> Floats:
    """Longer side of `longest` pixels, either side at least 8."""
    height, width = grey.shape
    scale = longest / max(height, width)
    size = max(8, round(width * scale)), max(8, round(height * scale))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)


def turned(grey: Floats, way: int) -> Floats:
    """A picture in the orientation `way`."""
    swapped = grey.T if way & 4 else grey
    return np.ascontiguousarray(swapped[:: -1 if way & 2 else 1, :: -1 if way & 1 else 1])


def _turned_table(table: Floats, way: int) -> Floats:
    """The frequencies that the picture has in the orientation `way`."""
    signs = np.where(np.arange(len(table)) % 2, -1, 1).astype(np.float32)
    swapped = table.T if way & 4 else table
    if way & 2:
        swapped = swapped * signs[:, None]
    return np.asarray(swapped * signs if way & 1 else swapped)


def _usual() -> Floats:
    usual = np.outer(_USUAL, _USUAL)
    usual[0, _RING] *= 2
    usual[_RING, 0] *= 2
    return usual


_EXPECTED = _usual()


def _frequencies(grey: Floats) -> Floats:
    square = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    square = square - cv2.GaussianBlur(square, (0, 0), _ROUGH)
    return np.asarray(cv2.dct(square)[: len(_EXPECTED), : len(_EXPECTED)] / _EXPECTED, np.float32)


def _rows(tables: Floats) -> Floats:
    rows = tables.reshape(len(tables), -1)[:, 1:]  # the first is the mean
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.where(length > _LEAST, rows / np.maximum(length, _LEAST), 0), np.float32)
