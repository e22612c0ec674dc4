"""Capture within the window: closing asks about what the library refused, and a locked window loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.main_window import CAPTURE, TODAY, MainWindow
from pfm_desktop.gui.pages.capture import examining
from pfm_desktop.gui.pages.capture import page as capture
from pfm_desktop.gui.pages.capture.page import CapturePage
from pfm_desktop.services import accounts, cases
from pfm_desktop.services.capture import unassigned
from pfm_desktop.storage.library import Library
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels.worklist import work_rows

from ..conftest import Opened, all_made
from .conftest import Room

pytestmark = pytest.mark.slow

K = Qt.Key
PASSWORD = "four words that differ"
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(
    qtbot: QtBot,
    open_window: Opened,
    clinic: tuple[Path, dict[str, str]],
    room: Room,
    disk: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[MainWindow]:
    """The window with Capture in front, in the visit of Adler, its camera live."""
    monkeypatch.setattr(capture, "_open_device", room.open)
    monkeypatch.setattr(examining, "SETTLE_S", 10.0)  # a disk that is busy with the other tests
    made = open_window(clinic[0])
    assert made.session is not None
    made.open_visit(clinic[1]["Adler"])
    made.show_page(CAPTURE)
    page = page_of(made)
    qtbot.waitUntil(lambda: page.idle and page.view.shown is not None, timeout=10_000)
    yield made
    disk.full = False
    if made.desk is not None and page_of(made).recorded:
        qtbot.waitUntil(lambda: page_of(made).idle, timeout=10_000)
        assert not made.close(), "it asks once"


def page_of(window: MainWindow) -> CapturePage:
    assert window.desk is not None
    page: Any = window.desk.page(CAPTURE)
    return page


def press(qtbot: QtBot, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    keys = QApplication.focusWidget()
    assert keys is not None
    qtbot.keyClick(keys, key, modifier)


def on_disk(clinic: tuple[Path, dict[str, str]]) -> list[str]:
    with Library.open(clinic[0]) as lib:
        return [one.stage.value for one in cases.visit_case(lib, clinic[1]["Adler"]).pictures]


def test_an_unassigned_visit_that_today_stands_on_is_offered_as_such(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window.desk is not None
    assert window.session is not None
    nobody = unassigned.begin_unassigned(window.session.library, "Dr. Test")
    rows = work_rows(cases.today(window.session.library), datetime.now(UTC))
    row = next(one for one in rows if one.visit_id == nobody.id)
    monkeypatch.setattr(window.desk.today, "chosen_row", lambda: row)
    window.show_page(TODAY)
    window.show_page(CAPTURE)
    offered = page_of(window).whose.offer.accessibleName()
    assert offered.startswith("Unassigned ")
    assert "ID" not in offered


def test_closing_asks_about_a_picture_that_the_library_refused_and_loses_none(
    qtbot: QtBot, window: MainWindow, disk: SimpleNamespace, clinic: tuple[Path, dict[str, str]]
) -> None:
    disk.full = True
    press(qtbot, K.Key_Space)
    qtbot.waitUntil(lambda: bool(page_of(window).cards.taken.problem.text()))
    press(qtbot, K.Key_Q, CTRL)
    assert window.isVisible()
    assert window.unkept.isVisible()
    assert "1 picture of the examination" in window.unkept.words.text()
    press(qtbot, K.Key_Return)
    assert not window.unkept.isVisible()
    disk.full = False
    press(qtbot, K.Key_Q, CTRL)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert on_disk(clinic) == ["saline"]


def test_a_picture_that_was_just_taken_is_there_though_the_window_is_closed_at_once(
    qtbot: QtBot, window: MainWindow, clinic: tuple[Path, dict[str, str]], room: Room
) -> None:
    press(qtbot, K.Key_Space)
    press(qtbot, K.Key_Q, CTRL)
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert on_disk(clinic) == ["saline"]
    assert all(device.stream.stopped for device in room.devices)


def test_with_the_keys_of_the_window_another_page_comes_and_the_marks_go_on(
    qtbot: QtBot, window: MainWindow, room: Room, clinic: tuple[Path, dict[str, str]]
) -> None:
    press(qtbot, K.Key_A)
    window.show_page(0)
    page = page_of(window)
    for seconds in (14.5, 0.7):
        room.clock.ahead += seconds
        page.examining._tick.timeout.emit()
    qtbot.waitUntil(lambda: page.idle, timeout=10_000)
    assert window.session is not None
    assert window.session.case is not None
    assert [one.stage.value for one in window.session.case.pictures] == ["acetic_acid"]


def test_a_window_that_is_locked_in_mid_examination_takes_its_marks_and_no_keys(
    qtbot: QtBot,
    open_window: Opened,
    room: Room,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture, "_open_device", room.open)
    with accounts.make_library(tmp_path / "safe", "Dr. Ada Weiss", PASSWORD)[0] as lib:
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-17", family_name="Adler").id).id
    window = open_window(tmp_path / "safe", ready=False)
    entrance = window.entrance.signing_in
    qtbot.waitUntil(entrance.isVisible, timeout=10_000)
    qtbot.keyClicks(entrance.name, "Dr. Ada Weiss")
    qtbot.keyClicks(entrance.password, PASSWORD)
    with qtbot.waitSignal(window.ready, timeout=10_000):
        qtbot.keyClick(entrance.password, K.Key_Return)
    qtbot.waitUntil(lambda: all_made(window), timeout=10_000)
    window.activateWindow()
    session = window.session
    assert session is not None
    session.open_visit(visit)
    window.show_page(CAPTURE)
    page = page_of(window)
    qtbot.waitUntil(lambda: page.idle and page.view.shown is not None, timeout=10_000)
    press(qtbot, K.Key_A)
    press(qtbot, K.Key_L, CTRL)
    assert window.lock.locked
    assert not page.isVisible()
    qtbot.keyClicks(window.lock.page.password, "p w ")
    for seconds in (14.5, 0.7):
        room.clock.ahead += seconds
        page.examining._tick.timeout.emit()
    qtbot.waitUntil(lambda: page.idle, timeout=10_000)
    with_pictures = cases.visit_case(session.library, visit)
    assert [one.stage.value for one in with_pictures.pictures] == ["acetic_acid"]
    window.lock.page.password.clear()
    qtbot.keyClicks(window.lock.page.password, PASSWORD)
    qtbot.keyClick(window.lock.page.password, K.Key_Return)
    qtbot.waitUntil(lambda: not window.lock.locked, timeout=10_000)
    assert page.timeline.clock.text() == "0:15"
    qtbot.waitUntil(lambda: page.view.shown is not None)
    assert not window.close(), "it asks once, as whitening is recorded"
    assert window.close()


def test_closing_asks_once_while_an_examination_is_recorded(
    qtbot: QtBot, window: MainWindow, clinic: tuple[Path, dict[str, str]]
) -> None:
    page = page_of(window)
    press(qtbot, K.Key_A)
    qtbot.waitUntil(lambda: bool(page.recorded), timeout=10_000)
    assert not window.close()
    assert "The examination is not done" in window.messages.text
    assert "its recording would end. Close once more" in window.messages.text
    assert window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)


def test_what_was_said_goes_with_the_next_picture_and_with_the_next_woman(
    qtbot: QtBot, window: MainWindow, clinic: tuple[Path, dict[str, str]], room: Room
) -> None:
    page = page_of(window)
    page._tell("Nothing was taken.")
    assert ("note", "Nothing was taken.") in window.messages.held
    page.recording.said.emit("Recording ended: the disk is full.")
    press(qtbot, K.Key_Space)
    qtbot.waitUntil(lambda: page.idle, timeout=10_000)
    assert window.messages.held == (("note", "Recording ended: the disk is full."),), "nobody may have seen it yet"
    page._tell("About Adler.")
    assert window.session is not None
    assert window.session.open_visit(clinic[1]["Brandt"])
    assert window.messages.held == ()


def test_a_window_that_was_closed_in_mid_examination_goes_on_with_it(
    qtbot: QtBot, window: MainWindow, clinic: tuple[Path, dict[str, str]], open_window: Opened
) -> None:
    press(qtbot, K.Key_A)
    qtbot.waitUntil(lambda: page_of(window).idle and bool(page_of(window).recorded), timeout=10_000)
    assert not window.close(), "it asks once"
    assert window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    again = open_window(clinic[0])
    assert again.session is not None
    assert again.session.case is not None
    assert again.session.case.visit.id == clinic[1]["Adler"]
    assert again.stack.currentWidget() is page_of(again)
    assert page_of(again).timeline.clock.text() != "-:--"
    qtbot.waitUntil(lambda: page_of(again).idle and bool(page_of(again).recorded), timeout=10_000)
    assert not again.close(), "it asks once"


def test_from_the_list_another_visit_is_opened_in_mid_examination_only_when_asked_twice(
    qtbot: QtBot, window: MainWindow, clinic: tuple[Path, dict[str, str]]
) -> None:
    press(qtbot, K.Key_A)
    qtbot.waitUntil(lambda: page_of(window).idle, timeout=10_000)
    assert window.session is not None
    assert window.session.case is not None
    window.open_visit(clinic[1]["Brandt"])
    assert window.session.case.visit.id == clinic[1]["Adler"]
    assert any("is being examined" in text for _kind, text in window.messages.held)
    window.open_visit(clinic[1]["Brandt"])
    assert window.session.case.visit.id == clinic[1]["Brandt"]


def test_in_a_form_undo_takes_nothing_of_the_examination_that_it_hides(
    qtbot: QtBot, window: MainWindow, clinic: tuple[Path, dict[str, str]]
) -> None:
    press(qtbot, K.Key_Space)
    page = page_of(window)
    qtbot.waitUntil(lambda: page.idle, timeout=10_000)
    page.forms.choose_device()
    window._undo()
    assert say.FORM_FIRST in window.messages.text
    assert window.session is not None
    assert window.session.case is not None
    assert len(window.session.case.pictures) == 1
    page.show_step(page.examine)
    window._undo()
    assert window.session.case.pictures == ()
