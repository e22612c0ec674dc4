"""Annotate in the window: nothing tells whose pictures they are, and undo is of reads alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.main_window import ANNOTATE, REVIEW, SETTINGS, TODAY, MainWindow
from pfm_desktop.gui.pages.annotate import page as module
from pfm_desktop.gui.pages.annotate.page import AnnotatePage
from pfm_desktop.gui.pages.settings import SettingsPage
from pfm_desktop.services import ai_shown, labelling, review
from pfm_desktop.support.errors import StorageError
from pfm_desktop.viewmodels.pair_view import Mode

from ..conftest import Opened
from .conftest import PAIRS, Pictures

pytestmark = pytest.mark.slow

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
TOLD = ("Wunderlich", "K-0", "K-1", "K-2", "K-3", "K-4", "K-5", "HPV")


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> Pictures:
    made = Pictures()
    made.hold.set()
    from pfm_desktop.gui.pages.annotate import shelf

    monkeypatch.setattr(shelf, "load_prepared", made)
    return made


@pytest.fixture
def window(qtbot: QtBot, open_window: Opened, clinic: Path, pictures: Pictures) -> MainWindow:
    """The window with a visit open in Review, and the first pair of the task in front in Annotate."""
    made = open_window(clinic)
    assert made.session is not None
    made.open_visit(made.session.today()[0].visit.id)
    qtbot.keyClick(made, Qt.Key.Key_4, CTRL)
    page = annotate(made)
    qtbot.waitUntil(lambda: page.idle, timeout=10_000)
    qtbot.keyClick(page.tasks.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.idle, timeout=10_000)
    return made


def annotate(window: MainWindow) -> AnnotatePage:
    assert window.desk is not None
    page = window.desk.page(ANNOTATE)
    assert isinstance(page, AnnotatePage)
    return page


def words_in(window: MainWindow) -> str:
    """All that can be read, pointed at or heard in the window now."""
    said = [window.windowTitle()]
    for widget in window.findChildren(QWidget):
        if widget.isVisible():
            said += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
            said.append(getattr(widget, "text", str)() if isinstance(widget, QLabel | QLineEdit) else "")
    said += [action.text() + action.toolTip() for action in window.findChildren(QAction)]
    return "\n".join(said)


def test_nothing_in_the_window_tells_whose_pictures_they_are(window: MainWindow) -> None:
    found = words_in(window)
    assert f"Pair 1 of {PAIRS}" in found
    assert not [told for told in TOLD if told in found]
    assert "AI" not in found.replace("AI answers stay hidden", "").split()
    assert window.patient.name.text() == ""


def test_the_name_is_back_on_every_other_page(window: MainWindow) -> None:
    for page in (REVIEW, TODAY):
        window.show_page(page)
        assert "Wunderlich" in window.patient.name.text()
        window.show_page(ANNOTATE)
        assert "Wunderlich" not in window.patient.name.text() + window.patient.facts.text()


def test_what_undo_said_before_is_not_said_here(window: MainWindow) -> None:
    window.show_page(REVIEW)
    window.strip.note("Undone: Patient changed: Wunderlich0")
    window.show_page(ANNOTATE)
    assert "Wunderlich" not in words_in(window)


def test_control_z_takes_reads_back_and_no_edit_of_the_open_visit(qtbot: QtBot, window: MainWindow) -> None:
    session, page = window.session, annotate(window)
    assert session is not None
    assert session.case is not None
    visit = session.case.visit.id
    assert session.perform(lambda lib: review.set_impression(lib, visit, Grade.HIGH)) is not None
    qtbot.keyClick(page.view.stage, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: "low" in window.book.action("edit.undo").text())
    qtbot.keyClick(page.view.stage, Qt.Key.Key_Z, CTRL)
    task = labelling.task_rows(session.library)[0].task.id
    assert labelling.queue(session.library, task).reads == {}
    qtbot.waitUntil(lambda: not window.book.action("edit.undo").isEnabled())
    qtbot.keyClick(page.view.stage, Qt.Key.Key_Z, CTRL)
    assert session.case.findings.impression is Grade.HIGH
    qtbot.waitUntil(lambda: window.book.action("edit.redo").isEnabled())
    qtbot.keyClick(page.view.stage, Qt.Key.Key_Z, CTRL | SHIFT)
    assert len(labelling.queue(session.library, task).reads) == 1
    window.show_page(REVIEW)
    assert "mpression" in window.book.action("edit.undo").text()


def test_control_z_in_the_note_takes_the_note_back_and_then_the_last_read(qtbot: QtBot, window: MainWindow) -> None:
    page = annotate(window)
    qtbot.keyClick(page.view.stage, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: window.book.action("edit.undo").isEnabled())
    qtbot.keyClick(page.view.stage, Qt.Key.Key_N)
    qtbot.keyClicks(page.view.side.note, "abc")
    qtbot.keyClick(page.view.side.note, Qt.Key.Key_Z, CTRL)
    assert page.view.side.title.text() == f"Pair 2 of {PAIRS}"
    assert page.view.side.note.text() == ""
    qtbot.waitUntil(lambda: window.book.action("edit.redo").isEnabled())
    qtbot.keyClick(page.view.side.note, Qt.Key.Key_Z, CTRL | SHIFT)
    assert page.view.side.note.text() == "abc", "what was typed is not lost with it"
    qtbot.keyClick(page.view.side.note, Qt.Key.Key_Z, CTRL)
    qtbot.keyClick(page.view.side.note, Qt.Key.Key_Z, CTRL)
    assert page.view.side.title.text() == f"Pair 1 of {PAIRS}"


def test_the_question_mark_shows_the_keys_of_reading_and_in_the_list_those_of_the_list(
    qtbot: QtBot, window: MainWindow
) -> None:
    page = annotate(window)
    qtbot.keyClick(page.view.stage, "?")
    assert page.view.side.keys.isVisible()
    assert window.stack.currentWidget() is page
    page.show_tasks()
    qtbot.waitUntil(lambda: page.idle)
    qtbot.keyClick(page.tasks.table, Qt.Key.Key_F1)
    assert window.stack.currentWidget() is page
    assert "New task" in window.help.keys.body.toPlainText()


def test_a_problem_is_said_in_the_window(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    session = window.session
    assert session is not None
    labelling.close_task(session.library, labelling.task_rows(session.library)[0].task.id)
    qtbot.keyClick(annotate(window).view.stage, Qt.Key.Key_2)
    assert window.messages.isVisible()
    assert "closed" in words_in(window)


def test_closing_the_library_while_reading_loses_nothing(
    qtbot: QtBot, window: MainWindow, pictures: Pictures, clinic: Path
) -> None:
    page = annotate(window)
    qtbot.keyClick(page.view.stage, Qt.Key.Key_2)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    from pfm_desktop.storage.library import Library

    with Library.open(clinic) as lib:
        rows = labelling.task_rows(lib)
        with lib.read() as opened:
            from pfm_desktop.storage import labelling as stored

            assert len(stored.reads(opened, task_id=rows[0].task.id)) == 1


def test_the_keys_of_reading_can_be_changed_in_settings(window: MainWindow) -> None:
    ids = {row.id for row in window.book.rows()}
    assert {"annotate.grade_low", "annotate.cannot", "annotate.undo", "annotate.region", "annotate.tasks"} <= ids
    session = window.session
    assert session is not None
    session.change_settings(shortcuts={"annotate.grade_low": "Ctrl+K"})
    side = annotate(window).view.side
    assert "Ctrl+K" in side.grades[Grade.LOW].text()
    assert module.AnnotatePage.title == "Annotate"
    assert isinstance(window.book.action("annotate.grade_low"), QObject)


def test_the_key_of_the_ai_answer_is_nobody_elses_and_stands_in_the_shortcut_editor(window: MainWindow) -> None:
    row = next(row for row in window.book.rows() if row.id == "annotate.ai")
    assert (row.shortcut, row.group) == ("A", "Annotate")
    assert window.book.conflict("annotate.ai", "A") == ""
    window.show_page(SETTINGS)
    page = window.stack.currentWidget()
    assert isinstance(page, SettingsPage)
    table = page.shortcuts.table
    assert row.text in [table.item(place, 0).text() for place in range(table.rowCount())]


def test_with_the_ai_answer_allowed_nothing_tells_whose_pictures_they_are_either(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, page = window.session, annotate(window)
    assert session is not None

    def damaged(*_args: object) -> None:
        raise StorageError("Wunderlich0.png is damaged")

    monkeypatch.setattr(ai_shown, "answer_job", damaged)
    assert session.change_settings(ai_shown="after")
    for key in (Qt.Key.Key_2, Qt.Key.Key_Left, Qt.Key.Key_A):
        qtbot.keyClick(page.view.stage, key)
        qtbot.waitUntil(lambda: page.idle, timeout=10_000)
    assert "missing or damaged" in page.view.ai.said.text()
    found = words_in(window)
    assert "AI answer" in found
    assert not [told for told in TOLD if told in found]


def test_keys_that_the_pictures_take_are_not_free_for_commands(window: MainWindow) -> None:
    annotate(window)
    for key in ("L", "F", "Z", "+", "-", "[", "]", "Return"):
        assert window.book.conflict("annotate.grade_low", key), key
        assert window.book.fixed("view.models", key), "nor where they would act on every page"
    assert window.book.conflict("annotate.grade_low", "X") == ""
    editor = window.desk.page(SETTINGS).shortcuts  # type: ignore[union-attr]
    editor.table.setCurrentCell([row.id for row in window.book.rows()].index("annotate.grade_low"), 0)
    editor.keys.setKeySequence("L")
    assert editor.said.text() == 'L always means "Loupe" there. Choose other keys.'
    assert not editor.assign.isEnabled()


def test_a_key_that_was_freed_does_nothing_to_the_pictures(qtbot: QtBot, window: MainWindow) -> None:
    view = annotate(window).view
    window.book.use({"annotate.grade_low": "X", "annotate.flicker": "Y"})
    for key in (Qt.Key.Key_2, Qt.Key.Key_Space):
        qtbot.keyClick(view.stage, key)
    assert view.stage.view.mode is Mode.SIDE_BY_SIDE
    qtbot.keyClick(view.stage, Qt.Key.Key_Y)
    assert view.stage.view.mode is Mode.FLICKER
