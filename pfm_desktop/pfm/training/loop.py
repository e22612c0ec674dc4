"""Training from nothing (or from imported trunks): ignite loop, resumable, cancellable, the same under a seed."""

from __future__ import annotations

import itertools
import logging
import math
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from ignite.engine import Engine, Events
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.jobs import Cancelled, Context, SilentContext
from pfm_desktop.pfm.checkpoint import load_weights, read_tensors, refuse_existing
from pfm_desktop.pfm.nets.model import Inputs, Outputs, PfmNet, new_net
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.runtime import bf16_gains, torch_threads
from pfm_desktop.pfm.training import state
from pfm_desktop.pfm.training.answers import collect, likelihood_loss, main_combination
from pfm_desktop.pfm.training.augment import Augmentation, augmented_inputs
from pfm_desktop.pfm.training.config import TrainConfig, TrainResult
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.finish import finish, measure_normalisation, start_weights
from pfm_desktop.pfm.training.losses import grade_weights, outline_loss, total_loss
from pfm_desktop.pfm.training.parallel import Trunks, made_ahead
from pfm_desktop.pfm.training.split import Split, split_by_patient
from pfm_desktop.pfm.training.step import CLIP
from pfm_desktop.support.errors import ModelError
from pfm_desktop.support.files import named, write_text
from pfm_desktop.support.language import tr
from pfm_desktop.support.threads import worker_threads

log = logging.getLogger(__name__)


Beside = Callable[[PfmNet, int], Tensor]  # network and number of the step to what is added to its loss


