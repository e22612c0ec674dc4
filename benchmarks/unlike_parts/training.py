"""Which phantoms the demonstration model learned from, and which calibrated it: its own split, drawn again."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import numpy as np

from benchmarks.trunk_parts.phantom_sets import SETS, SHARES
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.imaging.phantom.fields import stream
from pfm_desktop.jobs import Context
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.split import PARTS, Split, split_by_patient
from pfm_desktop.services.phantoms import case_seed
from pfm_desktop.support.errors import BadInputError


def split_of(ctx: Context, data: PreparedSet, model: Path) -> Split:
    """Indices in `data` (some or all training phantoms) of each part that the model in folder `model` was made with.

    Raises `BadInputError` when the split is not the model's, or `data` holds other cases.
    """
    table = tomllib.loads((model / "model.toml").read_text(encoding="utf-8"))["training"]
    part_of = _parts(ctx, model, int(table["seed"]), table["cases"])
    unknown = [patient for patient in data.patients if not patient.startswith("phantom-")]
    if unknown:
        raise BadInputError(f"{unknown[0]} is no phantom of the training", remedy="name its prepared folder")
    parts = np.array([part_of.get(patient, -1) for patient in data.patients])  # -1: was left out
    return Split(*(np.flatnonzero(parts == number).astype(np.int64) for number in range(len(PARTS))))


def _parts(ctx: Context, model: Path, seed: int, counts: dict[str, int]) -> dict[str, int]:
    with (model / "left_out.csv").open(encoding="utf-8", newline="") as lines:
        left_out = {row["case"] for row in csv.DictReader(lines)}
    names, grades = [], []
    for set_seed, count, _ in SETS:
        for number in range(count):
            ctx.progress(number, count, f"Drawing the grades of seed {set_seed} again")
            if f"{set_seed}-case_{number:05d}" not in left_out:
                names.append(f"phantom-{set_seed}-{number:05d}")
                # as `draw_visit` does; the rest of the visit would take a hundred times as long
                grades.append(GRADES[int(stream(case_seed(set_seed, number), "grade").integers(4))].rank)
    split = split_by_patient(names, np.array(grades, np.int64), seed=seed, shares=SHARES)
    found = {part: len(getattr(split, part)) for part in PARTS}
    if found != counts:
        raise BadInputError(f"the split {found} is not that of {model} ({counts})", remedy="make the model again")
    return {names[index]: number for number, part in enumerate(PARTS) for index in getattr(split, part)}
