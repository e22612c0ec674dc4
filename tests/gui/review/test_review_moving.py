"""Pictures that lie with the wrong woman are moved from the filmstrip, after a question that names both."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.gui.pages.review.pictures import CHOOSE_FIRST
from pfm_desktop.gui.undo import Undo
from pfm_desktop.gui.widgets.move_form import MoveForm
from pfm_desktop.services import cases, review
from pfm_desktop.viewmodels.session import Session

from .conftest import Clinic, Opened, settle

pytestmark = pytest.mark.slow  # each test opens visits and waits for pictures

RETURN, CTRL = Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def adler(clinic: Clinic, opened: Opened) -> str:
    """Her visit is open."""
    opened(clinic.adler)
    return clinic.adler


def asked(qtbot: QtBot, page: ReviewPage, search: str = "") -> MoveForm:
    form = page.pictures.move_form
    assert form.isVisible()
    qtbot.waitUntil(lambda: form.idle, timeout=10_000)
    if search:
        qtbot.keyClicks(form.search, search)
        qtbot.waitUntil(lambda: form.idle, timeout=10_000)
    return form


def command(page: ReviewPage) -> QAction:
    return next(one for one in page.page_actions() if one.objectName() == "review.move_pictures")


def counted(clinic: Clinic, *visits: str) -> list[int]:
    return [len(cases.visit_case(clinic.lib, visit).pictures) for visit in visits]


@pytest.mark.usefixtures("enter_key")
def test_all_that_is_chosen_moves_by_keys_and_undo_brings_it_back(
    qtbot: QtBot, clinic: Clinic, page: ReviewPage, undo: Undo, adler: str
) -> None:
    strip = page.pictures.filmstrip
    strip.list.setFocus()
    strip.list.selectAll()
    before = counted(clinic, clinic.adler, clinic.brandt)
    qtbot.keyClick(strip.list, Qt.Key.Key_M, CTRL)
    form = asked(qtbot, page, "brandt")
    assert form.search.hasFocus()
    assert strip.isHidden()
    said = form.question.text().splitlines()
    assert said[0] == f"Move {before[0]} pictures"
    assert said[1].startswith("from Adler, Anna, born unknown, ID P-1, visit of ")
    assert said[2].startswith("to Brandt, Berta, born unknown, ID P-2, visit of ")
    qtbot.keyClick(form.search, RETURN)
    assert form.why.hasFocus(), "not without a reason"
    qtbot.keyClicks(form.why, "her sister's")
    qtbot.keyClick(form.why, RETURN)
    assert form.go.hasFocus()
    qtbot.keyClick(form.go, RETURN)
    settle(qtbot, page)
    assert form.isHidden()
    assert counted(clinic, clinic.adler, clinic.brandt) == [0, sum(before)]
    assert undo.undo_text == f"{before[0]} pictures moved"
    assert undo.undo()
    settle(qtbot, page)
    assert counted(clinic, clinic.adler, clinic.brandt) == before
    assert strip.isVisible()


def test_the_menu_offers_it_and_escape_gives_it_up(qtbot: QtBot, clinic: Clinic, page: ReviewPage, adler: str) -> None:
    strip = page.pictures.filmstrip
    strip.list.setCurrentRow(0)
    menu = strip.list.menu()
    next(one for one in menu.actions() if one.text() == "Move to another visit...").trigger()
    menu.close()
    form = asked(qtbot, page)
    assert form.question.text().startswith("Move 1 picture\n")
    before = counted(clinic, clinic.adler, clinic.brandt)
    qtbot.keyClick(form.search, Qt.Key.Key_Escape)
    assert strip.isVisible()
    assert counted(clinic, clinic.adler, clinic.brandt) == before


def test_what_cannot_be_moved_is_said_in_the_form(qtbot: QtBot, clinic: Clinic, page: ReviewPage, adler: str) -> None:
    review.set_impression(clinic.lib, adler, Grade.LOW)
    review.reveal(clinic.lib, adler, "Dr. Test")
    page.pictures.filmstrip.list.selectAll()
    command(page).trigger()
    form = asked(qtbot, page, "brandt")
    qtbot.keyClicks(form.why, "mixed up")
    qtbot.mouseClick(form.go, Qt.MouseButton.LeftButton)
    assert "the AI answer about its pair was revealed" in form.problem.text()
    assert form.isVisible()


def test_where_none_is_chosen_or_the_visit_is_signed_it_is_said(
    qtbot: QtBot, session: Session, page: ReviewPage, adler: str, problems: list[str]
) -> None:
    page.pictures.filmstrip.list.clearSelection()
    command(page).trigger()
    assert problems == [CHOOSE_FIRST]
    session.perform(lambda lib: review.set_impression(lib, adler, Grade.LOW))
    session.perform(lambda lib: review.sign(lib, adler, "Dr. Test", "read"))
    settle(qtbot, page)
    page.pictures.filmstrip.list.selectAll()
    command(page).trigger()
    assert page.pictures.move_form.isHidden()
    assert problems[-1].startswith("No picture can be moved. Signed by Dr. Test")


def test_another_visit_on_the_desk_ends_the_question(
    qtbot: QtBot, clinic: Clinic, page: ReviewPage, opened: Opened, adler: str
) -> None:
    page.pictures.filmstrip.list.selectAll()
    command(page).trigger()
    asked(qtbot, page)
    opened(clinic.brandt)
    assert page.pictures.move_form.isHidden()
