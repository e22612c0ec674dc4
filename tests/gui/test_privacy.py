"""The privacy screen, by keys in the real window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.desk import SETTINGS
from pfm_desktop.gui.main_window import MainWindow
from pfm_desktop.gui.privacy import PrivacyScreen

from .conftest import Opened

pytestmark = pytest.mark.slow

Key = Qt.Key


@pytest.fixture
def window(qtbot: QtBot, open_window: Opened, library_folder: Path) -> MainWindow:
    opened = open_window(library_folder)
    assert opened.desk is not None
    qtbot.waitUntil(lambda: opened.desk is not None and opened.desk.today.idle)
    return opened


def hidden_by(window: MainWindow) -> PrivacyScreen:
    screen = window.findChild(PrivacyScreen)
    assert isinstance(screen, PrivacyScreen)
    return screen


def test_at_one_key_nothing_is_seen_and_at_the_same_key_all_is_as_it_was(qtbot: QtBot, window: MainWindow) -> None:
    assert window.desk is not None
    search = window.desk.today.search
    qtbot.keyClicks(search, "P-0")
    qtbot.keyClick(search, Key.Key_F12)
    screen = hidden_by(window)
    assert screen.isVisible()
    assert screen.geometry() == window.rect()
    assert QApplication.focusWidget() is screen
    assert "F12" in screen.words.text()
    picture = window.grab().toImage()
    colours = {picture.pixelColor(x, y).name() for x in range(0, window.width(), 37) for y in range(0, 60, 5)}
    assert colours == {"#2b2b2b"}  # where the patient's name stood
    qtbot.keyClick(screen, Key.Key_F12)
    assert not screen.isVisible()
    assert QApplication.focusWidget() is search
    assert search.text() == "P-0"


def test_keys_and_mouse_do_nothing_to_what_lies_under_it(qtbot: QtBot, window: MainWindow) -> None:
    assert window.desk is not None
    today = window.desk.today
    qtbot.keyClick(today.search, Key.Key_F12)
    screen = hidden_by(window)
    for key, held in (
        (Key.Key_N, Qt.KeyboardModifier.ControlModifier),
        (Key.Key_6, Qt.KeyboardModifier.ControlModifier),
        (Key.Key_X, Qt.KeyboardModifier.NoModifier),
        (Key.Key_Tab, Qt.KeyboardModifier.NoModifier),
        (Key.Key_Escape, Qt.KeyboardModifier.NoModifier),
        (Key.Key_F, Qt.KeyboardModifier.AltModifier),
    ):
        qtbot.keyClick(screen, key, held)
    qtbot.mouseClick(screen, Qt.MouseButton.LeftButton, pos=window.rail.mapTo(window, window.rail.rect().center()))
    assert screen.isVisible()
    assert QApplication.focusWidget() is screen
    assert window.stack.currentWidget() is today
    assert window.desk.index_of(window.stack.currentWidget()) != SETTINGS
    assert today.search.text() == ""


def test_it_follows_the_size_of_the_window_and_hides_dialogs(qtbot: QtBot, window: MainWindow) -> None:
    dialog = QDialog(window)
    dialog.show()
    window.book.action("view.privacy").trigger()
    assert not dialog.isVisible()
    screen = hidden_by(window)
    window.resize(window.width() + 60, window.height() + 40)
    qtbot.waitUntil(lambda: screen.geometry() == window.rect())
    window.book.action("view.privacy").trigger()
    assert dialog.isVisible()
    dialog.close()


def test_without_a_key_of_its_own_escape_shows_it_again(qtbot: QtBot, window: MainWindow) -> None:
    action = window.book.action("view.privacy")
    action.setShortcuts([])
    action.trigger()
    screen = hidden_by(window)
    assert "Escape" in screen.words.text()
    qtbot.keyClick(screen, Key.Key_X)
    assert screen.isVisible()
    qtbot.keyClick(screen, Key.Key_Escape)
    assert not screen.isVisible()
