"""The state of fine-tuning on disk: weights, what the optimiser has learned, losses by epoch. Nothing of any case."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.training.state import optimizer_tensors, put_back_optimizer, tensors_of
from pfm_desktop.support.files import write_bytes

_SAID = "tuning"  # in the metadata
_NET, _BEST = "net", "best"


@dataclass(frozen=True, eq=False)
class TuningState:
    """After a whole epoch; see `tuning.Tuned`. `best`: the weights of the best epoch."""

    losses: Sequence[float]
    learned: Sequence[float]
    best_epoch: int
    pairs: int
    best: Mapping[str, Tensor]
    optimizer: torch.optim.Optimizer


def save_tuning(file: Path, digest: str, net: PfmNet, state: TuningState) -> None:
    """Whole or not at all, so that a kill leaves the state of one moment. Raises `StorageError` for a full disk."""
    best = {f"{_BEST}/{key}": value.contiguous() for key, value in state.best.items()}
    said = {
        "digest": digest,
        "losses": list(state.losses),
        "learned": list(state.learned),
        "best_epoch": state.best_epoch,
        "pairs": state.pairs,
    }
    tensors = {**tensors_of(net, _NET), **best, **optimizer_tensors(state.optimizer)}
    write_bytes(file, save(tensors, metadata={_SAID: json.dumps(said)}))


def load_tuning(
    file: Path, digest: str, net: PfmNet, begin: Callable[[int], torch.optim.Optimizer]
) -> TuningState | None:
    """Put a kept state back into `net`; None, and all as it was, where there is none that fits.

    `begin(epochs)` opens what learns after so many epochs and gives its optimiser.
    """
    said = _said(file)
    if said is None or said.get("digest") != digest:
        return None
    try:
        tensors = load_file(file)
    except (OSError, SafetensorError):
        return None
    own = {f"{part}/{key}": value for part in (_NET, _BEST) for key, value in net.state_dict().items()}
    if any(key not in tensors or tensors[key].shape != value.shape for key, value in own.items()):
        return None
    before = {key: value.clone() for key, value in net.state_dict().items()}
    try:
        losses = [float(value) for value in said["losses"]]
        net.load_state_dict({key: tensors[f"{_NET}/{key}"] for key in before})
        optimizer = begin(len(losses) - 1)
        put_back_optimizer(optimizer, tensors)
        best = {key: tensors[f"{_BEST}/{key}"] for key in before}
        learned = [float(value) for value in said["learned"]]
        return TuningState(losses, learned, int(said["best_epoch"]), int(said["pairs"]), best, optimizer)
    except (KeyError, TypeError, ValueError, RuntimeError):
        net.load_state_dict(before)
        return None


def _said(file: Path) -> dict[str, Any] | None:
    try:
        with safe_open(str(file), framework="pt") as opened:
            said = json.loads((opened.metadata() or {})[_SAID])
    except (OSError, ValueError, TypeError, KeyError, SafetensorError):
        return None
    return said if isinstance(said, dict) else None
