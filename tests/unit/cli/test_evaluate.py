"""`pfm evaluate` through the real `main`, on cases that were prepared before."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

from pfm_desktop.cli.main import main
from pfm_desktop.domain.source import Source
from pfm_desktop.jobs import SilentContext
from pfm_desktop.pfm.checkpoint import read_tensors
from pfm_desktop.pfm.model_file import WEIGHTS
from pfm_desktop.pfm.registry import read_info
from pfm_desktop.pfm.training.seen import KEY, marks_of
from pfm_desktop.services.evaluation import evaluate_manifest
from pfm_desktop.services.sole_use import LOCK, sole_use
from pfm_desktop.storage.lock import this_process
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.files import sha256_of
from pfm_desktop.support.paths import cache_dir

pytestmark = pytest.mark.slow  # trains, or draws many pictures


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, make_model: Callable[..., Path]) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "random", name="random")


@pytest.fixture
def cases(tmp_path: Path, make_blobs: Callable[..., object]) -> Path:
    """48 cases with a manifest beside them."""
    make_blobs(tmp_path / "cases", 48)
    return tmp_path / "cases"


def ask(cases: Path, model: Path, out: Path, *more: str) -> int:
    place = ("--prepared", str(cases))
    return main(["evaluate", str(cases / "manifest.csv"), "--model", str(model), "--json", str(out), *place, *more])


def test_figures_of_each_combination_come_with_intervals_confusion_and_counts(
    cases: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ask(cases, model, tmp_path / "e.json") == 0
    found: dict[str, Any] = json.loads((tmp_path / "e.json").read_text(encoding="utf-8"))
    assert set(found["combinations"]) == {"both", "white", "fluorescence", "alone_white", "alone_fluorescence"}
    assert found["cases"] == found["asked"] == 48
    assert found["combinations"]["both"]["cases"] == 42  # six of them have lost a source
    for values in found["combinations"].values():
        low, high = values["accuracy"]["interval"]
        assert 0 <= low <= values["accuracy"]["value"] <= high <= 1
        assert sum(map(sum, values["confusion"])) == values["cases"]
    assert found["model"]["sha256"]
    assert found["model"]["investigational"] is True
    said = capfd.readouterr().out
    assert "Investigational - not for diagnosis" in said
    assert "on local cases" in said
    for name in ("both sources", "white light only", "fluorescence only"):
        assert name in said


def test_on_phantoms_every_sentence_says_so(
    cases: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (cases / "phantoms.json").write_text('{"generator": "x"}')
    assert ask(cases, model, tmp_path / "e.json") == 0
    said = capfd.readouterr()
    assert json.loads((tmp_path / "e.json").read_text())["on"] == "on phantoms"
    assert "local cases" not in said.out
    assert "random 1 on phantoms" in said.out
    assert "mean nothing" not in said.err


def test_a_model_of_phantoms_judged_on_photographs_is_told_apart(
    cases: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ask(cases, model, tmp_path / "e.json") == 0
    assert "trained on phantoms; its answers on photographs mean nothing" in capfd.readouterr().err


@pytest.mark.parametrize(("sources", "alone"), [("white", "alone_white"), ("fluorescence", "alone_fluorescence")])
def test_one_source_is_judged_without_the_other(
    make_blobs: Callable[..., object], model: Path, tmp_path: Path, sources: str, alone: str
) -> None:
    make_blobs(tmp_path / "cases", 48, sources=(Source(sources),))
    assert ask(tmp_path / "cases", model, tmp_path / "e.json", "--sources", sources) == 0
    found = json.loads((tmp_path / "e.json").read_text())
    assert found["sources"] == [sources]
    assert {sources, alone} <= set(found["combinations"])


def test_cases_left_out_are_counted_with_reasons_and_grades(
    cases: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("x.png", "y.png"):
        (cases / name).write_text(f"{name} is not a picture")
    with (cases / "manifest.csv").open("a", encoding="utf-8") as stream:
        stream.write("new,new case,x.png,,cancer\nnewer,newer case,y.png,,low\n")
    assert ask(cases, model, tmp_path / "e.json") == 0
    left = json.loads((tmp_path / "e.json").read_text())["left_out"]
    assert left["count"] == 2
    assert sum(left["reasons"].values()) == 2
    assert left["grades"] == {"cancer": 1, "low": 1}
    assert set(left["cases"]) == {"new case", "newer case"}
    assert "left out 2 of 50 cases" in capfd.readouterr().out


def test_patients_the_model_has_learned_from_are_named(
    cases: Path, make_model: Callable[..., Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    known = make_model(tmp_path / "known", training={KEY: marks_of(["p003", "p004", "someone else"])})
    assert ask(cases, known, tmp_path / "e.json") == 0
    assert "learned from 2 of these 48 patients (such as p003)" in capfd.readouterr().err
    assert any("p003" in warning for warning in json.loads((tmp_path / "e.json").read_text())["warnings"])


def test_figures_are_said_also_when_the_disk_does_not_take_them(
    cases: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, _found: object) -> None:
        raise StorageError(f"could not write {path}: No space left on device")

    monkeypatch.setattr("pfm_desktop.services.evaluation.write_evaluation", full)
    assert ask(cases, model, tmp_path / "e.json") == 2
    said = capfd.readouterr()
    assert "quadratic kappa" in said.out
    assert said.err.splitlines()[-1].startswith(f"error: could not write {tmp_path / 'e.json'}")


def test_a_source_the_model_does_not_read_is_refused_with_the_way_out(
    make_blobs: Callable[..., object],
    make_model: Callable[..., Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    cases = tmp_path / "cases"
    make_blobs(cases, 48, sources=(Source.WHITE,))
    white = make_model(tmp_path / "white", sources=(Source.WHITE,))
    assert ask(cases, white, tmp_path / "e.json", "--sources", "both") == 2
    assert "--sources white" in capfd.readouterr().err
    assert ask(cases, white, tmp_path / "e.json") == 0
    assert set(json.loads((tmp_path / "e.json").read_text())["combinations"]) == {"white", "alone_white"}


def test_answers_that_are_no_numbers_give_no_figures(
    cases: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], alter_model: Callable[..., Path]
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(model, broken)
    tensors = read_tensors(broken / WEIGHTS)
    tensors["extract.white.trunk.patch_embed.norm.running_var"].fill_(-9.0)
    before = read_info(broken).sha256
    save_file(tensors, broken / WEIGHTS)
    alter_model(broken, before, sha256_of(broken / WEIGHTS))
    assert ask(cases, broken, tmp_path / "e.json") == 2
    assert "error: the model random 1 gives answers that are no numbers" in capfd.readouterr().err
    assert not (tmp_path / "e.json").exists()


def test_a_model_that_cannot_grade_is_refused_before_a_picture_is_read(
    cases: Path,
    model: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    alter_model: Callable[..., Path],
) -> None:
    start = tmp_path / "start"
    shutil.copytree(model, start)
    alter_model(start, "can_grade = true", "can_grade = false")
    shutil.rmtree(cases / "white.u8", ignore_errors=True)
    assert ask(cases, start, tmp_path / "e.json") == 2
    assert "never trained to grade" in capfd.readouterr().err
    assert not (tmp_path / "e.json").exists()


@pytest.mark.parametrize(
    ("damage", "said"),
    [("column", "lacks the column grade"), ("file", "missing file"), ("grade", "unknown grade"), ("gone", "no file")],
)
def test_a_bad_manifest_is_one_line_and_nothing_is_written(
    cases: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], damage: str, said: str
) -> None:
    manifest = cases / "manifest.csv"
    rows = list(csv.reader(manifest.read_text().splitlines()))
    if damage == "column":
        rows = [row[:-1] for row in rows]
    elif damage == "file":
        (cases / rows[3][2]).unlink()
    elif damage == "grade":
        rows[2][4] = "very bad"
    manifest.write_text("\n".join(",".join(row) for row in rows))
    if damage == "gone":
        manifest.unlink()
    assert ask(cases, model, tmp_path / "e.json") == 2
    lines = capfd.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert said in lines[0]
    assert "manifest.csv" in lines[0]
    assert not (tmp_path / "e.json").exists()


def test_an_altered_model_and_a_pickle_are_refused(
    cases: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    altered = tmp_path / "altered"
    shutil.copytree(model, altered)
    weights = bytearray((altered / "weights.safetensors").read_bytes())
    weights[-1] ^= 1
    (altered / "weights.safetensors").write_bytes(weights)
    assert ask(cases, altered, tmp_path / "e.json") == 2
    assert "are not those of" in capfd.readouterr().err
    (tmp_path / "model.pth").write_bytes(b"x")
    assert ask(cases, tmp_path / "model.pth", tmp_path / "e.json") == 2
    assert "never loaded" in capfd.readouterr().err


def test_corrected_grades_of_the_manifest_count_and_not_those_of_the_prepared_folder(
    cases: Path, model: Path, tmp_path: Path
) -> None:
    manifest = cases / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",cancer", ",high"))
    assert ask(cases, model, tmp_path / "e.json") == 0
    found = json.loads((tmp_path / "e.json").read_text())["combinations"]["alone_white"]["confusion"]
    assert sum(found[3]) == 0
    assert sum(found[2]) > sum(found[1])


def test_a_prepared_folder_of_other_cases_is_refused_and_stays(
    cases: Path, model: Path, make_blobs: Callable[..., object], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make_blobs(tmp_path / "others", 40, seed=1, prefix="q")
    before = (cases / "cases.jsonl").read_bytes()
    others = str(tmp_path / "others" / "manifest.csv")
    end = ("--model", str(model), "--json", str(tmp_path / "e.json"), "--prepared", str(cases))
    assert main(["evaluate", others, *end]) == 2
    said = capfd.readouterr().err
    assert "48 of its 48 cases differ, such as pc000" in said
    assert "--prepared" in said
    assert (cases / "cases.jsonl").read_bytes() == before
    assert not (tmp_path / "e.json").exists()


def test_a_case_whose_picture_was_replaced_is_not_judged_by_the_old_one(
    cases: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (cases / "pc003_white.png").write_bytes(b"another picture")
    assert ask(cases, model, tmp_path / "e.json") == 2
    assert "1 of its 48 cases differ, such as pc003" in capfd.readouterr().err


def test_a_second_run_in_one_prepared_folder_is_refused_while_the_first_lasts(
    cases: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with sole_use(cases):
        assert ask(cases, model, tmp_path / "e.json") == 2
    assert "is in use by" in capfd.readouterr().err
    assert ask(cases, model, tmp_path / "e.json") == 0


def test_pictures_that_a_killed_evaluation_left_are_removed_by_the_next_of_any_cases(
    cases: Path, model: Path, tmp_path: Path
) -> None:
    left = cache_dir() / "prepared-of-other-cases"
    left.mkdir(parents=True)
    (left / "white.u8").write_bytes(b"a patient")
    (left / LOCK).write_text(json.dumps({**vars(this_process()), "pid": 99}))  # nobody holds it
    with sole_use(cache_dir() / "prepared-of-another-run"):
        assert ask(cases, model, tmp_path / "e.json") == 0
        assert [path.name for path in cache_dir().iterdir()] == ["prepared-of-another-run"]


def test_that_nothing_can_be_used_is_said_of_the_manifest(
    cases: Path, model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = (cases / "manifest.csv").read_text().splitlines()
    (cases / "one.csv").write_text("\n".join(lines[:2]))
    end = ["--model", str(model), "--json", str(tmp_path / "e.json")]
    assert main(["evaluate", str(cases / "one.csv"), *end]) == 2
    assert f"error: {cases / 'one.csv'}: the only case cannot be used: " in capfd.readouterr().err


@pytest.mark.parametrize("end", [KeyboardInterrupt, MemoryError])
def test_prepared_pictures_of_patients_do_not_stay_behind_a_run_that_broke_off(
    cases: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
) -> None:
    def prepared_half(_ctx: object, _rows: object, folder: Path, **_options: object) -> None:
        (folder / "white.u8").write_bytes(b"a patient")
        raise end

    monkeypatch.setattr("pfm_desktop.services.evaluation.prepare", prepared_half)
    with pytest.raises(end):
        evaluate_manifest(SilentContext(), cases / "manifest.csv", str(model))
    assert not list(cache_dir().iterdir())