def train(
    ctx: Context,
    data: PreparedSet,
    out: Path,
    config: TrainConfig,
    *,
    tell: Callable[[str], None] = log.warning,
    beside: Beside | None = None,
) -> TrainResult:
    """Train a network on prepared cases and write a model folder with weights, `model.toml` and `CARD.md`.

    A run that was killed goes on from its last whole epoch; `tell` is told when its epochs do not fit what is asked.
    `beside`: something else to learn in each step, the same for the same step; `config.beside` names it.
    When `ctx` cancels, the best epoch so far is calibrated and written (`stopped` in the result); before the first
    epoch has ended there is nothing to keep and `Cancelled` comes through. Raises `BadInputError` for too few patients
    and `ModelError` when `out` holds a model.
    """
    refuse_existing(out)
    split = split_by_patient(data.patients, data.grades, seed=config.seed, shares=config.shares)
    run = config.run or out.with_name(out.name + ".run")
    with named(run, safe=tr("no training was begun")):
        run.mkdir(parents=True, exist_ok=True)
    for half in run.glob(".*.part"):  # what a kill left of a file that was being written
        half.unlink(missing_ok=True)
    threads = config.threads or worker_threads()
    with torch_threads(max(1, threads // len(config.sources))), torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        loop = _Loop(ctx, data, split, run, config, beside)
        loop.resume(tell)
        loop.go()
        load_weights(loop.net, read_tensors(run / state.BEST))
        result = finish(
            ctx, loop.net, data, split, out, config, loop.normalisation, loop.progress, stopped=loop.stopped
        )
    for name in (state.STATE, state.BEST):
        (run / name).unlink(missing_ok=True)
    with named(out / state.CURVES, safe=tr("the model itself is written")):
        shutil.copyfile(run / state.CURVES, out / state.CURVES)
    return result


@dataclass(frozen=True)
class _Step:
    """What one step needs, made ahead of it."""

    number: int
    inputs: Inputs
    grade: Tensor


class _Loop:
    """One run: network, average, optimizer, and the ignite engine that drives them."""

    def __init__(
        self, ctx: Context, data: PreparedSet, split: Split, run: Path, config: TrainConfig, beside: Beside | None
    ) -> None:
        self.ctx, self.data, self.split, self.run, self.config = ctx, data, split, run, config
        self.beside = beside
        self.bf16 = bf16_gains() if config.bf16 is None else config.bf16
        self.net = new_net(config.spec(data.size))
        self.normalisation: Normalisation = measure_normalisation(data, split.train, self.net.names)
        if config.start is not None:
            self.normalisation = start_weights(self.net, config.start, self.normalisation)
        self.average = state.Average(self.net, config.ema)
        self.optimizer = make_optimizer(
            self.net, config.learning_rate, config.weight_decay, trunk_rate=config.trunk_rate
        )
        self.weights = grade_weights(data.grades[split.train], config.balance)
        self.options = Augmentation()
        self.per_epoch = max(1, len(split.train) // config.batch)
        self.progress = state.Progress(config.digest(data.digest))
        self.stopped = False
        self._sum = 0.0
        self._clock = time.monotonic()

    def resume(self, tell: Callable[[str], None]) -> None:
        """Take up what a killed run has left, or begin; `tell` hears of epochs that cannot be used."""
        saved = state.load_run(self.run, self.progress.digest, self.net, self.average, self.optimizer)
        if saved is not None:
            self.progress = saved
            state.cut_curves(self.run, saved.epoch)
            log.info("training goes on behind epoch %d", saved.epoch)
        else:
            lost = state.epochs_of_another(self.run, self.progress.digest)
            if lost:
                tell(
                    tr(
                        "{lost} epochs of an earlier run in {run} were made with other cases, grades or settings "
                        "(such as --epochs) and are not used; training starts from the beginning",
                        lost=lost,
                        run=self.run,
                    )
                )
            write_text(self.run / state.CURVES, state.CURVES_HEADER)

    def go(self) -> None:
        """Run the epochs that are left."""
        if self.progress.epoch >= self.config.epochs or self._out_of_patience():
            return
        engine = Engine(self._step)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._tell)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._end_epoch)
        engine.logger.setLevel(logging.CRITICAL + 1)  # what goes wrong is raised, and said once
        engine.load_state_dict(
            {"epoch": self.progress.epoch, "max_epochs": self.config.epochs, "epoch_length": self.per_epoch}
        )
        self._clock = time.monotonic()
        first = self.progress.epoch * self.per_epoch
        with Trunks(self.net, bf16=self.bf16) as self.trunks:
            engine.run(made_ahead(self._batches(first), self._make, self.trunks.pool))
        if self.stopped and self.progress.best_epoch == 0:
            raise Cancelled

    def _batches(self, first: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Step number and indices, from step `first` on; each epoch in its own order, drawn from seed and epoch."""
        for step in itertools.count(first):
            epoch, place = divmod(step, self.per_epoch)
            if place == 0 or step == first:
                order = np.random.default_rng([self.config.seed, epoch]).permutation(self.split.train)
            yield step, order[place * self.config.batch : (place + 1) * self.config.batch]

    def _make(self, item: tuple[int, NDArray[np.int64]]) -> _Step:
        step, indices = item
        random = torch.Generator().manual_seed(self.config.seed * 1_000_003 + step)
        raw = self.data.batch(indices)
        inputs = augmented_inputs(
            raw, self.net.names, self.net.spec.grid, self.normalisation, options=self.options, random=random
        )
        return _Step(step, inputs, raw.grade)

    def _step(self, _engine: Engine, made: _Step) -> float:
        config = self.config
        self.net.train()
        torch.manual_seed(
            config.seed * 1_000_003 + made.number
        )  # dropout; a resumed run draws what an unbroken one does
        rate = config.learning_rate * schedule(made.number, self.per_epoch * config.epochs, config.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.trunks.gradients(made.inputs, lambda outputs: self._loss(outputs, made))
        if self.beside is not None:
            self.beside(self.net, made.number).backward()  # type: ignore[no-untyped-call]  # torch has no types for it
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
        self.optimizer.step()
        self.average.update(self.net)
        return loss

    def _loss(self, outputs: Outputs, made: _Step) -> Tensor:
        loss = total_loss(
            outputs,
            made.grade,
            made.inputs.present,
            self.weights,
            softmax_weight=self.config.softmax_weight,
            alone_weight=self.config.alone_weight,
        )
        if not self.config.outline_weight:
            return loss
        return loss + self.config.outline_weight * outline_loss(self.net, outputs, made.inputs, made.grade)

    def _tell(self, engine: Engine) -> None:
        loss = float(engine.state.output or 0.0)
        _refuse_no_number(loss, tr("epoch {epoch}", epoch=engine.state.epoch))
        self._sum += loss
        self.progress.pairs += self.config.batch
        speed = self._speed()
        done = engine.state.iteration
        text = tr(
            "epoch {epoch} of {epochs}, loss {loss:.3f}, {speed:.0f} pairs/s",
            epoch=engine.state.epoch,
            epochs=self.config.epochs,
            loss=loss,
            speed=speed,
        )
        try:
            self.ctx.progress(done, self.per_epoch * self.config.epochs, text)
        except Cancelled:
            self.stopped = True
            engine.terminate()

    def _end_epoch(self, engine: Engine) -> None:
        if self.stopped:
            return
        epoch = engine.state.epoch
        whole = SilentContext()  # a cancel waits for the next step: half a validation is of no use
        answers = collect(whole, self.average.net, self.data, self.split.validation, self.normalisation, bf16=self.bf16)
        loss = likelihood_loss(answers, main_combination(self.net.names))
        _refuse_no_number(loss, tr("the validation after epoch {epoch}", epoch=epoch))
        self.progress.epoch = epoch
        if loss < self.progress.best_loss or self.progress.best_epoch == 0:
            self.progress.best_loss, self.progress.best_epoch = loss, epoch
            state.save_best(self.run, self.average.net, self.progress)
        now = time.monotonic()
        self.progress.seconds += now - self._clock
        self._clock = now
        rate = self.optimizer.param_groups[0]["lr"]
        curves = self.run / state.CURVES
        with named(curves, safe=tr("earlier epochs are kept")), curves.open("a", encoding="utf-8") as stream:
            stream.write(
                f"{epoch},{self._sum / self.per_epoch:.5f},{loss:.5f},{rate:.2e},{self.progress.seconds:.1f}\n"
            )
        self._sum = 0.0
        state.save_run(self.run, self.net, self.average, self.optimizer, self.progress)
        if self._out_of_patience():
            engine.terminate()

    def _out_of_patience(self) -> bool:
        return self.progress.epoch - self.progress.best_epoch >= self.config.patience > 0

    def _speed(self) -> float:
        seconds = self.progress.seconds + time.monotonic() - self._clock
        return self.progress.pairs / max(seconds, 1e-6)


def _refuse_no_number(loss: float, where: str) -> None:
    """A network that has lost its way never comes back, and would answer every picture with no number."""
    if math.isnan(loss):
        raise ModelError(
            tr("the training failed: in {where} its loss was no number", where=where),
            safe=tr("no model was written, and the epochs before are kept"),
            remedy=tr("check the pictures, start from another model, or train from nothing"),
        )


def make_optimizer(net: torch.nn.Module, rate: float, decay: float, *, trunk_rate: float = 1.0) -> torch.optim.AdamW:
    """AdamW; vectors (norms, biases, learned tokens) are not decayed.

    The `share` of a group is what the learning rate is to be multiplied by: `trunk_rate` for the trunks, else 1.
    """
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, value in net.named_parameters():
        if value.requires_grad:
            plain = value.ndim < 2 or "positions" in name or name.endswith("answer")
            trunk = trunk_rate != 1.0 and ".trunk." in name
            groups.setdefault((trunk, plain), []).append(value)
    made = [
        {"params": values, "weight_decay": 0.0 if plain else decay, "share": trunk_rate if trunk else 1.0}
        for (trunk, plain), values in sorted(groups.items(), key=lambda group: group[0])
    ]
    return torch.optim.AdamW(made, lr=rate, fused=True)


def schedule(step: int, total: int, warmup: float) -> float:
    """Factor on the learning rate: straight up, then half a cosine down to a hundredth."""
    first = max(1, round(total * warmup))
    if step < first:
        return (step + 1) / first
    share = (step - first) / max(1, total - first)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
