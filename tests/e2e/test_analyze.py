"""`pfm analyze` gives an answer in numbers, in a picture, in a report, and says what it is not."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from pfm_desktop.cli.main import main
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.prediction import BANNER, DEMONSTRATION
from pfm_desktop.pfm.calibrate import graded

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from tests.e2e.conftest import PairFiles

KEYS = {
    "grade", "probabilities", "prediction_set", "indeterminate", "refused", "quality", "registration", "evidence",
    "single_source", "model", "timing_ms", "familiarity", "likeliest",
}  # fmt: skip


def analyzed(out: Path, model: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["analyze", "--model", str(model), "--json", str(out / "a.json"), *arguments])
    return code, json.loads((out / "a.json").read_text(encoding="utf-8"))


def outputs(out: Path) -> list[str]:
    return ["--overlay", str(out / "o.png"), "--report", str(out / "r.pdf")]


def words_of(report: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(report).pages).split())


def check_shape(answer: dict[str, Any]) -> None:
    """Every promised key is there, whatever happened."""
    assert set(answer) >= KEYS
    assert set(answer["quality"]) == {"white", "fluorescence", "pair"}
    assert set(answer["registration"]) == {"status", "error_px", "matrix"}
    assert set(answer["evidence"]) == set(answer["single_source"]) == {"white", "fluorescence"}
    assert set(answer["familiarity"]) == {"white", "fluorescence"}
    assert set(answer["model"]) >= {"name", "version", "sha256", "investigational"}
    assert answer["model"]["label"] == DEMONSTRATION
    assert answer["model"]["investigational"] is True
    assert (answer["grade"] is None) == (answer["refused"] is not None)


def test_a_pair_becomes_json_overlay_and_report(
    tmp_path: Path, tiny_model: Path, phantom_pair: PairFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = ["--white", str(phantom_pair.white), "--fluorescence", str(phantom_pair.fluorescence)]
    code, answer = analyzed(tmp_path, tiny_model, *pair, *outputs(tmp_path))
    said = capsys.readouterr().out
    assert code == 0
    check_shape(answer)
    assert set(answer["probabilities"]) == set(GRADES)
    assert sum(answer["probabilities"].values()) == pytest.approx(1)
    assert answer["likeliest"] == max(answer["probabilities"], key=answer["probabilities"].get)
    shares = [answer["probabilities"][grade] for grade in GRADES]
    assert answer["grade"] == GRADES[int(graded(np.array(shares)))]
    assert {answer["grade"], answer["likeliest"]} <= set(answer["prediction_set"])
    assert sum(answer["evidence"].values()) == pytest.approx(1)
    assert answer["registration"]["status"] in ("ok", "check")
    assert np.array(answer["registration"]["matrix"]).shape == (3, 3)
    assert all(answer["quality"][name]["verdict"] in ("good", "limited") for name in answer["quality"])
    assert {"read", "quality", "register", "predict", "total"} <= set(answer["timing_ms"])
    assert BANNER in said
    assert DEMONSTRATION in said
    said_grade = f"indeterminate, likeliest {answer['likeliest']}" if answer["indeterminate"] else answer["grade"]
    assert f"Grade: {said_grade}" in said
    with Image.open(tmp_path / "o.png") as overlay:
        assert overlay.width == 448
        assert overlay.height > 448 + 30  # banner above, legend below
    report = words_of(tmp_path / "r.pdf")
    for text in (BANNER, DEMONSTRATION, f"Grade: {said_grade}", phantom_pair.white.name):
        assert text in report
    assert {file.name for file in tmp_path.iterdir()} == {"a.json", "o.png", "r.pdf"}


@pytest.mark.parametrize(("source", "other"), [("white", "fluorescence"), ("fluorescence", "white")])
def test_one_source_is_answered_and_marked(
    tmp_path: Path, tiny_model: Path, phantom_pair: PairFiles, source: str, other: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    code, answer = analyzed(tmp_path, tiny_model, f"--{source}", str(getattr(phantom_pair, source)), *outputs(tmp_path))
    assert code == 0
    check_shape(answer)
    assert answer["evidence"] == {source: 1.0, other: None}
    assert answer["single_source"][other] is None
    assert answer["quality"][other] is None
    assert answer["quality"]["pair"] is None
    assert answer["registration"] == {"status": None, "error_px": None, "matrix": None}
    assert "One source only" in capsys.readouterr().out
    assert "One source only" in words_of(tmp_path / "r.pdf")


def test_poor_quality_ends_with_three_and_everything_written_says_why(
    tmp_path: Path, tiny_model: Path, phantom_pair: PairFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    dark = tmp_path / "dark.png"
    Image.fromarray(phantom_pair.white_pixels // 12).save(dark)
    pair = ["--white", str(dark), "--fluorescence", str(phantom_pair.fluorescence)]
    code, answer = analyzed(tmp_path, tiny_model, *pair, *outputs(tmp_path))
    assert code == 3
    check_shape(answer)
    assert answer["refused"]["reason"] == "the white light picture: too dark"
    assert "retake" in answer["refused"]["advice"]
    for key in ("grade", "probabilities", "prediction_set", "indeterminate"):
        assert answer[key] is None
    assert answer["quality"]["white"]["verdict"] == "unusable"
    assert "No answer: the white light picture: too dark" in capsys.readouterr().out
    assert "No answer: the white light picture: too dark" in words_of(tmp_path / "r.pdf")
    assert "Grade:" not in words_of(tmp_path / "r.pdf")
    assert (tmp_path / "o.png").is_file()


@pytest.mark.slow
def test_what_to_do_about_pictures_that_do_not_fit_is_said_once(
    tmp_path: Path, tiny_model: Path, phantom_pair: PairFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["phantom", str(tmp_path / "other"), "--seed", "4", "--size", "448"]) == 0
    stranger = tmp_path / "other" / "case_00000_fluorescence.png"
    capsys.readouterr()
    pair = ["--white", str(phantom_pair.white), "--fluorescence", str(stranger)]
    code, answer = analyzed(tmp_path, tiny_model, *pair, *outputs(tmp_path))
    said, report = capsys.readouterr(), words_of(tmp_path / "r.pdf")
    assert code == 3
    assert answer["refused"]["reason"] == "the pictures do not show the same structures"
    assert answer["refused"]["advice"].endswith("place four points by hand.")
    assert answer["registration"] == {"status": "refused", "error_px": None, "matrix": None}
    assert answer["notes"] == []
    assert said.out.count("points") == report.count("points") == 1
    assert "Not registered: the pictures do not show the same structures. Check that both pictures" in report
    assert said.err == ""


def test_one_picture_given_twice_is_refused(tmp_path: Path, tiny_model: Path, phantom_pair: PairFiles) -> None:
    copy = tmp_path / "copy.jpg"
    Image.fromarray(phantom_pair.white_pixels).resize((400, 400)).save(copy, quality=90)
    code, answer = analyzed(tmp_path, tiny_model, "--white", str(phantom_pair.white), "--fluorescence", str(copy))
    assert code == 3
    assert answer["refused"]["reason"] == "the same picture was given twice"


def test_pictures_of_different_size_and_aspect_are_read_together(
    tmp_path: Path, tiny_model: Path, phantom_pair: PairFiles
) -> None:
    cut = tmp_path / "cut.png"
    Image.fromarray(phantom_pair.fluorescence_pixels[50:400]).resize((336, 262)).save(cut)
    code, answer = analyzed(tmp_path, tiny_model, "--white", str(phantom_pair.white), "--fluorescence", str(cut))
    assert code == 0
    matrix = np.array(answer["registration"]["matrix"])
    assert np.linalg.det(matrix[:2, :2]) == pytest.approx(0.75**2, rel=0.25)


def test_a_model_by_name_is_found_among_the_users_own(
    tiny_model: Path, phantom_pair: PairFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny").symlink_to(tiny_model)
    monkeypatch.setenv("PFM_HOME", str(tmp_path))
    code, answer = analyzed(tmp_path, Path("tiny"), "--white", str(phantom_pair.white))
    assert code == 0
    assert answer["model"]["name"] == "tiny"


def learned(model: Path, folder: Path, threshold: float) -> Path:
    """A copy of the model that keeps a measure of white light, with this threshold."""
    import shutil
    from dataclasses import replace

    from pfm_desktop.pfm.checkpoint import rewrite_model_file
    from pfm_desktop.pfm.familiarity import fit_known, to_table

    shutil.copytree(model, folder)
    known = replace(fit_known(np.eye(40), np.ones((500, 40)), accepted=0.9), threshold=threshold)
    rewrite_model_file(folder, familiarity=to_table({"white": known}))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("threshold", "unlike"), [(1e-3, True), (1e6, False)])
def test_a_picture_unlike_anything_learned_from_is_warned_of_wherever_its_grade_stands(
    tmp_path: Path, tiny_model: Path, phantom_pair: PairFiles, capsys: pytest.CaptureFixture[str],
    threshold: float, unlike: bool,
) -> None:  # fmt: skip
    model = learned(tiny_model, tmp_path / "model", threshold)
    pair = ["--white", str(phantom_pair.white), "--fluorescence", str(phantom_pair.fluorescence)]
    code, answer = analyzed(tmp_path, model, *pair, *outputs(tmp_path))
    assert code == 0
    check_shape(answer)
    assert answer["familiarity"]["fluorescence"] is None
    found = answer["familiarity"]["white"]
    assert (found["threshold"], found["unlike"], found["distance"] > threshold) == (threshold, unlike, unlike)
    warning = "WARNING: Unlike anything the model learned from: white light. Do not rely on this "
    early = "WARNING: Do not rely on the AI answer and the model attention in this report."
    said, report = capsys.readouterr().out, words_of(tmp_path / "r.pdf")
    for text in (said, report):
        assert (warning in text) is unlike
        assert ("WARNING" in text) is unlike
        assert "fluorescence not known to this model" in text
    assert (early in report) is unlike
    lines = said.splitlines()
    grade = next(number for number, line in enumerate(lines) if line.startswith("Grade: "))
    assert lines[grade - 1].startswith("WARNING: ") is unlike
    assert not any(line.startswith("WARNING") for line in lines[grade:])


def test_a_model_that_keeps_no_measure_says_null_and_warns_of_nothing(
    tmp_path: Path, tiny_model: Path, phantom_pair: PairFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    _, answer = analyzed(tmp_path, tiny_model, "--white", str(phantom_pair.white))
    assert answer["familiarity"] == {"white": None, "fluorescence": None}
    said = capsys.readouterr().out
    assert "WARNING" not in said
    assert "not known, this model keeps no measure of it." in said


@pytest.mark.slow
def test_real_photographs_in_their_shape_are_unlike_anything_the_shipped_model_learned_from(
    annocerv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (annocerv / "index.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["frame"] == "1"]
    for row in rows[1 :: len(rows) // 3][:3]:
        with Image.open(annocerv / "images" / row["file"]) as squashed:
            width = round(squashed.height * int(row["original_width"]) / int(row["original_height"]))
            squashed.resize((width, squashed.height), Image.Resampling.BILINEAR).save(tmp_path / "real.png")
        code, answer = analyzed(tmp_path, Path("pfm-demo"), "--white", str(tmp_path / "real.png"))
        assert code == 0
        assert answer["familiarity"]["white"]["unlike"] is True
        assert "WARNING: Unlike anything the model learned from: white light." in capsys.readouterr().out


@pytest.mark.slow
def test_real_photographs_are_answered_as_white_light_only_cases_of_a_demonstration(
    annocerv: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photographs = sorted((annocerv / "images").glob("*.jpg"))
    for photograph in photographs[:: len(photographs) // 4][:4]:
        code, answer = analyzed(tmp_path, tiny_model, "--white", str(photograph), *outputs(tmp_path))
        assert code == 0, (photograph.name, answer["refused"])
        assert answer["refused"] is None
        assert answer["evidence"] == {"white": 1.0, "fluorescence": None}
        assert answer["model"]["label"] == "demonstration model, trained on phantoms"
        said = capsys.readouterr().out
        for text in (said, words_of(tmp_path / "r.pdf")):
            assert "demonstration model, trained on phantoms" in text
            assert "Investigational - not for diagnosis" in text
