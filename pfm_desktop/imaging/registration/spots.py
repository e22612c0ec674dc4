"""Spots that a registration has in both pictures, as a start for points by hand."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.geometry import Points
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.registration.features import structure
from pfm_desktop.imaging.registration.result import Registration

COLUMNS, ROWS = 3, 2  # one spot in each cell: six let the map bend
WORKING_SIDE = 512
BORDER = 0.08  # of a side: too near to the edge for a person to judge
AROUND = 7  # working pixels over which a corner is one
APART = 0.12  # of the shorter side: two spots side by side say little more than one
LEAST = 0.02  # of the strongest corner; a cell without one is left out


def spots(white: NDArray[np.uint8], found: Registration) -> tuple[Points, Points]:
    """N x 2 white-light pixels on plain corners, spread over what both pictures show, and where `found` puts them.

    `white` is H x W x 3 uint8 RGB, as it was registered. N is six at most, and 0 when `found` is refused.
    """
    empty = np.zeros((0, 2))
    if found.status is RegistrationStatus.REFUSED:
        return empty, empty
    seen = structure(white, side=WORKING_SIDE)
    height, width = seen.valid.shape
    corners = cv2.cornerMinEigenVal(seen.planes[..., 0], AROUND)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    at = np.column_stack([(x.ravel() + 0.5) * seen.scale_x - 0.5, (y.ravel() + 0.5) * seen.scale_y - 0.5])
    there = found.white_to_fluorescence(at)
    limits = np.array(found.fluorescence_size, dtype=np.float64)
    shown = ((there > BORDER * limits) & (there < (1 - BORDER) * limits)).all(axis=1).reshape(height, width)
    shown &= seen.valid & (np.abs(x / width - 0.5) < 0.5 - BORDER) & (np.abs(y / height - 0.5) < 0.5 - BORDER)
    if not shown.any():
        return empty, empty
    rows, columns = np.nonzero(shown)
    least = LEAST * float(corners[shown].max())
    chosen: list[int] = []
    free = shown.copy()
    for bottom, top in _parts(rows, ROWS):
        for left, right in _parts(columns, COLUMNS):
            cell = np.where(free & (y >= bottom) & (y <= top) & (x >= left) & (x <= right), corners, -1)
            best = int(cell.argmax())
            if cell.ravel()[best] > least:
                chosen.append(best)
                free &= np.hypot(x - best % width, y - best // width) >= APART * min(height, width)
    return at[chosen], there[chosen]


def _parts(places: NDArray[np.intp], parts: int) -> list[tuple[float, float]]:
    """The range of `places` in equal parts."""
    edges = np.linspace(places.min(), places.max(), parts + 1)
    return [(float(low), float(high)) for low, high in pairwise(edges)]
