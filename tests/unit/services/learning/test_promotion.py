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
from pfm_desktop.domain.learning import Group, Run, State
from pfm_desktop.pfm.training.compared import _Side, _table, calibration_errors, compare_models
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.metrics import calibration_error
from pfm_desktop.pfm.training.split import TooFewError
from pfm_desktop.services import backup, backup_check, encrypting, housekeeping, labelling, models
from pfm_desktop.services.learning import comparing, promotion, records, run, steering
from pfm_desktop.services.learning.cases import find_cases
from pfm_desktop.services.learning.comparing import look
from pfm_desktop.services.learning.promotion import promote, roll_back
from pfm_desktop.services.learning.verdict import JUDGED
from pfm_desktop.services.model_import import import_folder
from pfm_desktop.storage import answers, journal
from pfm_desktop.storage import learning as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, ModelError, StorageError, UserError
from pfm_desktop.support.paths import user_models_dir
from pfm_desktop.support.settings import load_settings, save_settings
from pfm_desktop.viewmodels.session import Session

from .conftest import CTX, Ward

pytestmark = pytest.mark.slow

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
    tested = comparing.locked_cases(ward.lib, found)
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
        promote(ward.lib, learned.id, name=" ", meaning="x", reason="only here to test")
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


def test_learned_models_are_in_a_backup_and_come_back_with_the_library(
    ward: Ward, learned: Run, tmp_path: Path
) -> None:
    made = backup.back_up(CTX, ward.lib, tmp_path / "backup")
    assert (made.problems, made.notes) == ((), ())
    (kept,) = (tmp_path / "backup" / "models").iterdir()
    assert kept.name == learned.model_sha256
    shutil.rmtree(steering.run_folder(ward.lib.path, learned.id))
    assert backup.back_up(CTX, ward.lib, tmp_path / "backup", check=True).problems == ()
    back = backup.restore(CTX, tmp_path / "backup", tmp_path / "back")
    assert (back.problems, back.notes) == ((), ())
    with Library.open(tmp_path / "back") as again:
        assert comparing.folder_of(again, learned).is_dir()
        assert (comparing.folder_of(again, learned) / "CARD.md").read_bytes() == (kept / "CARD.md").read_bytes()


@pytest.mark.parametrize("harm", ["gone", "altered"])
def test_a_learned_model_that_cannot_be_kept_is_told_and_the_rest_is(
    ward: Ward, learned: Run, tmp_path: Path, harm: str
) -> None:
    folder = steering.run_folder(ward.lib.path, learned.id) / run.MODEL
    if harm == "gone":
        shutil.rmtree(folder)
    else:
        (folder / "weights.safetensors").write_bytes(b"other weights")
    made = backup.back_up(CTX, ward.lib, tmp_path / "backup")
    assert len(made.problems) == 1
    assert "the model ours that was learned here is missing or altered" in made.problems[0]
    back = backup.restore(CTX, tmp_path / "backup", tmp_path / "back")
    assert ["model ours" in problem for problem in back.problems] == [True]
    assert back.missing == 0


def test_an_altered_model_in_a_backup_is_replaced_by_a_check_and_never_brought_back(
    ward: Ward, learned: Run, tmp_path: Path
) -> None:
    backup.back_up(CTX, ward.lib, tmp_path / "backup")
    weights = tmp_path / "backup" / "models" / learned.model_sha256 / "weights.safetensors"
    assert backup_check.verify_backup(CTX, tmp_path / "backup").problems == ()
    weights.write_bytes(b"other weights")
    assert "model ours is missing or altered" in backup_check.verify_backup(CTX, tmp_path / "backup").problems[0]
    back = backup.restore(CTX, tmp_path / "backup", tmp_path / "first")
    assert "altered there" in back.problems[0]
    assert not steering.run_folder(tmp_path / "first", learned.id).exists()
    assert backup.back_up(CTX, ward.lib, tmp_path / "backup", check=True).problems == ()
    assert backup.restore(CTX, tmp_path / "backup", tmp_path / "second").problems == ()


