"""The state of a training run on disk (safetensors): a killed run goes on where its last epoch ended."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.support.files import write_bytes, write_text

STATE = "state.safetensors"
BEST = "best.safetensors"
CURVES = "curves.csv"
CURVES_HEADER = "epoch,train_loss,validation_loss,learning_rate,seconds\n"
_PROGRESS = "progress"  # in the metadata of both files
_STEPS = "average_steps"  # how often the average was updated
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")  # what AdamW keeps of a parameter
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
    """After each epoch, in one file, so that a kill leaves the state of one moment."""
    tensors = {**tensors_of(net, "net"), **tensors_of(average.net, "average"), **optimizer_tensors(optimizer)}
    tensors[_STEPS] = torch.tensor(average.steps)
    write_bytes(run / STATE, save(tensors, metadata={_PROGRESS: json.dumps(asdict(progress))}))


def save_best(run: Path, net: nn.Module, progress: Progress) -> None:
    """The best epoch so far, with the run that it is of; before `save_run`."""
    tensors = {key: value.detach().contiguous() for key, value in net.state_dict().items()}
    write_bytes(run / BEST, save(tensors, metadata={_PROGRESS: json.dumps(asdict(progress))}))


def load_run(
    run: Path, digest: str, net: PfmNet, average: Average[PfmNet], optimizer: torch.optim.Optimizer
) -> Progress | None:
    """Put a saved state back; None, and all as it was, when there is none, it is damaged, or of something else.

    The best epoch may be the one behind the state, killed before its own state was saved: it comes again, the same.
    """
    progress, best = _progress_of(run / STATE), _progress_of(run / BEST)
    if progress is None or best is None or {progress.digest, best.digest} != {digest}:
        return None
    if best.best_epoch not in (progress.best_epoch, progress.epoch + 1):
        return None
    try:
        tensors, weights = load_file(run / STATE), load_file(run / BEST)
    except (OSError, SafetensorError):
        return None
    parts = {**tensors_of(net, "net"), **tensors_of(average.net, "average"), _STEPS: torch.tensor(0)}
    moments = {key for key in tensors if key.startswith("optimizer/")}
    wanted = {f"optimizer/{index}/{key}" for index in range(_count(optimizer)) for key in _MOMENTS}
    if not (_fits(tensors, parts) and _fits(weights, net.state_dict()) and moments == wanted):
        return None
    put_back(net, tensors, "net")
    put_back(average.net, tensors, "average")
    average.steps = int(tensors[_STEPS])
    put_back_optimizer(optimizer, tensors)
    return progress


def _progress_of(file: Path) -> Progress | None:
    """What a saved file says of its run; None where there is none that can be read."""
    try:
        with safe_open(str(file), framework="pt") as opened:
            return Progress(**json.loads((opened.metadata() or {})[_PROGRESS]))
    except (OSError, ValueError, TypeError, KeyError, SafetensorError):
        return None


def _fits(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> bool:
    return all(key in found and found[key].shape == value.shape for key, value in wanted.items())


def _count(optimizer: torch.optim.Optimizer) -> int:
    return sum(len(group["params"]) for group in optimizer.param_groups)


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
    progress = _progress_of(run / STATE)
    return progress.epoch if progress is not None and progress.digest != digest else 0


def _lay_out(optimizer: torch.optim.Optimizer) -> None:
    """Moments in the memory order of their parameters: the fused step walks both by address, not by index."""
    for parameter, entry in optimizer.state.items():
        for key, value in entry.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                entry[key] = torch.empty_like(parameter).copy_(value)
