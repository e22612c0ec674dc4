"""Pins, os and the tools that place them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.gui.undo import Undo
from pfm_desktop.viewmodels.session import Session

from .conftest import Clinic, Opened, click, sign, stage_point

pytestmark = pytest.mark.slow

LEFT = Qt.MouseButton.LeftButton


def mark(qtbot: QtBot, page: ReviewPage, tool: str, x: float, y: float, pane: int = 0) -> None:
    """Place a pin or the os on a picture point."""
    page.choose_tool(tool)
    click(qtbot, page, x, y, pane)


def drag(qtbot: QtBot, page: ReviewPage, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag between two picture points, with a stop half way."""
    at, to = stage_point(page, *start), stage_point(page, *end)
    qtbot.mousePress(page.stage, LEFT, pos=at)
    qtbot.mouseMove(page.stage, (at + to) / 2)
    qtbot.mouseMove(page.stage, to)
    qtbot.mouseRelease(page.stage, LEFT, pos=to)


def put_in_white(qtbot: QtBot, page: ReviewPage, picture_id: str) -> None:
    """Another picture takes the place of the white-light one on the stage."""
    page.stage.picture_dropped.emit(picture_id, Source.WHITE)
    qtbot.waitUntil(lambda: page.idle)


def test_a_click_with_the_pin_tool_places_a_pin_there_and_undo_takes_it_away(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    qtbot.mouseClick(page.bar.tools["pin"], LEFT)
    click(qtbot, page, 40, 30)
    assert session.case is not None
    (pin,) = session.case.pins
    assert pin.letter == "A"
    assert pin.frame is Source.WHITE
    assert (pin.x, pin.y) == pytest.approx((40, 30), abs=0.5)
    assert [shown.letter for shown in page.stage.marks.pins] == ["A"]
    assert undo.undo()
    assert page.stage.marks.pins == ()


def test_a_pin_placed_on_the_fluorescence_pane_of_a_registered_pair_is_on_the_same_tissue_in_white_light(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    mark(qtbot, page, "pin", 40, 30, pane=1)
    assert session.case is not None
    (pin,) = session.case.pins
    assert pin.frame is Source.WHITE
    assert (pin.x, pin.y) == pytest.approx((40, 30), abs=0.5)


def test_a_pin_has_its_clock_hour_once_the_os_is_marked(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    mark(qtbot, page, "pin", 90, 50)
    assert page.stage.marks.pins_in(Source.WHITE)[0].label == "A"
    qtbot.keyClick(page.stage, Qt.Key.Key_O)
    click(qtbot, page, 60, 50)
    assert page.stage.marks.pins_in(Source.WHITE)[0].label == "A  3 o'clock"


def test_a_pin_can_be_dragged_and_removed_and_both_undo(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    mark(qtbot, page, "pin", 40, 30)
    drag(qtbot, page, (40, 30), (70, 60))
    assert session.case is not None
    assert (session.case.pins[0].x, session.case.pins[0].y) == pytest.approx((70, 60), abs=0.5)
    qtbot.keyClick(page.stage, Qt.Key.Key_Delete)
    assert session.case.pins == ()
    assert undo.undo()
    assert undo.undo()
    assert (session.case.pins[0].x, session.case.pins[0].y) == pytest.approx((40, 30), abs=0.5)


def test_the_pan_tool_moves_a_pin_until_the_visit_is_signed(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    mark(qtbot, page, "pin", 40, 30)
    page.choose_tool("pan")
    assert session.case is not None
    drag(qtbot, page, (40, 30), (70, 60))
    assert (session.case.pins[0].x, session.case.pins[0].y) == pytest.approx((70, 60), abs=0.5)
    assert page.stage.view.zoom is None
    assert undo.undo()
    assert session.case.pins[0].x == pytest.approx(40, abs=0.5)
    sign(session)
    page.stage.select_pin("")
    drag(qtbot, page, (40, 30), (70, 60))
    assert session.case.pins[0].x == pytest.approx(40, abs=0.5)
    assert page.stage.marks.selected == ""
    assert page.stage.view.zoom is not None


def test_pins_and_os_can_be_placed_without_a_mouse(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.stage.setFocus()
    qtbot.keyClick(page.stage, Qt.Key.Key_P)
    assert page.stage.tool == "pin"
    assert page.bar.tools["pin"].isChecked()
    qtbot.keyClick(page.stage, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(page.stage, Qt.Key.Key_Return)
    qtbot.keyClick(page.stage, Qt.Key.Key_O)
    qtbot.keyClick(page.stage, Qt.Key.Key_Return)
    assert session.case is not None
    assert len(session.case.pins) == 1
    assert len(session.case.os_marks) == 1


def test_after_signing_the_tools_are_off_and_say_why(
    page: ReviewPage, clinic: Clinic, session: Session, problems: list[str], opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    mark(qtbot, page, "pin", 40, 30)
    sign(session)
    assert page.stage.tool == "pan"
    for tool in ("pin", "os"):
        assert not page.bar.tools[tool].isEnabled()
        assert page.bar.tools[tool].toolTip() == "Signed by Dr. Test: locked, unless the report is amended (Report)."
    assert not page.pictures.add.isEnabled()
    qtbot.keyClick(page.stage, Qt.Key.Key_P)
    assert page.stage.tool == "pan"
    assert problems == ["Signed by Dr. Test: locked, unless the report is amended (Report)."]
    qtbot.keyClick(page.stage, Qt.Key.Key_Delete)
    assert session.case is not None
    assert len(session.case.pins) == 1


def test_marks_do_not_show_on_another_picture(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    mark(qtbot, page, "pin", 40, 30)
    assert session.case is not None
    lugol = session.case.pictures[2]
    put_in_white(qtbot, page, lugol.id)
    assert page.loader.desk.pair is not None
    assert page.loader.desk.pair.white_id == lugol.id
    assert page.stage.marks.pins == ()


def test_marks_stay_on_their_picture_when_the_other_one_is_exchanged(
    page: ReviewPage, session: Session, qtbot: QtBot, unregistered: None
) -> None:
    mark(qtbot, page, "pin", 40, 30)
    click(qtbot, page, 40, 30, pane=1)
    mark(qtbot, page, "os", 60, 50, pane=1)
    assert session.case is not None
    acid, _lit, lugol = session.case.pictures
    put_in_white(qtbot, page, lugol.id)
    assert [pin.letter for pin in page.stage.marks.pins] == ["B"]
    assert page.stage.marks.os_in(Source.FLUORESCENCE) is not None
    said = {card.row.letter: card.frame.text() for card in page.side.pins.cards.values()}
    assert said == {
        "A": "on white light, acetic acid (not on the stage now)",
        "B": "on fluorescence, after acetic acid",
    }
    put_in_white(qtbot, page, acid.id)
    assert [pin.letter for pin in page.stage.marks.pins] == ["A", "B"]
    assert next(card.frame.text() for card in page.side.pins.cards.values()) == "on white light, acetic acid"


def test_an_os_marked_in_the_other_picture_gives_way_also_where_it_came_with_another_pair(
    page: ReviewPage, session: Session, qtbot: QtBot, unregistered: None
) -> None:
    mark(qtbot, page, "os", 60, 50, pane=1)
    assert session.case is not None
    put_in_white(qtbot, page, session.case.pictures[2].id)
    mark(qtbot, page, "os", 50, 50)
    assert [mark.frame for mark in session.case.os_marks] == [Source.WHITE]


def test_a_pin_on_a_pair_that_is_not_registered_stays_in_the_picture_that_was_clicked(
    page: ReviewPage, session: Session, qtbot: QtBot, unregistered: None
) -> None:
    mark(qtbot, page, "pin", 40, 30, pane=1)
    assert session.case is not None
    assert session.case.pins[0].frame is Source.FLUORESCENCE
    assert page.stage.marks.pins_in(Source.WHITE) == ()


def test_the_os_marked_in_the_other_picture_takes_the_place_of_the_first_and_undo_brings_it_back(
    page: ReviewPage, session: Session, undo: Undo, qtbot: QtBot, unregistered: None
) -> None:
    mark(qtbot, page, "os", 50, 50)
    click(qtbot, page, 60, 50, pane=1)
    assert session.case is not None
    assert [mark.frame for mark in session.case.os_marks] == [Source.FLUORESCENCE]
    assert page.stage.marks.os_in(Source.FLUORESCENCE) is not None
    assert undo.undo()
    assert [mark.frame for mark in session.case.os_marks] == [Source.WHITE]
