"""What the quality check found, on the Review page: where a problem is, and an os to confirm."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.anatomy import Anatomy, Region
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.gui.undo import Undo
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.viewmodels.found import Line
from pfm_desktop.viewmodels.session import Session

from .conftest import Clinic, FakeEngine, Opened, click, sign, stage_point

pytestmark = pytest.mark.slow

SQUARE = ((20.0, 20.0), (80.0, 20.0), (80.0, 80.0), (20.0, 80.0))
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)


@pytest.fixture
def found(engine: FakeEngine) -> None:
    """The white-light picture is limited: something lies over it; cervix and os were found."""
    region = Region("obstructed", ((30.0, 30.0), (50.0, 30.0), (50.0, 50.0)))
    engine.quality = Quality(
        Verdict.LIMITED, ("obstructed",), "Take it away.", {}, (region,), Anatomy((SQUARE,), (60.0, 50.0))
    )


@pytest.mark.usefixtures("found")
def test_a_pin_has_an_hour_in_question_until_the_os_is_taken_over_by_key(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("pin")
    click(qtbot, page, 90, 50)
    assert page.stage.marks.pins_in(Source.WHITE)[0].label == "A  3 o'clock?"
    (card,) = page.side.pins.cards.values()
    assert card.row.place.startswith("3 o'clock")
    assert "Shift+O" in card.row.place
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_O, SHIFT)
    assert session.case is not None
    (mark,) = session.case.os_marks
    assert (mark.frame, mark.x, mark.y) == (Source.WHITE, 60, 50)
    assert page.stage.marks.pins_in(Source.WHITE)[0].label == "A  3 o'clock"
    (card,) = page.side.pins.cards.values()
    assert card.row.place.startswith("3 o'clock")
    assert "Shift+O" not in card.row.place
    assert undo.undo()
    assert session.case.os_marks == ()
    assert page.stage.marks.pins_in(Source.WHITE)[0].label == "A  3 o'clock?"


@pytest.mark.usefixtures("found")
def test_an_os_that_a_person_marked_stands_and_is_not_written_over(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, problems: list[str], qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("os")
    click(qtbot, page, 40, 40)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_O, SHIFT)
    assert session.case is not None
    (mark,) = session.case.os_marks
    assert (mark.x, mark.y) == pytest.approx((40, 40), abs=0.5)
    assert "marked already" in problems[-1]
    assert page.stage.marks.suggested is None


@pytest.mark.usefixtures("found")
def test_of_a_signed_visit_the_found_os_is_not_taken_over(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, problems: list[str], qtbot: QtBot
) -> None:
    opened(clinic.adler)
    sign(session)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_O, SHIFT)
    assert session.case is not None
    assert session.case.os_marks == ()
    assert "Signed" in problems[-1]
    assert page.stage.marks.suggested is None, "nobody could confirm it"


def test_where_none_was_found_the_key_says_how_to_mark_it(
    page: ReviewPage, clinic: Clinic, opened: Opened, problems: list[str], qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_O, SHIFT)
    assert "No os was found" in problems[-1]


def test_while_the_pictures_are_checked_or_could_not_be_nobody_says_that_none_was_found(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    engine: FakeEngine,
    problems: list[str],
    taken_back: list[str],
    qtbot: QtBot,
) -> None:
    engine.held["answer"] = threading.Event()
    engine.broken["answer"] = "what finds the cervix is not what was shipped"
    assert session.open_visit(clinic.adler)
    qtbot.waitUntil(lambda: page.loader.desk.pictures is not None)
    page.take_os()
    assert "still being looked for" in problems[-1]
    page.take_os()
    assert taken_back == []
    engine.held["answer"].set()
    qtbot.waitUntil(lambda: page.idle)
    assert taken_back == problems, "both: it is no longer looked for"
    page.take_os()
    assert "was not looked for" in problems[-1]


def test_commands_that_are_given_while_the_pictures_load_are_all_carried_out(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.held["load"] = threading.Event()
    assert session.open_visit(clinic.adler)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_C)
    qtbot.keyClick(page.stage, Qt.Key.Key_R, CTRL)
    assert page.stage.tool == "pan"
    engine.held["load"].set()
    qtbot.waitUntil(lambda: page.idle)
    assert page.points.active
    page.points.leave()


def test_in_pictures_that_cannot_be_used_none_is_suggested_and_the_key_says_so(
    page: ReviewPage, clinic: Clinic, engine: FakeEngine, opened: Opened, problems: list[str]
) -> None:
    engine.refuse_answer = True
    opened(clinic.adler)
    page.take_os()
    assert "cannot be used" in problems[-1]


@pytest.mark.usefixtures("found")
def test_what_is_wrong_is_on_the_stage_before_the_reveal_and_gone_with_the_visit(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    assert [line.words for line in page.stage.painting().found.given[Source.WHITE].lines] == [
        "in the way",
        "cervix as found",
    ]
    assert not page.stage.painting().cervix
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_Q)
    assert page.stage.painting().cervix
    qtbot.keyClick(page.stage, Qt.Key.Key_Q)
    assert not page.stage.painting().cervix
    assert session.open_visit(clinic.empty)
    qtbot.waitUntil(lambda: page.idle)
    assert page.stage.painting().found.given == {}


@pytest.mark.usefixtures("found")
def test_while_points_are_placed_no_os_is_suggested_and_none_is_taken(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    opened: Opened,
    problems: list[str],
    taken_back: list[str],
    qtbot: QtBot,
) -> None:
    opened(clinic.adler)
    page.place_points()
    assert page.stage.marks.suggested is None
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_O, SHIFT)
    assert session.case is not None
    assert session.case.os_marks == ()
    assert "Finish placing points" in problems[-1]
    page.points.leave()
    qtbot.waitUntil(lambda: page.idle)
    assert page.stage.marks.suggested is not None
    assert taken_back == problems, "what was in the way no longer is"


# ---- the cervix as the user draws it

AROUND = ((20, 20), (100, 20), (100, 80), (20, 80))


def draw(qtbot: QtBot, page: ReviewPage, corners: tuple[tuple[float, float], ...], pane: int = 0) -> None:
    """One stroke past picture points, in small steps."""
    spots = [stage_point(page, *corner, pane) for corner in corners]
    qtbot.mousePress(page.stage, Qt.MouseButton.LeftButton, pos=spots[0])
    for start, end in pairwise(spots):
        for step in range(1, 9):
            qtbot.mouseMove(page.stage, start + (end - start) * step / 8)
    qtbot.mouseRelease(page.stage, Qt.MouseButton.LeftButton, pos=spots[-1])


@pytest.mark.usefixtures("found")
def test_a_stroke_around_the_cervix_takes_the_place_of_what_was_found_and_undo_brings_that_back(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_C)
    assert page.bar.tools["cervix"].isChecked()
    draw(qtbot, page, AROUND)
    assert session.case is not None
    (mark,) = session.case.cervix_marks
    picture = session.case.picture(mark.picture_id)
    assert picture is not None
    assert picture.source is Source.WHITE
    corners = np.array(mark.outline)
    assert (corners.min(0), corners.max(0)) == (pytest.approx((20, 20), abs=1.5), pytest.approx((100, 80), abs=1.5))
    assert [line.words for line in shown(page)] == ["in the way", "cervix as drawn"]
    assert page.stage.painting().cervix, "what was drawn is seen at once"
    draw(qtbot, page, ((30, 30), (90, 30), (90, 70), (30, 70)))
    assert len(session.case.cervix_marks) == 1, "one outline a picture"
    assert undo.undo()
    assert np.array(session.case.cervix_marks[0].outline).max(0) == pytest.approx((100, 80), abs=1.5)
    assert undo.undo()
    assert session.case.cervix_marks == ()
    assert [line.words for line in shown(page)] == ["in the way", "cervix as found"]


def shown(page: ReviewPage) -> tuple[Line, ...]:
    return page.stage.painting().found.given[Source.WHITE].lines


def test_a_drawn_outline_can_be_removed_and_the_command_says_when_there_is_none(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, problems: list[str], qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.clear_cervix()
    assert "not drawn" in problems[-1]
    page.choose_tool("cervix")
    draw(qtbot, page, AROUND)
    assert session.case is not None
    assert len(session.case.cervix_marks) == 1
    page.clear_cervix()
    assert session.case.cervix_marks == ()


def test_a_click_an_escape_or_a_scribble_draw_nothing(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    opened: Opened,
    problems: list[str],
    taken_back: list[str],
    qtbot: QtBot,
) -> None:
    opened(clinic.adler)
    page.choose_tool("cervix")
    click(qtbot, page, 40, 40)
    qtbot.mousePress(page.stage, Qt.MouseButton.LeftButton, pos=stage_point(page, 20, 20))
    for x in range(30, 100, 10):
        qtbot.mouseMove(page.stage, stage_point(page, x, 30))
    assert page.stage.painting().stroke is not None
    qtbot.keyClick(page.stage, Qt.Key.Key_Escape)
    assert page.stage.painting().stroke is None
    qtbot.mouseRelease(page.stage, Qt.MouseButton.LeftButton, pos=stage_point(page, 100, 30))
    assert session.case is not None
    assert session.case.cervix_marks == ()
    assert problems == []
    page.choose_tool("cervix")
    draw(qtbot, page, ((40, 40), (44, 40), (40, 40)))
    assert session.case.cervix_marks == ()
    assert taken_back == []
    said = tuple(problems)
    draw(qtbot, page, AROUND)
    assert len(session.case.cervix_marks) == 1
    assert tuple(taken_back) == said, "nothing was changed: so it was said of the stroke before"


def test_a_stroke_that_leaves_the_picture_runs_along_its_edge(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("cervix")
    draw(qtbot, page, ((20, 20), (119, 20), (119, 80), (20, 80), (20, 140), (-30, 50)))
    assert session.case is not None
    (mark,) = session.case.cervix_marks
    corners = np.array(mark.outline)
    assert corners.min() >= 0
    assert (corners <= (119, 99)).all()


@pytest.mark.usefixtures("unregistered")
def test_without_a_registration_each_picture_has_its_own_outline(
    page: ReviewPage, session: Session, qtbot: QtBot
) -> None:
    page.choose_tool("cervix")
    draw(qtbot, page, AROUND, pane=1)
    draw(qtbot, page, AROUND, pane=0)
    assert session.case is not None
    pictures = [session.case.picture(mark.picture_id) for mark in session.case.cervix_marks]
    assert {picture.source for picture in pictures if picture is not None} == set(PLACES)


def test_of_a_signed_visit_the_cervix_stays_as_it_is(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, problems: list[str], qtbot: QtBot
) -> None:
    opened(clinic.adler)
    sign(session)
    page.choose_tool("cervix")
    assert page.stage.tool == "pan"
    assert "Signed" in problems[-1]
    assert not page.bar.tools["cervix"].isEnabled()


def begin(qtbot: QtBot, page: ReviewPage, pane: int = 0) -> None:
    """A stroke that is not ended."""
    page.choose_tool("cervix")
    qtbot.mousePress(page.stage, Qt.MouseButton.LeftButton, pos=stage_point(page, 20, 20, pane))
    for x, y in ((50, 20), (100, 20), (100, 50), (100, 80)):
        qtbot.mouseMove(page.stage, stage_point(page, x, y, pane))
    assert page.stage.painting().stroke is not None


def test_a_stroke_ends_nowhere_when_the_page_or_the_tool_changes_under_it(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    for interrupt in (page.left, lambda: page.choose_tool("pin")):
        begin(qtbot, page)
        interrupt()
        assert page.stage.painting().stroke is None
        qtbot.mouseRelease(page.stage, Qt.MouseButton.LeftButton, pos=stage_point(page, 20, 80))
    assert session.case is not None
    assert session.case.cervix_marks == ()
    assert session.case.pins == ()


def test_a_stroke_ends_where_another_picture_is_shown_and_by_undo_which_takes_back_nothing_else(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("pin")
    click(qtbot, page, 40, 40)
    for key, modifier in ((Qt.Key.Key_4, NONE), (Qt.Key.Key_Space, NONE), (Qt.Key.Key_1, NONE), (Qt.Key.Key_Z, CTRL)):
        begin(qtbot, page)
        qtbot.keyClick(page.stage, key, modifier)
        assert page.stage.painting().stroke is None
        qtbot.mouseRelease(page.stage, Qt.MouseButton.LeftButton, pos=stage_point(page, 20, 80))
        assert session.case is not None
        assert session.case.cervix_marks == ()
        assert len(session.case.pins) == 1


@pytest.mark.usefixtures("unregistered")
def test_a_stroke_never_goes_on_in_another_frame(page: ReviewPage, session: Session, qtbot: QtBot) -> None:
    begin(qtbot, page, pane=1)
    pictures = page.loader.desk.pictures
    assert pictures is not None
    shift = np.array([[1.0, 0, 6], [0, 1, 4], [0, 0, 1]])
    size = (120, 100)
    found = Registration(RegistrationStatus.OK, 0.8, shift, np.zeros((2, 2, 2), np.float32), size, size)
    page.stage.set_pair(pictures.white, pictures.fluorescence, found)
    qtbot.waitUntil(lambda: not page.stage.busy)
    qtbot.mouseMove(page.stage, stage_point(page, 20, 80, 1))
    assert page.stage.painting().stroke is None
    qtbot.mouseRelease(page.stage, Qt.MouseButton.LeftButton, pos=stage_point(page, 20, 80, 1))
    assert session.case is not None
    assert session.case.cervix_marks == ()


def test_while_points_are_placed_only_the_pin_key_places_one(
    page: ReviewPage, clinic: Clinic, opened: Opened, problems: list[str], qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.place_points()
    page.stage.setFocus()
    for key in (Qt.Key.Key_C, Qt.Key.Key_O):
        qtbot.keyClick(page.stage, key)
        assert "Finish placing points" in problems[-1]
    assert page.points.points.placed == ()
    page.stage.commands.move_cursor(0, 0)
    qtbot.keyClick(page.stage, Qt.Key.Key_P)
    assert len(page.points.points.placed) == 1
    page.points.leave()
    qtbot.waitUntil(lambda: page.idle)
