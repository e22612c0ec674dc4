"""Another version with the same weights: what calibrates it, and that nothing but the calibration is another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import recalibrate_demo
from benchmarks.demo_model import answers_folder
from pfm_desktop.domain.prediction import ModelInfo
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.calibrate import Calibration, Scale
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model
from pfm_desktop.pfm.model_file import CARD, read_model_file
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.answers import Answers
from pfm_desktop.pfm.training.report import MEDIAN
from pfm_desktop.pfm.training.seen import seen_patients
from pfm_desktop.services import models

pytestmark = pytest.mark.slow

SCALE = Scale(1.3, (0.2, -0.1, 0.1, -0.2))
NAMES = ("both", "white", "fluorescence")


MODEL = LoadedModel(
    net=None,  # type: ignore[arg-type]  # nobody asks it
    info=ModelInfo("m", "2", "ab" * 32, tuple(Source), "T0", "token", 64),
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
    recalibrate_demo.write_version(folder, tmp_path / "next", "99", calibration, 10, added)
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
    assert "recalibrate_demo.py --prepared DIR" in card.partition("## How to make it again")[2]
