"""Contrast-free structure of a picture: where edges are and how they run, whatever their sign or strength.

The two sources differ in contrast, sometimes with inverted sign; what they share is where the os, the squamocolumnar
junction, lesion borders, vessels and folds lie. Structure is the gradient magnitude over its own neighbourhood's
level, so that a dim picture and a bright one look alike, and twice the gradient's angle, which is the same for an
edge from dark to bright and one from bright to dark.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.registration.glare import Image, filled, glare, wide_blur

Planes = NDArray[np.float32]
STRONGEST = 4.0  # times its neighbourhood's level; one hard edge must not outweigh the rest
FINEST = 1.2  # working pixels


@dataclass(frozen=True)
class Structure:
    """Structure of a picture at working size.

    `planes` is h x w x 3 float32: the magnitude m, 0..4, then m cos 2a and m sin 2a with a the gradient's angle;
    `valid` is False where the picture shows nothing (black or glare); `scale_x`, `scale_y` are picture pixels per
    working pixel.
    """

    planes: Planes
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
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    level = cv2.transform(small.astype(np.float32), np.array([[0.25, 0.5, 0.25]], np.float32))
    hole = glare(small)
    # in the logarithm a picture twice as bright has the same gradients
    smooth = cv2.GaussianBlur(filled(np.log1p(level), hole), (0, 0), FINEST)
    along_x, along_y = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    square = along_x * along_x + along_y * along_y
    magnitude = np.sqrt(square) * cv2.GaussianBlur((~hole).astype(np.float32), (0, 0), 1.5)
    around = wide_blur(magnitude.astype(np.float32), side / 24)
    values = np.minimum(magnitude / (around + 0.25 * float(around.mean()) + 1e-4), STRONGEST)
    turned = values / (square + 1e-9)
    planes = cv2.merge([values, (along_x * along_x - along_y * along_y) * turned, 2 * along_x * along_y * turned])
    return Structure(np.asarray(planes, dtype=np.float32), (level > 2) & ~hole, width / size[0], height / size[1])
