"""Splits by patient."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.pfm.training.split import PARTS, TooFewError, folds_by_patient, split_by_patient
from pfm_desktop.support.errors import BadInputError


def women(count: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """One to three cases a woman, grades at random."""
    random = np.random.default_rng(seed)
    patients = [f"w{number}" for number in range(count) for _ in range(random.integers(1, 4))]
    random.shuffle(patients)
    return patients, random.integers(0, 4, len(patients))


@pytest.mark.parametrize("seed", range(20))
def test_no_woman_stands_on_two_sides_and_no_case_is_lost(seed: int) -> None:
    patients, grades = women(60, seed)
    split = split_by_patient(patients, grades, seed=seed)
    parts = [getattr(split, name) for name in PARTS]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(patients)))
    names = [{patients[index] for index in part} for part in parts]
    for index, own in enumerate(names):
        assert not own & set().union(*names[:index], *names[index + 1 :])


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    patients, grades = women(60)
    first, again, other = (split_by_patient(patients, grades, seed=seed) for seed in (3, 3, 4))
    assert all((getattr(first, name) == getattr(again, name)).all() for name in PARTS)
    assert first.train.tolist() != other.train.tolist()


def test_every_part_gets_its_share_of_every_grade() -> None:
    patients = [f"w{number}" for number in range(400)]
    grades = np.repeat(np.arange(4), 100)
    split = split_by_patient(patients, grades, seed=1, shares=(0.5, 0.15, 0.2, 0.15))
    for name, share in zip(PARTS, (50, 15, 20, 15), strict=True):
        assert np.bincount(grades[getattr(split, name)]).tolist() == [share] * 4


def test_a_rare_grade_is_spread_over_the_parts() -> None:
    patients = [f"w{number}" for number in range(110)]
    grades = np.array([0] * 100 + [3] * 10)
    split = split_by_patient(patients, grades, seed=0, shares=(0.5, 0.15, 0.2, 0.15))
    assert all((grades[getattr(split, name)] == 3).any() for name in PARTS)


def test_the_worst_grade_of_a_woman_is_her_stratum() -> None:
    patients = [f"w{number}" for number in range(40) for _ in range(2)]
    grades = np.array([0, 3] * 40)
    split = split_by_patient(patients, grades, seed=0, shares=(0.25, 0.25, 0.25, 0.25))
    assert [len(getattr(split, name)) for name in PARTS] == [20, 20, 20, 20]


def test_too_few_patients_are_refused_however_many_cases_they_have() -> None:
    with pytest.raises(BadInputError, match="2 patients are too few: none is left for"):
        split_by_patient(["a", "b"] * 50, np.array([0, 1] * 50), seed=0)


def test_one_patient_is_one_patient() -> None:
    with pytest.raises(TooFewError, match="1 patient is too few"):
        split_by_patient(["a"] * 50, np.array([0, 1] * 25), seed=0)


def test_a_test_part_may_be_left_out() -> None:
    patients, grades = women(60)
    assert not len(split_by_patient(patients, grades, seed=0, shares=(0.8, 0.1, 0.1, 0.0)).test)


def test_folds_share_no_patient_and_are_alike_in_size() -> None:
    patients, _ = women(30)
    folds = folds_by_patient(patients, 4, seed=0)
    of = {
        patient: {fold for other, fold in zip(patients, folds, strict=True) if other == patient} for patient in patients
    }
    assert all(len(found) == 1 for found in of.values())
    sizes = np.bincount([found.pop() for found in of.values()])
    assert len(sizes) == 4
    assert sizes.max() - sizes.min() <= 1
    assert (folds_by_patient(patients, 4, seed=0) == folds).all()
    assert (folds_by_patient(patients, 4, seed=1) != folds).any()


def test_fewer_women_than_folds_leave_folds_empty() -> None:
    first, again, other = folds_by_patient(["a", "a", "b"], 10, seed=0)
    assert first == again != other
