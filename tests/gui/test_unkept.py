"""What was typed and could not be kept is asked about before it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.desk import KEPT_NOW
from pfm_desktop.gui.main_window import REVIEW, MainWindow
from pfm_desktop.services import accounts, cases
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError

from .conftest import Opened, all_made

pytestmark = pytest.mark.slow

CTRL = Qt.KeyboardModifier.ControlModifier
PASSWORD = "four words that differ"
SAID = "The disk is full. Nothing was changed. Free some space."


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, open_real_window: Opened) -> Iterator[SimpleNamespace]:
    """`disk.full`: whether it takes nothing more; it does when the windows are closed, and its folder is there then."""
    disk, write = SimpleNamespace(full=False), Library.write

    @contextmanager
    def refusing(lib: Library) -> Iterator[Any]:
        if disk.full:
            raise StorageError("the disk is full", safe="nothing was changed", remedy="free some space")
        with write(lib) as session:
            yield session

    monkeypatch.setattr(Library, "write", refusing)
    yield disk
    disk.full = False


@pytest.fixture
def typed(qtbot: QtBot, disk: SimpleNamespace, open_real_window: Opened, library_folder: Path) -> MainWindow:
    """A window in whose open visit something was typed that the disk refused."""
    window = open_real_window(library_folder)
    type_a_finding(qtbot, window, disk)
    return window


def type_a_finding(qtbot: QtBot, window: MainWindow, disk: SimpleNamespace) -> None:
    assert window.desk is not None
    qtbot.keyClick(window.desk.today.search, Qt.Key.Key_Return)
    field = findings(window).text
    field.setFocus()
    disk.full = True
    qtbot.keyClicks(field, "white at 3")
    findings(window).save()


def findings(window: MainWindow) -> Any:
    assert window.desk is not None
    page: Any = window.desk.page(REVIEW)
    return page.side.findings


def words_on_disk(folder: Path) -> list[str]:
    with Library.open(folder) as lib:
        return [cases.visit_case(lib, row.visit.id).findings.text for row in cases.today(lib)]


def press(qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    keys = QApplication.focusWidget()
    assert keys is not None
    qtbot.keyClick(keys, key, modifier)


def test_closing_asks_first_and_the_keys_are_on_stay(
    qtbot: QtBot, typed: MainWindow, disk: SimpleNamespace, library_folder: Path
) -> None:
    press(qtbot, Qt.Key.Key_Q, CTRL)
    assert typed.isVisible()
    assert typed.unkept.isVisible()
    assert "Findings in words of Adler, Anna" in typed.unkept.words.text()
    assert SAID in typed.unkept.words.text()
    assert typed.unkept.stay.hasFocus()
    press(qtbot, Qt.Key.Key_Return)
    assert not typed.unkept.isVisible()
    assert findings(typed).text.hasFocus(), "the keys are where they were"
    assert findings(typed).text.toPlainText() == "white at 3"
    disk.full = False
    press(qtbot, Qt.Key.Key_Q, CTRL)
    qtbot.waitUntil(lambda: not typed.isVisible(), timeout=10_000)
    assert "white at 3" in words_on_disk(library_folder)


def test_closing_once_more_asks_again_and_the_button_leaves_without_it(
    qtbot: QtBot, typed: MainWindow, library_folder: Path
) -> None:
    for _ in range(2):
        press(qtbot, Qt.Key.Key_Q, CTRL)
        assert typed.isVisible()
        assert typed.unkept.stay.hasFocus()
    press(qtbot, Qt.Key.Key_Backtab)
    assert typed.unkept.leave.hasFocus()
    assert typed.unkept.leave.text() == "Close without it"
    press(qtbot, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not typed.isVisible(), timeout=10_000)
    assert set(words_on_disk(library_folder)) == {""}


def test_escape_stays(qtbot: QtBot, typed: MainWindow) -> None:
    typed.close()
    press(qtbot, Qt.Key.Key_Escape)
    assert typed.isVisible()
    assert not typed.unkept.isVisible()


def test_it_is_asked_about_from_another_page_as_well(qtbot: QtBot, typed: MainWindow) -> None:
    typed.book.action("view.today").trigger()
    press(qtbot, Qt.Key.Key_Q, CTRL)
    assert typed.unkept.isVisible()


def test_once_the_disk_takes_it_the_question_goes_by_itself(
    qtbot: QtBot, typed: MainWindow, disk: SimpleNamespace, library_folder: Path
) -> None:
    press(qtbot, Qt.Key.Key_Q, CTRL)
    assert typed.desk is not None
    told = len(typed.messages.held)
    typed.desk._again.timeout.emit()
    assert typed.unkept.isVisible()
    assert len(typed.messages.held) == told, "what is tried again in vain is not said again"
    assert typed.desk._again.isActive()
    disk.full = False
    typed.desk._again.timeout.emit()
    assert not typed.unkept.isVisible()
    assert typed.messages.text == KEPT_NOW
    assert "white at 3" in words_on_disk(library_folder)


def test_another_library_is_opened_only_after_the_question(
    qtbot: QtBot, typed: MainWindow, disk: SimpleNamespace, tmp_path: Path, library_from: Callable[..., None]
) -> None:
    other = tmp_path / "other"
    library_from(other, no_woman)
    before = typed.desk
    typed.open_library(str(other))
    qtbot.waitUntil(typed.unkept.isVisible, timeout=10_000)
    assert typed.unkept.leave.text() == "Open the other library without it"
    press(qtbot, Qt.Key.Key_Return)
    assert typed.desk is before
    assert findings(typed).text.toPlainText() == "white at 3"
    with Library.open(other) as lib:
        assert not lib.read_only, "it was closed again"
    typed.open_library(str(other))
    qtbot.waitUntil(typed.unkept.isVisible, timeout=10_000)
    disk.full = False
    qtbot.mouseClick(typed.unkept.leave, Qt.MouseButton.LeftButton)
    assert typed.session is not None
    assert typed.session.library.path == other


def no_woman(_lib: Library) -> None:
    """An empty library."""


@pytest.fixture
def signed_in(qtbot: QtBot, disk: SimpleNamespace, open_real_window: Opened, tmp_path: Path) -> MainWindow:
    """An encrypted library with a woman, opened."""
    with accounts.make_library(tmp_path / "safe", "Dr. Ada Weiss", PASSWORD)[0] as lib:
        cases.add_visit(lib, cases.add_patient(lib, identifier="K-17", family_name="Adler", given_name="Anna").id)
    window = open_real_window(tmp_path / "safe", ready=False)
    page = window.entrance.signing_in
    qtbot.waitUntil(page.isVisible, timeout=10_000)
    qtbot.keyClicks(page.name, "Dr. Ada Weiss")
    qtbot.keyClicks(page.password, PASSWORD)
    with qtbot.waitSignal(window.ready, timeout=10_000):
        qtbot.keyClick(page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: all_made(window), timeout=10_000)
    window.activateWindow()
    return window


def test_nobody_signs_out_over_it(qtbot: QtBot, signed_in: MainWindow, disk: SimpleNamespace) -> None:
    type_a_finding(qtbot, signed_in, disk)
    signed_in.book.action("file.sign_out").trigger()
    assert signed_in.unkept.leave.text() == "Sign out without it"
    press(qtbot, Qt.Key.Key_Return)
    assert signed_in.desk is not None
    assert findings(signed_in).text.toPlainText() == "white at 3"
    signed_in.book.action("file.sign_out").trigger()
    disk.full = False
    qtbot.mouseClick(signed_in.unkept.leave, Qt.MouseButton.LeftButton)
    assert signed_in.desk is None
    assert signed_in.entrance.signing_in.isVisible()


def test_a_locked_window_loses_nothing_and_its_question_names_nobody(
    qtbot: QtBot, signed_in: MainWindow, disk: SimpleNamespace
) -> None:
    type_a_finding(qtbot, signed_in, disk)
    press(qtbot, Qt.Key.Key_L, CTRL)
    assert signed_in.lock.locked
    assert not signed_in.unkept.isVisible()
    press(qtbot, Qt.Key.Key_Q, CTRL)
    assert signed_in.isVisible()
    assert signed_in.unkept.isVisible()
    assert "Adler" not in signed_in.unkept.words.text()
    press(qtbot, Qt.Key.Key_Escape)
    disk.full = False
    qtbot.keyClicks(signed_in.lock.page.password, PASSWORD)
    qtbot.keyClick(signed_in.lock.page.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not signed_in.lock.locked, timeout=10_000)
    assert findings(signed_in).text.toPlainText() == "white at 3"


def test_a_question_that_names_somebody_goes_when_the_window_is_locked(
    qtbot: QtBot, signed_in: MainWindow, disk: SimpleNamespace
) -> None:
    type_a_finding(qtbot, signed_in, disk)
    press(qtbot, Qt.Key.Key_Q, CTRL)
    assert "Adler" in signed_in.unkept.words.text()
    press(qtbot, Qt.Key.Key_L, CTRL)
    assert signed_in.lock.locked
    assert not signed_in.unkept.isVisible()
    assert signed_in.lock.page.password.hasFocus()
