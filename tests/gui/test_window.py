"""The window: opening, pages, undo by key, themes, closing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt

from .conftest import Opened

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_the_today_list_is_filled_when_the_window_says_it_is_ready(open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    assert window.stack.currentWidget() is window.desk.today
    assert window.desk.today.model.rowCount() == 3
    assert window.rail.isVisible()
