"""The AI answer beside a pair that is read for labels: when it may be asked for, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import AiShown, Task, Turn, turns
from pfm_desktop.domain.people import Role
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts, ai_shown, labelling
from pfm_desktop.services.labelling import Wish
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import annotate, annotate_ai, annotate_words
from pfm_desktop.viewmodels.annotate import Reading
from pfm_desktop.viewmodels.annotate_tasks import lines_job
from pfm_desktop.viewmodels.answer import Answer, answer_of
from tests.gui.panels.answers import MODEL, graded, indeterminate, measured, refused, white_only
from tests.unit.viewmodels.test_annotate import fill

pytestmark = pytest.mark.slow

HIDDEN, AFTER, BEFORE = AiShown.HIDDEN, AiShown.AFTER, AiShown.BEFORE
PASSWORD = "five small brown hens"
said: list[UserError] = []


@pytest.fixture
def lib(tmp_path: Path, library_from: Callable[..., None]) -> Iterator[Library]:
    library_from(tmp_path / "clinic", fill)
    with Library.open(tmp_path / "clinic") as opened:
        opened.who = "Anna"
        yield opened


def make(lib: Library, *, ai_first: bool = False, repeats: float = 0.0) -> Task:
    from pfm_desktop.services import cases

    pairs = labelling.pairs_for(SilentContext(), lib, [row.visit.id for row in cases.today(lib)])
    return labelling.make_task(lib, Wish("March", repeats=repeats, ai_first=ai_first, seed=3), pairs)


def opened(lib: Library, task: Task) -> Reading:
    reading = annotate.opened(lib, task.id, say=said.append)
    reading.shown()
    return reading


@pytest.fixture
def plain(lib: Library) -> Reading:
    """In a task that was made without the AI before the grade."""
    return opened(lib, make(lib))


@pytest.fixture
def first(lib: Library) -> Reading:
    """In one that was made with it."""
    return opened(lib, make(lib, ai_first=True))


def test_where_the_site_hides_it_nobody_can_ask(plain: Reading, first: Reading) -> None:
    for reading in (plain, first):
        assert not annotate_ai.offered(reading.task, HIDDEN)
        assert not annotate_ai.may_stand(reading, HIDDEN)
        reading.grade(Grade.LOW)
        reading.go(-1)
        assert not annotate_ai.may_stand(reading, HIDDEN)


def test_after_the_grade_only_beside_a_turn_with_an_own_read(plain: Reading) -> None:
    assert annotate_ai.offered(plain.task, AFTER)
    assert annotate_ai.why_not_now(plain, AFTER).startswith("Give your grade first")
    plain.grade(Grade.LOW)
    plain.shown()
    assert annotate_ai.why_not_now(plain, AFTER).startswith("Give your grade first"), "of the next pair"
    plain.go(-1)
    plain.shown()
    assert annotate_ai.why_not_now(plain, AFTER) == ""
    plain.undo()
    plain.shown()
    assert not annotate_ai.may_stand(plain, AFTER), "the read is gone"


def test_before_the_grade_only_in_a_task_that_was_made_so(plain: Reading, first: Reading) -> None:
    assert annotate_ai.why_not_now(first, BEFORE) == ""
    assert annotate_ai.why_not_now(first, AFTER).startswith("Give your grade first")
    assert annotate_ai.why_not_now(plain, BEFORE).startswith("Give your grade first")


def test_the_pictures_come_first(first: Reading) -> None:
    first.go(1)
    assert annotate_ai.why_not_now(first, BEFORE).startswith("The pictures come first")
    first.shown(annotate.Sight.BROKEN)
    assert annotate_ai.why_not_now(first, BEFORE) == "", "why there is no answer is said then"


def test_behind_the_last_pair_there_is_nothing_to_ask_about(first: Reading) -> None:
    for _ in first.turns:
        first.shown()
        first.grade(Grade.LOW)
    assert first.turn is None
    assert "no pair is in front" in annotate_ai.why_not_now(first, BEFORE)


def test_each_turn_of_a_pair_that_comes_again_has_to_be_graded_first(
    lib: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelling, "turns", partial(turns, gap=0))  # a task long enough for repeats takes long to make
    reading = opened(lib, make(lib, repeats=0.5))
    again = next(place for place, turn in enumerate(reading.turns) if turn.turn == 2)
    pair = reading.turns[again].pair_id
    labelling.give(lib, reading.task.id, Turn(pair), grade=Grade.LOW)
    reading = opened(lib, reading.task)
    while reading.place != reading.turns.index(Turn(pair, 2)):
        reading.grade(Grade.LOW)
        reading.shown()
    assert annotate_ai.why_not_now(reading, AFTER).startswith("Give your grade first")


def test_in_a_library_open_for_reading_only_it_is_said_why_none_is_shown(lib: Library) -> None:
    task = make(lib, ai_first=True)
    with Library.open(lib.path) as second:
        reading = opened(second, task)
        why = annotate_ai.why_not_now(reading, BEFORE)
    assert why.startswith("There is no AI answer: it would have to go on record that you see it, and this library is")
    assert "reading only" in why


def test_whose_account_may_not_read_pairs_is_shown_none(tmp_path: Path) -> None:
    made, _ = accounts.make_library(tmp_path / "clinic", "Dr. Chief", PASSWORD)
    with made:
        accounts.add(made, "Admin", {Role.ADMINISTRATOR}, PASSWORD)
        accounts.add(made, "Dr. Roth", {Role.CLINICIAN}, PASSWORD)
    with accounts.sign_in(tmp_path / "clinic", "Dr. Roth", PASSWORD) as lib:
        fill(lib)
        task = make(lib, ai_first=True)
    with accounts.sign_in(tmp_path / "clinic", "Admin", PASSWORD) as lib:
        assert "your account may not read" in annotate_ai.why_not_now(opened(lib, task), BEFORE)


# words


def test_an_answer_is_said_in_the_words_of_review() -> None:
    answer = answer_of(graded())
    assert answer.headline == "High"
    assert annotate_ai.probability_lines(answer).splitlines() == [
        "Normal 0.10 \u00b1 0.04",
        "Low 0.10 \u00b1 0.04 \u25cf",
        "High 0.70 \u00b1 0.04 \u25cf",
        "Cancer 0.10 \u00b1 0.04",
    ]
    spoken = annotate_ai.spoken(answer)
    for part in (
        "Investigational - not for diagnosis", "pfm-demo 1.0: demonstration model, trained on phantoms", "High.",
        "Prediction set: low, high. Other grades are not excluded.", "High 0.70 \u00b1 0.04", "counts as one after AI",
    ):  # fmt: skip
        assert part in spoken


def test_an_indeterminate_answer_and_none_at_all_say_so() -> None:
    answer = answer_of(indeterminate())
    assert (answer.headline, answer.grade) == ("Indeterminate", None)
    assert "do not settle the grade" in annotate_ai.spoken(answer)
    none = answer_of(refused())
    assert none.headline.startswith("No answer: ")
    assert annotate_ai.probability_lines(none) == ""
    assert "retake the white-light picture" in annotate_ai.spoken(none)


def test_pictures_unlike_anything_the_model_knows_are_warned_of() -> None:
    spoken = annotate_ai.spoken(answer_of(measured(graded(), white=1.4, fluorescence=0.5)))
    assert "Do not rely on this grade. Unlike anything the model learned from: white light." in spoken


def test_nothing_is_said_of_what_else_the_visit_has() -> None:
    assert answer_of(white_only()).one_source == "Answered from white light only."


def test_the_own_read_says_that_it_came_after_the_answer(lib: Library, first: Reading) -> None:
    assert first.turn is not None
    ai_shown.record_shown(lib, first.turn.pair_id, MODEL, task_id=first.task.id)
    first.grade(Grade.LOW)
    first.shown()
    first.grade(Grade.HIGH)
    first.go(-1)
    assert annotate_words.own_words(first) == "You read: High. Another grade changes it."
    first.go(-1)
    assert annotate_words.own_words(first) == "You read: Low, after AI. Another grade changes it."


@pytest.mark.parametrize(
    ("choice", "ai_first", "name"),
    [
        (HIDDEN, False, "March"),
        (HIDDEN, True, "March"),
        (AFTER, True, "March (AI may be seen after the grade)"),
        (BEFORE, False, "March (AI may be seen after the grade)"),
        (BEFORE, True, "March (AI may be seen before the grade)"),
    ],
)
def test_the_line_of_a_task_says_when_the_answer_may_be_seen(
    lib: Library, choice: AiShown, ai_first: bool, name: str
) -> None:
    task = make(lib, ai_first=ai_first)
    (line,) = lines_job(SilentContext(), lib, choice)
    assert line.cells[0] == name
    labelling.close_task(lib, task.id)
    (line,) = lines_job(SilentContext(), lib, choice)
    assert line.cells[0] == (name.replace("(", "(closed, ") if "(" in name else "March (closed)")


def test_an_empty_list_promises_no_more_than_holds() -> None:
    said = {choice: annotate_words.empty_text(may_make=True, read_only=False, choice=choice) for choice in AiShown}
    assert "findings or AI" in said[HIDDEN]
    assert "AI" not in said[AFTER]
    assert "AI" not in said[BEFORE]


def test_each_choice_has_its_words() -> None:
    for words in (annotate_ai.HINTS, annotate_ai.IN_TASK, annotate_ai.STAYS_HIDDEN):
        assert list(words) == list(AiShown)
    assert annotate_ai.failed_words("The disk is full.") == "There is no AI answer. The disk is full."
    assert annotate_ai.probability_lines(Answer("", None, "", "", (), "", "", (), (), "", "")) == ""
