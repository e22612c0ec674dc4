"""What every function here takes for a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.support.errors import BadInputError


def checked_pixels(pixels: object, name: str) -> NDArray[np.uint8]:
    """`pixels` when they are H x W x 3 uint8 RGB; else `BadInputError`, which calls it the `name` picture."""
    if not isinstance(pixels, np.ndarray):
        raise BadInputError(f"the {name} picture is no array but {type(pixels).__name__}", remedy=_REMEDY)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise BadInputError(f"the {name} picture is {pixels.dtype} of shape {pixels.shape}", remedy=_REMEDY)
    return pixels


_REMEDY = "give H x W x 3 uint8 RGB"
