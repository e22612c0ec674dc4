"""Pictures that are nearly the same: one that was compressed again, scaled, turned by quarters, mirrored, or cropped.

Two steps. What a picture is like at a glance, as a whole and within windows, finds what may be alike among many, in
eight orientations (`imaging.glance`). Then the middle of one is looked for in the other, in that orientation and at
about the size that the glance says. Another shot of the same tissue is found where little moved in between. What was
turned by 5 degrees or shifted by a tenth is mostly not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.glance import WAYS, WINDOWS, Floats, Window, glances, reduced, turned, window_of

Pixels = NDArray[np.uint8]
SMALL = 96  # longer side, pixels, at which two pictures are compared
_NEAR = 0.70  # correlation of two glances from which pictures may be alike
_LEAST = 0.90  # correlation of the middle of one with its place in the other
# share at each edge of what is looked for that is left out, by the most that the window takes off at an edge: what was
# cropped lies inside the other one as a whole, and of so small a part more is needed to tell women apart
_AROUND = ((0.0, 0.19), (0.10, 0.13), (1.0, 0.08))
_BESIDE = 0.12  # share of the picture by which that place may lie outside the window that the glance says
_FLAT = 1e-2  # standard deviation in grey levels under which there is nothing to compare
_SIZES = 1.028 ** np.array((0, -2, 2, -1, 1, -3, 3))  # of what is looked for, beside the size that the glance says
_FIRST = 3  # sizes after which what is nowhere near is given up
_HOPELESS = 0.6
_TRIES = 3  # ways in which one may lie in the other, the likeliest first
_AT_ONCE = 128  # rows of the table of all with all


@dataclass(frozen=True, eq=False)
class Look:
    """What is kept of a picture to compare it.

    `windows` (25 x 63) and `ways` (8 x 63): glances of its windows, and of the whole in each orientation. `small`:
    grey, at most 96 pixels, of float16 as there may be many.
    """

    windows: Floats
    ways: Floats
    small: NDArray[np.float16]


def look_of(pixels: Pixels) -> Look:
    """Of a picture H x W x 3 uint8 RGB, of any size."""
    grey = cv2.cvtColor(fit(pixels, 4 * SMALL), cv2.COLOR_RGB2GRAY).astype(np.float32)
    windows, ways = glances(grey)
    return Look(windows, ways, reduced(grey, SMALL).astype(np.float16))


def alike(first: Look, second: Look) -> bool:
    """Whether one picture is the other one, as described above."""
    return any(found >= _LEAST for found in _found(first, second))


def likeness(first: Look, second: Look) -> float:
    """Correlation, -1 to 1, of the middle of one with its best place in the other, in whichever orientation."""
    return max(_found(first, second))


def candidates(looks: Sequence[Look], others: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Places of pictures that may be alike, the smaller one first. `others`: of whom each is; of one, none are."""
    if len(looks) < 2:
        return
    windows = np.stack([look.windows for look in looks], axis=1)
    ways = np.stack([look.ways for look in looks], axis=1)
    whose = np.asarray(others)
    for start in range(0, len(looks), _AT_ONCE):
        rows = slice(start, min(start + _AT_ONCE, len(looks)))
        nearest = np.maximum(_nearest(ways[:, rows], windows[:, start:]), _nearest(windows[:, rows], ways[:, start:]))
        near = (nearest >= _NEAR) & (whose[rows, None] != whose[None, start:])
        for row, column in np.argwhere(near):
            if row < column:
                yield start + int(row), start + int(column)


def _nearest(rows: Floats, columns: Floats) -> Floats:
    """Highest correlation of any glance of each row (G x N x 63) with any of each column."""
    best = np.full((rows.shape[1], columns.shape[1]), -1, np.float32)
    for one, other in product(rows, columns):
        np.maximum(best, one @ other.T, out=best)
    return best


def _found(first: Look, second: Look) -> Iterator[float]:
    """How well one is found in the other, in the ways in which that is likeliest; always at least one."""
    likely = []
    for one, other in ((first, second), (second, first)):
        fits = one.ways @ other.windows.T
        likely += [(fits[way].max(), way, WINDOWS[fits[way].argmax()], one, other) for way in range(WAYS)]
    likely.sort(key=lambda way: -way[0])
    for place, (near, way, window, one, other) in enumerate(likely[:_TRIES]):
        if place == 0 or near >= _NEAR:
            yield _found_in(turned(one.small.astype(np.float32), way), other.small.astype(np.float32), window)


def _detail(grey: Floats) -> Floats:
    """Without what two pictures of different women share, slow changes of light, and without noise."""
    fine = cv2.GaussianBlur(grey, (0, 0), 0.7) - cv2.GaussianBlur(grey, (0, 0), 6.0)
    return np.asarray(fine if float(fine.std()) > _FLAT else np.zeros_like(fine), np.float32)


def _found_in(small: Floats, where: Floats, window: Window) -> float:
    """Correlation of the middle of `small` with its best place in `where`, about as large as that window of it."""
    best = -1.0
    around = next(share for most, share in _AROUND if max(window) <= most)
    scale = np.sqrt(window_of(where, window).size / small.size)
    top, bottom, left, right = (max(0.0, share - _BESIDE) for share in window)
    where = window_of(_detail(where), (top, bottom, left, right))
    for tried, size in enumerate(_SIZES * scale):
        if tried == _FIRST and best < _HOPELESS:
            break
        part = _middle(small, size, around)
        if part.any() and where.any() and part.shape[0] <= where.shape[0] and part.shape[1] <= where.shape[1]:
            best = max(best, float(cv2.matchTemplate(where, part, cv2.TM_CCOEFF_NORMED).max()))
    return best


def _middle(small: Floats, size: float, around: float) -> Floats:
    """What is looked for. Its detail is taken after it was scaled: else it would be finer than that of the other."""
    shape = max(8, round(small.shape[1] * size)), max(8, round(small.shape[0] * size))
    part = cv2.resize(small, shape, interpolation=cv2.INTER_AREA if size < 1 else cv2.INTER_LINEAR)
    return window_of(_detail(np.asarray(part, np.float32)), (around, around, around, around))
