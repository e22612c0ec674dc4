"""Cross-validation on Swede bands: the atlas's bands, nobody in two folds, normal and low as one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import annocerv_finetune as bench
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.learning import Case, Found, Group, Part, Said
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.learning.cases import find_cases
from pfm_desktop.services.learning.run import Settings

BANDS = [Grade.NORMAL] * 60 + [Grade.HIGH] * 25 + [Grade.CANCER] * 15


def found() -> Found:
    return Found(
        tuple(
            Case(f"{woman}-{frame}", f"w{woman:03}", grade, Said.MAJORITY, "", {Source.WHITE: f"{woman}/{frame}"})
            for woman, grade in enumerate(BANDS)
            for frame in range(3)
        )
    )


def test_each_score_has_the_grade_of_its_band() -> None:
    said = [bench.grade_of(score) for score in range(11)]
    assert said == [Grade.NORMAL] * 5 + [Grade.HIGH] * 2 + [Grade.CANCER] * 4
    for score in (-1, 11):
        with pytest.raises(ValueError, match="no Swede score"):
            bench.grade_of(score)


def test_folds_hold_groups_together_and_share_out_each_band() -> None:
    groups = (Group(("w000", "w070", "w099"), ()), Group(("w001", "w002"), ()))
    fold_of = bench.folds(found(), groups, 0)
    assert len(fold_of) == 100
    assert len({fold_of[woman] for woman in groups[0].women}) == len({fold_of[woman] for woman in groups[1].women}) == 1
    for grade, least in ((Grade.NORMAL, 11), (Grade.HIGH, 4), (Grade.CANCER, 2)):
        counts = np.bincount([fold_of[f"w{woman:03}"] for woman, band in enumerate(BANDS) if band is grade])
        assert len(counts) == bench.FOLDS
        assert counts.min() >= least
    assert bench.folds(found(), groups, 0) == fold_of
    assert bench.folds(found(), groups, 1) != fold_of


def test_each_fold_is_the_locked_test_once_and_calibrates_once() -> None:
    for of in range(bench.FOLDS):
        said = [bench.part_in(fold, of) for fold in range(bench.FOLDS)]
        assert (said.count(Part.TEST), said.count(Part.CALIBRATION), said.count(Part.TRAIN)) == (1, 1, 3)
        assert said[of] is Part.TEST


def told(answers: np.ndarray, truth: np.ndarray) -> bench.Told:
    exact = np.eye(4)[answers], np.ones(len(truth))
    nothing = np.full((len(truth), 4), 0.25), np.full(len(truth), 4.0)
    return bench.Told(truth, tuple(f"w{place // 2}" for place in range(len(truth))), nothing, exact)


def test_normal_and_low_are_one_band_in_the_figures_and_go_into_json() -> None:
    truth = np.repeat([0, 2, 3], 10)
    said = bench.figures([told(np.where(truth == 0, 1, truth), truth)])
    assert said["test_women"] == 15
    assert {name: one[0] for name, one in said["new"].items()} == {
        "macro_recall": 1, "quadratic_kappa": 1, "sensitivity_of_5_and_more_at_85": 1, "auc_of_5_and_more": 1,
        "sensitivity_of_7_and_more_at_85": 1, "auc_of_7_and_more": 1, "ece": 0, "set_size_of_four_grades": 1,
    }  # fmt: skip
    assert said["old"]["auc_of_5_and_more"][0] == 0.5
    assert said["difference"]["set_size_of_four_grades"] == [-3, -3, -3]
    assert "NaN" not in json.dumps(said)


def test_a_folder_without_photographs_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"there is no index\.csv"):
        bench.main(["--annocerv", str(tmp_path), "--work", str(tmp_path)])


def test_the_minimum_for_each_grade_names_the_band_that_is_not_there() -> None:
    said = bench.refused(found(), (), Settings("annocerv"))
    assert "low 10 more" in said


def test_photographs_become_visits_with_one_read_in_their_own_shape(annocerv: Path, tmp_path: Path) -> None:
    from pfm_desktop.imaging.io import decode_picture

    with bench.filled(tmp_path / "library", annocerv, 4) as lib:
        cases = find_cases(SilentContext(), lib).cases
        assert (len(cases), len({case.patient_id for case in cases})) == (4, 2)
        assert {(case.said, case.sources) for case in cases} == {(Said.MAJORITY, (Source.WHITE,))}
        shown = decode_picture(lib.pictures.get(cases[0].pictures[Source.WHITE]), "x").pixels
    assert shown.shape[:2] == (384, 576)
