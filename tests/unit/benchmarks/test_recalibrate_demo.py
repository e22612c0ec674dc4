"""Another version with the same weights: what calibrates it, and that nothing but the calibration is another."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import recalibrate_demo
from benchmarks.demo_model import answers_folder
from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.domain.source import PLACES
from pfm_desktop.jobs import SilentContext
from pfm_desktop.pfm.calibrate import Calibration, Scale
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model
from pfm_desktop.pfm.model_file import CARD, read_model_file
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.answers import Answers
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.report import MEDIAN, SCALED
from pfm_desktop.pfm.training.seen import seen_patients
from pfm_desktop.services import models

pytestmark = pytest.mark.slow

SCALE = Scale(1.3, (0.2, -0.1, 0.1, -0.2))
NAMES = ("both", "white", "fluorescence")
HEATMAP = {"method": "class_map", "strong": {"white": [1.0, 2.0, 3.0], "fluorescence": [4.0, 5.0, 6.0]}}


MODEL = LoadedModel(
    net=None,  # type: ignore[arg-type]  # nobody asks it
    info=ModelInfo("m", "2", "ab" * 32, PLACES, "T0", "token", 64),
    calibration=Calibration(dict.fromkeys(NAMES, SCALE)),
    normalisation=Normalisation.default(),
    heatmap={},
)


def written(folder: Path, log_p: np.ndarray) -> Path:
    folder = folder / answers_folder(MODEL.info)
    folder.mkdir()
    for number, row in enumerate(log_p):
        shares = SCALE.probabilities(row[None])[0].tolist()
        said = {name: {"probabilities": shares} for name in NAMES}
        if number == 1:
            said["both"] = {"refused": "no cervix"}  # type: ignore[dict-item]
        text = json.dumps({"grade": "low", "patient": f"w{number}", **said})
        (folder / f"case_{number}.json").write_text(text, encoding="utf-8")
    (folder / "case_0-second.json").write_text("not asked for", encoding="utf-8")
    return folder


def test_the_calibration_is_taken_off_what_the_engine_said(tmp_path: Path) -> None:
    log_p = np.random.default_rng(0).normal(0, 2, (5, 4))
    found = recalibrate_demo.kept_answers(written(tmp_path, log_p), MODEL)
    assert found.patients == tuple(f"w{number}" for number in range(5))
    assert found.grades.tolist() == [1] * 5
    assert found.valid["both"].tolist() == [True, False, True, True, True]
    taken_off, grades = found.of("both")
    assert len(grades) == 4
    np.testing.assert_allclose(SCALE.probabilities(taken_off), SCALE.probabilities(np.delete(log_p, 1, axis=0)))


def test_answers_of_another_calibration_and_none_at_all_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, np.zeros((2, 4)))
    with pytest.raises(SystemExit, match="is not of m 3"):
        recalibrate_demo.kept_answers(folder, replace(MODEL, info=replace(MODEL.info, version="3")))
    for file in folder.glob("*"):
        file.unlink()
    with pytest.raises(SystemExit, match="no answers"):
        recalibrate_demo.kept_answers(folder, MODEL)


def test_a_probability_of_nothing_cannot_be_taken_back(tmp_path: Path) -> None:
    folder = written(tmp_path, np.array([[0.0, 0.0, 0.0, -np.inf]]))
    with pytest.raises(SystemExit, match="1 answers of both hold a probability of 0"):
        recalibrate_demo.kept_answers(folder, MODEL)


def test_heads_that_were_not_asked_keep_their_own_cases() -> None:
    own = Answers(
        {"both": np.zeros((2, 4)), "alone_white": np.zeros((2, 4))},
        {"both": np.ones(2, np.bool_), "alone_white": np.ones(2, np.bool_)},
        np.array([0, 1]),
        ("a", "b"),
    )
    added = Answers({"both": np.ones((1, 4))}, {"both": np.ones(1, np.bool_)}, np.array([2]), ("c",))
    joined = recalibrate_demo.joined(own, added)
    assert joined.patients == ("a", "b", "c")
    assert joined.of("both")[1].tolist() == [0, 1, 2]
    assert joined.of("alone_white")[1].tolist() == [0, 1]


def test_another_version_has_the_same_weights_and_no_figures_yet(tmp_path: Path) -> None:
    folder = models.folder_of(models.DEFAULT_MODEL)
    before = read_model_file(folder)
    calibration = Calibration(dict.fromkeys(before.calibration, SCALE))
    women = tuple("abcdefghijklmnopqrst")
    added = Answers({"both": np.zeros((20, 4))}, {"both": np.ones(20, np.bool_)}, np.zeros(20, np.int64), women)
    measured = recalibrate_demo.Measured(calibration, HEATMAP, before.familiarity, 10, added)
    recalibrate_demo.write_version(folder, tmp_path / "next", "99", measured)
    after = read_model_file(tmp_path / "next")
    assert (after.version, after.sha256, after.figures) == ("99", before.sha256, {})
    assert after.training["recalibrated"] == {"from": before.version, "own": 10, "added": 20}
    assert load_model(tmp_path / "next").calibration.scale("both") == SCALE
    assert seen_patients(["a", "t", "u"], after.training) == ("a", "t")
    card = (tmp_path / "next" / CARD).read_text(encoding="utf-8")
    assert card.startswith("# pfm-demo 99\n")
    data = card.partition("## Data")[2].partition("\n## ")[0]
    assert "fitted again, on those 10 calibration cases and on 20 phantoms" in data
    assert "there is no figure on phantoms" in card
    assert card.count(MEDIAN) == 1
    assert "recalibrate_demo.py --prepared DIR --answers DIR" in card.partition("## How to make it again")[2]


def test_without_answers_a_version_differs_in_its_heatmaps_and_its_familiarity_only(tmp_path: Path) -> None:
    folder = models.folder_of(models.DEFAULT_MODEL)
    before, out = read_model_file(folder), tmp_path / "next"
    known = {**before.familiarity, "white": {**before.familiarity["white"], "threshold": 9.5}}
    measured = recalibrate_demo.Measured(load_model(folder).calibration, HEATMAP, known, 10, None)
    recalibrate_demo.write_version(folder, out, "99", measured)
    after = read_model_file(out)
    assert (after.version, after.sha256, after.figures) == ("99", before.sha256, before.figures)
    assert (after.calibration, after.heatmap, after.familiarity) == (before.calibration, HEATMAP, known)
    changed = {key for key in after.training if after.training[key] != before.training.get(key)}
    assert changed == {"command"}
    card, old = ((place / CARD).read_text(encoding="utf-8") for place in (out, folder))
    assert card.startswith("# pfm-demo 99\n")
    assert "with the same weights and the same answers" in card.partition("## Data")[2].partition("\n## ")[0]
    assert "flagged above a distance of 9.500" in card
    assert card.count(SCALED) == 1
    figures, expected = (text.partition("## Figures")[2].partition("\n## ")[0] for text in (card, old))
    assert figures == expected
    assert card.rstrip().endswith(old.rstrip().rpartition("\n\n")[2])
    assert card.partition("## How to make it again")[2].count("--version 99 --out DIR") == 1


def test_another_prepared_set_than_that_of_the_training_is_refused(
    tmp_path: Path, make_blobs: Callable[..., PreparedSet]
) -> None:
    data = make_blobs(tmp_path / "blobs", 40)
    with pytest.raises(SystemExit, match="another prepared set"):
        recalibrate_demo.measured(SilentContext(), models.folder_of(models.DEFAULT_MODEL), data, None)
