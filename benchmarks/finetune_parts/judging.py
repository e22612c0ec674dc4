"""How good models are on prepared pairs of both devices, and how long training all weights takes to the same."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.finetune_parts.pictures import Drawn
from pfm_desktop.domain.resampling import interval, patient_weights
from pfm_desktop.interop.tabular import ManifestRow
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.pfm.calibrate import Calibration, graded
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model
from pfm_desktop.pfm.model_tables import BOTH
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.runtime import bf16_gains, torch_threads
from pfm_desktop.pfm.training.answers import collect, fit_calibration
from pfm_desktop.pfm.training.augment import Augmentation, augmented_inputs
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.loop import make_optimizer
from pfm_desktop.pfm.training.losses import grade_weights, total_loss
from pfm_desktop.pfm.training.metrics import Measured, confusion, macro_recall, measured
from pfm_desktop.pfm.training.parallel import Trunks
from pfm_desktop.pfm.training.split import Split
from pfm_desktop.pfm.training.step import CLIP
from pfm_desktop.services.training_data import prepare
from pfm_desktop.support.threads import worker_threads

BATCH = 32


def prepared(ctx: Context, drawn: Sequence[Drawn], folder: Path, *, size: int) -> PreparedSet:
    """As for an answer, kept on disk: they are phantoms."""
    rows = [
        ManifestRow(one.name, one.name, one.white, one.fluorescence, one.grade, line)
        for line, one in enumerate(drawn, start=2)
    ]
    return prepare(ctx, rows, folder, size=size, workers=2).data


@dataclass(frozen=True, eq=False)
class Asked:
    """What a model says of a set, both sources: probabilities N x 4, ranks, women."""

    probabilities: NDArray[np.float64]
    truth: NDArray[np.int64]
    women: tuple[str, ...]

    @property
    def macro_recall(self) -> float:
        """Mean recall over the grades."""
        return float(macro_recall(confusion(self.truth, graded(self.probabilities))))


def ask(model: LoadedModel, data: PreparedSet, calibration: Calibration | None = None) -> Asked:
    """All cases that have both sources."""
    with torch_threads():
        answers = collect(SilentContext(), model.net, data, np.arange(len(data), dtype=np.int64), model.normalisation)
    valid = answers.valid[BOTH]
    log_p, truth = answers.of(BOTH)
    scale = (calibration or model.calibration).scale(BOTH)
    women = tuple(name for name, there in zip(answers.patients, valid, strict=True) if there)
    return Asked(scale.probabilities(log_p), truth, women)


def calibrated(model: LoadedModel, data: PreparedSet, split: Split) -> Calibration:
    """The calibration of a model fitted anew on the calibration part of a set."""
    with torch_threads():
        answers = collect(SilentContext(), model.net, data, split.calibration, model.normalisation)
    return fit_calibration(answers, seed=0)


def gains(old: Asked, new: Sequence[Asked]) -> dict[str, object]:
    """Macro recall of new minus old, by seed, and its mean with an interval by woman over all seeds together."""
    weights = patient_weights(old.women)
    before = measured(old.probabilities, old.truth, weights)["macro_recall"]
    each: list[Measured] = []
    for one in new:
        assert one.women == old.women
        each.append(measured(one.probabilities, one.truth, weights)["macro_recall"] - before)
    draws = np.mean([one.draws for one in each], axis=0)
    low, high = interval(draws)
    return {
        "old": before.table(),
        "by_seed": [round(one.value, 4) for one in each],
        "mean": float(np.mean([one.value for one in each])),
        "interval": [low, high],
    }


def seconds_of_all_weights(
    parent: Path,
    data: PreparedSet,
    split: Split,
    test: PreparedSet,
    other: PreparedSet,
    *,
    wanted: float,
    most_seconds: float,
    from_nothing: bool,
    normalisation: Normalisation | None = None,
    seed: int = 0,
) -> Mapping[str, float]:
    """Train all weights on the same cases until macro recall on `test` is `wanted`, or the time is over.

    `other`: the same women before the first device, asked once at the end. Judging takes no part in the seconds.
    `from_nothing`: with new weights, else with those of the parent.
    `normalisation`: what it sees with; None: as the parent does.
    """
    model = load_model(parent)
    model = replace(model, normalisation=normalisation or model.normalisation)
    torch.manual_seed(seed)
    net = new_net(model.net.spec) if from_nothing else model.net
    net.requires_grad_(True)
    optimizer = make_optimizer(net, 1e-3 if from_nothing else 2e-4, 0.05)
    weights = grade_weights(data.grades[split.train], 0.5)
    spent, best, epoch = 0.0, 0.0, 0
    with Trunks(net, bf16=bf16_gains()) as trunks, torch_threads(max(1, worker_threads() // 2)):
        for epoch in itertools.count(1):
            begun = time.monotonic()
            order = np.random.default_rng([seed, epoch]).permutation(split.train)
            net.train()
            for start in range(0, len(order), BATCH):
                raw = data.batch(order[start : start + BATCH])
                inputs = augmented_inputs(
                    raw, net.names, net.spec.grid, model.normalisation, options=Augmentation(),
                    random=torch.Generator().manual_seed(epoch * 1000 + start),
                )  # fmt: skip
                optimizer.zero_grad(set_to_none=True)
                trunks.gradients(
                    inputs,
                    lambda out, inputs=inputs, raw=raw: total_loss(  # type: ignore[misc]
                        out, raw.grade, inputs.present, weights, softmax_weight=0.5, alone_weight=0.3
                    ),
                )
                torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
                optimizer.step()
            spent += time.monotonic() - begun
            best = max(best, _macro(model, net, data, split, test))
            if best >= wanted or spent >= most_seconds:
                break
    forgot = _macro(model, net, data, split, other)
    return {
        "seconds": spent, "epochs": epoch, "best_macro_recall": best, "reached": float(best >= wanted),
        "macro_recall_on_device_a": forgot,
    }  # fmt: skip


def _macro(model: LoadedModel, net: object, data: PreparedSet, split: Split, test: PreparedSet) -> float:
    here = LoadedModel(net, model.info, model.calibration, model.normalisation, model.heatmap)  # type: ignore[arg-type]
    return ask(here, test, calibrated(here, data, split)).macro_recall
