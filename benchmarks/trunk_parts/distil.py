"""A trunk learns to give the maps of a teacher (Hinton 2015; maps on the way as in FitNets, Romero 2015).

Each of the teacher's maps is read off one of the trunk's by a 1 x 1 convolution that is thrown away afterwards. What
the teacher says is measured within each pool of pictures, so that telling cervix from sky counts little and telling one
cervix from another counts much.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from benchmarks.trunk_parts.pictures import Pool, Views, views
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.nets.pconv import STAGE3, WIDTH, Trunk
from pfm_desktop.pfm.preprocess import Normalisation, intensities
from pfm_desktop.pfm.training.loop import schedule
from pfm_desktop.pfm.training.state import Average, optimizer_tensors, put_back, put_back_optimizer, tensors_of
from pfm_desktop.pfm.training.step import CLIP
from pfm_desktop.support.files import write_bytes

STAGE2 = 3  # `stages[:3]` ends with the second stage
Teach = Callable[[Views], list[Tensor]]
FAR = 25.0  # squared standard deviations from which a miss counts no more
LEAST = 0.02  # of a map, in the teacher's own measure: a channel that hardly varies is not blown up
ON_THE_WAY, AVERAGED = 0.5, 1.0  # weight of each map before the last, and of the last one's mean
SAVED_EVERY = 200


@dataclass(frozen=True)
class Phase:
    """`steps` steps of `batch` views of `side` pixels."""

    side: int
    batch: int
    steps: int


@dataclass(frozen=True)
class Lesson:
    """What is asked of a run."""

    variant: str = "T0"
    phases: tuple[Phase, ...] = (Phase(128, 32, 5000), Phase(224, 24, 600))
    rate: float = 1.5e-3
    decay: float = 0.02
    warmup: float = 0.02
    ema: float = 0.995
    seed: int = 5

    @property
    def steps(self) -> int:
        """Of all phases."""
        return sum(phase.steps for phase in self.phases)

    def at(self, step: int) -> Phase:
        """The phase of a step."""
        for phase in self.phases:
            if step < phase.steps:
                return phase
            step -= phase.steps
        raise IndexError(step)


class Student(nn.Module):
    """A trunk and what reads the teacher's maps off it."""

    def __init__(self, variant: str, channels: Sequence[int]) -> None:
        super().__init__()
        self.trunk = Trunk(variant)
        own = [WIDTH[variant] * factor for factor in (2, 4, 8)]
        self.readers = nn.ModuleList(nn.Conv2d(mine, its, 1) for mine, its in zip(own, channels, strict=True))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub leaves this form out

    def forward(self, planes: Tensor) -> list[Tensor]:
        """Normalised N x 3 x S x S to one map for each of the teacher's, in standard deviations."""
        return read_off(self.trunk, self.readers, planes)


def read_off(trunk: Trunk, readers: nn.ModuleList, planes: Tensor) -> list[Tensor]:
    """What `readers` read off the second, third and last stage of `trunk`."""
    second = trunk.stages[:STAGE2](trunk.patch_embed(planes))
    third = trunk.stages[STAGE2:STAGE3](second)
    maps = (second, third, trunk.stages[STAGE3:](third))
    return [reader(each) for reader, each in zip(readers, maps, strict=True)]


