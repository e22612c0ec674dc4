"""How tissue and camera move between the white-light and the fluorescence shot: a similarity and a smooth bend, exactly invertible."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pfm_desktop.imaging.phantom.fields import Field, Mask, log_normal, stream
from pfm_desktop.imaging.phantom.parameters import PARAMETERS

_WAVES = 12
_CELLS = 64
_PAD = 3


@dataclass(frozen=True, slots=True)
class Displacement:
    """A point p (mm from the fluorescence picture's centre) is seen in white light at `matrix @ p + shift + bend(p)`."""

    gap_s: float
    matrix: npt.NDArray[np.float64]
    shift: npt.NDArray[np.float64]
    waves: npt.NDArray[np.float64]
    """(2 axes, waves, 4): wave vector x and y in rad/mm, phase, amplitude in mm."""
    bend_rms_mm: float
    jumped: bool

    def bend(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Smooth displacement in mm at `points` (..., 2) in mm."""
        out = np.zeros_like(points)
        for axis in range(2):
            for kx, ky, phase, amplitude in self.waves[axis]:
                out[..., axis] += amplitude * np.cos(kx * points[..., 0] + ky * points[..., 1] + phase)
        return out

    def to_white(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Fluorescence points (..., 2) in mm to white-light ones."""
        # einsum without BLAS: the same sums on every thread count
        return np.einsum("ij,...j->...i", self.matrix, points) + self.shift + self.bend(points)

    def to_fluorescence(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Inverse of `to_white` by fixed-point iteration; the bend's slope is far below 1, so it converges."""
        inverse = np.linalg.inv(self.matrix)
        guess = np.einsum("ij,...j->...i", inverse, points - self.shift)
        for _ in range(10):
            guess = np.einsum("ij,...j->...i", inverse, points - self.shift - self.bend(guess))
        return guess


def draw(seed: int, *, extra_shift: npt.NDArray[np.float64] | None = None) -> Displacement:
    """The displacement of this seed; `extra_shift` (2,) in mm is added (used for too little overlap)."""
    p = PARAMETERS.motion
    rng = stream(seed, "motion")
    gap = float(np.clip(log_normal(rng, p.gap_s[0], p.gap_s[1]), p.gap_s[2], p.gap_s[3]))
    shift = rng.standard_normal(2) * p.walk_mm * np.sqrt(gap) * np.array([1.0, p.vertical])
    jump = rng.standard_normal(2) * p.jump_mm
    jumped = bool(rng.random() < p.jump)
    shift = shift + jump * jumped
    if extra_shift is not None:
        shift = shift + extra_shift
    scale = 1 + p.scale_sd * rng.standard_normal()
    angle = np.deg2rad(p.rotation_deg * rng.standard_normal())
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    rms = float(abs(rng.standard_normal()) * p.bend_mm)
    length = rng.uniform(*p.bend_length_mm)
    waves = np.empty((2, _WAVES, 4))
    waves[..., :2] = rng.standard_normal((2, _WAVES, 2)) / length
    waves[..., 2] = rng.uniform(0, 2 * np.pi, (2, _WAVES))
    waves[..., 3] = rms * np.sqrt(2 / _WAVES) / np.sqrt(2)  # rms of the vector, both axes together
    return Displacement(gap, matrix, shift, waves, rms, jumped)


def _grid(size: int) -> tuple[npt.NDArray[np.float64], int]:
    """Pixel coordinates (n, n, 2) of a padded coarse lattice over the picture, and its spacing."""
    step = max(1, size // _CELLS)
    cells = -(-size // step)
    axis = (np.arange(-_PAD, cells + _PAD) + 0.5) * step - 0.5
    xx, yy = np.meshgrid(axis, axis)
    return np.stack([xx, yy], -1), step


def maps(displacement: Displacement, size: int, mm_per_px: float) -> tuple[Field, Field]:
    """`white_to_fluorescence` and `fluorescence_to_white`, each (size, size, 2) float32 pixels, x then y."""
    grid, step = _grid(size)
    centre = (size - 1) / 2
    mm = (grid - centre) * mm_per_px
    yy, xx = np.mgrid[0:size, 0:size].astype(np.float32)
    own = np.stack([xx, yy], -1)

    def dense(mapped: npt.NDArray[np.float64]) -> Field:
        offset = (mapped / mm_per_px + centre - grid).astype(np.float32)
        side = offset.shape[0] * step
        full = cv2.resize(offset, (side, side), interpolation=cv2.INTER_CUBIC)
        out: Field = own + full[_PAD * step : _PAD * step + size, _PAD * step : _PAD * step + size]
        return out

    return dense(displacement.to_fluorescence(mm)), dense(displacement.to_white(mm))


def overlap(white_to_fluorescence: Field) -> Mask:
    """White-light pixels that the fluorescence picture also shows."""
    size = white_to_fluorescence.shape[0]
    out: Mask = np.all((white_to_fluorescence >= 0) & (white_to_fluorescence <= size - 1), axis=-1)
    return out
