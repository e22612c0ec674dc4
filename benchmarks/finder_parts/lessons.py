"""The finder learns; a run that was killed goes on from what it saved."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor
from torch.nn import functional

from benchmarks.finder_parts.network import Finder
from benchmarks.finder_parts.truth import Truth, drawn
from benchmarks.finder_parts.views import Batch, batch
from pfm_desktop.imaging.finder import GRID
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.pfm.training.loop import schedule
from pfm_desktop.pfm.training.state import Average, optimizer_tensors, put_back, put_back_optimizer, tensors_of
from pfm_desktop.pfm.training.step import CLIP
from pfm_desktop.support.files import write_bytes

SAVED_EVERY = 200
AHEAD = 3  # batches that are drawn before they are asked for
SPREAD = 1.5  # cells: how wide the os is drawn as truth
SOFT = 20.0  # cells: an empty part that is found to be nearly empty costs little
WEIGHTS = {"cervix": 1.0, "foreign": 1.0, "film": 0.7, "os": 0.35, "present": 1.0, "turned": 0.7}


@dataclass(frozen=True)
class Lesson:
    """What is asked of a run. Phantoms of `seed` and on, `size` pixels."""

    seed: int = 60_000_000
    phantoms: int = 5200
    size: int = 256
    steps: int = 2200
    batch: int = 32
    rate: float = 2e-3
    borrowed_rate: float = 2e-4
    decay: float = 0.01
    warmup: float = 0.04
    ema: float = 0.998


def learn(ctx: Context, lesson: Lesson, work: Path, free: Path) -> Finder:
    """The averaged network after all steps. `free`: N x S x S x 3 uint8 (npy) without a cervix."""
    drawn(ctx, work, lesson.seed, lesson.phantoms, lesson.size)  # before the worker asks for them
    torch.manual_seed(lesson.seed)
    net = Finder()
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub leaves this form out
    average = Average(net, lesson.ema)
    rates = [lesson.borrowed_rate, lesson.rate]
    groups = [{"params": part, "lr": rate} for part, rate in zip((net.borrowed, net.own), rates, strict=True)]
    optimizer = torch.optim.AdamW(groups, weight_decay=lesson.decay)
    asked = json.dumps([asdict(lesson), WEIGHTS, free.stat().st_size])
    saved = work / f"finder-{hashlib.sha256(asked.encode()).hexdigest()[:12]}.safetensors"
    _take_up(saved, net, average, optimizer)
    shown: dict[str, deque[float]] = {name: deque(maxlen=100) for name in WEIGHTS}
    for step, views in enumerate(_batches(lesson, work, free, average.steps), average.steps):
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * schedule(step, lesson.steps, lesson.warmup)
        maps, marks = net.learning()(planes_of(views))
        parts = losses(maps, marks, views)
        loss = torch.stack([WEIGHTS[name] * part for name, part in parts.items()]).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
        torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        optimizer.step()
        average.update(net)
        for name, part in parts.items():
            shown[name].append(part.item())
        words = " ".join(f"{name} {np.mean(last):.3f}" for name, last in shown.items() if last)
        ctx.progress(step + 1, lesson.steps, words)
        if (step + 1) % SAVED_EVERY == 0 or step + 1 == lesson.steps:
            tensors = {**tensors_of(net, "net"), **tensors_of(average.net, "average")}
            write_bytes(saved, save({**tensors, **optimizer_tensors(optimizer), "step": torch.tensor(step + 1)}))
    return average.net.eval()


def planes_of(views: Batch) -> Tensor:
    """N x 3 x SIDE x SIDE, 0..1."""
    planes = torch.from_numpy(views.pictures).permute(0, 3, 1, 2).float().div(255)
    return planes.contiguous(memory_format=torch.channels_last)


def losses(maps: Tensor, marks: Tensor, views: Batch) -> dict[str, Tensor]:
    """By name, as in `WEIGHTS`; what no view of the batch asks is left out."""
    cervix, foreign, film, known = torch.from_numpy(views.maps).unbind(1)
    present, turned, os = (torch.from_numpy(values) for values in (views.present, views.turned, views.os))
    # where there is no cervix the map of the cervix is asked to be empty, also of pictures that are no phantom
    everywhere = torch.where((present == 0)[:, None, None], torch.ones_like(known), known)
    found = {
        "cervix": _of_map(maps[:, 0], cervix, everywhere),
        "foreign": _of_map(maps[:, 2], foreign, known),
        "film": _of_map(maps[:, 3], film, known),
    }
    seen = torch.isfinite(os[:, 0])
    if seen.any():
        said = functional.log_softmax(maps[seen, 1].flatten(1), 1)
        found["os"] = -(_spot(os[seen]) * said).sum(1).mean()
    for number, (name, wanted) in enumerate({"present": present, "turned": turned}.items()):
        asked = torch.isfinite(wanted)
        if asked.any():
            found[name] = functional.binary_cross_entropy_with_logits(marks[asked, number], wanted[asked])
    return found


def _of_map(logits: Tensor, wanted: Tensor, known: Tensor) -> Tensor:
    """Cross-entropy and Dice over the cells that are known; of a picture without any, next to nothing."""
    miss = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * known
    entropy = miss.sum((1, 2)) / (known.sum((1, 2)) + 1)
    said, wanted = logits.sigmoid() * known, wanted * known
    both = (2 * (said * wanted).sum((1, 2)) + SOFT) / (said.sum((1, 2)) + wanted.sum((1, 2)) + SOFT)
    return (entropy + 1 - both).mean()


def _spot(os: Tensor) -> Tensor:
    """N x GRID * GRID: where the os is, as shares of 1."""
    y, x = torch.meshgrid(torch.arange(float(GRID)), torch.arange(float(GRID)), indexing="ij")
    away = (x - os[:, 0, None, None]) ** 2 + (y - os[:, 1, None, None]) ** 2
    near = torch.exp(-away / (2 * SPREAD**2)).flatten(1)
    return near / (near.sum(1, keepdim=True) + 1e-6)


_known: dict[str, Any] = {}  # of the worker process


def _read(lesson: Lesson, work: Path, free: Path) -> None:
    _known["drawn"] = drawn(SilentContext(), work, lesson.seed, lesson.phantoms, lesson.size)
    _known["free"] = np.load(free, mmap_mode="r")


def _batch(lesson: Lesson, step: int) -> Batch:
    """That of one step, whatever was shown before it."""
    found: Truth = _known["drawn"]
    return batch(found, _known["free"], lesson.batch, np.random.default_rng([lesson.seed, step]))


def _batches(lesson: Lesson, work: Path, free: Path, first: int) -> Iterator[Batch]:
    with ProcessPoolExecutor(1, initializer=_read, initargs=(lesson, work, free)) as pool:
        waiting: deque[Future[Batch]] = deque()
        for step in range(first, lesson.steps + AHEAD):
            if step < lesson.steps:
                waiting.append(pool.submit(_batch, lesson, step))
            if step >= first + AHEAD and waiting:
                yield waiting.popleft().result()


def _take_up(saved: Path, net: Finder, average: Average[Finder], optimizer: torch.optim.Optimizer) -> None:
    """What a killed run saved; one that cannot be read is begun anew."""
    try:
        tensors = load(saved.read_bytes())
        put_back(net, tensors, "net")
        put_back(average.net, tensors, "average")
        put_back_optimizer(optimizer, tensors)
        average.steps = int(tensors["step"])
    except (OSError, SafetensorError, KeyError):
        return
