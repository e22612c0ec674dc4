"""One round of learning with plain arrays in and plain arrays and counts out.

This is all that who trains across clinics needs: weights in, a round on own cases, the difference and the counts out.
`tuning` is nothing but such rounds on one computer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.nets.model import Inputs, PfmNet
from pfm_desktop.pfm.nets.pconv import STAGE3
from pfm_desktop.pfm.training.losses import grade_weights, total_loss
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.language import tr

Ints = NDArray[np.int64]
Weights = Mapping[str, NDArray[np.float32]]
CLIP = 5.0  # gradient norm
BALANCE = 0.5
SOFTMAX_WEIGHT = 0.5
ALONE_WEIGHT = 0.3


@dataclass(frozen=True, eq=False)
class Arrays:
    """N cases, each in one view. Per source: `maps` N x 4C x S/16 x S/16 (any float), the third stage of the trunk;
    `coverage` N x S/32 x S/32, share of each cell that shows something; `present` N bool. `grades` N, ranks 0..3."""

    maps: Mapping[str, NDArray[np.floating]]
    coverage: Mapping[str, NDArray[np.floating]]
    present: Mapping[str, NDArray[np.bool_]]
    grades: Ints

    def __len__(self) -> int:
        """Number of cases."""
        return len(self.grades)


@dataclass
class Counts:
    """What a round was made of: cases by rank, steps, and the sum of the losses of all cases."""

    cases: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(len(GRADES)), 0))
    steps: int = 0
    loss_sum: float = 0.0

    @property
    def loss(self) -> float:
        """Mean loss of a case; 0 where there was none."""
        return self.loss_sum / max(1, sum(self.cases.values()))

    def add(self, grades: Ints, loss: float) -> None:
        """One step."""
        for rank, count in enumerate(np.bincount(grades, minlength=len(GRADES)).tolist()):
            self.cases[rank] += count
        self.steps += 1
        self.loss_sum += loss * len(grades)


def open_parts(net: PfmNet, *, deep: bool) -> None:
    """Choose what learns: heads and classifier, with `deep` everything behind the third stage."""
    net.requires_grad_(False)
    parts: list[nn.Module] = [net.classifier, net.alone]
    if deep:
        parts += [net.splice, net.decision]
        for source in net.trunks():
            parts += [source.enhance, source.trunk.stages[STAGE3:]]
    for part in parts:
        part.requires_grad_(True)


def weights_of(net: PfmNet) -> dict[str, NDArray[np.float32]]:
    """Copies of the weights that learn (`open_parts`), by name."""
    return {name: value.detach().numpy().copy() for name, value in net.named_parameters() if value.requires_grad}


@torch.no_grad()
def put_weights(net: PfmNet, weights: Weights) -> None:
    """Put weights into the network; raises `ModelError` for a name or a shape that is none of it, or no numbers."""
    own = dict(net.named_parameters())
    for name, value in weights.items():
        if name not in own or tuple(own[name].shape) != value.shape or not np.isfinite(value).all():
            raise ModelError(
                tr("the weights {name} do not fit the network", name=name), safe=tr("the network is unchanged")
            )
    for name, value in weights.items():
        own[name].copy_(torch.from_numpy(np.ascontiguousarray(value, np.float32)))


def differences(after: Weights, before: Weights) -> dict[str, NDArray[np.float32]]:
    """What a round changed, by name."""
    return {name: value - before[name] for name, value in after.items()}


def learn_round(
    ctx: Context,
    net: PfmNet,
    optimizer: torch.optim.Optimizer,
    batches: Iterable[tuple[Arrays, float]],
    *,
    balance: NDArray[np.float32],
    seed: int,
) -> Counts:
    """One step for each batch, at its learning rate; the network changes in place, and `weights_of` tells how.

    `balance`: weight of each grade, 4 (`balance_of`). `seed` fixes dropout. Batch norms keep their statistics. Cancel
    is heard before each step, so that none is cut in two.
    """
    learning(net)
    torch.manual_seed(seed)
    counts = Counts()
    for arrays, rate in batches:
        ctx.check()
        for group in optimizer.param_groups:
            group["lr"] = rate
        counts.add(arrays.grades, learn_step(net, optimizer, arrays, balance))
    return counts


def learn_step(net: PfmNet, optimizer: torch.optim.Optimizer, arrays: Arrays, balance: NDArray[np.float32]) -> float:
    """One step on one batch; returns its loss before the step."""
    coverage, present = tensors(arrays.coverage), flags(arrays.present)
    grade = torch.from_numpy(np.ascontiguousarray(arrays.grades, np.int64))
    optimizer.zero_grad(set_to_none=True)
    outputs = net.answer(enhanced(net, arrays), Inputs({}, coverage, present))
    loss = total_loss(
        outputs,
        grade,
        present,
        torch.from_numpy(balance),
        softmax_weight=SOFTMAX_WEIGHT,
        alone_weight=ALONE_WEIGHT,
    )
    if not torch.isfinite(loss):  # one such step would make all weights no numbers
        raise ModelError(
            tr("a case gives no number to learn from"), safe=tr("the weights are as before this step"),
            remedy=tr("leave it out, and look at its pictures"),
        )  # fmt: skip
    loss.backward()  # type: ignore[no-untyped-call]  # torch ships this method without types
    nn.utils.clip_grad_norm_(net.parameters(), CLIP)
    optimizer.step()
    return float(loss.detach())


def balance_of(grades: Ints) -> NDArray[np.float32]:
    """Weight of each grade, 4, against a grade that is rare."""
    out: NDArray[np.float32] = grade_weights(grades, BALANCE).numpy()
    return out


@torch.no_grad()
def answers_of(net: PfmNet, arrays: Arrays) -> NDArray[np.float64]:
    """Uncalibrated log-probabilities N x 4 with the sources at hand; leaves evaluation mode."""
    net.eval()
    decided = net.decide(enhanced(net, arrays), tensors(arrays.coverage), flags(arrays.present))
    out: NDArray[np.float64] = decided.combined().double().numpy()
    return out


def enhanced(net: PfmNet, arrays: Arrays) -> dict[str, Tensor]:
    """Maps N x C x h x w behind the last stage and the attention of each source."""
    return {
        name: source.tail(_laid_out(arrays.maps[name])) for name, source in zip(net.names, net.trunks(), strict=True)
    }


def learning(net: PfmNet) -> None:
    """Dropout on; batch norms keep the statistics they came with, which few cases would only blur."""
    net.train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def tensors(arrays: Mapping[str, NDArray[np.floating]]) -> dict[str, Tensor]:
    """By source, of 32 bits."""
    return {name: torch.from_numpy(values.astype(np.float32)) for name, values in arrays.items()}


def flags(arrays: Mapping[str, NDArray[np.bool_]]) -> dict[str, Tensor]:
    """By source."""
    return {name: torch.from_numpy(values) for name, values in arrays.items()}


def _laid_out(maps: NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(maps.astype(np.float32)).contiguous(memory_format=torch.channels_last)
