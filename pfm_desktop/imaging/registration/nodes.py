"""What the pictures say about motion, gathered at the nodes of a grid.

Around every node the squared difference of the two structures is taken as a quadratic in the displacement there
(Lucas and Kanade 1981, with the slopes of both pictures). Pixels that fit badly where structure is strong weigh less.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.registration.features import Planes
from pfm_desktop.imaging.registration.levels import Drawn, Level, Plane, slopes

STEP = 24  # working pixels between nodes
REACH = 12.0  # working pixels, sigma of what counts to a node
Terms = NDArray[np.float64]  # rows x cols x 5: a_xx, a_xy, a_yy, b_x, b_y of a u = b, in working pixels

RELATED = 64.0  # so many neighbouring pixels say one independent thing


def grid_shape(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of nodes over a working picture, its corners included."""
    return max(4, round(height / STEP) + 1), max(4, round(width / STEP) + 1)


def terms(level: Level, drawn: Drawn, shape: tuple[int, int]) -> Terms:
    """Normal equations at the nodes for the displacement that remains between `level.white` and `drawn`."""
    dx, dy = slopes(drawn.planes)
    dx, dy = (dx + level.dx) * np.float32(0.5), (dy + level.dy) * np.float32(0.5)
    rest = level.white - drawn.planes
    squared = _sum(rest * rest)
    weight = _trust(squared, drawn.seen)
    noise = float((squared * weight).sum()) / (3 * float(weight.sum()) + 1e-6) + 1e-4
    weight *= np.float32(1 / (noise * RELATED))
    pairs = ((dx, dx), (dx, dy), (dy, dy), (dx, rest), (dy, rest))
    values = np.dstack([_at_nodes(_sum(a * b) * weight, level.factor, shape) for a, b in pairs])
    values *= STEP * STEP
    values[..., :3] /= level.factor**2
    values[..., 3:] /= level.factor
    return values


def _at_nodes(plane: Plane, factor: int, shape: tuple[int, int]) -> NDArray[np.float64]:
    """The plane's mean around every node, within `REACH`."""
    height, width = plane.shape
    less = max(1, 8 // factor)  # blurred and read at an eighth of the working size
    columns, rows = max(1, width // less), max(1, height // less)
    small = cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_AREA) if less > 1 else plane
    blurred = cv2.GaussianBlur(small, (0, 0), max(1.0, REACH / (factor * less)))
    x = np.tile(np.linspace(0, columns - 1, shape[1], dtype=np.float32), (shape[0], 1))
    y = np.tile(np.linspace(0, rows - 1, shape[0], dtype=np.float32)[:, None], (1, shape[1]))
    return np.asarray(cv2.remap(blurred, x, y, cv2.INTER_LINEAR), dtype=np.float64)


def _trust(squared: Plane, seen: Plane) -> Plane:
    """Geman-McClure weights on the smoothed difference."""
    near = cv2.GaussianBlur(squared, (0, 0), 1.5)
    inside = near[seen > 0.5]
    usual = 3 * float(np.median(inside)) + 1e-6 if inside.size else 1.0
    root = 1 + near / np.float32(usual)
    return np.asarray(seen * 4 / (root * root), dtype=np.float32)


def _sum(planes: Planes) -> Plane:
    return np.asarray(cv2.transform(planes, np.ones((1, 3), np.float32)), dtype=np.float32)
