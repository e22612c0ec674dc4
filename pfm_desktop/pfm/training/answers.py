"""What a network says about prepared cases, for each combination of sources it can be asked with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.calibrate import Calibration, Scale, fit_scale, fit_sets, held_out
from pfm_desktop.pfm.model_tables import ALONE, BOTH
from pfm_desktop.pfm.nets.model import Inputs, PfmNet
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.augment import plain_inputs
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.split import folds_by_patient

Floats = NDArray[np.float64]
FOLDS = 10  # of the calibration patients


@dataclass(frozen=True)
class Answers:
    """`log_p[combination]` N x 4 uncalibrated log-probabilities; `valid[combination]` N, whether the case has what the
    combination needs (its rows are NaN otherwise)."""

    log_p: Mapping[str, Floats]
    valid: Mapping[str, NDArray[np.bool_]]
    grades: NDArray[np.int64]
    patients: tuple[str, ...]

    def of(self, combination: str) -> tuple[Floats, NDArray[np.int64]]:
        """Valid rows and their grades."""
        valid = self.valid[combination]
        return self.log_p[combination][valid], self.grades[valid]


def combinations(sources: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Name of each combination the decision module answers, and its sources."""
    single: dict[str, tuple[str, ...]] = {name: (name,) for name in sources}
    return {BOTH: tuple(sources), **single} if len(sources) > 1 else single


def main_combination(sources: Sequence[str]) -> str:
    """The combination a network is mainly for."""
    return BOTH if len(sources) > 1 else sources[0]


def maps_of(net: PfmNet, inputs: Inputs) -> dict[str, Tensor]:
    """Enhanced map of each source, N x C x h x w."""
    return {name: net.extract[name](inputs.pictures[name])[1].float() for name in net.names}


def ask(net: PfmNet, inputs: Inputs, maps: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor, Tensor]]:
    """Combination, log-probabilities N x 4, valid N, of `maps_of` the inputs."""
    for combination, needed in combinations(net.names).items():
        valid = torch.stack([inputs.present[name] for name in needed]).all(dim=0)
        present = {name: valid if name in needed else torch.zeros_like(valid) for name in net.names}
        yield combination, net.decide(maps, inputs.coverage, present).combined(), valid
    for name in net.names:
        logits = net.source_head(name)(maps[name], inputs.coverage[name])
        yield ALONE + name, F.log_softmax(logits.float(), dim=-1), inputs.present[name]


@torch.no_grad()
def collect(
    ctx: Context,
    net: PfmNet,
    data: PreparedSet,
    indices: NDArray[np.int64],
    normalisation: Normalisation,
    *,
    batch: int = 64,
    bf16: bool = False,
) -> Answers:
    """Ask about the cases at `indices`; the network is left in evaluation mode."""
    net.eval()
    log_p: dict[str, list[Floats]] = {}
    valid: dict[str, list[NDArray[np.bool_]]] = {}
    for start in range(0, len(indices), batch):
        ctx.check()
        raw = data.batch(indices[start : start + batch])
        inputs = plain_inputs(raw, net.names, net.spec.grid, normalisation)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            answered = list(ask(net, inputs, maps_of(net, inputs)))
        for combination, values, there in answered:
            log_p.setdefault(combination, []).append(values.double().numpy())
            valid.setdefault(combination, []).append(there.numpy())
    return Answers(
        {name: np.concatenate(parts) for name, parts in log_p.items()},
        {name: np.concatenate(parts) for name, parts in valid.items()},
        data.grades[indices],
        tuple(data.patients[index] for index in indices),
    )


def fit_calibration(answers: Answers, *, seed: int) -> Calibration:
    """Probabilities from all answers; sets from what each woman's would be by the others' (`calibrate.held_out`)."""
    folds = folds_by_patient(answers.patients, FOLDS, seed=seed)
    scales: dict[str, Scale] = {}
    for name in answers.log_p:
        log_p, grades = answers.of(name)
        valid = answers.valid[name]
        women = [patient for patient, there in zip(answers.patients, valid, strict=True) if there]
        probabilities = held_out(log_p, grades, folds[valid])
        scales[name] = fit_sets(fit_scale(log_p, grades), probabilities, grades, women)
    return Calibration(scales)


def calibration_notes(calibration: Calibration, combination: str) -> tuple[str, ...]:
    """What a person should know of it before using the new model."""
    thresholds = calibration.scale(combination).thresholds
    never = [grade.value for grade, threshold in zip(GRADES, thresholds, strict=True) if threshold >= 1]
    if not never:
        return ()
    often = "every answer" if len(never) == len(GRADES) else "more answers"
    return (f"too few calibration patients to ever rule out {', '.join(never)}: {often} will be indeterminate",)


def likelihood_loss(answers: Answers, combination: str) -> float:
    """Mean negative log-likelihood after fitting a scale to the same answers: quality without the calibration."""
    log_p, grades = answers.of(combination)
    if not len(grades):
        return float("inf")
    probabilities = fit_scale(log_p, grades).probabilities(log_p)
    return float(-np.log(probabilities[np.arange(len(grades)), grades] + 1e-12).mean())
