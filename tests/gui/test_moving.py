"""What lies with the wrong woman is set right by keys, after a question that names both; undo takes it back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.main_window import MainWindow
from pfm_desktop.gui.pages.today import TodayPage
from pfm_desktop.gui.widgets.move_form import MoveForm
from pfm_desktop.services import cases
from pfm_desktop.viewmodels.moving import NO_WOMEN, NOBODY

from .conftest import Opened

pytestmark = pytest.mark.slow

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
RETURN = Qt.Key.Key_Return


def pictures(window: MainWindow) -> dict[str, int]:
    assert window.session is not None
    return {row.patient.identifier: row.pictures for row in window.session.today()}


def today_on(qtbot: QtBot, window: MainWindow, identifier: str) -> TodayPage:
    assert window.desk is not None
    today = window.desk.today
    qtbot.waitUntil(lambda: today.idle)
    place = next(row for row in range(today.model.rowCount()) if today.model.row(row).cells[3] == identifier)  # type: ignore[union-attr]
    today.table.setCurrentIndex(today.model.index(place, 0))
    return today


def settled(qtbot: QtBot, form: MoveForm) -> MoveForm:
    qtbot.waitUntil(lambda: form.idle, timeout=10_000)
    return form


def typed(qtbot: QtBot, form: MoveForm, text: str) -> None:
    qtbot.keyClicks(form.search, text)
    settled(qtbot, form)


def action(window: MainWindow, name: str) -> QAction:
    return window.book.action(name)


def answered(qtbot: QtBot, form: MoveForm, on: QWidget) -> None:
    """Enter leads to the button, and presses it."""
    qtbot.keyClick(on, RETURN)
    assert form.go.hasFocus()
    qtbot.keyClick(form.go, RETURN)


# Today


def test_a_visit_is_moved_to_another_woman_and_undo_brings_both_back(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    today = today_on(qtbot, window, "P-001")
    qtbot.keyClick(today.search, Qt.Key.Key_M, CTRL)
    form = settled(qtbot, today.moving)
    assert form.search.hasFocus()
    typed(qtbot, form, "brandt")
    assert form.list.count() == 1
    said = form.question.text()
    assert "from Adler, Anna, born 14 Mar 1988, ID P-001" in said
    assert "to Brandt, Berta, born 02 Nov 1975, ID P-002" in said
    assert "P-001 then has no visit and goes off the record" in said
    qtbot.keyClick(form.search, RETURN)
    assert form.why.hasFocus(), "not without a reason"
    assert not form.go.isEnabled()
    qtbot.keyClicks(form.why, "mixed up at the desk")
    answered(qtbot, form, form.why)
    qtbot.waitUntil(lambda: today.idle)
    assert form.isHidden()
    assert window.session is not None
    assert sorted(row.patient.identifier for row in window.session.today()) == ["P-002", "P-002", "P-003"]
    assert action(window, "edit.undo").text() == "&Undo: Visit moved from P-001 to P-002: mixed up at the desk"
    action(window, "edit.undo").trigger()
    assert pictures(window) == {"P-001": 2, "P-002": 1, "P-003": 0}


def test_escape_moves_nothing_and_the_keys_go_back(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    today = today_on(qtbot, window, "P-001")
    qtbot.keyClick(today.search, Qt.Key.Key_M, CTRL)
    form = settled(qtbot, today.moving)
    typed(qtbot, form, "zzz")
    assert form.question.text() == NOBODY
    assert not form.go.isEnabled()
    qtbot.keyClick(form.search, RETURN)
    assert not form.go.hasFocus()
    qtbot.keyClick(form.search, Qt.Key.Key_Escape)
    assert form.isHidden()
    assert today.search.hasFocus()
    assert pictures(window) == {"P-001": 2, "P-002": 1, "P-003": 0}


def test_an_empty_visit_and_its_woman_are_removed_after_a_question(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.session is not None
    window.session.open_visit(window.session.today("Chen")[0].visit.id)
    today = today_on(qtbot, window, "P-003")
    qtbot.keyClick(today.search, Qt.Key.Key_Delete, CTRL | SHIFT)
    form = settled(qtbot, today.moving)
    assert "Chen, Chiara" in form.question.text()
    assert "goes off the record with it" in form.question.text()
    answered(qtbot, form, form.list)
    assert pictures(window) == {"P-001": 2, "P-002": 1}
    assert window.session.case is None
    action(window, "edit.undo").trigger()
    assert pictures(window) == {"P-001": 2, "P-002": 1, "P-003": 0}


def test_a_visit_with_pictures_is_not_removed_and_it_is_said_in_the_form(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    today = today_on(qtbot, window, "P-001")
    action(window, "today.remove_visit").trigger()
    form = settled(qtbot, today.moving)
    answered(qtbot, form, form.list)
    assert "there are pictures in the visit" in form.problem.text()
    assert form.isVisible()
    assert pictures(window)["P-001"] == 2


def test_women_without_visits_are_found_and_removed(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    assert window.session is not None
    today = today_on(qtbot, window, "P-001")
    action(window, "today.women_without_visits").trigger()
    form = settled(qtbot, today.moving)
    assert form.question.text() == NO_WOMEN
    window.session.perform(
        lambda lib: cases.change_that_made(lib, "patient", cases.add_patient(lib, identifier="2025").id, "x")
    )
    action(window, "today.women_without_visits").trigger()
    settled(qtbot, form)
    assert "ID 2025" in form.question.text()
    answered(qtbot, form, form.list)
    action(window, "today.women_without_visits").trigger()
    assert settled(qtbot, form).question.text() == NO_WOMEN
    action(window, "edit.undo").trigger()
    action(window, "today.women_without_visits").trigger()
    assert "ID 2025" in settled(qtbot, form).question.text()
