"""The check of this computer in the window: what `pfm doctor` says, to copy and to save."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.main_window import MainWindow
from pfm_desktop.gui.pages.check import CheckPage
from pfm_desktop.jobs import Context
from pfm_desktop.services import doctor
from pfm_desktop.services.doctor.finding import Finding

from .conftest import Opened, enter

pytestmark = pytest.mark.slow
WORDS = "Program\nok     Program: 1.0\n\n0 error(s), 0 warning(s)"


@pytest.fixture
def window(open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    def quick(_ctx: Context, *, deep: bool = False) -> doctor.Found:
        return [("Program", Finding("Program", "1.0"))]

    monkeypatch.setattr(doctor, "doctor", quick)
    return open_window(library_folder)


def checked(qtbot: QtBot, window: MainWindow) -> CheckPage:
    window.book.action("help.check").trigger()
    page = window.help.support.check
    qtbot.waitUntil(lambda: page.idle, timeout=20_000)
    return page


def test_it_shows_what_the_command_says_and_copies_it(qtbot: QtBot, window: MainWindow) -> None:
    page = checked(qtbot, window)
    assert window.stack.currentWidget() is page
    assert page.text.toPlainText() == WORDS
    assert page.text.hasFocus()
    enter(qtbot, page.copy)
    assert QApplication.clipboard().text() == WORDS
    QApplication.clipboard().clear()


def test_it_is_saved_where_it_may_be_and_said_where_not(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    page = checked(qtbot, window)
    enter(qtbot, page.save)
    dialog = page.findChild(QFileDialog, "save_check")
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "pfm-doctor.txt"))
    dialog.reject()
    assert (tmp_path / "pfm-doctor.txt").read_text(encoding="utf-8") == f"{WORDS}\n"
    page.save_to(str(tmp_path / "pfm-doctor.txt" / "x"))
    assert "could not write" in page.said.text().lower()


def test_escape_leads_back_and_it_needs_no_library(
    qtbot: QtBot, window: MainWindow, open_window: Opened, tmp_path: Path
) -> None:
    page = checked(qtbot, window)
    qtbot.keyClick(page.text, Qt.Key.Key_Escape)
    assert window.desk is not None
    assert window.stack.currentWidget() is window.desk.today
    (tmp_path / "none").mkdir()
    other = open_window(tmp_path / "none", ready=False)
    qtbot.waitUntil(lambda: not other.door.busy, timeout=10_000)
    page = checked(qtbot, other)
    assert page.isVisible()
    enter(qtbot, page.back)
    assert other.stack.currentWidget() is other.entrance


def test_the_keys_go_through_text_and_buttons(qtbot: QtBot, window: MainWindow) -> None:
    page = checked(qtbot, window)
    reached = []
    for _ in range(4):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.append(QApplication.focusWidget())
    assert reached == [page.copy, page.save, page.again, page.back]
