"""Contours of lesions and the SCJ line on the Review page, drawn with mouse and keys."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.anatomy import Anatomy
from pfm_desktop.domain.drawing import Contour
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.shapes import polygon_area, shape_area
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.gui.undo import Undo
from pfm_desktop.gui.widgets.draw_commands import TOO_FEW
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.services import drawing, pairing
from pfm_desktop.services.removal import remove_pictures
from pfm_desktop.viewmodels.session import Session

from .conftest import Clinic, FakeEngine, Opened, click, settle, sign, stage_point

pytestmark = pytest.mark.slow

Key, Mod, LEFT = Qt.Key, Qt.KeyboardModifier, Qt.MouseButton.LeftButton
BOX = ((20, 20), (60, 20), (60, 50), (20, 50), (20, 22))
CORNERS = ((20, 20), (60, 20), (60, 50), (20, 50))
Spots = tuple[tuple[float, float], ...]


def draw(qtbot: QtBot, page: ReviewPage, corners: Spots, pane: int = 0, *, ends: bool = True) -> None:
    """One stroke past picture points, in small steps."""
    spots = [stage_point(page, *corner, pane) for corner in corners]
    qtbot.mousePress(page.stage, LEFT, pos=spots[0])
    for start, end in pairwise(spots):
        for step in range(1, 9):
            qtbot.mouseMove(page.stage, start + (end - start) * step / 8)
    if ends:
        qtbot.mouseRelease(page.stage, LEFT, pos=spots[-1])


def press(qtbot: QtBot, page: ReviewPage, *keys: Qt.Key, mod: Qt.KeyboardModifier = Mod.NoModifier) -> None:
    page.stage.setFocus()
    for key in keys:
        qtbot.keyClick(page.stage, key, mod)


def contours(session: Session) -> tuple[Contour, ...]:
    assert session.case is not None
    return session.case.contours


def words(page: ReviewPage) -> list[str]:
    """What is seen of what was drawn, by pane."""
    stage = page.stage
    return [" ".join(one.words for one in stage.drawings.in_pane(pane)) for pane in stage.arrangement.panes]


def test_a_stroke_makes_lesion_one_seen_in_both_pictures_and_undo_takes_all_of_it_back(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    press(qtbot, page, Key.Key_D)
    assert page.stage.drawings.hint.startswith("Lesion 1 (new): drag")
    assert page.bar.draw.isChecked()
    draw(qtbot, page, BOX, pane=1)
    assert session.case is not None
    (lesion,), (contour,) = session.case.lesions, contours(session)
    assert contour.lesion_id == lesion.id
    assert session.case.picture(contour.picture_id).source is Source.WHITE, "registered: kept in the white-light frame"
    assert shape_area(contour.shape) == pytest.approx(1200, rel=0.06)
    assert words(page) == ["lesion 1", "lesion 1"]
    assert page.stage.drawings.hint.startswith("Lesion 1: drag")
    assert page.stage.drawings.selected == contour.id
    assert undo.undo()
    assert (session.case.lesions, session.case.contours) == ((), ())
    assert words(page) == ["", ""]
    assert undo.redo()
    assert words(page) == ["lesion 1", "lesion 1"]


def test_corners_are_clicked_taken_back_given_up_and_closed(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("lesion")
    for corner in (*CORNERS, (90, 90)):
        click(qtbot, page, *corner)
    press(qtbot, page, Key.Key_Backspace)
    assert len(page.stage.commands.corners) == 4
    press(qtbot, page, Key.Key_Return)
    assert [one.shape.outline for one in contours(session)] == [pytest.approx(np.array(CORNERS), abs=0.6)]
    for corner in ((70, 60), (90, 60), (90, 80)):
        click(qtbot, page, *corner)
    press(qtbot, page, Key.Key_Z, mod=Mod.ControlModifier)
    assert len(page.stage.commands.corners) == 2, "undo takes the last corner back, and no edit"
    press(qtbot, page, Key.Key_Escape)
    assert len(page.stage.commands.corners) == 0
    assert page.stage.tool == "lesion"
    press(qtbot, page, Key.Key_Escape)
    assert page.stage.tool == "pan"
    assert len(contours(session)) == 1


def test_backspace_with_a_tool_that_draws_removes_nothing_that_is_on_record(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("lesion")
    draw(qtbot, page, BOX)
    click(qtbot, page, 90, 90)
    press(qtbot, page, Key.Key_Backspace, Key.Key_Backspace, Key.Key_Backspace)
    assert len(contours(session)) == 1


def test_all_of_it_goes_by_keys_alone(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    press(qtbot, page, Key.Key_D, Key.Key_Return)  # the cursor comes to the middle
    for key in (Key.Key_Right, Key.Key_Down, Key.Key_Left):
        press(qtbot, page, Key.Key_Return)
        press(qtbot, page, *[key] * 8, mod=Mod.ShiftModifier)
    press(qtbot, page, Key.Key_Return, mod=Mod.ShiftModifier)
    assert len(page.stage.commands.corners) == 4
    press(qtbot, page, Key.Key_Return)
    (square,) = contours(session)
    assert polygon_area(square.shape.outline) > 100
    press(qtbot, page, Key.Key_E, Key.Key_Return)
    assert shape_area(contours(session)[0].shape) < polygon_area(square.shape.outline)
    press(qtbot, page, Key.Key_Escape, Key.Key_Period, Key.Key_Delete)
    assert contours(session) == ()


def test_too_few_corners_are_said(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    said: list[str] = []
    session.on_problem.append(lambda problem: said.append(problem.what))
    press(qtbot, page, Key.Key_D, Key.Key_Return, Key.Key_Return)  # the cursor comes to the middle
    assert said == []
    press(qtbot, page, Key.Key_Return)
    assert said == [TOO_FEW.rstrip(".")]
    assert len(page.stage.commands.corners) == 1
    assert contours(session) == ()


def test_brush_and_eraser_work_on_the_lesion_in_front_and_the_keys_of_the_blend_make_them_larger(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.side.findings.lesions.chooser.add.click()
    page.side.findings.lesions.chooser.add.click()
    assert session.case is not None
    second = session.case.lesions[1].id
    press(qtbot, page, Key.Key_B)
    assert page.stage.drawings.hint.startswith("Lesion 2: paint")
    small = page.stage.draw.brush_radius(Source.WHITE)
    press(qtbot, page, *[Key.Key_BracketRight] * 5)
    radius = page.stage.draw.brush_radius(Source.WHITE)
    assert radius == pytest.approx(small * 1.25**5)
    draw(qtbot, page, ((40, 50), (80, 50)), ends=False)
    stroke = page.stage.painting().stroke
    assert stroke is not None
    assert stroke.radius == radius
    qtbot.mouseRelease(page.stage, LEFT, pos=stage_point(page, 80, 50))
    (bar,) = contours(session)
    assert bar.lesion_id == second
    assert shape_area(bar.shape) == pytest.approx(40 * 2 * radius + np.pi * radius**2, rel=0.08)
    press(qtbot, page, Key.Key_E)
    draw(qtbot, page, ((60, 20), (60, 90)))
    assert len(contours(session)) == 2
    assert undo.undo()
    assert contours(session) == (bar,)
    press(qtbot, page, *[Key.Key_BracketLeft] * 40)
    assert page.stage.draw.brush_radius(Source.WHITE) > 0
    press(qtbot, page, Key.Key_V)
    assert page.stage.draw.brush_radius(Source.WHITE) == 0


def test_a_click_chooses_a_contour_and_its_lesion_in_findings_and_delete_removes_it(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("lesion")
    draw(qtbot, page, BOX)
    page.side.findings.lesions.chooser.add.click()
    draw(qtbot, page, ((70, 60), (100, 60), (100, 85), (70, 85), (70, 62)))
    first, second = contours(session)
    assert first.lesion_id != second.lesion_id
    press(qtbot, page, Key.Key_V)
    click(qtbot, page, 30, 30)
    assert page.stage.drawings.selected == first.id
    chosen = page.side.findings.lesions.chosen
    assert chosen is not None
    assert chosen.id == first.lesion_id
    click(qtbot, page, 110, 95)
    assert page.stage.drawings.selected == "", "beside all of them nothing is chosen"
    click(qtbot, page, 85, 60)
    press(qtbot, page, Key.Key_Delete)
    assert contours(session) == (first,)
    assert session.case is not None
    assert len(session.case.lesions) == 2, "the lesion stays documented"
    assert undo.undo()
    assert len(contours(session)) == 2


def test_a_key_adds_a_lesion_that_is_drawn_next(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, problems: list[str], qtbot: QtBot
) -> None:
    opened(clinic.adler)
    press(qtbot, page, Key.Key_N, Key.Key_N)
    assert session.case is not None
    assert [one.number for one in session.case.lesions] == [1, 2]
    assert page.stage.tool == "lesion"
    assert page.stage.drawings.hint.startswith("Lesion 2:")
    draw(qtbot, page, BOX)
    assert contours(session)[0].lesion_id == session.case.lesions[1].id
    for _ in range(3):
        assert undo.undo()
    assert session.case.lesions == ()
    sign(session)
    press(qtbot, page, Key.Key_N)
    assert "Signed" in problems[-1]
    assert session.case.lesions == ()


def test_a_picture_that_has_no_partner_is_drawn_on_too(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.brandt)
    page.choose_tool("lesion")
    draw(qtbot, page, BOX)
    assert session.case is not None
    (contour,) = contours(session)
    assert contour.picture_id == session.case.pictures[0].id
    pictures = [one for one in page.stage.arrangement.panes if not one.absent]
    assert [one.words for one in page.stage.drawings.in_pane(pictures[0])] == ["lesion 1"]


def test_a_corner_of_what_is_chosen_is_dragged_given_up_and_undone(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("lesion")
    for corner in CORNERS:
        click(qtbot, page, *corner)
    press(qtbot, page, Key.Key_Return, Key.Key_V)
    before = contours(session)
    centre = page.stage.view.centre
    drag(qtbot, page, (60, 50), (75, 65), pane=1)
    (moved,) = contours(session)
    assert moved.shape.outline[2] == pytest.approx((75, 65), abs=1)
    assert moved.shape.outline[:2] == before[0].shape.outline[:2]
    assert page.stage.view.centre == centre, "the pictures did not move"
    assert undo.undo()
    assert contours(session) == before
    for give_up in (Key.Key_Escape, Key.Key_4):
        drag(qtbot, page, (60, 50), (75, 65), ends=False)
        assert page.stage.painting().stroke is not None
        press(qtbot, page, give_up)
        assert page.stage.painting().stroke is None
        qtbot.mouseRelease(page.stage, LEFT, pos=page.stage.rect().center())
        press(qtbot, page, Key.Key_1)
    assert contours(session) == before
    press(qtbot, page, Key.Key_D)
    drag(qtbot, page, (60, 50), (75, 65))
    assert contours(session)[0] == before[0], "another tool draws there"


def test_corners_are_taken_only_of_what_is_chosen_and_not_in_a_signed_visit(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("lesion")
    for corner in CORNERS:
        click(qtbot, page, *corner)
    press(qtbot, page, Key.Key_Return, Key.Key_V)
    before = contours(session)
    click(qtbot, page, 110, 90)
    drag(qtbot, page, (60, 50), (75, 65))
    sign(session)
    click(qtbot, page, 40, 35)
    assert page.stage.drawings.selected == before[0].id
    drag(qtbot, page, (60, 50), (75, 65))
    assert contours(session) == before


def drag(
    qtbot: QtBot,
    page: ReviewPage,
    start: tuple[float, float],
    end: tuple[float, float],
    pane: int = 0,
    *,
    ends: bool = True,
) -> None:
    draw(qtbot, page, (start, end), pane, ends=ends)


def test_the_scj_line_is_open_and_one_a_picture(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    press(qtbot, page, Key.Key_J)
    draw(qtbot, page, ((20, 50), (60, 60), (100, 50)))
    assert session.case is not None
    (line,) = session.case.junctions
    assert np.array(line.line)[[0, -1]] == pytest.approx(np.array(((20, 50), (100, 50))), abs=1.5)
    for corner in ((30, 30), (60, 40), (90, 30)):
        click(qtbot, page, *corner)
    press(qtbot, page, Key.Key_Return)
    (anew,) = session.case.junctions
    assert anew.id == line.id
    assert np.array(anew.line) == pytest.approx(np.array(((30, 30), (60, 40), (90, 30))), abs=0.6)
    assert words(page) == ["SCJ", "SCJ"]
    assert session.case.lesions == ()


def test_what_encloses_nothing_is_refused_in_words_that_go_with_the_next_stroke(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    opened: Opened,
    problems: list[str],
    taken_back: list[str],
    qtbot: QtBot,
) -> None:
    opened(clinic.adler)
    page.choose_tool("lesion")
    draw(qtbot, page, ((40, 40), (60, 40), (40, 40)))
    assert "encloses nothing" in problems[-1]
    assert session.case is not None
    assert (session.case.lesions, session.case.contours) == ((), ())
    draw(qtbot, page, BOX)
    assert taken_back == problems
    draw(qtbot, page, ((70, 60), (110, 90), (70, 90), (110, 60)))
    assert len(contours(session)) == 2, "of a line that crosses itself the outer edge is kept"


def test_contours_are_hidden_and_shown_and_drawing_shows_them(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("lesion")
    draw(qtbot, page, BOX)
    press(qtbot, page, Key.Key_V)
    press(qtbot, page, Key.Key_D, mod=Mod.ShiftModifier)
    assert words(page) == ["", ""]
    assert "hidden (Shift+D)" in page.stage.drawings.hint
    assert page.stage.drawings.selected == "", "nothing is deleted that is not seen"
    press(qtbot, page, Key.Key_Delete)
    assert len(contours(session)) == 1
    press(qtbot, page, Key.Key_D)
    draw(qtbot, page, ((70, 60), (100, 60), (100, 85), (70, 85), (70, 62)))
    assert words(page) == ["lesion 1 lesion 1"] * 2
    press(qtbot, page, Key.Key_D, mod=Mod.ShiftModifier)
    opened(clinic.brandt)
    opened(clinic.adler)
    assert words(page) == ["lesion 1 lesion 1"] * 2, "nobody would know that there is something"
    assert page.stage.drawings.hint == ""


# ---- what is shown changes in the middle


@pytest.mark.parametrize("how", ["stroke", "corners", "brush"])
def test_another_woman_never_gets_what_was_half_drawn(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot, how: str
) -> None:
    opened(clinic.adler)
    half_drawn(qtbot, page, how)
    assert session.open_visit(clinic.brandt)
    qtbot.mouseRelease(page.stage, LEFT, pos=page.stage.rect().center())
    press(qtbot, page, Key.Key_Return)
    settle(qtbot, page)
    assert (len(page.stage.commands.corners), page.stage.painting().stroke, page.stage.tool) == (0, None, "pan")
    press(qtbot, page, Key.Key_Return)
    assert session.case is not None
    assert (session.case.lesions, session.case.contours) == ((), ())
    assert session.open_visit(clinic.adler)
    settle(qtbot, page)
    assert contours(session) == ()


def half_drawn(qtbot: QtBot, page: ReviewPage, how: str) -> None:
    if how == "corners":
        page.choose_tool("lesion")
        for corner in CORNERS:
            click(qtbot, page, *corner)
        assert len(page.stage.commands.corners) == 4
    else:
        page.choose_tool("lesion" if how == "stroke" else "brush")
        draw(qtbot, page, BOX, ends=False)
        assert page.stage.painting().stroke is not None


@pytest.mark.parametrize("how", ["stroke", "corners", "brush"])
def test_another_pair_or_page_or_a_picture_that_goes_takes_the_half_drawn_line_with_it(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot, how: str
) -> None:
    opened(clinic.adler)
    assert session.case is not None
    white, lugol = session.case.pairs[0].white_id, session.case.pictures[-1].id
    assert white is not None

    def other_pair() -> None:
        session.perform(lambda lib: pairing.make_pair(lib, clinic.adler, lugol, None))

    def picture_goes() -> None:
        session.perform(lambda lib: remove_pictures(lib, [white]))

    for interrupt in (page.left, other_pair, undo.undo, picture_goes):
        half_drawn(qtbot, page, how)
        interrupt()
        qtbot.mouseRelease(page.stage, LEFT, pos=page.stage.rect().center())
        settle(qtbot, page)
        assert len(page.stage.commands.corners) == 0
        assert page.stage.painting().stroke is None
        assert contours(session) == ()


def test_a_lesion_that_is_removed_in_the_middle_takes_nothing_along_and_the_next_one_is_drawn(
    page: ReviewPage, clinic: Clinic, session: Session, undo: Undo, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("lesion")
    draw(qtbot, page, BOX)
    half_drawn(qtbot, page, "corners")
    page.side.findings.lesions.chooser.remove.click()
    assert contours(session) == ()
    assert page.stage.drawings.hint.startswith("Lesion 1 (new): drag")
    press(qtbot, page, Key.Key_Return)
    assert len(contours(session)) == 1
    assert undo.undo()
    assert undo.undo()
    assert len(contours(session)) == 1, "lesion and contour came back in one step"


# ---- where drawing is refused, and how it is seen


@pytest.mark.usefixtures("unregistered")
def test_without_a_registration_a_contour_stays_on_the_picture_that_it_was_drawn_on(
    page: ReviewPage, session: Session, qtbot: QtBot
) -> None:
    page.choose_tool("lesion")
    draw(qtbot, page, BOX, pane=1)
    assert session.case is not None
    (contour,) = contours(session)
    picture = session.case.picture(contour.picture_id)
    assert picture is not None
    assert picture.source is not Source.WHITE
    assert words(page) == ["", "lesion 1"]


@pytest.mark.usefixtures("unregistered")
def test_what_was_drawn_before_the_pair_was_registered_is_moved_with_it_and_never_for_looking_only(
    page: ReviewPage, session: Session, problems: list[str], qtbot: QtBot
) -> None:
    page.choose_tool("lesion")
    draw(qtbot, page, BOX, pane=1)
    (contour,) = contours(session)
    draw(qtbot, page, ((70, 60), (100, 60), (100, 85), (70, 85), (70, 62)), pane=0)
    assert words(page) == ["lesion 1", "lesion 1"]
    pictures = page.loader.desk.pictures
    assert pictures is not None
    shift, size = np.array([[1.0, 0, 6], [0, 1, 4], [0, 0, 1]]), (120, 100)
    nodes = np.zeros((2, 2, 2), np.float32)
    found = Registration(RegistrationStatus.OK, 0.8, shift, nodes, size, size)
    page.stage.set_pair(pictures.white, pictures.fluorescence, found)
    qtbot.waitUntil(lambda: not page.stage.busy)
    assert words(page) == ["lesion 1 lesion 1"] * 2
    moved = next(one for one in page.stage.drawings.in_pane(page.stage.arrangement.panes[0]) if one.id == contour.id)
    assert np.mean(moved.edges[0], axis=0) == pytest.approx(np.mean(contour.shape.outline, axis=0) - (6, 4))

    class Looking:
        status, for_looking_only = RegistrationStatus.CHECK, True
        white_to_fluorescence, fluorescence_to_white = found.white_to_fluorescence, found.fluorescence_to_white
        in_white_frame = found.in_white_frame

    page.stage.set_pair(pictures.white, pictures.fluorescence, Looking())
    qtbot.waitUntil(lambda: not page.stage.busy)
    assert words(page) == ["lesion 1", ""], "each only on the picture that it was drawn on"
    for pane, said in ((1, True), (0, False)):
        page.stage.tool = "brush"
        problems.clear()
        qtbot.mousePress(page.stage, LEFT, pos=stage_point(page, 30, 60, pane))
        assert bool(page.stage.painting().stroke) is not said
        assert any("for looking only" in one for one in problems) is said
        press(qtbot, page, Key.Key_Escape)
        qtbot.mouseRelease(page.stage, LEFT, pos=stage_point(page, 30, 60, pane))
    assert len(contours(session)) == 2


def test_in_a_signed_visit_nothing_is_drawn_or_removed_and_all_is_seen(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, problems: list[str], qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("lesion")
    draw(qtbot, page, BOX)
    sign(session)
    assert page.stage.tool == "pan"
    assert words(page) == ["lesion 1", "lesion 1"]
    for key in (Key.Key_D, Key.Key_B, Key.Key_E, Key.Key_J):
        press(qtbot, page, key)
        assert page.stage.tool == "pan"
        assert "Signed" in problems[-1]
    assert not page.bar.draw.isEnabled()
    click(qtbot, page, 30, 30)
    press(qtbot, page, Key.Key_Delete)
    assert "signed" in problems[-1]
    assert len(contours(session)) == 1


def test_a_stroke_that_ends_while_a_registration_comes_is_not_kept_in_the_wrong_frame(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, opened: Opened, qtbot: QtBot
) -> None:
    gate = engine.held["align"] = threading.Event()
    assert session.open_visit(clinic.adler)
    qtbot.waitUntil(lambda: page.loader.desk.pictures is not None and len(page.stage.shown.sources) == 2)
    page.choose_tool("lesion")
    draw(qtbot, page, BOX, pane=1, ends=False)
    gate.set()
    settle(qtbot, page)
    qtbot.mouseMove(page.stage, stage_point(page, 30, 60, 1))
    qtbot.mouseRelease(page.stage, LEFT, pos=stage_point(page, 30, 60, 1))
    assert contours(session) == ()


def test_the_cervix_that_was_found_is_taken_over_by_key_and_it_is_said_where_there_is_none(
    page: ReviewPage,
    clinic: Clinic,
    session: Session,
    engine: FakeEngine,
    opened: Opened,
    problems: list[str],
    qtbot: QtBot,
) -> None:
    opened(clinic.brandt)
    press(qtbot, page, Key.Key_C, mod=Mod.ShiftModifier)
    assert "not found in one piece" in problems[-1]
    square = ((20.0, 20.0), (80.0, 20.0), (80.0, 80.0), (20.0, 80.0))
    engine.quality = Quality(Verdict.GOOD, (), "", {}, (), Anatomy((square,), (60.0, 50.0)))
    opened(clinic.adler)
    press(qtbot, page, Key.Key_C, mod=Mod.ShiftModifier)
    assert session.case is not None
    assert dict(session.case.cervix_on(session.case.pairs[0].id)) == {Source.WHITE: square}
    press(qtbot, page, Key.Key_C, mod=Mod.ShiftModifier)
    assert "drawn already" in problems[-1]


def test_the_menu_of_the_bar_chooses_the_tool(page: ReviewPage, clinic: Clinic, opened: Opened) -> None:
    opened(clinic.adler)
    menu = page.bar.draw.menu()
    assert menu is not None
    by_name = {action.objectName(): action for action in menu.actions()}
    for name, tool, said in (
        ("draw_lesion", "lesion", "Lesion"),
        ("brush", "brush", "Brush"),
        ("eraser", "eraser", "Eraser"),
        ("draw_scj", "scj", "SCJ"),
    ):
        by_name[f"review.{name}"].trigger()
        assert (page.stage.tool, page.bar.draw.text(), page.bar.draw.isChecked()) == (tool, said, True)
    page.choose_tool("pan")
    assert (page.bar.draw.text(), page.bar.draw.isChecked()) == ("Draw", False)


def test_what_another_program_removed_meanwhile_is_said_and_nothing_is_broken(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, problems: list[str], qtbot: QtBot
) -> None:
    opened(clinic.adler)
    page.choose_tool("lesion")
    draw(qtbot, page, BOX)
    drawing.remove_contour(clinic.lib, contours(session)[0].id)
    press(qtbot, page, Key.Key_Delete)
    assert "no longer in the library" in problems[-1]
    session.refresh()
    assert words(page) == ["", ""]
