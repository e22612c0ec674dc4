"""Making probabilities honest: temperature and grade offsets per source combination, and prediction sets.

Numpy and scipy only. Probabilities are `softmax(log_p / temperature + offsets)`, fitted by likelihood with a prior on
the offsets, so that few cases give little more than a temperature (Guo 2017; bias-corrected, Alexandari 2020).
Prediction sets are class-conditional conformal (Vovk 2012), made contiguous in grade. All calibration cases serve both:
the score of a case comes from a scale that was fitted without its fold, as in cross-conformal prediction (Vovk 2015).
Two halves would keep their promise whatever the answers look like, and this has no such proof; but as a scale has only
five numbers, which hardly hang on one fold, it holds in practice (tests), from twice as many scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.prediction import COVERAGE
from pfm_desktop.pfm.model_tables import combinations_of

Floats = NDArray[np.float64]
LEAST_THRESHOLD = 1e-9  # one of 0 stands for a calibration that is damaged
LIKELY = 1 / len(GRADES)  # a grade this likely is never left out of a set
INDETERMINATE = 3  # this many grades in a set say "cannot tell"
OFFSET_PRIOR = 4.0  # strength of the prior that pulls grade offsets to zero, in units of one nat


def graded(probabilities: Floats) -> NDArray[np.int64]:
    """The grade (rank) of ... x 4 probabilities, the median: the worst grade that is reached with even odds or better.

    So CORN reads its head (Shi 2023). Of all ways to name one grade it is the fewest grades off on average, and two
    shots of one woman jump less than between the grades that are the most likely alone; docs/adr/0009 compares them.
    """
    worse: NDArray[np.int64] = (np.cumsum(probabilities, axis=-1)[..., :-1] <= 0.5).sum(axis=-1)
    return worse


@dataclass(frozen=True)
class Scale:
    """Calibration of one combination. `thresholds[k]`: grade k enters the set when 1 - p_k is at most this."""

    temperature: float = 1.0
    offsets: tuple[float, ...] = (0.0,) * len(GRADES)
    thresholds: tuple[float, ...] = (0.9,) * len(GRADES)
    cases: int = 0  # calibrated on that many; 0: not calibrated

    def probabilities(self, log_p: Floats) -> Floats:
        """N x 4 log-probabilities (any constant a row) to calibrated probabilities N x 4."""
        return _softmax(np.asarray(log_p, np.float64) / self.temperature + np.array(self.offsets))

    def explained(self, probabilities: Floats) -> int:
        """Rank that heatmaps are drawn for: the grade, or the likeliest one where the answer is indeterminate."""
        indeterminate = len(self.prediction_set(probabilities)) >= INDETERMINATE
        return int(np.argmax(probabilities)) if indeterminate else int(graded(probabilities))

    def prediction_set(self, probabilities: Floats) -> tuple[int, ...]:
        """Ranks of the grades in the set, contiguous, never empty; `probabilities` of one case, 4.

        It holds the grade that is given and each grade of `LIKELY` or more, so also the likeliest one: nobody would
        expect `cancer` at 0.32 outside of it, whatever is promised without.
        """
        inside = (1 - probabilities <= np.array(self.thresholds) + 1e-12) | (probabilities >= LIKELY)
        inside[int(graded(probabilities))] = True
        ranks = np.flatnonzero(inside)
        return tuple(range(int(ranks[0]), int(ranks[-1]) + 1))


@dataclass(frozen=True)
class Calibration:
    """Scales by combination: `both`, `white`, `fluorescence`, `alone_white`, `alone_fluorescence`."""

    scales: Mapping[str, Scale] = field(default_factory=dict)

    def scale(self, combination: str) -> Scale:
        """The scale of a combination; the neutral one where none was fitted."""
        return self.scales.get(combination, Scale())


def uncalibrated(sources: Sequence[str]) -> Calibration:
    """For a network that was calibrated on nothing: every grade is in every set, so no set promises too much."""
    return Calibration({name: Scale(thresholds=(1.0,) * len(GRADES)) for name in combinations_of(sources)})


def fit_scale(log_p: Floats, grades: NDArray[np.int64]) -> Scale:
    """Fit temperature and offsets on N x 4 log-probabilities and N grades (ranks)."""
    from scipy.optimize import minimize  # here, as whoever only asks a model would carry 40 MB for nothing

    log_p = np.asarray(log_p, np.float64)
    rows = np.arange(len(grades))

    def cost(parameters: Floats) -> float:
        scaled = log_p / np.exp(parameters[0]) + parameters[1:]
        return float(-_log_softmax(scaled)[rows, grades].sum() + 0.5 * OFFSET_PRIOR * (parameters**2).sum())

    if not len(grades):
        return Scale()
    best = minimize(cost, np.zeros(1 + len(GRADES)), method="L-BFGS-B", bounds=[(-3, 3)] * (1 + len(GRADES))).x
    offsets = tuple(float(value) for value in best[1:] - best[1:].mean())
    return Scale(float(np.exp(best[0])), offsets, cases=len(grades))


def held_out(log_p: Floats, grades: NDArray[np.int64], folds: NDArray[np.int64]) -> Floats:
    """Probabilities N x 4 of cases, each by a scale that was fitted on the cases of the other folds (N numbers)."""
    out = np.empty_like(np.asarray(log_p, np.float64))
    for fold in np.unique(folds):
        inside = folds == fold
        out[inside] = fit_scale(log_p[~inside], grades[~inside]).probabilities(log_p[inside])
    return out


def fit_sets(
    scale: Scale,
    probabilities: Floats,
    grades: NDArray[np.int64],
    patients: Sequence[str],
    *,
    coverage: float = COVERAGE,
) -> Scale:
    """The scale with thresholds for `coverage` within each grade, from `held_out` probabilities N x 4.

    A grade of too few women (N `patients`) to promise the coverage is in every set (threshold 1): many pictures of one
    woman say nothing about the next one.
    """
    women, thresholds = np.array(patients, dtype=str), []
    for rank in range(len(GRADES)):
        chosen = grades == rank
        count = len(np.unique(women[chosen]))
        scores = np.sort(1 - probabilities[chosen, rank])
        position = int(np.ceil((len(scores) + 1) * coverage))
        enough = np.ceil((count + 1) * coverage) <= count and position <= len(scores)
        thresholds.append(max(float(scores[position - 1]), LEAST_THRESHOLD) if enough else 1.0)
    return Scale(scale.temperature, scale.offsets, tuple(thresholds), scale.cases)


def _log_softmax(values: Floats) -> Floats:
    shifted = values - values.max(axis=-1, keepdims=True)
    out: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return out


def _softmax(values: Floats) -> Floats:
    out: Floats = np.exp(_log_softmax(values))
    return out
