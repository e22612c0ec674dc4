"""Glare: wet tissue mirrors the lamp, and the mirror image moves with the lamp and not with the tissue."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Plane = NDArray[np.float32]

SATURATED = 235  # of the least of the three channels: glare is white
STANDS_OUT = 1.25, 18.0  # glints: the least channel above this many times, plus this, of its neighbourhood's median
REACH = 4.0, 16.0  # working pixels from which a hole is filled, near and, where near has nothing, far


def glare(small: Image) -> NDArray[np.bool_]:
    """Where an h x w x 3 uint8 RGB picture shows the lamp and not the tissue, with a rim of two pixels."""
    least = np.ascontiguousarray(small.min(axis=2))
    height, width = least.shape
    coarse = cv2.resize(least, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    around = cv2.resize(cv2.medianBlur(coarse, 9), (width, height)).astype(np.float32)
    times, plus = STANDS_OUT
    found = (least > around * times + plus) | (least > SATURATED)
    return cv2.dilate(found.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0


def filled(plane: Plane, hole: NDArray[np.bool_]) -> Plane:
    """`plane` with its holes filled smoothly from around, so that they leave no edge."""
    kept = (~hole).astype(np.float32)
    value, weight = np.full_like(plane, 1e-4 * float(plane.mean())), np.full_like(plane, 1e-4)
    for sigma, share in zip(REACH, (1.0, 0.05), strict=True):
        value += share * wide_blur(plane * kept, sigma)
        weight += share * wide_blur(kept, sigma)
    return np.where(hole, value / weight, plane).astype(np.float32)


def wide_blur(plane: Plane, sigma: float) -> Plane:
    """Gaussian blur over many pixels, made on a smaller picture."""
    height, width = plane.shape
    factor = max(1, round(sigma / 3))
    size = max(1, width // factor), max(1, height // factor)
    small = cv2.GaussianBlur(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), (0, 0), sigma / factor)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
