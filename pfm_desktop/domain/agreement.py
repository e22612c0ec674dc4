"""How far readers agree. Numpy only; grades are ranks 0..3.

Weights are quadratic: two grades apart counts four times as much as one. Intervals come from resampling women, not
pairs, as two pairs of one woman are not independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.resampling import interval, patient_weights

Floats = NDArray[np.float64]
CLASSES = len(GRADES)
_RANK = np.arange(CLASSES)
_APART = (_RANK[:, None] - _RANK[None, :]) ** 2 / (CLASSES - 1) ** 2  # 0 the same, 1 as far as can be


@dataclass(frozen=True)
class Agreement:
    """Kappa with its 95 % interval over `pairs` pairs of `women` women; NaN where it is undefined (all one grade).

    `same`: share of pairs that got one grade from all; `far`: share on which two grades or more lie between two reads.
    """

    kappa: float
    interval: tuple[float, float]
    pairs: int
    women: int
    same: float
    far: float


def cohen(first: Sequence[int], second: Sequence[int], women: Sequence[str], *, seed: int = 0) -> Agreement | None:
    """Cohen's kappa (1968) of two reads of the same pairs, by two readers or by one; None without a pair."""
    if not first:
        return None
    cells = np.zeros((len(first), CLASSES * CLASSES))
    cells[np.arange(len(first)), np.asarray(first) * CLASSES + np.asarray(second)] = 1.0
    drawn = patient_weights(women, seed=seed) @ cells
    kappas = _or_nan(drawn.reshape(-1, CLASSES, CLASSES))
    kappa = float(_or_nan(cells.sum(axis=0).reshape(1, CLASSES, CLASSES))[0])
    apart = np.abs(np.asarray(first) - np.asarray(second))
    return Agreement(
        kappa, interval(kappas), len(first), len(set(women)), float((apart == 0).mean()), float((apart >= 2).mean())
    )


def fleiss(reads: Sequence[Mapping[str, int]], women: Sequence[str], *, seed: int = 0) -> Agreement | None:
    """Fleiss' kappa with weights, of any number of readers, not each of whom read every pair (Gwet 2014, chapter 2).

    `reads`: by pair, the rank that each reader gave. Pairs with one read tell what grades are frequent, and no more.
    None where no pair has two.
    """
    counts = np.zeros((len(reads), CLASSES))
    for place, one in enumerate(reads):
        for rank in one.values():
            counts[place, rank] += 1
    number = counts.sum(axis=1)
    read, twice = number > 0, number > 1
    if not twice.any():
        return None
    alike = 1 - _APART
    weighted = counts @ alike
    agreed = np.where(twice, (counts * (weighted - 1)).sum(axis=1) / np.maximum(number * (number - 1), 1), 0.0)
    share = counts / np.maximum(number, 1)[:, None]
    drawn = np.vstack([np.ones(len(reads)), patient_weights(women, seed=seed)])
    found = (drawn @ agreed) / np.maximum(drawn @ twice, 1e-12)
    frequent = (drawn @ share) / np.maximum(drawn @ read, 1e-12)[:, None]
    chance = np.einsum("rk,kl,rl->r", frequent, alike, frequent)
    sound = (chance < 1 - 1e-12) & (drawn @ twice > 0)
    kappas = np.where(sound, (found - chance) / np.maximum(1 - chance, 1e-12), np.nan)
    spans = [max(one.values()) - min(one.values()) for one, more in zip(reads, twice, strict=True) if more]
    return Agreement(
        float(kappas[0]),
        interval(kappas[1:]),
        int(twice.sum()),
        len({woman for woman, more in zip(women, twice, strict=True) if more}),
        float(np.mean([span == 0 for span in spans])),
        float(np.mean([span >= 2 for span in spans])),
    )


def quadratic_kappa(table: Floats) -> Floats:
    """Cohen's kappa with quadratic weights of ... x 4 x 4 counts; 0 where it is undefined."""
    total = np.maximum(table.sum(axis=(-2, -1)), 1e-12)
    chance = table.sum(axis=-1)[..., :, None] * table.sum(axis=-2)[..., None, :] / total[..., None, None]
    expected = (_APART * chance).sum(axis=(-2, -1))
    observed = (_APART * table).sum(axis=(-2, -1))
    out: Floats = np.where(expected > 0, 1 - observed / np.maximum(expected, 1e-12), 0.0)
    return out


def _or_nan(tables: Floats) -> Floats:
    """As `quadratic_kappa`, but NaN where all reads are one grade: nothing is known then, neither good nor bad."""
    given = (tables.sum(axis=-1) + tables.sum(axis=-2) > 0).sum(axis=-1)
    out: Floats = np.where(given > 1, quadratic_kappa(tables), np.nan)
    return out
