"""Stages of the trunk and scores compared on development pictures, as tables for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.unlike_parts.scores import SCORES, Score
from benchmarks.unlike_parts.sets import LIGHTS, LIKE, lights_of
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.checkpoint import LoadedModel
from pfm_desktop.pfm.familiarity import ACCEPTED, Floats
from pfm_desktop.pfm.nets.model import SourceTrunk
from pfm_desktop.pfm.training.augment import plain_inputs
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.metrics import auc
from pfm_desktop.pfm.training.split import Split

STAGES = ("first stage", "second stage", "third stage", "last stage", "last stage with attention")
ENDS = (0, 2, 4, 6)  # of the stages in `Trunk.stages`; between them are the merges
CERVIX = ("real cervix", "real cervix, cut square")
BATCH = 32
Rows = Mapping[str, Floats]  # by stage, N x C


@dataclass(frozen=True)
class Material:
    """Features by light: of cases learned from with their grades, of others, and by kind of each development set."""

    learned: Mapping[str, Rows]
    grades: Mapping[str, np.ndarray]
    held_out: Mapping[str, Rows]
    kinds: Mapping[str, Mapping[str, Rows]]


@torch.no_grad()
def rows_of(ctx: Context, model: LoadedModel, data: PreparedSet, indices: np.ndarray, light: str) -> dict[str, Floats]:
    """Mean over the seen cells of the map of each stage."""
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
            weights = weights / weights.sum(dim=(2, 3), keepdim=True)
            out[name].append((values * weights).sum(dim=(2, 3)).double().numpy())
    return {stage: np.concatenate(found) for stage, found in out.items()}


def material_of(
    ctx: Context,
    model: LoadedModel,
    data: PreparedSet,
    split: Split,
    sets: Mapping[str, tuple[PreparedSet, Sequence[str]]],
) -> Material:
    """Features of the parts of `data` and of the sets, without the phantoms that the quality check refuses."""
    parts = {"learned": split.train, "held out": np.concatenate((split.validation, split.calibration))}
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
    grades = dict.fromkeys(LIGHTS, data.grades[split.train])
    return Material(found["learned"], grades, found["held out"], kinds)


def tables(material: Material) -> list[str]:
    """Stages under the score that is used, then scores at the first stage."""
    first, plain = STAGES[0], next(iter(SCORES))
    return [
        "on development pictures, phantoms and others; AUROC against phantoms that calibrated the model",
        "",
        *_header("stage, one normal distribution"),
        *(_line(material, stage, stage, plain) for stage in STAGES),
        "",
        *_header("score at the first stage"),
        *(_line(material, name, first, name) for name in SCORES),
    ]


def _header(title: str) -> list[str]:
    columns = (
        title, "AUROC real cervix", "AUROC cut square", "least AUROC of another kind", "real cervix flagged",
        "cut square flagged", "all others flagged", "somewhat worse phantoms accepted, white",
        "the same, fluorescence",
    )  # fmt: skip
    return ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]


def _line(material: Material, title: str, stage: str, name: str) -> str:
    score, like, limit = {}, {}, {}
    for light in LIGHTS:
        score[light] = SCORES[name](material.learned[light][stage], material.grades[light])
        like[light] = score[light](material.held_out[light][stage])
        limit[light] = float(np.quantile(like[light], ACCEPTED[light]))

    def scores(kind: str, light: str) -> Floats:
        asked: Score = score[light]
        return asked(material.kinds[kind][light][stage])

    others = [(kind, light) for kind in material.kinds if kind not in (*LIKE, *CERVIX) for light in LIGHTS]
    flagged = np.concatenate([scores(kind, light) > limit[light] for kind, light in others])
    cells = [
        *(f"{_area(like['white'], scores(kind, 'white')):.3f}" for kind in CERVIX),
        f"{min(_area(like[light], scores(kind, light)) for kind, light in others):.3f}",
        *(_percent(scores(kind, "white") > limit["white"]) for kind in CERVIX),
        _percent(flagged),
        *(_percent(scores(LIKE[1], light) <= limit[light]) for light in LIGHTS),
    ]
    return f"| {title} | " + " | ".join(cells) + " |"


def _area(like: Floats, strange: Floats) -> float:
    both = np.concatenate([like, strange])
    return float(auc(both, np.arange(len(both)) >= len(like))[0])


def _percent(flags: np.ndarray) -> str:
    return f"{100 * flags.mean():.0f} %"
