"""What every function here takes for a picture."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr


def checked_pixels(pixels: object, name: str) -> NDArray[np.uint8]:
    """`pixels` when they are H x W x 3 uint8 RGB; else `BadInputError`, which calls it the `name` picture."""
    if not isinstance(pixels, np.ndarray):
        raise BadInputError(
            tr("the {name} picture is no array but {kind}", name=name, kind=type(pixels).__name__), remedy=_REMEDY
        )
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise BadInputError(
            tr("the {name} picture is {dtype} of shape {shape}", name=name, dtype=pixels.dtype, shape=pixels.shape),
            remedy=_REMEDY,
        )
    return pixels


def pixels_sha256(pixels: NDArray[np.uint8]) -> str:
    """SHA-256 of H x W x 3 uint8 RGB and their size: the same for a picture in other bytes (its EXIF written anew,
    saved as PNG). "" for one that is the same all over, as with the lens covered: it tells nobody apart."""
    if (pixels[::16, ::16] == pixels[0, 0]).all() and (pixels == pixels[0, 0]).all():
        return ""
    height, width = pixels.shape[:2]
    made = hashlib.sha256(f"{width}x{height} ".encode())
    made.update(np.ascontiguousarray(pixels).data)
    return made.hexdigest()


_REMEDY = tr("give H x W x 3 uint8 RGB")
