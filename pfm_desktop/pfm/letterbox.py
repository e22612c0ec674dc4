"""A picture of any size and the square that the network sees: where it lies, and what is put into it. No torch here.

A picture is letterboxed: reduced with area averaging, aspect kept, nothing cropped (a cropped rim may hold the lesion).
Padding is marked as not seen. Fluorescence levels differ tenfold between women, so only ratios to a woman's own normal
tissue carry meaning: each fluorescence picture is divided by its own level, see `fluorescence_level`.

`preprocess.py` does the same with torch for training; tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.colours import Colours, matches, moments, nearest
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from torch import Tensor

Pixels = NDArray[np.uint8]
Seen = NDArray[np.bool_]
Singles = NDArray[np.float32]

LEVEL_QUANTILE = 0.75  # of the seen pixels: healthy tissue is the bright part, a lesion the dark part, of fluorescence
LEVEL_FLOOR = 6.0  # of 255: below this there is only noise, which must not be amplified without end
RATIO_LIMIT = 3.0  # ratios to the own level are cut here (glare, keratin)
_TIE = 1e-6  # half is half, whatever the sum was rounded to


@dataclass(frozen=True)
class Letterbox:
    """Where a picture of `height` x `width` pixels lies inside the square of side `size`, in pixels."""

    height: int
    width: int
    size: int
    top: int
    left: int
    inner_height: int
    inner_width: int

    @classmethod
    def fit(cls, height: int, width: int, size: int) -> Letterbox:
        """Largest centred rectangle of the picture's aspect."""
        if height < 1 or width < 1:
            raise BadInputError(tr("the picture has no pixels"), remedy=tr("export it again"))
        scale = size / max(height, width)
        inner_height, inner_width = max(1, round(height * scale)), max(1, round(width * scale))
        return cls(
            height, width, size, (size - inner_height) // 2, (size - inner_width) // 2, inner_height, inner_width
        )

    @property
    def rows(self) -> slice:
        """Rows of the square that show the picture."""
        return slice(self.top, self.top + self.inner_height)

    @property
    def columns(self) -> slice:
        """Columns of the square that show the picture."""
        return slice(self.left, self.left + self.inner_width)

    def inside(self) -> Seen:
        """size x size, True on the picture."""
        mask = np.zeros((self.size, self.size), np.bool_)
        mask[self.rows, self.columns] = True
        return mask

    def cut(self, square: Singles, *, longest: int) -> Singles:
        """A map n x n over the square, bilinear, back to the picture alone: h x w with max(h, w) = `longest`."""
        height, width = self.map_shape(longest)
        cells = square.shape[0]
        enlarging = _enlarging(cells, self.size)
        down = _reducing(self.inner_height, height) @ enlarging[self.rows]
        across = _reducing(self.inner_width, width) @ enlarging[self.columns]
        return np.asarray(down @ square.astype(np.float64) @ across.T, dtype=np.float32)

    def map_shape(self, longest: int) -> tuple[int, int]:
        """Rows and columns of a map over the picture whose longer side is `longest`."""
        scale = longest / max(self.height, self.width)
        return max(1, round(self.height * scale)), max(1, round(self.width * scale))


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation a channel, per source, of what the network was trained on; stored in `model.toml`.

    White light in 0..1; fluorescence in ratios to its own level. `devices`, per source: colours of the devices that a
    model knows, those that its weights learned from first (`pfm.colours`); pictures of the others are matched to them.
    """

    mean: Mapping[str, tuple[float, float, float]]
    std: Mapping[str, tuple[float, float, float]]
    devices: Mapping[str, tuple[Colours, ...]] = field(default_factory=dict)

    def apply(self, source: str, planes: Tensor, seen: Tensor) -> Tensor:
        """N x 3 x S x S intensities (`intensities`), seen N x S x S in 0..1; zero where nothing is seen."""
        mean, std = (planes.new_tensor(part[source])[:, None, None] for part in (self.mean, self.std))
        if (matched := self._matched(source, planes, seen)) is not None:
            matrix, shift = (planes.new_tensor(part) for part in matched)
            mixed = matrix @ planes.flatten(2) + shift[:, :, None]
            planes = mixed.clip(0, _most(source)).reshape(planes.shape)
        return (planes - mean) / std * seen[:, None]

    def picture(self, source: str, square: Pixels, seen: Seen) -> Singles:
        """S x S x 3 uint8 and seen S x S to 3 x S x S for the network: the same in numpy."""
        planes = np.ascontiguousarray(square.transpose(2, 0, 1)).astype(np.float32)
        if source == Source.FLUORESCENCE:
            planes = np.minimum(planes / np.float32(fluorescence_level(square, seen)), np.float32(RATIO_LIMIT))
        else:
            planes /= np.float32(255)
        if (matched := self._matched(source, planes[None], seen[None])) is not None:
            matrix, shift = (part[0].astype(np.float32) for part in matched)
            mixed = matrix @ planes.reshape(3, -1) + shift[:, None]
            planes = mixed.clip(0, np.float32(_most(source))).reshape(planes.shape)
        mean, std = (np.array(part[source], np.float32)[:, None, None] for part in (self.mean, self.std))
        return np.asarray((planes - mean) / std * seen, dtype=np.float32)

    def _matched(self, source: str, planes: Any, seen: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """By picture what matches its colours, N x 3 x 3 and N x 3; None where no picture is of another device."""
        devices = self.devices.get(source, ())
        if len(devices) < 2:
            return None
        of = nearest(devices, moments(planes, seen))
        if not of.any():
            return None
        known = matches(devices)
        return np.stack([known[one].matrix for one in of]), np.stack([known[one].shift for one in of])

    @classmethod
    def default(cls) -> Normalisation:
        """ImageNet's for white light (as public FasterNet weights expect), plain for fluorescence."""
        white, fluorescence = str(Source.WHITE), str(Source.FLUORESCENCE)
        return cls(
            {white: (0.485, 0.456, 0.406), fluorescence: (0.6, 0.6, 0.6)},
            {white: (0.229, 0.224, 0.225), fluorescence: (0.4, 0.4, 0.4)},
        )