@pytest.mark.parametrize("harm", ["gone", "altered"])
def test_a_harmed_model_is_found_by_a_check_and_put_back_from_a_backup(
    ward: Ward, learned: Run, tmp_path: Path, harm: str
) -> None:
    backup.back_up(CTX, ward.lib, tmp_path / "backup")
    folder = steering.run_folder(ward.lib.path, learned.id) / run.MODEL
    assert housekeeping.verify(CTX, ward.lib).clean
    if harm == "gone":
        shutil.rmtree(folder)
    else:
        (folder / "weights.safetensors").write_bytes(b"other weights")
    (problem,) = housekeeping.verify(CTX, ward.lib).problems
    assert "the learned model ours is missing or altered" in problem
    assert housekeeping.repair(CTX, ward.lib).left == (problem,)
    made = housekeeping.repair(CTX, ward.lib, tmp_path / "backup")
    assert made.left == ()
    assert "the learned model ours was put back" in made.done[0]
    assert comparing.folder_of(ward.lib, learned).is_dir()
    assert (ward.lib.path / "set-aside").is_dir() is (harm == "altered")


def test_an_encrypted_copy_has_the_learned_models_too(ward: Ward, learned: Run, tmp_path: Path) -> None:
    copy, _ = encrypting.encrypted_copy(CTX, ward.lib, tmp_path / "sealed", "Dr. Ada", "four words that differ")
    with copy:
        assert comparing.folder_of(copy, learned).is_dir()
        assert housekeeping.verify(CTX, copy).clean


def test_a_harmed_model_that_is_not_in_an_encrypted_copy_is_said(ward: Ward, learned: Run, tmp_path: Path) -> None:
    folder = steering.run_folder(ward.lib.path, learned.id) / run.MODEL
    (folder / "weights.safetensors").write_bytes(b"other weights")
    copy, _ = encrypting.encrypted_copy(CTX, ward.lib, tmp_path / "sealed", "Dr. Ada", "four words that differ")
    with copy:
        assert copy.notice.startswith("the learned model ours is altered or missing")


def test_rolling_back_brings_the_model_before_and_old_answers_stay(ward: Ward, learned: Run) -> None:
    answers.put_answer(ward.lib, ward.pairs[0], model_name="parent", model_sha256=learned.parent_sha256, body={"a": 1})
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    assert answers.models_that_answered(ward.lib, ward.pairs[0]) == (learned.parent_sha256,)
    assert roll_back(ward.lib, learned.id).model == load_settings().model == "parent"
    assert run.known_run(ward.lib, learned.id).state is State.ROLLED_BACK
    assert answers.answer(ward.lib, ward.pairs[0], learned.parent_sha256).body == {"a": 1}  # type: ignore[union-attr]
    with pytest.raises(UserError, match="rolled back, not active"):
        roll_back(ward.lib, learned.id)
    promote(ward.lib, learned.id, **SIGNED, reason="and once again")
    assert load_settings().model == "ours"
    assert housekeeping.verify(CTX, ward.lib).problems == ()


def another_run(ward: Ward, make_model: Callable[..., Path], name: str, layers: int) -> Run:
    settings = run.Settings(name, parent="parent", rehearse=0, enough=4)
    request = run.begin(ward.lib, find_cases(CTX, ward.lib), (), settings)
    folder = make_model(request.folder / run.MODEL, name=name, layers=layers)
    sha256 = models.verify(str(folder)).sha256
    return run.settle(ward.lib, run.Learned(request.run_id, sha256, False, 2, (), {"seconds": 1.0}))


def test_figures_against_another_model_than_the_one_that_answers_promote_nothing(
    ward: Ward, learned: Run, make_model: Callable[..., Path]
) -> None:
    later = another_run(ward, make_model, "later", 2)
    found = find_cases(CTX, ward.lib)
    for one in (learned, later):
        assert look(CTX, ward.lib, one.id, found).figures["models"]["old"]["name"] == "parent"
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    with pytest.raises(UserError, match="later was compared with parent, and ours answers now") as error:
        promote(ward.lib, later.id, **SIGNED, reason="only here to test")
    assert error.value.remedy == "compare them again"
    assert load_settings().model == "ours"
    assert look(CTX, ward.lib, later.id, found).figures["models"]["old"]["name"] == "ours"
    promote(ward.lib, later.id, **SIGNED, reason="only here to test")
    assert load_settings().model == "later"


