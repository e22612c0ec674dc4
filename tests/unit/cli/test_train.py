"""`pfm train` through the real `main`, on cases that were prepared before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pfm_desktop.cli.main import main
from pfm_desktop.pfm.registry import read_info
from pfm_desktop.pfm.training.split import TooFewError
from pfm_desktop.services.sole_use import sole_use
from pfm_desktop.services.training import kept_pictures, run_of
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow  # trains, or makes networks


@pytest.fixture
def cases(tmp_path: Path, make_blobs: Callable[..., object]) -> Path:
    make_blobs(tmp_path / "cases", 40)
    return tmp_path / "cases"


def train(cases: Path, out: Path, *more: str) -> int:
    small = ("--epochs", "1", "--size", "64", "--batch", "8", "--shares=.6,.2,.2,0")
    return main(["train", str(cases / "manifest.csv"), "--out", str(out), *small, *more])


def test_a_second_run_for_the_same_model_is_refused_while_the_first_lasts(
    cases: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m"
    (run_of(out) / "prepared-of-the-first").mkdir(parents=True)
    with sole_use(run_of(out)):
        assert train(cases, out, "--prepared", str(cases)) == 2
    said = capfd.readouterr().err
    assert f"{run_of(out)} is in use by" in said
    assert "prepared pictures" not in said  # those are the other's
    assert (run_of(out) / "prepared-of-the-first").is_dir()
    assert not out.exists()


def test_too_few_patients_are_said_of_the_manifest_before_anything_is_prepared(
    make_blobs: Callable[..., object], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make_blobs(tmp_path / "few", 2)
    assert train(tmp_path / "few", tmp_path / "m") == 2
    error = capfd.readouterr().err
    assert error.startswith(f"error: {tmp_path / 'few' / 'manifest.csv'}: 2 patients are too few")
    assert "add cases of more patients" in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["few"]


def test_that_too_few_were_left_is_said_of_the_manifest(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def left_out(*_given: object, **_options: object) -> None:
        raise TooFewError("none of the 40 cases can be used", remedy="retake or replace the pictures")

    monkeypatch.setattr("pfm_desktop.services.training.prepare", left_out)
    assert train(cases, tmp_path / "m") == 2
    assert f"error: {cases / 'manifest.csv'}: none of the 40 cases can be used" in capfd.readouterr().err


def test_a_prepared_folder_in_use_is_refused(cases: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with sole_use(cases):
        assert train(cases, tmp_path / "m", "--prepared", str(cases)) == 2
    assert f"{cases} is in use by" in capfd.readouterr().err


def test_a_run_that_broke_off_says_where_the_pictures_of_patients_lie(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def prepared_half(_ctx: object, _rows: object, folder: Path, **_options: object) -> None:
        (folder / "white.u8").write_bytes(b"a patient")
        raise KeyboardInterrupt

    monkeypatch.setattr("pfm_desktop.services.training.prepare", prepared_half)
    out = tmp_path / "m"
    assert train(cases, out) == 130
    assert f"pictures of patients lie in {run_of(out)}" in capfd.readouterr().err
    assert kept_pictures(out) == run_of(out)


def test_pictures_left_by_a_finished_training_are_named_as_such(
    cases: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], make_model: Callable[..., Path]
) -> None:
    out = make_model(tmp_path / "m")
    left = run_of(out) / "prepared-1"
    left.mkdir(parents=True)
    (left / "white.u8").write_bytes(b"a patient")
    assert train(cases, out) == 2
    said = capfd.readouterr().err
    assert f"pictures of patients lie in {run_of(out)}, left when {out} was made. Delete that folder" in said
    assert "goes on with them" not in said


def test_where_no_picture_was_prepared_none_is_said_to_lie_there(tmp_path: Path) -> None:
    left = run_of(tmp_path / "m") / "prepared-1"
    left.mkdir(parents=True)
    (left / "white.u8").touch()
    assert kept_pictures(tmp_path / "m") is None


def test_pictures_of_other_cases_do_not_stay_beside_a_run(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_given: object, **_options: object) -> None:
        raise BadInputError("none of the cases can be used")

    monkeypatch.setattr("pfm_desktop.services.training.prepare", nothing)
    out = tmp_path / "m"
    old = run_of(out) / "prepared-before-the-manifest-was-corrected"
    old.mkdir(parents=True)
    assert train(cases, out) == 2
    assert not old.exists()


def test_a_folder_with_other_files_is_refused_and_stays(
    cases: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {file.name: file.read_bytes() for file in cases.iterdir()}
    assert train(cases, cases) == 2
    assert main(["finetune", str(cases / "manifest.csv"), "--from", "pfm-demo", "--out", str(cases)]) == 2
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 2
    for line in said:
        assert line.startswith(f"error: {cases} holds other files (such as cases.jsonl)")
        assert f"such as {cases / 'model'}" in line
    assert {file.name: file.read_bytes() for file in cases.iterdir()} == before
    assert not run_of(cases).exists()


@pytest.mark.slow
@pytest.mark.parametrize("mine", [False, True])
def test_a_finished_run_leaves_the_model_and_nothing_beside_it_but_what_is_the_user_s(
    cases: Path, tmp_path: Path, mine: bool
) -> None:
    out = tmp_path / "m"
    out.mkdir()
    (out / "weights.safetensors").write_bytes(b"of a run that was killed while it wrote the model")
    if mine:
        run_of(out).mkdir()
        (run_of(out) / "notes.txt").write_text("mine")
    assert train(cases, out, "--prepared", str(cases)) == 0
    assert (out / "curves.csv").is_file()
    left = {"cases", "m", *(["m.run"] if mine else [])}
    assert {file.name for file in tmp_path.iterdir() if not file.name.startswith(".")} == left
    assert not mine or (run_of(out) / "notes.txt").read_text() == "mine"


@pytest.mark.slow
def test_trunks_taken_from_a_model_of_phantoms_are_told_in_the_label(
    cases: Path, tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    parent = make_model(tmp_path / "parent")
    assert train(cases, tmp_path / "m", "--prepared", str(cases), "--start", str(parent)) == 0
    said = "local model, trained on local cases, from a demonstration model trained on phantoms"
    assert read_info(tmp_path / "m").label == said


def test_a_start_of_another_variant_is_refused_before_anything_is_prepared(
    cases: Path, tmp_path: Path, make_model: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    start = make_model(tmp_path / "start", name="t1", variant="T1")
    assert train(cases, tmp_path / "m", "--start", str(start), "--variant", "T0") == 2
    error = capfd.readouterr().err
    assert error == (
        "error: the model t1 has variant T1, not T0. train with --variant T1, or start from another model.\n"
    )
    assert not run_of(tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--name", "our model"], "'our model' cannot be the name of a model"),
        (["--name", "con"], "'con' cannot be a folder on Windows"),
        (["--name", "ours."], "'ours.' cannot be a folder on Windows"),
        (["--version", "1\n2"], "cannot be the version of a model"),
        (["--trained-on", "a\x1b[2Jb"], "what a model was trained on is not one line"),
    ],
)
def test_what_no_model_can_be_called_is_said_before_the_work(
    cases: Path, tmp_path: Path, more: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert train(cases, tmp_path / "m", *more) == 2
    assert said in capfd.readouterr().err
    assert not run_of(tmp_path / "m").exists()


@pytest.mark.slow
def test_a_trained_model_is_brought_into_the_window_as_train_says(
    cases: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ours"
    assert train(cases, out, "--prepared", str(cases)) == 0
    said = capfd.readouterr().out.splitlines()
    assert said[-1] == f"to use it in the window: `pfm models import {out}`, then Models, Use this model"
    assert main(["models", "import", str(out)]) == 0
    assert main(["models", "list"]) == 0
    assert "ours 1" in capfd.readouterr().out
    assert main(["models", "verify", "ours"]) == 0
