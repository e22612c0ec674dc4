"""How good an answer is. Numpy only; grades are ranks 0..3, probabilities N x 4.

Intervals come from `domain.resampling`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.agreement import quadratic_kappa
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.resampling import interval
from pfm_desktop.pfm.calibrate import graded

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CLASSES = len(GRADES)
SPECIFICITY = 0.85
BINS = 15


def confusion(truth: Ints, answer: Ints) -> Floats:
    """4 x 4 counts, rows the truth."""
    table = np.zeros((CLASSES, CLASSES))
    np.add.at(table, (truth, answer), 1.0)
    return table


def accuracy(table: Floats) -> Floats:
    """Share on the diagonal of ... x 4 x 4 counts."""
    out: Floats = np.trace(table, axis1=-2, axis2=-1) / np.maximum(table.sum(axis=(-2, -1)), 1e-12)
    return out


def macro_recall(table: Floats) -> Floats:
    """Mean recall over the grades that occur, of ... x 4 x 4 counts."""
    rows = table.sum(axis=-1)
    recall = np.where(rows > 0, np.diagonal(table, axis1=-2, axis2=-1) / np.maximum(rows, 1e-12), 0.0)
    out: Floats = recall.sum(axis=-1) / np.maximum((rows > 0).sum(axis=-1), 1)
    return out


def auc(score: Floats, positive: NDArray[np.bool_], weight: Floats | None = None) -> Floats:
    """Area under the ROC curve; ties count half. `weight` (R x N) gives R weighted areas; NaN where a side is empty."""
    weight = np.ones((1, len(score))) if weight is None else weight
    values, group = np.unique(score, return_inverse=True)
    up = np.zeros((len(weight), len(values)))
    down = np.zeros_like(up)
    for index in range(len(score)):
        (up if positive[index] else down)[:, group[index]] += weight[:, index]
    below = np.cumsum(down, axis=1) - down
    pairs = up.sum(axis=1) * down.sum(axis=1)
    area = (up * (below + 0.5 * down)).sum(axis=1)
    out: Floats = np.where(pairs > 0, area / np.maximum(pairs, 1e-12), np.nan)
    return out


def sensitivity_at(score: Floats, positive: NDArray[np.bool_], *, specificity: float = SPECIFICITY) -> float:
    """Share of positives above the lowest threshold that keeps `specificity` of the negatives below or at it."""
    negatives = np.sort(score[~positive])
    if not len(negatives) or not positive.any():
        return math.nan
    threshold = negatives[min(len(negatives) - 1, math.ceil(specificity * len(negatives)) - 1)]
    return float((score[positive] > threshold).mean())


def sensitivities_at(
    score: Floats, positive: NDArray[np.bool_], weights: Floats, *, specificity: float = SPECIFICITY
) -> Floats:
    """`sensitivity_at` of R weighted sets: `weights` R x N; the threshold is drawn anew with each. NaN where a side is
    empty."""
    order = np.argsort(score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)  # the last of each run of ties
    up = np.where(positive, weights, 0.0)[:, order].cumsum(axis=1)[:, ends]
    down = np.where(positive, 0.0, weights)[:, order].cumsum(axis=1)[:, ends]
    threshold = (down >= specificity * down[:, -1:] - 1e-9).argmax(axis=1)
    total = up[:, -1]
    found = 1 - up[np.arange(len(weights)), threshold] / np.maximum(total, 1e-12)
    out: Floats = np.where((total > 0) & (down[:, -1] > 0), found, np.nan)
    return out


def calibration_error(probabilities: Floats, truth: Ints) -> float:
    """Expected calibration error of the grade that is given, 15 equally wide bins."""
    answer = graded(probabilities)
    confidence = probabilities[np.arange(len(answer)), answer]
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    error = 0.0
    for index in range(BINS):
        inside = bins == index
        if inside.any():
            error += inside.mean() * abs((answer[inside] == truth[inside]).mean() - confidence[inside].mean())
    return float(error)


def set_figures(sets: Sequence[Sequence[int]], truth: Ints) -> dict[str, Any]:
    """Mean size, share of indeterminate sets, and coverage within each grade."""
    sizes = np.array([len(ranks) for ranks in sets])
    hit = np.array([rank in ranks for rank, ranks in zip(truth.tolist(), sets, strict=True)], np.bool_)
    coverage = {str(grade): float(hit[truth == grade.rank].mean()) for grade in GRADES if (truth == grade.rank).any()}
    return {"mean_size": float(sizes.mean()), "indeterminate": float((sizes >= 3).mean()), "coverage": coverage}


def mcnemar(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> float:
    """Exact two-sided p-value of McNemar's test on paired right/wrong calls."""
    only_first, only_second = int((first_right & ~second_right).sum()), int((~first_right & second_right).sum())
    total = only_first + only_second
    if total == 0:
        return 1.0
    tail = float(sum(math.comb(total, k) for k in range(min(only_first, only_second) + 1)) / 2**total)
    return min(1.0, 2 * tail)


