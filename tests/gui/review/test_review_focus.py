"""Where the keys go when the widget that had them is gone."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QRadioButton, QSlider, QVBoxLayout, QWidget
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


def test_after_agreeing_tools_of_the_stage_are_chosen_by_their_keys_and_the_keys_stay(
    page: ReviewPage, clinic: Clinic, session: Session, revealed: None, qtbot: QtBot
) -> None:
    page.choose_tool("pin")
    page.side.go_to(1)
    qtbot.mouseClick(page.side.answer.differ, LEFT)
    page.side.answer.form.given_up.emit()
    qtbot.mouseClick(page.side.answer.agree, LEFT)
    held = page.side.answer.change
    assert QApplication.focusWidget() is held
    for key, tool in ((Qt.Key.Key_V, "pan"), (Qt.Key.Key_D, "lesion"), (Qt.Key.Key_P, "pin"), (Qt.Key.Key_V, "pan")):
        qtbot.keyClick(held, key)
        assert page.stage.tool == tool
        assert QApplication.focusWidget() is held
    before = session.case
    qtbot.keyClick(held, Qt.Key.Key_N)  # adds a lesion on the stage
    qtbot.keyClick(held, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert session.case == before


def test_from_a_box_and_a_slider_tools_are_chosen_by_their_letters_too(
    page: ReviewPage, clinic: Clinic, session: Session, revealed: None, qtbot: QtBot
) -> None:
    page.side.go_to(1)
    controls = page.side.heatmap
    for held in (controls.show_it, controls.findChild(QSlider)):
        assert held is not None
        held.setFocus()
        for key, tool in ((Qt.Key.Key_D, "lesion"), (Qt.Key.Key_V, "pan")):
            qtbot.keyClick(held, key)
            assert page.stage.tool == tool


def test_letters_are_letters_in_fields_and_lists_of_the_right_column(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("pin")
    fields: list[QWidget] = [page.side.findings.text, page.side.tabBar()]
    fields += [one for one in page.side.findChildren(QComboBox) if one.isVisible() and one.isEnabled()]
    fields += [one for one in page.side.findChildren(QRadioButton) if one.isVisible() and one.isEnabled()]
    for field in fields:
        field.setFocus()
        qtbot.keyClick(field, Qt.Key.Key_V)
        assert page.stage.tool == "pin", field
    assert page.side.findings.text.toPlainText() == "v"


def test_while_points_are_placed_a_letter_beside_the_stage_places_none(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.place_points()
    button = next(iter(page.side.findings.grades.values()))
    button.setFocus()
    page.stage.commands.move_cursor(0, 0)
    qtbot.keyClick(button, Qt.Key.Key_P)
    assert len(page.points.points.placed) == 0
    page.points.leave()


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