def test_rolling_back_goes_step_by_step_and_says_which_model_answers(
    ward: Ward, learned: Run, make_model: Callable[..., Path]
) -> None:
    later = another_run(ward, make_model, "later", 2)
    found = find_cases(CTX, ward.lib)
    for one in (learned, later):
        look(CTX, ward.lib, one.id, found)
        promote(ward.lib, one.id, **SIGNED, reason="only here to test")

    def states() -> tuple[State, State]:
        first, second = (run.known_run(ward.lib, one.id).state for one in (learned, later))
        return first, second

    assert states() == (State.REPLACED, State.ACTIVE)
    assert roll_back(ward.lib, later.id).model == "ours"
    assert states() == (State.ACTIVE, State.ROLLED_BACK)
    with pytest.raises(UserError, match="active"):
        promote(ward.lib, learned.id, **SIGNED, reason="and once again")
    assert roll_back(ward.lib, learned.id).model == "parent"
    assert states() == (State.ROLLED_BACK, State.ROLLED_BACK)


def test_a_model_that_does_not_answer_here_is_not_rolled_back_nor_promoted_over_itself(
    ward: Ward, learned: Run
) -> None:
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    save_settings(replace(load_settings(), model="parent"))  # chosen in Models, or by another user of this library
    with pytest.raises(UserError, match="parent answers on this computer, not ours"):
        roll_back(ward.lib, learned.id)
    assert run.known_run(ward.lib, learned.id).state is State.ACTIVE
    save_settings(replace(load_settings(), model="ours"))
    roll_back(ward.lib, learned.id)
    save_settings(replace(load_settings(), model="ours"))
    with pytest.raises(UserError, match="ours answers already on this computer"):
        promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    assert run.known_run(ward.lib, learned.id).state is State.ROLLED_BACK


