"""The scale of this workstation's device: measured on a picture of a scale, and kept with the device."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging import scale
from pfm_desktop.services.capture import config as devices

if TYPE_CHECKING:
    from pfm_desktop.jobs import Context
    from pfm_desktop.services.capture.config import DeviceConfig

Point = tuple[float, float]


@dataclass(frozen=True)
class Calibration:
    """`mm_per_px` in frames of `width` x `height` pixels. `points` (x, y) on which it was measured.

    `squares` across and down, and by how much their sides differ (`spread`, of their mean), where it was a board;
    () and None for two points.
    """

    mm_per_px: float
    width: int
    points: tuple[Point, ...]
    squares: tuple[int, ...] = ()
    spread: float | None = None
    height: int = 0

    @property
    def field_mm(self) -> float:
        """How wide the picture is."""
        return self.mm_per_px * self.width

    @property
    def apart(self) -> float:
        """Pixels between the first and the last of the points."""
        (x, y), (u, v) = self.points[0], self.points[-1]
        return math.hypot(u - x, v - y)


def by_board(_ctx: Context, pixels: NDArray[np.uint8], square_mm: float) -> Calibration:
    """Job: by a board of squares on the picture (H x W x 3 uint8 RGB). Raises `BadInputError`."""
    found = scale.checkerboard(pixels, square_mm)
    points = tuple((float(x), float(y)) for x, y in found.corners)
    return Calibration(found.mm_per_px, found.size[0], points, found.squares, found.spread, found.size[1])


def by_points(pixels: NDArray[np.uint8], points: tuple[Point, Point], mm: float) -> Calibration:
    """By two points that lie `mm` apart. Raises `BadInputError`."""
    made = scale.scale_from_picture(pixels, points, mm)
    return Calibration(made, pixels.shape[1], points, height=pixels.shape[0])


def with_scale(config: DeviceConfig, made: Calibration) -> DeviceConfig:
    """A device with this scale."""
    return replace(config, mm_per_px=made.mm_per_px, calibrated_width=made.width, calibrated_height=made.height)


def keep(made: Calibration) -> None:
    """Keep it with the device of this workstation; raises `StorageError` when the disk does not take it."""
    devices.save(with_scale(devices.load(), made))
