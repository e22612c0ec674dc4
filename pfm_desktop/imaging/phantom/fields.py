"""Random streams, the canvas in millimetres, and smooth random fields that do not depend on the picture's size."""

import zlib
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
_Kind = TypeVar("_Kind", bound=np.generic)


def as_field(values: npt.ArrayLike) -> Field:
    """As float32 without a copy where it is one already; for results that OpenCV and numpy type loosely."""
    return np.asarray(values, np.float32)


def stream(seed: int, name: str) -> np.random.Generator:
    """An independent random stream for each (seed, name), so that one part's draws never shift another's."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


def log_normal(rng: np.random.Generator, median: float, log_sd: float) -> float:
    """One draw with this median."""
    return float(median * np.exp(log_sd * rng.standard_normal()))


@dataclass(frozen=True, slots=True)
class Canvas:
    """The white-light picture's pixel grid, widened so that all the fluorescence picture sees lies inside.

    Fields have shape (height, width). "Coarse" fields have one cell for `step` x `step` pixels.
    """

    width: int
    height: int
    left: int
    """Column of the white-light picture's first pixel."""
    top: int
    size: int
    mm_per_px: float
    step: int

    def axis_x(self, *, coarse: bool = False) -> Field:
        """Millimetres right of the white-light picture's centre, one for each column."""
        return self._axis(self.width, self.left, coarse)

    def axis_y(self, *, coarse: bool = False) -> Field:
        """Millimetres below the white-light picture's centre, one for each row."""
        return self._axis(self.height, self.top, coarse)

    def _axis(self, count: int, before: int, coarse: bool) -> Field:
        step = self.step if coarse else 1
        pixel = (np.arange(count // step) + 0.5) * step - 0.5
        return ((pixel - before - (self.size - 1) / 2) * self.mm_per_px).astype(np.float32)

    def grow(self, coarse: Field) -> Field:
        """A coarse field at full resolution."""
        if self.step == 1:
            return coarse
        return as_field(cv2.resize(coarse, (self.width, self.height), interpolation=cv2.INTER_LINEAR))

    def crop(self, full: npt.NDArray[_Kind]) -> npt.NDArray[_Kind]:
        """What the white-light picture sees of a field or mask."""
        return full[self.top : self.top + self.size, self.left : self.left + self.size]


def _spline(axis: Field, spacing: float, count: int) -> tuple[npt.NDArray[np.intp], Field]:
    """Indices and weights (4, n) of the cubic B-spline on a periodic lattice."""
    u = axis.astype(np.float64) / spacing
    base = np.floor(u)
    f = u - base
    weights = np.stack([(1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3]) / 6
    index = (base[None].astype(np.intp) + np.arange(-1, 3)[:, None]) % count
    return index, weights.astype(np.float32)


def noise(
    rng: np.random.Generator,
    canvas: Canvas,
    length_mm: float,
    *,
    coarse: bool = False,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> Field:
    """Smooth random field of mean 0 and sd about 1 with detail of `length_mm`; the same scene at every size of picture.

    Detail finer than the pixels fades as it would in a reduced picture. `stretch` lengthens the detail along x and y.
    """
    pixel = canvas.mm_per_px * (canvas.step if coarse else 1)
    count = int(np.clip(np.ceil(90.0 / length_mm), 24, 420))
    lattice = rng.standard_normal((count, count), dtype=np.float32)
    blur = 1.0 / (1.0 + (0.5 * pixel / length_mm) ** 2)
    ix, wx = _spline(canvas.axis_x(coarse=coarse), length_mm * stretch[0], count)
    iy, wy = _spline(canvas.axis_y(coarse=coarse), length_mm * stretch[1], count)
    across = lattice[:, ix[0]] * wx[0]
    for k in range(1, 4):
        across += lattice[:, ix[k]] * wx[k]
    # 2.08: the B-spline's smoothing takes the lattice's sd of 1 down to 0.48
    wy *= np.float32(2.08 * blur)
    out = across[iy[0]] * wy[0][:, None]
    for k in range(1, 4):
        out += across[iy[k]] * wy[k][:, None]
    return as_field(out)


def smooth(value: Field) -> Field:
    """Smoothstep of values clipped to 0-1."""
    v = np.clip(value, 0, 1)
    return as_field(v * v * (3 - 2 * v))


def inside(level: Field, edge_mm: float | Field, mm_per_px: float) -> Field:
    """Coverage 0-1 from a level in mm (positive inside) with an edge of this width, never sharper than a pixel."""
    width = np.float32(2.2) * np.hypot(edge_mm, np.float32(0.45 * mm_per_px)).astype(np.float32)
    return smooth(as_field(level / width + 0.5))


def spread(field: Field, sd_px: float) -> Field:
    """Gaussian blur; nothing where it would stay within a pixel."""
    if sd_px < 0.3:
        return field
    return as_field(cv2.GaussianBlur(field, (0, 0), sd_px, borderType=cv2.BORDER_REFLECT_101))
