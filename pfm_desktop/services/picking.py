"""Numbers by which pairs are picked for labels: how unsure a model is of each, and how far they lie apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.prediction import Prediction

Floats = NDArray[np.float64]


def entropy(said: Prediction) -> float:
    """Of the probabilities, 0 (sure) to log 4."""
    return float(entropies(np.array(list(said.probabilities.values()), np.float64)))


def entropies(probabilities: Floats) -> Floats:
    """Of ... x 4 probabilities."""
    p = np.maximum(probabilities, 1e-12)
    out: Floats = -(p * np.log(p)).sum(axis=-1)
    return out


def core_set(features: Floats, most: int) -> list[int]:
    """Places of rows (N x F), each the farthest from all before it (k-center greedy; Sener and Savarese 2018).

    Each feature counts alike, whatever its scale. The first is the one nearest to the middle.
    """
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
    place = int((scaled**2).sum(axis=1).argmin())
    nearest = np.full(len(scaled), np.inf)
    chosen: list[int] = []
    for _ in range(min(most, len(scaled))):
        chosen.append(place)
        nearest = np.minimum(nearest, ((scaled - scaled[place]) ** 2).sum(axis=1))
        nearest[chosen] = -1.0
        place = int(nearest.argmax())
    return chosen
