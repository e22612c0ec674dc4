"""Today: search as you type, keys, opening, empty states."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.pages.today import TodayPage
from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.worklist_columns import widths_in
from pfm_desktop.storage.library import Library
from pfm_desktop.support.moments import moment
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.session import Session
from pfm_desktop.viewmodels.worklist import BORN, COLUMNS, IDENTIFIER, IMPRESSION, INDICATION, NAME, PICTURES, WHEN

from .conftest import Opened

pytestmark = pytest.mark.slow


@pytest.fixture
def today(qtbot: QtBot, session: Session) -> Iterator[TodayPage]:
    page = TodayPage(session, QtJobs())
    qtbot.addWidget(page)
    page.show()
    qtbot.waitExposed(page)
    yield page
    qtbot.waitUntil(lambda: page.idle)


def names(page: TodayPage) -> list[str]:
    return [page.model.index(row, NAME).data() for row in range(page.model.rowCount())]


def searched(qtbot: QtBot, page: TodayPage, text: str) -> None:
    qtbot.keyClicks(page.search, text)
    qtbot.waitUntil(lambda: page.idle)


def test_visits_of_today_come_first_and_say_what_there_is(today: TodayPage) -> None:
    assert names(today) == ["Adler, Anna", "Brandt, Berta", "Chen, Chiara"]
    first = [today.model.index(0, column).data() for column in range(today.model.columnCount())]
    assert first[WHEN].startswith(("Today", "Yesterday"))  # a second before midnight it was yesterday
    assert first[PICTURES] == "both sources (2)"
    assert first[IMPRESSION] == "high"
    assert today.model.index(1, PICTURES).data() == "white light (1)"
    assert today.model.index(2, PICTURES).data() == "none"
    assert today.model.index(2, IMPRESSION).data() == "not read yet"


def test_a_time_carries_its_zone_in_the_tooltip_and_for_the_screen_reader(today: TodayPage) -> None:
    at = moment(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    cell = today.model.index(2, WHEN)
    assert at.startswith(cell.data())
    assert cell.data(Qt.ItemDataRole.ToolTipRole) == at
    assert cell.data(Qt.ItemDataRole.AccessibleTextRole) == f"When: {at}"
    row = today.model.row(2)
    assert row is not None
    today.intake.add_pictures(row)
    assert at in today.intake.about.text()


def test_dates_have_room_in_their_columns(today: TodayPage) -> None:
    today.resize(1000, 700)
    metrics = today.table.fontMetrics()
    for column, words in ((WHEN, "28 Nov 2026 20:08"), (BORN, "28 Nov 1988")):
        assert today.table.columnWidth(column) >= metrics.horizontalAdvance(words) + 12


def titles_in_sight(page: TodayPage) -> list[str]:
    header = page.table.horizontalHeader()
    return [
        title
        for column, title in enumerate(COLUMNS)
        if not header.isSectionHidden(column)
        and header.sectionViewportPosition(column) + header.sectionSize(column) <= page.table.viewport().width()
    ]


def test_a_wide_screen_is_used_to_its_edge_by_name_number_and_indication(today: TodayPage) -> None:
    sizes = {}
    for width in (1400, 3700):
        today.resize(width, 900)
        columns = {column: today.table.columnWidth(column) for column in range(len(COLUMNS))}
        assert sum(columns.values()) == today.table.viewport().width()
        sizes[width] = columns
    wider = {column for column in sizes[1400] if sizes[3700][column] > sizes[1400][column]}
    assert wider == {NAME, IDENTIFIER, INDICATION}


def test_beside_the_form_a_name_has_more_room_than_what_can_be_looked_up() -> None:
    widths = widths_in(806, {})  # a window of 1366 pixels with the form open
    assert widths[NAME] >= 135
    assert {BORN, INDICATION, IMPRESSION} <= set(widths)


@pytest.mark.parametrize(
    ("width", "gone"),
    [
        (1300, set()),
        (960, {"Pictures"}),
        (870, {"Pictures", "Histology"}),
        (700, {"Pictures", "Histology", "Born"}),
        (500, {"Pictures", "Histology", "Born", "Indication", "ID"}),
        (400, {"Pictures", "Histology", "Born", "Indication", "ID"}),
    ],
)
def test_in_a_narrow_list_other_columns_go_before_impression_and_signed(
    qtbot: QtBot, today: TodayPage, width: int, gone: set[str]
) -> None:
    today.resize(1400, 700)
    today.table.setFixedWidth(width)
    qtbot.waitUntil(lambda: today.table.width() == width)
    assert titles_in_sight(today) == [title for title in COLUMNS if title not in gone]
    today.table.setFixedWidth(1300)
    qtbot.waitUntil(lambda: titles_in_sight(today) == list(COLUMNS))


def test_a_width_that_was_dragged_stays(today: TodayPage) -> None:
    today.resize(1300, 700)
    today.table.horizontalHeader().resizeSection(NAME, 333)
    today.resize(2000, 700)
    assert today.table.columnWidth(NAME) == 333
    assert titles_in_sight(today) == list(COLUMNS)


def test_undo_is_left_to_the_window_while_nothing_was_typed(qtbot: QtBot, today: TodayPage) -> None:
    def wanted() -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        event.ignore()
        QApplication.sendEvent(today.search, event)
        return event.isAccepted()

    assert not wanted()
    qtbot.keyClicks(today.search, "adl")
    assert wanted()
    qtbot.waitUntil(lambda: today.idle)


Z, Y, CTRL = Qt.Key.Key_Z, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def today_in_window(open_window: Opened, library_folder: Path) -> TodayPage:
    """Today in the window, where undo is at hand."""
    desk = open_window(library_folder).desk
    assert desk is not None
    return desk.today


def corrected(qtbot: QtBot, page: TodayPage) -> None:
    """The woman of the chosen row, who is Brandt, becomes Brand."""
    row = page.chosen_row()
    assert row is not None
    page.intake.edit_patient(row)
    page.intake.person["family_name"].setText("Brand")
    qtbot.mouseClick(page.intake.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.idle)


def test_undo_in_the_search_field_is_the_lists_and_brings_no_old_search_back(
    qtbot: QtBot, today_in_window: TodayPage
) -> None:
    page = today_in_window
    page.search.setFocus()
    searched(qtbot, page, "brandt")
    corrected(qtbot, page)
    assert page.search.text() == ""
    page.focus_search()
    for key, name in ((Z, "Brandt, Berta"), (Y, "Brand, Berta"), (Z, "Brandt, Berta"), (Z, "Brandt, Berta")):
        qtbot.keyClick(page.search, key, CTRL)
        qtbot.waitUntil(lambda: page.idle)
        assert page.search.text() == ""
        assert names(page) == ["Adler, Anna", name, "Chen, Chiara"]


def test_a_search_that_was_cleared_by_escape_or_its_button_is_no_undo_step(qtbot: QtBot, today: TodayPage) -> None:
    for clear in (lambda: qtbot.keyClick(today.search, Qt.Key.Key_Escape), today.search.clear):
        searched(qtbot, today, "brandt")
        clear()
        qtbot.keyClick(today.search, Z, CTRL)
        assert today.search.text() == ""
    qtbot.waitUntil(lambda: today.idle)


def test_what_is_being_typed_can_be_undone_in_the_field_until_the_keys_go_elsewhere(
    qtbot: QtBot, today: TodayPage
) -> None:
    today.search.setFocus()
    qtbot.keyClicks(today.search, "adl")
    qtbot.keyClick(today.search, Z, CTRL)
    assert today.search.text() == ""
    qtbot.keyClicks(today.search, "adl")
    today.table.setFocus()
    today.search.setFocus()
    qtbot.keyClick(today.search, Z, CTRL)
    assert today.search.text() == "adl"
    qtbot.waitUntil(lambda: today.idle)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("brandt", ["Brandt, Berta"]),
        ("P-003", ["Chen, Chiara"]),
        ("high", ["Adler, Anna"]),
        ("2026-03-02", ["Chen, Chiara"]),
        ("02 Mar 2026", ["Chen, Chiara"]),
        ("chi che", ["Chen, Chiara"]),
    ],
)
def test_search_finds_by_name_number_impression_and_date(
    qtbot: QtBot, today: TodayPage, typed: str, found: list[str]
) -> None:
    searched(qtbot, today, typed)
    assert names(today) == found


def test_the_last_key_counts_however_fast_it_comes(qtbot: QtBot, today: TodayPage) -> None:
    qtbot.keyClicks(today.search, "adler")
    today.read_again()  # an answer is under way when the next key comes
    today.search.clear()
    qtbot.keyClicks(today.search, "chen")
    qtbot.waitUntil(lambda: today.idle)
    assert names(today) == ["Chen, Chiara"]


def test_enter_opens_what_was_typed_even_before_the_answer_is_there(qtbot: QtBot, today: TodayPage) -> None:
    chosen: list[str] = []
    today.visit_chosen.connect(chosen.append)
    qtbot.keyClicks(today.search, "brandt")
    qtbot.keyClick(today.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(chosen))
    assert names(today) == ["Brandt, Berta"]
    row = today.chosen_row()
    assert row is not None
    assert chosen == [row.visit_id]


def test_arrows_in_the_search_field_move_the_list_and_enter_opens(qtbot: QtBot, today: TodayPage) -> None:
    today.search.setFocus()
    qtbot.keyClick(today.search, Qt.Key.Key_Down)
    row = today.chosen_row()
    assert row is not None
    assert row.cells[NAME] == "Brandt, Berta"
    with qtbot.waitSignal(today.visit_chosen) as opened:
        qtbot.keyClick(today.search, Qt.Key.Key_Return)
    assert opened.args == [row.visit_id]


def test_double_click_opens(qtbot: QtBot, today: TodayPage) -> None:
    spot = today.table.visualRect(today.model.index(1, NAME)).center()
    qtbot.mouseClick(today.table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    with qtbot.waitSignal(today.visit_chosen) as opened:
        qtbot.mouseDClick(today.table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    row = today.model.row(1)
    assert row is not None
    assert opened.args == [row.visit_id]


def test_escape_clears_the_search(qtbot: QtBot, today: TodayPage) -> None:
    searched(qtbot, today, "nobody")
    assert names(today) == []
    qtbot.keyClick(today.search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: today.idle)
    assert len(names(today)) == 3


def test_nothing_found_says_for_what_and_what_to_do(qtbot: QtBot, today: TodayPage) -> None:
    searched(qtbot, today, "zzz")
    assert today.empty.isVisible()
    assert 'Nothing found for "zzz"' in today.empty.text()
    assert "Escape" in today.empty.text()


def test_sorting_by_a_column_keeps_the_chosen_visit(qtbot: QtBot, today: TodayPage) -> None:
    today.table.setCurrentIndex(today.model.index(0, 0))
    chosen = today.chosen_row()
    header = today.table.horizontalHeader()
    spot = header.sectionViewportPosition(NAME) + 20
    for _ in range(2):  # ascending, then descending
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=header.rect().topLeft().__class__(spot, 8))
    assert names(today) == ["Chen, Chiara", "Brandt, Berta", "Adler, Anna"]
    assert today.chosen_row() == chosen


def test_a_library_without_visits_says_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    with Library.create(tmp_path / "empty") as lib:
        page = TodayPage(Session(lib, Settings()), QtJobs())
        qtbot.addWidget(page)
        page.show()
        assert "New patient" in page.empty.text()
        assert page.empty.isVisible()
        assert not page.page_actions()[0].isEnabled()  # nothing to open
        assert page.page_actions()[1].isEnabled()


def test_ctrl_z_in_the_search_field_takes_a_correction_back_and_the_list_shows_it(
    qtbot: QtBot, today_in_window: TodayPage
) -> None:
    page = today_in_window
    page.table.setCurrentIndex(page.model.index(1, 0))
    corrected(qtbot, page)
    assert "Brand, Berta" in names(page)
    page.focus_search()
    qtbot.keyClick(page.search, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.idle and "Brandt, Berta" in names(page))


def test_who_moves_on_while_the_list_is_read_again_is_not_put_back(
    today: TodayPage, session: Session, qtbot: QtBot
) -> None:
    """Down and Enter after a visit open the next one, and not the one that was just signed."""
    first, second = today.model.row(0), today.model.row(1)
    assert first is not None
    assert second is not None
    session.open_visit(first.visit_id)
    today.table.setCurrentIndex(today.model.index(2, NAME))
    today.search.setFocus()
    today.entered()
    assert today.chosen_row() == first, "at once, so that the next key moves on from there"
    assert not today.idle
    qtbot.keyClick(today.search, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: today.idle)
    assert today.chosen_row() == second
    with qtbot.waitSignal(today.visit_chosen) as chosen:
        qtbot.keyClick(today.search, Qt.Key.Key_Return)
    assert chosen.args == [second.visit_id]
