"""Third-stage trunk maps of prepared cases, computed once and kept on disk.

Fine-tuning leaves the first three stages as they are, so their maps never change: they are three quarters of the work
of a step. Each case is stored in a few fixed views, the first without any augmentation. 2 bytes a value: a case takes
63 KB a source and view with T0 at 224.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.jobs import Context
from pfm_desktop.pfm.nets.model import PfmNet, SourceTrunk
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.augment import Augmentation, augmented_inputs, plain_inputs
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.step import Arrays
from pfm_desktop.support.files import named, write_text
from pfm_desktop.support.language import tr

HEADER = "features.json"
BATCH = 16
LARGEST = 65504.0  # of a 16-bit float
VIEWS = Augmentation(drop_source=0.0)  # which source is left out is drawn at each step, not once for ever

Halves = NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class Features:
    """Per source: `middle` V x N x 4C x S/16 x S/16, `coverage` V x N x S/32 x S/32, `present` N. `grades` N."""

    middle: Mapping[str, Halves]
    coverage: Mapping[str, Halves]
    present: Mapping[str, NDArray[np.bool_]]
    grades: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of cases."""
        return len(self.grades)

    @property
    def views(self) -> int:
        """Views a case."""
        return int(next(iter(self.middle.values())).shape[0])

    def batch(self, cases: NDArray[np.int64], views: NDArray[np.int64]) -> Arrays:
        """Case `cases[i]` in its view `views[i]`."""
        return Arrays(
            {name: values[views, cases] for name, values in self.middle.items()},
            {name: values[views, cases] for name, values in self.coverage.items()},
            {name: flags[cases] for name, flags in self.present.items()},
            self.grades[cases],
        )


def joined(first: Arrays, second: Arrays) -> Arrays:
    """The cases of both."""

    def both(one: Mapping[str, NDArray[Any]], other: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {name: np.concatenate((one[name], other[name])) for name in one}

    return Arrays(
        both(first.maps, second.maps),
        both(first.coverage, second.coverage),
        both(first.present, second.present),
        np.concatenate((first.grades, second.grades)),
    )


def hold_features(
    ctx: Context,
    net: PfmNet,
    normalisation: Normalisation,
    data: PreparedSet,
    indices: NDArray[np.int64],
    *,
    views: int,
) -> Features:
    """Like `build_features`, in memory: nothing is written to disk."""
    arrays = {key: np.zeros(shape, np.float16) for key, shape in _shapes(net, views, len(indices)).items()}
    _fill(ctx, net, normalisation, data, indices, arrays)
    return _features(net, arrays, data, indices)


def bytes_of(net: PfmNet, views: int) -> int:
    """What one case takes in so many views."""
    return sum(2 * int(np.prod(shape)) for shape in _shapes(net, views, 1).values())


def build_features(
    ctx: Context,
    net: PfmNet,
    normalisation: Normalisation,
    data: PreparedSet,
    indices: NDArray[np.int64],
    folder: Path,
    *,
    model: str,
    views: int,
) -> Features:
    """Maps of the cases at `indices` in `folder`; what is there already for the same model and cases is used again.

    `model` names the weights (their hash). The header is written last, so a build that was cut short starts anew.
    """
    digest = _digest(model, data, indices, views)
    shapes = _shapes(net, views, len(indices))
    if not _there(folder, digest):
        with named(folder, safe=tr("the model to start from is unchanged")):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / HEADER).unlink(missing_ok=True)
            for key, shape in shapes.items():
                _reserve(folder / f"{key}.f16", 2 * int(np.prod(shape)))
        arrays = {key: np.memmap(folder / f"{key}.f16", np.float16, "r+", shape=shape) for key, shape in shapes.items()}
        _fill(ctx, net, normalisation, data, indices, arrays)
        for array in arrays.values():
            array.flush()
        write_text(folder / HEADER, json.dumps({"digest": digest}))
    kept = {key: np.memmap(folder / f"{key}.f16", np.float16, "r", shape=shape) for key, shape in shapes.items()}
    return _features(net, kept, data, indices)


def _features(net: PfmNet, arrays: Mapping[str, Halves], data: PreparedSet, indices: NDArray[np.int64]) -> Features:
    nowhere = np.zeros(len(data), np.bool_)  # of a source that these cases are not of
    return Features(
        {name: arrays[f"{name}_middle"] for name in net.names},
        {name: arrays[f"{name}_coverage"] for name in net.names},
        {name: data.present.get(name, nowhere)[indices] for name in net.names},
        data.grades[indices],
    )


def _reserve(path: Path, size: int) -> None:
    """Make a file of `size` bytes with room for them on the disk.

    A map onto a file that the disk has no room for ends the program without a word once it is written to.
    """
    with path.open("wb") as stream:
        if size and hasattr(os, "posix_fallocate"):
            os.posix_fallocate(stream.fileno(), 0, size)
        else:
            stream.truncate(size)


@torch.no_grad()
def _fill(
    ctx: Context,
    net: PfmNet,
    normalisation: Normalisation,
    data: PreparedSet,
    indices: NDArray[np.int64],
    arrays: Mapping[str, Halves],
) -> None:
    net.eval()
    views = int(next(iter(arrays.values())).shape[0])
    for view in range(views):
        for start in range(0, len(indices), BATCH):
            ctx.progress(view * len(indices) + start, views * len(indices), tr("Looking at the pictures once"))
            raw = data.batch(indices[start : start + BATCH])
            if view == 0:
                inputs = plain_inputs(raw, net.names, net.spec.grid, normalisation)
            else:
                random = torch.Generator().manual_seed(view * 1_000_003 + start)  # fixed: no part of the run's seed
                inputs = augmented_inputs(raw, net.names, net.spec.grid, normalisation, options=VIEWS, random=random)
            stop = start + len(raw.grade)
            for name, source in zip(net.names, net.trunks(), strict=True):
                arrays[f"{name}_middle"][view, start:stop] = _middle(source, inputs.pictures[name])
                arrays[f"{name}_coverage"][view, start:stop] = inputs.coverage[name].numpy()


def _middle(source: SourceTrunk, pictures: Tensor) -> NDArray[np.float32]:
    out: NDArray[np.float32] = source.trunk.stage3(pictures).clamp(-LARGEST, LARGEST).numpy()
    return out


def _shapes(net: PfmNet, views: int, count: int) -> dict[str, tuple[int, ...]]:
    grid = net.spec.grid
    shapes: dict[str, tuple[int, ...]] = {}
    for name, source in zip(net.names, net.trunks(), strict=True):
        shapes[f"{name}_middle"] = (views, count, source.trunk.channels // 2, 2 * grid, 2 * grid)
        shapes[f"{name}_coverage"] = (views, count, grid, grid)
    return shapes


def _digest(model: str, data: PreparedSet, indices: NDArray[np.int64], views: int) -> str:
    facts: Sequence[object] = [model, data.size, [data.cases[index] for index in indices], views]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _there(folder: Path, digest: str) -> bool:
    try:
        return bool(json.loads((folder / HEADER).read_text(encoding="utf-8"))["digest"] == digest)
    except (OSError, ValueError, KeyError, TypeError):
        return False
