"""Today with more visits than are read at once: it says how many there are, and goes on when scrolled to the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.pages import today as today_page
from pfm_desktop.gui.pages.today import SEARCH, TodayPage
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.worklist_model import WorklistModel
from pfm_desktop.gui.window_place import SMALLEST
from pfm_desktop.services import cases
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels import worklist
from pfm_desktop.viewmodels.session import Session
from pfm_desktop.viewmodels.worklist import NAME, work_rows

from .conftest import Opened

pytestmark = pytest.mark.slow

PAGE, VISITS = 20, 70
BEGUN = datetime(2026, 3, 14, 8, tzinfo=UTC)


def many(lib: Library) -> None:
    """Women who came one each hour: the last one is W-69."""
    for number in range(VISITS):
        woman = cases.add_patient(lib, identifier=f"W-{number:02d}", family_name=f"Name{number:02d}")
        cases.add_visit(lib, woman.id, started_at=BEGUN + timedelta(hours=number))


@pytest.fixture
def session(tmp_path: Path, library_from: Callable[..., None]) -> Iterator[Session]:
    library_from(tmp_path / "many", many)
    with Library.open(tmp_path / "many") as lib:
        yield Session(lib, Settings(reader="Dr. Test"))


@pytest.fixture
def page(qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[TodayPage]:
    """Today that reads `PAGE` visits at once."""
    for module in (today_page, worklist):
        monkeypatch.setattr(module, "LIMIT", PAGE)
    monkeypatch.setattr(session, "today", lambda: cases.today(session.library, limit=PAGE))
    made = TodayPage(session, QtJobs())
    made.resize(1200, 300)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    settle(qtbot, made)
    yield made
    settle(qtbot, made)


def settle(qtbot: QtBot, page: TodayPage) -> None:
    qtbot.waitUntil(lambda: page.idle and not page.reading_on)


def shown(page: TodayPage) -> list[str]:
    return [str(page.model.index(row, NAME).data()) for row in range(page.model.rowCount())]


def to_the_end(qtbot: QtBot, page: TodayPage) -> None:
    """What the wheel does until nothing moves any more."""
    before = -1
    while page.model.rowCount() != before:
        before = page.model.rowCount()
        page.table.scrollToBottom()
        settle(qtbot, page)


NEWEST_FIRST = [f"Name{number:02d}" for number in reversed(range(VISITS))]


def test_a_list_that_was_cut_says_how_many_visits_there_are(page: TodayPage) -> None:
    assert shown(page) == NEWEST_FIRST[: page.model.rowCount()]
    assert f"{page.model.rowCount()} of {VISITS} visits" in page.count.text()
    assert "scroll" in page.count.text()


def test_scrolling_to_the_end_brings_every_visit_once_and_then_no_more(qtbot: QtBot, page: TodayPage) -> None:
    to_the_end(qtbot, page)
    assert shown(page) == NEWEST_FIRST
    assert page.count.text() == f"{VISITS} visits"
    assert not page.model.canFetchMore()


def test_a_search_with_many_answers_goes_on_as_well(qtbot: QtBot, page: TodayPage) -> None:
    qtbot.keyClicks(page.search, "w-")
    settle(qtbot, page)
    assert f"{page.model.rowCount()} of {VISITS} visits found" in page.count.text()
    to_the_end(qtbot, page)
    assert shown(page) == NEWEST_FIRST


def test_who_had_gone_far_down_finds_the_list_where_it_was_when_it_is_read_again(qtbot: QtBot, page: TodayPage) -> None:
    to_the_end(qtbot, page)
    page.table.setCurrentIndex(page.model.index(55, 0))
    chosen = page.chosen_row()
    page.left()
    page.entered()
    settle(qtbot, page)
    assert shown(page) == NEWEST_FIRST
    assert page.chosen_row() == chosen


def test_another_search_begins_at_the_top_again(qtbot: QtBot, page: TodayPage) -> None:
    to_the_end(qtbot, page)
    qtbot.keyClicks(page.search, "name0")
    settle(qtbot, page)
    assert shown(page) == [f"Name0{number}" for number in reversed(range(10))]
    assert page.count.text() == "10 visits found"


def test_rows_that_come_later_go_where_the_list_is_sorted_and_what_is_chosen_stays_chosen(
    qtbot: QtBot, page: TodayPage
) -> None:
    page.table.sortByColumn(NAME, Qt.SortOrder.AscendingOrder)
    page.table.setCurrentIndex(page.model.index(3, 0))
    chosen = page.chosen_row()
    to_the_end(qtbot, page)
    assert shown(page) == sorted(NEWEST_FIRST)
    assert page.chosen_row() == chosen


def test_older_visits_that_cannot_be_read_are_said_once_and_the_list_stays(
    qtbot: QtBot, page: TodayPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = page.model.rowCount()
    said: list[str] = []
    page.said.connect(said.append)

    def fails(*_: object, **__: object) -> Any:
        raise StorageError("the disk is gone", safe="nothing was changed")

    monkeypatch.setattr(cases, "today", fails)
    to_the_end(qtbot, page)
    assert page.model.rowCount() >= rows
    assert len(said) == 1
    assert "The disk is gone. Nothing was changed." in said[0]


def test_a_search_that_nobody_waits_for_is_stopped_and_the_last_one_is_answered(
    qtbot: QtBot, page: TodayPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, true, stopped = threading.Event(), cases.today, threading.Event()

    def slow(lib: Library, *, search: str = "", ctx: Any, **options: Any) -> Any:
        if search != "na":
            return true(lib, search=search, ctx=ctx, **options)
        asked.set()
        while True:  # as a statement that the database is at for long
            try:
                ctx.check()
            except BaseException:
                stopped.set()
                raise

    monkeypatch.setattr(cases, "today", slow)
    page.search.setText("na")
    qtbot.waitUntil(asked.is_set)
    page.search.setText("name07")
    settle(qtbot, page)
    assert stopped.is_set()
    assert shown(page) == ["Name07"]


def test_the_model_asks_once_until_it_is_answered(session: Session) -> None:
    rows = work_rows(session.today(), BEGUN)
    model, asked = WorklistModel(), list[None]()
    model.more_wanted.connect(lambda: asked.append(None))
    model.show_rows(rows[:10])
    assert not model.canFetchMore()
    model.show_rows(rows[:10], more=True)
    for _ in range(3):
        model.fetchMore()
    assert len(asked) == 1
    model.add_rows(rows[5:30], more=True)  # what was added meanwhile moves the pages: no visit stands there twice
    assert [model.row(place) for place in range(model.rowCount())] == list(rows[:30])
    assert model.canFetchMore()
    model.add_rows((), more=False)
    assert not model.canFetchMore()


def whole(page: TodayPage) -> bool:
    """Whether the search field has its room, and each button that is there all that it asks for."""
    there = [button for button in page._buttons if button.isVisible()]
    there += [page._more] if page._more.isVisible() else []
    return page.search.width() >= SEARCH and all(button.width() >= button.sizeHint().width() for button in there)


@pytest.mark.parametrize("theme_name", ["dark", "light"])
@pytest.mark.parametrize(("window", "buttons"), [((1366, 768), 7), (SMALLEST, 3)])
def test_the_search_keeps_its_room_and_nothing_beside_it_is_cut(
    qtbot: QtBot,
    open_window: Opened,
    tmp_path: Path,
    library_from: Callable[..., None],
    theme_name: str,
    window: tuple[int, int],
    buttons: int,
) -> None:
    library_from(tmp_path / "many", many)
    opened = open_window(tmp_path / "many", settings=Settings(theme=theme_name))
    assert opened.desk is not None
    page = opened.desk.today
    page._total = 20_000
    page._say_how_many()
    opened.resize(*window)
    qtbot.waitUntil(lambda: opened.width() == window[0] and whole(page))
    assert sum(button.isVisible() for button in page._buttons) == buttons
    behind = [one.text() for one in page._more.menu().actions() if one.isVisible()]
    assert behind == [action.text() for action, button in zip(page._actions, page._buttons, strict=True)
                      if not button.isVisible()]  # none is lost  # fmt: skip
    assert page._more.isVisible() is bool(behind)
    assert page.count.text() == f"{VISITS} of 20,000 visits; scroll down for older ones"


def test_larger_letters_leave_the_search_its_room(qtbot: QtBot, page: TodayPage) -> None:
    before = sum(button.isVisible() for button in page._buttons)
    font = page.font()
    font.setPointSizeF(2 * font.pointSizeF())
    page.setFont(font)
    qtbot.waitUntil(lambda: whole(page))
    assert sum(button.isVisible() for button in page._buttons) < before
    assert page._more.isVisible()
    wanted: list[object] = []
    page.import_wanted.connect(wanted.append)
    page._more.menu().actions()[-1].trigger()
    assert wanted == [[]]
