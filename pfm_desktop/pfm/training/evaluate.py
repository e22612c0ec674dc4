"""Judging a model on prepared cases: all combinations of sources, with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.domain.resampling import RESAMPLINGS, patient_weights
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.calibrate import Calibration
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.model_file import FETCH_AGAIN
from pfm_desktop.pfm.model_tables import BOTH
from pfm_desktop.pfm.registry import refuse_start_only
from pfm_desktop.pfm.runtime import torch_threads
from pfm_desktop.pfm.training.answers import Answers, collect
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.metrics import difference, set_figures, summary
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.language import tr


def evaluate(ctx: Context, data: PreparedSet, model: Path) -> dict[str, Any]:
    """Figures of the model in folder `model` on all cases of `data`, ready for JSON.

    `combinations` has one entry for each way of asking (`both`, `white`, `fluorescence`, `alone_white`, ...) with
    values and 95 % intervals; `comparisons` sets `both` against each single source of the same network, same cases.
    Raises `ModelError` for a model that answers with what is no number.
    """
    loaded = load_model(model)
    refuse_start_only(loaded.info)
    indices = np.arange(len(data), dtype=np.int64)
    with torch_threads():
        answers = collect(_Told(ctx, len(data)), loaded.net, data, indices, loaded.normalisation)
    _refuse_no_numbers(answers, loaded.info)
    return {
        "model": {"name": loaded.info.name, "version": loaded.info.version, "sha256": loaded.info.sha256},
        "trained_on": loaded.info.trained_on,
        "cases": len(data),
        "patients": len(set(data.patients)),
        "grades": data.counts(),
        **figures_of(answers, loaded.calibration),
    }


def figures_of(answers: Answers, calibration: Calibration, *, resamplings: int = RESAMPLINGS) -> dict[str, Any]:
    """`combinations` and `comparisons` of some answers."""
    combinations: dict[str, Any] = {}
    for name in answers.log_p:
        log_p, grades = answers.of(name)
        if not len(grades):
            continue
        patients = [patient for patient, there in zip(answers.patients, answers.valid[name], strict=True) if there]
        scale = calibration.scale(name)
        probabilities = scale.probabilities(log_p)
        weights = patient_weights(patients, resamplings=resamplings)
        sets = [scale.prediction_set(row) for row in probabilities]
        combinations[name] = {**summary(probabilities, grades, weights), "sets": set_figures(sets, grades)}
    return {"combinations": combinations, "comparisons": _comparisons(answers, calibration, resamplings)}


def _comparisons(answers: Answers, calibration: Calibration, resamplings: int) -> dict[str, Any]:
    if BOTH not in answers.log_p or not answers.valid[BOTH].any():
        return {}
    valid = answers.valid[BOTH]
    patients = [patient for patient, there in zip(answers.patients, valid, strict=True) if there]
    weights = patient_weights(patients, resamplings=resamplings)
    p = {name: calibration.scale(name).probabilities(values[valid]) for name, values in answers.log_p.items()}
    grades = answers.grades[valid]
    return {
        f"{BOTH}_against_{name}": difference(p[BOTH], p[name], grades, weights)
        for name in p
        if name != BOTH and "_" not in name
    }


def _refuse_no_numbers(answers: Answers, info: ModelInfo) -> None:
    """Such an answer would be counted as `normal`."""
    for name in answers.log_p:
        if not np.isfinite(answers.of(name)[0]).all():
            raise ModelError(
                tr(
                    "the model {name} {version} gives answers that are no numbers", name=info.name, version=info.version
                ),
                safe=tr("no figures were written"),
                remedy=FETCH_AGAIN,
            )


class _Told:
    """Turns the checks between batches into progress."""

    def __init__(self, ctx: Context, total: int, *, batch: int = 64) -> None:
        self._ctx, self._total, self._batch, self._done = ctx, total, batch, 0

    def progress(self, done: float, total: float, text: str = "") -> None:
        """See `Context.progress`."""
        self._ctx.progress(done, total, text)

    def check(self) -> None:
        """See `Context.check`."""
        self._ctx.progress(min(self._done, self._total), self._total, tr("asking the model"))
        self._done += self._batch
