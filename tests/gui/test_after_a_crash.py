"""A window that was killed: the next one goes on where it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.main_window import WENT_ON_BUT
from pfm_desktop.services import cases, review
from pfm_desktop.services.at_work import key_of
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError

from .conftest import Opened

pytestmark = pytest.mark.slow


@pytest.fixture
def killed(qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path) -> Path:
    """A copy of a library as it was in the middle of work."""
    window = open_window(library_folder)
    assert window.session is not None
    visit = window.session.today("Adler")[0].visit.id
    window.open_visit(visit)
    assert window.session.perform(lambda lib: review.set_text(lib, visit, "white at 3")) is not None
    session = window.session
    qtbot.waitUntil(lambda: visit in (session.library.meta(key_of(session.library)) or ""), timeout=10_000)
    shutil.copytree(library_folder, tmp_path / "copy", ignore=shutil.ignore_patterns("lock"))
    window.close()
    return tmp_path / "copy"


def test_the_visit_opens_again_and_undo_knows_what_was_done(qtbot: QtBot, open_window: Opened, killed: Path) -> None:
    window = open_window(killed)
    assert window.session is not None
    assert window.session.case is not None
    assert window.session.case.patient.family_name == "Adler"
    assert "ended without closing" in window.messages.text
    assert window.desk is not None
    assert window.desk.undo.undo_text
    assert window.desk.undo.undo()
    assert window.session.case.findings.text == ""
    assert window.desk.undo.redo()
    assert window.session.case.findings.text == "white at 3"


def test_after_a_second_crash_ctrl_z_goes_back_to_before_the_first(
    qtbot: QtBot, open_window: Opened, killed: Path, tmp_path: Path
) -> None:
    second = open_window(killed)
    assert second.session is not None
    assert second.session.case is not None
    visit = second.session.case.visit.id
    assert second.session.perform(lambda lib: review.set_plan(lib, visit, "biopsy")) is not None
    shutil.copytree(killed, tmp_path / "again", ignore=shutil.ignore_patterns("lock"))
    second.close()
    third = open_window(tmp_path / "again")
    assert third.session is not None
    assert third.session.case is not None
    third.activateWindow()
    for _ in range(2):
        qtbot.keyClick(third.stack.currentWidget(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    found = third.session.case.findings
    assert (found.plan, found.text) == ("", "")


def test_a_window_that_was_closed_begins_with_the_list(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    first = open_window(library_folder)
    assert first.session is not None
    first.open_visit(first.session.today()[0].visit.id)
    first.close()
    with Library.open(library_folder) as lib:
        assert lib.meta(key_of(lib)) is None
        assert cases.today(lib)
    second = open_window(library_folder)
    assert second.session is not None
    assert second.session.case is None


def test_a_missing_wal_is_said_in_the_window_and_the_library_is_open(
    qtbot: QtBot, open_window: Opened, killed: Path
) -> None:
    dead = '{"user": "x", "host": "y", "pid": 1, "since": "2026-01-01T00:00:00+00:00"}'
    (killed / "lock").write_text(dead)
    for side in ("-wal", "-shm"):
        (killed / f"library.sqlite{side}").unlink(missing_ok=True)
    window = open_window(killed)
    assert "library.sqlite-wal is missing: if it was removed, what was done last is not here" in window.messages.text
    assert window.session is not None
    assert cases.today(window.session.library)


def test_no_calming_word_stands_over_a_damage_that_is_told(
    qtbot: QtBot, open_window: Opened, killed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(lib: Library) -> str:
        raise StorageError(f"the database of the library {lib.path} is damaged")

    with monkeypatch.context() as patch:
        patch.setattr("pfm_desktop.services.last_seen.look", damaged)
        first = open_window(killed)
    assert "is damaged" in first.messages.text
    assert not any("can be undone as before" in text for _, text in first.messages.held)


def test_a_visit_that_does_not_open_again_is_told_and_nothing_calms(
    qtbot: QtBot, open_window: Opened, killed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(lib: Library, _visit: str) -> None:
        raise StorageError(f"the database of the library {lib.path} is damaged")

    monkeypatch.setattr("pfm_desktop.services.cases.visit_case", damaged)
    window = open_window(killed)
    assert "is damaged" in window.messages.text
    assert window.strip.noted == WENT_ON_BUT
    assert not any("can be undone as before" in text for _, text in window.messages.held)


def test_what_is_told_of_the_library_stays_when_the_visit_opens(
    qtbot: QtBot, open_window: Opened, killed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm_desktop.services.last_seen.look", lambda _lib: "this library is older")
    window = open_window(killed)
    assert window.session is not None
    assert window.session.case is not None
    assert window.messages.text == "This library is older."
    assert window.strip.noted == WENT_ON_BUT
