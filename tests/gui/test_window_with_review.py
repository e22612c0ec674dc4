"""The window with its real Review page."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QTextBrowser
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui import theme
from pfm_desktop.gui.main_window import REVIEW, SETTINGS, TODAY
from pfm_desktop.services import review

from .conftest import PAGES, Opened

pytestmark = pytest.mark.slow

REPORT_TAB = 3
CTRL = Qt.KeyboardModifier.ControlModifier


def test_no_two_commands_that_could_be_meant_at_once_share_a_key(
    open_real_window: Opened, library_folder: Path
) -> None:
    book = open_real_window(library_folder).book
    clashes = [
        f"{row.group}: {row.text} ({keys}) and {book.conflict(row.id, keys)}"
        for row in book.rows()
        for keys in row.shortcut.split(" or ")
        if book.conflict(row.id, keys)
    ]
    assert {row.group for row in book.rows()} == {"Window", "Today", "Review", "Capture", "Annotate", "Models"}
    assert not clashes


@pytest.mark.slow
def test_a_visit_opened_by_enter_is_reviewed_and_an_edit_is_undone_from_the_stage(
    qtbot: QtBot, open_real_window: Opened, library_folder: Path
) -> None:
    window = open_real_window(library_folder)
    desk, session = window.desk, window.session
    assert desk is not None
    assert session is not None
    qtbot.keyClick(desk.today.search, Qt.Key.Key_Return)
    page = desk.page(REVIEW)
    assert window.stack.currentWidget() is page
    qtbot.waitUntil(lambda: page.idle, timeout=60_000)  # type: ignore[attr-defined]
    assert session.case is not None
    visit_id = session.case.visit.id
    session.perform(lambda lib: review.set_impression(lib, visit_id, Grade.NORMAL))
    qtbot.keyClick(page.focusWidget() or page, Qt.Key.Key_Z, CTRL)
    assert session.case.findings.impression is Grade.HIGH
    window.show_page(SETTINGS)
    window.show_page(REVIEW)
    assert window.focusWidget() is page.stage  # type: ignore[attr-defined]
    field = page.side.findings.findChild(QPlainTextEdit)  # type: ignore[attr-defined]
    field.setFocus()
    window.show_page(TODAY)
    window.open_visit(visit_id)
    assert window.focusWidget() is page.stage, "a key of the stage would be typed into a note"  # type: ignore[attr-defined]
    assert window.patient.name.text() == "Adler, Anna"


@pytest.mark.slow
def test_changing_the_library_while_a_visit_is_open_leaves_nothing_of_it_behind(
    qtbot: QtBot, open_real_window: Opened, library_folder: Path, tmp_path: Path
) -> None:
    window = open_real_window(library_folder)
    before = window.desk
    assert before is not None
    window.open_visit(before.session.today("Adler")[0].visit.id)
    qtbot.waitUntil(lambda: before.page(REVIEW).idle, timeout=60_000)  # type: ignore[attr-defined]
    window._create_chosen(str(tmp_path / "mine"))
    window.entrance.making.plain.click()
    qtbot.mouseClick(window.entrance.making.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.desk is not before and window.desk is not None, timeout=20_000)
    assert window.patient.name.accessibleName() == "No visit open"
    assert window.stack.count() <= 3  # opening page, Today, and what was made since
    qtbot.waitUntil(lambda: window.desk is not None and len(window.desk.made) == PAGES, timeout=20_000)


@pytest.mark.parametrize("report_in_front", [True, False])
def test_the_preview_of_a_report_is_readable_once_the_theme_is_another(
    qtbot: QtBot, open_real_window: Opened, library_folder: Path, report_in_front: bool
) -> None:
    window = open_real_window(library_folder)
    assert window.session is not None
    assert window.desk is not None
    window.open_visit(window.session.today("Adler")[0].visit.id)
    page = window.desk.page(REVIEW)
    side = page.side  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: page.idle, timeout=60_000)  # type: ignore[attr-defined]
    side.go_to(REPORT_TAB)
    qtbot.waitUntil(lambda: bool(_inks(side.report.preview)) and side.report.idle, timeout=60_000)
    if not report_in_front:
        side.go_to(0)
    for _ in range(3):
        qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_L, CTRL | Qt.KeyboardModifier.ShiftModifier)
        side.go_to(REPORT_TAB)
        paper = side.report.preview.palette().base().color().name()
        assert paper == theme.theme_of(window.settings.theme).field.lower()
        assert all(theme.contrast(ink, paper) >= 4.5 for ink in _inks(side.report.preview))


def _inks(preview: QTextBrowser) -> set[str]:
    """Colours of its words."""
    found, block = set(), preview.document().begin()
    while block.isValid():
        found |= {piece.fragment().charFormat().foreground().color().name() for piece in block}
        block = block.next()
    return found
