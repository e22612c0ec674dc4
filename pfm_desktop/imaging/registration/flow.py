"""The smooth part: how tissue bent between the two pictures, as a displacement field without folds."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.registration.features import Plane

Field = NDArray[np.float32]

SIGMA = 14.0  # working pixels; tissue bends over millimetres, so finer motion is noise
FOLD_LIMIT = 0.35  # smallest Jacobian determinant let through


@dataclass(frozen=True)
class Flow:
    """`field` (h x w x 2, working pixels): the white-light point p shows what the drawn fluorescence shows at p + u.

    `disagreement` is h x w, how far forward and backward flow are apart; `support` 0..1, how much structure there is.
    """

    field: Field
    disagreement: Plane
    support: Plane


def smooth_flow(white: Plane, drawn: Plane, valid: NDArray[np.bool_]) -> Flow:
    """Flow between two structures of one frame, h x w each, from dense inverse search both ways.

    Displacements count where both directions agree and where there is structure, and are carried from there over the
    rest by normalised convolution.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(1)
    first, second = _as_bytes(white), _as_bytes(drawn)
    there = search.calc(first, second, np.zeros((*first.shape, 2), np.float32))
    back = search.calc(second, first, np.zeros((*first.shape, 2), np.float32))
    grid_x, grid_y = _grid(first.shape)
    returned = there + cv2.remap(back, grid_x + there[..., 0], grid_y + there[..., 1], cv2.INTER_LINEAR)
    apart = np.hypot(returned[..., 0], returned[..., 1]).astype(np.float32)
    weight = (np.exp(-(apart**2)) * (np.minimum(white, drawn) + 0.1) * valid).astype(np.float32)
    density = _blur(weight)
    field = np.dstack([_blur(there[..., axis] * weight) / (density + 0.02) for axis in (0, 1)])
    return Flow(without_folds(field.astype(np.float32)), apart, np.minimum(density / 0.5, 1.0))


def without_folds(field: Field) -> Field:
    """The field, damped until its Jacobian determinant stays above `FOLD_LIMIT` everywhere."""
    for _ in range(12):
        if float(jacobian(field).min()) > FOLD_LIMIT:
            return field
        field = (cv2.GaussianBlur(field, (0, 0), SIGMA / 2) * 0.8).astype(np.float32)
    return np.zeros_like(field)


def jacobian(field: Field) -> Plane:
    """Determinant of the derivative of p + u(p), h x w; above 0 means no fold."""
    if min(field.shape[:2]) < 2:
        return np.ones(field.shape[:2], np.float32)
    dx_dy, dx_dx = np.gradient(field[..., 0])
    dy_dy, dy_dx = np.gradient(field[..., 1])
    return np.asarray((1 + dx_dx) * (1 + dy_dy) - dx_dy * dy_dx, dtype=np.float32)


def _as_bytes(plane: Plane) -> NDArray[np.uint8]:
    return np.clip(cv2.GaussianBlur(plane, (0, 0), 1.0) * 70, 0, 255).astype(np.uint8)


def _blur(plane: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(np.ascontiguousarray(plane, dtype=np.float32), (0, 0), SIGMA), dtype=np.float32)


def _grid(shape: tuple[int, ...]) -> tuple[Plane, Plane]:
    grid_y, grid_x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    return grid_x, grid_y
