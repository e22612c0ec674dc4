"""The phantom pairs of the two devices, drawn once and kept as PNG files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.imaging.io import encode_png, read_picture
from pfm_desktop.imaging.phantom import render
from pfm_desktop.imaging.phantom.device import pair_of_device_b
from pfm_desktop.jobs import Context
from pfm_desktop.services.phantoms import case_seed
from pfm_desktop.services.pool import spread
from pfm_desktop.support.files import write_bytes

SIZE = 512  # pixels a side
TEST_SEED = 4300  # women whom nothing learns from, seen by both devices
LABELLED_SEED = 4310  # and the numbers behind it, one for each seed of the benchmark; device B only
DEVICES = ("a", "b")
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Drawn:
    """One pair on disk."""

    name: str
    grade: Grade
    white: Path
    fluorescence: Path

    def pixels(self) -> tuple[Pixels, Pixels]:
        """Both pictures."""
        return read_picture(self.white).pixels, read_picture(self.fluorescence).pixels


@dataclass(frozen=True)
class _Task:
    folder: Path
    seed: int
    number: int
    devices: Sequence[str]

    @property
    def grade(self) -> Grade:
        return GRADES[self.number % len(GRADES)]

    def drawn(self, device: str) -> Drawn:
        name = f"{device}-{self.seed}-{self.number:04d}"
        return Drawn(name, self.grade, self.folder / f"{name}-white.png", self.folder / f"{name}-fluorescence.png")

    @property
    def done(self) -> bool:
        return all(self.drawn(device).fluorescence.is_file() for device in self.devices)


def test_pairs(ctx: Context, work: Path, count: int) -> dict[str, list[Drawn]]:
    """`count` women, as many of each grade, by device: the same women before both."""
    return pairs_of(ctx, work, count, TEST_SEED)


def pairs_of(ctx: Context, work: Path, count: int, seed: int) -> dict[str, list[Drawn]]:
    """The same of any seed."""
    tasks = [_Task(work / "pictures", seed, number, DEVICES) for number in range(count)]
    _draw(ctx, tasks)
    return {device: [task.drawn(device) for task in tasks] for device in DEVICES}


def labelled_pairs(ctx: Context, work: Path, count: int, seed: int) -> list[Drawn]:
    """`count` other women before device B, as many of each grade, of one seed of the benchmark."""
    return device_b_pairs(ctx, work, count, LABELLED_SEED + seed)


def device_b_pairs(ctx: Context, work: Path, count: int, seed: int) -> list[Drawn]:
    """The same of any seed."""
    tasks = [_Task(work / "pictures", seed, number, ("b",)) for number in range(count)]
    _draw(ctx, tasks)
    return [task.drawn("b") for task in tasks]


def _draw(ctx: Context, tasks: Sequence[_Task]) -> None:
    missing = [task for task in tasks if not task.done]
    for _ in spread(ctx, _write, missing, workers=2, text="Drawing phantoms"):
        pass


def _write(task: _Task) -> None:
    phantom = render(case_seed(task.seed, task.number), grade=task.grade, size=SIZE)
    for device, (white, fluorescence) in _seen(phantom.white, phantom.fluorescence):
        if device in task.devices:
            drawn = task.drawn(device)
            write_bytes(drawn.white, encode_png(white))
            write_bytes(drawn.fluorescence, encode_png(fluorescence))  # last: then it counts as drawn


def _seen(white: Pixels, fluorescence: Pixels) -> Iterator[tuple[str, tuple[Pixels, Pixels]]]:
    yield "a", (white, fluorescence)
    yield "b", pair_of_device_b(white, fluorescence)