@dataclass(frozen=True, eq=False)
class Measured:
    """A measure on all cases, and on each of the R draws of patients (`patient_weights`)."""

    value: float
    draws: Floats

    def __sub__(self, other: Measured) -> Measured:
        """Paired: both on the same draws."""
        return Measured(self.value - other.value, self.draws - other.draws)

    def table(self) -> dict[str, Any]:
        """Value and 95 % interval."""
        return {"value": self.value, "interval": interval(self.draws)}


def measured(probabilities: Floats, truth: Ints, weights: Floats) -> dict[str, Measured]:
    """Accuracy, macro recall, quadratic kappa, and where HSIL+ and others occur its AUC and sensitivity at 85 %
    specificity, of N x 4 probabilities; `weights` R x N from `patient_weights`.
    """
    answer = graded(probabilities)
    cells = np.zeros((len(truth), CLASSES * CLASSES))
    cells[np.arange(len(truth)), truth * CLASSES + answer] = 1.0
    tables = (weights @ cells).reshape(-1, CLASSES, CLASSES)
    table = confusion(truth, answer)
    measures: Mapping[str, Callable[[Floats], Floats]] = {
        "accuracy": accuracy,
        "macro_recall": macro_recall,
        "quadratic_kappa": quadratic_kappa,
    }
    out = {name: Measured(float(measure(table)), measure(tables)) for name, measure in measures.items()}
    high = truth >= Grade.HIGH.rank
    score = probabilities[:, Grade.HIGH.rank :].sum(axis=1)
    if high.any() and not high.all():
        out["auc_high"] = Measured(float(auc(score, high)[0]), auc(score, high, weights))
        found = sensitivity_at(score, high)
        out["sensitivity_high_at_85"] = Measured(found, sensitivities_at(score, high, weights))
    return out


def summary(probabilities: Floats, truth: Ints, weights: Floats) -> dict[str, Any]:
    """Accuracy, macro recall, quadratic kappa, HSIL+ AUC, each with interval; sensitivity at 85 % specificity, ECE.

    `weights` from `patient_weights`.
    """
    found = measured(probabilities, truth, weights)
    out: dict[str, Any] = {name: one.table() for name, one in found.items()}
    if "sensitivity_high_at_85" in found:
        out["sensitivity_high_at_85"] = found["sensitivity_high_at_85"].value
    table = confusion(truth, graded(probabilities))
    return {**out, "ece": calibration_error(probabilities, truth), "cases": len(truth), "confusion": table.tolist()}


def difference(first: Floats, second: Floats, truth: Ints, weights: Floats) -> dict[str, Any]:
    """Accuracy of `first` minus `second` (probabilities N x 4 on the same cases) with interval, and McNemar's p."""
    right = [(graded(p) == truth) for p in (first, second)]
    gap = right[0].astype(np.float64) - right[1].astype(np.float64)
    drawn = weights @ gap / weights.sum(axis=1)
    return {"accuracy": float(gap.mean()), "interval": interval(drawn), "mcnemar_p": mcnemar(right[0], right[1])}
