"""`pfm finetune` through the real `main`, on cases that were prepared before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pfm_desktop.cli.main import main
from pfm_desktop.interop.tabular import read_manifest
from pfm_desktop.pfm.model_file import read_model_file
from pfm_desktop.pfm.registry import verify
from pfm_desktop.services.finetune import _old_rows

pytestmark = pytest.mark.slow  # trains, or draws many pictures


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory, make_model: Callable[..., Path]) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "parent")


@pytest.fixture
def cases(tmp_path: Path, make_blobs: Callable[..., object]) -> Path:
    make_blobs(tmp_path / "cases", 48)
    return tmp_path / "cases"


def tune(cases: Path, parent: Path, out: Path, *more: str) -> int:
    place = ("--prepared", str(cases), "--epochs", "1")
    return main(["finetune", str(cases / "manifest.csv"), "--from", str(parent), "--out", str(out), *place, *more])


def test_a_new_model_comes_with_its_parent_and_both_are_shown_on_the_same_patients(
    cases: Path, parent: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = (parent / "model.toml").read_bytes()
    assert tune(cases, parent, tmp_path / "ours") == 0
    info = verify(tmp_path / "ours")
    content = read_model_file(tmp_path / "ours")
    assert info.label == "local model, trained on local cases, from a demonstration model trained on phantoms"
    assert content.training["parent"] == {"name": "parent", "version": "1", "sha256": verify(parent).sha256}
    said = capfd.readouterr().out
    assert "parent 1 on the test part (local cases" in said
    assert "ours on the test part (local cases" in said
    assert "new against old on" in said
    card = (tmp_path / "ours" / "CARD.md").read_text(encoding="utf-8")
    assert "Fine-tuned from parent 1" in card
    assert "trained on phantoms" in card
    assert "drawn camera" not in card
    assert (parent / "model.toml").read_bytes() == before
    assert not (tmp_path / "ours.run").exists()


def test_phantoms_stay_phantoms_whatever_they_are_called(
    cases: Path, parent: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (cases / "phantoms.json").write_text('{"generator": "x"}')
    assert tune(cases, parent, tmp_path / "ours") == 0
    assert verify(tmp_path / "ours").label == "demonstration model, trained on phantoms"
    assert "local cases" not in capfd.readouterr().out


def test_too_few_patients_of_a_grade_are_counted_out(
    make_blobs: Callable[..., object], parent: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make_blobs(tmp_path / "few", 30)
    assert tune(tmp_path / "few", parent, tmp_path / "ours") == 2
    said = capfd.readouterr().err
    assert "missing: normal 2 more (has 8), low 2 more (has 8), high 3 more (has 7), cancer 3 more (has 7)" in said
    assert not (tmp_path / "ours").exists()


def test_a_folder_that_holds_a_model_is_never_overwritten(
    cases: Path, parent: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {file.name: file.read_bytes() for file in parent.iterdir()}
    assert tune(cases, parent, parent) == 2
    assert "already a model" in capfd.readouterr().err
    assert {file.name: file.read_bytes() for file in parent.iterdir()} == before


def test_a_missing_parent_and_a_missing_column_are_one_line_each(
    cases: Path, parent: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert tune(cases, tmp_path / "nobody", tmp_path / "ours") == 2
    (cases / "manifest.csv").write_text("patient,case,white,fluorescence\na,b,c,d\n")
    assert tune(cases, parent, tmp_path / "ours") == 2
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 2
    assert "there is no model" in lines[0]
    assert "lacks the column grade" in lines[1]
    assert not (tmp_path / "ours").exists()


def test_a_picture_of_the_new_cases_is_not_rehearsed_under_another_name(cases: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "copy.png").write_bytes((cases / "pc003_white.png").read_bytes())
    (old / "other.png").write_bytes(b"of another woman")
    lines = "patient,case,white,fluorescence,grade\nq1,a,copy.png,,low\nq2,b,other.png,,low\np001,c,other2.png,,low\n"
    (old / "other2.png").write_bytes(b"of a woman who is there by name")
    (old / "m.csv").write_text(lines)
    assert [row.case for row in _old_rows(old / "m.csv", read_manifest(cases / "manifest.csv"), 0)] == ["b"]


def test_women_the_parent_has_learned_from_are_told(
    cases: Path, make_model: Callable[..., Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from pfm_desktop.pfm.training.seen import KEY, marks_of

    known = make_model(tmp_path / "known", training={KEY: marks_of(["p000"])})
    assert tune(cases, known, tmp_path / "ours") == 0
    assert "parent has learned from 1 of these patients already (such as p000)" in capfd.readouterr().err


def test_a_model_of_a_model_of_phantoms_still_says_where_it_comes_from(
    cases: Path, parent: Path, tmp_path: Path, make_blobs: Callable[..., object]
) -> None:
    assert tune(cases, parent, tmp_path / "ours") == 0
    make_blobs(tmp_path / "more", 48, seed=2, prefix="q")
    assert tune(tmp_path / "more", tmp_path / "ours", tmp_path / "theirs") == 0
    assert verify(tmp_path / "theirs").origin == "a demonstration model trained on phantoms"
    card = (tmp_path / "theirs" / "CARD.md").read_text(encoding="utf-8")
    assert "from a demonstration model trained on phantoms" in card
