"""Where in a frame the light of the colposcope reaches: many show a round field in a dark surround."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.geometry import Matrix
from pfm_desktop.domain.registration import Agreement, RegistrationStatus
from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.pixels import checked_pixels
from pfm_desktop.imaging.registration import (
    OTHER_STRUCTURES,
    Registration,
    refused,
    register,
    start_map,
    structures_agree,
)
from pfm_desktop.jobs import Context

Pixels = NDArray[np.uint8]
Size = tuple[int, int]
Box = tuple[int, int, int, int]
_SIDE = 160  # pixels: the field is large
_LIT = 0.5  # of what is bright in the frame
_DARKEST = 12  # of 255: where nothing is brighter there is no field to be found
_WITHIN, _INNER = 0.995, 0.96  # of the box that has to be lit; of that box, so that the edge itself lies outside
_LEAST = 0.25  # of the frame's sides
_DARK, _SURROUND = 0.15, 0.1  # of what is bright; share of a frame that is darker than that, outside the lit field
_NODES = 33, 19  # columns and rows of the bending of a whole frame


def lit_box(pixels: Pixels) -> Box:
    """Left, top, right, bottom (excluded) of a box that lies within the lit field of a picture (H x W x 3 uint8 RGB),
    the whole picture where all of it is lit or nothing is.

    The edge of a round field is the strongest structure of a frame and has nothing to do with the tissue: whoever
    registers whole frames may register the field, and find two women the same.
    """
    height, width = pixels.shape[:2]
    level, bright = _levels(pixels)
    if bright < _DARKEST:
        return 0, 0, width, height
    lit = _filled((level >= _LIT * bright).astype(np.uint8))
    box = _largest_within(lit)
    if box == (0, 0, lit.shape[1], lit.shape[0]):
        return 0, 0, width, height
    up = width / lit.shape[1], height / lit.shape[0]
    left, top, right, bottom = (round(at * up[number % 2]) for number, at in enumerate(box))
    return left, top, max(left + 1, min(width, right)), max(top + 1, min(height, bottom))


def dark_surround(pixels: Pixels) -> bool:
    """Whether a picture (H x W x 3 uint8 RGB) shows its field in a dark surround; a shade towards the corners is none.

    On phantoms of the frozen generator at most 2 % of a white-light picture is as dark as that outside its field, on
    the photographs of AnnoCerv 5 %, on frames of a simulated colposcope 38 %.
    """
    level, bright = _levels(pixels)
    if bright < _DARKEST:
        return False
    lit = _filled((level >= _LIT * bright).astype(np.uint8))
    return float(((level < _DARK * bright) & ~lit).mean()) > _SURROUND


def register_lit(
    white: Pixels, fluorescence: Pixels, *, start: Matrix | None = None, ctx: Context | None = None
) -> Registration:
    """`imaging.registration.register`, where white light shows its field in a dark surround by what lies within the lit
    field alone; map and sizes are of the whole pictures.

    Where the surround is not that dark the whole pictures are registered, and what lies within the lit field has to
    agree with the map that was found: stray light or a brighter camera make no tissue of the field's edge either. Both
    are cut by the box of the white-light one where they are of one size, else each by its own.
    """
    white, fluorescence = checked_pixels(white, "white light"), checked_pixels(fluorescence, "fluorescence")
    sizes = (white.shape[1], white.shape[0]), (fluorescence.shape[1], fluorescence.shape[0])
    first = lit_box(white)
    second = first if sizes[0] == sizes[1] else lit_box(fluorescence)
    if not dark_surround(white):
        whole = register(white, fluorescence, start=start, ctx=ctx)
        return _checked_within(whole, white, fluorescence, first, second)
    near = None
    if start is not None:
        near = np.linalg.inv(_placed(second)) @ start_map(start, sizes[0]) @ _placed(first)
    part = register(_cut(white, first), _cut(fluorescence, second), start=near, ctx=ctx)
    return of_whole(part, first, second, *sizes)


def _checked_within(found: Registration, white: Pixels, fluorescence: Pixels, first: Box, second: Box) -> Registration:
    """A registration of whole pictures, refused where what lies within the boxes shows other structures."""
    everything = 0, 0, white.shape[1], white.shape[0]
    if found.status is RegistrationStatus.REFUSED or first == everything:
        return found
    part = _of_part(found, first, second)
    if structures_agree(_cut(white, first), _cut(fluorescence, second), part) is Agreement.NO:
        return refused(OTHER_STRUCTURES, found.white_size, found.fluorescence_size)
    return found


def _of_part(whole: Registration, first: Box, second: Box) -> Registration:
    """A registration of whole pictures as one of two that were cut out of them."""
    size, other = (first[2] - first[0], first[3] - first[1]), (second[2] - second[0], second[3] - second[1])
    places = _lattice(size)
    matrix = np.asarray(np.linalg.inv(_placed(second)) @ whole.matrix @ _placed(first), np.float64)
    there = whole.white_to_fluorescence(places + first[:2]) - second[:2]
    return replace(whole, matrix=matrix, nodes=_bend(matrix, places, there), white_size=size, fluorescence_size=other)


def of_whole(part: Registration, first: Box, second: Box, white_size: Size, fluorescence_size: Size) -> Registration:
    """A registration of two cut pictures (`first` of the white-light one, `second` of the other) as one of the whole
    ones, (width, height) each. Beyond the cut the map goes on as it is at its edge."""
    if part.status is RegistrationStatus.REFUSED:
        return replace(part, white_size=white_size, fluorescence_size=fluorescence_size)
    places = _lattice(white_size) - first[:2]
    return replace(
        part,
        matrix=_placed(second) @ part.matrix @ np.linalg.inv(_placed(first)),
        nodes=_bend(part.matrix, places, part.white_to_fluorescence(places)),
        white_size=white_size,
        fluorescence_size=fluorescence_size,
    )


def chained(first: Registration, second: Registration) -> Registration:
    """The map of `first` and then that of `second`, whose white-light picture is the other one of `first`; neither
    refused. The worse status of the two; what both may be off adds up."""
    places = _lattice(first.white_size)
    matrix = np.asarray(second.matrix @ first.matrix, np.float64)
    there = second.white_to_fluorescence(first.white_to_fluorescence(places))
    worse = first if first.status is not RegistrationStatus.OK else second
    return replace(
        worse,
        matrix=matrix,
        nodes=_bend(matrix, places, there),
        error_px=(first.error_px or 0.0) + (second.error_px or 0.0),
        white_size=first.white_size,
        fluorescence_size=second.fluorescence_size,
    )


def _levels(pixels: Pixels) -> tuple[NDArray[np.uint8], float]:
    """Brightness of a small copy, and what counts as bright in it."""
    small = cv2.GaussianBlur(fit(pixels, _SIDE), (0, 0), 2.0)
    level = np.asarray(small.max(axis=2))
    return level, float(np.percentile(level, 95))


def _lattice(size: Size) -> NDArray[np.float64]:
    """N x 2: where the bending of pictures of this size is told, row by row."""
    x, y = np.meshgrid(np.linspace(0, size[0] - 1, _NODES[0]), np.linspace(0, size[1] - 1, _NODES[1]))
    return np.column_stack([x.ravel(), y.ravel()])


def _bend(matrix: Matrix, places: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float32]:
    """The nodes of a registration of this matrix that takes the `places` of the lattice there."""
    back = np.linalg.inv(matrix)
    bend = there @ back[:2, :2].T + back[:2, 2] - places
    return np.asarray(bend.reshape(_NODES[1], _NODES[0], 2), np.float32)


def _placed(box: Box) -> Matrix:
    """3 x 3: pixels of a cut to those of the whole."""
    return np.array([[1.0, 0, box[0]], [0, 1.0, box[1]], [0, 0, 1.0]])


def _cut(pixels: Pixels, box: Box) -> Pixels:
    left, top, right, bottom = box
    return pixels[top:bottom, left:right]


def _filled(lit: Pixels) -> NDArray[np.bool_]:
    """The convex hull of the largest part: the os and blood are dark within it."""
    found, _ = cv2.findContours(lit, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    drawn = np.zeros_like(lit)
    cv2.fillPoly(drawn, [cv2.convexHull(max(found, key=cv2.contourArea))], (1,))
    return drawn > 0


def _largest_within(lit: NDArray[np.bool_]) -> Box:
    """The largest box of the hull's own shape, about its middle, that lies within it."""
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if lit.mean() > _WITHIN:
        return 0, 0, lit.shape[1], lit.shape[0]
    middle = (columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2
    half = (columns[-1] + 1 - columns[0]) / 2, (rows[-1] + 1 - rows[0]) / 2
    for size in np.arange(1.0, _LEAST, -0.02):
        box = _about(middle, half, size)
        if lit[box[1] : box[3], box[0] : box[2]].mean() >= _WITHIN:
            return _about(middle, half, size * (_INNER if size < 1 else 1.0))
    return _about(middle, half, _LEAST)


def _about(middle: tuple[float, float], half: tuple[float, float], size: float) -> Box:
    (x, y), (across, down) = middle, half
    left, top, right, bottom = x - size * across, y - size * down, x + size * across, y + size * down
    return round(left), round(top), max(round(left) + 1, round(right)), max(round(top) + 1, round(bottom))
