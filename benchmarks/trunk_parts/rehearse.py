"""A trunk that learns to grade goes on copying its teacher beside it, so that it does not forget real pictures.

What reads the teacher's maps off the trunk stays as `make_trunk.py` left it, so the trunk must stay readable by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.torch import save
from torch import Tensor, nn

from benchmarks.trunk_parts.distil import Measure, Teach, planes_of, read_off
from benchmarks.trunk_parts.pictures import Pool, views
from pfm_desktop.pfm.checkpoint import read_tensors
from pfm_desktop.pfm.nets.model import PfmNet, SourceTrunk
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.runtime import torch_threads
from pfm_desktop.pfm.training.data import WHITE
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import write_bytes

READERS = "readers.safetensors"
SIDE, BATCH = 128, 24
WEIGHT = 0.3
SEED = 6
WORDS = "to give the features of an ImageNet network on phantoms and free pictures, with its white-light trunk"


class Rehearsal:
    """What is added to the loss of each training step; see `pfm.training.loop.train`."""

    def __init__(self, start: Path, pools: Sequence[Pool], teach: Teach, *, seed: int = SEED) -> None:
        """`start`: the folder that `make_trunk.py` wrote. Raises `ModelError` where its readers are missing."""
        if not (start / READERS).is_file():
            raise ModelError(f"{start} has no {READERS}", remedy="name the folder that make_trunk.py wrote")
        self._readers, self._measure = readers_of(start)
        self._pools, self._teach, self._seed = pools, teach, seed
        self._normalisation = Normalisation.default()

    def __call__(self, net: PfmNet, step: int) -> Tensor:
        """How far the white-light trunk of `net` is off the teacher, on pictures of this step.

        Batch norms take the statistics that the trunk will answer with, and do not learn from these pictures.
        """
        source = net.extract[WHITE]
        assert isinstance(source, SourceTrunk)
        with torch_threads():
            shown = views(self._pools, BATCH, SIDE, np.random.default_rng([self._seed, step]))
            wanted = self._teach(shown)
            learning = source.trunk.training
            source.trunk.eval()
            given = read_off(source.trunk, self._readers, planes_of(shown, self._normalisation))
            source.trunk.train(learning)
        return WEIGHT * self._measure.loss(given, wanted)


def save_readers(folder: Path, readers: nn.ModuleList, measure: Measure) -> None:
    """Readers and measure of a finished student, beside the start."""
    tensors = {f"reader/{key}": value for key, value in readers.state_dict().items()}
    for index, (mean, spread) in enumerate(zip(measure.mean, measure.spread, strict=True)):
        tensors |= {f"mean/{index}": mean, f"spread/{index}": spread}
    tensors["spread_of_mean"] = measure.spread_of_mean
    write_bytes(folder / READERS, save({key: value.detach().contiguous() for key, value in tensors.items()}))


def readers_of(folder: Path) -> tuple[nn.ModuleList, Measure]:
    """What `save_readers` wrote; the readers do not learn."""
    tensors = read_tensors(folder / READERS)
    count = sum(key.startswith("mean/") for key in tensors)
    readers = nn.ModuleList()
    for index in range(count):
        weight = tensors[f"reader/{index}.weight"]
        reader = nn.Conv2d(weight.shape[1], weight.shape[0], 1)
        reader.load_state_dict({"weight": weight, "bias": tensors[f"reader/{index}.bias"]})
        readers.append(reader)
    readers.requires_grad_(False)
    mean, spread = (tuple(tensors[f"{name}/{index}"] for index in range(count)) for name in ("mean", "spread"))
    return readers, Measure(mean, spread, tensors["spread_of_mean"])
