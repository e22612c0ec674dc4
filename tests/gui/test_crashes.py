"""After a crash: the next start offers, once, what helps to find out why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.main_window import MainWindow
from pfm_desktop.services import crash_report
from pfm_desktop.support import runs

from .conftest import Opened, enter

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


def crash(code: str = "import os; os.abort()") -> None:
    begin = "from pfm_desktop.support import runs\nrun = runs.begin()\n"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", begin + code], env=env, capture_output=True, timeout=60, check=False)


def looked(qtbot: QtBot, window: MainWindow) -> None:
    window.help.support.look_back()
    qtbot.waitUntil(lambda: not window.help.support._looking.busy, timeout=10_000)


@pytest.fixture
def window(qtbot: QtBot, open_window: Opened, library_folder: Path) -> MainWindow:
    """A window after a crash that has looked back."""
    crash()
    window = open_window(library_folder)
    looked(qtbot, window)
    return window


def test_a_start_after_a_clean_end_offers_nothing(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    crash("run.ended()")
    window = open_window(library_folder)
    looked(qtbot, window)
    assert window.help.support.offer.isHidden()
    window.book.action("help.crashes").trigger()
    page = window.help.support.crashes
    assert "Nothing is kept" in page.about.text()
    assert not page.save.isEnabled()
    assert page.text.isHidden()
    qtbot.waitUntil(page.later.hasFocus)


def test_it_is_offered_once_and_not_now_leaves_it_in_help(
    qtbot: QtBot, window: MainWindow, open_window: Opened, library_folder: Path
) -> None:
    offer = window.help.support.offer
    assert offer.isVisible()
    assert "ended without being closed" in offer.words.text()
    enter(qtbot, offer.later)
    assert offer.isHidden()
    looked(qtbot, window)
    assert offer.isHidden()
    window.book.action("help.crashes").trigger()
    assert window.stack.currentWidget() is window.help.support.crashes
    assert "it crashed" in window.help.support.crashes.text.toPlainText()


def test_what_is_shown_is_what_is_saved_and_escape_goes_back(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    assert window.desk is not None
    enter(qtbot, window.help.support.offer.take)
    page = window.help.support.crashes
    assert window.stack.currentWidget() is page
    qtbot.waitUntil(page.save.hasFocus)
    qtbot.keyClick(page.save, Qt.Key.Key_Return)
    dialog = page.findChild(QFileDialog, "save_crash")
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "for help.txt"))
    dialog.reject()
    assert (tmp_path / "for help.txt").read_text(encoding="utf-8") == page.text.toPlainText()
    assert "Saved as" in page.said.text()
    qtbot.keyClick(page.text, Qt.Key.Key_Escape)
    assert window.stack.currentWidget() is window.desk.today


def test_a_place_that_takes_no_file_is_said_and_nothing_is_lost(window: MainWindow, tmp_path: Path) -> None:
    window.help.support.show_crashes()
    page = window.help.support.crashes
    (tmp_path / "file").touch()
    page.save_to(str(tmp_path / "file" / "x.txt"))
    assert "could not write" in page.said.text().lower()
    assert len(crash_report.reports()) == 1


def test_several_are_kept_apart_and_each_can_be_removed(qtbot: QtBot, window: MainWindow) -> None:
    crash("import os; os._exit(3)")
    looked(qtbot, window)
    window.help.support.show_crashes()
    page = window.help.support.crashes
    assert page.which.isVisible()
    assert page.which.count() == 2
    texts = set()
    for index in range(2):
        page.which.setCurrentIndex(index)
        texts.add(page.text.toPlainText())
    assert len(texts) == 2
    enter(qtbot, page.remove)
    assert page.remove.text() == "Remove it: press again"
    enter(qtbot, page.remove)  # a key that bounces
    page.which.setCurrentIndex(0)
    assert page.remove.text() == "Remove", "it was asked about another one"
    assert len(crash_report.reports()) == 2
    for left in (1, 0):
        enter(qtbot, page.remove)
        qtbot.waitUntil(lambda: not page.sure.pausing)
        enter(qtbot, page.remove)
        assert len(crash_report.reports()) == left
        assert page.remove.text() == "Remove"
    assert page.which.isHidden()
    assert "Nothing is kept" in page.about.text()


def test_all_of_it_is_reached_by_tab_and_has_a_name(qtbot: QtBot, window: MainWindow) -> None:
    window.help.support.show_crashes()
    page = window.help.support.crashes
    qtbot.waitUntil(page.save.hasFocus)
    reached = [page.save]
    for _ in range(4):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.append(QApplication.focusWidget())
    assert {page.save, page.later, page.remove} <= set(reached)
    assert page.text.accessibleName()
    assert page.which.accessibleName()


START = """
import sys
from pfm_desktop.gui import application
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
def stop():
    END
def work(options, told):
    app, window = application._begun(options)
    window.show()
    QTimer.singleShot(0, stop)
    return app.exec()
application._worked = work
sys.exit(application.main([]))
"""


def start(end: str) -> int:
    """The program itself, with a window that is ended so."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    code = START.replace("END", end)
    return subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, timeout=120, check=False
    ).returncode


def test_the_program_itself_leaves_a_report_when_it_dies_and_none_when_it_is_closed() -> None:
    assert start("QApplication.closeAllWindows()") == 0
    assert crash_report.gather() is None
    assert start("import faulthandler; faulthandler._sigsegv()") == -signal.SIGSEGV
    report = crash_report.gather()
    assert report is not None
    assert "Segmentation fault" in report.text
    assert "pfm_desktop/gui/application.py" in report.text
    assert start("import os, signal; os.kill(os.getpid(), signal.SIGTERM)") == -signal.SIGTERM
    assert crash_report.gather() is None
    assert not list(runs.runs_dir().glob("*.run"))
