"""The form for a new task: orders that ask the model, pairs without a label, and stopping it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Order, Turn
from pfm_desktop.gui.pages.annotate.page import AnnotatePage
from pfm_desktop.jobs import Context
from pfm_desktop.services import labelling, reading_order
from pfm_desktop.storage.library import Library
from pfm_desktop.viewmodels.session import Session

from .conftest import PAIRS

pytestmark = pytest.mark.slow

K = Qt.Key
LEFT = Qt.MouseButton.LeftButton
Settle = Callable[[], None]


class Asking:
    """Stands for the model: says of each pair how sure it is, once it is let."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Event()
        self.pairs: list[str] = []
        self.model = ""

    def __call__(self, ctx: Context, _lib: Library, pairs: tuple[str, ...], model: str) -> tuple[dict[str, float], str]:
        self.begun.set()
        self.model = model
        while not self.go.wait(0.01):
            ctx.check()
        self.pairs += pairs
        return {pair: float(place) for place, pair in enumerate(pairs)}, ""


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    made = Asking()
    monkeypatch.setattr(reading_order, "_check_askable", lambda _model: None)
    monkeypatch.setattr(reading_order, "_uncertainty", made)
    yield made
    made.go.set()


@pytest.fixture
def form(qtbot: QtBot, page: AnnotatePage, settle: Settle) -> AnnotatePage:
    """The page with the form in front, a name typed, the keys on the order."""
    qtbot.keyClick(page.tasks.table, K.Key_N, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(page.making.name, "April")
    page.making.order.setFocus()
    settle()
    return page


def tasks_of(session: Session) -> dict[str, labelling.TaskRow]:
    return {row.task.name: row for row in labelling.task_rows(session.library)}


def test_what_a_task_lacks_is_said_beside_the_button_that_makes_it(
    qtbot: QtBot, form: AnnotatePage, settle: Callable[[], None]
) -> None:
    making = form.making
    assert making.make.isEnabled()
    assert making.lacking.text() == ""
    making.name.clear()
    assert not making.make.isEnabled()
    assert making.lacking.text() == "The task has no name yet"
    qtbot.keyClicks(making.name, "May")
    assert making.lacking.text() == ""
    qtbot.keyClicks(making.search, "nobody is called so")
    settle()
    qtbot.waitUntil(lambda: making.idle)
    assert not making.make.isEnabled()
    assert making.lacking.text() == "No visit is found: change the search"


def test_what_asks_the_model_is_said_and_leaves_out_what_has_a_label(qtbot: QtBot, form: AnnotatePage) -> None:
    making = form.making
    assert making.most.isHidden()
    assert making.asking.isHidden()
    assert not making.unlabelled.isChecked()
    qtbot.keyClick(making.order, K.Key_Down)
    assert making.order.currentText() == "Where the model is least sure first"
    assert making.most.isVisible()
    assert making.unlabelled.isChecked()
    assert making.asking.text().startswith(f"pfm-demo is asked about {PAIRS} pairs. Roughly")
    qtbot.keyClick(making.order, K.Key_Down)
    assert "differ most from each other" in making.order.currentText()
    assert making.unlabelled.isChecked()
    qtbot.keyClick(making.order, K.Key_Down)
    assert making.most.isHidden()
    assert not making.unlabelled.isChecked()


def test_the_fields_are_reached_by_tab_in_the_order_they_stand(qtbot: QtBot, form: AnnotatePage) -> None:
    making = form.making
    qtbot.keyClick(making.order, K.Key_Down)
    for part in (making.unlabelled, making.most, making.repeats, making.readers, making.make, making.cancel):
        before = form.window().focusWidget()
        assert before is not None
        qtbot.keyClick(before, K.Key_Tab)
        assert part.hasFocus(), part.accessibleName()


def test_the_most_uncertain_pair_opens_first_and_no_more_are_asked_about_than_wanted(
    qtbot: QtBot, form: AnnotatePage, session: Session, asking: Asking, settle: Settle
) -> None:
    asking.go.set()
    making = form.making
    qtbot.keyClick(making.order, K.Key_Down)
    making.most.setFocus()
    making.most.selectAll()
    qtbot.keyClicks(making.most, "2")
    assert f"asked about 2 pairs; the other {PAIRS - 2} follow" in making.asking.text()
    with qtbot.waitSignal(form.said, timeout=10_000):
        qtbot.keyClick(making.name, K.Key_Return)
    settle()
    made = tasks_of(session)["April"].task
    turns = labelling.queue(session.library, made.id).turns
    assert len(asking.pairs) == 2
    assert [turn.pair_id for turn in turns if turn.turn == 1][:2] == asking.pairs[::-1]
    assert asking.model == session.settings.model
    assert made.order is Order.UNCERTAINTY


@pytest.mark.parametrize("by_key", [True, False])
def test_stopped_no_task_is_made_and_what_was_typed_stays(
    qtbot: QtBot, form: AnnotatePage, session: Session, asking: Asking, by_key: bool
) -> None:
    making = form.making
    qtbot.keyClick(making.order, K.Key_Down)
    qtbot.keyClick(making.name, K.Key_Return)
    qtbot.waitUntil(asking.begun.is_set, timeout=10_000)
    assert making.cancel.text() == "Stop"
    assert not making.unlabelled.isEnabled()
    if by_key:
        qtbot.keyClick(making.cancel, K.Key_Escape)
    else:
        qtbot.mouseClick(making.cancel, LEFT)
    qtbot.waitUntil(lambda: making.problem.text() == "Stopped. No task was made.", timeout=10_000)
    assert list(tasks_of(session)) == ["March"]
    assert making.isVisible()
    assert (making.name.text(), making.cancel.text()) == ("April", "Cancel")
    assert making.make.isEnabled()


def test_a_model_that_cannot_be_asked_is_said_and_a_random_task_can_be_made(
    qtbot: QtBot, form: AnnotatePage, session: Session, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pfm_desktop.services import models
    from pfm_desktop.support.errors import ModelError

    def altered(_name: str) -> None:
        raise ModelError("the weights were altered")

    monkeypatch.setattr(models, "verified_info", altered)
    making = form.making
    qtbot.keyClick(making.order, K.Key_Down)
    qtbot.keyClick(making.name, K.Key_Return)
    qtbot.waitUntil(lambda: "cannot be asked: the weights were altered" in making.problem.text(), timeout=10_000)
    assert "random order" in making.problem.text()
    assert list(tasks_of(session)) == ["March"]
    qtbot.keyClick(making.order, K.Key_Home)
    with qtbot.waitSignal(form.said, timeout=10_000):
        qtbot.keyClick(making.name, K.Key_Return)
    settle()
    assert tasks_of(session)["April"].pairs == PAIRS


def test_pairs_with_a_label_are_counted_and_left_out(
    qtbot: QtBot, form: AnnotatePage, session: Session, task: str, asking: Asking, settle: Settle
) -> None:
    asking.go.set()
    labelled = labelling.queue(session.library, task).turns[0].pair_id
    labelling.give(session.library, task, Turn(labelled), grade=Grade.LOW)
    making = form.making
    qtbot.keyClicks(making.search, "K-")
    settle()
    assert making.unlabelled.text() == f"Only pairs without a label ({PAIRS - 1} of {PAIRS} visits)"
    making.order.setFocus()
    qtbot.keyClick(making.order, K.Key_Down)
    assert f"asked about {PAIRS - 1} pairs" in making.asking.text()
    qtbot.keyClick(making.unlabelled, K.Key_Space)
    assert f"asked about {PAIRS} pairs" in making.asking.text()
    qtbot.keyClick(making.unlabelled, K.Key_Space)
    with qtbot.waitSignal(form.said, timeout=10_000):
        qtbot.keyClick(making.search, K.Key_Return)
    settle()
    assert labelled not in asking.pairs
    assert tasks_of(session)["April"].pairs == PAIRS - 1


def test_where_all_have_a_label_no_task_of_those_without_can_be_made(
    qtbot: QtBot, form: AnnotatePage, session: Session, task: str, settle: Settle
) -> None:
    for turn in labelling.queue(session.library, task).turns:
        labelling.give(session.library, task, turn, grade=Grade.LOW)
    making = form.making
    qtbot.keyClicks(making.search, "K-")
    settle()
    assert making.make.isEnabled()
    qtbot.keyClick(making.unlabelled, K.Key_Space)
    assert not making.make.isEnabled()
    assert "(0 of" in making.unlabelled.text()
    assert making.found.text().startswith("All visits that are found have a label")


def test_the_form_is_empty_again_for_the_next_task(qtbot: QtBot, form: AnnotatePage, settle: Settle) -> None:
    qtbot.keyClick(form.making.order, K.Key_Down)
    form.making.most.setValue(7)
    qtbot.keyClick(form.making.name, K.Key_Escape)
    settle()
    form.make_task()
    settle()
    making = form.making
    assert making.order.currentData() == Order.RANDOM.value
    assert making.most.value() == labelling.MOST_ASKED
    assert making.most.isHidden()
    assert not making.unlabelled.isChecked()


def test_why_nothing_was_counted_stays_while_something_else_is_typed(
    qtbot: QtBot, form: AnnotatePage, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pfm_desktop.services import cases
    from pfm_desktop.support.errors import StorageError

    def lost(*_args: object, **_options: object) -> int:
        raise StorageError("the disk does not answer")

    monkeypatch.setattr(cases, "count_visits", lost)
    making = form.making
    qtbot.keyClicks(making.search, "K-")
    settle()
    qtbot.keyClicks(making.name, "x")
    assert "The disk does not answer." in making.found.text()
    assert not making.make.isEnabled()
    monkeypatch.undo()
    making.search.clear()
    settle()
    assert making.found.text().startswith(f"{PAIRS} visits are found")
    assert making.make.isEnabled()
