"""What `letterbox.py` does in numpy for an answer, in torch for training: from pictures of any size to squares."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.letterbox import (
    RATIO_LIMIT,
    Letterbox,
    Normalisation,
    Pixels,
    Seen,
    check_mask,
    check_pixels,
    fluorescence_level,
)

__all__ = [
    "Letterbox",
    "Normalisation",
    "Pixels",
    "Seen",
    "fluorescence_level",
    "intensities",
    "letterbox",
    "letterbox_mask",
]


def letterbox(picture: Pixels, size: int) -> tuple[Pixels, Letterbox]:
    """H x W x 3 uint8 to size x size x 3 uint8 and where it lies."""
    check_pixels(picture)
    box = Letterbox.fit(picture.shape[0], picture.shape[1], size)
    planes = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    if picture.shape[:2] != (box.inner_height, box.inner_width):
        target = (box.inner_height, box.inner_width)
        planes = F.interpolate(planes, size=target, mode="bilinear", align_corners=False, antialias=True)
    square: Pixels = np.ascontiguousarray(_placed(box, planes)[0].permute(1, 2, 0).numpy())
    return square, box


def letterbox_mask(mask: Seen, box: Letterbox) -> Seen:
    """H x W bool to size x size bool; a reduced pixel is seen when at least half of it was."""
    check_mask(mask, box)
    plane = torch.from_numpy(np.ascontiguousarray(mask)).float()[None, None]
    target = (box.inner_height, box.inner_width)
    reduced = F.interpolate(plane, size=target, mode="bilinear", align_corners=False, antialias=True)
    out: Seen = (_placed(box, reduced)[0, 0] >= 0.5).numpy()
    return out


def intensities(source: str, squares: Tensor, level: Tensor) -> Tensor:
    """N x S x S x 3 uint8 and level N (0..255) to N x 3 x S x S float32: white light 0..1, fluorescence ratios."""
    planes = squares.permute(0, 3, 1, 2).float()
    if source == Source.FLUORESCENCE:
        return (planes / level[:, None, None, None]).clamp_max_(RATIO_LIMIT)
    return planes / 255.0


def _placed(box: Letterbox, reduced: Tensor) -> Tensor:
    """... x inner_height x inner_width onto the square, zeros around it."""
    right = box.size - box.left - box.inner_width
    bottom = box.size - box.top - box.inner_height
    return F.pad(reduced, (box.left, right, box.top, bottom))
