"""Whether the pictures agree with a registration by hand: points can be put onto the pictures of two women as well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.registration import (
    DISAGREE,
    OTHER_STRUCTURES,
    WITHOUT_POINTS,
    Agreement,
    RegistrationStatus,
    cause_of,
)
from pfm_desktop.imaging.registration.affine import agreement
from pfm_desktop.imaging.registration.features import Structure, structure
from pfm_desktop.imaging.registration.flow import stretched
from pfm_desktop.imaging.registration.judge import FITS, local_agreement
from pfm_desktop.imaging.registration.levels import draw, level_of
from pfm_desktop.imaging.registration.pipeline import register
from pfm_desktop.imaging.registration.result import Registration
from pfm_desktop.jobs.context import Context

WORKING_SIDE = 512
# Four times reduced, points that are a few pixels off still agree. On 14 development phantoms the best of six maps
# between two women had 0.33 and 0.24, exact points of one woman at least 0.50 and 0.42.
LEAST_AGREEMENT, LEAST_FITTING = 0.42, 0.30
LEAST_VALID, LEAST_CONTRAST, LEAST_PLACES = 0.1, 1e-3, 64  # with less there is nothing to compare
UNCOMPARED = "too few structures to compare: look whether the tissue fits"


def structures_agree(white: NDArray[np.uint8], fluorescence: NDArray[np.uint8], found: Registration) -> Agreement:
    """Whether both pictures (H x W x 3 uint8 RGB, also reduced ones) show the same structures under the map.

    What was found not to agree before stays so. Rough points of one woman may come out NO: place them again then.
    """
    if found.for_looking_only:
        return Agreement.NO
    first, second = structure(white, side=WORKING_SIDE), structure(fluorescence, side=WORKING_SIDE)
    factor = 4 if max(first.valid.shape) > 320 else 2
    if min(*first.valid.shape, *second.valid.shape) < 8 * factor or _bare(first) or _bare(second):
        return Agreement.UNKNOWN
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
    if int(inside.sum()) < LEAST_PLACES:
        return Agreement.UNKNOWN
    fitting = float((local[inside] > FITS).mean())
    return Agreement.YES if agreement(level, drawn) >= LEAST_AGREEMENT and fitting >= LEAST_FITTING else Agreement.NO


def compared(
    white: NDArray[np.uint8], fluorescence: NDArray[np.uint8], found: Registration, *, ctx: Context | None = None
) -> Registration:
    """A registration by hand as it may be trusted: CHECK, without an error, unless the structures agree.

    Where they do not, what the pictures themselves said before the points stays in the reason.
    """
    agreed = structures_agree(white, fluorescence, found)
    if agreed is Agreement.YES:
        return found
    reason = UNCOMPARED if agreed is Agreement.UNKNOWN else DISAGREE + _without_points(white, fluorescence, ctx)
    return replace(found, status=RegistrationStatus.CHECK, error_px=None, reason=reason)


def _without_points(white: NDArray[np.uint8], fluorescence: NDArray[np.uint8], ctx: Context | None) -> str:
    """What the points do not take back, as `; without points: too little overlap`."""
    alone = register(white, fluorescence, ctx=ctx)
    cause = cause_of(alone.reason)
    known = cause.startswith(OTHER_STRUCTURES)  # DISAGREE says that already
    told = alone.status is RegistrationStatus.REFUSED and not known
    return f"{WITHOUT_POINTS}{cause}" if told else ""


def _bare(one: Structure) -> bool:
    return float(one.valid.mean()) < LEAST_VALID or float(one.planes[..., 0].std()) < LEAST_CONTRAST


def _grown(shape: tuple[int, ...], size: tuple[int, int]) -> NDArray[np.float64]:
    """3 x 3 matrix, pixels of a picture of `shape` (rows, columns) to those of one of `size` (width, height)."""
    sx, sy = size[0] / shape[1], size[1] / shape[0]
    return np.array([[sx, 0, 0.5 * sx - 0.5], [0, sy, 0.5 * sy - 0.5], [0, 0, 1.0]])
