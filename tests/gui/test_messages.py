"""What the window says at its foot: nothing above it moves, and nothing of it is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.main_window import TITLES, MainWindow
from pfm_desktop.gui.widgets.message_bar import LINES
from pfm_desktop.gui.window_place import SMALLEST

from .conftest import Opened

pytestmark = pytest.mark.slow

SHORT = "the picture was not added. nothing was changed. choose another file"
LONG = (
    "the database of the library in /home/somebody/with/a/long/name/clinic is damaged (database disk image is "
    "malformed). Nothing was changed; the pictures stand in the folder 'pictures'. Put back a backup of "
    "library.sqlite, or choose another library. " * 3
)


def where(window: MainWindow) -> dict[QWidget, QRect]:
    """Where everything that can be clicked on the page stands in the window."""
    for _ in range(3):  # layouts settle in turns
        QApplication.processEvents()
    clickable = [button for button in window.stack.currentWidget().findChildren(QPushButton) if button.isVisible()]
    parts = [window.rail, window.patient, window.stack, window.strip, *clickable]
    return {part: QRect(part.mapTo(window, QPoint(0, 0)), part.size()) for part in parts}


@pytest.mark.slow
@pytest.mark.parametrize("page", range(len(TITLES)))
@pytest.mark.parametrize("text", [SHORT, LONG], ids=["short", "long"])
def test_a_message_that_comes_or_goes_moves_nothing(
    open_window: Opened, library_folder: Path, page: int, text: str
) -> None:
    window = open_window(library_folder)
    assert window.session is not None
    window.open_visit(window.session.today("Adler")[0].visit.id)
    window.show_page(page)
    before = where(window)
    window.messages.problem(text)
    assert window.messages.isVisible()
    assert where(window) == before
    window.messages.note(text[:60])
    assert where(window) == before
    window.messages.close_top()
    window.messages.close_top()
    assert window.messages.isHidden()
    assert where(window) == before


def test_a_message_stands_in_the_foot_of_the_window_even_in_the_narrowest(
    open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    window.resize(*SMALLEST)
    window.strip.note("Undone: Impression: low")
    window.messages.problem(LONG)
    QApplication.processEvents()
    assert window.width() == SMALLEST[0]
    assert window.strip.rect().contains(window.messages.geometry())
    assert window.messages.close_button.isVisible()
    assert window.messages._text.height() >= LINES * window.messages.fontMetrics().lineSpacing()


def test_what_is_cut_is_shown_on_request_and_put_away_again(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    bar = window.messages
    bar.problem(SHORT)
    assert not bar.more.isVisible()
    bar.problem(LONG)
    QApplication.processEvents()
    assert bar.more.isVisible()
    assert bar._text.text().endswith("\u2026")
    assert bar._text.accessibleName().endswith("choose another library.")
    before = where(window)
    qtbot.mouseClick(bar.more, Qt.MouseButton.LeftButton)
    assert bar.whole is not None
    assert bar.whole.isVisible()
    assert bar.whole.geometry().bottom() < window.strip.mapTo(window, QPoint(0, 0)).y() + window.strip.height()
    assert where(window) == before
    qtbot.keyClick(bar, Qt.Key.Key_Escape)
    assert bar.whole is None
    assert bar.text.startswith("The database")
    qtbot.mouseClick(bar.more, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(bar.close_button, Qt.MouseButton.LeftButton)
    assert bar.whole is None
    assert bar.text.startswith("The picture")


def test_what_was_done_last_stays_in_sight_beside_a_message(open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    window.messages.problem(SHORT)
    window.strip.note("Undone: Impression: low")
    QApplication.processEvents()
    assert window.strip._note.isVisible()
    assert window.strip._note.width() > 100
    assert not window.strip._note.geometry().intersects(window.messages.geometry())


def test_a_message_closed_by_key_gives_the_keys_back_to_the_page(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    window.messages.problem(SHORT)
    window.messages.close_button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(window.messages.close_button, Qt.Key.Key_Space)
    assert window.messages.isHidden()
    assert window.desk.today.search.hasFocus()


def test_a_click_on_a_message_or_on_the_name_of_the_woman_leaves_the_keys_with_the_page(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    assert window.desk is not None
    window.desk.today.search.setFocus()
    window.messages.problem(LONG)
    window.messages.more.click()
    whole = window.messages.whole
    assert whole is not None
    for label in (window.messages._text, whole.findChild(QLabel), window.patient.name):
        assert label is not None
        qtbot.mouseClick(label, Qt.MouseButton.LeftButton, pos=QPoint(20, 8))
        assert window.desk.today.search.hasFocus()


def test_words_of_a_message_that_are_chosen_can_be_copied_by_key(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    window.messages.problem(SHORT)
    QApplication.processEvents()
    label = window.messages._text
    qtbot.mouseDClick(label, Qt.MouseButton.LeftButton, pos=QPoint(8, label.height() // 2))
    assert label.selectedText() == "The"
    qtbot.waitUntil(label.hasFocus)
    QApplication.clipboard().clear()
    qtbot.keyClick(label, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "The"
    qtbot.keyClick(label, Qt.Key.Key_Escape)
    assert window.messages.isHidden()


def test_a_note_that_passes_gives_its_room_to_what_was_done_next(open_window: Opened, library_folder: Path) -> None:
    window = open_window(library_folder)
    window.messages.passing("the tour is over")
    window.strip.note("")  # nothing was said
    assert window.messages.text == "The tour is over"
    window.strip.note("Undone: Impression: low")
    assert window.messages.isHidden()
    assert window.strip.noted == "Undone: Impression: low"


def test_a_note_that_passes_goes_by_itself_and_takes_no_other_with_it(
    qtbot: QtBot, open_window: Opened, library_folder: Path
) -> None:
    window = open_window(library_folder)
    window.messages.problem(SHORT)
    window.messages.passing("the tour is over")
    window.messages._goes.start(0)
    qtbot.waitUntil(lambda: window.messages.text == SHORT.capitalize()[:1] + SHORT[1:])
    window.messages.passing("the tour is over")
    window.messages.note("this library is open already")
    window.messages.let_pass()
    assert window.messages.text == "This library is open already"
