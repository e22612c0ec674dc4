"""What the trunks of a finished network make of the cases it learned from, kept for `pfm.familiarity`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.familiarity import ACCEPTED, Floats, Known, fit_known, pooled, to_table
from pfm_desktop.pfm.first_stage import STRIDE
from pfm_desktop.pfm.nets.model import Inputs, PfmNet
from pfm_desktop.pfm.nets.pconv import WIDTH
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.augment import Augmentation, augmented_inputs, plain_inputs
from pfm_desktop.pfm.training.data import FLUORESCENCE, WHITE, PreparedSet, RawBatch
from pfm_desktop.pfm.training.split import Split

MEASURED_ON = 3000  # cases; more does not change the distances
BATCH = 32
# of each case: as it is, and as training showed it. In white light the changed light of those views covers what tells
# photographs from drawings
VIEWS = {WHITE: 1, FLUORESCENCE: 3}
SEED = 31
SHOWN = Augmentation(drop_source=0.0)


def known_of(
    ctx: Context, net: PfmNet, data: PreparedSet, split: Split, normalisation: Normalisation
) -> dict[str, Known]:
    """By source, of the training part, with the threshold from the calibration part, which the network never saw.

    A source that fewer than `least_learned` women of the training part show is left out: the distances of what a model
    learned from are then so much smaller than those of others that the threshold lets nearly everything pass.
    """
    places = {name: Source(name).place for name in net.names}
    learned = features_of(
        ctx,
        net,
        data,
        measured_on(split.train),
        normalisation,
        views=max(VIEWS[place] for place in places.values()),
    )
    held_out = features_of(ctx, net, data, split.calibration, normalisation)
    return {
        name: fit_known(
            _together(learned[name][:, : VIEWS[places[name]]]), held_out[name][:, 0], accepted=ACCEPTED[places[name]],
            women=_women(data, split.calibration, name),
        )
        for name in net.names
        if _women(data, split.train, name) >= least_learned(net)
    }  # fmt: skip


def least_learned(net: PfmNet) -> int:
    """Women to learn from: one for every other feature. With pfm-demo 40; docs/familiarity.md says what fewer do."""
    return WIDTH[net.spec.variant]


def _women(data: PreparedSet, indices: NDArray[np.int64], name: str) -> int:
    return len({data.patients[index] for index in indices if data.present[name][index]})


def measured_on(train: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most `MEASURED_ON` of the training cases, evenly spaced."""
    return train[np.linspace(0, len(train) - 1, min(MEASURED_ON, len(train))).astype(np.int64)]


def familiarity_table(
    ctx: Context, net: PfmNet, data: PreparedSet, split: Split, normalisation: Normalisation
) -> dict[str, Any]:
    """`known_of` as `model.toml` keeps it."""
    return to_table(known_of(ctx, net, data, split, normalisation))


def familiarity_notes(table: Mapping[str, Any], net: PfmNet) -> tuple[str, ...]:
    """What a person should know of a model that cannot tell of some source what is unlike its cases."""
    missing = [Source(name).english for name in net.names if name not in table]
    if not missing:
        return ()
    needed = ", ".join(f"{Source(name).english} {least_patients(ACCEPTED[Source(name).place])}" for name in net.names)
    return (
        f"too few patients to notice when {' or '.join(missing)} is unlike anything it learned from "
        f"(needed: {least_learned(net)} to learn from, and to calibrate {needed}): it will warn of no such picture, "
        "and its answers say so",
    )


def least_patients(accepted: float) -> int:
    """How many calibration patients it takes to promise that this share passes."""
    return math.ceil(accepted / (1 - accepted) - 1e-9)


@torch.no_grad()
def features_of(
    ctx: Context,
    net: PfmNet,
    data: PreparedSet,
    indices: NDArray[np.int64],
    normalisation: Normalisation,
    *,
    views: int = 1,
) -> dict[str, Floats]:
    """By source, N x views x 2C, of each of the cases that shows something of that source.

    The first view is the picture as it is. Evaluation mode is left.
    """
    net.eval()
    rows: dict[str, list[Floats]] = {name: [] for name in net.names}
    for start in range(0, len(indices), BATCH):
        ctx.check()
        raw = data.batch(indices[start : start + BATCH])
        shown = [_inputs(net, raw, normalisation, view, start) for view in range(views)]
        for name in net.names:
            rows[name] += _pooled(net, name, shown)
    return {name: np.stack(found) if found else _nothing(net, views) for name, found in rows.items()}


def first_stage(net: PfmNet, name: str, pictures: Tensor) -> Tensor:
    """N x 3 x S x S to the map of the trunk's first stage, N x C x S/4 x S/4."""
    source = net.source_trunk(name)
    out: Tensor = source.trunk.stages[0](source.trunk.patch_embed(pictures))
    return out


def _inputs(net: PfmNet, raw: RawBatch, normalisation: Normalisation, view: int, start: int) -> Inputs:
    cells = net.spec.size // STRIDE
    if view == 0:
        return plain_inputs(raw, net.names, cells, normalisation)
    random = torch.Generator().manual_seed(SEED + view * 1_000_003 + start)
    return augmented_inputs(raw, net.names, cells, normalisation, options=SHOWN, random=random)


def _pooled(net: PfmNet, name: str, views: list[Inputs]) -> list[Floats]:
    maps = [first_stage(net, name, inputs.pictures[name]).float().numpy() for inputs in views]
    coverage = [inputs.coverage[name].numpy() for inputs in views]
    there = views[0].present[name].numpy() & np.all([seen.sum(axis=(1, 2)) > 0 for seen in coverage], axis=0)
    return [
        np.stack([pooled(values[row], seen[row]) for values, seen in zip(maps, coverage, strict=True)])
        for row in np.flatnonzero(there)
    ]


def _together(features: Floats) -> Floats:
    """N x V x F to NV x F."""
    return features.reshape(-1, features.shape[-1])


def _nothing(net: PfmNet, views: int) -> Floats:
    return np.zeros((0, views, 2 * WIDTH[net.spec.variant]))
