"""A letter typed while a menu is open is the menu's, whatever it does on the page behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from .conftest import Opened


def taken(window_menus: object) -> bool:
    """Whether the menu bar keeps a letter from being a shortcut."""
    letter = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_S, Qt.KeyboardModifier.NoModifier, "s")
    letter.ignore()
    QApplication.sendEvent(window_menus, letter)
    return letter.isAccepted()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_letters_belong_to_the_menu_that_is_open(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    bar = window.menuBar()
    assert not taken(bar)
    file = bar.actions()[0].menu()
    assert isinstance(file, QMenu)
    file.popup(window.mapToGlobal(window.rect().topLeft()))
    qtbot.waitUntil(file.isVisible)
    assert taken(bar)
    file.close()
    assert not taken(bar)
