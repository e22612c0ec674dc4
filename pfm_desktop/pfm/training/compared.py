"""Two models on the same cases: figures of each, and the differences with intervals by woman."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.resampling import patient_weights
from pfm_desktop.domain.source import Source, together_english
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.calibrate import Scale, graded
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model
from pfm_desktop.pfm.runtime import torch_threads
from pfm_desktop.pfm.training.answers import Answers, collect, combinations, main_combination
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.metrics import BINS, Measured, measured
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Comparison:
    """`figures` may go into JSON: no NaN. `old`, `new`: rank that each gives each case, -1 where it gives none."""

    figures: Mapping[str, Any]
    old: Ints
    new: Ints


def compare_models(ctx: Context, data: PreparedSet, old: Path, new: Path, devices: Sequence[str]) -> Comparison:
    """Both models about all cases; a case that lacks a source is asked with the sources it has.

    Where the cases are of sources that one of the models does not read, it is asked about those that it does, which
    `asked_about` says of the old model ("" where it reads them all).

    HSIL+ is told twice: `sensitivity_high_at_85` says how well HSIL+ can be told apart at all, whatever the threshold;
    `sensitivity_high_graded` and `specificity_high_graded` what the grades that are given find and spare.

    `figures`: `models` (name, version, hash and label of both), `pairs` (cases that have all that the new one reads),
    `women`, `women_hsil` (with HSIL+), `cases`, `grades`;
    `old`, `new` and `difference` (new minus old), each measure with value and 95 % interval by woman; the same by
    combination of sources (`by_source`) and by device (`by_device`).
    """
    first, second = load_model(old), load_model(new)
    shared = [name for name in first.net.names if name in second.net.names]
    if not shared or first.net.spec.size != second.net.spec.size:
        raise BadInputError(
            tr(
                "{first} and {second} do not read the same pictures, and cannot be compared",
                first=first.info.name,
                second=second.info.name,
            ),
            safe=tr("nothing was changed"),
            remedy=tr("have a model answer that reads the same (Models), then compare again"),
        )
    indices = np.arange(len(data), dtype=np.int64)
    with torch_threads():
        asked = [collect(ctx, model.net, data, indices, model.normalisation) for model in (first, second)]
    sides = [_Side.of(model, answers) for model, answers in zip((first, second), asked, strict=True)]
    women = np.array(data.patients)
    everything = sides[0].there
    by_device = {
        name: _table(sides, data.grades, women, everything & (np.array(devices) == name))
        for name in sorted(set(devices))
    }
    main = main_combination(second.net.names)
    with_hsil = women[data.grades >= Grade.HIGH.rank]
    figures = {
        "models": {"old": _named(first), "new": _named(second)},
        "women_hsil": len(set(with_hsil.tolist())),
        "cases": len(data),
        "grades": data.counts(),
        "pairs": {"of": together_english(second.info.sources), "cases": int(asked[1].valid[main].sum())},
        "asked_about": together_english(map(Source, shared)) if shared != list(second.net.names) else "",
        **_table(sides, data.grades, women, everything),
        "women": len(set(data.patients)),
        "by_source": {
            name: _table([_Side.asked(*pair, name) for pair in zip((first, second), asked, strict=True)],
                         data.grades, women, asked[0].valid[name])
            for name in combinations(first.net.names)
            if name in combinations(second.net.names)
        },
        "by_device": by_device,
    }  # fmt: skip
    return Comparison(figures, *(side.ranks for side in sides))


def _named(model: LoadedModel) -> dict[str, str]:
    info = model.info
    return {"name": info.name, "version": info.version, "sha256": info.sha256, "label": info.label_english}


@dataclass(frozen=True, eq=False)
class _Side:
    """What one model says: probabilities N x 4, which grades the prediction set holds N x 4, rows that are `there`."""

    probabilities: Floats
    sets: NDArray[np.bool_]
    there: NDArray[np.bool_]

    @property
    def ranks(self) -> Ints:
        out: Ints = np.where(self.there, graded(np.where(self.there[:, None], self.probabilities, 0.25)), -1)
        return out

    @classmethod
    def of(cls, model: LoadedModel, answers: Answers) -> _Side:
        """Each case with the sources it has."""
        names = model.net.names
        order = [main_combination(names), *(name for name in names if name != main_combination(names))]
        made = cls.asked(model, answers, order[0])
        for name in order[1:]:
            other = cls.asked(model, answers, name)
            made = _Side(
                np.where(made.there[:, None], made.probabilities, other.probabilities),
                np.where(made.there[:, None], made.sets, other.sets),
                made.there | other.there,
            )
        return made

    @classmethod
    def asked(cls, model: LoadedModel, answers: Answers, name: str) -> _Side:
        """Asked with one combination of sources."""
        scale: Scale = model.calibration.scale(name)
        there = answers.valid[name]
        probabilities = np.full((len(there), 4), np.nan)
        sets = np.zeros((len(there), 4), np.bool_)
        if there.any():
            probabilities[there] = scale.probabilities(answers.log_p[name][there])
        for row in np.flatnonzero(there):
            sets[row, list(scale.prediction_set(probabilities[row]))] = True
        return cls(probabilities, sets, there)


def _table(sides: Sequence[_Side], grades: Ints, women: NDArray[np.str_], rows: NDArray[np.bool_]) -> dict[str, Any]:
    if not rows.any():
        return {"cases": 0, "women": 0, "old": {}, "new": {}, "difference": {}}
    weights = patient_weights(women[rows].tolist())
    old, new = (_measures(side, grades[rows], rows, weights) for side in sides)
    both = [name for name in old if name in new]
    return {
        "cases": int(rows.sum()),
        "women": len(set(women[rows].tolist())),
        "old": {name: _plain(old[name]) for name in both},
        "new": {name: _plain(new[name]) for name in both},
        "difference": {name: _plain(new[name] - old[name]) for name in both},
    }


def _measures(side: _Side, truth: Ints, rows: NDArray[np.bool_], weights: Floats) -> dict[str, Measured]:
    probabilities, sets = side.probabilities[rows], side.sets[rows]
    sizes, total = sets.sum(axis=1).astype(np.float64), weights.sum(axis=1)
    high, said_high = truth >= Grade.HIGH.rank, graded(probabilities) >= Grade.HIGH.rank
    out = {
        **measured(probabilities, truth, weights),
        "ece": calibration_errors(probabilities, truth, weights),
        "set_size": Measured(float(sizes.mean()), weights @ sizes / total),
        "set_coverage": _share(sets[np.arange(len(truth)), truth], np.ones_like(high), weights),
    }
    if high.any() and not high.all():
        out["sensitivity_high_graded"] = _share(said_high, high, weights)
        out["specificity_high_graded"] = _share(~said_high, ~high, weights)
    return out


def _share(hit: NDArray[np.bool_], among: NDArray[np.bool_], weights: Floats) -> Measured:
    """How many of `among` (N, some) are a `hit` (N), and on each draw of `weights` R x N; NaN where it has none."""
    there = weights @ among.astype(np.float64)
    found = weights @ (hit & among).astype(np.float64)
    drawn = np.where(there > 0, found / np.maximum(there, 1e-12), np.nan)
    return Measured(float(hit[among].mean()), drawn)


def calibration_errors(probabilities: Floats, truth: Ints, weights: Floats) -> Measured:
    """Expected calibration error as `metrics.calibration_error` has it, and on each of the draws `weights` R x N."""
    answer = graded(probabilities)
    confidence = probabilities[np.arange(len(answer)), answer]
    gap = (answer == truth).astype(np.float64) - confidence
    cells = np.zeros((len(truth), BINS))
    cells[np.arange(len(truth)), np.minimum((confidence * BINS).astype(int), BINS - 1)] = gap
    drawn = np.abs(weights @ cells).sum(axis=1) / weights.sum(axis=1)
    return Measured(float(np.abs(cells.sum(axis=0)).sum() / len(truth)), drawn)


def _plain(one: Measured) -> dict[str, Any]:
    table = one.table()
    low, high = table["interval"]
    return {"value": _number(table["value"]), "interval": [_number(low), _number(high)]}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)
