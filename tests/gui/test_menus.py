"""A letter typed while a menu is open is the menu's, whatever it does on the page behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.actions import on_button, plain

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


@pytest.mark.parametrize(
    ("action", "button"),
    [
        ("&Open visit", "Open visit"),
        ("打开就诊(&O)", "打开就诊"),
        ("导入图像 (&I)...", "导入图像..."),
        ("Save && &go", "Save & go"),
    ],
)
def test_on_a_button_no_menu_letter_is_left(action: str, button: str) -> None:
    assert on_button(action) == button
    assert plain(action) == button.removesuffix("...")
