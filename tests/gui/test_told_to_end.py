"""The desktop tells the program to end: what was typed is kept, and the library is closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pfm_desktop.services import cases
from pfm_desktop.storage.library import Library
from pfm_desktop.support import runs

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Windows has other words for it")]
ROOT = Path(__file__).resolve().parents[2]

# types without a pause from when the visit stands there, and is told to end in the middle of it
TYPING = """
import os, signal, sys
from PySide6.QtCore import QTimer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pfm_desktop.gui import application
from pfm_desktop.gui.main_window import REVIEW
begun = application._begun
class Hand:
    def __init__(self, window):
        self.window, self.letters = window, 0
        self.timer = QTimer(window, interval=60)
        self.timer.timeout.connect(self.type)
        self.timer.start()
    def type(self):
        window = self.window
        if window.desk is None or window.desk.today.chosen_row() is None:
            return
        if not self.letters:
            QTest.keyClick(window.desk.today.search, Qt.Key.Key_Return)
        self.letters += 1
        field = window.desk.page(REVIEW).side.findings.text
        field.setFocus()
        QTest.keyClicks(field, "w")
        if self.letters == LETTERS:
            BEFORE
            os.kill(os.getpid(), signal.SIGNAL)
def typing(options):
    app, window = begun(options)
    window.hand = Hand(window)
    return app, window
application._begun = typing
sys.exit(application.main(sys.argv[1:]))
"""


def ended(folder: Path, name: str, *, letters: int = 5, before: str = "pass") -> subprocess.CompletedProcess[str]:
    """The program itself, on the library in `folder`, told to end by the signal `name`."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    code = TYPING.replace("LETTERS", str(letters)).replace("BEFORE", before).replace("SIGNAL", name)
    command = [sys.executable, "-c", code, "--library", str(folder)]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)


def words_on_disk(folder: Path) -> list[str]:
    with Library.open(folder) as lib:
        return [text for row in cases.today(lib) if (text := cases.visit_case(lib, row.visit.id).findings.text)]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_what_was_typed_a_moment_ago_is_kept_and_the_end_is_a_clean_one(library_folder: Path, name: str) -> None:
    done = ended(library_folder, name)
    assert done.returncode == 0, done.stderr
    (words,) = words_on_disk(library_folder)
    assert len(words) >= 5  # it is heard at the next line of Python
    assert not list(runs.runs_dir().glob("*.run"))


def test_nobody_is_waited_for_long_who_would_be_asked(library_folder: Path) -> None:
    """A disk that takes nothing any more: the window asks, and ends all the same."""
    full = (
        "from contextlib import contextmanager; from pfm_desktop.storage.library import Library; "
        "from pfm_desktop.support.errors import StorageError; Library.write = lambda lib: (_ for _ in ()).throw("
        "StorageError('the disk is full', safe='nothing was changed', remedy='free some space'))"
    )
    done = ended(library_folder, "SIGTERM", before=full)
    assert done.returncode == 1, done.stderr
    assert words_on_disk(library_folder) == []


def test_told_twice_it_ends_at_once(library_folder: Path) -> None:
    twice = "window.close = lambda: os.kill(os.getpid(), signal.SIGTERM)"
    done = ended(library_folder, "SIGTERM", before=twice)
    assert done.returncode == -signal.SIGTERM


def test_typing_without_a_pause_is_on_disk_after_some_seconds(library_folder: Path) -> None:
    done = ended(library_folder, "SIGKILL", letters=80)
    assert done.returncode == -signal.SIGKILL
    (words,) = words_on_disk(library_folder)
    assert len(words) > 10
