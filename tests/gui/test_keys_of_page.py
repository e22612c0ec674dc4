"""? and F1 show the keys of the page in front, over it, and leave everything where it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.help import NO_PAGE
from pfm_desktop.gui.main_window import ANNOTATE, CAPTURE, REVIEW, SETTINGS, TODAY, MainWindow
from pfm_desktop.gui.widgets.keys_card import KeysCard
from pfm_desktop.services import accounts

from .conftest import Opened

K = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier

NAME, PASSWORD = "Dr. Given Family", "correct horse battery"

pytestmark = pytest.mark.slow


@pytest.fixture
def window(open_real_window: Opened, library_folder: Path) -> MainWindow:
    return open_real_window(library_folder)


def card(window: MainWindow) -> KeysCard:
    return window.help.keys


def said(window: MainWindow) -> str:
    return card(window).body.toPlainText()


def examined(qtbot: QtBot, window: MainWindow) -> Any:
    """Capture, with the first woman on the desk."""
    assert window.session is not None
    window.session.open_visit(window.session.today()[0].visit.id)
    window.show_page(CAPTURE)
    page: Any = window.stack.currentWidget()
    qtbot.waitUntil(lambda: page.idle)
    return page


def test_f1_shows_the_keys_of_today_and_the_search_keeps_the_keys(qtbot: QtBot, window: MainWindow) -> None:
    assert window.desk is not None
    search = window.desk.today.search
    qtbot.keyClick(search, K.Key_F1)
    assert card(window).isVisible()
    assert card(window).heading.text() == "Keys of Today"
    assert "Histology inbox" in said(window)
    assert "Swipe" not in said(window)
    assert QApplication.focusWidget() is search
    qtbot.keyClicks(search, "ad")
    assert search.text() == "ad"
    qtbot.keyClick(search, K.Key_Escape)
    assert not card(window).isVisible()
    assert search.text() == "ad", "Escape closed the keys and nothing else"
    qtbot.keyClick(search, K.Key_Escape)
    assert search.text() == ""


def test_in_a_text_field_the_question_mark_is_a_letter(qtbot: QtBot, window: MainWindow) -> None:
    assert window.desk is not None
    qtbot.keyClicks(window.desk.today.search, "?")
    assert window.desk.today.search.text() == "?"
    assert "keys" not in vars(window.help)


def test_while_a_woman_is_examined_the_live_picture_and_its_keys_stay(qtbot: QtBot, window: MainWindow) -> None:
    page = examined(qtbot, window)
    visit, device = page._visit_id, page.examining.device
    taken: list[str] = []
    page._actions["go"].triggered.connect(lambda: taken.append("go"))
    qtbot.keyClick(page.view, "?")
    assert card(window).isVisible()
    assert "Take what comes next" in said(window)
    assert window.stack.currentWidget() is page
    assert page.view.isVisible()
    top = page.view.mapTo(window.stack, QPoint(0, 0)).y()
    assert card(window).y() - top >= 0.4 * page.view.height(), "most of the picture is still seen"
    assert page.timeline.clock.mapTo(window.stack, page.timeline.clock.rect().bottomLeft()).y() < card(window).y()
    assert QApplication.focusWidget() is page.view
    qtbot.keyClick(page.view, K.Key_Space)
    assert taken == ["go"], "the key for what comes next acts as before"
    qtbot.keyClick(page.view, "?")
    assert not card(window).isVisible()
    assert window.stack.currentWidget() is page
    assert QApplication.focusWidget() is page.view
    assert (page._visit_id, page.examining.device) == (visit, device)


def test_in_a_form_of_capture_single_keys_are_not_promised(qtbot: QtBot, window: MainWindow) -> None:
    page = examined(qtbot, window)
    page.forms.choose_device()
    window.help.toggle_keys()
    assert "Take what comes next" not in said(window)


def test_escape_that_is_a_key_of_the_page_closes_the_keys_first(qtbot: QtBot, window: MainWindow) -> None:
    assert window.session is not None
    window.open_visit(window.session.today()[0].visit.id)
    page: Any = window.stack.currentWidget()
    qtbot.waitUntil(lambda: page.idle)
    page.choose_tool("pin")
    page.stage.setFocus()
    qtbot.keyClick(page.stage, "?")
    assert "Loupe" in said(window)
    assert "Blend" in said(window)
    qtbot.keyClick(page.stage, K.Key_Escape)
    assert not card(window).isVisible()
    assert page.stage.tool == "pin"
    qtbot.keyClick(page.stage, K.Key_Escape)
    assert page.stage.tool == "pan"


def test_the_list_of_tasks_does_not_promise_the_keys_of_reading(qtbot: QtBot, window: MainWindow) -> None:
    window.show_page(ANNOTATE)
    qtbot.keyClick(window, K.Key_F1)
    assert "New task" in said(window)
    assert "Grade: normal" not in said(window)


def test_a_changed_key_shows_as_it_is(qtbot: QtBot, window: MainWindow) -> None:
    assert window.session is not None
    window.session.change_settings(shortcuts={"today.histology": "Ctrl+Alt+J"})
    window.help.toggle_keys()
    assert "Ctrl+Alt+J" in said(window)
    assert "Ctrl+Shift+H" not in said(window)


def test_another_page_takes_the_keys_of_the_one_before_away(qtbot: QtBot, window: MainWindow) -> None:
    window.help.toggle_keys()
    qtbot.keyClick(window, K.Key_6, CTRL)
    assert not card(window).isVisible()
    window.help.toggle_keys()
    assert card(window).heading.text() == "Keys of Settings"
    assert "Tab goes from one" in said(window)


def test_keys_that_went_into_the_card_come_back_with_escape(qtbot: QtBot, window: MainWindow) -> None:
    assert window.desk is not None
    search = window.desk.today.search
    qtbot.keyClick(search, K.Key_F1)
    card(window).close_button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(card(window).close_button, K.Key_Return)
    assert not card(window).isVisible()
    assert QApplication.focusWidget() is search


@pytest.mark.parametrize("index", [REVIEW, CAPTURE, SETTINGS, TODAY])
def test_the_list_of_all_keys_leads_back_to_the_page_before(qtbot: QtBot, window: MainWindow, index: int) -> None:
    examined(qtbot, window)
    window.show_page(index)
    page = window.stack.currentWidget()
    window.help.toggle_keys()
    card(window).all.click()
    assert window.desk is not None
    listed: Any = window.desk.shortcuts(window.book)
    assert window.stack.currentWidget() is listed
    qtbot.keyClick(listed.filter, K.Key_Escape)
    assert window.stack.currentWidget() is page


def test_keys_are_changed_one_press_away(window: MainWindow) -> None:
    window.help.toggle_keys()
    card(window).change.click()
    page: Any = window.stack.currentWidget()
    assert page.title == "Settings"
    assert page.shortcuts.table.hasFocus()
    assert page.shortcuts.table.visibleRegion().boundingRect().height() > 0


def test_the_card_follows_the_window_and_takes_half_of_the_page_at_most(window: MainWindow) -> None:
    window.help.toggle_keys()
    for size in ((1366, 768), (940, 500), (1700, 1000)):
        window.resize(*size)
        QApplication.processEvents()
        over, shown = window.stack.rect(), card(window).geometry()
        assert shown.left() == 0
        assert shown.bottom() == over.bottom()
        assert shown.width() == over.width()
        assert shown.height() <= over.height() / 2 + 1
        bar = card(window).body.horizontalScrollBar()
        assert bar.maximum() == 0, "nothing is cut off at the side"


def test_a_locked_window_shows_no_keys_of_what_is_behind(qtbot: QtBot, open_window: Opened, tmp_path: Path) -> None:
    accounts.make_library(tmp_path / "clinic", NAME, PASSWORD)[0].close()
    window = open_window(tmp_path / "clinic", ready=False)
    qtbot.waitUntil(window.entrance.signing_in.isVisible, timeout=10_000)
    window.door.sign_in(NAME, PASSWORD)
    qtbot.waitUntil(lambda: window.desk is not None, timeout=10_000)
    window.help.toggle_keys()
    assert card(window).isVisible()
    window.lock_now()
    window.lock._open()
    assert not card(window).isVisible()
    assert not window.lock.locked


@pytest.mark.parametrize(("key", "held"), [(K.Key_F1, NONE), ("?", NONE), (K.Key_F1, SHIFT)])
def test_while_no_library_is_open_it_is_said_why_no_keys_are_shown(
    qtbot: QtBot, open_window: Opened, monkeypatch: pytest.MonkeyPatch, key: Any, held: Qt.KeyboardModifier
) -> None:
    monkeypatch.setattr(MainWindow, "open_library", lambda _window, _folder: None)  # it takes its time
    window = open_window("", ready=False)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, key, held)
    assert window.messages.text == NO_PAGE
    assert "keys" not in vars(window.help)


def test_while_a_recovery_key_is_shown_the_keys_of_the_page_behind_wait(window: MainWindow) -> None:
    window.entrance.show_recovery("ABCD-EFGH", "clinic")
    window.help.toggle_keys()
    assert "recovery key" in window.messages.text
    assert "keys" not in vars(window.help)
    window.entrance.recovery.kept.click()
    window.entrance.recovery.go.click()
