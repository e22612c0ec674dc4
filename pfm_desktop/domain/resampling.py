"""Intervals by drawing women anew: two pairs of one woman are not independent. Numpy only."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLINGS = 2000


def patient_weights(patients: Sequence[str], *, seed: int = 0, resamplings: int = RESAMPLINGS) -> Floats:
    """R x N: how often each case counts when its patients are drawn with replacement."""
    _, group = np.unique(np.array(patients, dtype=str), return_inverse=True)
    count = int(group.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamplings)
    return drawn[:, group].astype(np.float64)


def interval(values: Floats) -> tuple[float, float]:
    """95 % percentile interval, of the draws in which it is defined; (NaN, NaN) where it is in none."""
    known = values[~np.isnan(values)]
    if not len(known):
        return math.nan, math.nan
    low, high = np.quantile(known, (0.025, 0.975))
    return float(low), float(high)
