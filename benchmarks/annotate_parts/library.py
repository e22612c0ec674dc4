"""Libraries of phantom pairs with tasks on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, labelling, pairing
from pfm_desktop.services.labelling import Wish
from pfm_desktop.storage.library import Library

READER = "Reader"
DRAWN = 24  # phantoms; further pairs are these, each a little brighter, so that no two files are alike
TASKS = ("keys", "again", "kills 1", "kills 2", "kills 3", "kills 4")  # the last ones are read by who is killed


def make_library(path: Path, pairs: int, size: tuple[int, int]) -> None:
    """So many women with a pair of `size` (width, height), and a task of all of them for each of `TASKS`."""
    from pfm_desktop.imaging.io import encode_jpeg

    if path.exists():
        return
    drawn = [_phantom(number, size) for number in range(min(DRAWN, pairs))]
    with Library.create(path, demo=True) as lib:
        lib.who = READER
        found = []
        for number in range(pairs):
            patient = cases.add_patient(lib, identifier=f"B-{number}", family_name=f"Benchmark {number}")
            visit = cases.add_visit(lib, patient.id)
            for picture, stage in zip(
                drawn[number % len(drawn)], (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID), strict=True
            ):
                data = encode_jpeg(np.minimum(picture, 254) + np.uint8(number // len(drawn) % 2), quality=95)
                cases.add_picture(lib, visit.id, data + b"\n%d" % number, stage=stage)
            pair = pairing.ensure_pair(lib, visit.id)
            if pair is not None:
                found.append(pair.id)
        for name in TASKS:
            labelling.make_task(lib, Wish(name, repeats=0.0), labelling.in_random_order(found, seed=1))


def prepare(path: Path, pairs: int, size: tuple[int, int]) -> None:
    """As a process of its own: drawing leaves memory behind that no clinic's program has."""
    from pfm_desktop.services import models

    make_library(path, pairs, size)
    models.choose_backend(SilentContext(), models.DEFAULT_MODEL)  # as any start but the first finds it


def task_id(lib: Library, name: str) -> str:
    """A task by its name."""
    return next(row.task.id for row in labelling.task_rows(lib) if row.task.name == name)


def register_all(path: Path) -> None:
    """Registrations as Review leaves them behind."""
    from pfm_desktop.services import engine

    with Library.open(path) as lib:
        lib.who = READER
        for turn in labelling.queue(lib, task_id(lib, TASKS[0])).turns:
            engine.registered(SilentContext(), lib, engine.load_pair(SilentContext(), lib, turn.pair_id))


def _phantom(seed: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    from pfm_desktop.imaging.phantom import render

    width, height = size
    phantom = render(770_000 + seed, grade=GRADES[seed % len(GRADES)], size=width)
    edge = (width - height) // 2
    return phantom.white[edge : edge + height], phantom.fluorescence[edge : edge + height]
