"""What the window says is of now: a library that another program writes, and messages about earlier work."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.main_window import TODAY, MainWindow
from pfm_desktop.services import review
from pfm_desktop.storage.library import Library
from pfm_desktop.viewmodels.session import Session
from pfm_desktop.viewmodels.worklist import IMPRESSION

from .conftest import Opened

pytestmark = pytest.mark.slow


def session_of(window: MainWindow) -> Session:
    assert window.session is not None
    return window.session


def impression(window: MainWindow) -> Grade | None:
    case = session_of(window).case
    assert case is not None
    return case.findings.impression


def test_a_window_that_only_reads_shows_what_another_program_wrote_since(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    with Library.open(library_folder) as writer:
        window = open_window(library_folder)
        assert session_of(window).library.read_only
        visit_id = session_of(window).today("Adler")[0].visit.id
        window.open_visit(visit_id)
        review.set_impression(writer, visit_id, Grade.LOW)
        assert impression(window) is Grade.HIGH
        assert window._watch.isActive()
        window._watch.timeout.emit()
        assert impression(window) is Grade.LOW
        review.set_impression(writer, visit_id, Grade.NORMAL)
        other = QWidget()  # the user turns to another window and comes back
        qtbot.addWidget(other)
        for turned_to in (other, window):
            turned_to.show()
            turned_to.activateWindow()
            qtbot.waitUntil(turned_to.isActiveWindow)
        assert impression(window) is Grade.NORMAL


def test_the_list_of_a_window_that_only_reads_follows_too(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    with Library.open(library_folder) as writer:
        window = open_window(library_folder)
        assert window.desk is not None
        today = window.desk.today
        visit_id = session_of(window).today("Adler")[0].visit.id
        review.set_impression(writer, visit_id, Grade.CANCER)
        window._watch.timeout.emit()
        qtbot.waitUntil(lambda: today.idle)
        row = today.model.row(today.model.place_of(visit_id))
        assert row is not None
        assert row.cells[IMPRESSION].lower() == "cancer"


def test_a_library_of_ones_own_is_not_read_again_and_again(open_window: Opened, library_folder: Path) -> None:
    assert not open_window(library_folder)._watch.isActive()


def test_what_was_undone_is_not_said_any_more_once_work_goes_on(open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    session = session_of(window)
    visit_id = session.today("Adler")[0].visit.id
    window.open_visit(visit_id)
    session.perform(lambda lib: review.set_impression(lib, visit_id, Grade.LOW))
    window.book.action("edit.undo").trigger()
    assert window.strip.noted.startswith("Undone")
    session.perform(lambda lib: review.set_impression(lib, visit_id, Grade.NORMAL))
    assert window.strip.noted == ""
    window.book.action("edit.undo").trigger()
    assert window.strip.noted.startswith("Undone")


def test_the_keys_of_a_cancel_button_that_goes_return_to_the_page_and_not_to_the_rail(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    gate = threading.Event()
    window.jobs.start(lambda _ctx: gate.wait(20), title="Loading", done=lambda _result: None)
    qtbot.waitUntil(lambda: bool(window.strip.shown))
    button = window.strip.cancel_button(window.jobs.rows[0].name)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert window.desk.today.search.hasFocus()
    gate.set()
    qtbot.waitUntil(lambda: not window.jobs.busy)


def test_the_key_of_edit_patient_works_while_the_search_field_has_the_keys(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    today = window.desk.today
    window.show_page(TODAY)
    qtbot.waitUntil(lambda: today.idle)
    assert today.search.hasFocus()
    (edit,) = [action for action in today.page_actions() if action.objectName() == "today.edit_patient"]
    (key,) = edit.shortcuts()
    assert key.toString() == "F2"  # text fields of some desktops take Ctrl and a letter: Ctrl+E is the end of the line
    qtbot.keyClick(today.search, Qt.Key(key[0].key()), key[0].keyboardModifiers())
    assert today.intake.isVisible()
