"""From pictures of any size to the square input of the network, and heatmaps back. The same code serves training.

A picture is letterboxed: reduced with area averaging, aspect kept, nothing cropped (a cropped rim may hold the lesion).
Padding is marked as not seen. Fluorescence levels differ tenfold between women, so only ratios to a woman's own normal
tissue carry meaning: each fluorescence picture is divided by its own level, see `fluorescence_level`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.domain.source import Source
from pfm_desktop.support.errors import BadInputError

Pixels = NDArray[np.uint8]
Seen = NDArray[np.bool_]

LEVEL_QUANTILE = 0.75  # of the seen pixels: healthy tissue is the bright part, a lesion the dark part, of fluorescence
LEVEL_FLOOR = 6.0  # of 255: below this there is only noise, which must not be amplified without end
RATIO_LIMIT = 3.0  # ratios to the own level are cut here (glare, keratin)


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
            raise BadInputError("the picture has no pixels", remedy="export it again")
        scale = size / max(height, width)
        inner_height, inner_width = max(1, round(height * scale)), max(1, round(width * scale))
        return cls(
            height, width, size, (size - inner_height) // 2, (size - inner_width) // 2, inner_height, inner_width
        )

    def place(self, reduced: Tensor) -> Tensor:
        """... x inner_height x inner_width onto the square, zeros around it."""
        right = self.size - self.left - self.inner_width
        bottom = self.size - self.top - self.inner_height
        return F.pad(reduced, (self.left, right, self.top, bottom))

    def inside(self) -> Seen:
        """size x size, True on the picture."""
        mask = np.zeros((self.size, self.size), np.bool_)
        mask[self.top : self.top + self.inner_height, self.left : self.left + self.inner_width] = True
        return mask

    def cut(self, square: Tensor, *, longest: int) -> Tensor:
        """A map n x n over the square, bilinear, back to the picture alone: h x w with max(h, w) = `longest`."""
        big = F.interpolate(square[None, None], size=(self.size, self.size), mode="bilinear", align_corners=False)
        inner = big[..., self.top : self.top + self.inner_height, self.left : self.left + self.inner_width]
        height, width = self.map_shape(longest)
        return F.interpolate(inner, size=(height, width), mode="bilinear", align_corners=False, antialias=True)[0, 0]

    def map_shape(self, longest: int) -> tuple[int, int]:
        """Rows and columns of a map over the picture whose longer side is `longest`."""
        scale = longest / max(self.height, self.width)
        return max(1, round(self.height * scale)), max(1, round(self.width * scale))


def letterbox(picture: Pixels, size: int) -> tuple[Pixels, Letterbox]:
    """H x W x 3 uint8 to size x size x 3 uint8 and where it lies."""
    _check(picture)
    box = Letterbox.fit(picture.shape[0], picture.shape[1], size)
    planes = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    if picture.shape[:2] != (box.inner_height, box.inner_width):
        target = (box.inner_height, box.inner_width)
        planes = F.interpolate(planes, size=target, mode="bilinear", align_corners=False, antialias=True)
    square: Pixels = np.ascontiguousarray(box.place(planes)[0].permute(1, 2, 0).numpy())
    return square, box


def letterbox_mask(mask: Seen, box: Letterbox) -> Seen:
    """H x W bool to size x size bool; a reduced pixel is seen when at least half of it was."""
    if mask.shape != (box.height, box.width):
        raise BadInputError(
            f"the overlap mask is {mask.shape[1]} x {mask.shape[0]}, the picture {box.width} x {box.height}",
            remedy="register the pair again",
        )
    plane = torch.from_numpy(np.ascontiguousarray(mask)).float()[None, None]
    target = (box.inner_height, box.inner_width)
    reduced = F.interpolate(plane, size=target, mode="bilinear", align_corners=False, antialias=True)
    out: Seen = (box.place(reduced)[0, 0] >= 0.5).numpy()
    return out


def fluorescence_level(square: Pixels, seen: Seen) -> float:
    """This woman's own bright tissue: a quantile of the channel mean over what is seen, 0..255, at least the floor."""
    grey = square[seen].mean(axis=-1) if seen.any() else np.zeros(1)
    return max(LEVEL_FLOOR, float(np.quantile(grey, LEVEL_QUANTILE)))


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation a channel, per source, of what the network was trained on; stored in `model.toml`.

    White light in 0..1; fluorescence in ratios to its own level.
    """

    mean: Mapping[str, tuple[float, float, float]]
    std: Mapping[str, tuple[float, float, float]]

    def apply(self, source: str, planes: Tensor, seen: Tensor) -> Tensor:
        """N x 3 x S x S intensities (`intensities`), seen N x S x S in 0..1; zero where nothing is seen."""
        mean = torch.tensor(self.mean[source])[:, None, None]
        std = torch.tensor(self.std[source])[:, None, None]
        return (planes - mean) / std * seen[:, None]

    @classmethod
    def default(cls) -> Normalisation:
        """ImageNet's for white light (as public FasterNet weights expect), plain for fluorescence."""
        white, fluorescence = str(Source.WHITE), str(Source.FLUORESCENCE)
        return cls(
            {white: (0.485, 0.456, 0.406), fluorescence: (0.6, 0.6, 0.6)},
            {white: (0.229, 0.224, 0.225), fluorescence: (0.4, 0.4, 0.4)},
        )


def intensities(source: str, squares: Tensor, level: Tensor) -> Tensor:
    """N x S x S x 3 uint8 and level N (0..255) to N x 3 x S x S float32: white light 0..1, fluorescence ratios."""
    planes = squares.permute(0, 3, 1, 2).float()
    if source == Source.FLUORESCENCE:
        return (planes / level[:, None, None, None]).clamp_max_(RATIO_LIMIT)
    return planes / 255.0


def _check(picture: Pixels) -> None:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise BadInputError(
            f"a picture must be rows x columns x 3 in 8 bits, not {picture.shape} {picture.dtype}",
            remedy="export it as an 8-bit RGB picture",
        )
