"""Where a file is to go."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.widgets.save_dialog import ask_where

pytestmark = pytest.mark.slow


def test_it_offers_the_name_and_does_what_comes_next_with_the_path(qtbot: QtBot, tmp_path: Path) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    said: list[tuple[str, str]] = []
    ask_where(
        window,
        "save_it",
        "Save it",
        "it 2026.csv",
        partial(lambda what, path: said.append((what, path)), "it"),
        kind="CSV (*.csv)",
        folder=str(tmp_path),
    )
    dialog = window.findChild(QFileDialog, "save_it")
    assert isinstance(dialog, QFileDialog)
    qtbot.waitUntil(dialog.isVisible)
    assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    assert dialog.defaultSuffix() == "csv"
    assert dialog.directory().absolutePath() == str(tmp_path)
    assert [Path(one).name for one in dialog.selectedFiles()] == ["it 2026.csv"]
    dialog.accept()
    assert said == [("it", str(tmp_path / "it 2026.csv"))]
