"""How strong a finished network's class map is where it finds a lesion, kept so that weak maps look weak.

Of each calibration case that is graded rightly and not normal, the highest point of the map of each source; the middle
one of a grade is where the scale of `pfm.heatmaps` ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.calibrate import Calibration, graded
from pfm_desktop.pfm.heatmaps import class_map
from pfm_desktop.pfm.model_content import SourceVotes
from pfm_desktop.pfm.model_tables import CLASS_MAP, STRONG, check_heatmap
from pfm_desktop.pfm.nets.heads import SourceHead
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.answers import ask, main_combination, maps_of
from pfm_desktop.pfm.training.augment import plain_inputs
from pfm_desktop.pfm.training.data import PreparedSet

LEAST_CASES = 10  # of a grade; with fewer its number is that of all lesions
BATCH = 32
Floats = NDArray[np.float64]


def heatmap_table(
    ctx: Context,
    net: PfmNet,
    data: PreparedSet,
    indices: NDArray[np.int64],
    normalisation: Normalisation,
    calibration: Calibration,
    method: str,
) -> dict[str, Any]:
    """`[heatmap]` of `model.toml`, from the calibration cases at `indices`.

    Without a scale, so that each map is drawn on its own, for LayerCAM, whose values mean nothing beyond their picture,
    and where fewer than `LEAST_CASES` lesions were found.
    """
    table: dict[str, Any] = {"method": method}
    if method != CLASS_MAP:
        return table
    found = tops_of(ctx, net, data, indices, normalisation, calibration)
    strong = {name: _middle(rows) for name, rows in found.items()}
    if not all(strong.values()):
        return table
    try:
        check_heatmap({**table, STRONG: strong}, net.names)
    except ValueError:  # of a network that says nothing, or no number: a model is not refused for it
        return table
    return {**table, STRONG: strong}


@torch.no_grad()
def tops_of(
    ctx: Context,
    net: PfmNet,
    data: PreparedSet,
    indices: NDArray[np.int64],
    normalisation: Normalisation,
    calibration: Calibration,
) -> dict[str, Floats]:
    """By source, N x 2: rank and highest point of the map, of each case that is graded rightly and not normal."""
    net.eval()
    combination = main_combination(net.names)
    heads = {name: _votes(net, name) for name in net.names}
    rows: dict[str, list[tuple[int, float]]] = {name: [] for name in net.names}
    for start in range(0, len(indices), BATCH):
        ctx.check()
        raw = data.batch(indices[start : start + BATCH])
        inputs = plain_inputs(raw, net.names, net.spec.grid, normalisation)
        maps = maps_of(net, inputs)
        log_p, there = next((values, valid) for name, values, valid in ask(net, inputs, maps) if name == combination)
        ranks = graded(calibration.scale(combination).probabilities(log_p.double().numpy()))
        right = there.numpy() & (ranks == raw.grade.numpy()) & (ranks > 0)
        for name in net.names:
            for row in np.flatnonzero(right):
                rank, coverage = int(ranks[row]), inputs.coverage[name][row].numpy()
                plane = class_map(heads[name].by_cell(maps[name][row].numpy()), coverage, rank)
                rows[name].append((rank, float(plane.max())))
    return {name: np.array(found, np.float64).reshape(-1, 2) for name, found in rows.items()}


def heatmap_notes(table: Mapping[str, Any]) -> tuple[str, ...]:
    """What a person should know of a model whose class maps have no scale of the model."""
    if table["method"] != CLASS_MAP or STRONG in table:
        return ()
    return (
        f"fewer than {LEAST_CASES} lesions were graded rightly in the calibration: each heatmap has the scale of its "
        "own picture, so that one of a normal reaches 1 as well",
    )


def _middle(rows: Floats) -> list[float]:
    """For low, high and cancer; empty where there are too few of all."""
    if len(rows) < LEAST_CASES:
        return []
    out = []
    for rank in range(1, len(GRADES)):
        of = rows[rows[:, 0] == rank, 1]
        out.append(float(np.median(of if len(of) >= LEAST_CASES else rows[:, 1])))
    return out


def _votes(net: PfmNet, name: str) -> SourceVotes:
    head = net.source_head(name)
    assert isinstance(head, SourceHead)
    return SourceVotes(head.linear.weight.detach().numpy(), head.linear.bias.detach().numpy())
