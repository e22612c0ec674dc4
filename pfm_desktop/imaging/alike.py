"""Pictures that are nearly the same: one that was compressed again, scaled, or cropped at its edges by some percent.

Two steps. A hash of 63 bits (signs of low cosine frequencies, without slow light) of the picture and of windows within
it finds what may be alike among many; then the middle of one is looked for in the other at several scales. Another shot
of the same tissue is found where little moved in between. Turned or mirrored ones are not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.compose import fit

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Hashes = NDArray[np.uint64]
SMALL = 96  # longer side, pixels, at which two pictures are compared
_HASHED = 32
# top, bottom, left and right share that a crop may have taken; the first is the whole picture
_WINDOWS = (
    (0.0, 0.0, 0.0, 0.0),
    (0.03, 0.03, 0.03, 0.03),
    (0.06, 0.06, 0.06, 0.06),
    (0.09, 0.09, 0.09, 0.09),
    (0.08, 0.0, 0.0, 0.0),
    (0.0, 0.08, 0.0, 0.0),
    (0.0, 0.0, 0.08, 0.0),
    (0.0, 0.0, 0.0, 0.08),
    (0.08, 0.0, 0.08, 0.0),
    (0.08, 0.0, 0.0, 0.08),
    (0.0, 0.08, 0.08, 0.0),
    (0.0, 0.08, 0.0, 0.08),
)
_MOST_BITS = 14  # of 63 in which the hashes of what is alike may differ
_LEAST = 0.90  # correlation of the middle of one with its place in the other
_AROUND = 0.19  # share at each edge of what is looked for that is left out
_FLAT = 1e-2  # standard deviation in grey levels under which there is nothing to compare
_SCALES = np.geomspace(0.8, 1.25, 19)
_AT_ONCE = 512  # rows of the table of distances


@dataclass(frozen=True, eq=False)
class Look:
    """What is kept of a picture to compare it: `hashes` of its windows, and `small`, at most 96 pixels, of float32."""

    hashes: Hashes
    small: Floats


def look_of(pixels: Pixels) -> Look:
    """Of a picture H x W x 3 uint8 RGB, of any size."""
    grey = cv2.cvtColor(fit(pixels, 4 * SMALL), cv2.COLOR_RGB2GRAY).astype(np.float32)
    hashes = np.array([_hash(_window(grey, *taken)) for taken in _WINDOWS], np.uint64)
    return Look(hashes, _detail(_reduced(grey, SMALL)))


def alike(first: Look, second: Look) -> bool:
    """Whether one picture is the other one, as described above."""
    return likeness(first, second) >= _LEAST


def likeness(first: Look, second: Look) -> float:
    """Correlation, -1 to 1, of the middle of each with its best place in the other; the higher of the two."""
    return max(_found(first.small, second.small), _found(second.small, first.small))


def candidates(looks: Sequence[Look], others: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Places of pictures that may be alike, the smaller one first. `others`: of whom each is; of one, none are."""
    if len(looks) < 2:
        return
    hashes = np.stack([look.hashes for look in looks])
    whose = np.asarray(others)
    for start in range(0, len(looks), _AT_ONCE):
        stop = min(start + _AT_ONCE, len(looks))
        nearest = _nearest(hashes[start:stop], hashes)
        near = (nearest <= _MOST_BITS) & (whose[start:stop, None] != whose[None, :])
        for row, column in np.argwhere(near):
            if start + row < column:
                yield int(start + row), int(column)


def _nearest(rows: Hashes, all_of: Hashes) -> NDArray[np.uint8]:
    """Fewest bits between the whole of one and any window of the other, of each row and all."""
    least = np.full((len(rows), len(all_of)), 64, np.uint8)
    for window in range(rows.shape[1]):
        for one, other in ((rows[:, 0], all_of[:, window]), (rows[:, window], all_of[:, 0])):
            np.minimum(least, np.bitwise_count(one[:, None] ^ other[None, :]), out=least)
    return least


def _window(grey: Floats, top: float, bottom: float, left: float, right: float) -> Floats:
    height, width = grey.shape
    return grey[
        round(height * top) : height - round(height * bottom), round(width * left) : width - round(width * right)
    ]


def _hash(grey: Floats) -> np.uint64:
    square = cv2.resize(grey, (_HASHED, _HASHED), interpolation=cv2.INTER_AREA)
    square = square - cv2.GaussianBlur(square, (0, 0), 8.0)  # light and vignette are of the device, not of the picture
    bits = (cv2.dct(square)[:8, :8].ravel()[1:] > 0).astype(np.uint64)
    return np.uint64((bits << np.arange(len(bits), dtype=np.uint64)).sum())


def _reduced(grey: Floats, longest: int) -> Floats:
    height, width = grey.shape
    scale = longest / max(height, width)
    size = max(8, round(width * scale)), max(8, round(height * scale))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)


def _detail(grey: Floats) -> Floats:
    """Without what two pictures of different women share, slow changes of light, and without noise."""
    fine = cv2.GaussianBlur(grey, (0, 0), 0.7) - cv2.GaussianBlur(grey, (0, 0), 6.0)
    spread = float(fine.std())
    return np.asarray(fine / spread if spread > _FLAT else np.zeros_like(fine), np.float32)


def _found(small: Floats, where: Floats) -> float:
    template = _window(small, _AROUND, _AROUND, _AROUND, _AROUND)
    best = -1.0
    if not template.any() or not where.any():
        return best
    for scale in _SCALES:
        size = max(8, round(template.shape[1] * scale)), max(8, round(template.shape[0] * scale))
        if size[0] > where.shape[1] or size[1] > where.shape[0]:
            continue
        part = cv2.resize(template, size, interpolation=cv2.INTER_LINEAR)
        best = max(best, float(cv2.matchTemplate(where, part, cv2.TM_CCOEFF_NORMED).max()))
    return best
