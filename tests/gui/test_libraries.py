"""Libraries in the window: first start, held by another program, damaged, changed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.desk import IMPORT, SETTINGS
from pfm_desktop.gui.main_window import REVIEW, MainWindow
from pfm_desktop.gui.pages.opening import OpeningPage
from pfm_desktop.jobs import Context, Progress
from pfm_desktop.services import at_work, cases, clock, demo, review
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.paths import demo_library_dir, settings_file
from pfm_desktop.support.settings import load_settings

from .conftest import PAGES, Opened, all_made

pytestmark = pytest.mark.slow

HOLDER = """
import sys
from pathlib import Path
from pfm_desktop.storage.library import Library
with Library.open(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held_elsewhere(library_folder: Path) -> Iterator[int]:
    """Another process has the library open for writing; yields its number."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(library_folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    yield holder.pid
    holder.communicate("", timeout=20)


@pytest.fixture
def little_demo(monkeypatch: pytest.MonkeyPatch, library_folder: Path) -> None:
    """The demo library is made without drawing: twenty steps, then an empty one."""

    def made(ctx: Context, path: Path) -> Library:
        for step in range(20):
            ctx.progress(step, 20, "Drawing the demo library")
        return Library.create(path, demo=True)

    monkeypatch.setattr(demo, "ensure_demo_library", made)


@pytest.mark.slow
def test_a_library_that_another_program_holds_opens_for_reading_and_says_who_has_it(
    open_window: Opened, library_folder: Path, held_elsewhere: int
) -> None:
    window = open_window(library_folder)
    assert window.patient.reading.isVisible()
    assert "in use by" in window.patient.reading.text()
    assert f"process {held_elsewhere}" in window.patient.reading.text()
    assert window.desk is not None
    assert window.desk.today.model.rowCount() == 3


def test_a_window_that_only_reads_notices_that_the_other_program_is_gone_and_goes_on_by_one_key(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    other = Library.open(library_folder)
    window = open_window(library_folder)
    assert window.session is not None
    assert "Once it is closed there it can be opened for writing here" in window.patient.reading.text()
    visit = window.session.today("Brandt")[0].visit.id
    window.open_visit(visit)
    look_again(qtbot, window)
    assert window.patient.again.isHidden()
    press_to_write(qtbot, window)
    assert window.session.library.read_only, "not while it is held"
    other.close()
    look_again(qtbot, window)
    assert window.patient.again.isVisible()
    assert "the program that had the library has closed it or has ended" in window.patient.reading.text()
    before = window.session
    press_to_write(qtbot, window)
    qtbot.waitUntil(lambda: window.session is not None and window.session is not before, timeout=10_000)
    assert window.session is not None
    assert not window.session.library.read_only
    assert window.session.case is not None
    assert window.session.case.visit.id == visit
    assert window.desk is not None
    assert window.desk.index_of(window.stack.currentWidget()) == REVIEW
    assert not window.patient.reading.isVisible()
    assert not window.patient.again.isVisible()
    assert not window._watch.isActive()
    assert window.session.perform(lambda lib: review.set_plan(lib, visit, "recall")) is not None


@pytest.mark.slow
def test_a_holder_that_was_killed_is_noticed_as_well(
    qtbot: QtBot, open_window: Opened, library_folder: Path, held_elsewhere: int
) -> None:
    window = open_window(library_folder)
    os.kill(held_elsewhere, getattr(signal, "SIGKILL", signal.SIGTERM))

    def noticed() -> bool:
        look_again(qtbot, window)
        return window.patient.again.isVisible()

    qtbot.waitUntil(noticed, timeout=20_000)
    press_to_write(qtbot, window)
    qtbot.waitUntil(lambda: window.session is not None and not window.session.library.read_only, timeout=10_000)


def test_the_holder_that_is_named_is_the_present_one(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library.open(library_folder):
        window = open_window(library_folder)
        monkeypatch.setattr(Library, "why_not_writable", lambda _lib: "in use by Eve on desk-2")
        look_again(qtbot, window)
        assert "in use by Eve on desk-2" in window.patient.reading.text()
        monkeypatch.setattr(Library, "why_not_writable", lambda _lib: "")
        look_again(qtbot, window)
        assert window.patient.again.isVisible()
        qtbot.mouseClick(window.patient.again, Qt.MouseButton.LeftButton)  # somebody was faster
        qtbot.waitUntil(lambda: "still cannot be written: in use by" in window.messages.text, timeout=10_000)
        assert window.session is not None
        assert window.session.library.read_only
        assert window.desk is not None
        assert window.desk.today.model.rowCount() == 3


def test_a_library_that_was_opened_on_a_full_disk_is_opened_for_writing_once_there_is_space(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library.open(library_folder) as lib:  # which ended without closing, on the visit of Brandt
        lib.who = load_settings().reader or lib.who
        at_work.begin(lib)
        visit = cases.today(lib, search="Brandt")[0].visit.id
        at_work.note_visit(lib, visit)
        review.set_plan(lib, visit, "recall")
    with monkeypatch.context() as patch:
        patch.setattr("pfm_desktop.storage.lock.os.write", no_space)
        patch.setattr("pfm_desktop.storage.library.shutil.disk_usage", lambda _path: SimpleNamespace(free=0))
        window = open_window(library_folder)
        assert "the disk that holds it is full. Free some space" in window.patient.reading.text()
        look_again(qtbot, window)
        assert window.patient.again.isHidden()
    look_again(qtbot, window)
    assert "the disk has free space again" in window.patient.reading.text()
    before = window.session
    press_to_write(qtbot, window)
    qtbot.waitUntil(lambda: window.session is not None and window.session is not before, timeout=10_000)
    assert window.session is not None
    assert window.session.case is not None
    assert window.session.case.visit.id == visit
    assert window.desk is not None
    assert window.desk.undo.undo_text


def test_a_clock_that_was_set_back_is_told_in_the_window_once(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(clock, "moment_now", lambda: datetime.now(UTC) - timedelta(days=10))
        window = open_window(library_folder)
    assert window.messages.text.startswith("When this library was opened the clock of the computer said")
    assert "check the clock" in window.messages.text
    window.close()
    again = open_window(library_folder)
    assert again.messages.text == ""


def no_space(*_args: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def look_again(qtbot: QtBot, window: MainWindow) -> None:
    """As the timer does."""
    window._watch.timeout.emit()
    qtbot.waitUntil(lambda: not window._asking.busy)


def press_to_write(qtbot: QtBot, window: MainWindow) -> None:
    window.activateWindow()
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window.stack.currentWidget(), Qt.Key.Key_W, keys)


def test_the_first_start_makes_the_demo_library_while_the_window_stands(
    qtbot: QtBot, open_window: Opened, little_demo: None
) -> None:
    window = open_window("", ready=False)
    assert window.opening.isVisible()
    assert window.opening.cancel.isVisible()
    qtbot.waitUntil(lambda: window.desk is not None, timeout=10_000)
    assert window.patient.demo.isVisible()
    assert "no real women" in window.patient.demo.text()
    assert (demo_library_dir() / DATABASE).exists()


def test_making_the_demo_library_can_be_cancelled_and_begun_again(
    qtbot: QtBot, open_window: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def slow(ctx: Context, path: Path) -> Library:
        asked.append(path)
        while len(asked) == 1:  # the first time it never ends by itself
            ctx.progress(3, 64, "Drawing the demo library")
        return Library.create(path, demo=True)

    monkeypatch.setattr(demo, "ensure_demo_library", slow)
    window = open_window("", ready=False)
    qtbot.waitUntil(lambda: "3 of 64" in window.opening.words.text())
    qtbot.mouseClick(window.opening.cancel, Qt.MouseButton.LeftButton)
    assert "Stopping" in window.opening.heading.text()
    qtbot.waitUntil(window.opening.retry.isVisible)
    assert "kept and used next time" in window.opening.words.text()
    qtbot.mouseClick(window.opening.retry, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.desk is not None, timeout=10_000)


def test_the_button_says_at_once_that_the_work_is_being_stopped(
    qtbot: QtBot, open_window: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = threading.Event()

    def slow(ctx: Context, path: Path) -> Library:
        ctx.progress(3, 64, "Drawing the demo library")
        may_end.wait(10)  # a drawing under way is not interrupted
        ctx.progress(4, 64, "Drawing the demo library")
        return Library.create(path, demo=True)

    monkeypatch.setattr(demo, "ensure_demo_library", slow)
    window = open_window("", ready=False)
    opening = window.opening
    qtbot.waitUntil(lambda: "3 of 64" in opening.words.text())
    qtbot.mouseClick(opening.cancel, Qt.MouseButton.LeftButton)
    assert opening.cancel.text() == "Stopping..."
    assert not opening.cancel.isEnabled()
    may_end.set()
    qtbot.waitUntil(opening.retry.isVisible)
    opening.retry.setFocus()
    qtbot.keyClick(opening.retry, Qt.Key.Key_Return)
    assert opening.cancel.isVisible()
    assert opening.cancel.text() == "Cancel"
    assert opening.cancel.isEnabled()
    qtbot.waitUntil(lambda: window.desk is not None, timeout=10_000)


def test_no_line_of_the_opening_page_is_cut(qtbot: QtBot) -> None:
    page = OpeningPage()
    qtbot.addWidget(page)
    page.resize(1366, 700)
    page.show()
    qtbot.waitExposed(page)
    page.show_step(Progress("demo", 3, 64, "Drawing the demo library"))
    qtbot.waitUntil(lambda: page.words.height() >= page.words.heightForWidth(page.words.width()))
    page.show_problem("word " * 150, demo=True)
    qtbot.waitUntil(lambda: page.words.height() >= page.words.heightForWidth(page.words.width()))
    assert page.heading.height() >= page.heading.heightForWidth(page.heading.width())


def test_a_damaged_library_is_not_opened_and_says_what_is_safe_and_what_to_do(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    database = library_folder / DATABASE
    database.write_bytes(b"rubbish" * 100)
    window = open_window(library_folder, ready=False)
    qtbot.waitUntil(window.opening.choose.isVisible)
    said = window.opening.words.text()
    assert "damaged" in said
    assert "nothing was changed" in said.lower()
    assert "backup" in said
    assert window.opening.to_demo.isVisible()
    assert database.read_bytes() == b"rubbish" * 100
    assert window.desk is None


def test_another_folder_can_be_chosen_and_is_opened_at_the_next_start_too(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    window = open_window(tmp_path / "nowhere", ready=False)
    qtbot.waitUntil(window.opening.choose.isVisible)
    assert "no folder" in window.opening.words.text()
    window._open_chosen(str(library_folder))
    qtbot.waitUntil(lambda: window.desk is not None, timeout=10_000)
    assert load_settings().library == str(library_folder)


def test_a_new_library_is_made_and_the_old_one_is_closed(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    window = open_window(library_folder)
    before = window.desk
    window.messages.problem("the picture of Adler cannot be read")
    window.strip.note("Undone: Impression: normal")
    window._create_chosen(str(tmp_path / "mine"))
    window.entrance.making.plain.click()
    qtbot.mouseClick(window.entrance.making.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.desk is not None and window.desk is not before, timeout=10_000)
    assert window.desk is not None
    assert window.desk.today.model.rowCount() == 0
    assert not window.patient.demo.isVisible()
    assert window.patient.name.text() == "No visit open"
    assert not window.messages.held
    assert not window.strip.noted
    with Library.open(library_folder) as old:
        assert not old.read_only
    qtbot.waitUntil(lambda: window.desk is not None and len(window.desk.made) == PAGES, timeout=10_000)


def test_the_keys_of_a_page_that_went_with_its_library_are_forgotten(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    window = open_window(library_folder)
    window.show_page(IMPORT)
    before = window.desk
    Library.create(tmp_path / "other").close()
    window.open_library(tmp_path / "other")
    qtbot.waitUntil(lambda: window.desk not in (None, before), timeout=10_000)
    qtbot.waitUntil(lambda: window.desk is not None and len(window.desk.made) == PAGES, timeout=10_000)
    assert not [row for row in window.book.rows() if row.group == "Import"]
    assert [row for row in window.book.rows() if row.group == "Today"]
    qtbot.keyClick(window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    assert window.desk is not None
    assert window.stack.currentWidget() is window.desk.page(SETTINGS)


def test_a_library_that_goes_takes_all_its_widgets_along(
    qtbot: QtBot, qapp: QApplication, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    window = open_window(library_folder)
    for name in ("one", "another"):
        Library.create(tmp_path / name).close()

    def widgets_with(folder: Path) -> int:
        before = window.desk
        window.open_library(str(folder))
        qtbot.waitUntil(lambda: window.desk not in (None, before), timeout=10_000)
        qtbot.waitUntil(lambda: all_made(window), timeout=10_000)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        return len(qapp.allWidgets())

    assert widgets_with(tmp_path / "another") == widgets_with(tmp_path / "one")


def test_a_library_that_cannot_be_opened_leaves_the_open_one_as_it_is(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    window = open_window(library_folder)
    before = window.desk
    window._open_chosen(str(tmp_path))
    qtbot.waitUntil(lambda: bool(window.messages.text))
    assert "holds no library" in window.messages.text
    assert window.desk is before
    assert load_settings().library == ""


def test_the_library_that_is_open_is_not_opened_a_second_time(open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    window._open_chosen(str(library_folder))
    assert "open already" in window.messages.text
    assert window.session is not None
    assert not window.session.library.read_only


def test_damaged_settings_are_put_aside_and_the_window_opens_with_the_defaults(
    open_window: Opened, library_folder: Path
) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text("{ no settings", encoding="utf-8")
    window = open_window(library_folder)
    assert window.settings.theme == "dark"
    assert settings_file().with_name("settings.json.damaged").read_text(encoding="utf-8") == "{ no settings"


def test_the_database_is_read_ahead_while_the_list_is_looked_at_and_closing_ends_that(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def reading(_lib: Library, ctx: Context) -> None:
        begun.set()
        try:
            while True:  # a large one on a slow disk
                ctx.check()
                threading.Event().wait(0.01)
        finally:
            ended.set()

    monkeypatch.setattr(Library, "read_ahead", reading)
    window = open_window(library_folder)
    assert begun.wait(10)
    window.desk.today.search.setText("adler")
    qtbot.waitUntil(lambda: window.desk.today.idle and window.desk.today.model.rowCount() == 1)
    assert not ended.is_set()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert ended.wait(10)
