"""How tissue and camera move between the two shots: a similarity and a smooth bend, exactly invertible."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pfm_desktop.imaging.phantom.fields import Field, Mask, log_normal, stream
from pfm_desktop.imaging.phantom.parameters import PARAMETERS

_WAVES = 12
_CELLS = 64
_PAD = 3
_CLOSE_MM = 2e-5


@dataclass(frozen=True, slots=True)
class Displacement:
    """A fluorescence point p (mm from the picture's centre) lies in white light at `matrix @ p + shift + bend(p)`."""

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
        turned: npt.NDArray[np.float64] = np.einsum("ij,...j->...i", self.matrix, points)
        return turned + self.shift + self.bend(points)

    def to_fluorescence(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Inverse of `to_white` by fixed-point iteration; the bend's slope is far below 1, so it converges."""
        inverse = np.linalg.inv(self.matrix)
        guess: npt.NDArray[np.float64] = np.einsum("ij,...j->...i", inverse, points - self.shift)
        for _ in range(40):
            before = guess
            guess = np.einsum("ij,...j->...i", inverse, points - self.shift - self.bend(guess))
            if float(np.abs(guess - before).max()) < _CLOSE_MM:
                break
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


def _enlarge(coarse: Field, step: int, size: int) -> Field:
    """Padded lattice values (n, n, 2) at every pixel, by Catmull-Rom, which keeps linear and quadratic maps exact.

    OpenCV's own cubic does not, and costs a sixth of a pixel here.
    """
    u = (np.arange(size) + 0.5) / step - 0.5 + _PAD
    base = np.floor(u).astype(np.intp)
    f = u - base
    weights = np.stack(
        [
            -0.5 * f + f**2 - 0.5 * f**3,
            1 - 2.5 * f**2 + 1.5 * f**3,
            0.5 * f + 2 * f**2 - 1.5 * f**3,
            -0.5 * f**2 + 0.5 * f**3,
        ]
    ).astype(np.float32)
    across = np.zeros((coarse.shape[0], size, 2), np.float32)
    for k in range(4):
        across += coarse[:, base + k - 1] * weights[k][None, :, None]
    out = np.zeros((size, size, 2), np.float32)
    for k in range(4):
        out += across[base + k - 1] * weights[k][:, None, None]
    return out


def maps(displacement: Displacement, size: int, mm_per_px: float) -> tuple[Field, Field]:
    """`white_to_fluorescence` and `fluorescence_to_white`, each (size, size, 2) float32 pixels, x then y."""
    grid, step = _grid(size)
    centre = (size - 1) / 2
    mm = (grid - centre) * mm_per_px
    yy, xx = np.mgrid[0:size, 0:size].astype(np.float32)
    own = np.stack([xx, yy], -1)

    def dense(mapped: npt.NDArray[np.float64]) -> Field:
        offset = (mapped / mm_per_px + centre - grid).astype(np.float32)
        return own + _enlarge(offset, step, size)

    return dense(displacement.to_fluorescence(mm)), dense(displacement.to_white(mm))


def overlap(white_to_fluorescence: Field) -> Mask:
    """White-light pixels that the fluorescence picture also shows."""
    size = white_to_fluorescence.shape[0]
    out: Mask = np.all((white_to_fluorescence >= 0) & (white_to_fluorescence <= size - 1), axis=-1)
    return out
