"""The window: pages, keys, undo and redo, themes, messages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.main_window import ANNOTATE, MODELS, REVIEW, SETTINGS, TODAY, MainWindow
from pfm_desktop.gui.window_place import LEAST_OF_PAGES, SMALLEST
from pfm_desktop.services import cases, review
from pfm_desktop.support.settings import load_settings
from pfm_desktop.viewmodels.worklist import NAME

from .conftest import FakeReviewPage, Opened

pytestmark = pytest.mark.slow

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def open_first_visit(qtbot: QtBot, window: MainWindow) -> FakeReviewPage:
    assert window.desk is not None
    qtbot.keyClick(window.desk.today.search, Qt.Key.Key_Return)
    page = window.stack.currentWidget()
    assert isinstance(page, FakeReviewPage)
    return page


def shown_name(window: MainWindow) -> str:
    assert window.desk is not None
    row = window.desk.today.chosen_row()
    assert row is not None
    return row.cells[NAME]


def impression(window: MainWindow) -> Grade | None:
    assert window.session is not None
    assert window.session.case is not None
    return window.session.case.findings.impression


def set_impression(window: MainWindow, grade: Grade) -> None:
    session = window.session
    assert session is not None
    assert session.case is not None
    visit_id = session.case.visit.id
    assert session.perform(lambda lib: review.set_impression(lib, visit_id, grade)) is not None


def test_the_today_list_is_filled_when_the_window_says_it_is_ready(open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    assert window.stack.currentWidget() is window.desk.today
    assert window.desk.today.model.rowCount() == 3


def test_control_and_a_number_switch_pages(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    desk = window.desk
    assert desk is not None
    keys = (Qt.Key.Key_4, ANNOTATE), (Qt.Key.Key_5, MODELS), (Qt.Key.Key_6, SETTINGS), (Qt.Key.Key_1, TODAY)
    for key, index in keys:
        qtbot.keyClick(window, key, CTRL)
        assert window.stack.currentWidget() is desk.page(index)
        assert desk.index_of(window.stack.currentWidget()) == index


def test_the_rail_switches_pages_by_mouse(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    from PySide6.QtWidgets import QToolButton

    window = open_window(library_folder)
    assert window.desk is not None
    button = next(button for button in window.rail.findChildren(QToolButton) if button.text() == "Models")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.stack.currentWidget() is window.desk.page(MODELS)


def test_review_cannot_be_reached_before_a_visit_is_open(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    qtbot.keyClick(window, Qt.Key.Key_2, CTRL)
    assert window.stack.currentWidget() is window.desk.today
    open_first_visit(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_1, CTRL)
    qtbot.keyClick(window, Qt.Key.Key_2, CTRL)
    assert window.stack.currentWidget() is window.desk.page(REVIEW)


def test_name_birth_date_and_number_stay_in_sight_on_every_page_once_a_visit_is_open(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    open_first_visit(qtbot, window)
    for index in (REVIEW, TODAY, MODELS, SETTINGS):
        window.show_page(index)
        assert window.patient.name.text() == "Adler, Anna"
        in_list = index == TODAY  # there somebody else may be worked on: no large name contradicts the form
        assert window.patient.name.isVisible() is not in_list
        assert window.patient.facts.text().startswith("Open in Review: Adler, Anna ") is in_list
        assert "14\N{NO-BREAK SPACE}Mar\N{NO-BREAK SPACE}1988" in window.patient.facts.text()
        assert "P-001" in window.patient.facts.text()


def test_an_edit_is_undone_and_done_again_by_key(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    page = open_first_visit(qtbot, window)
    set_impression(window, Grade.LOW)
    qtbot.keyClick(page, Qt.Key.Key_Z, CTRL)
    assert impression(window) is Grade.HIGH
    assert "low" in window.strip.noted
    qtbot.keyClick(page, Qt.Key.Key_Z, CTRL | SHIFT)
    assert impression(window) is Grade.LOW


def test_back_on_today_the_list_stands_on_the_visit_that_is_open(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    assert window.session is not None
    today = window.desk.today
    window.open_visit(window.session.today("Chen")[0].visit.id)
    qtbot.keyClick(window, Qt.Key.Key_1, CTRL)
    qtbot.waitUntil(lambda: today.idle)
    row = today.chosen_row()
    assert row is not None
    assert "Chen" in row.cells[NAME]


def test_undo_says_in_the_menu_what_it_would_take_back(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    open_first_visit(qtbot, window)
    assert not window.book.action("edit.undo").isEnabled()
    set_impression(window, Grade.NORMAL)
    assert "Impression: normal" in window.book.action("edit.undo").text()


def test_a_refused_undo_is_said_and_can_be_tried_again(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    page = open_first_visit(qtbot, window)
    set_impression(window, Grade.LOW)
    session = window.session
    assert session is not None
    assert session.case is not None
    visit_id = session.case.visit.id
    review.set_impression(session.library, visit_id, Grade.CANCER)  # behind the back of the undo stack
    qtbot.keyClick(page, Qt.Key.Key_Z, CTRL)
    session.refresh()
    assert impression(window) is Grade.CANCER
    assert window.messages.text
    review.set_impression(session.library, visit_id, Grade.LOW)
    qtbot.keyClick(page, Qt.Key.Key_Z, CTRL)
    assert impression(window) is Grade.HIGH


def test_undo_never_reaches_into_a_visit_that_is_not_on_the_desk(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    open_first_visit(qtbot, window)
    set_impression(window, Grade.LOW)
    session = window.session
    assert session is not None
    assert session.case is not None
    first, second = session.case.visit.id, session.today("Brandt")[0].visit.id
    window.open_visit(second)
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert cases.visit_case(session.library, first).findings.impression is Grade.LOW
    window.open_visit(first)
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert impression(window) is Grade.HIGH


def test_the_theme_changes_at_once_and_is_kept(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    dark = QApplication.palette().window().color()
    qtbot.keyClick(window, Qt.Key.Key_L, CTRL | SHIFT)
    assert QApplication.palette().window().color().lightness() > dark.lightness()
    assert load_settings().theme == "light"
    qtbot.keyClick(window, Qt.Key.Key_L, CTRL | SHIFT)
    assert QApplication.palette().window().color() == dark


def test_page_commands_have_a_menu_while_the_page_is_shown_and_act_by_key(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)

    def menus() -> list[str]:
        return [action.text() for action in window.menuBar().actions() if action.isVisible()]

    assert "Re&view" not in menus()
    page = open_first_visit(qtbot, window)
    assert "Re&view" in menus()
    qtbot.keyClick(page.field, Qt.Key.Key_J, CTRL)
    assert page.swiped == 1
    window.show_page(SETTINGS)
    qtbot.keyClick(window, Qt.Key.Key_J, CTRL)
    assert page.swiped == 1


def test_the_list_of_all_keys_has_every_key_and_escape_goes_back(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    qtbot.keyClick(window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    page = window.desk.shortcuts(window.book)
    assert window.stack.currentWidget() is page
    said = {page.table.item(row, 1).text() for row in range(page.table.rowCount())}  # type: ignore[attr-defined]
    assert {"Undo", "Swipe", "Find a visit", "Loupe"} <= said
    qtbot.keyClicks(page.filter, "undo")  # type: ignore[attr-defined]
    assert page.table.rowCount() < len(said)  # type: ignore[attr-defined]
    qtbot.keyClick(page.filter, Qt.Key.Key_Escape)  # type: ignore[attr-defined]
    assert window.stack.currentWidget() is window.desk.today


def test_every_action_of_the_window_with_a_key_shows_it_in_a_menu(open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    shown = {action for menu in window.menuBar().actions() if menu.menu() for action in menu.menu().actions()}
    assert {action for action in window.book.group("Window") if action.shortcuts()} <= shown


def test_no_two_actions_share_a_key(open_window: Opened, library_folder: Path) -> None:
    book = open_window(library_folder).book
    clashes = [
        f"{row.text}: {keys} also {book.conflict(row.id, keys)}"
        for row in book.rows()
        for keys in row.shortcut.split(" or ")
        if book.conflict(row.id, keys)
    ]
    assert not clashes


def test_a_problem_stays_until_it_is_closed_and_the_earlier_one_comes_back(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    window.messages.problem("the first")
    window.messages.note("a note")
    window.messages.problem("the second")
    assert window.messages.text == "The second"
    shown = [label.text() for label in window.messages.findChildren(QLabel) if not label.isHidden()]
    assert re.search(r"\bat \d\d:\d\d, 1 earlier\b", " ".join(shown))  # what was done since may have gone well
    qtbot.keyClick(window, Qt.Key.Key_M, CTRL | SHIFT)
    assert window.messages.text == "The first"
    window.messages.close_top()
    assert window.messages.isHidden()


def test_a_visit_that_cannot_be_read_is_said_and_the_page_stays(open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    window.open_visit("not a visit")
    assert "not in the library" in window.messages.text
    assert window.stack.currentWidget() is window.desk.today


def test_what_was_said_about_one_visit_does_not_stand_over_another(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    open_first_visit(qtbot, window)
    set_impression(window, Grade.NORMAL)
    window.book.action("edit.undo").trigger()
    window.messages.problem("the picture of Adler cannot be read")
    session = window.session
    assert session is not None
    assert session.case is not None
    same, other = session.case.visit.id, session.today("Brandt")[0].visit.id
    window.open_visit(same)
    assert "Adler" in window.messages.text
    assert "Undone" in window.strip.noted
    window.open_visit(other)
    assert not window.messages.held
    assert not window.strip.noted


def test_a_correction_that_is_undone_is_gone_from_the_list_too(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    open_first_visit(qtbot, window)
    window.show_page(TODAY)
    assert window.desk is not None
    today = window.desk.today
    qtbot.waitUntil(lambda: today.idle)
    next(action for action in today.page_actions() if action.objectName() == "today.edit_patient").trigger()
    today.intake.person["family_name"].setText("Adlon")
    qtbot.mouseClick(today.intake.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: today.idle)
    assert "Adlon" in shown_name(window)
    assert "Adlon" in window.patient.name.text()
    window.book.action("edit.undo").trigger()
    qtbot.waitUntil(lambda: today.idle)
    assert "Adler" in shown_name(window)


def test_what_is_said_while_a_visit_opens_stays(open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    session = window.session
    assert session is not None
    window.messages.problem("about the one before")
    session.on_case.append(lambda _case: window.messages.problem("about this one"))
    window.open_visit(session.today("Brandt")[0].visit.id)
    assert [text for _, text in window.messages.held] == ["About this one"]


def test_a_window_larger_than_the_screen_is_made_to_fit_and_takes_all_of_it(qtbot: QtBot) -> None:
    window = MainWindow(load_settings())
    qtbot.addWidget(window)
    room = window.screen().availableGeometry()
    assert room.width() < 1366
    window.show()
    qtbot.waitExposed(window)
    assert window.isMaximized()
    assert window.width() <= room.width()
    assert window.height() <= room.height()
    assert window.strip.mapTo(window, window.strip.rect().bottomLeft()).y() < window.height()


def test_today_fits_into_the_narrowest_window(open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    assert window.desk.today.minimumSizeHint().width() + window.rail.sizeHint().width() <= SMALLEST[0]


def test_a_kept_size_that_the_screen_no_longer_holds_is_made_to_fit(qtbot: QtBot) -> None:
    before = MainWindow(load_settings())
    qtbot.addWidget(before)
    before.resize(1900, 1000)
    before.place.keep()
    again = MainWindow(load_settings())
    qtbot.addWidget(again)
    room = again.screen().availableGeometry()
    assert again.width() <= room.width()
    assert again.height() <= room.height()


def test_the_size_of_the_window_is_remembered(qtbot: QtBot, open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    window.resize(1200, 701)  # the offscreen screen is 800 pixels wide and high
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    again = MainWindow(load_settings())
    qtbot.addWidget(again)
    assert again.height() == 701


@pytest.mark.expects_logged_error
def test_an_error_that_nobody_foresaw_is_logged_without_its_message_and_said_calmly(
    qtbot: QtBot, open_window: Opened, library_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import sys

    from pfm_desktop.support.logs import catch_unexpected

    window = open_window(library_folder)
    restore = catch_unexpected(window.unexpected.emit)
    try:
        sys.excepthook(KeyError, KeyError("Adler, Anna"), None)
    finally:
        restore()
    qtbot.waitUntil(lambda: bool(window.messages.text))
    assert "Everything you entered until then is saved" in window.messages.text
    assert "KeyError" in caplog.text
    assert "Adler" not in caplog.text + window.messages.text


def small(window: MainWindow, width: int, height: int) -> MainWindow:
    """As on a screen that is smaller than what a window needs."""
    window.setMinimumSize(600, 200)
    window.resize(width, height)
    QApplication.processEvents()
    return window


@pytest.mark.parametrize(("width", "height", "scrolls"), [(683, 360, True), (*SMALLEST, False), (1366, 768, False)])
def test_on_a_screen_that_is_too_small_pages_keep_their_room_and_scroll(
    qtbot: QtBot, open_window: Opened, library_folder: Path, width: int, height: int, scrolls: bool
) -> None:
    window = small(open_window(library_folder), width, height)
    area = window.in_sight
    assert window.desk is not None
    for index in (TODAY, ANNOTATE, MODELS, SETTINGS):
        window.show_page(index)
        QApplication.processEvents()
        assert window.size() == QSize(width, height)
        assert window.stack.width() >= LEAST_OF_PAGES[0]
        assert window.stack.height() >= LEAST_OF_PAGES[1]
        bars = area.horizontalScrollBar(), area.verticalScrollBar()
        assert [bar.maximum() > 0 for bar in bars] == [scrolls, scrolls]
        for part in (window.patient, window.rail, window.strip):
            assert window.rect().contains(QRect(part.mapTo(window, QPoint()), part.size()))


def test_the_row_that_a_key_chooses_is_in_sight_on_a_small_screen(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = small(open_window(library_folder), 683, 260)
    desk = window.desk
    assert desk is not None
    table = desk.today.table
    for place in (1, 2):
        window.in_sight.verticalScrollBar().setValue(0)
        qtbot.keyClick(desk.today.search, Qt.Key.Key_Down)
        assert table.currentIndex().row() == place
        row = table.visualRect(table.currentIndex())
        seen = window.in_sight.viewport()
        assert seen.rect().top() <= table.viewport().mapTo(seen, row.topLeft()).y()
        assert table.viewport().mapTo(seen, row.bottomLeft()).y() <= seen.rect().bottom()


def test_the_tab_key_brings_into_sight_what_it_reaches_on_a_small_screen(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = small(open_window(library_folder), 683, 360)
    reached = set()
    for index in (TODAY, SETTINGS):
        window.show_page(index)
        page = window.stack.currentWidget()
        assert page is not None
        for _ in range(40):
            before = window.focusWidget()
            qtbot.keyClick(before, Qt.Key.Key_Tab)
            now = window.focusWidget()
            if page.isAncestorOf(before) and page.isAncestorOf(now):
                QApplication.processEvents()
                assert not now.visibleRegion().isEmpty()
                reached.add(now)
    assert len(reached) > 20
