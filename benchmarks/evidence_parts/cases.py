"""The pictures that arms learn from and are asked about: drawn, prepared as for an answer, and their variations.

The test set is prepared once at the size it is drawn in and reduced from there, so that a registration error can be put
between preparing and reducing. Reducing gives the bytes that preparing at the network's size would.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.evidence_parts.arms import Plan
from benchmarks.evidence_parts.shots import write_second_shots
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.interop.tabular import ManifestRow, read_manifest
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.training.data import FLUORESCENCE, WHITE, PreparedSet, PreparedWriter
from pfm_desktop.services.phantoms import MANIFEST, case_seed, write_phantoms
from pfm_desktop.services.sole_use import sole_use
from pfm_desktop.services.training_data import prepare
from pfm_desktop.support.errors import BadInputError

SHIFTS = (2, 5, 10, 20)  # pixels of a picture of REFERENCE pixels a side
REFERENCE = 1024  # the size at which benchmarks/registration.py measures the registration
Pixels = NDArray[np.uint8]


def training_set(ctx: Context, work: Path, plan: Plan) -> PreparedSet:
    """The first `plan.cases` phantoms of the training seed with their outlines, prepared at the network's size."""
    folder = work / f"phantoms-{plan.train_seed}"
    rows = _rows(ctx, folder, plan.cases, plan.train_seed, plan.drawn)
    outlined = [replace(row, lesion=folder / f"{row.case}_truth.npz") for row in rows]
    return _prepared(ctx, outlined, work / f"train-{plan.cases}-{plan.size}", plan.size)


def fresh_set(ctx: Context, work: Path, plan: Plan, *, shift: int = 0) -> PreparedSet:
    """The fresh phantoms; with `shift` the fluorescence picture lies that many pixels of `REFERENCE` beside the tissue
    that registration put it on, each case in a direction of its own."""
    whole = _whole_test_set(ctx, work, plan)
    end = f"-shift{shift}" if shift else ""
    pixels = shift * plan.drawn / REFERENCE
    return reduced(whole, work / f"test-{plan.test}-{plan.size}{end}", plan.size, lambda i: _shift(i, pixels))


def second_shots(ctx: Context, work: Path, plan: Plan) -> PreparedSet:
    """Another pair of pictures of the first `plan.repeats` test women at the same visit."""
    rows = _rows(ctx, work / f"phantoms-{plan.test_seed}", plan.test, plan.test_seed, plan.drawn)[: plan.repeats]
    seeds = {row.case: case_seed(plan.test_seed, number) for number, row in enumerate(rows)}
    again = write_second_shots(ctx, work / f"second-{plan.test_seed}", rows, seeds, size=plan.drawn)
    return _prepared(ctx, again, work / f"second-{plan.repeats}-{plan.size}", plan.size)


def reduced(
    data: PreparedSet, folder: Path, size: int, shift_of: Callable[[int], tuple[float, float]] = lambda _: (0.0, 0.0)
) -> PreparedSet:
    """`data` at a smaller input `size` in `folder`; `shift_of(index)`: x and y in pixels of `data` by which the
    fluorescence picture is moved before. What is there already and whole is used again."""
    try:
        found = PreparedSet(folder)
        if found.cases == data.cases and found.size == size:
            return found
    except (BadInputError, OSError, ValueError):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    with PreparedWriter(folder, size) as writer:
        for index, case in enumerate(data.cases):
            raw = data.batch(np.array([index]))
            fluorescence, overlap = raw.squares[FLUORESCENCE][0].numpy(), raw.seen[FLUORESCENCE][0].numpy() > 0
            moved, there = moved_by(fluorescence, overlap, shift_of(index))
            grade = GRADES[int(data.grades[index])]
            writer.append(
                raw.squares[WHITE][0].numpy(), moved, there, grade=grade, patient=data.patients[index], case=case
            )
    return PreparedSet(folder)


def moved_by(
    picture: Pixels, overlap: NDArray[np.bool_], shift: tuple[float, float]
) -> tuple[Pixels, NDArray[np.bool_]]:
    """Picture and overlap moved by x and y pixels, bilinear; what comes in from outside is not seen."""
    if shift == (0.0, 0.0):
        return picture, overlap
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float64)
    size = picture.shape[1], picture.shape[0]
    moved = cv2.warpAffine(np.ascontiguousarray(picture), matrix, size, flags=cv2.INTER_LINEAR)
    there = cv2.warpAffine(overlap.astype(np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
    return np.asarray(moved, np.uint8), there > 0


def _shift(index: int, pixels: float) -> tuple[float, float]:
    if not pixels:
        return 0.0, 0.0
    turn = np.random.default_rng([4110, index]).uniform(0, 2 * np.pi)  # the same way whatever the length
    return float(pixels * np.cos(turn)), float(pixels * np.sin(turn))


def _whole_test_set(ctx: Context, work: Path, plan: Plan) -> PreparedSet:
    rows = _rows(ctx, work / f"phantoms-{plan.test_seed}", plan.test, plan.test_seed, plan.drawn)
    return _prepared(ctx, rows, work / f"test-{plan.test}-{plan.drawn}", plan.drawn)


def _rows(ctx: Context, folder: Path, count: int, seed: int, size: int) -> Sequence[ManifestRow]:
    """The first `count` phantoms of a folder, drawn where they are missing; a folder that holds more stays as it is."""
    if (folder / MANIFEST).is_file():  # it is written last
        rows = read_manifest(folder / MANIFEST)
        if len(rows) >= count:
            return rows[:count]
    return read_manifest(write_phantoms(ctx, folder, count, seed, None, size))


def _prepared(ctx: Context, rows: Sequence[ManifestRow], folder: Path, size: int) -> PreparedSet:
    with sole_use(folder):
        return prepare(ctx, rows, folder, size=size).data