@dataclass(frozen=True)
class Measure:
    """Mean and spread a channel (C) of each of the teacher's maps, and the spread of the last one's mean over cells."""

    mean: tuple[Tensor, ...]
    spread: tuple[Tensor, ...]
    spread_of_mean: Tensor

    @classmethod
    def of(cls, said: Sequence[Sequence[Tensor]]) -> Measure:
        """`said`: the teacher's maps, for each pool."""
        count = range(len(said[0]))
        mean = tuple(torch.stack([maps[i].mean((0, 2, 3)) for maps in said]).mean(0) for i in count)
        spread = tuple(torch.stack([maps[i].var((0, 2, 3)) for maps in said]).mean(0).sqrt() + LEAST for i in count)
        averaged = torch.stack([maps[-1].mean((2, 3)).var(0) for maps in said]).mean(0).sqrt() + LEAST / 4
        return cls(mean, spread, averaged)

    def loss(self, given: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
        """Mean squared miss of every map, and of the last one's mean over cells."""
        *before, last = [
            own - (its - _planes(mean)) / _planes(spread)
            for own, its, mean, spread in zip(given, wanted, self.mean, self.spread, strict=True)
        ]
        of_mean = last.mean((2, 3)) * self.spread[-1] / self.spread_of_mean
        on_the_way = torch.stack([_size(miss) for miss in before]).sum() if before else torch.zeros(())
        return ON_THE_WAY * on_the_way + _size(last) + AVERAGED * _size(of_mean)


def distil(ctx: Context, lesson: Lesson, pools: Sequence[Pool], teach: Teach, work: Path) -> tuple[Student, Measure]:
    """The averaged student after all steps, and the measure that it was held to.

    A run that was killed goes on from what it saved in `work`.
    """
    torch.manual_seed(lesson.seed)
    normalisation = Normalisation.default()
    measure = measured(lesson, pools, teach)
    student = Student(lesson.variant, [len(mean) for mean in measure.mean])
    average = Average(student, lesson.ema)
    optimizer = torch.optim.AdamW(student.parameters(), lr=lesson.rate, weight_decay=lesson.decay)
    saved = work / f"trunk-{_digest(lesson, pools)}.safetensors"
    _take_up(saved, student, average, optimizer)
    student.train()
    for step in range(average.steps, lesson.steps):
        shown = _views_of(pools, lesson, step)
        wanted = teach(shown)
        for group in optimizer.param_groups:
            group["lr"] = lesson.rate * schedule(step, lesson.steps, lesson.warmup)
        loss = measure.loss(student(planes_of(shown, normalisation)), wanted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
        torch.nn.utils.clip_grad_norm_(student.parameters(), CLIP)
        optimizer.step()
        average.update(student)
        ctx.progress(step + 1, lesson.steps, f"{lesson.at(step).side} pixels, loss {loss.item():.3f}")
        if (step + 1) % SAVED_EVERY == 0 or step + 1 == lesson.steps:
            tensors = {**tensors_of(student, "student"), **tensors_of(average.net, "average")}
            steps = {"step": torch.tensor(step + 1)}
            write_bytes(saved, save({**tensors, **optimizer_tensors(optimizer), **steps}))
    return average.net.eval(), measure


def measured(lesson: Lesson, pools: Sequence[Pool], teach: Teach, batches: int = 6) -> Measure:
    """What the teacher says of a few batches of each pool."""
    first = lesson.phases[0]
    said = []
    for number, pool in enumerate(pools):
        random = np.random.default_rng([lesson.seed, 1, number])
        maps = [teach(views([pool], first.batch, first.side, random)) for _ in range(batches)]
        said.append([torch.cat([each[index] for each in maps]) for index in range(len(maps[0]))])
    return Measure.of(said)


def planes_of(shown: Views, normalisation: Normalisation) -> Tensor:
    """Views N x 3 x S x S (0..1) as a white-light trunk takes them, by way of whole grey levels as in a picture."""
    squares = torch.from_numpy(shown).permute(0, 2, 3, 1).mul(255).round().to(torch.uint8)
    planes = intensities(Source.WHITE, squares, torch.ones(len(squares)))
    seen = torch.ones(len(squares), *squares.shape[1:3])
    return normalisation.apply(Source.WHITE, planes, seen).contiguous(memory_format=torch.channels_last)


def _views_of(pools: Sequence[Pool], lesson: Lesson, step: int) -> Views:
    """Those of one step, whatever was shown before it."""
    phase = lesson.at(step)
    return views(pools, phase.batch, phase.side, np.random.default_rng([lesson.seed, 0, step]))


def _digest(lesson: Lesson, pools: Sequence[Pool]) -> str:
    """Of what is asked of a run, so that what another one saved is not taken up."""
    asked = [str(lesson), *((pool.name, pool.digest, pool.share, len(pool.squares)) for pool in pools)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:12]


def _take_up(saved: Path, student: Student, average: Average[Student], optimizer: torch.optim.Optimizer) -> None:
    """Put a saved state back; nothing where there is none, or it is damaged."""
    try:
        tensors = load(saved.read_bytes())
    except (OSError, SafetensorError):
        return
    put_back(student, tensors, "student")
    put_back(average.net, tensors, "average")
    put_back_optimizer(optimizer, tensors)
    average.steps = int(tensors["step"])


def _size(miss: Tensor) -> Tensor:
    return miss.square().clamp(max=FAR).mean()


def _planes(channels: Tensor) -> Tensor:
    return channels[None, :, None, None]
