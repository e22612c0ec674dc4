"""A picture as a screen wants it: four bytes a pixel, and its halves."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def screen_levels(rgb: Pixels, *, smallest: int) -> tuple[Pixels, ...]:
    """The picture and its halves, each h x w x 4 uint8 (blue, green, red, 255), until neither side is over `smallest`.

    `rgb` is H x W x 3 uint8. OpenCV leaves the other threads free meanwhile, which Qt's own scaling does not.
    """
    levels = [cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA)]
    while max(levels[-1].shape[:2]) > smallest:
        height, width = levels[-1].shape[:2]
        size = max(1, width // 2), max(1, height // 2)
        levels.append(cv2.resize(levels[-1], size, interpolation=cv2.INTER_AREA))
    return tuple(np.asarray(level, dtype=np.uint8) for level in levels)


def brightened(rgb: Pixels, table: Pixels) -> Pixels:
    """A copy whose values went through a `table` of 256."""
    return np.asarray(cv2.LUT(np.ascontiguousarray(rgb), table), np.uint8)


def through_green(rgb: Pixels) -> Pixels:
    """What red-free light shows, as grey in green's own hue, as the live picture has it (`imaging.shown`)."""
    return in_green(rgb[..., 1])


def in_green(plane: Pixels) -> Pixels:
    """Grey (h x w uint8) in the hue of green."""
    return np.asarray(cv2.merge([plane // 4, plane, plane // 4]), np.uint8)


CLIP, TILES = 2.0, (8, 8)


def contrasted(rgb: Pixels) -> Pixels:
    """Lightness spread within each part of the picture (contrast limited, CLAHE); hue and saturation stay."""
    lab = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(CLIP, TILES).apply(lab[..., 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def reduced(rgb: Pixels, width: int, height: int) -> Pixels:
    """The H x W x 3 picture as large as it fits into `width` x `height`, aspect kept; enlarged where it is smaller."""
    share = min(width / rgb.shape[1], height / rgb.shape[0])
    size = max(1, round(rgb.shape[1] * share)), max(1, round(rgb.shape[0] * share))
    way = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(rgb, size, interpolation=way), dtype=np.uint8)
