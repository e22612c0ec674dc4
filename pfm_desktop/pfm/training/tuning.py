"""The steps of fine-tuning on cached trunk maps: the heads first, then the last stage and the decision module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pfm_desktop.jobs import Cancelled, Context
from pfm_desktop.pfm.calibrate import fit_scale
from pfm_desktop.pfm.features import FeatureBatch, Features, joined
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.nets.pconv import STAGE3
from pfm_desktop.pfm.training.loop import CLIP, make_optimizer, schedule
from pfm_desktop.pfm.training.losses import grade_weights, total_loss

Ints = NDArray[np.int64]
BATCH = 32
RATE = 1.5e-3  # of the heads in the first phase; everything in the second runs at a tenth of it
SLOWER = 0.1
DECAY = 0.05
WARMUP = 0.1
BALANCE = 0.5
SOFTMAX_WEIGHT = 0.5
ALONE_WEIGHT = 0.3
DROP_SOURCE = 0.15


@dataclass(frozen=True)
class Phase:
    """`rate` and number of `epochs`; `deep` trains the last stage, attention, splice and decision module too."""

    epochs: int
    rate: float
    deep: bool


@dataclass
class Tuned:
    """How the tuning went. Epoch 0 is the network as it came: it wins when nothing better was found."""

    losses: list[float] = field(default_factory=list)  # on the validation part, from epoch 0 on
    best_epoch: int = 0
    stopped: bool = False
    pairs: int = 0

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return len(self.losses) - 1


def phases(epochs: int) -> tuple[Phase, ...]:
    """A third of the epochs for the heads alone (at least one), the others for the deeper parts."""
    first = max(1, epochs // 3)
    plan = Phase(first, RATE, deep=False), Phase(epochs - first, RATE * SLOWER, deep=True)
    return tuple(phase for phase in plan if phase.epochs)


def tune(
    ctx: Context,
    net: PfmNet,
    train: Features,
    validation: Features,
    *,
    epochs: int,
    seed: int,
    old: Features | None = None,
    old_share: float = 0.2,
) -> Tuned:
    """Tune `net` in place and leave it at its best epoch, in evaluation mode.

    `old` cases are mixed in so that they make up `old_share` of each epoch. Cancelled after a whole epoch, the best so
    far stays (`stopped`); before that `Cancelled` comes through.
    """
    tuned = Tuned([validation_loss(net, validation)])
    best = _copy(net)
    plan = phases(epochs)
    total = sum(phase.epochs for phase in plan)
    try:
        for phase in plan:
            _open(net, deep=phase.deep)
            optimizer = make_optimizer(net, phase.rate, DECAY)
            for number in range(phase.epochs):
                text = f"epoch {tuned.epochs + 1} of {total}, validation loss {tuned.losses[-1]:.3f}"
                ctx.progress(tuned.epochs, total, text)
                order = _order(train, old, old_share, seed, tuned.epochs)
                _epoch(ctx, net, train, old, optimizer, order, phase, number, [seed, tuned.epochs])
                tuned.pairs += len(order)
                tuned.losses.append(validation_loss(net, validation))
                if tuned.losses[-1] < tuned.losses[tuned.best_epoch]:
                    tuned.best_epoch, best = tuned.epochs, _copy(net)
    except Cancelled:
        if tuned.epochs < 1:
            raise
        tuned.stopped = True
    net.load_state_dict(best)
    net.requires_grad_(True)
    net.eval()
    return tuned


@torch.no_grad()
def validation_loss(net: PfmNet, features: Features) -> float:
    """Mean negative log-likelihood of the answers with the sources at hand, after fitting a scale to them."""
    net.eval()
    answers = []
    for start in range(0, len(features), BATCH):
        cases = np.arange(start, min(start + BATCH, len(features)), dtype=np.int64)
        batch = features.batch(cases, np.zeros_like(cases))
        answers.append(net.decide(_maps(net, batch), batch.coverage, batch.present).combined().double().numpy())
    log_p = np.concatenate(answers)
    p = fit_scale(log_p, features.grades).probabilities(log_p)
    return float(-np.log(p[np.arange(len(p)), features.grades] + 1e-12).mean())


def _open(net: PfmNet, *, deep: bool) -> None:
    """Choose what learns: heads and classifier, with `deep` everything behind the third stage."""
    net.requires_grad_(False)
    parts: list[nn.Module] = [net.classifier, net.alone]
    if deep:
        parts += [net.splice, net.decision]
        for source in net.trunks():
            parts += [source.enhance, source.trunk.stages[STAGE3:]]
    for part in parts:
        part.requires_grad_(True)


def _order(train: Features, old: Features | None, share: float, seed: int, epoch: int) -> Ints:
    """Cases of one epoch; those from `len(train)` on are old ones, other ones each epoch."""
    random = np.random.default_rng([seed, epoch])
    cases = np.arange(len(train), dtype=np.int64)
    if old is not None:
        wanted = min(len(old), round(share / (1 - share) * len(train)))
        cases = np.concatenate((cases, len(train) + random.choice(len(old), wanted, replace=False)))
    out: Ints = random.permutation(cases)
    return out


def _epoch(
    ctx: Context,
    net: PfmNet,
    train: Features,
    old: Features | None,
    optimizer: torch.optim.Optimizer,
    order: Ints,
    phase: Phase,
    number: int,
    seed: list[int],
) -> None:
    _train_mode(net)
    random = np.random.default_rng([*seed, 1])
    torch.manual_seed(seed[0] * 1_000_003 + seed[1])  # dropout
    weights = grade_weights(train.grades, BALANCE)
    steps = -(-len(order) // BATCH)
    for step in range(steps):
        ctx.check()
        rate = phase.rate * schedule(number * steps + step, phase.epochs * steps, WARMUP)
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = _batch(train, old, order[step * BATCH : (step + 1) * BATCH], random)
        present = _some_left_out(batch.present, random)
        optimizer.zero_grad(set_to_none=True)
        outputs = net.answer(_maps(net, batch), batch.inputs(present))
        loss = total_loss(
            outputs, batch.grade, present, weights, softmax_weight=SOFTMAX_WEIGHT, alone_weight=ALONE_WEIGHT
        )
        loss.backward()  # type: ignore[no-untyped-call]  # torch ships this method without types
        nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        optimizer.step()


def _train_mode(net: PfmNet) -> None:
    """Dropout on; batch norms keep the statistics they came with, which few cases would only blur."""
    net.train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _batch(train: Features, old: Features | None, cases: Ints, random: np.random.Generator) -> FeatureBatch:
    own, others = cases[cases < len(train)], cases[cases >= len(train)] - len(train)
    batch = train.batch(own, random.integers(train.views, size=len(own)))
    if old is None or not len(others):
        return batch
    return joined(batch, old.batch(others, random.integers(old.views, size=len(others))))


def _some_left_out(present: Mapping[str, Tensor], random: np.random.Generator) -> dict[str, Tensor]:
    """Take one source away from some cases that have both, so that a missing source stays answerable."""
    kept = dict(present)
    if len(kept) < 2:
        return kept
    first, second = kept
    draw = torch.from_numpy(random.random(len(kept[first])))
    both = kept[first] & kept[second]
    kept[first] = kept[first] & ~(both & (draw < DROP_SOURCE))
    kept[second] = kept[second] & ~(both & (draw >= 1 - DROP_SOURCE))
    return kept


def _maps(net: PfmNet, batch: FeatureBatch) -> dict[str, Tensor]:
    """Enhanced maps N x C x h x w."""
    return {name: source.tail(batch.middle[name]) for name, source in zip(net.names, net.trunks(), strict=True)}


def _copy(net: PfmNet) -> dict[str, Tensor]:
    return {key: value.detach().clone() for key, value in net.state_dict().items()}
