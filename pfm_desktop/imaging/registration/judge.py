"""How far a registration can be trusted, from what the two structures say about it.

All limits stand here. They were set on phantoms of the development seeds (pairs of one woman and of two) and looked
at on photographs; the estimated error was fitted to the truth of 110 of these phantoms (least squares in the
logarithm; fitted on every other one, it is within a factor of two in 98 % of the rest).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.registration import (
    ONLY_IN_PART,
    OTHER_STRUCTURES,
    TOO_LITTLE_OVERLAP,
    RegistrationStatus,
)
from pfm_desktop.imaging.registration.affine import agreement
from pfm_desktop.imaging.registration.features import Planes
from pfm_desktop.imaging.registration.levels import Drawn, Level, Plane

NEAR = 24.0  # working pixels, sigma of "locally"
FITS = 0.3  # local agreement from which a place counts as fitting
MINIMUM_OVERLAP = 0.35
REFUSE_AGREEMENT, OK_AGREEMENT = 0.40, 0.50
REFUSE_FITTING, OK_FITTING = 0.45, 0.70
OK_ERROR = 4.0  # working pixels
# estimated error in working pixels = FACTOR * spread ** POWER * exp(MISFIT * (1 - fitting))
FACTOR, POWER, MISFIT = 3.5, 2.4, 1.8
UNREDUCED = 1.25  # small pictures are judged unreduced, where edges are steeper and the spread comes out smaller


@dataclass(frozen=True)
class Evidence:
    """`agreement`: correlation of the structures over all. `fitting`: share of the seen picture that fits its place.

    `spread`: median displacement that the structures leave open, working pixels. `overlap`: 0..1.
    """

    agreement: float
    fitting: float
    spread: float
    overlap: float

    @property
    def error(self) -> float:
        """Estimated median error, working pixels."""
        return FACTOR * math.pow(self.spread, POWER) * math.exp(MISFIT * (1 - self.fitting))


def evidence(level: Level, drawn: Drawn, spread: NDArray[np.float64], overlap: float) -> Evidence:
    """Evidence of the final map, with the fluorescence structure `drawn` by it."""
    local, seen = local_agreement(level, drawn)
    inside = seen > 0.5
    if not inside.any():
        return Evidence(0.0, 0.0, 99.0, overlap)
    height, width = inside.shape
    steeper = UNREDUCED if level.factor == 1 else 1.0
    open_ = steeper * cv2.resize(spread, (width, height), interpolation=cv2.INTER_LINEAR)
    return Evidence(
        agreement(level, drawn), float((local[inside] > FITS).mean()), float(np.median(open_[inside])), overlap
    )


def local_agreement(level: Level, drawn: Drawn) -> tuple[Plane, Plane]:
    """Correlation of the structures around every pixel, and how much of these surroundings is seen, 0..1."""
    sigma = NEAR / level.factor
    weight = cv2.merge([drawn.seen] * 3)
    first, second = _centred(level.white), _centred(drawn.planes)

    def near(planes: Planes) -> Plane:
        summed = cv2.transform(planes * weight, np.ones((1, 3), np.float32))
        return np.asarray(cv2.GaussianBlur(summed, (0, 0), sigma), dtype=np.float32)

    size = np.sqrt(near(first * first) * near(second * second) + 1e-6)
    seen = np.asarray(cv2.GaussianBlur(drawn.seen, (0, 0), sigma), dtype=np.float32)
    return np.asarray(near(first * second) / size, dtype=np.float32), seen


def verdict(found: Evidence) -> tuple[RegistrationStatus, str]:
    """Status and, where it is not `ok`, the reason."""
    if found.overlap < MINIMUM_OVERLAP:
        return RegistrationStatus.REFUSED, TOO_LITTLE_OVERLAP
    if found.agreement < REFUSE_AGREEMENT or found.fitting < REFUSE_FITTING:
        return RegistrationStatus.REFUSED, OTHER_STRUCTURES
    if found.agreement < OK_AGREEMENT or found.fitting < OK_FITTING or found.error > OK_ERROR:
        return RegistrationStatus.CHECK, ONLY_IN_PART
    return RegistrationStatus.OK, ""


def _centred(planes: Planes) -> Planes:
    """The magnitude less its mean; the direction has none."""
    return np.asarray(planes - np.array([cv2.mean(planes)[0], 0, 0], np.float32), dtype=np.float32)
