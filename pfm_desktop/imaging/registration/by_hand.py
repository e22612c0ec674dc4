"""Whether the pictures agree with a registration by hand: points can be put onto the pictures of two women as well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.registration.affine import agreement
from pfm_desktop.imaging.registration.features import structure
from pfm_desktop.imaging.registration.flow import stretched
from pfm_desktop.imaging.registration.judge import FITS, local_agreement
from pfm_desktop.imaging.registration.levels import draw, level_of
from pfm_desktop.imaging.registration.result import Registration

WORKING_SIDE = 512
# Four times reduced, points that are a few pixels off still agree. On 14 development phantoms the best of six maps
# between two women had 0.33 and 0.24, exact points of one woman at least 0.50 and 0.42.
LEAST_AGREEMENT, LEAST_FITTING = 0.42, 0.30
DISAGREE = "the structures do not agree where the points put them"


def structures_agree(white: NDArray[np.uint8], fluorescence: NDArray[np.uint8], found: Registration) -> bool:
    """Whether both pictures (H x W x 3 uint8 RGB, also reduced ones) show the same structures under the map.

    False also where there is nothing to compare. Rough points of one woman may come out False: look then.
    """
    first, second = structure(white, side=WORKING_SIDE), structure(fluorescence, side=WORKING_SIDE)
    factor = 4 if max(first.valid.shape) > 320 else 2
    if min(*first.valid.shape, *second.valid.shape) < 8 * factor:
        return False
    # working pixels to pixels of the picture as it was registered
    to_white, to_fluorescence = (
        _grown(one.valid.shape, size) for one, size in ((first, found.white_size), (second, found.fluorescence_size))
    )
    matrix = np.linalg.inv(to_fluorescence) @ found.matrix @ to_white
    level = level_of(first, second, factor)
    height, width = level.x.shape
    grown = np.array([to_white[0, 0], to_white[1, 1]], np.float32)
    bend = stretched(found.nodes / grown, (width, height)) / np.float32(factor)
    drawn = draw(level, matrix, bend)
    local, seen = local_agreement(level, drawn)
    inside = seen > 0.5
    if not inside.any():
        return False
    fitting = float((local[inside] > FITS).mean())
    return agreement(level, drawn) >= LEAST_AGREEMENT and fitting >= LEAST_FITTING


def compared(white: NDArray[np.uint8], fluorescence: NDArray[np.uint8], found: Registration) -> Registration:
    """A registration by hand as it may be trusted: CHECK, without an error, where the structures do not agree."""
    if structures_agree(white, fluorescence, found):
        return found
    return replace(found, status=RegistrationStatus.CHECK, error_px=None, reason=DISAGREE)


def _grown(shape: tuple[int, ...], size: tuple[int, int]) -> NDArray[np.float64]:
    """3 x 3 matrix, pixels of a picture of `shape` (rows, columns) to those of one of `size` (width, height)."""
    sx, sy = size[0] / shape[1], size[1] / shape[0]
    return np.array([[sx, 0, 0.5 * sx - 0.5], [0, sy, 0.5 * sy - 0.5], [0, 0, 1.0]])
