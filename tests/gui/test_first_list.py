"""The list stands before its library is open; what is done in it meanwhile is carried out, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.main_window import MainWindow
from pfm_desktop.gui.pages.today import TodayPage
from pfm_desktop.gui.widgets.chips import Chip
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.services import cases
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.settings import load_settings
from pfm_desktop.viewmodels import opening
from pfm_desktop.viewmodels.first_look import OPENS_SOON
from pfm_desktop.viewmodels.worklist import NAME

from .conftest import Opened


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Libraries open only once this is set."""
    may = threading.Event()
    real = opening.open_library

    def held(ctx: Context, folder: str) -> Library:
        may.wait(20)
        return real(ctx, folder)

    monkeypatch.setattr(opening, "open_library", held)
    yield may
    may.set()


@pytest.fixture
def waiting(qtbot: QtBot, open_window: Opened, library_folder: Path, gate: threading.Event) -> MainWindow:
    """A window whose list stands and whose library is not open yet."""
    window = open_window(library_folder, ready=False)
    qtbot.waitUntil(lambda: isinstance(window.stack.currentWidget(), TodayPage), timeout=10_000)
    assert window.desk is None
    return window


def page_of(window: MainWindow) -> TodayPage:
    page = window.stack.currentWidget()
    assert isinstance(page, TodayPage)
    return page


def let_open(qtbot: QtBot, window: MainWindow, gate: threading.Event) -> None:
    with qtbot.waitSignal(window.ready, timeout=10_000):
        gate.set()
    assert window.desk is not None
    qtbot.waitUntil(lambda: window.desk.today.idle, timeout=10_000)


def names(page: TodayPage) -> list[str]:
    return [page.model.row(number).cells[NAME] for number in range(page.model.rowCount())]


def search_and_enter(qtbot: QtBot, window: MainWindow, text: str) -> TodayPage:
    page = page_of(window)
    qtbot.keyClicks(page.search, text)
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert OPENS_SOON in window.messages.text
    return page


def test_the_list_stands_before_the_library_is_open_and_is_the_same_afterwards(
    qtbot: QtBot, waiting: MainWindow, gate: threading.Event
) -> None:
    page, before = page_of(waiting), names(page_of(waiting))
    assert len(before) == 3
    let_open(qtbot, waiting, gate)
    assert page_of(waiting) is page, "nothing is swapped under the reader's eyes"
    assert names(page) == before
    assert waiting.desk.today is page
    assert waiting.stack.count() == len({id(waiting.stack.widget(place)) for place in range(waiting.stack.count())})


