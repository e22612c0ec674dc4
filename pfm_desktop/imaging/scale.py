"""Millimetres a pixel, from a picture of something whose size is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.pixels import checked_pixels
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]
Point = tuple[float, float]

FINEST, COARSEST = 0.0005, 1.0  # mm a pixel that a colposcope can have, with room to spare
NEAREST = 20.0  # pixels between two points: nearer, a slip of the hand counts too much
FLAT = 0.06  # spread of the squares' sides from which the board lay aslant
_LEAST = (3, 3)  # inner corners; larger boards are found from there
_EDGE = 1600  # pixels of the longer side in which the board is looked for, which takes about half a second
_AGAIN = tr("photograph the scale flat, square to the view and in focus, or mark two points on it by hand")


@dataclass(frozen=True)
class Scale:
    """`mm_per_px` holds in pictures of `size` (width, height) at the same zoom and distance.

    `squares` across and down whose corners were seen; `spread` how much their sides differ, of their mean (0: not at
    all), by which the board lay aslant or the lens bends. `corners` are N x 2 pixels.
    """

    mm_per_px: float
    size: tuple[int, int]
    squares: tuple[int, int]
    spread: float
    corners: NDArray[np.float64]


def scale_from_picture(pixels: Pixels, points: tuple[Point, Point], mm: float) -> float:
    """Millimetres a pixel of a picture (H x W x 3 uint8 RGB), two points of which (x, y in pixels) lie `mm` apart.

    Raises `BadInputError` for points outside of the picture or too near to each other, and for no length.
    """
    height, width = checked_pixels(pixels, "scale").shape[:2]
    values = np.asarray(points, np.float64)
    if values.shape != (2, 2) or not np.isfinite(values).all():
        raise BadInputError(tr("a scale needs two points"), remedy=tr("mark both ends of a known length"))
    if (values < -0.5).any() or (values > np.array([width, height]) - 0.5).any():
        raise BadInputError(tr("a point of the scale lies outside of its picture"), remedy=tr("mark it again"))
    apart = float(np.hypot(*(values[1] - values[0])))
    if apart < NEAREST:
        raise BadInputError(
            tr("the two points are only {apart:.0f} pixels apart", apart=apart),
            remedy=tr("mark a longer part, as 10 mm of a ruler"),
        )
    return _sound(_length(mm) / apart)


def checkerboard(pixels: Pixels, square_mm: float) -> Scale:
    """The scale by a board of black and white squares of `square_mm` millimetres, found by itself, 4 x 4 at least.

    Raises `BadInputError` where no board is seen, where it lies aslant, and for no length.
    """
    pixels = checked_pixels(pixels, "scale")
    length = _length(square_mm)
    height, width = pixels.shape[:2]
    factor = max(1.0, max(height, width) / _EDGE)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if factor > 1:
        grey = cv2.resize(grey, (round(width / factor), round(height / factor)), interpolation=cv2.INTER_AREA)
    grid = _grid(np.asarray(grey, np.uint8))
    if grid is None:
        raise BadInputError(tr("no board of squares is seen in this picture"), remedy=_AGAIN)
    up = np.array([width / grey.shape[1], height / grey.shape[0]])
    grid = (grid + 0.5) * up - 0.5
    sides = np.concatenate([np.hypot(*np.moveaxis(np.diff(grid, axis=axis), 2, 0)).ravel() for axis in (0, 1)])
    mean = float(sides.mean())
    spread = float(np.percentile(sides, 95) - np.percentile(sides, 5)) / mean
    if spread > FLAT:
        raise BadInputError(
            tr("the board lies aslant: its squares differ by {spread:.0%}", spread=spread), remedy=_AGAIN
        )
    rows, columns = grid.shape[:2]
    return Scale(_sound(length / mean), (width, height), (columns + 1, rows + 1), spread, grid.reshape(-1, 2))


def _grid(grey: Pixels) -> NDArray[np.float64] | None:
    """Inner corners, rows x columns x 2 pixels, to a small part of a pixel."""
    if min(grey.shape) < NEAREST:
        return None
    try:
        found, corners, meta = cv2.findChessboardCornersSBWithMeta(grey, _LEAST, cv2.CALIB_CB_LARGER)
    except cv2.error:  # some sizes of pictures are none to it
        return None
    if not found or corners is None or meta is None or corners.size != 2 * meta.size:
        return None
    return np.asarray(corners, np.float64).reshape(*meta.shape[:2], 2)


def _length(mm: float) -> float:
    if not math.isfinite(mm) or mm <= 0:
        raise BadInputError(tr("{mm} mm is no length", mm=mm), remedy=tr("give the length in millimetres, as 10"))
    return float(mm)


def _sound(mm_per_px: float) -> float:
    if not FINEST <= mm_per_px <= COARSEST:
        raise BadInputError(
            tr("this makes {size:.4g} mm a pixel, which no colposcope has", size=mm_per_px),
            remedy=tr("check length and points"),
        )
    return mm_per_px
