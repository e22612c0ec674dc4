"""From kept answers to figures with intervals: one network, two networks side by side, seeds together, repeats.

Intervals are 95 %, from 2,000 draws of patients with replacement. Seeds together: the measure of each seed, averaged;
each draw takes patients and, apart from them, as many of the seeds as there are, both with replacement, so that the
interval holds what another set of women and another start of training would change. McNemar needs one answer a case:
for the seeds together it is asked of the mean of their probabilities.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.evidence_parts.arms import MAIN
from benchmarks.evidence_parts.results import Answers, Result
from pfm_desktop.domain.agreement import quadratic_kappa
from pfm_desktop.domain.resampling import interval, patient_weights
from pfm_desktop.pfm.calibrate import graded
from pfm_desktop.pfm.training.metrics import Measured, mcnemar, measured

MEASURES = {
    "accuracy": "accuracy",
    "macro_recall": "macro recall",
    "quadratic_kappa": "quadratic kappa",
    "sensitivity_high_at_85": "HSIL+ sensitivity at 85 % specificity",
    "auc_high": "HSIL+ AUC",
}
Figures = dict[str, Measured]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SECONDS = (0.0, 55.0, 75.0, 102.0, 301.0)  # quartiles of the generator's seconds since acid, to the nearest second


@dataclass(frozen=True, eq=False)
class Gap:
    """One network less another on the same cases. `only_first`, `only_second`: cases that only one had right."""

    figures: Figures
    p: float
    only_first: int
    only_second: int


def weights_of(answers: Answers) -> NDArray[np.float64]:
    """Draws of women; in a set of phantoms each case is another woman."""
    return patient_weights(answers.cases)


@lru_cache(maxsize=64)  # by identity: a network stands in several tables
def figures_of(answers: Answers) -> Figures:
    """All measures of one network."""
    return measured(answers.probabilities, answers.truth, weights_of(answers))


def gap(first: Answers, second: Answers) -> Gap:
    """Paired: the same women in each draw."""
    one, other = figures_of(first), figures_of(second)
    return _gap({name: one[name] - other[name] for name in one}, [(first, second)])


def pooled(parts: Sequence[Figures]) -> Figures:
    """Seeds together; see the module."""
    chosen = np.random.default_rng(len(parts)).integers(len(parts), size=(len(parts), len(parts[0]["accuracy"].draws)))
    return {
        name: Measured(
            float(np.mean([part[name].value for part in parts])),
            np.take_along_axis(np.stack([part[name].draws for part in parts]), chosen, axis=0).mean(axis=0),
        )
        for name in parts[0]
    }


def pooled_gap(pairs: Sequence[tuple[Answers, Answers]]) -> Gap:
    """Seeds together, paired within each seed."""
    return _gap(pooled([gap(first, second).figures for first, second in pairs]), pairs)


def _gap(figures: Figures, pairs: Sequence[tuple[Answers, Answers]]) -> Gap:
    truth = pairs[0][0].truth
    right = [graded(np.mean([pair[side].probabilities for pair in pairs], axis=0)) == truth for side in (0, 1)]
    return Gap(figures, mcnemar(*right), int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum()))


def seeds_of(results: Mapping[str, Result], name: str) -> list[Result]:
    """The arm of this name with every seed that is done, in their order."""
    return sorted((one for one in results.values() if one.arm.name == name), key=lambda one: one.arm.seed)


def pairs_of(results: Mapping[str, Result], first: str, second: str) -> list[tuple[Answers, Answers]]:
    """Answers of two arms with the seeds that both have."""
    other = {one.arm.seed: one.answers for one in seeds_of(results, second)}
    return [(one.answers, other[one.arm.seed]) for one in seeds_of(results, first) if one.arm.seed in other]


def better_single(results: Mapping[str, Result]) -> str:
    """The single source with the higher accuracy over its seeds; "" where none is done.

    Chosen on the test set itself, which can only make the single source look better than it is.
    """
    found = {}
    for name in ("white", "fluorescence"):
        done = [one for one in seeds_of(results, name) if one.arm.group == MAIN]
        if done:
            found[name] = float(np.mean([figures_of(one.answers)["accuracy"].value for one in done]))
    return max(found, key=lambda name: found[name]) if found else ""


def by_seconds(answers: Answers, seconds: Mapping[str, float]) -> list[tuple[str, int, Figures]]:
    """Words, cases and measures for each span of seconds since acid; a span with under ten cases is left out."""
    at = np.array([seconds[case] for case in answers.cases])
    out = []
    for low, high in itertools.pairwise(SECONDS):
        inside = (at >= low) & (at < high)
        if inside.sum() < 10:
            continue
        some = Answers(
            tuple(np.array(answers.cases)[inside].tolist()), answers.truth[inside], answers.probabilities[inside]
        )
        words = (
            f"under {high:.0f} s" if low == 0 else f"{low:.0f} s and more" if high > 300 else f"{low:.0f}-{high:.0f} s"
        )
        out.append((words, int(inside.sum()), figures_of(some)))
    return out


def likeliest(probabilities: Floats) -> Ints:
    """The other way to read ... x 4 probabilities, beside `graded`: the grade (rank) that is the most likely alone."""
    return probabilities.argmax(axis=-1).astype(np.int64)


def repeatability(first: Answers, second: Answers, read: Callable[[Floats], Ints] = graded) -> dict[str, Any]:
    """Two shots of one woman: quadratic kappa of the two answers, share of answers two grades or more apart, and share
    that is the same, each with interval; `women`: asked in both. `read`: probabilities N x 4 to grades N."""
    place = {case: index for index, case in enumerate(first.cases)}
    both = [(place[case], index) for index, case in enumerate(second.cases) if case in place]
    one, other = (read(answers.probabilities) for answers in (first, second))
    pairs = np.array([(one[i], other[j]) for i, j in both])
    weights = patient_weights([second.cases[j] for _, j in both])
    cells = np.zeros((len(pairs), 16))
    cells[np.arange(len(pairs)), pairs[:, 0] * 4 + pairs[:, 1]] = 1.0
    apart = np.abs(pairs[:, 0] - pairs[:, 1])
    out: dict[str, Any] = {"women": len(pairs), "jumps": int((apart >= 2).sum())}
    kappa = quadratic_kappa((weights @ cells).reshape(-1, 4, 4))
    out["kappa"] = Measured(float(quadratic_kappa(cells.sum(axis=0).reshape(4, 4))), kappa)
    for name, flag in (("two_grades", apart >= 2), ("same", apart == 0)):
        out[name] = Measured(float(flag.mean()), weights @ flag / weights.sum(axis=1))
    return out


def jumps_at_most(jumps: int, women: int) -> float:
    """Upper end of the exact 95 % interval (Clopper and Pearson) of a share that may be zero, by bisection."""
    if jumps >= women:
        return 1.0
    low, high = jumps / women, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(jumps, women, middle) > 0.025 else (low, middle)
    return high


def _at_most(jumps: int, women: int, share: float) -> float:
    term = (1 - share) ** women
    total = term
    for k in range(jumps):
        term *= (women - k) / (k + 1) * share / (1 - share)
        total += term
    return total


def span(one: Measured, *, sign: bool = False) -> str:
    """Value and interval for a person."""
    low, high = interval(one.draws)
    return f"{one.value:+.3f} ({low:+.3f} to {high:+.3f})" if sign else f"{one.value:.3f} ({low:.3f}-{high:.3f})"
