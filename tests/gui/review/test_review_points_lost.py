"""Points that were placed and not applied do not go in silence; point mode asked for too early waits."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.gui.pages.review.page import ReviewPage

from .conftest import Clinic, FakeEngine, Opened, click, settle

pytestmark = pytest.mark.slow


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


def test_point_mode_asked_for_while_the_pictures_load_begins_once_they_are_there(
    page: ReviewPage, clinic: Clinic, engine: FakeEngine, problems: list[str], opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    engine.held["load"] = threading.Event()
    page.reload()
    page.place_points()
    assert problems == []
    assert not page.points.active
    engine.held["load"].set()
    settle(qtbot, page)
    assert page.points.active


def test_a_command_that_waits_for_pictures_is_not_for_those_of_another_visit(
    page: ReviewPage, clinic: Clinic, engine: FakeEngine, opened: Opened
) -> None:
    opened(clinic.adler)
    engine.held[f"load {clinic.adler}"] = threading.Event()
    page.reload()
    page.place_points()
    opened(clinic.adler_before)
    assert not page.points.active