def test_nothing_can_be_added_before_the_library_is_open(
    qtbot: QtBot, waiting: MainWindow, gate: threading.Event
) -> None:
    page = page_of(waiting)
    buttons = {button.text(): button for button in page.findChildren(QPushButton) if button.text()}
    adding = [name for name, one in buttons.items() if name not in ("Open visit", "More") and not isinstance(one, Chip)]
    assert len(adding) == 7, "and the tour"
    assert not any(buttons[name].isEnabled() for name in adding)
    assert buttons["Open visit"].isEnabled()
    qtbot.keyClick(page, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert page._intake is None
    let_open(qtbot, waiting, gate)
    assert all(buttons[name].isEnabled() for name in adding)


@pytest.mark.parametrize("how", ["enter", "double click"])
def test_a_visit_that_is_chosen_meanwhile_opens_as_soon_as_the_library_is_open(
    qtbot: QtBot, waiting: MainWindow, gate: threading.Event, how: str
) -> None:
    page = page_of(waiting)
    wanted = page.model.row(1).visit_id
    if how == "enter":
        qtbot.keyClick(page.search, Qt.Key.Key_Down)
        qtbot.keyClick(page.search, Qt.Key.Key_Return)
    else:
        place = page.table.visualRect(page.model.index(1, 1)).center()
        qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseDClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert OPENS_SOON in waiting.messages.text
    assert page_of(waiting) is page
    let_open(qtbot, waiting, gate)
    assert waiting.session.case is not None
    assert waiting.session.case.visit.id == wanted
    assert OPENS_SOON not in waiting.messages.text


def test_what_is_typed_meanwhile_is_searched_for_once_the_library_is_open(
    qtbot: QtBot, waiting: MainWindow, gate: threading.Event
) -> None:
    page = page_of(waiting)
    qtbot.keyClicks(page.search, "chen")
    qtbot.waitUntil(lambda: page._waiting is not None)
    assert not page.idle
    assert len(names(page)) == 3, "an answer to another question is better than a wrong one"
    let_open(qtbot, waiting, gate)
    assert page.search.text() == "chen"
    assert [name.split(",")[0] for name in names(page)] == ["Chen"]


def test_enter_behind_a_search_opens_what_it_finds_and_not_what_stood_there(
    qtbot: QtBot, waiting: MainWindow, gate: threading.Event
) -> None:
    search_and_enter(qtbot, waiting, "brandt")
    assert waiting.session is None
    with qtbot.waitSignal(waiting.ready, timeout=10_000):
        gate.set()
    qtbot.waitUntil(lambda: waiting.session.case is not None, timeout=10_000)
    assert waiting.session.case.patient.family_name == "Brandt"


def test_the_place_in_the_list_and_the_keys_stay_where_they_are(
    qtbot: QtBot, waiting: MainWindow, gate: threading.Event
) -> None:
    page = page_of(waiting)
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Down)
    qtbot.keyClick(page.table, Qt.Key.Key_Down)
    chosen = page.chosen_row()
    let_open(qtbot, waiting, gate)
    assert page.chosen_row().visit_id == chosen.visit_id
    assert QApplication.focusWidget() is page.table


def test_what_another_program_wrote_meanwhile_is_seen_once_the_library_is_open(
    qtbot: QtBot, waiting: MainWindow, library_folder: Path, gate: threading.Event
) -> None:
    with Library.open(library_folder) as library:
        cases.add_visit(library, cases.add_patient(library, identifier="NEW", family_name="Dorn").id)
    let_open(qtbot, waiting, gate)
    assert any(name.startswith("Dorn") for name in names(page_of(waiting)))


