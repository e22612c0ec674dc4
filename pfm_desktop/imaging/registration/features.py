"""Contrast-free structure of a picture: where edges are, whatever their sign or strength.

The two sources differ in contrast, sometimes with inverted sign; what they share is where the os, the squamocolumnar
junction, lesion borders, vessels and folds lie. Structure is the gradient magnitude over its own neighbourhood's
level, so that a dim picture and a bright one look alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Structure:
    """Structure of a picture at working size.

    `values` is h x w float32, about 0..4; `valid` is False where the picture shows nothing (black or glare);
    `scale_x`, `scale_y` are picture pixels per working pixel.
    """

    values: Plane
    valid: NDArray[np.bool_]
    scale_x: float
    scale_y: float

    def to_working(self) -> NDArray[np.float64]:
        """3 x 3 matrix, picture pixels to working pixels (pixel centres at whole numbers)."""
        sx, sy = 1.0 / self.scale_x, 1.0 / self.scale_y
        return np.array([[sx, 0, 0.5 * sx - 0.5], [0, sy, 0.5 * sy - 0.5], [0, 0, 1.0]])


def structure(image: Image, *, side: int) -> Structure:
    """Structure of an H x W x 3 uint8 RGB picture, its longer side reduced to `side` pixels."""
    height, width = image.shape[:2]
    factor = min(1.0, side / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    level = small.astype(np.float32) @ np.array([0.25, 0.5, 0.25], np.float32)
    # in the logarithm a picture twice as bright has the same gradients
    smooth = cv2.GaussianBlur(np.log1p(level), (0, 0), 1.2)
    magnitude = cv2.magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    glare = cv2.dilate((small.min(axis=2) > 235).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    magnitude[glare] = 0
    around = cv2.GaussianBlur(magnitude, (0, 0), side / 24)
    values = np.minimum(magnitude / (around + 0.25 * float(around.mean()) + 1e-4), 4.0)
    return Structure(values.astype(np.float32), (level > 2) & ~glare, width / size[0], height / size[1])


def correlation(first: Plane, second: Plane, where: NDArray[np.bool_]) -> float:
    """Pearson correlation of two planes where `where` holds; 0 when there is too little to tell."""
    if int(where.sum()) < 64:
        return 0.0
    a, b = first[where].astype(np.float64), second[where].astype(np.float64)
    a -= a.mean()
    b -= b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / norm) if norm > 1e-9 else 0.0
