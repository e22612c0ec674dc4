"""A pair at several sizes, and the fluorescence structure drawn in the white-light frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.registration.features import Planes, Structure

Plane = NDArray[np.float32]
Matrix = NDArray[np.float64]
Field = NDArray[np.float32]


@dataclass(frozen=True)
class Level:
    """Both structures reduced `factor` times; `dx`, `dy` are derivatives of the white-light planes, per level pixel."""

    factor: int
    white: Planes
    dx: Planes
    dy: Planes
    white_valid: Plane
    fluorescence: Planes
    fluorescence_valid: Plane
    x: Plane
    y: Plane


@dataclass(frozen=True)
class Drawn:
    """Fluorescence planes in the white-light frame, and how far each pixel is seen in both pictures, 0..1."""

    planes: Planes
    seen: Plane


def level_of(white: Structure, fluorescence: Structure, factor: int) -> Level:
    """The pair reduced `factor` times."""
    planes, valid = _reduced(white, factor)
    other, other_valid = _reduced(fluorescence, factor)
    y, x = np.mgrid[0 : planes.shape[0], 0 : planes.shape[1]].astype(np.float32)
    return Level(factor, planes, *slopes(planes), valid, other, other_valid, x, y)


def slopes(planes: Planes) -> tuple[Planes, Planes]:
    """Derivatives along x and y, per pixel."""
    return (
        np.asarray(cv2.Sobel(planes, cv2.CV_32F, 1, 0, scale=0.125), dtype=np.float32),
        np.asarray(cv2.Sobel(planes, cv2.CV_32F, 0, 1, scale=0.125), dtype=np.float32),
    )


def draw(level: Level, matrix: Matrix, field: Field | None = None) -> Drawn:
    """Fluorescence drawn at `matrix` (p + field(p)).

    The matrix is in working pixels, the field, h x w x 2, in level pixels.
    """
    m = at_level(matrix, level.factor).astype(np.float32)
    x, y = (level.x, level.y) if field is None else (level.x + field[..., 0], level.y + field[..., 1])
    map_x, map_y = m[0, 0] * x + m[0, 1] * y + m[0, 2], m[1, 0] * x + m[1, 1] * y + m[1, 2]
    planes = cv2.remap(level.fluorescence, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen = cv2.remap(level.fluorescence_valid, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    # directions turn with the map
    twice = 2 * rotation(matrix)
    cos, sin = math.cos(twice), math.sin(twice)
    turn = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]], np.float32)
    return Drawn(np.asarray(cv2.transform(planes, turn), dtype=np.float32), seen * level.white_valid)


def rotation(matrix: Matrix) -> float:
    """Angle of the map's rotation, radians."""
    return math.atan2(matrix[1, 0] - matrix[0, 1], matrix[0, 0] + matrix[1, 1])


def at_level(matrix: Matrix, factor: float) -> Matrix:
    """The same map between pictures reduced `factor` times (pixel centres at whole numbers)."""
    half = (factor - 1) / 2
    up = np.array([[factor, 0, half], [0, factor, half], [0, 0, 1.0]])
    return np.asarray(np.linalg.inv(up) @ matrix @ up, dtype=np.float64)


def _reduced(one: Structure, factor: int) -> tuple[Planes, Plane]:
    height, width = one.valid.shape
    columns, rows = width // factor, height // factor
    planes, valid = one.planes[: rows * factor, : columns * factor], one.valid[: rows * factor, : columns * factor]
    if factor == 1:
        return np.asarray(cv2.GaussianBlur(planes, (0, 0), 1.0), dtype=np.float32), valid.astype(np.float32)
    return (
        np.asarray(cv2.resize(planes, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.float32),
        np.asarray(cv2.resize(valid.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA), np.float32),
    )
