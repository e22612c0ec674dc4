"""Stages of the trunk and scores compared on development pictures, as tables for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.unlike_parts.scores import SCORES, Score
from benchmarks.unlike_parts.sets import CERVIX, LIGHTS, LIKE, lights_of
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.checkpoint import LoadedModel
from pfm_desktop.pfm.familiarity import ACCEPTED, LEAST_SPREAD, Floats
from pfm_desktop.pfm.nets.model import SourceTrunk
from pfm_desktop.pfm.training.augment import plain_inputs
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.familiar import measured_on
from pfm_desktop.pfm.training.metrics import auc
from pfm_desktop.pfm.training.split import Split

STAGES = ("first stage", "second stage", "third stage", "last stage", "last stage with attention")
ENDS = (0, 2, 4, 6)  # of the stages in `Trunk.stages`; between them are the merges
BATCH = 32
Rows = Mapping[str, Floats]  # by stage, N x 2C: means, then contrasts


@dataclass(frozen=True)
class Material:
    """Features by light: of cases learned from with their grades, of others, and by kind of each development set."""

    learned: Mapping[str, Rows]
    grades: Mapping[str, np.ndarray]
    held_out: Mapping[str, Rows]
    kinds: Mapping[str, Mapping[str, Rows]]


@torch.no_grad()
def rows_of(ctx: Context, model: LoadedModel, data: PreparedSet, indices: np.ndarray, light: str) -> dict[str, Floats]:
    """Mean and contrast over the seen cells of the map of each stage, as `familiarity.pooled` has them."""
    source = model.net.extract[light]
    assert isinstance(source, SourceTrunk)
    out: dict[str, list[np.ndarray]] = {stage: [] for stage in STAGES}
    for start in range(0, len(indices), BATCH):
        ctx.progress(start, len(indices), f"Looking at {light}")
        raw = data.batch(indices[start : start + BATCH])
        inputs = plain_inputs(raw, [light], model.net.spec.size // 4, model.normalisation)
        x, maps = source.trunk.patch_embed(inputs.pictures[light]), []
        for number, stage in enumerate(source.trunk.stages):
            x = stage(x)
            maps += [x] if number in ENDS else []
        for name, values in zip(STAGES, (*maps, source.enhance(x)), strict=True):
            weights = F.adaptive_avg_pool2d(inputs.coverage[light][:, None], values.shape[-1])
            out[name].append(_pooled(values, weights / weights.sum(dim=(2, 3), keepdim=True)).double().numpy())
    return {stage: np.concatenate(found) for stage, found in out.items()}


def _pooled(values: Tensor, shares: Tensor) -> Tensor:
    mean = (values * shares).sum(dim=(2, 3))
    spread = ((values - mean[..., None, None]) ** 2 * shares).sum(dim=(2, 3)).sqrt()
    return torch.cat((mean, spread.clamp_min(LEAST_SPREAD).log()), dim=1)


def material_of(
    ctx: Context,
    model: LoadedModel,
    data: PreparedSet,
    split: Split,
    sets: Mapping[str, tuple[PreparedSet, Sequence[str]]],
) -> Material:
    """Features of the parts of `data` and of the sets, without the phantoms that the quality check refuses."""
    learned = measured_on(split.train)
    parts = {"learned": learned, "held out": split.calibration}
    found = {
        part: {light: rows_of(ctx, model, data, indices, light) for light in LIGHTS} for part, indices in parts.items()
    }
    kinds: dict[str, dict[str, dict[str, Floats]]] = {}
    for name, (pictures, poor) in sets.items():
        good = np.array([name not in LIKE or not why for why in poor])
        kinds[name] = {
            light: rows_of(ctx, model, pictures, np.flatnonzero((np.array(lights_of(pictures)) == light) & good), light)
            for light in LIGHTS
        }
    grades = dict.fromkeys(LIGHTS, data.grades[learned])
    return Material(found["learned"], grades, found["held out"], kinds)


def tables(material: Material) -> list[str]:
    """Stages under the score that is used, by means alone and with contrasts, then scores at the first stage."""
    first, plain = STAGES[0], next(iter(SCORES))
    measures = [(stage, contrast) for stage in STAGES for contrast in (False, True)]
    return [
        "on development pictures, phantoms and others; AUROC against phantoms that calibrated the model",
        "",
        *_header("stage, one normal distribution"),
        *(
            _line(material, f"{stage}, {'means and contrasts' if contrast else 'means'}", stage, plain, contrast)
            for stage, contrast in measures
        ),
        "",
        *_header("score at the first stage, means and contrasts"),
        *(_line(material, name, first, name, contrast=True) for name in SCORES),
    ]


def _header(title: str) -> list[str]:
    columns = (
        title, *(f"{kind} flagged" for kind in CERVIX), "least AUROC of them", "all others flagged",
        "least AUROC of them", "somewhat worse phantoms accepted, white", "the same, fluorescence",
    )  # fmt: skip
    return ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]


def _line(material: Material, title: str, stage: str, name: str, contrast: bool) -> str:
    def chosen(rows: Rows) -> Floats:
        return rows[stage] if contrast else rows[stage][:, : rows[stage].shape[1] // 2]

    score, like, limit = {}, {}, {}
    for light in LIGHTS:
        score[light] = SCORES[name](chosen(material.learned[light]), material.grades[light])
        like[light] = score[light](chosen(material.held_out[light]))
        limit[light] = float(np.quantile(like[light], ACCEPTED[light]))

    def scores(kind: str, light: str) -> Floats:
        asked: Score = score[light]
        return asked(chosen(material.kinds[kind][light]))

    others = [(kind, light) for kind in material.kinds if kind not in (*LIKE, *CERVIX) for light in LIGHTS]
    flagged = np.concatenate([scores(kind, light) > limit[light] for kind, light in others])
    cells = [
        *(_percent(scores(kind, "white") > limit["white"]) for kind in CERVIX),
        f"{min(_area(like['white'], scores(kind, 'white')) for kind in CERVIX):.3f}",
        _percent(flagged),
        f"{min(_area(like[light], scores(kind, light)) for kind, light in others):.3f}",
        *(_percent(scores(LIKE[1], light) <= limit[light]) for light in LIGHTS),
    ]
    return f"| {title} | " + " | ".join(cells) + " |"


def _area(like: Floats, strange: Floats) -> float:
    both = np.concatenate([like, strange])
    return float(auc(both, np.arange(len(both)) >= len(like))[0])


def _percent(flags: np.ndarray) -> str:
    return f"{100 * flags.mean():.0f} %"
