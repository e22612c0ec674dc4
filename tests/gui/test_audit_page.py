"""The audit trail in the window: read, filtered, checked, exported; and the way to it and back."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.desk import AUDIT
from pfm_desktop.gui.main_window import SETTINGS, TODAY, MainWindow
from pfm_desktop.gui.pages.audit import AuditPage
from pfm_desktop.gui.pages.settings import SettingsPage
from pfm_desktop.gui.widgets.audit_view import AuditView
from pfm_desktop.services import audit as service
from pfm_desktop.services import cases, review
from pfm_desktop.services.audit_check import check_export
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.errors import StorageError
from pfm_desktop.viewmodels import audit as model

from .conftest import PAGES, Opened

pytestmark = pytest.mark.slow

CTRL = Qt.KeyboardModifier.ControlModifier


def trail(qtbot: QtBot, window: MainWindow) -> AuditView:
    """The page, as it is reached: from Settings."""
    window.show_page(SETTINGS)
    page = window.stack.currentWidget()
    assert isinstance(page, SettingsPage)
    qtbot.mouseClick(page.audit.show_trail, Qt.MouseButton.LeftButton)
    shown = window.stack.currentWidget()
    assert isinstance(shown, AuditPage)
    settled(qtbot, shown.view)
    return shown.view


def settled(qtbot: QtBot, view: AuditView) -> None:
    qtbot.waitUntil(lambda: view.idle and not view._jobs.busy, timeout=10_000)


def cells(view: AuditView, column: int) -> list[str]:
    return [row.cells[column] for row in view.model.list.rows]


@pytest.fixture
def long_folder(library_folder: Path) -> Path:
    """More lines than three pages hold."""
    with Library.open(library_folder) as lib:
        for number in range(700):
            lib.record_event("test", "k", f"Line {number}")
    return library_folder


@pytest.fixture
def written_folder(library_folder: Path) -> Path:
    """Something short and something long was written about Adler."""
    with Library.open(library_folder) as lib:
        lib.who = "Dr. Roth"
        visit = next(row.visit.id for row in cases.today(lib) if row.patient.family_name == "Adler")
        review.set_plan(lib, visit, "Biopsy")
        review.set_text(lib, visit, "Sharp margins at 2 o'clock.\n" * 40)
    return library_folder


def test_the_trail_is_shown_newest_first_and_escape_leads_back_to_settings(
    qtbot: QtBot, open_window: Opened, written_folder: Path
) -> None:
    window = open_window(written_folder)
    view = trail(qtbot, window)
    assert cells(view, model.HAPPENED)[:2] == [view.model.list.rows[0].cells[model.HAPPENED], "Plan: (empty) -> Biopsy"]
    assert cells(view, model.ABOUT)[1] == "P-001 Adler, Anna"
    assert view.count.text() == f"{len(view.model.list.rows)} lines"
    assert view.filters.fields["words"].hasFocus()
    assert window.rail._group.checkedId() == SETTINGS
    qtbot.keyClick(view.filters.fields["words"], Qt.Key.Key_Escape)
    assert isinstance(window.stack.currentWidget(), SettingsPage)


def test_older_lines_come_as_one_scrolls(qtbot: QtBot, open_window: Opened, long_folder: Path) -> None:
    view = trail(qtbot, open_window(long_folder))
    assert len(view.model.list.rows) == service.PAGE
    assert "scroll down for older ones" in view.count.text()
    for _ in range(9):
        view.table.scrollToBottom()
        settled(qtbot, view)
    assert view.model.list.complete
    numbers = [row.told.seq for row in view.model.list.rows]
    assert numbers == list(range(numbers[0], 0, -1))
    assert view.count.text() == f"{numbers[0]} lines"


def test_the_window_goes_on_while_lines_are_read(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, held, begun = open_window(library_folder), threading.Event(), threading.Event()
    real = model.read_page

    def slow(*arguments: Any) -> Sequence[Any]:
        begun.set()
        held.wait(10)
        return real(*arguments)

    monkeypatch.setattr(model, "read_page", slow)
    window.show_page(AUDIT)
    page = window.stack.currentWidget()
    assert isinstance(page, AuditPage)
    assert begun.wait(10)
    assert page.view.empty.text() == model.READING
    window.show_page(TODAY)  # and the page can be left meanwhile
    held.set()
    qtbot.waitUntil(lambda: page.idle, timeout=10_000)
    assert page.view.model.list.rows == []
    window.show_page(AUDIT)
    settled(qtbot, page.view)
    assert page.view.model.list.rows


def test_filters_narrow_the_list_and_are_cleared(qtbot: QtBot, open_window: Opened, written_folder: Path) -> None:
    view = trail(qtbot, open_window(written_folder))
    everything = len(view.model.list.rows)
    qtbot.keyClicks(view.filters.fields["who"], "roth")
    settled(qtbot, view)
    assert set(cells(view, model.WHO)) == {"Dr. Roth"}
    qtbot.keyClicks(view.filters.fields["words"], "biopsy")
    settled(qtbot, view)
    assert view.count.text() == "1 line found"
    qtbot.keyClicks(view.filters.fields["about"], "P-002")
    settled(qtbot, view)
    assert "No line fits all of the filters" in view.empty.text()
    qtbot.mouseClick(view.filters.clear, Qt.MouseButton.LeftButton)
    settled(qtbot, view)
    assert len(view.model.list.rows) == everything
    assert not view.filters.clear.isEnabled()


@pytest.mark.parametrize("place", range(len(model.KINDS)))
def test_each_kind_asks_for_that_kind(qtbot: QtBot, open_window: Opened, library_folder: Path, place: int) -> None:
    view = trail(qtbot, open_window(library_folder))
    view.filters.kind.setCurrentIndex(place)
    settled(qtbot, view)
    assert view.filters.asked.kind is model.KINDS[place][1]
    assert view.model.list.wanted.kind is model.KINDS[place][1]


def test_a_day_that_is_none_is_said_and_the_list_stays(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    view = trail(qtbot, open_window(library_folder))
    before = len(view.model.list.rows)
    qtbot.keyClicks(view.filters.fields["since"], "3/4/2026")
    settled(qtbot, view)
    assert "can mean 3 Apr or 4 Mar" in view.filters.wrong.text()
    assert len(view.model.list.rows) == before
    qtbot.keyClick(view.filters.fields["since"], Qt.Key.Key_Escape)
    settled(qtbot, view)
    assert not view.filters.wrong.isVisible()


def test_the_chosen_line_stands_below_before_and_after_side_by_side(
    qtbot: QtBot, open_window: Opened, written_folder: Path
) -> None:
    view = trail(qtbot, open_window(written_folder))
    details = view.details
    view.table.setCurrentIndex(view.model.index(1, 0))
    assert details.heading.text() == "Plan"
    assert [details.table.item(0, column).text() for column in range(3)] == ["Plan", "(empty)", "Biopsy"]
    assert not details.whole.isVisible()
    made = next(row for row, line in enumerate(view.model.list.rows) if line.told.text == "Patient P-001 added")
    view.table.setCurrentIndex(view.model.index(made, 0))
    assert details.table.isColumnHidden(1)
    assert details.table.horizontalHeaderItem(2).text() == "Is now"


def test_a_long_value_is_there_whole(qtbot: QtBot, open_window: Opened, written_folder: Path) -> None:
    view = trail(qtbot, open_window(written_folder))
    assert view.details.whole.isVisible()
    assert view.details.after.toPlainText() == "Sharp margins at 2 o'clock.\n" * 40
    assert view.details.before.toPlainText() == "(empty)"


def test_the_keys_lead_from_the_words_to_the_lines_to_the_details_and_back(
    qtbot: QtBot, open_window: Opened, written_folder: Path
) -> None:
    window = open_window(written_folder)
    view = trail(qtbot, window)
    field = view.filters.fields["words"]
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert view.table.currentIndex().row() == 1
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert view.table.hasFocus()
    qtbot.keyClick(view.table, Qt.Key.Key_Return)
    assert view.details.table.hasFocus()
    qtbot.keyClick(view.details.table, Qt.Key.Key_Escape)
    assert view.table.hasFocus()
    assert isinstance(window.stack.currentWidget(), AuditPage)
    qtbot.keyClick(view.table, Qt.Key.Key_Up)
    qtbot.keyClick(view.table, Qt.Key.Key_Return)
    assert view.details.before.hasFocus()  # the long value stands there alone
    qtbot.keyClick(view.details.before, Qt.Key.Key_Escape)
    qtbot.keyClick(view.table, Qt.Key.Key_Escape)
    assert isinstance(window.stack.currentWidget(), SettingsPage)


@pytest.mark.parametrize("place", ["table", "details", "kind", "check"])
def test_ctrl_f_leads_to_the_words_of_this_page_wherever_the_keys_are(
    qtbot: QtBot, open_window: Opened, written_folder: Path, place: str
) -> None:
    window = open_window(written_folder)
    view = trail(qtbot, window)
    view.table.setCurrentIndex(view.model.index(1, 0))
    widget = {
        "table": view.table, "details": view.details.table, "kind": view.filters.kind, "check": view.check
    }[place]  # fmt: skip
    widget.setFocus()
    qtbot.keyClick(widget, Qt.Key.Key_F, CTRL)
    assert view.filters.fields["words"].hasFocus()
    assert isinstance(window.stack.currentWidget(), AuditPage)


def test_ctrl_f_still_finds_a_visit_on_other_pages(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    trail(qtbot, window)
    window.show_page(SETTINGS)
    qtbot.keyClick(window, Qt.Key.Key_F, CTRL)
    assert window.desk is not None
    assert window.stack.currentWidget() is window.desk.today


def test_what_was_done_since_is_there_when_one_comes_back_and_on_f5(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    view = trail(qtbot, window)
    before = len(view.model.list.rows)
    assert window.session is not None
    window.session.library.record_event("test", "k", "Done since")
    qtbot.keyClick(view.table, Qt.Key.Key_F5)
    settled(qtbot, view)
    assert len(view.model.list.rows) == before + 1
    window.show_page(TODAY)
    window.session.library.record_event("test", "k", "Done later")
    assert cells(trail(qtbot, window), model.HAPPENED)[:2] == ["Done later", "Done since"]


def test_a_trail_that_holds_is_said_to(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    view = trail(qtbot, open_window(library_folder))
    qtbot.mouseClick(view.check, Qt.MouseButton.LeftButton)
    assert not view.check.isEnabled()
    settled(qtbot, view)
    assert view.said.text().startswith("The trail holds")
    assert view.check.isEnabled()
    assert not view.warning.isVisible()


def test_an_altered_line_is_warned_of_and_one_that_cannot_be_read_is_shown_as_that(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    behind = sqlite3.connect(library_folder / DATABASE)
    behind.execute("UPDATE journal SET new = '{' WHERE seq = 2")
    behind.execute("UPDATE journal SET who = 'somebody else' WHERE seq = 4")
    behind.commit()
    behind.close()
    view = trail(qtbot, open_window(library_folder))
    assert cells(view, model.HAPPENED)[-2] == service.UNREADABLE
    view.table.setCurrentIndex(view.model.index(len(view.model.list.rows) - 2, 0))
    assert "cannot be read" in view.details.heading.text()
    view.check_trail()
    settled(qtbot, view)
    assert view.warning.isVisible()
    assert "Line 2 is not what was written" in view.warned.text()
    assert "Line 4" in view.warned.text()


def test_a_check_that_is_stopped_says_nothing_of_the_trail(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(library_folder)
    view, begun = trail(qtbot, window), threading.Event()

    def endless(ctx: Any, _lib: Library) -> None:
        begun.set()
        while True:
            ctx.check()

    monkeypatch.setattr(model, "check_trail", endless)
    view.check_trail()
    assert begun.wait(10)
    window.jobs.cancel_all()
    settled(qtbot, view)
    assert "was stopped" in view.said.text()
    assert view.check.isEnabled()


def test_the_filtered_lines_are_exported_signed_and_settings_shows_the_fingerprint(
    qtbot: QtBot, open_window: Opened, written_folder: Path, tmp_path: Path
) -> None:
    window, out = open_window(written_folder), tmp_path / "part.jsonl"
    view = trail(qtbot, window)
    assert view.export.text() == "Export signed..."
    qtbot.keyClicks(view.filters.fields["who"], "roth")  # and at once, before the list has followed
    qtbot.mouseClick(view.export, Qt.MouseButton.LeftButton)
    dialog = view.findChild(QFileDialog, "export_audit")
    assert dialog is not None
    assert dialog.windowTitle() == "Export the filtered part of the audit trail"
    dialog.fileSelected.emit(str(out))
    dialog.close()
    settled(qtbot, view)
    assert view.export.text() == "Export found lines signed..."
    assert "Exported 2 lines (a part of the trail" in view.said.text()
    found = check_export(out)
    assert found.sound
    assert found.fingerprint in view.said.text()
    window.show_page(SETTINGS)
    settings = window.stack.currentWidget()
    assert isinstance(settings, SettingsPage)
    qtbot.waitUntil(lambda: settings.audit.idle, timeout=10_000)
    assert found.fingerprint in settings.audit.key.text()


def test_nothing_is_exported_while_a_field_says_what_is_no_day(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    view = trail(qtbot, open_window(library_folder))
    qtbot.keyClicks(view.filters.fields["until"], "soon")
    qtbot.mouseClick(view.export, Qt.MouseButton.LeftButton)
    assert view.findChild(QFileDialog, "export_audit") is None
    assert "is no day" in view.filters.wrong.text()


def test_settings_say_that_there_is_no_key_before_the_first_export(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    window.show_page(SETTINGS)
    settings = window.stack.currentWidget()
    assert isinstance(settings, SettingsPage)
    qtbot.waitUntil(lambda: settings.audit.idle, timeout=10_000)
    assert settings.audit.key.text() == model.NO_KEY


def test_an_export_that_cannot_be_written_is_said(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    view = trail(qtbot, open_window(library_folder))
    (tmp_path / "file").write_bytes(b"")
    view.export_to(str(tmp_path / "file" / "trail.jsonl"))
    settled(qtbot, view)
    assert view.said.text().startswith("Not exported. Could not write")


def test_a_window_that_only_reads_shows_the_trail_and_offers_no_export(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    with Library.open(library_folder):
        view = trail(qtbot, open_window(library_folder))
        assert view.model.list.rows
        assert not view.export.isEnabled()
        assert "reading only" in view.export.toolTip()
        view.check_trail()
        settled(qtbot, view)
        assert view.said.text().startswith("The trail holds")


def test_a_trail_that_cannot_be_read_is_said_and_can_be_asked_for_again(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(library_folder)

    def broken(*_arguments: object) -> None:
        raise StorageError("the disk is gone", remedy="connect it")

    with monkeypatch.context() as at:
        at.setattr(model, "read_page", broken)
        view = trail(qtbot, window)
        assert "the disk is gone" in view.warned.text().lower()
        assert view.warning.isVisible()
    qtbot.keyClick(view.table, Qt.Key.Key_F5)
    settled(qtbot, view)
    assert view.model.list.rows
    assert not view.warning.isVisible()


def test_another_library_has_a_trail_of_its_own(
    qtbot: QtBot, open_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    window = open_window(library_folder)
    first = trail(qtbot, window)
    Library.create(tmp_path / "other").close()
    with qtbot.waitSignal(window.ready, timeout=10_000):
        window.open_library(str(tmp_path / "other"))
    qtbot.waitUntil(lambda: window.desk is not None and len(window.desk.made) == PAGES, timeout=10_000)
    second = trail(qtbot, window)
    assert second is not first
    assert "P-001 Adler, Anna" not in cells(second, model.ABOUT)


def test_a_narrow_window_leaves_room_for_what_happened(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    view = trail(qtbot, window)
    assert not view.table.isColumnHidden(model.WHAT)
    window.resize(940, 500)
    qtbot.waitUntil(lambda: view.table.isColumnHidden(model.WHAT), timeout=10_000)
    assert view.table.columnWidth(model.HAPPENED) >= 250
