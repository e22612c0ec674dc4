"""A live frame as the screen shows it: a part of it, in the size of the view, perhaps through a green filter."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.geometry import Matrix
from pfm_desktop.imaging.screen import in_green

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels of the frame
MOST_ZOOM = 8.0


def box_of(width: int, height: int, view: tuple[int, int], *, zoom: float, centre: tuple[float, float]) -> Box:
    """The part of a frame that a view of `view` (width, height) pixels shows.

    `zoom` 1 is all of it; `centre` (x, y from 0 to 1 of the frame) is moved so that nothing beyond it shows in vain.
    """
    zoom = min(max(zoom, 1.0), MOST_ZOOM)
    scale = min(view[0] / width, view[1] / height) * zoom
    seen = min(width, view[0] / scale), min(height, view[1] / scale)
    left = min(max(centre[0] * width - seen[0] / 2, 0.0), width - seen[0])
    top = min(max(centre[1] * height - seen[1] / 2, 0.0), height - seen[1])
    return left, top, left + seen[0], top + seen[1]


def size_of(box: Box, view: tuple[int, int]) -> tuple[int, int]:
    """Width and height, pixels of the view, in which it is drawn: as large as fits."""
    scale = min(view[0] / (box[2] - box[0]), view[1] / (box[3] - box[1]))
    return max(1, round((box[2] - box[0]) * scale)), max(1, round((box[3] - box[1]) * scale))


def drawn(pixels: Pixels, view: tuple[int, int], *, box: Box, green: bool = False) -> Pixels:
    """The part `box` of a frame (H x W x 3 uint8 RGB) as it is drawn in a view of `view` (width, height) pixels.

    Bilinear, after halving by areas for as long as it is made to half or less: one or two milliseconds, where areas of
    another size than two pixels take eleven of the processor. `green`: what red-free light shows, as grey in green's
    colour, for looking only.
    """
    size = size_of(box, view)
    left, top, right, bottom = box
    part = pixels[int(top) : max(int(top) + 1, round(bottom)), int(left) : max(int(left) + 1, round(right))]
    if green:
        part = np.ascontiguousarray(part[:, :, 1])
    while part.shape[1] >= 2 * size[0] and part.shape[0] >= 2 * size[1]:
        half = part.shape[1] // 2, part.shape[0] // 2
        part = cv2.resize(part[: 2 * half[1], : 2 * half[0]], half, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    drawn = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    return in_green(drawn) if green else drawn


def ghost(earlier: Pixels, size: tuple[int, int], *, matrix: Matrix | None = None) -> Pixels:
    """An earlier picture as a frame of `size` (width, height), as large as fits, to be laid over the live one.

    `matrix` (3 x 3, pixels of the earlier picture to those of the frame) places it otherwise.
    """
    height, width = earlier.shape[:2]
    if matrix is None:
        share = min(size[0] / width, size[1] / height)
        matrix = np.array(
            [[share, 0, (size[0] - share * width) / 2], [0, share, (size[1] - share * height) / 2], [0, 0, 1]]
        )
    return np.asarray(cv2.warpAffine(earlier, np.asarray(matrix, np.float64)[:2], size), np.uint8)
