"""Answers beside pairs that are read for labels: what was seen is on record, and no read after it is a blind one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import AiShown, Order, Origin, Reason, Task, Turn
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.prediction import Analysis, ModelInfo
from pfm_desktop.domain.quality import Refusal
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.imaging.phantom import render
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.services import accounts, ai_shown, audit, cases, labelling, review
from pfm_desktop.services.labelling import Wish
from pfm_desktop.storage import journal
from pfm_desktop.storage import labelling as stored
from pfm_desktop.storage.audit import Kind, Wanted
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, ModelError, StorageError, UserError

from .test_labelling import task_of

pytestmark = pytest.mark.slow

MODEL = ModelInfo("pfm-demo", "2", "a" * 64, (Source.WHITE, Source.FLUORESCENCE), "T0", "token", 224)
OTHER = replace(MODEL, name="clinic", sha256="b" * 64)
PASSWORD = "five small brown hens"


def lines(lib: Library) -> list[journal.JournalEntry]:
    with lib.read() as session:
        return list(journal.entries(session, what=ai_shown.WHAT))


def task(*, ai_first: bool) -> Task:
    return Task("t", "March", "", Order.RANDOM, 1, 0.0, 1, ai_first, "Anna", datetime(2026, 11, 28, tzinfo=UTC))


@pytest.mark.parametrize(
    ("choice", "ai_first", "wanted"),
    [
        (AiShown.HIDDEN, False, AiShown.HIDDEN),
        (AiShown.HIDDEN, True, AiShown.HIDDEN),
        (AiShown.AFTER, False, AiShown.AFTER),
        (AiShown.AFTER, True, AiShown.AFTER),
        (AiShown.BEFORE, True, AiShown.BEFORE),
        (AiShown.BEFORE, False, AiShown.AFTER),
    ],
)
def test_before_the_grade_only_in_tasks_that_were_made_so(choice: AiShown, ai_first: bool, wanted: AiShown) -> None:
    assert ai_shown.shown_in(task(ai_first=ai_first), choice) is wanted


def test_what_is_shown_is_on_record_once_with_the_model_and_by_whom(lib: Library) -> None:
    lib.who = "Anna"
    task_id, (pair, *_) = task_of(lib)
    ai_shown.record_shown(lib, pair, MODEL, task_id=task_id)
    ai_shown.record_shown(lib, pair, OTHER, task_id=task_id)
    (line,) = lines(lib)
    assert (line.who, line.key) == ("Anna", pair)
    assert line.new == {"name": "pfm-demo", "version": "2", "sha256": "a" * 64, "task_id": task_id}
    assert line.text == "AI answer shown to a reader: pfm-demo 2"
    (told,) = audit.read(SilentContext(), lib, Wanted(kind=Kind.REVEALS))
    assert told.kind == "AI shown to a reader"
    assert told.about.startswith("K-"), "the woman is found by her pair"


def test_another_reader_has_seen_nothing(lib: Library) -> None:
    lib.who = "Anna"
    task_id, pairs = task_of(lib, readers=2)
    ai_shown.record_shown(lib, pairs[0], MODEL, task_id=task_id)
    assert ai_shown.seen_of(lib, pairs) == {pairs[0]}
    lib.who = "Berta"
    assert ai_shown.seen_of(lib, pairs) == frozenset()
    read, _ = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.LOW)
    assert not read.ai_seen


def test_a_read_before_the_answer_is_blind_and_its_repeat_after_it_is_not(lib: Library) -> None:
    lib.who = "Anna"
    task_id, (pair, *_) = task_of(lib)
    first, _ = labelling.give(lib, task_id, Turn(pair), grade=Grade.LOW)
    ai_shown.record_shown(lib, pair, MODEL, task_id=task_id)
    again, _ = labelling.give(lib, task_id, Turn(pair, 2), grade=Grade.HIGH)
    assert (first.ai_seen, again.ai_seen) == (False, True)
    with lib.read() as session:
        assert [one.ai_seen for one in stored.reads(session)] == [False, True], "on disk"
        texts = [line.text for line in journal.entries(session, what="read")]
    assert "Read again, after AI: high" in texts


def test_in_another_task_and_after_a_new_start_it_is_still_known(tmp_path: Path) -> None:
    with Library.create(tmp_path / "clinic") as lib:
        lib.who = "Anna"
        task_id, (pair, *_) = task_of(lib)
        ai_shown.record_shown(lib, pair, MODEL, task_id=task_id)
        later = labelling.make_task(lib, Wish("April", repeats=0.0), [pair]).id
    with Library.open(tmp_path / "clinic") as lib:
        lib.who = "Anna"
        read, _ = labelling.give(lib, later, Turn(pair), grade=Grade.LOW)
        assert read.ai_seen


def test_another_grade_after_the_answer_is_no_blind_one_and_taking_that_back_is(lib: Library) -> None:
    lib.who = "Anna"
    task_id, (pair, *_) = task_of(lib)
    read, _ = labelling.give(lib, task_id, Turn(pair), grade=Grade.LOW)
    ai_shown.record_shown(lib, pair, MODEL, task_id=task_id)
    noted, _ = labelling.change_read(lib, read, note="a polyp")
    assert not noted.ai_seen, "the grade is the one from before"
    changed, change = labelling.change_read(lib, noted, grade=Grade.HIGH)
    assert changed.ai_seen
    assert change.new == {"grade": "high", "ai_seen": True}
    review.undo_all(lib, (change,))
    found = labelling.read_of(lib, read.id)
    assert found is not None
    assert (found.grade, found.ai_seen) == (Grade.LOW, False)


def test_that_a_pair_cannot_be_graded_is_no_blind_read_either(lib: Library) -> None:
    lib.who = "Anna"
    task_id, (pair, *_) = task_of(lib)
    read, _ = labelling.give(lib, task_id, Turn(pair), grade=Grade.LOW)
    ai_shown.record_shown(lib, pair, MODEL, task_id=task_id)
    changed, _ = labelling.change_read(lib, read, grade=None, reason=Reason.BLURRED)
    assert changed.ai_seen


def test_who_revealed_the_answer_in_review_has_seen_it_here(lib: Library) -> None:
    lib.who = "Dr. Roth"
    task_id, (pair, other, _) = task_of(lib)
    with lib.read() as session:
        visit = stored.visits_of(session, [pair])[pair]
    review.set_impression(lib, visit, Grade.LOW)
    review.reveal(lib, visit, "Dr. Roth", model=MODEL, pair_id=pair)
    assert ai_shown.seen_of(lib, [pair, other]) == {pair}
    read, _ = labelling.give(lib, task_id, Turn(pair), grade=Grade.LOW)
    assert read.ai_seen
    lib.who = "Anna"
    assert not ai_shown.has_seen(lib, pair)


def test_labels_after_ai_give_way_to_blind_reads_and_say_where_they_come_from(lib: Library) -> None:
    lib.who = "Anna"
    task_id, pairs = task_of(lib)
    for pair in pairs:
        ai_shown.record_shown(lib, pair, MODEL, task_id=task_id)
        labelling.give(lib, task_id, Turn(pair), grade=Grade.HIGH)
    lib.who = "Berta"
    labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.LOW)
    found = labelling.labels(lib, pairs)
    blind, after = found[pairs[0]].label, found[pairs[1]].label
    assert blind is not None
    assert after is not None
    assert (blind.grade, blind.origin, blind.reads) == (Grade.LOW, Origin.MAJORITY, 1)
    assert (after.grade, after.origin) == (Grade.HIGH, Origin.MAJORITY_AFTER_AI)
    (differing,) = labelling.disagreements(lib, task_id)
    assert differing.pair_id == pairs[0], "that they differ is still for somebody to decide"


def test_who_only_labels_puts_it_on_record_too(tmp_path: Path) -> None:
    lib, _ = accounts.make_library(tmp_path / "clinic", "Dr. Chief", PASSWORD)
    with lib:
        accounts.add(lib, "Nora", {Role.ANNOTATOR}, PASSWORD)
        accounts.add(lib, "Dr. Roth", {Role.CLINICIAN}, PASSWORD)
    with accounts.sign_in(tmp_path / "clinic", "Dr. Roth", PASSWORD) as lib:
        task_id, (pair, *_) = task_of(lib)
    with accounts.sign_in(tmp_path / "clinic", "Nora", PASSWORD) as lib:
        ai_shown.record_shown(lib, pair, MODEL, task_id=task_id)
        read, _ = labelling.give(lib, task_id, Turn(pair), grade=Grade.LOW)
        assert read.ai_seen


def test_what_cannot_be_put_on_record_is_said(tmp_path: Path) -> None:
    with Library.create(tmp_path / "clinic") as lib:
        task_id, (pair, *_) = task_of(lib)
        with Library.open(tmp_path / "clinic") as second:
            assert second.read_only
            with pytest.raises(StorageError):
                ai_shown.record_shown(second, pair, MODEL, task_id=task_id)
        assert lines(lib) == []


# showing it


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Analysis:
    """What the model says of any pair."""
    made = Analysis(MODEL, {}, None, None, Refusal("blurred", "focus"), Source.WHITE)
    monkeypatch.setattr(ai_shown, "answer_job", lambda _ctx, _lib, _pair, _model: made)
    return made


def test_an_answer_is_given_once_it_is_on_record(lib: Library, said: Analysis) -> None:
    lib.who = "Anna"
    task_id, (pair, *_) = task_of(lib)
    for _ in range(2):
        assert ai_shown.show_job(SilentContext(), lib, pair, "pfm-demo", task_id) is said
    (line,) = lines(lib)
    assert (line.who, line.key, line.new) == (
        "Anna", pair, {"name": "pfm-demo", "version": "2", "sha256": "a" * 64, "task_id": task_id},
    )  # fmt: skip


def test_stopped_before_it_is_seen_nothing_is_on_record(lib: Library, said: Analysis) -> None:
    task_id, (pair, *_) = task_of(lib)
    stopped = CallbackContext(lambda _done, _total, _text: None, lambda: True)
    with pytest.raises(Cancelled):
        ai_shown.show_job(stopped, lib, pair, "pfm-demo", task_id)
    assert lines(lib) == []


@pytest.mark.parametrize("error", [BadInputError, StorageError])
def test_pictures_that_cannot_be_read_are_told_without_the_name_of_a_file(
    lib: Library, monkeypatch: pytest.MonkeyPatch, error: type[UserError]
) -> None:
    def broken(*_args: object) -> None:
        raise error("Wunderlich.png is damaged")

    monkeypatch.setattr(ai_shown, "answer_job", broken)
    task_id, (pair, *_) = task_of(lib)
    with pytest.raises(StorageError, match="missing or damaged") as told:
        ai_shown.show_job(SilentContext(), lib, pair, "pfm-demo", task_id)
    assert "Wunderlich" not in str(told.value)
    assert lines(lib) == []


def test_a_model_that_cannot_be_asked_says_why(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: object) -> None:
        raise ModelError("the weights were altered", remedy="choose another model")

    monkeypatch.setattr(ai_shown, "answer_job", gone)
    task_id, (pair, *_) = task_of(lib)
    with pytest.raises(ModelError, match="the weights were altered"):
        ai_shown.show_job(SilentContext(), lib, pair, "pfm-demo", task_id)
    assert lines(lib) == []


def test_no_answer_is_given_that_cannot_be_put_on_record(
    lib: Library, said: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise StorageError("the disk is full", remedy="free some space")

    task_id, (pair, *_) = task_of(lib)
    monkeypatch.setattr(lib, "record_event", full)
    with pytest.raises(StorageError) as told:
        ai_shown.show_job(SilentContext(), lib, pair, "pfm-demo", task_id)
    assert str(told.value) == (
        "it cannot be put on record that you see it: the disk is full. nothing is shown. free some space."
    )


def test_a_real_answer_of_the_model_about_pictures_without_a_cervix_is_on_record(tmp_path: Path) -> None:
    with Library.create(tmp_path / "clinic") as lib:
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id)
        grey = encode_png(np.full((64, 64, 3), 90, np.uint8))
        cases.add_picture(lib, visit.id, grey, stage=Stage.ACETIC_ACID)
        pairs = labelling.pairs_for(SilentContext(), lib, [visit.id])
        task_id = labelling.make_task(lib, Wish("March", repeats=0.0), pairs).id
        analysis = ai_shown.show_job(SilentContext(), lib, pairs[0], "pfm-demo", task_id)
        assert analysis.refused is not None
        assert ai_shown.has_seen(lib, pairs[0])


def test_who_only_labels_is_given_the_answer_of_a_real_model_about_a_phantom_pair(tmp_path: Path) -> None:
    lib, _ = accounts.make_library(tmp_path / "clinic", "Dr. Chief", PASSWORD)
    with lib:
        accounts.add(lib, "Nora", {Role.ANNOTATOR}, PASSWORD)
        accounts.add(lib, "Dr. Roth", {Role.CLINICIAN}, PASSWORD)
    with accounts.sign_in(tmp_path / "clinic", "Dr. Roth", PASSWORD) as lib:
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1", family_name="Wunderlich").id)
        drawn = render(71, grade=Grade.HIGH, size=256)
        for pixels, stage in ((drawn.white, Stage.ACETIC_ACID), (drawn.fluorescence, Stage.FLUORESCENCE_AFTER_ACID)):
            cases.add_picture(lib, visit.id, encode_png(pixels), stage=stage)
        pairs = labelling.pairs_for(SilentContext(), lib, [visit.id])
        task_id = labelling.make_task(lib, Wish("March", repeats=0.0, ai_first=True), pairs).id
    with accounts.sign_in(tmp_path / "clinic", "Nora", PASSWORD) as lib:
        first, again = (ai_shown.show_job(SilentContext(), lib, pairs[0], "pfm-demo", task_id) for _ in range(2))
        assert first.model == again.model
        assert (first.prediction is None) == (again.prediction is None)
        read, _ = labelling.give(lib, task_id, Turn(pairs[0]), grade=Grade.HIGH)
        assert read.ai_seen