def test_women_whom_a_model_has_learned_from_are_left_out_of_its_test(
    ward: Ward, learned: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_cases(CTX, ward.lib)
    tested = [case.patient_id for case in comparing.locked_cases(ward.lib, found)]
    monkeypatch.setattr(comparing.marks, "learned_from", lambda *_: frozenset(tested[:1]))
    seen = look(CTX, ward.lib, learned.id, found)
    assert (seen.figures["seen_before"], seen.figures["women"]) == (1, len(tested) - 1)
    assert any("1 woman of the locked test had been learned from" in one for one in seen.verdict.mind)
    monkeypatch.setattr(comparing.marks, "learned_from", lambda *_: frozenset(tested))
    with pytest.raises(TooFewError, match="has learned from all women of the locked test"):
        look(CTX, ward.lib, learned.id, found)


def test_figures_hold_for_the_labels_that_they_were_made_with(ward: Ward, learned: Run) -> None:
    found = find_cases(CTX, ward.lib)
    look(CTX, ward.lib, learned.id, found)
    case = comparing.locked_cases(ward.lib, found)[0]
    visit = ward.visits[ward.pairs.index(case.pair_id)]
    labelling.set_histology(ward.lib, visit, GRADES[(case.grade.rank + 1) % 4])
    with pytest.raises(UserError, match="labels of 1 case of the locked test have changed") as error:
        promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    assert error.value.remedy == "compare them again"
    assert load_settings().model == "parent"
    labelling.set_histology(ward.lib, visit, case.grade)
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")


def test_a_model_of_this_library_is_chosen_only_while_it_is_promoted(ward: Ward, learned: Run) -> None:
    parent = models.info_of("parent")
    ours = replace(parent, name=learned.model_name, sha256=learned.model_sha256)
    assert "is in quarantine: it answers once it is compared" in records.why_not_chosen(ward.lib, ours)
    assert records.why_not_chosen(ward.lib, parent) == ""
    alike = [replace(learned, model_sha256=parent.sha256)]  # no epoch was better: its weights are its parent's
    assert records.not_promoted(alike, "parent", parent.sha256) == ""
    assert "is in quarantine" in records.not_promoted(alike, learned.model_name, parent.sha256)
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    assert records.why_not_chosen(ward.lib, ours) == ""
    roll_back(ward.lib, learned.id)
    assert "is rolled back" in records.why_not_chosen(ward.lib, ours)
    session = Session(ward.lib, load_settings())
    said: list[UserError] = []
    session.on_problem.append(said.append)
    assert not session.change_settings(model="ours")
    assert "is rolled back" in str(said[0])
    assert load_settings().model == session.settings.model == "parent"


def test_a_model_that_was_chosen_elsewhere_and_is_not_promoted_here_answers_nothing_here(
    ward: Ward, learned: Run
) -> None:
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    chosen = load_settings()
    roll_back(ward.lib, learned.id)
    save_settings(replace(load_settings(), model=chosen.model))  # as with another library open
    session = Session(ward.lib, load_settings())
    said: list[UserError] = []
    session.on_problem.append(said.append)
    session.settle_model()
    assert load_settings().model == session.settings.model == "pfm-demo"
    assert said[0].what.startswith(f"{chosen.model} was learned from this library and is rolled back")
    assert said[0].safe == "pfm-demo answers now"
    session.settle_model()
    assert len(said) == 1


def test_a_model_in_quarantine_is_not_copied_out_of_it(ward: Ward, learned: Run) -> None:
    folder = ward.lib.path / steering.FOLDER / learned.id / run.MODEL
    with pytest.raises(BadInputError, match="lies in quarantine: it was learned from the library") as error:
        import_folder(CTX, folder)
    assert "promote it in Fine-tune" in error.value.remedy
    assert not (user_models_dir() / "ours").exists()


def test_which_model_answers_is_on_record_when_it_is_chosen(ward: Ward, make_model: Callable[..., Path]) -> None:
    make_model(user_models_dir() / "brought", name="brought", layers=2)
    session = Session(ward.lib, load_settings())
    session.record_choices()
    session.record_choices()
    assert session.change_settings(model="brought")
    with ward.lib.read() as reading:
        lines = [line.text for line in journal.entries(reading, what="setting")]
    assert [line for line in lines if "Model that answers" in line] == [
        "Model that answers found set to parent when the library was opened; it was switched elsewhere",
        "Model that answers set to brought",
    ]


def test_a_model_is_in_use_and_on_record_or_neither(ward: Ward, learned: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise StorageError("no space left")

    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    for whose, place in ((Library, "apply_all"), (promotion, "save_settings")):
        with monkeypatch.context() as patch:
            patch.setattr(whose, place, full)
            with pytest.raises(StorageError, match="no space left"):
                promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
        assert load_settings().model == "parent"
        assert run.known_run(ward.lib, learned.id).state is not State.ACTIVE
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    with monkeypatch.context() as patch:
        patch.setattr(Library, "apply_all", full)
        with pytest.raises(StorageError, match="no space left"):
            roll_back(ward.lib, learned.id)
    assert load_settings().model == "ours"
    assert run.known_run(ward.lib, learned.id).state is State.ACTIVE


def test_a_verdict_against_needs_a_reason(ward: Ward, learned: Run) -> None:
    known = run.known_run(ward.lib, learned.id)
    figures = {"against": ["HSIL+ sensitivity falls by -0.100"], "judged": list(JUDGED)}
    run.change_run(ward.lib, known, replace(known, figures=figures), "compared")
    with pytest.raises(UserError, match="not promoted: HSIL\\+ sensitivity falls") as error:
        promote(ward.lib, learned.id, **SIGNED)
    assert "model in use stays" in error.value.safe
    assert load_settings().model == "parent"


def test_figures_of_an_older_version_are_not_enough(ward: Ward, learned: Run) -> None:
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    known = run.known_run(ward.lib, learned.id)
    older = {key: value for key, value in known.figures.items() if key != "judged"}
    run.change_run(ward.lib, known, replace(known, figures=older), "compared")
    with pytest.raises(UserError, match="older version"):
        promote(ward.lib, learned.id, **SIGNED, reason="only here to test")


def test_an_altered_model_a_lost_one_and_a_taken_name_are_refused(ward: Ward, learned: Run) -> None:
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    shutil.copytree(user_models_dir() / "parent", user_models_dir() / "ours")
    with pytest.raises(BadInputError, match="already another model ours"):
        promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    folder = ward.lib.path / steering.FOLDER / learned.id / run.MODEL
    with (folder / "weights.safetensors").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ModelError):
        promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    shutil.rmtree(folder)
    with pytest.raises(UserError, match="has no model"):
        promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    assert load_settings().model == "parent"


def test_a_parent_that_is_gone_is_said(ward: Ward, learned: Run) -> None:
    shutil.rmtree(user_models_dir() / "parent")
    with pytest.raises(ModelError):
        look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    with ward.lib.read() as session:
        assert stored.looks(session) == 0


@pytest.mark.parametrize("reason", ["", ".", "- -", "ok"])
def test_a_reason_is_in_words(ward: Ward, learned: Run, reason: str) -> None:
    known = run.known_run(ward.lib, learned.id)
    run.change_run(ward.lib, known, replace(known, figures={"against": ["worse"], "judged": list(JUDGED)}), "compared")
    with pytest.raises(UserError, match="not promoted: worse"):
        promote(ward.lib, learned.id, **SIGNED, reason=reason)


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


def test_what_the_grades_find_is_told_beside_what_a_threshold_could_find() -> None:
    random = np.random.default_rng(3)
    truth = np.arange(80, dtype=np.int64) % 4
    p = random.dirichlet([0.7] * 4, 80)
    p[np.arange(80), truth] += 0.6
    p /= p.sum(axis=1, keepdims=True)
    less = p * [1.0, 1.0, 0.4, 0.4]  # HSIL+ is said less often, in the same order
    less /= less.sum(axis=1, keepdims=True)
    every = np.ones(80, np.bool_)
    sets = np.eye(4, dtype=np.bool_)[truth]
    sets[0] = False
    sides = [_Side(one, sets, every) for one in (p, less)]
    table = _table(sides, truth, np.array([f"w{place}" for place in range(80)]), every)
    found = table["difference"]
    assert found["sensitivity_high_at_85"]["value"] == 0
    assert found["sensitivity_high_graded"]["value"] < -0.1
    assert found["sensitivity_high_graded"]["interval"][1] < 0
    assert found["specificity_high_graded"]["value"] >= 0
    high = truth >= 2
    said_high = np.cumsum(p, axis=1)[:, 1] <= 0.5
    assert table["old"]["sensitivity_high_graded"]["value"] == pytest.approx(said_high[high].mean())
    assert table["old"]["set_coverage"]["value"] == pytest.approx(79 / 80)


def test_calibration_error_on_the_whole_set_is_the_usual_one() -> None:
    random = np.random.default_rng(3)
    p = random.dirichlet(np.ones(4), 50)
    truth = random.integers(4, size=50)
    found = calibration_errors(p, truth, np.ones((3, 50)))
    assert found.value == pytest.approx(calibration_error(p, truth))
    np.testing.assert_allclose(found.draws, found.value)


def test_a_later_model_is_compared_with_the_one_that_is_promoted_whatever_answers_here(
    ward: Ward, learned: Run, make_model: Callable[..., Path]
) -> None:
    later, found = another_run(ward, make_model, "later", 2), find_cases(CTX, ward.lib)
    look(CTX, ward.lib, learned.id, found)
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    save_settings(replace(load_settings(), model="parent"))  # chosen in Models
    with pytest.raises(UserError, match="ours is promoted in this library, and parent answers on this computer"):
        look(CTX, ward.lib, later.id, found)
    assert promotion.answer_here(ward.lib, learned.id).model == load_settings().model == "ours"
    assert look(CTX, ward.lib, later.id, found).figures["models"]["old"]["name"] == "ours"


def test_a_promoted_model_answers_on_another_computer_too_and_one_in_quarantine_does_not(
    ward: Ward, learned: Run
) -> None:
    with pytest.raises(UserError, match="not promoted"):
        promotion.answer_here(ward.lib, learned.id)
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    shutil.rmtree(user_models_dir() / "ours")  # another computer, or one where a backup was brought back
    save_settings(replace(load_settings(), model="parent"))
    promotion.answer_here(ward.lib, learned.id)
    assert load_settings().model == "ours"
    assert models.verify("ours").sha256 == learned.model_sha256
    with ward.lib.read() as session:
        line = journal.last(session, what="model_here", key=learned.id)
    assert line is not None
    assert "ours" in line.text


def test_a_name_that_is_taken_is_refused_before_anything_is_begun(ward: Ward) -> None:
    for taken in ("parent", "pfm-demo", "PARENT"):
        with pytest.raises(BadInputError, match=f"there is already a model {taken}"):
            run.begin(
                ward.lib, find_cases(CTX, ward.lib), (), run.Settings(taken, parent="parent", rehearse=0, enough=4)
            )
    assert records.all_runs(ward.lib) == ()


def test_labels_that_were_changed_since_the_first_look_and_women_without_one_are_told(ward: Ward, learned: Run) -> None:
    found = find_cases(CTX, ward.lib)
    assert look(CTX, ward.lib, learned.id, found).figures["labels_changed"] == 0
    first, second = comparing.locked_cases(ward.lib, found)[:2]
    labelling.set_histology(ward.lib, ward.visits[ward.pairs.index(first.pair_id)], GRADES[(first.grade.rank + 1) % 4])
    labelling.set_histology(ward.lib, ward.visits[ward.pairs.index(second.pair_id)], None)
    for _ in range(2):  # it is not forgotten by a look in between
        figures = look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib)).figures
        assert (figures["labels_changed"], figures["absent"]) == (1, 1)


