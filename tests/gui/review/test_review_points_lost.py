"""Points that were placed and not applied do not go in silence."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.pages.review.page import ReviewPage

from .conftest import Clinic, Opened, click


@pytest.fixture
def placing(page: ReviewPage, clinic: Clinic, opened: Opened) -> ReviewPage:
    opened(clinic.adler)
    page.place_points()
    return page


def test_points_that_are_lost_to_another_visit_are_said(
    placing: ReviewPage, clinic: Clinic, problems: list[str], opened: Opened, qtbot: QtBot
) -> None:
    click(qtbot, placing, 30, 20, pane=0)
    click(qtbot, placing, 36, 24, pane=1)
    opened(clinic.adler_before)
    (said,) = problems
    assert said.startswith("the 2 points that were placed were not applied and are gone")


def test_points_that_are_lost_to_another_page_are_said(placing: ReviewPage, problems: list[str], qtbot: QtBot) -> None:
    click(qtbot, placing, 30, 20)
    placing.left()
    (said,) = problems
    assert said.startswith("the point that was placed was not applied and is gone")


def test_nothing_is_said_where_no_point_was_placed_or_point_mode_was_left_on_purpose(
    placing: ReviewPage, problems: list[str], qtbot: QtBot
) -> None:
    click(qtbot, placing, 30, 20)
    qtbot.keyClick(placing.stage, Qt.Key.Key_Escape)
    placing.place_points()
    placing.left()
    assert problems == []
