"""Work of a widget off the GUI thread."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.jobs import Progress
from pfm_desktop.support.errors import BadInputError


class Answers:
    """Collects what comes back, and on which thread."""

    def __init__(self) -> None:
        self.done: list = []
        self.failed: list[str] = []
        self.steps: list[str] = []
        self.threads: set[int] = set()

    def take(self, answer: object) -> None:
        self.threads.add(threading.get_ident())
        self.done.append(answer)

    def step(self, progress: Progress) -> None:
        self.steps.append(progress.text)

    def start(self, work: Background, job, *args: object) -> None:
        work.start(job, *args, done=self.take, failed=self.failed.append, step=self.step)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def work(qtbot) -> Background:
    parent = QObject()
    made = Background(parent)
    made.kept = parent
    return made


def twice(ctx, number: int) -> int:
    ctx.progress(1, 2, f"half of {number}")
    return 2 * number


def held(ctx, gate: threading.Event, answer: str) -> str:
    assert gate.wait(20)
    ctx.check()
    return answer


def test_the_answer_comes_on_the_gui_thread_after_its_steps(work, answers, qtbot) -> None:
    answers.start(work, twice, 21)
    assert work.busy
    qtbot.waitUntil(lambda: answers.done == [42])
    assert answers.threads == {threading.get_ident()}
    assert answers.steps == ["half of 21"]
    assert not work.busy


def test_of_several_that_wait_only_the_latest_is_done(work, answers, qtbot) -> None:
    gate = threading.Event()
    answers.start(work, held, gate, "first")
    for number in range(5):
        answers.start(work, twice, number)
    gate.set()
    qtbot.waitUntil(lambda: not work.busy)
    assert answers.done == ["first", 8]


def test_dropped_work_answers_nobody_and_new_work_is_done(work, answers, qtbot) -> None:
    gate = threading.Event()
    answers.start(work, held, gate, "old")
    work.drop()
    assert not work.busy
    answers.start(work, twice, 3)
    gate.set()
    qtbot.waitUntil(lambda: answers.done == [6])
    assert answers.failed == []


def test_a_known_problem_comes_as_words(work, answers, qtbot) -> None:
    def bad(ctx):
        raise BadInputError("the file is damaged", safe="nothing changed", remedy="choose another")

    answers.start(work, bad)
    qtbot.waitUntil(lambda: len(answers.failed) == 1)
    assert answers.failed[0] == "The file is damaged. Nothing changed. Choose another."


@pytest.mark.expects_logged_error
def test_an_unexpected_error_is_logged_with_its_place(work, answers, qtbot, caplog) -> None:
    def broken(ctx):
        raise ZeroDivisionError("oh")

    answers.start(work, broken)
    qtbot.waitUntil(lambda: len(answers.failed) == 1)
    assert "ZeroDivisionError" in caplog.text
    assert "in broken" in caplog.text


def test_work_started_by_an_answer_is_done(work, answers, qtbot) -> None:
    work.start(twice, 1, done=lambda answer: answers.start(work, twice, answer), failed=answers.failed.append)
    qtbot.waitUntil(lambda: answers.done == [4])


def test_when_the_parent_goes_the_work_is_asked_to_stop_and_answers_nobody(answers, qtbot) -> None:
    entered, stopped = threading.Event(), threading.Event()

    def patient(ctx) -> str:
        entered.set()
        try:
            while True:
                ctx.check()
        finally:
            stopped.set()

    parent = QObject()
    work = Background(parent)
    answers.start(work, patient)
    assert entered.wait(10)
    parent.deleteLater()
    gone = []
    parent.destroyed.connect(lambda: gone.append(True))
    del work, parent
    qtbot.waitUntil(lambda: bool(gone))
    assert stopped.wait(10)
    QApplication.processEvents()
    assert answers.done == []
    assert answers.failed == []
