"""The AI answer while pairs are read: nothing of it unless the site chose so, on record before it is seen, gone with
its pair."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Quality, Turn, turns
from pfm_desktop.domain.prediction import Analysis
from pfm_desktop.gui.pages.annotate.page import AnnotatePage
from pfm_desktop.jobs import Context
from pfm_desktop.services import ai_shown, labelling
from pfm_desktop.services.labelling import Wish
from pfm_desktop.storage import journal
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import ModelError, StorageError
from pfm_desktop.viewmodels.session import Session
from tests.gui.panels.answers import graded, indeterminate, measured, refused

from .conftest import Pictures

pytestmark = pytest.mark.slow

K = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
Press = Callable[..., None]
Settle = Callable[[], None]


@dataclass
class Model:
    """Stands for the model: which pairs it was `asked` about, and what it says; `hold` keeps its answers back."""

    says: Analysis = field(default_factory=graded)
    asked: list[tuple[str, str]] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    hold: threading.Event = field(default_factory=threading.Event)
    problem: Exception | None = None

    def __call__(self, _ctx: Context, _library: Library, pair_id: str, model: str) -> Analysis:
        self.asked.append((pair_id, model))
        self.threads.append(threading.current_thread())
        self.begun.set()
        assert self.hold.wait(20)
        if self.problem is not None:
            raise self.problem
        return self.says


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    made = Model()
    made.hold.set()
    monkeypatch.setattr(ai_shown, "answer_job", made)
    yield made
    made.hold.set()


def shown_lines(session: Session) -> list[journal.JournalEntry]:
    with session.library.read() as opened:
        return list(journal.entries(opened, what="ai_shown"))


def read_words(page: AnnotatePage) -> str:
    """All that can be read or heard of the page now."""
    said = []
    for widget in page.findChildren(QWidget):
        if widget.isVisible():
            said += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
            said.append(getattr(widget, "text", str)() if isinstance(widget, QLabel) else "")
    return "\n".join(said)


def begin(qtbot: QtBot, page: AnnotatePage, settle: Settle, task_id: str) -> AnnotatePage:
    page.read_task(task_id)
    settle()
    return page


@pytest.fixture
def after(qtbot: QtBot, session: Session, page: AnnotatePage, task: str, settle: Settle, model: Model) -> AnnotatePage:
    """A task is read where the site shows the answer after the grade."""
    assert session.change_settings(ai_shown="after")
    return begin(qtbot, page, settle, task)


@pytest.fixture
def before(qtbot: QtBot, session: Session, page: AnnotatePage, task: str, settle: Settle, model: Model) -> AnnotatePage:
    """A task that was made so is read where the site shows the answer before the grade."""
    assert session.change_settings(ai_shown="before")
    pairs = [turn.pair_id for turn in labelling.queue(session.library, task).turns]
    made = labelling.make_task(session.library, Wish("May", repeats=0.0, ai_first=True), pairs)
    return begin(qtbot, page, settle, made.id)


# hidden


def test_by_default_the_key_does_nothing_and_not_a_word_of_it_is_on_the_page(
    qtbot: QtBot, reading: AnnotatePage, press: Press, model: Model, session: Session
) -> None:
    view = reading.view
    for keys in ((K.Key_A,), (K.Key_1, K.Key_Left, K.Key_A)):
        press(*keys)
    assert view.ai.isHidden()
    assert not view.ai.button.isVisible()
    reading.own_keys()
    found = read_words(reading)
    assert "AI" not in found.split()
    assert "model" not in found.lower()
    assert not view.actions_by_id["ai"].isVisible()
    assert model.asked == []
    assert shown_lines(session) == []
    view.ai.ask()
    view.ask_ai()
    qtbot.waitUntil(lambda: reading.idle)
    assert model.asked == []


def test_a_task_made_with_the_answer_first_shows_none_once_the_site_hides_it(
    before: AnnotatePage, press: Press, session: Session, model: Model
) -> None:
    press(K.Key_A)
    assert before.view.ai.shown
    assert session.change_settings(ai_shown="hidden")
    assert not before.view.ai.shown
    assert before.view.ai.isHidden()
    press(K.Key_A)
    assert len(model.asked) == 1
    assert session.change_settings(ai_shown="before")
    assert before.view.ai.isVisible()
    assert not before.view.ai.shown, "it has to be asked for again"


# after the grade


def test_after_the_grade_the_key_says_that_the_grade_comes_first(
    after: AnnotatePage, press: Press, model: Model, session: Session
) -> None:
    ai = after.view.ai
    assert ai.button.isVisible()
    assert ai.button.text() == "A   AI answer"
    assert "A AI" in after.view.keys_line.accessibleName()
    assert "Once you gave your grade" in ai.hint.text()
    press(K.Key_A)
    assert ai.said.text().startswith("Give your grade first")
    assert ai.said.isVisible()
    assert model.asked == []
    assert shown_lines(session) == []
    press(K.Key_Right)
    assert not ai.said.isVisible(), "of the pair before"


def test_beside_an_own_read_it_is_on_record_and_shown_with_all_its_doubts(
    after: AnnotatePage, press: Press, model: Model, session: Session
) -> None:
    first = after.view.reading.turns[0].pair_id  # type: ignore[union-attr]
    press(K.Key_2, K.Key_Left, K.Key_A)
    ai = after.view.ai
    assert model.asked == [(first, session.settings.model)]
    assert model.threads[0] is not threading.main_thread()
    (line,) = shown_lines(session)
    assert (line.who, line.key) == ("Anna", first)
    assert ai.headline.text() == "AI: High"
    assert ai.possible.text() == "Prediction set: low, high. Other grades are not excluded."
    assert "High 0.70 \u00b1 0.04" in ai.numbers.text()
    assert ai.model.text() == "pfm-demo 1.0: demonstration model, trained on phantoms"
    assert ai.banner.text() == "Investigational - not for diagnosis"
    assert "on record" in ai.on_record.text()
    assert all(part.isVisible() for part in (ai.headline, ai.possible, ai.numbers, ai.model, ai.banner, ai.on_record))
    assert after.view.stage.hasFocus(), "the keys stay with the pictures"


def test_it_is_on_record_before_it_is_seen(
    qtbot: QtBot, after: AnnotatePage, press: Press, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    ai = after.view.ai
    seen_then: list[bool] = []
    record = ai_shown.record_shown

    def recording(*args: object, **options: object) -> None:
        seen_then.append(ai.shown)
        record(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(ai_shown, "record_shown", recording)
    press(K.Key_2, K.Key_Left, K.Key_A)
    assert seen_then == [False]
    assert ai.shown


def test_the_button_does_what_the_key_does(qtbot: QtBot, after: AnnotatePage, press: Press, settle: Settle) -> None:
    press(K.Key_2, K.Key_Left)
    qtbot.mouseClick(after.view.ai.button, LEFT)
    settle()
    assert after.view.ai.shown
    assert after.view.stage.hasFocus()


def test_another_grade_after_it_is_marked_and_the_own_read_says_so(
    after: AnnotatePage, press: Press, session: Session
) -> None:
    press(K.Key_2, K.Key_Left, K.Key_A)
    side = after.view.side
    assert side.own.text() == "You read: Low. Another grade changes it.", "it was given before"
    press(K.Key_3, K.Key_Left)
    assert side.own.text() == "You read: High, after AI. Another grade changes it."
    task = after.view.reading.task.id  # type: ignore[union-attr]
    assert [read.ai_seen for read in labelling.queue(session.library, task).reads.values()] == [True]


def test_taken_back_the_answer_goes_and_the_next_grade_is_one_after_it(
    after: AnnotatePage, press: Press, session: Session
) -> None:
    press(K.Key_2, K.Key_Left, K.Key_A)
    assert after.view.ai.shown
    press(K.Key_U)
    assert not after.view.ai.shown, "there is no own read any more"
    press(K.Key_A)
    assert after.view.ai.said.text().startswith("Give your grade first")
    press(K.Key_4, K.Key_Left)
    assert "Cancer, after AI" in after.view.side.own.text()


def test_a_note_or_quality_leaves_the_answer_where_it_is(after: AnnotatePage, press: Press) -> None:
    press(K.Key_2, K.Key_Left, K.Key_A, K.Key_Q)
    assert after.view.side.qualities[Quality.GOOD].isChecked()
    assert after.view.ai.shown
    assert "after AI" not in after.view.side.own.text(), "the grade is the one from before"


def test_a_pair_that_comes_again_follows_the_rule_of_its_turn(
    qtbot: QtBot, session: Session, page: AnnotatePage, task: str, settle: Settle, press: Press, model: Model,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(labelling, "turns", partial(turns, gap=0))  # a task long enough for repeats takes long to make
    session.change_settings(ai_shown="after")
    pairs = [turn.pair_id for turn in labelling.queue(session.library, task).turns]
    made = labelling.make_task(session.library, Wish("Twice", repeats=1.0, seed=5), pairs[:1])
    assert labelling.queue(session.library, made.id).turns == (Turn(pairs[0]), Turn(pairs[0], 2))
    begin(qtbot, page, settle, made.id)
    press(K.Key_2, K.Key_Left, K.Key_A)
    assert page.view.ai.shown
    press(K.Key_Right)
    assert not page.view.ai.shown, "the same pair, but another turn"
    press(K.Key_A)
    assert page.view.ai.said.text().startswith("Give your grade first")
    press(K.Key_3)
    reads = labelling.queue(session.library, made.id).reads
    assert [reads[Turn(pairs[0], turn)].ai_seen for turn in (1, 2)] == [False, True]


# before the grade


def test_before_the_grade_it_is_shown_at_any_time_in_a_task_made_so(
    before: AnnotatePage, press: Press, session: Session
) -> None:
    assert "Also before your grade" in before.view.ai.hint.text()
    press(K.Key_A)
    assert before.view.ai.shown
    press(K.Key_3, K.Key_Left)
    assert before.view.side.own.text() == "You read: High, after AI. Another grade changes it."
    press(K.Key_A)
    assert before.view.ai.shown
    assert len(shown_lines(session)) == 1, "once for each pair"


def test_in_any_other_task_the_grade_comes_first_there_too(
    qtbot: QtBot, before: AnnotatePage, press: Press, settle: Settle, task: str, model: Model
) -> None:
    begin(qtbot, before, settle, task)
    press(K.Key_A)
    assert before.view.ai.said.text().startswith("Give your grade first")
    assert model.asked == []


def test_where_the_reason_was_asked_for_the_grades_are_back_with_the_answer(before: AnnotatePage, press: Press) -> None:
    press(K.Key_0)
    assert before.view.side.asking_why
    press(K.Key_A)
    assert not before.view.side.asking_why
    assert before.view.ai.headline.isVisible()


def test_an_indeterminate_answer_says_so(before: AnnotatePage, press: Press, model: Model) -> None:
    model.says = indeterminate()
    press(K.Key_A)
    assert before.view.ai.headline.text() == "AI: Indeterminate"
    assert "do not settle the grade" in before.view.ai.advice.text()


def test_a_pair_that_the_model_refuses_says_why(before: AnnotatePage, press: Press, model: Model) -> None:
    model.says = refused()
    press(K.Key_A)
    assert before.view.ai.headline.text() == "AI: No answer: white light: out of focus"
    assert not before.view.ai.numbers.isVisible()


def test_a_warning_that_the_pictures_are_unlike_all_it_knows_is_not_missed(
    before: AnnotatePage, press: Press, model: Model
) -> None:
    model.says = measured(graded(), white=1.4, fluorescence=0.4)
    press(K.Key_A)
    warning = before.view.ai.warning
    assert warning.isVisible()
    assert warning.caution.text() == "Do not rely on this grade."
    press(K.Key_Right)
    assert not warning.isVisible()


def test_a_screen_reader_is_told_what_is_shown_and_nothing_of_it_afterwards(before: AnnotatePage, press: Press) -> None:
    ai = before.view.ai
    assert ai.accessibleName() == "AI answer"
    assert ai.accessibleDescription() == ""
    press(K.Key_A)
    said = ai.accessibleDescription()
    assert "High." in said
    assert "demonstration model, trained on phantoms" in said
    press(K.Key_Right)
    assert ai.accessibleDescription() == ""


# late, and other pairs in front


@pytest.mark.parametrize("key", [K.Key_2, K.Key_Right])
def test_an_answer_that_comes_when_another_pair_is_in_front_is_not_shown_nor_on_record(
    qtbot: QtBot, before: AnnotatePage, model: Model, session: Session, settle: Settle, key: K
) -> None:
    view = before.view
    model.hold.clear()
    qtbot.keyClick(view.stage, K.Key_A)
    assert view.ai.said.text() == "The model is asked ..."
    qtbot.waitUntil(model.begun.is_set)
    qtbot.keyClick(view.stage, key)
    assert view.side.title.text().startswith("Pair 2"), "nobody waits for the model"
    assert not view.ai.said.isVisible()
    model.hold.set()
    settle()
    assert not view.ai.shown
    assert shown_lines(session) == []
    reads = labelling.queue(session.library, view.reading.task.id).reads  # type: ignore[union-attr]
    assert not any(read.ai_seen for read in reads.values()), "nothing was seen"


def test_back_on_the_pair_a_late_answer_is_not_shown_either_but_can_be_asked_for(
    qtbot: QtBot, before: AnnotatePage, model: Model, press: Press, settle: Settle
) -> None:
    view = before.view
    model.hold.clear()
    for key in (K.Key_A, K.Key_Right, K.Key_Left):
        qtbot.keyClick(view.stage, key)
    model.hold.set()
    settle()
    assert not view.ai.shown
    press(K.Key_A)
    assert view.ai.shown


def test_the_next_pair_shows_its_own_answer_only(
    qtbot: QtBot, before: AnnotatePage, model: Model, settle: Settle, session: Session
) -> None:
    view = before.view
    model.hold.clear()
    for key in (K.Key_A, K.Key_Right, K.Key_A):
        qtbot.keyClick(view.stage, key)
    model.hold.set()
    settle()
    assert view.ai.shown
    second = view.reading.turns[1].pair_id  # type: ignore[union-attr]
    assert model.asked[-1][0] == second
    assert [line.key for line in shown_lines(session)] == [second]


def test_with_the_next_pair_no_word_of_the_answer_before_is_painted(
    before: AnnotatePage, press: Press, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = before.view
    press(K.Key_A)
    words_then: list[str] = []
    put = view.stage.set_prepared
    monkeypatch.setattr(
        view.stage, "set_prepared", lambda pair: (words_then.append(view.ai.headline.text()), put(pair))
    )
    qtbot.keyClick(view.stage, K.Key_2)
    assert words_then == [""], "gone before the pictures of the next pair are there"


def test_pressed_twice_the_model_is_asked_once(
    qtbot: QtBot, before: AnnotatePage, model: Model, settle: Settle
) -> None:
    model.hold.clear()
    for _ in range(3):
        qtbot.keyClick(before.view.stage, K.Key_A)
    model.hold.set()
    settle()
    qtbot.keyClick(before.view.stage, K.Key_A)
    settle()
    assert len(model.asked) == 1
    assert before.view.ai.shown


def test_before_the_pictures_are_seen_no_model_is_asked(
    qtbot: QtBot, before: AnnotatePage, pictures: Pictures, press: Press, model: Model
) -> None:
    press(K.Key_T)
    pictures.hold.clear()
    before.read_task(before.tasks.task_id)
    qtbot.keyClick(before.view.stage, K.Key_A)
    assert before.view.ai.said.text().startswith("The pictures come first")
    assert model.asked == []


@pytest.mark.parametrize("left_by", ["tasks", "page"])
def test_who_leaves_while_the_model_is_asked_has_seen_nothing(
    qtbot: QtBot, before: AnnotatePage, model: Model, session: Session, settle: Settle, left_by: str
) -> None:
    model.hold.clear()
    qtbot.keyClick(before.view.stage, K.Key_A)
    qtbot.waitUntil(model.begun.is_set)
    if left_by == "tasks":
        qtbot.keyClick(before.view.stage, K.Key_T)
        assert not before.view.actions_by_id["ai"].isVisible()
    else:
        before.left()
        before.entered()
    model.hold.set()
    settle()
    assert not before.view.ai.shown
    assert not before.view.ai.said.isVisible()
    assert shown_lines(session) == []


def test_another_reader_sees_nothing_of_what_one_asked_for(
    before: AnnotatePage, press: Press, session: Session, task: str
) -> None:
    opened = before.view.reading
    assert opened is not None
    press(K.Key_A)
    assert session.change_settings(theme="light")
    assert before.view.ai.shown, "nothing that matters here"
    assert session.change_settings(reader="Berta")
    assert not before.view.ai.shown
    before.read_task(opened.task.id)
    press(K.Key_A)
    assert before.view.ai.shown
    assert [line.who for line in shown_lines(session)] == ["Anna", "Berta"]


# where none can be shown


def test_a_model_that_cannot_be_asked_is_said_and_can_be_asked_again(
    before: AnnotatePage, press: Press, model: Model, session: Session
) -> None:
    model.problem = ModelError("the weights of pfm-demo were altered", remedy="choose another model in Settings")
    press(K.Key_A)
    ai = before.view.ai
    assert ai.said.text() == (
        "There is no AI answer. The weights of pfm-demo were altered. Choose another model in Settings."
    )
    assert not ai.shown
    assert shown_lines(session) == []
    model.problem = None
    press(K.Key_A)
    assert ai.shown
    assert not ai.said.isVisible()


def test_what_cannot_be_put_on_record_is_not_shown(
    before: AnnotatePage, press: Press, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(session.library, "record_event", full)
    press(K.Key_A)
    ai = before.view.ai
    assert ai.said.text().startswith("There is no AI answer. It cannot be put on record that you see it: the disk is")
    assert not ai.shown
    assert "AI: High" not in read_words(before)


def test_a_failure_is_said_beside_its_pair_only(
    qtbot: QtBot, before: AnnotatePage, press: Press, model: Model, settle: Settle
) -> None:
    model.problem = ModelError("the weights were altered")
    model.hold.clear()
    qtbot.keyClick(before.view.stage, K.Key_A)
    qtbot.waitUntil(model.begun.is_set)
    qtbot.keyClick(before.view.stage, K.Key_Right)
    model.hold.set()
    settle()
    assert not before.view.ai.said.isVisible()
    press(K.Key_A)
    assert "altered" in before.view.ai.said.text()
    press(K.Key_Left)
    assert not before.view.ai.said.isVisible()


def test_a_library_open_for_reading_only_shows_none_and_says_why(
    before: AnnotatePage, press: Press, session: Session, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session.library, "read_only_reason", "another program has it open")
    assert session.library.read_only
    press(K.Key_A)
    assert "open for reading only: another program has it open" in before.view.ai.said.text()
    assert model.asked == []


# tasks, keys


def test_the_list_says_in_which_tasks_the_answer_may_be_seen(
    before: AnnotatePage, press: Press, session: Session, settle: Settle
) -> None:
    press(K.Key_T)
    table = before.tasks.table

    def names() -> set[str]:
        return {table.item(row, 0).text() for row in range(table.rowCount())}

    assert names() == {"March (AI may be seen after the grade)", "May (AI may be seen before the grade)"}
    session.change_settings(ai_shown="hidden")
    before.entered()
    settle()
    assert names() == {"March", "May"}


def test_a_new_task_offers_the_answer_first_only_where_the_site_does_and_never_by_itself(
    qtbot: QtBot, page: AnnotatePage, session: Session, settle: Settle
) -> None:
    making = page.making
    for choice, offered in (("hidden", False), ("after", False), ("before", True)):
        session.change_settings(ai_shown=choice)
        page.make_task()
        settle()
        assert making.ai_first.isVisible() is offered
        assert not making.ai_first.isChecked()
    assert making.ai_first.text() == "The AI answer may be shown before the grade is given"
    assert "until the own grade is given" in making.hidden.text()
    making.ai_first.setFocus()
    qtbot.keyClick(making.ai_first, K.Key_Space)
    assert "also before the grade" in making.hidden.text()
    qtbot.keyClicks(making.name, "June")
    with qtbot.waitSignal(page.said, timeout=10_000):
        qtbot.keyClick(making.name, K.Key_Return)
    settle()
    made = {row.task.name: row.task.ai_first for row in labelling.task_rows(session.library)}
    assert made == {"March": False, "June": True}


def test_a_site_that_hides_it_while_the_form_is_open_makes_no_such_task(
    qtbot: QtBot, page: AnnotatePage, session: Session, settle: Settle
) -> None:
    session.change_settings(ai_shown="before")
    page.make_task()
    qtbot.keyClick(page.making.ai_first, K.Key_Space)
    session.change_settings(ai_shown="hidden")
    assert not page.making.ai_first.isVisible()
    assert page.making.hidden.text() == "Names, findings, histology and AI answers stay hidden from who reads."
    qtbot.keyClicks(page.making.name, "June")
    settle()
    with qtbot.waitSignal(page.said, timeout=10_000):
        qtbot.keyClick(page.making.name, K.Key_Return)
    settle()
    assert not any(row.task.ai_first for row in labelling.task_rows(session.library))


def test_the_key_can_be_another_one_and_is_named_where_it_acts(before: AnnotatePage, press: Press) -> None:
    before.view.actions_by_id["ai"].setShortcut("F13")
    before.view.name_keys()
    assert before.view.ai.button.text() == "F13   AI answer"
    assert "F13 AI" in before.view.keys_line.accessibleName()
    press(K.Key_A)
    assert not before.view.ai.shown
    press(K.Key_F13)
    assert before.view.ai.shown


def test_in_a_note_the_key_is_a_letter(qtbot: QtBot, before: AnnotatePage, press: Press, model: Model) -> None:
    press(K.Key_N)
    qtbot.keyClicks(before.view.side.note, "a")
    assert before.view.side.note.text() == "a"
    assert model.asked == []


def test_who_decides_between_readers_follows_the_same_rule(
    qtbot: QtBot, session: Session, page: AnnotatePage, task: str, settle: Settle, press: Press, model: Model
) -> None:
    session.change_settings(ai_shown="after")
    pair = labelling.queue(session.library, task).turns[0].pair_id
    for who, grade in (("Berta", Grade.LOW), ("Carla", Grade.HIGH)):
        session.library.who = who
        labelling.give(session.library, task, Turn(pair), grade=grade)
    session.library.who = "Anna"
    page.decide(task)
    settle()
    press(K.Key_A)
    assert page.view.ai.said.text().startswith("Give your grade first")
    press(K.Key_3, K.Key_Left, K.Key_A)
    assert page.view.ai.shown
    press(K.Key_2, K.Key_Left)
    assert page.view.side.own.text() == "You decided: Low, after AI. Another grade changes it."
