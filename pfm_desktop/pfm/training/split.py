"""Split by patient, stratified by grade: no woman stands on two sides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

PARTS = ("train", "validation", "calibration", "test")
PART_WORDS = {
    "train": tr("train", "part of the cases"),
    "validation": tr("validation", "part of the cases"),
    "calibration": tr("calibration", "part of the cases"),
}


class TooFewError(BadInputError):
    """There are not enough patients for what is asked."""


@dataclass(frozen=True)
class Split:
    """Indices of the cases of each part. Training, choosing the epoch, calibrating and judging never share a woman."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    calibration: NDArray[np.int64]
    test: NDArray[np.int64]


def split_by_patient(
    patients: Sequence[str],
    grades: NDArray[np.int64],
    *,
    seed: int,
    shares: tuple[float, float, float, float] = (0.72, 0.08, 0.12, 0.08),
    locked: Collection[str] = (),
) -> Split:
    """Shares are of patients: train, validation, calibration, test. A patient's stratum is her worst grade.

    Patients who are `locked` are all in the test part, beside its share of the others.

    Raises `TooFewError` when training, validation or calibration would stay empty.
    """
    worst: dict[str, int] = {}
    for patient, grade in zip(patients, grades.tolist(), strict=True):
        worst[patient] = max(worst.get(patient, 0), grade)
    part_of: dict[str, int] = {}
    random = np.random.default_rng(seed)
    carried = np.zeros(len(shares))  # what rounding has left over, so that small strata do not starve a part
    for grade in sorted(set(worst.values()), reverse=True):
        members = sorted(patient for patient, value in worst.items() if value == grade and patient not in locked)
        random.shuffle(members)
        wanted = np.array(shares) / sum(shares) * len(members) + carried
        counts = _whole(wanted, len(members))
        carried = wanted - counts
        for part, group in enumerate(np.split(np.array(members, dtype=object), np.cumsum(counts)[:-1])):
            part_of.update(dict.fromkeys(group.tolist(), part))
    part_of.update({patient: len(PARTS) - 1 for patient in worst if patient in locked})
    parts = np.array([part_of[patient] for patient in patients])
    split = Split(*(np.flatnonzero(parts == index).astype(np.int64) for index in range(len(PARTS))))
    for name in PARTS[:3]:
        if not len(getattr(split, name)):
            raise TooFewError(
                tr("%n patient(s) (is|are) too few: none is left for {part}", "", len(worst), part=PART_WORDS[name]),
                safe=tr("nothing was written"),
                remedy=tr("add cases of more patients"),
            )
    return split


def folds_by_patient(patients: Sequence[str], count: int, *, seed: int) -> NDArray[np.int64]:
    """The fold, 0 to `count` - 1, of each case; a woman's cases share one, and folds differ by one woman at most."""
    names = sorted(set(patients))
    np.random.default_rng(seed).shuffle(names)
    fold_of = {name: number % count for number, name in enumerate(names)}
    return np.array([fold_of[patient] for patient in patients], np.int64)


def _whole(wanted: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Whole numbers nearest to `wanted` that add up to `total`; the largest remainders are rounded up."""
    floor = np.maximum(np.floor(wanted), 0).astype(np.int64)
    while floor.sum() > total:
        floor[int(np.argmax(floor))] -= 1
    rest = wanted - floor
    for index in np.argsort(-rest, kind="stable")[: total - int(floor.sum())]:
        floor[index] += 1
    floor[0] += total - int(floor.sum())
    return floor
