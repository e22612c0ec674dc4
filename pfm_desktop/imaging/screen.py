"""A picture as a screen wants it: four bytes a pixel, and its halves."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def screen_levels(rgb: Pixels, table: Pixels | None = None, *, smallest: int) -> tuple[Pixels, ...]:
    """The picture and its halves, each h x w x 4 uint8 (blue, green, red, 255), until neither side is over `smallest`.

    `rgb` is H x W x 3 uint8; its brightness is passed through a `table` of 256 values if one is given. OpenCV leaves
    the other threads free meanwhile, which Qt's own scaling does not.
    """
    levels = [cv2.cvtColor(rgb if table is None else cv2.LUT(rgb, table), cv2.COLOR_RGB2BGRA)]
    while max(levels[-1].shape[:2]) > smallest:
        height, width = levels[-1].shape[:2]
        size = max(1, width // 2), max(1, height // 2)
        levels.append(cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA))
    return tuple(np.asarray(level, dtype=np.uint8) for level in levels)


def reduced(rgb: Pixels, width: int, height: int) -> Pixels:
    """The H x W x 3 picture as large as it fits into `width` x `height`, aspect kept; enlarged where it is smaller."""
    share = min(width / rgb.shape[1], height / rgb.shape[0])
    size = max(1, round(rgb.shape[1] * share)), max(1, round(rgb.shape[0] * share))
    way = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(rgb, size, interpolation=way), dtype=np.uint8)
