"""Promotion is honest: judged on the locked test, counted, signed, refused when worse, and taken back in one step."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.learning import Run, State
from pfm_desktop.pfm.training.compared import calibration_errors, compare_models
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.metrics import calibration_error
from pfm_desktop.services import housekeeping
from pfm_desktop.services.learning import promotion, run, steering
from pfm_desktop.services.learning.cases import find_cases
from pfm_desktop.services.learning.promotion import HSIL, look, promote, roll_back, verdict_of
from pfm_desktop.storage import answers, journal
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, ModelError, StorageError, UserError
from pfm_desktop.support.paths import user_models_dir
from pfm_desktop.support.settings import load_settings, save_settings

from .conftest import CTX, Ward

SIGNED = {"name": "Dr. Test", "meaning": "Checked by me"}


def fill(lib: Library) -> tuple[list[str], list[str], list[str]]:
    made = Ward(lib)
    for number in range(24):
        made.add(GRADES[number % 4], device="C1" if number < 12 else "C2")
    return made.women, made.visits, made.pairs


@pytest.fixture
def ward(
    tmp_path: Path, library_from: Callable[..., Any], make_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ward]:
    """24 women with their parts, a model `parent` in use, blobs that pass the gate."""

    def examined(_ctx: object, white: Any, fluorescence: Any, **_: object) -> SimpleNamespace:
        overlap = np.ones(white.shape[:2], np.bool_)
        return SimpleNamespace(refused=None, registration=1, warped=fluorescence, overlap=overlap)

    monkeypatch.setattr("pfm_desktop.services.inference.examine", examined)
    user_models_dir().mkdir(parents=True, exist_ok=True)
    make_model(user_models_dir() / "parent", name="parent")
    save_settings(replace(load_settings(), model="parent"))
    women, visits, pairs = library_from(tmp_path / "ward", fill)
    with Library.open(tmp_path / "ward") as opened:
        yield Ward(opened, list(women), list(visits), list(pairs))


@pytest.fixture
def learned(ward: Ward, make_model: Callable[..., Path]) -> Run:
    """A run that has ended, as if a network with other weights had been learned."""
    settings = run.Settings("ours", parent="parent", rehearse=0, enough=4)
    request = run.begin(ward.lib, find_cases(CTX, ward.lib), (), settings)
    folder = make_model(request.folder / run.MODEL, name="ours", splice="channel")
    (folder / "CARD.md").write_text("# ours\n\n## Figures\n\n3 women are locked away.\n\n## Limits\n")
    from pfm_desktop.pfm.registry import read_info

    made = run.Learned(request.run_id, read_info(folder).sha256, False, 2, (), {"seconds": 1.0})
    return run.settle(ward.lib, made)


def test_both_models_are_judged_on_the_locked_women_and_each_look_is_counted(ward: Ward, learned: Run) -> None:
    found = find_cases(CTX, ward.lib)
    first = look(CTX, ward.lib, learned.id, found)
    second = look(CTX, ward.lib, learned.id, found)
    assert (first.looks, second.looks) == (1, 2)
    tested = promotion.locked_cases(ward.lib, found)
    assert first.figures["women"] == len(tested) > 0
    for side in ("old", "new", "difference"):
        assert {"quadratic_kappa", "macro_recall", "ece", "set_size"} <= set(first.figures[side])
    assert set(first.figures["by_device"]) == {case.device for case in tested}
    assert set(first.figures["by_source"]) == {"both", "white", "fluorescence"}
    assert {one.pair_id for one in first.changed} <= {case.pair_id for case in tested}
    assert all(one.old != one.new for one in first.changed)
    with ward.lib.read() as session:
        lines = journal.entries(session, what=stored.LOOK)
        assert stored.run(session, learned.id).figures["looks"] == 2  # type: ignore[union-attr]
    assert [line.who for line in lines] == [ward.lib.who] * 2
    assert housekeeping.verify(CTX, ward.lib).problems == ()


def test_a_model_answers_only_once_it_was_looked_at_and_signed(ward: Ward, learned: Run) -> None:
    with pytest.raises(UserError, match="have not been compared"):
        promote(ward.lib, learned.id, **SIGNED, reason="hurry")
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    assert load_settings().model == "parent"
    with pytest.raises(BadInputError, match="printed name"):
        promote(ward.lib, learned.id, name=" ", meaning="x", reason="y")
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    assert load_settings().model == "ours"
    assert (user_models_dir() / "ours" / "model.toml").is_file()
    card = (user_models_dir() / "ours" / "CARD.md").read_text(encoding="utf-8")
    assert "looked at 1 time by then" in card
    known = run.known_run(ward.lib, learned.id)
    assert known.state is State.ACTIVE
    assert known.counts["promotion"]["before"] == "parent"
    with ward.lib.read() as session:
        line = journal.last(session, what="learning_run", key=learned.id)
    assert line is not None
    assert line.text == "Model promoted by Dr. Test: Checked by me; overridden: only here to test"


def test_rolling_back_brings_the_model_before_and_old_answers_stay(ward: Ward, learned: Run) -> None:
    answers.put_answer(ward.lib, ward.pairs[0], model_name="parent", model_sha256=learned.parent_sha256, body={"a": 1})
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    promote(ward.lib, learned.id, **SIGNED, reason="test")
    assert answers.models_that_answered(ward.lib, ward.pairs[0]) == (learned.parent_sha256,)
    assert roll_back(ward.lib, learned.id).model == load_settings().model == "parent"
    assert run.known_run(ward.lib, learned.id).state is State.ROLLED_BACK
    assert answers.answer(ward.lib, ward.pairs[0], learned.parent_sha256).body == {"a": 1}  # type: ignore[union-attr]
    with pytest.raises(UserError, match="rolled back, not active"):
        roll_back(ward.lib, learned.id)
    promote(ward.lib, learned.id, **SIGNED, reason="again")
    assert load_settings().model == "ours"
    assert housekeeping.verify(CTX, ward.lib).problems == ()


def test_a_model_is_in_use_and_on_record_or_neither(ward: Ward, learned: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StorageError("no space left")

    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    for whose, place in ((Library, "apply_all"), (promotion, "save_settings")):
        with monkeypatch.context() as patch:
            patch.setattr(whose, place, full)
            with pytest.raises(StorageError, match="no space left"):
                promote(ward.lib, learned.id, **SIGNED, reason="test")
        assert load_settings().model == "parent"
        assert run.known_run(ward.lib, learned.id).state is not State.ACTIVE
    promote(ward.lib, learned.id, **SIGNED, reason="test")
    with monkeypatch.context() as patch:
        patch.setattr(Library, "apply_all", full)
        with pytest.raises(StorageError, match="no space left"):
            roll_back(ward.lib, learned.id)
    assert load_settings().model == "ours"
    assert run.known_run(ward.lib, learned.id).state is State.ACTIVE


def test_a_verdict_against_needs_a_reason(ward: Ward, learned: Run) -> None:
    known = run.known_run(ward.lib, learned.id)
    figures = {"against": ["HSIL+ sensitivity falls by -0.100"]}
    run.change_run(ward.lib, known, replace(known, figures=figures), "compared")
    with pytest.raises(UserError, match="not promoted: HSIL\\+ sensitivity falls") as error:
        promote(ward.lib, learned.id, **SIGNED)
    assert "model in use stays" in error.value.safe
    assert load_settings().model == "parent"


def test_an_altered_model_a_lost_one_and_a_taken_name_are_refused(ward: Ward, learned: Run) -> None:
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    shutil.copytree(user_models_dir() / "parent", user_models_dir() / "ours")
    with pytest.raises(BadInputError, match="already a model ours"):
        promote(ward.lib, learned.id, **SIGNED, reason="x")
    folder = ward.lib.path / steering.FOLDER / learned.id / run.MODEL
    with (folder / "weights.safetensors").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ModelError):
        promote(ward.lib, learned.id, **SIGNED, reason="x")
    shutil.rmtree(folder)
    with pytest.raises(UserError, match="has no model"):
        promote(ward.lib, learned.id, **SIGNED, reason="x")
    assert load_settings().model == "parent"


def test_a_parent_that_is_gone_is_said(ward: Ward, learned: Run) -> None:
    shutil.rmtree(user_models_dir() / "parent")
    with pytest.raises(ModelError):
        look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    with ward.lib.read() as session:
        assert stored.looks(session) == 0


def figures(**differences: tuple[float, float, float]) -> dict[str, Any]:
    table = {name: {"value": value, "interval": [low, high]} for name, (value, low, high) in differences.items()}
    return {"women": 40, "grades": dict.fromkeys((grade.value for grade in GRADES), 10), "difference": table}


BETTER = {HSIL: (0.05, 0.0, 0.1), "macro_recall": (0.1, 0.05, 0.15), "quadratic_kappa": (0.1, 0.0, 0.15),
          "ece": (-0.01, -0.05, 0.02)}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({HSIL: (-0.01, -0.05, 0.04)}, "HSIL+ sensitivity falls by -0.010 (-0.050 to +0.040)"),
        ({"macro_recall": (-0.1, -0.2, -0.01)}, "macro recall is worse by -0.100 (-0.200 to -0.010)"),
        ({"quadratic_kappa": (-0.1, -0.2, -0.01)}, "kappa is worse"),
        ({"ece": (0.1, 0.01, 0.2)}, "ECE is worse"),
        ({"set_size": (1.5, 1.1, 1.9)}, "the size of the prediction sets is worse by +1.500 (+1.100 to +1.900)"),
    ],
)
def test_what_is_worse_is_said_with_its_interval(change: dict[str, Any], problem: str) -> None:
    assert verdict_of(figures(**BETTER)).better
    verdict = verdict_of(figures(**{**BETTER, **change}))
    assert not verdict.better
    assert any(problem in said for said in verdict.against)


def test_a_test_without_hsil_cannot_tell_and_a_small_one_says_how_wide_its_interval_is() -> None:
    without = {name: value for name, value in BETTER.items() if name != HSIL}
    assert "cannot tell HSIL+" in verdict_of(figures(**without)).against[0]
    wide = verdict_of(figures(**{**BETTER, HSIL: (0.1, -0.3, 0.5)}))
    assert wide.better
    assert wide.mind == (
        "40 women in the locked test are too few to say much of HSIL+ sensitivity (interval 0.80 wide)",
    )
    missing = figures(**BETTER)
    missing["grades"]["cancer"] = 0
    assert verdict_of(missing).mind == ("the locked test has no case of cancer",)


def test_a_model_against_itself_differs_in_nothing(
    tmp_path: Path, make_model: Callable[..., Path], make_blobs: Callable[..., PreparedSet]
) -> None:
    data, model = make_blobs(tmp_path / "blobs", 20), make_model(tmp_path / "m")
    compared = compare_models(CTX, data, model, model, ["a"] * 10 + ["b"] * 10)
    for one in compared.figures["difference"].values():
        assert one["value"] == 0
        assert one["interval"] in ([0, 0], [None, None])
    assert compared.figures["cases"] == 20, "cases that lack a source are asked with the other"
    assert compared.figures["by_source"]["both"]["cases"] == 17
    assert compared.figures["by_device"]["a"]["cases"] == 10
    assert (compared.old == compared.new).all()
    assert (compared.old >= 0).all()


def test_calibration_error_on_the_whole_set_is_the_usual_one() -> None:
    random = np.random.default_rng(3)
    p = random.dirichlet(np.ones(4), 50)
    truth = random.integers(4, size=50)
    found = calibration_errors(p, truth, np.ones((3, 50)))
    assert found.value == pytest.approx(calibration_error(p, truth))
    np.testing.assert_allclose(found.draws, found.value)