def _most(source: str) -> float:
    return RATIO_LIMIT if source == Source.FLUORESCENCE else 1.0


def squared(picture: Pixels, size: int) -> tuple[Pixels, Letterbox]:
    """H x W x 3 uint8 to size x size x 3 uint8 and where it lies. Within one level of `preprocess.letterbox`."""
    check_pixels(picture)
    box = Letterbox.fit(picture.shape[0], picture.shape[1], size)
    inner: Pixels = np.ascontiguousarray(picture)
    if picture.shape[:2] != (box.inner_height, box.inner_width):
        small = Image.fromarray(inner).resize((box.inner_width, box.inner_height), Image.Resampling.BILINEAR)
        inner = np.asarray(small)
    square = np.zeros((size, size, 3), np.uint8)
    square[box.rows, box.columns] = inner
    return square, box


def squared_mask(mask: Seen, box: Letterbox) -> Seen:
    """H x W bool to size x size bool; a reduced pixel is seen when at least half of it was."""
    check_mask(mask, box)
    plane = Image.fromarray(np.ascontiguousarray(mask).astype(np.float32))
    reduced = np.asarray(plane.resize((box.inner_width, box.inner_height), Image.Resampling.BILINEAR))
    out = np.zeros((box.size, box.size), np.bool_)
    out[box.rows, box.columns] = reduced >= 0.5 - _TIE
    return out


def covered_cells(seen: Seen, grid: int) -> Singles:
    """Seen pixels S x S to the share seen of each cell, grid x grid; S is a multiple of the grid."""
    side = seen.shape[0] // grid
    shares: Singles = seen.reshape(grid, side, grid, side).mean(axis=(1, 3), dtype=np.float32)
    return shares


def fluorescence_level(square: Pixels, seen: Seen) -> float:
    """This woman's own bright tissue: a quantile of the channel mean over what is seen, 0..255, at least the floor."""
    grey = square[seen].mean(axis=-1) if seen.any() else np.zeros(1)
    return max(LEVEL_FLOOR, float(np.quantile(grey, LEVEL_QUANTILE)))


def check_pixels(picture: Pixels) -> None:
    """Raise `BadInputError` unless it is rows x columns x 3 in 8 bits."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise BadInputError(
            tr(
                "a picture must be rows x columns x 3 in 8 bits, not {size} {kind}",
                size=picture.shape,
                kind=picture.dtype,
            ),
            remedy=tr("export it as an 8-bit RGB picture"),
        )


def check_mask(mask: Seen, box: Letterbox) -> None:
    """Raise `BadInputError` for a mask that is not of the picture's size."""
    if mask.shape != (box.height, box.width):
        raise BadInputError(
            tr(
                "the overlap mask is {mask_width} x {mask_height}, the picture {width} x {height}",
                mask_width=mask.shape[1],
                mask_height=mask.shape[0],
                width=box.width,
                height=box.height,
            ),
            remedy=tr("register the pair again"),
        )


def _enlarging(small: int, large: int) -> NDArray[np.float64]:
    """Matrix large x small of bilinear interpolation between cell centres, the edge repeated."""
    centres = np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)
    return np.asarray(np.maximum(0.0, 1 - np.abs(centres[:, None] - np.arange(small))))


def _reducing(large: int, small: int) -> NDArray[np.float64]:
    """Matrix small x large of triangles as wide as a reduced pixel (never narrower than a pixel), rows adding up to 1.

    As torch's and Pillow's `bilinear` with antialiasing have it.
    """
    scale = max(1.0, large / small)
    centres = (np.arange(small) + 0.5) * large / small
    weights = np.maximum(0.0, 1 - np.abs(np.arange(large) + 0.5 - centres[:, None]) / scale)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