def test_a_library_that_cannot_be_opened_after_all_takes_its_list_away_and_says_why(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = threading.Event()

    def refused(_ctx: Context, _folder: str) -> Library:
        may.wait(20)
        raise StorageError("the disk is gone", safe="nothing was changed", remedy="plug it in")

    monkeypatch.setattr(opening, "open_library", refused)
    window = open_window(library_folder, ready=False)
    qtbot.waitUntil(lambda: isinstance(window.stack.currentWidget(), TodayPage), timeout=10_000)
    page = page_of(window)
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    may.set()
    qtbot.waitUntil(window.opening.isVisible, timeout=10_000)
    assert "The disk is gone" in window.opening.words.text()
    assert OPENS_SOON not in window.messages.text
    assert window.opening.retry.hasFocus()
    monkeypatch.undo()
    with qtbot.waitSignal(window.ready, timeout=10_000):
        qtbot.keyClick(window.opening.retry, Qt.Key.Key_Return)
    assert window.session is not None
    assert window.session.case is None, "what was chosen before the failure is not opened behind the reader's back"


def test_a_window_that_is_closed_over_the_first_list_opens_nothing_more(
    qtbot: QtBot, waiting: MainWindow, library_folder: Path, gate: threading.Event
) -> None:
    waiting.close()
    gate.set()
    qtbot.waitUntil(lambda: not waiting.isVisible(), timeout=10_000)
    assert waiting.desk is None
    with Library.open(library_folder) as library:
        assert not library.read_only, "it was given back"


def test_a_window_that_is_closed_before_the_loading_begins_opens_nothing(
    qtbot: QtBot, open_window: Opened, library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real: Callable[..., Library] = opening.open_library
    monkeypatch.setattr(opening, "open_library", lambda ctx, folder: asked.append(folder) or real(ctx, folder))
    window = open_window(library_folder, ready=False)
    window.close()
    assert not window.door.busy
    qtbot.waitUntil(lambda: window.door._glance._handle is None)
    assert not window.isVisible()
    assert asked == []


def test_an_empty_library_shows_no_list_before_it_is_open(
    qtbot: QtBot, open_window: Opened, tmp_path: Path, gate: threading.Event
) -> None:
    Library.create(tmp_path / "empty").close()
    window = open_window(tmp_path / "empty", ready=False)
    qtbot.waitUntil(lambda: window.jobs.busy, timeout=10_000)
    assert window.stack.currentWidget() is window.entrance
    let_open(qtbot, window, gate)


def test_a_library_that_was_not_closed_shows_no_list_before_it_is_open(
    qtbot: QtBot, open_window: Opened, library_folder: Path, gate: threading.Event
) -> None:
    (library_folder / f"{DATABASE}-wal").write_bytes(b"")
    window = open_window(library_folder, ready=False)
    qtbot.waitUntil(lambda: window.jobs.busy, timeout=10_000)
    assert window.stack.currentWidget() is window.entrance
    let_open(qtbot, window, gate)
    assert len(names(page_of(window))) == 3


def test_the_last_choice_counts_a_visit_after_a_search(
    qtbot: QtBot, waiting: MainWindow, gate: threading.Event
) -> None:
    page = search_and_enter(qtbot, waiting, "brandt")
    wanted = page.model.row(2)
    place = page.table.visualRect(page.model.index(2, 1)).center()
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    let_open(qtbot, waiting, gate)
    assert waiting.session.case is not None
    assert waiting.session.case.visit.id == wanted.visit_id
    assert page.search.text() == "brandt"
    assert [name.split(",")[0] for name in names(page)] == ["Brandt"], "what is typed is still searched for"


def test_the_last_choice_counts_a_search_after_a_visit(
    qtbot: QtBot, waiting: MainWindow, gate: threading.Event
) -> None:
    qtbot.keyClick(page_of(waiting).search, Qt.Key.Key_Return)  # the first row
    search_and_enter(qtbot, waiting, "chen")
    opened: list[str] = []
    with qtbot.waitSignal(waiting.ready, timeout=10_000):
        gate.set()
    waiting.session.on_case.append(lambda case: opened.append(case.patient.family_name if case else ""))
    qtbot.waitUntil(lambda: waiting.session.case is not None, timeout=10_000)
    assert waiting.session.case.patient.family_name == "Chen"
    assert set(opened) == {"Chen"}


def test_another_library_that_is_chosen_meanwhile_is_opened_in_its_place(
    qtbot: QtBot, waiting: MainWindow, tmp_path: Path, library_folder: Path, gate: threading.Event
) -> None:
    with Library.create(tmp_path / "other") as other:
        cases.add_visit(other, cases.add_patient(other, identifier="O-1", family_name="Other").id)
    qtbot.keyClick(page_of(waiting).search, Qt.Key.Key_Return)  # a visit of the library that is not wanted any more
    waiting._open_chosen(str(tmp_path / "other"))
    assert waiting.stack.currentWidget() is waiting.entrance, "the other library's list is gone at once"
    let_open(qtbot, waiting, gate)
    assert waiting.session.library.path == tmp_path / "other"
    assert [name.split(",")[0] for name in names(page_of(waiting))] == ["Other"]
    assert waiting.session.case is None
    assert load_settings().library == str(tmp_path / "other")
    with Library.open(library_folder) as first:
        assert not first.read_only, "the first one was given back"


def test_the_same_library_chosen_meanwhile_changes_nothing(
    qtbot: QtBot, waiting: MainWindow, library_folder: Path, gate: threading.Event
) -> None:
    page = page_of(waiting)
    waiting.open_library(str(library_folder))
    assert page_of(waiting) is page
    let_open(qtbot, waiting, gate)


def test_an_opening_that_is_stopped_opens_nothing_and_gives_the_library_back(
    qtbot: QtBot, waiting: MainWindow, library_folder: Path, gate: threading.Event
) -> None:
    waiting.door.stop()
    gate.set()
    qtbot.waitUntil(waiting.opening.retry.isVisible, timeout=10_000)
    assert waiting.desk is None
    assert "not opened" in waiting.opening.words.text()
    assert "demo" not in waiting.opening.words.text()
    assert not any(button.isChecked() for button in waiting.rail.findChildren(QAbstractButton))
    with Library.open(library_folder) as library:
        assert not library.read_only
    with qtbot.waitSignal(waiting.ready, timeout=10_000):
        qtbot.mouseClick(waiting.opening.retry, Qt.MouseButton.LeftButton)


def test_the_list_of_the_demo_library_says_at_once_that_its_women_are_invented(
    qtbot: QtBot, open_window: Opened, library_folder: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "demo_library_dir", lambda: library_folder)
    window = open_window("", ready=False)
    qtbot.waitUntil(lambda: isinstance(window.stack.currentWidget(), TodayPage), timeout=10_000)
    assert window.desk is None
    assert window.patient.demo.isVisible()
    window.door.stop()
    gate.set()
    qtbot.waitUntil(window.opening.retry.isVisible, timeout=10_000)
    assert not window.patient.demo.isVisible()


def test_back_to_the_first_library_while_it_still_ends_opens_that_one(
    qtbot: QtBot, waiting: MainWindow, tmp_path: Path, library_folder: Path, gate: threading.Event
) -> None:
    Library.create(tmp_path / "other").close()
    waiting._open_chosen(str(tmp_path / "other"))
    waiting._open_chosen(str(library_folder))
    let_open(qtbot, waiting, gate)
    assert waiting.session.library.path == library_folder
    assert load_settings().library == str(library_folder)


def test_stopping_while_another_library_waits_opens_neither(
    qtbot: QtBot, waiting: MainWindow, tmp_path: Path, gate: threading.Event
) -> None:
    Library.create(tmp_path / "other").close()
    waiting._open_chosen(str(tmp_path / "other"))
    qtbot.mouseClick(waiting.opening.cancel, Qt.MouseButton.LeftButton)
    gate.set()
    qtbot.waitUntil(waiting.opening.retry.isVisible, timeout=10_000)
    assert waiting.desk is None
    assert not waiting.door.busy
    with qtbot.waitSignal(waiting.ready, timeout=10_000):
        qtbot.mouseClick(waiting.opening.retry, Qt.MouseButton.LeftButton)
    assert waiting.session.library.path == tmp_path / "other", "the one that was asked for last"


def test_an_opening_that_ends_whole_after_it_was_stopped_opens_nothing_and_gives_the_library_back(
    qtbot: QtBot, open_window: Opened, library_folder: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step of the work does not look whether it is still wanted."""
    held = opening.open_library
    monkeypatch.setattr(opening, "open_library", lambda _ctx, folder: held(SilentContext(), folder))
    window = open_window(library_folder, ready=False)
    qtbot.waitUntil(lambda: window.jobs.busy, timeout=10_000)
    window.door.stop()
    gate.set()
    qtbot.waitUntil(window.opening.retry.isVisible, timeout=10_000)
    assert window.desk is None
    with Library.open(library_folder) as library:
        assert not library.read_only


def test_what_was_said_of_opening_soon_is_gone_where_the_search_finds_nothing(
    qtbot: QtBot, waiting: MainWindow, gate: threading.Event
) -> None:
    page = search_and_enter(qtbot, waiting, "nobody")
    let_open(qtbot, waiting, gate)
    assert names(page) == []
    assert waiting.session.case is None
    assert OPENS_SOON not in waiting.messages.text
