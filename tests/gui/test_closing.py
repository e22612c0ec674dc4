"""Closing loses nothing, also while something runs."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.jobs import Context
from pfm_desktop.storage.library import Library

from .conftest import FakeReviewPage, Opened

pytestmark = pytest.mark.slow


def ignored(_result: object) -> None:
    """What comes of the work is not looked at."""


def until_cancelled(ctx: Context) -> None:
    while True:
        ctx.progress(1, 4, "halfway")


def test_closing_stops_running_work_and_waits_for_its_end(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    ended = threading.Event()
    window.jobs.start(until_cancelled, title="Long work", done=ignored, stopped=ended.set)
    window.close()
    assert window.isVisible()
    assert "waiting for running work to stop" in window.messages.text
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert ended.is_set()
    with Library.open(library_folder) as lib:
        assert not lib.read_only


def test_closing_twice_does_not_wait_for_work_that_does_not_stop(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    go_on = threading.Event()
    window.jobs.start(lambda _ctx: go_on.wait(20), title="Deaf work", done=ignored)
    window.close()
    assert window.isVisible()
    window.close()
    assert not window.isVisible()
    go_on.set()


def test_work_of_which_nothing_would_stay_is_named_before_it_is_stopped_by_closing(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    ended = threading.Event()
    window.jobs.start(
        until_cancelled, title="Exporting for research", done=ignored, stopped=ended.set, thrown_away=True
    )
    window.close()
    assert window.isVisible()
    assert "Exporting for research is not done, and nothing of it would stay" in window.messages.text
    assert window.jobs.busy
    assert not ended.is_set(), "it goes on until somebody says so"
    window.close()
    assert "waiting for running work to stop" in window.messages.text
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert ended.is_set()


def test_closing_lets_the_page_keep_what_was_typed(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    qtbot.keyClick(window.desk.today.search, Qt.Key.Key_Return)
    page = window.stack.currentWidget()
    assert isinstance(page, FakeReviewPage)
    window.close()
    assert page.times_left == 1


def test_the_strip_is_quiet_about_a_job_that_ends_at_once(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(library_folder)
    seen: list[tuple[str, ...]] = []
    window.jobs.jobs_changed.connect(lambda: seen.append(window.strip.shown))
    monkeypatch.setattr("pfm_desktop.gui.widgets.jobs_strip.SHORT", 60_000)
    window.jobs.start(until_cancelled, title="Short work", done=ignored, stopped=lambda: None)
    qtbot.waitUntil(lambda: any(row.done for row in window.jobs.rows))
    window.jobs.cancel_all()
    qtbot.waitUntil(lambda: not window.jobs.busy)
    assert set(seen) == {()}


def test_the_cancel_button_of_the_strip_stops_its_job(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    stopped: list[bool] = []
    handle = window.jobs.start(until_cancelled, title="Long work", done=ignored, stopped=lambda: stopped.append(True))
    qtbot.waitUntil(lambda: window.strip.shown == ("Long work: halfway",))
    qtbot.mouseClick(window.strip.cancel_button(handle.name), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(stopped))
    assert window.strip.shown == ()
