"""Where the fluorescence picture may lie when it moved far: rotation, scale and translation tried on small pictures."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np

from pfm_desktop.imaging.registration.levels import Level, Matrix, draw

ANGLES = (-24.0, -16.0, -8.0, 0.0, 8.0, 16.0, 24.0)  # degrees
SCALES = (0.78, 0.88, 1.0, 1.13, 1.28)
KEPT = 5
TEMPLATE = 6  # a border of one in so many of the drawn picture is left out of the template


def starts(level: Level, still: Matrix) -> list[Matrix]:
    """The `KEPT` best maps by normalised correlation of the structures, working pixels; `still` is no motion."""
    height, width = level.x.shape
    pad = max(height, width) // 2
    smooth = cv2.GaussianBlur(level.white, (0, 0), 0.7)
    smooth -= np.asarray(cv2.mean(smooth)[:3], dtype=np.float32)
    ground = cv2.copyMakeBorder(smooth, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    y0, y1, x0, x1 = (height // TEMPLATE, height - height // TEMPLATE, width // TEMPLATE, width - width // TEMPLATE)
    rows, columns = level.fluorescence_valid.shape
    centre = (columns * level.factor - 1) / 2, (rows * level.factor - 1) / 2
    found: list[tuple[float, Matrix]] = []
    for angle, scale in product(ANGLES, SCALES):
        turned = np.vstack([cv2.getRotationMatrix2D(centre, angle, scale), [0, 0, 1]]) @ still
        drawn = cv2.GaussianBlur(draw(level, turned).planes, (0, 0), 0.7)[y0:y1, x0:x1]
        fits = cv2.matchTemplate(ground, np.ascontiguousarray(drawn), cv2.TM_CCOEFF_NORMED)
        for _ in range(2):
            _, peak, _, (px, py) = cv2.minMaxLoc(fits)
            # the template cut at (x0, y0) fits the white-light picture at (px - pad, py - pad)
            shift = np.eye(3)
            shift[:2, 2] = level.factor * (x0 - (px - pad)), level.factor * (y0 - (py - pad))
            found.append((float(peak), turned @ shift))
            fits[max(0, py - 3) : py + 4, max(0, px - 3) : px + 4] = -1
    found.sort(key=lambda one: -one[0])
    return [matrix for _, matrix in found[:KEPT]]
