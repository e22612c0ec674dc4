"""An outline that was begun and not finished does not go in silence, and never reaches another woman's pictures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.viewmodels.session import Session

from .conftest import Clinic, Opened, click, settle, sign, stage_point

pytestmark = pytest.mark.slow

LOST = "the outline that was begun was not finished and is gone"


def clicked(qtbot: QtBot, page: ReviewPage) -> None:
    """Three corners, not closed."""
    qtbot.keyClick(page.stage, Qt.Key.Key_D)
    for corner in ((20, 20), (60, 20), (60, 50)):
        click(qtbot, page, *corner)
    assert len(page.stage.commands.corners) == 3


def held(qtbot: QtBot, page: ReviewPage) -> None:
    """A stroke whose button is still down."""
    qtbot.keyClick(page.stage, Qt.Key.Key_D)
    qtbot.mousePress(page.stage, Qt.MouseButton.LeftButton, pos=stage_point(page, 20, 20))
    for x in range(22, 60, 4):
        qtbot.mouseMove(page.stage, stage_point(page, x, 30))
    assert page.stage.commands.drawing


def press(page: ReviewPage, id_: str) -> None:
    next(one for one in page.findChildren(QAction) if one.objectName() == id_).trigger()


@pytest.mark.parametrize("begun", [clicked, held])
def test_another_visit_and_another_page_say_that_it_is_gone(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    problems: list[str],
    opened: Opened,
    qtbot: QtBot,
    begun: Callable[[QtBot, ReviewPage], None],
) -> None:
    opened(clinic.adler)
    begun(qtbot, page)
    opened(clinic.brandt)
    (said,) = problems
    assert said.startswith(LOST)
    assert "Adler" not in said, "the next page may be one that hides names"
    assert not page.stage.commands.drawing
    assert session.case is not None
    assert session.case.contours == ()
    opened(clinic.adler)
    begun(qtbot, page)
    page.left()
    assert [text.startswith(LOST) for text in problems] == [True, True]
    assert not page.stage.commands.drawing


@pytest.mark.parametrize("id_", ["review.points", "review.reload"])
def test_so_does_what_puts_something_else_on_the_stage(
    page: ReviewPage, clinic: Clinic, problems: list[str], opened: Opened, qtbot: QtBot, id_: str
) -> None:
    opened(clinic.adler)
    clicked(qtbot, page)
    press(page, id_)
    settle(qtbot, page)
    assert [text.startswith(LOST) for text in problems] == [True], problems


def test_so_does_another_visit_or_a_sequence_on_the_stage(
    page: ReviewPage, clinic: Clinic, problems: list[str], opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    clicked(qtbot, page)
    page.guests.loan.begin("two visits are compared")
    assert [text.startswith(LOST) for text in problems] == [True]
    page.guests.loan.give_back()


def test_so_does_a_visit_that_is_signed(
    page: ReviewPage, clinic: Clinic, session: Session, problems: list[str], opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    clicked(qtbot, page)
    sign(session)
    assert [text.startswith(LOST) for text in problems] == [True]


def test_nothing_is_said_where_nothing_was_begun_or_it_was_given_up(
    page: ReviewPage, clinic: Clinic, problems: list[str], opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    clicked(qtbot, page)
    qtbot.keyClick(page.stage, Qt.Key.Key_Escape)
    page.left()
    opened(clinic.brandt)
    assert problems == []
