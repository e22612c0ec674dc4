"""The state of a training run on disk (safetensors, JSON): a killed run goes on where its last epoch ended."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.support.files import write_bytes, write_text

STATE = "state.safetensors"
BEST = "best.safetensors"
PROGRESS = "progress.json"
CURVES = "curves.csv"
CURVES_HEADER = "epoch,train_loss,validation_loss,learning_rate,seconds\n"
Net = TypeVar("Net", bound=nn.Module)


@dataclass
class Progress:
    """How far a run is. `digest` ties it to one configuration and one set of cases."""

    digest: str
    epoch: int = 0  # epochs done
    best_epoch: int = 0
    best_loss: float = float("inf")
    seconds: float = 0.0
    pairs: int = 0


class Average(Generic[Net]):
    """Exponential moving average of weights and batch statistics; short at the start, so that it forgets the noise."""

    def __init__(self, net: Net, decay: float) -> None:
        self.net = copy.deepcopy(net)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, net: Net) -> None:
        """After each step."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        own, new = list(self.net.state_dict().values()), list(net.state_dict().values())
        floats = [index for index, value in enumerate(own) if value.is_floating_point()]
        torch._foreach_lerp_([own[index] for index in floats], [new[index] for index in floats], 1 - decay)
        for index, value in enumerate(own):
            if not value.is_floating_point():
                value.copy_(new[index])


def tensors_of(module: nn.Module, prefix: str) -> dict[str, Tensor]:
    """A module's tensors under `prefix/`."""
    return {f"{prefix}/{key}": value.detach().contiguous() for key, value in module.state_dict().items()}


def whole(module: nn.Module) -> bytes:
    """A module's tensors as the bytes of a safetensors file."""
    return save({key: value.detach().contiguous() for key, value in module.state_dict().items()})


def put_back(module: nn.Module, tensors: Mapping[str, Tensor], prefix: str) -> None:
    """The opposite of `tensors_of`."""
    start = len(prefix) + 1
    module.load_state_dict({key[start:]: value for key, value in tensors.items() if key.startswith(prefix + "/")})


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimizer has learned of its parameters, under `optimizer/`."""
    return {
        f"optimizer/{index}/{key}": torch.as_tensor(value).contiguous()
        for index, entry in optimizer.state_dict()["state"].items()
        for key, value in entry.items()
    }


def put_back_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """The opposite of `optimizer_tensors`."""
    table = optimizer.state_dict()
    table["state"] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer/"):
            _, index, name = key.split("/")
            table["state"].setdefault(int(index), {})[name] = value
    optimizer.load_state_dict(table)
    _lay_out(optimizer)


def save_run(
    run: Path, net: PfmNet, average: Average[PfmNet], optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    """After each epoch. `progress.json` comes last and belongs to the state before it."""
    tensors = {**tensors_of(net, "net"), **tensors_of(average.net, "average"), **optimizer_tensors(optimizer)}
    tensors["average_steps"] = torch.tensor(average.steps)
    write_bytes(run / STATE, save(tensors, metadata={"epoch": str(progress.epoch), "digest": progress.digest}))
    write_text(run / PROGRESS, json.dumps(asdict(progress)))


def load_run(
    run: Path, digest: str, net: PfmNet, average: Average[PfmNet], optimizer: torch.optim.Optimizer
) -> Progress | None:
    """Put a saved state back; None when there is none, it is damaged, or it belongs to something else."""
    try:
        progress = Progress(**json.loads((run / PROGRESS).read_text(encoding="utf-8")))
        if progress.digest != digest:
            return None
        tensors = load((run / STATE).read_bytes())
    except (OSError, ValueError, TypeError, SafetensorError):
        return None
    put_back(net, tensors, "net")
    put_back(average.net, tensors, "average")
    average.steps = int(tensors["average_steps"])
    put_back_optimizer(optimizer, tensors)
    return progress


def cut_curves(run: Path, epoch: int) -> None:
    """Leave the curves of the epochs up to `epoch`: one that was drawn and whose state was not saved comes again."""
    try:
        lines = (run / CURVES).read_text(encoding="utf-8").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        lines = []
    rows = [line.split(",") for line in lines]
    kept = [row for row in rows if row[0].isdecimal() and int(row[0]) <= epoch]
    write_text(run / CURVES, CURVES_HEADER + "".join(",".join(row) + "\n" for row in kept))


def epochs_of_another(run: Path, digest: str) -> int:
    """Epochs in `run` that belong to another configuration or other cases; 0 when there are none."""
    try:
        progress = Progress(**json.loads((run / PROGRESS).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return 0
    return progress.epoch if progress.digest != digest else 0


def _lay_out(optimizer: torch.optim.Optimizer) -> None:
    """Moments in the memory order of their parameters: the fused step walks both by address, not by index."""
    for parameter, entry in optimizer.state.items():
        for key, value in entry.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                entry[key] = torch.empty_like(parameter).copy_(value)
