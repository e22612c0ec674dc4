"""Whole training steps on prepared cases, as `pfm.training.loop` takes them and in the plain way; nothing is kept."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from pfm_desktop.pfm.nets.model import Inputs, Outputs, PfmNet, new_net
from pfm_desktop.pfm.runtime import bf16_gains, torch_threads
from pfm_desktop.pfm.training.augment import Augmentation, augmented_inputs
from pfm_desktop.pfm.training.config import TrainConfig
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.finish import measure_normalisation
from pfm_desktop.pfm.training.loop import make_optimizer
from pfm_desktop.pfm.training.losses import grade_weights, outline_loss, total_loss
from pfm_desktop.pfm.training.parallel import Trunks, made_ahead
from pfm_desktop.pfm.training.state import Average
from pfm_desktop.pfm.training.step import CLIP
from pfm_desktop.support.threads import worker_threads

Step = Callable[[], None]
MEASURED_ON = 64  # cases for the normalisation, which does not change how long a step takes


@dataclass(frozen=True)
class _Batch:
    inputs: Inputs
    grade: Tensor


class _Lesson:
    """Network, cases and losses that both ways share."""

    def __init__(self, data: PreparedSet, config: TrainConfig) -> None:
        torch.manual_seed(0)
        self.data, self.config = data, config
        self.net: PfmNet = new_net(config.spec(data.size))
        self.net.train()
        self.indices = np.arange(len(data), dtype=np.int64)
        self.normalisation = measure_normalisation(data, self.indices[:MEASURED_ON], self.net.names)
        self.weights = grade_weights(data.grades, config.balance)

    def batch(self, number: int) -> _Batch:
        """The batch of step `number`, augmented."""
        chosen = (self.indices[: self.config.batch] + number * self.config.batch) % len(self.data)
        raw = self.data.batch(chosen)
        inputs = augmented_inputs(
            raw, self.net.names, self.net.spec.grid, self.normalisation,
            options=Augmentation(), random=torch.Generator().manual_seed(number),
        )  # fmt: skip
        return _Batch(inputs, raw.grade)

    def loss(self, outputs: Outputs, batch: _Batch) -> Tensor:
        """All losses of a training step."""
        loss = total_loss(
            outputs, batch.grade, batch.inputs.present, self.weights,
            softmax_weight=self.config.softmax_weight, alone_weight=self.config.alone_weight,
        )  # fmt: skip
        return loss + self.config.outline_weight * outline_loss(self.net, outputs, batch.inputs, batch.grade)


@contextmanager
def our_steps(data: PreparedSet, config: TrainConfig) -> Iterator[Step]:
    """Steps as `loop.train` takes them."""
    with torch.random.fork_rng(devices=[]):
        lesson = _Lesson(data, config)
        average = Average(lesson.net, config.ema)
        optimizer = make_optimizer(lesson.net, config.learning_rate, config.weight_decay)
        with Trunks(lesson.net, bf16=bf16_gains()) as trunks:
            batches = made_ahead(itertools.count(), lesson.batch, trunks.pool)

            def step() -> None:
                with torch_threads(max(1, worker_threads() // len(config.sources))):
                    made = next(batches)
                    optimizer.zero_grad(set_to_none=True)
                    trunks.gradients(made.inputs, lambda outputs: lesson.loss(outputs, made))
                    torch.nn.utils.clip_grad_norm_(lesson.net.parameters(), CLIP)
                    optimizer.step()
                    average.update(lesson.net)

            yield step


@contextmanager
def plain_steps(data: PreparedSet, config: TrainConfig) -> Iterator[Step]:
    """Steps as one writes them first: 32-bit numbers, NCHW, one thing after another, torch's own threads."""
    with torch.random.fork_rng(devices=[]):
        lesson = _Lesson(data, config)
        lesson.net.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # not in torch's stub
        decay = config.ema
        average = torch.optim.swa_utils.AveragedModel(
            lesson.net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(decay), use_buffers=True
        )
        optimizer = torch.optim.AdamW(
            lesson.net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        numbers = itertools.count()

        def step() -> None:
            with torch_threads(worker_threads()):
                made = lesson.batch(next(numbers))
                inputs = _as_it_comes(made.inputs)
                optimizer.zero_grad()
                lesson.loss(lesson.net(inputs), made).backward()  # type: ignore[no-untyped-call]  # no types for it
                torch.nn.utils.clip_grad_norm_(lesson.net.parameters(), CLIP)
                optimizer.step()
                average.update_parameters(lesson.net)

        yield step


def _as_it_comes(inputs: Inputs) -> Inputs:
    pictures = {name: planes.contiguous() for name, planes in inputs.pictures.items()}
    return replace(inputs, pictures=pictures)
