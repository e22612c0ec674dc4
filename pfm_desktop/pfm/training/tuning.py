"""The steps of fine-tuning on cached trunk maps: the heads first, then the last stage and the decision module.

Each epoch is one round of `step`. After it the state may be kept on disk (weights, optimiser, epoch; no case), so that
a run that was killed goes on from its last whole epoch and comes to the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.jobs import Cancelled, Context
from pfm_desktop.pfm.calibrate import fit_scale
from pfm_desktop.pfm.features import Features, joined
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.training.loop import make_optimizer, schedule
from pfm_desktop.pfm.training.step import Arrays, answers_of, balance_of, learn_round, open_parts
from pfm_desktop.pfm.training.tuning_state import TuningState, load_tuning, save_tuning
from pfm_desktop.support.language import tr

Ints = NDArray[np.int64]
BATCH = 32
RATE = 1.5e-3  # of the heads in the first phase; everything in the second runs at a tenth of it
SLOWER = 0.1
DECAY = 0.05
WARMUP = 0.1
DROP_SOURCE = 0.15


@dataclass(frozen=True)
class Phase:
    """`rate` and number of `epochs`; `deep` trains the last stage, attention, splice and decision module too."""

    epochs: int
    rate: float
    deep: bool


@dataclass
class Tuned:
    """How the tuning went. Epoch 0 is the network as it came: it wins when nothing better was found.

    `best_epoch`: while it goes on that of the lowest validation loss, in the end the one that was taken.
    """

    losses: list[float] = field(default_factory=list)  # on the validation part, from epoch 0 on
    learned: list[float] = field(default_factory=list)  # on the training part, from epoch 1 on
    best_epoch: int = 0
    stopped: bool = False
    pairs: int = 0
    resumed: int = 0  # epochs of an earlier start that was cut short

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return len(self.losses) - 1


@dataclass(frozen=True)
class Keep:
    """Where the state is kept between epochs, and what ties it to one set of cases and settings."""

    file: Path
    digest: str


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
    keep: Keep | None = None,
    tell: Callable[[Tuned], None] = lambda _: None,
) -> Tuned:
    """Tune `net` in place and leave it as its last epoch has made it, in evaluation mode.

    Where the validation part says beyond its own noise that an earlier epoch was better, or that nothing was gained,
    it is left at that one. `old` cases are mixed in so that they make up `old_share` of each epoch. Cancelled after a
    whole epoch, the best so far stays (`stopped`); before that `Cancelled` comes through. `keep`: go on from what is
    kept there, and keep the state after each epoch. `tell` hears of each epoch.
    """
    run = _Run(ctx, net, train, validation, old, old_share, seed, epochs, keep)
    run.resume()
    tell(run.tuned)
    try:
        while run.tuned.epochs < epochs:
            run.epoch()
            tell(run.tuned)
    except Cancelled:
        if run.tuned.epochs < 1:
            raise
        run.tuned.stopped = True
    if run.tuned.stopped or not run.last_is_as_good():
        net.load_state_dict(run.best)
    else:
        run.tuned.best_epoch = run.tuned.epochs
    net.requires_grad_(True)
    net.eval()
    return run.tuned


class _Run:
    """What an epoch needs of those before it."""

    def __init__(
        self,
        ctx: Context,
        net: PfmNet,
        train: Features,
        validation: Features,
        old: Features | None,
        old_share: float,
        seed: int,
        epochs: int,
        keep: Keep | None,
    ) -> None:
        self.ctx, self.net, self.train, self.validation = ctx, net, train, validation
        self.old, self.old_share, self.seed, self.keep = old, old_share, seed, keep
        self.plan = [(phase, number) for phase in phases(epochs) for number in range(phase.epochs)]
        self.balance = balance_of(train.grades)
        self.optimizer: torch.optim.Optimizer | None = None
        self.tuned = Tuned()
        self.best: Mapping[str, Tensor] = {}

    def resume(self) -> None:
        """From what is kept, else from the network as it came."""
        found = load_tuning(self.keep.file, self.keep.digest, self.net, self._begin) if self.keep is not None else None
        if found is None or not 0 < len(found.losses) - 1 <= len(self.plan):
            self.optimizer = None
            self.tuned, self.best = Tuned([validation_loss(self.net, self.validation)]), _copy(self.net)
            return
        self.tuned = Tuned(
            list(found.losses), list(found.learned), found.best_epoch, pairs=found.pairs, resumed=len(found.losses) - 1
        )
        self.best, self.optimizer = found.best, found.optimizer

    def _begin(self, epochs: int) -> torch.optim.Optimizer:
        """Open what learns in the epoch that ended last, with its optimiser."""
        phase, _ = self.plan[min(max(epochs - 1, 0), len(self.plan) - 1)]
        open_parts(self.net, deep=phase.deep)
        return make_optimizer(self.net, phase.rate, DECAY)

    def epoch(self) -> None:
        """One more."""
        tuned = self.tuned
        phase, number = self.plan[tuned.epochs]
        self.ctx.progress(
            tuned.epochs,
            len(self.plan),
            tr(
                "epoch {epoch} of {epochs}, validation loss {loss:.3f}",
                epoch=tuned.epochs + 1,
                epochs=len(self.plan),
                loss=tuned.losses[-1],
            ),
        )
        if number == 0 or self.optimizer is None:
            self.optimizer = self._begin(tuned.epochs + 1)
        order = _order(self.train, self.old, self.old_share, self.seed, tuned.epochs)
        counts = learn_round(
            self.ctx,
            self.net,
            self.optimizer,
            self._batches(order, phase, number),
            balance=self.balance,
            seed=self.seed * 1_000_003 + tuned.epochs,
        )
        tuned.pairs += len(order)
        tuned.learned.append(counts.loss)
        tuned.losses.append(validation_loss(self.net, self.validation))
        if tuned.losses[-1] < tuned.losses[tuned.best_epoch]:
            tuned.best_epoch, self.best = tuned.epochs, _copy(self.net)
        if self.keep is not None:
            state = TuningState(tuned.losses, tuned.learned, tuned.best_epoch, tuned.pairs, self.best, self.optimizer)
            save_tuning(self.keep.file, self.keep.digest, self.net, state)

    def last_is_as_good(self) -> bool:
        """Whether the last epoch may be taken: it gained something, and is not worse than the best one by more than the
        standard error of that difference on the validation cases.

        They are few, and the epoch with their lowest loss is partly chance; the later one has been learned at a rate
        that has gone down to nothing, and has rehearsed more.
        """
        tuned = self.tuned
        if tuned.best_epoch in (0, tuned.epochs) or not tuned.losses[-1] < tuned.losses[0]:
            return tuned.best_epoch == tuned.epochs
        last, state = case_losses(self.net, self.validation), _copy(self.net)
        self.net.load_state_dict(self.best)
        worse = last - case_losses(self.net, self.validation)
        self.net.load_state_dict(state)
        return bool(len(worse) > 1 and worse.mean() <= worse.std(ddof=1) / np.sqrt(len(worse)))

    def _batches(self, order: Ints, phase: Phase, number: int) -> Iterator[tuple[Arrays, float]]:
        random = np.random.default_rng([self.seed, self.tuned.epochs, 1])
        steps = -(-len(order) // BATCH)
        for step in range(steps):
            rate = phase.rate * schedule(number * steps + step, phase.epochs * steps, WARMUP)
            batch = _batch(self.train, self.old, order[step * BATCH : (step + 1) * BATCH], random)
            yield _some_left_out(batch, random), rate


def validation_loss(net: PfmNet, features: Features) -> float:
    """Mean of `case_losses`."""
    return float(case_losses(net, features).mean())


def case_losses(net: PfmNet, features: Features) -> NDArray[np.float64]:
    """By case, the negative log-likelihood of the answer with the sources at hand, after fitting a scale to all."""
    answers = []
    for start in range(0, len(features), BATCH):
        cases = np.arange(start, min(start + BATCH, len(features)), dtype=np.int64)
        answers.append(answers_of(net, features.batch(cases, np.zeros_like(cases))))
    log_p = np.concatenate(answers)
    p = fit_scale(log_p, features.grades).probabilities(log_p)
    out: NDArray[np.float64] = -np.log(p[np.arange(len(p)), features.grades] + 1e-12)
    return out


def _order(train: Features, old: Features | None, share: float, seed: int, epoch: int) -> Ints:
    """Cases of one epoch; those from `len(train)` on are old ones, other ones each epoch."""
    random = np.random.default_rng([seed, epoch])
    cases = np.arange(len(train), dtype=np.int64)
    if old is not None:
        wanted = min(len(old), round(share / (1 - share) * len(train)))
        cases = np.concatenate((cases, len(train) + random.choice(len(old), wanted, replace=False)))
    out: Ints = random.permutation(cases)
    return out


def _batch(train: Features, old: Features | None, cases: Ints, random: np.random.Generator) -> Arrays:
    own, others = cases[cases < len(train)], cases[cases >= len(train)] - len(train)
    batch = train.batch(own, random.integers(train.views, size=len(own)))
    if old is None or not len(others):
        return batch
    return joined(batch, old.batch(others, random.integers(old.views, size=len(others))))


def _some_left_out(batch: Arrays, random: np.random.Generator) -> Arrays:
    """Take one source away from some cases that have both, so that a missing source stays answerable."""
    if len(batch.present) < 2:
        return batch
    first, second = batch.present
    draw = random.random(len(batch))
    both = batch.present[first] & batch.present[second]
    present = {
        first: batch.present[first] & ~(both & (draw < DROP_SOURCE)),
        second: batch.present[second] & ~(both & (draw >= 1 - DROP_SOURCE)),
    }
    return Arrays(batch.maps, batch.coverage, present, batch.grades)


def _copy(net: PfmNet) -> dict[str, Tensor]:
    return {key: value.detach().clone() for key, value in net.state_dict().items()}
