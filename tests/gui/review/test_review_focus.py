"""Where the keys go when the widget that had them is gone."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.services import review
from pfm_desktop.viewmodels.session import Session

from .conftest import Clinic, FakeEngine, Opened, settle

pytestmark = pytest.mark.slow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def beside(page: ReviewPage) -> QPushButton:
    """Another button of the window, next in the chain of focus: stands for the rail's Today."""
    host = page.parentWidget()
    assert host is not None
    button = QPushButton("Today", host)
    button.show()
    QWidget.setTabOrder(button, page)
    return button


def test_after_the_reveal_by_mouse_the_keys_are_with_the_stage(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, beside: QPushButton, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    session.perform(lambda lib: review.set_impression(lib, clinic.adler, Grade.LOW))
    page.side.go_to(1)
    qtbot.mouseClick(page.side.answer.reveal, LEFT)
    assert session.case is not None
    assert session.case.findings.revealed
    assert QApplication.focusWidget() is page.stage


def test_after_trying_again_the_keys_are_with_the_stage(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, beside: QPushButton, qtbot: QtBot
) -> None:
    engine.broken["load"] = "the picture was altered on disk"
    session.open_visit(clinic.adler)
    settle(qtbot, page)
    engine.broken.clear()
    qtbot.mouseClick(page.notice.button, LEFT)
    assert QApplication.focusWidget() is page.stage
    settle(qtbot, page)


def test_tab_still_leaves_the_stage(
    page: ReviewPage, clinic: Clinic, opened: Opened, beside: QPushButton, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is not page.stage


def test_cancelling_a_job_by_key_leaves_the_keys_to_the_page_in_front(qtbot: QtBot) -> None:
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.gui.widgets.jobs_strip import JobsStrip

    jobs, gate = QtJobs(), threading.Event()
    host = QWidget()
    qtbot.addWidget(host)
    strip, other = JobsStrip(jobs, host), QPushButton("Today", host)
    column = QVBoxLayout(host)
    column.addWidget(other)
    column.addWidget(strip)
    host.show()
    host.activateWindow()
    jobs.start(lambda _ctx: gate.wait(20), title="Loading", done=lambda _result: None)
    qtbot.waitUntil(lambda: bool(strip.shown))
    button = strip.cancel_button(jobs.rows[0].name)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(strip.let_go):
        qtbot.keyClick(button, Qt.Key.Key_Space)
    assert QApplication.focusWidget() is not other
    gate.set()
    qtbot.waitUntil(lambda: not jobs.busy)
