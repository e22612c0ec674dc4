"""What the trunks of a finished network make of the cases it learned from, kept for `pfm.familiarity`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pfm_desktop.jobs import Context
from pfm_desktop.pfm.familiarity import Floats, Known, fit_known, pooled, to_table
from pfm_desktop.pfm.nets.model import Inputs, PfmNet
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.augment import plain_inputs
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.split import Split

MEASURED_ON = 3000  # cases; more does not change the distances
BATCH = 32


def known_of(
    ctx: Context, net: PfmNet, data: PreparedSet, split: Split, normalisation: Normalisation
) -> dict[str, Known]:
    """By source, of the training part, with the threshold from the calibration part, which the network never saw."""
    chosen = split.train[np.linspace(0, len(split.train) - 1, min(MEASURED_ON, len(split.train))).astype(np.int64)]
    learned = features_of(ctx, net, data, chosen, normalisation)
    held_out = features_of(ctx, net, data, split.calibration, normalisation)
    return {name: fit_known(learned[name], held_out[name]) for name in net.names if len(learned[name]) > 1}


def familiarity_table(
    ctx: Context, net: PfmNet, data: PreparedSet, split: Split, normalisation: Normalisation
) -> dict[str, Any]:
    """`known_of` as `model.toml` keeps it."""
    return to_table(known_of(ctx, net, data, split, normalisation))


@torch.no_grad()
def features_of(
    ctx: Context, net: PfmNet, data: PreparedSet, indices: NDArray[np.int64], normalisation: Normalisation
) -> dict[str, Floats]:
    """By source, N x C: one row for each of the cases that shows something of that source. Evaluation mode is left."""
    net.eval()
    rows: dict[str, list[Floats]] = {name: [] for name in net.names}
    for start in range(0, len(indices), BATCH):
        ctx.check()
        raw = data.batch(indices[start : start + BATCH])
        inputs = plain_inputs(raw, net.names, net.spec.grid, normalisation)
        for name in net.names:
            rows[name] += _pooled(net, name, inputs)
    width = next(iter(net.trunks())).trunk.channels
    return {name: np.stack(found) if found else np.zeros((0, width)) for name, found in rows.items()}


def _pooled(net: PfmNet, name: str, inputs: Inputs) -> list[Floats]:
    maps = net.maps(name, inputs).float().numpy()
    coverage = inputs.coverage[name].numpy()
    shown = inputs.present[name].numpy() & (coverage.sum(axis=(1, 2)) > 0)
    return [pooled(maps[row], coverage[row]) for row in np.flatnonzero(shown)]
