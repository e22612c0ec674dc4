"""Point mode: registering by hand."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.gui.undo import Undo
from pfm_desktop.services import review
from pfm_desktop.viewmodels.pair_view import Mode
from pfm_desktop.viewmodels.session import Session

from .conftest import Clinic, FakeEngine, Opened, click, settle

pytestmark = pytest.mark.slow  # each test opens visits and waits for pictures

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
SPOTS = ((30, 20), (90, 25), (60, 80))


@pytest.fixture
def placing(page: ReviewPage, unregistered: None, qtbot: QtBot) -> ReviewPage:
    """The page in point mode, on a pair whose registration was refused."""
    qtbot.mouseClick(page.bar.chip, LEFT)
    assert page.points.active
    return page


def pair_up(qtbot: QtBot, page: ReviewPage, shift: tuple[int, int] = (6, 4)) -> None:
    for x, y in SPOTS:
        click(qtbot, page, x, y, pane=0)
        click(qtbot, page, x + shift[0], y + shift[1], pane=1)


def test_three_spots_clicked_in_both_pictures_register_the_pair(
    placing: ReviewPage, engine: FakeEngine, qtbot: QtBot
) -> None:
    pair_up(qtbot, placing)
    assert placing.points.points.count == 3
    qtbot.keyClick(placing.stage, Qt.Key.Key_Return)
    settle(qtbot, placing)
    assert not placing.points.active
    white, lit = engine.points
    assert white == pytest.approx(np.array(SPOTS), abs=0.6)
    assert lit - white == pytest.approx(np.full((3, 2), (6, 4)), abs=0.6)
    assert placing.bar.chip.text().endswith("by hand")
    assert placing.stage.registration is not None
    assert placing.loader.desk.answer is not None
    assert placing.loader.desk.answer.analysis.registration.by_hand


def test_the_points_stand_numbered_in_their_pictures_and_the_bar_says_what_comes_next(
    placing: ReviewPage, qtbot: QtBot
) -> None:
    click(qtbot, placing, 30, 20, pane=0)
    assert placing.points.bar.prompt.text() == "Now the same spot in the fluorescence picture."
    click(qtbot, placing, 36, 24, pane=1)
    assert sorted(pin.letter for pin in placing.stage.marks.pins) == ["1", "1"]
    assert "two also turn and scale" in placing.points.bar.prompt.text()


@pytest.mark.parametrize("size", [(1250, 640), (850, 480)])
def test_no_picture_moves_while_points_are_placed_and_no_word_is_cut(
    page: ReviewPage, engine: FakeEngine, clinic: Clinic, opened: Opened, qtbot: QtBot, size: tuple[int, int]
) -> None:
    page.resize(*size)
    engine.refuse_registration = True
    opened(clinic.adler)
    page.place_points()
    for _ in range(5):  # layouts settle
        QApplication.processEvents()
    bar, places, said = page.points.bar, [], set()
    on_one_line = [(20 + 15 * step, 20) for step in range(3)]
    for spots in (on_one_line, (*SPOTS, (60, 50), (30, 80), (90, 80))):
        for x, y in spots:
            for pane, shift in ((0, 0), (1, 6)):
                click(qtbot, page, x + shift, y, pane)
                QApplication.processEvents()
                places.append((page.stage.mapTo(page, QPoint()), page.stage.size()))
                said.add(bar.fit.text())
                for label in (bar.prompt, bar.fit):
                    box = QRect(0, 0, label.width(), 10_000)
                    needed = label.fontMetrics().boundingRect(box, Qt.TextFlag.TextWordWrap, label.text())
                    assert label.height() >= needed.height(), label.text()
        if spots is on_one_line:
            for _ in range(6):
                page.points.undo()
    assert len({(place.x(), place.y(), size.width(), size.height()) for place, size in places}) == 1
    assert any("on one line" in text for text in said)
    assert any("Middle error" in text for text in said)


def test_one_pair_can_be_applied_and_none_cannot(placing: ReviewPage, engine: FakeEngine, qtbot: QtBot) -> None:
    apply = placing.points.bar.buttons["apply"]
    assert not apply.isEnabled()
    qtbot.keyClick(placing.stage, Qt.Key.Key_Return)
    assert placing.points.active
    assert all(step != "register" for step, _visit in engine.calls)
    click(qtbot, placing, *SPOTS[0], pane=0)
    assert not apply.isEnabled(), "its partner is missing"
    click(qtbot, placing, SPOTS[0][0] + 6, SPOTS[0][1] + 4, pane=1)
    assert apply.isEnabled()
    assert "shift the picture only" in placing.points.bar.prompt.text()
    qtbot.keyClick(placing.stage, Qt.Key.Key_Return)
    settle(qtbot, placing)
    assert len(engine.points[0]) == 1
    assert placing.bar.chip.text() == "check, error not known, by hand"


def test_points_may_start_where_the_pictures_are_registered_now(
    page: ReviewPage, clinic: Clinic, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    found = page.stage.registration
    assert found is not None
    qtbot.mouseClick(page.bar.chip, LEFT)
    start = page.points.bar.buttons["start"]
    assert start.isEnabled()
    qtbot.mouseClick(start, LEFT)
    white, lit = page.points.points.arrays()
    assert len(white) >= 1
    np.testing.assert_allclose(found.white_to_fluorescence(white), lit, atol=1e-6)
    assert len(page.stage.marks.pins) == 2 * len(white)
    assert not start.isEnabled(), "it never moves what was placed"
    for _ in range(2 * len(white)):
        qtbot.keyClick(page.stage, Qt.Key.Key_Backspace)
    assert start.isEnabled()


def test_without_a_registration_there_is_nothing_to_start_from(placing: ReviewPage) -> None:
    assert not placing.points.bar.buttons["start"].isEnabled()


def test_a_fourth_pair_shows_how_far_each_pair_is_off(placing: ReviewPage, qtbot: QtBot) -> None:
    pair_up(qtbot, placing)
    assert "up to 3 pairs always fit" in placing.points.bar.fit.text()
    click(qtbot, placing, 60, 50, pane=0)
    click(qtbot, placing, 86, 54, pane=1)
    assert "4: " in placing.points.bar.fit.text()
    assert "Middle error" in placing.points.bar.fit.text()


@pytest.mark.parametrize("key", [(Qt.Key.Key_Backspace, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_Z, CTRL)])
def test_undo_takes_the_last_point_and_no_edit_of_the_visit(
    placing: ReviewPage, undo: Undo, qtbot: QtBot, key: tuple[Qt.Key, Qt.KeyboardModifier]
) -> None:
    click(qtbot, placing, 30, 20, pane=0)
    click(qtbot, placing, 36, 24, pane=1)
    qtbot.keyClick(placing.stage, *key)
    assert len(placing.points.points.placed) == 1
    assert undo.redo_text == ""


def test_undo_after_applying_points_brings_the_automatic_registration_back_and_leaves_the_impression(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    session.perform(lambda lib: review.set_impression(lib, clinic.adler, Grade.LOW))
    assert page.bar.chip.text() == "0.8 px"
    qtbot.mouseClick(page.bar.chip, LEFT)
    pair_up(qtbot, page)
    qtbot.keyClick(page.stage, Qt.Key.Key_Return)
    settle(qtbot, page)
    assert page.bar.chip.text() == "check, error not known, by hand"
    assert undo.undo_text == "Pair registered by hand"
    assert undo.undo()
    settle(qtbot, page)
    assert page.bar.chip.text() == "0.8 px"
    assert page.stage.registration is not None
    assert not page.stage.registration.by_hand
    assert session.case is not None
    assert session.case.findings.impression is Grade.LOW
    assert undo.redo()
    settle(qtbot, page)
    assert page.bar.chip.text().endswith("by hand")


def test_points_applied_to_a_visit_that_was_left_are_not_undone_in_another(
    page: ReviewPage, clinic: Clinic, engine: FakeEngine, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    engine.held["register"] = threading.Event()
    qtbot.mouseClick(page.bar.chip, LEFT)
    pair_up(qtbot, page)
    qtbot.keyClick(page.stage, Qt.Key.Key_Return)
    opened(clinic.brandt)
    engine.held["register"].set()
    qtbot.waitUntil(lambda: not page._jobs.busy, timeout=10_000)
    assert undo.undo_text == ""
    opened(clinic.adler)
    assert page.bar.chip.text().endswith("by hand")


def test_escape_leaves_with_everything_as_it_was(
    page: ReviewPage, clinic: Clinic, engine: FakeEngine, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.stage.commands.set_mode(Mode.BLEND)
    registration = page.stage.registration
    qtbot.mouseClick(page.bar.chip, LEFT)
    assert page.stage.view.mode is Mode.SIDE_BY_SIDE
    assert page.stage.registration is None
    click(qtbot, page, 30, 20)
    qtbot.keyClick(page.stage, Qt.Key.Key_Escape)
    settle(qtbot, page)
    assert not page.points.active
    assert page.stage.view.mode is Mode.BLEND
    assert page.stage.registration is registration
    assert page.stage.tool == "pan"
    assert page.stage.marks.pins == ()
    assert ("register", clinic.adler) not in engine.calls


def test_clicks_in_point_mode_place_no_pins(placing: ReviewPage, session: Session, qtbot: QtBot) -> None:
    pair_up(qtbot, placing)
    assert session.case is not None
    assert session.case.pins == ()


def test_automatic_again_forgets_the_points(placing: ReviewPage, engine: FakeEngine, qtbot: QtBot) -> None:
    pair_up(qtbot, placing)
    engine.refuse_registration = False
    qtbot.mouseClick(placing.points.bar.buttons["automatic"], LEFT)
    settle(qtbot, placing)
    assert engine.points is None
    assert placing.bar.chip.text() == "0.8 px"


def test_a_registration_that_fails_leaves_the_pair_as_it_was_and_can_be_tried_again(
    placing: ReviewPage, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.broken["register"] = "the points lie on one line"
    pair_up(qtbot, placing)
    qtbot.mouseClick(placing.points.bar.buttons["apply"], LEFT)
    settle(qtbot, placing)
    assert "The points lie on one line." in placing.strip.text.text()
    assert placing.stage.shown.sources != ()
    engine.broken.clear()
    qtbot.mouseClick(placing.strip.button, LEFT)
    settle(qtbot, placing)
    assert placing.bar.chip.text().endswith("by hand")


def test_another_visit_ends_point_mode_and_its_points_are_gone(
    placing: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, opened: Opened, qtbot: QtBot
) -> None:
    pair_up(qtbot, placing)
    opened(clinic.adler_before)
    assert not placing.points.active
    assert placing.stage.marks.pins == ()
    assert all(step != "register" for step, _visit in engine.calls)


def test_points_can_be_placed_without_a_mouse(placing: ReviewPage, qtbot: QtBot) -> None:
    qtbot.keyClick(placing.stage, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(placing.stage, Qt.Key.Key_P)
    assert len(placing.points.points.placed) == 1


def test_one_picture_cannot_be_registered(
    page: ReviewPage, clinic: Clinic, problems: list[str], opened: Opened
) -> None:
    opened(clinic.brandt)
    page.place_points()
    assert not page.points.active
    assert problems == ["Registering needs both pictures."]