def test_a_woman_whose_twin_was_learned_from_is_left_out(
    ward: Ward, learned: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_cases(CTX, ward.lib)
    woman = comparing.locked_cases(ward.lib, found)[0].patient_id
    twin = Group((woman, "twin"), ())
    monkeypatch.setattr(comparing.marks, "learned_from", lambda _lib, asked, _folders: frozenset({"twin"} & set(asked)))
    assert comparing._learned_from(ward.lib, {woman, "other"}, [twin], ()) == {woman}


def test_what_the_models_said_of_a_case_is_on_record_before_it_is_shown(ward: Ward, learned: Run) -> None:
    from pfm_desktop.services import ai_shown
    from pfm_desktop.viewmodels.learning import changed_job

    pair = ward.pairs[0]
    assert not ai_shown.has_seen(ward.lib, pair)
    changed_job(CTX, ward.lib, [comparing.Changed(pair, 0, 1, 2)])
    assert ai_shown.has_seen(ward.lib, pair)


def test_one_letter_again_and_again_is_no_reason(ward: Ward, learned: Run) -> None:
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    run.change_run(ward.lib, run.known_run(ward.lib, learned.id),
                   against(run.known_run(ward.lib, learned.id)), "made worse")  # fmt: skip
    with pytest.raises(UserError, match="is not promoted"):
        promote(ward.lib, learned.id, **SIGNED, reason="a" * 12)


def against(one: Run) -> Run:
    return replace(one, figures={**one.figures, "against": ["kappa is worse"]})


def test_a_changed_label_is_told_whichever_run_was_looked_at_first(
    ward: Ward, learned: Run, make_model: Callable[..., Path]
) -> None:
    younger, found = another_run(ward, make_model, "younger", 2), find_cases(CTX, ward.lib)
    assert look(CTX, ward.lib, younger.id, found).figures["labels_changed"] == 0
    first = comparing.locked_cases(ward.lib, found)[0]
    labelling.set_histology(ward.lib, ward.visits[ward.pairs.index(first.pair_id)], GRADES[(first.grade.rank + 1) % 4])
    for one in (learned, younger, learned):
        assert look(CTX, ward.lib, one.id, find_cases(CTX, ward.lib)).figures["labels_changed"] == 1


def test_rolling_back_where_the_model_before_is_not_says_so(ward: Ward, learned: Run) -> None:
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    shutil.rmtree(user_models_dir() / "parent")
    with pytest.raises(UserError, match="parent, which answered before, cannot be asked on this computer"):
        roll_back(ward.lib, learned.id)
    assert run.known_run(ward.lib, learned.id).state is State.ACTIVE


def test_rolling_back_never_leads_to_another_model_of_that_name(
    ward: Ward, learned: Run, make_model: Callable[..., Path]
) -> None:
    look(CTX, ward.lib, learned.id, find_cases(CTX, ward.lib))
    promote(ward.lib, learned.id, **SIGNED, reason="only here to test")
    shutil.rmtree(user_models_dir() / "parent")
    make_model(user_models_dir() / "parent", name="parent", splice="channel", version="9")
    with pytest.raises(UserError, match="parent on this computer is another model"):
        roll_back(ward.lib, learned.id)
    assert load_settings().model == "ours"
