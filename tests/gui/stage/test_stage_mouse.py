"""Mouse, wheel, touchpad and drops on the stage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.stage_mouse import PICTURE_MIME
from pfm_desktop.viewmodels.pair_view import MODES, CursorPosition, Mode, set_swipe

MIDDLE, RIGHT, LEFT = Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton, Qt.MouseButton.LeftButton
WHITE, GLOW = Source.WHITE, Source.FLUORESCENCE


def heard(signal) -> list:
    """What a signal says from now on."""
    said: list = []
    signal.connect(lambda *args: said.append(args))
    return said


def tissue(stage, at, pane: int = 0):
    return stage.arrangement.panes[pane].lens.to_picture(*at)


# ---- zooming


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("at", [(300.0, 150.0), (333.25, 221.5)])
def test_the_wheel_zooms_about_the_tissue_under_the_mouse(registered, hand, show, mode, at) -> None:
    show(mode)
    before = tissue(registered, at)
    size = registered.arrangement.panes[0].lens.zoom
    hand.wheel(at)
    assert tissue(registered, at) == pytest.approx(before)
    assert registered.view.zoom == pytest.approx(size * 1.25)


@pytest.mark.parametrize("pair", ["registered", "unregistered"])
def test_the_wheel_over_the_second_picture_zooms_about_its_tissue(request, hand, pair) -> None:
    stage = request.getfixturevalue(pair)
    at = (740.0, 160.0)
    before = tissue(stage, at, 1)
    for _ in range(5):
        hand.wheel(at)
    assert tissue(stage, at, 1) == pytest.approx(before)


def test_registered_panes_stay_locked_whatever_the_hand_does(registered, hand) -> None:
    for at in [(120, 90), (880, 300), (501, 10), (333, 333)]:
        hand.wheel(at, 200)
        hand.drag(at, (at[0] + 37, at[1] - 21))
        left, right = (pane.lens for pane in registered.arrangement.panes)
        assert (left.zoom, left.centre, left.width) == (right.zoom, right.centre, right.width)


def test_a_fine_wheel_turns_as_far_as_a_coarse_one(registered, hand) -> None:
    hand.wheel((250, 200), 120)
    coarse = registered.view
    registered.commands.fit()
    for _ in range(24):
        hand.wheel((250, 200), 5)
    assert registered.view.zoom == pytest.approx(coarse.zoom)
    assert registered.view.centre == pytest.approx(coarse.centre)


def test_a_sideways_wheel_and_the_swing_of_a_touchpad_do_not_zoom(registered, hand) -> None:
    before = registered.view
    hand.wheel((250, 200), 0, sideways=120)
    hand.wheel((250, 200), 60, phase=Qt.ScrollPhase.ScrollMomentum)
    assert registered.view == before


def test_two_fingers_pinch_about_the_tissue_between_them(registered, hand) -> None:
    before = tissue(registered, (280, 180))
    size = registered.arrangement.panes[0].lens.zoom
    hand.pinch((280, 180), 0.5)
    assert registered.view.zoom == pytest.approx(1.5 * size)
    assert tissue(registered, (280, 180)) == pytest.approx(before)


def test_the_wheel_on_an_empty_stage_does_nothing(stage, hand) -> None:
    before = stage.view
    hand.wheel((250, 200))
    hand.drag((250, 200), (300, 200))
    assert stage.view == before


def test_a_double_click_fits(registered, hand) -> None:
    hand.wheel((250, 200), 600)
    hand.double_click((250, 200))
    assert registered.view.zoom is None


def test_a_double_click_of_another_button_does_not_fit(registered, hand) -> None:
    hand.wheel((250, 200), 600)
    hand.double_click((250, 200), RIGHT)
    hand.double_click((250, 200), MIDDLE)
    assert registered.view.zoom is not None


# ---- panning


@pytest.mark.parametrize("button", [LEFT, MIDDLE])
def test_dragging_takes_the_tissue_along(registered, hand, button) -> None:
    hand.wheel((250, 200), 600)
    before = tissue(registered, (250, 200))
    hand.drag((250, 200), (310, 170), button)
    assert tissue(registered, (310, 170)) == pytest.approx(before)


def test_the_middle_button_pans_with_any_tool(registered, hand) -> None:
    registered.tool = "pin"
    asked = heard(registered.pin_requested)
    hand.wheel((250, 200), 600)
    before = tissue(registered, (250, 200))
    hand.drag((250, 200), (310, 170), MIDDLE)
    assert tissue(registered, (310, 170)) == pytest.approx(before)
    assert asked == []


def test_a_click_with_a_trembling_hand_does_not_pan(registered, hand) -> None:
    hand.wheel((250, 200), 600)
    before = registered.view.centre
    hand.drag((250, 200), (252, 201))
    assert registered.view.centre == before


def test_a_drag_whose_end_was_not_heard_ends_with_the_next_movement(registered, hand) -> None:
    hand.wheel((250, 200), 600)
    hand.press((250, 200))
    hand.move((300, 200))
    after = registered.view.centre
    hand.lose_release()
    hand.move((100, 300))
    hand.move((140, 300))
    assert registered.view.centre == after


def test_a_second_button_does_not_end_the_drag(registered, hand) -> None:
    hand.wheel((250, 200), 600)
    before = tissue(registered, (250, 200))
    hand.press((250, 200))
    hand.move((280, 200))
    hand._mouse(QEvent.Type.MouseButtonPress, (280, 200), RIGHT)
    hand._mouse(QEvent.Type.MouseButtonRelease, (280, 200), RIGHT)
    hand.move((320, 200))
    hand.release((320, 200))
    assert tissue(registered, (320, 200)) == pytest.approx(before)


def test_other_pictures_in_the_middle_of_a_drag_end_it(registered, hand, white) -> None:
    hand.press((250, 200))
    hand.move((290, 200))
    registered.set_pair(white.copy(), None, None)
    hand.move((330, 200))
    assert registered.view.zoom is None


def test_a_press_gives_the_keys_to_the_stage(registered, hand) -> None:
    registered.clearFocus()
    assert not registered.hasFocus()
    hand.click((250, 200))
    assert registered.hasFocus()


# ---- the curtain


def test_the_curtain_follows_the_mouse(registered, hand, show) -> None:
    show(Mode.SWIPE)
    hand.drag((502, 120), (700, 140))
    assert registered.view.swipe == pytest.approx(700 / 1004)
    assert registered.view.zoom is None, "the picture stayed"
    hand.drag((700, 300), (-50, 300))
    assert registered.view.swipe == 0.0


def test_beside_the_curtain_the_picture_moves(registered, hand, show) -> None:
    show(Mode.SWIPE)
    hand.drag((300, 120), (340, 120))
    assert registered.view.swipe == 0.5
    assert registered.view.zoom is not None


def test_a_pin_can_be_placed_on_tissue_under_the_curtain(registered, hand, show) -> None:
    show(Mode.SWIPE)
    registered.tool = "pin"
    asked = heard(registered.pin_requested)
    hand.click((504, 100))
    assert len(asked) == 1
    hand.drag((502, 200), (600, 200))  # by the handle the curtain still moves
    assert registered.view.swipe == pytest.approx(600 / 1004)
    assert len(asked) == 1


# ---- pins and os


@pytest.mark.parametrize("pane", [0, 1])
def test_a_pin_on_a_registered_pair_is_asked_for_in_the_white_light_frame(registered, hand, spot, pane) -> None:
    registered.tool = "pin"
    asked = heard(registered.pin_requested)
    hand.click(spot(120, 90, pane))
    ((frame, x, y),) = asked
    assert frame is WHITE
    assert (x, y) == pytest.approx((120, 90))


@pytest.mark.parametrize(("pane", "frame"), [(0, WHITE), (1, GLOW)])
def test_a_pin_on_an_unregistered_pair_is_asked_for_in_the_picture_clicked(
    unregistered, hand, spot, pane, frame
) -> None:
    unregistered.tool = "pin"
    asked = heard(unregistered.pin_requested)
    hand.click(spot(120, 90, pane))
    assert asked[0][0] is frame
    assert asked[0][1:] == pytest.approx((120, 90))


def test_the_os_is_marked_by_its_tool_also_close_to_a_pin(registered, hand, spot, pins) -> None:
    registered.set_marks(pins, None)
    registered.tool = "os"
    marked, asked = heard(registered.os_marked), heard(registered.pin_requested)
    hand.click(spot(203, 102))
    assert marked[0][0] is WHITE
    assert marked[0][1:] == pytest.approx((203, 102))
    assert asked == []


def test_the_pan_tool_places_nothing(registered, hand, spot) -> None:
    asked = heard(registered.pin_requested), heard(registered.os_marked)
    hand.click(spot(120, 90))
    assert asked == ([], [])


@pytest.mark.parametrize("at", [(250.0, 5.0), (501.5, 200.0)])
def test_no_pin_is_placed_beside_the_pictures(registered, hand, at) -> None:
    registered.tool = "pin"
    asked = heard(registered.pin_requested)
    hand.click(at)
    assert asked == []


def test_no_pin_is_placed_on_a_missing_picture(stage, hand, white) -> None:
    stage.set_pair(white, None, None)
    stage.tool = "pin"
    asked = heard(stage.pin_requested)
    hand.click((950, 200))
    assert asked == []


def test_two_quick_clicks_are_two_pins(registered, hand, spot) -> None:
    registered.tool = "pin"
    asked = heard(registered.pin_requested)
    hand.double_click(spot(120, 90))
    assert len(asked) == 2
    assert registered.view.zoom is None


@pytest.mark.parametrize("pane", [0, 1])
def test_a_click_on_a_pin_chooses_it_in_either_picture(registered, hand, spot, pins, pane) -> None:
    registered.set_marks(pins, None)
    chosen, asked = heard(registered.pin_selected), heard(registered.pin_requested)
    registered.tool = "pin"
    hand.click(spot(120, 130, pane))  # B, placed at (160, 150) on fluorescence
    assert chosen == [("b",)]
    assert registered.marks.selected == "b"
    assert asked == []


def test_choosing_by_program_sends_no_signal(registered, pins) -> None:
    registered.set_marks(pins, None)
    chosen = heard(registered.pin_selected)
    registered.select_pin("a")
    registered.select_pin("gone")
    assert chosen == []
    assert registered.marks.selected == ""


def test_a_dragged_pin_is_asked_to_move_once_in_its_own_frame(registered, hand, spot, pins) -> None:
    registered.set_marks(pins, None)
    registered.tool = "pin"
    moved = heard(registered.pin_moved)
    hand.drag(spot(200, 100), spot(230, 140))
    hand.drag(spot(120, 130, 1), spot(100, 100, 1))
    assert [args[0] for args in moved] == ["a", "b"]
    assert moved[0][1:] == pytest.approx((230, 140))
    assert moved[1][1:] == pytest.approx((140, 120)), "in fluorescence pixels"


def test_a_pin_is_seen_where_it_is_dragged_in_both_pictures(registered, hand, spot, pins) -> None:
    registered.set_marks(pins, None)
    registered.tool = "pin"
    hand.press(spot(200, 100))
    hand.move(spot(215, 120))
    hand.move(spot(230, 140))
    seen = registered.painting().marks
    assert [(p.x, p.y) for p in seen.pins_in(WHITE) if p.id == "a"] == [pytest.approx((230, 140))]
    assert [(p.x, p.y) for p in seen.pins_in(GLOW) if p.id == "a"] == [pytest.approx((270, 160))]
    assert registered.marks.pins == pins, "nothing is changed before the page says so"
    hand.release(spot(230, 140))
    assert registered.painting().marks is registered.marks


def test_with_the_pan_tool_a_drag_on_a_pin_moves_it_and_no_picture(registered, hand, spot, pins) -> None:
    registered.set_marks(pins, None)
    moved, chosen, view = heard(registered.pin_moved), heard(registered.pin_selected), registered.view.zoom
    hand.drag(spot(200, 100), spot(230, 140))
    assert moved[0] == ("a", pytest.approx(230), pytest.approx(140))
    assert chosen == [("a",)]
    assert registered.view.zoom is view is None


def test_with_the_pan_tool_a_drag_beside_a_pin_pans(registered, hand, spot, pins) -> None:
    registered.set_marks(pins, None)
    moved, chosen = heard(registered.pin_moved), heard(registered.pin_selected)
    x, y = spot(200, 100)
    hand.drag((x + 12, y), (x + 42, y))
    assert (moved, chosen) == ([], [])
    assert registered.view.zoom is not None


def test_where_pins_do_not_move_a_drag_on_one_pans_and_chooses_nothing(registered, hand, spot, pins) -> None:
    registered.set_marks(pins, None)
    registered.pins_move = False
    moved, chosen = heard(registered.pin_moved), heard(registered.pin_selected)
    x, y = spot(200, 100)
    hand.press((x, y))
    assert registered.marks.selected == ""
    hand.move((x + 30, y))
    hand.release((x + 30, y))
    assert (moved, chosen) == ([], [])
    assert registered.view.zoom is not None
    hand.click(spot(200, 100))
    assert chosen == [("a",)], "a click that pans nothing chooses"


def test_the_pointer_tells_where_the_pan_tool_would_move_a_pin(registered, hand, spot, pins) -> None:
    registered.set_marks(pins, None)
    shapes = []
    for moves in (True, False):
        registered.pins_move = moves
        for at in (spot(200, 100), spot(260, 200)):
            hand.move(at)
            shapes.append(registered.cursor().shape())
    open_hand = Qt.CursorShape.OpenHandCursor
    assert shapes == [Qt.CursorShape.PointingHandCursor, open_hand, open_hand, open_hand]


def test_a_pin_dragged_off_the_picture_stays_at_its_last_place_on_it(registered, hand, spot, pins) -> None:
    registered.set_marks(pins, None)
    registered.tool = "pin"
    moved = heard(registered.pin_moved)
    hand.press(spot(200, 100))
    hand.move(spot(200, 50))
    hand.move((250, 3))
    hand.release((250, 3))
    assert moved[0][1:] == pytest.approx((200, 50))


def test_a_pin_cannot_leave_the_picture_it_was_placed_on(registered, hand, spot, pins) -> None:
    registered.set_marks(pins, None)
    registered.tool = "pin"
    moved = heard(registered.pin_moved)
    hand.drag(spot(120, 130), spot(385, 130))  # there fluorescence shows nothing
    assert moved == []


# ---- the cursor


def test_one_cursor_is_in_both_pictures(registered, hand, spot, look) -> None:
    said = heard(registered.cursor_moved)
    bare = look()
    hand.move(spot(150, 120))
    ((position,),) = said
    assert isinstance(position, CursorPosition)
    assert position.white == pytest.approx((150, 120))
    assert position.fluorescence == pytest.approx((190, 140))
    changed = look()
    x, y = spot(150, 120, 1)
    assert abs(changed.at(x + 9, y) - bare.at(x + 9, y)).max() > 100, "a cross in the other picture"
    x, y = spot(150, 120)
    assert abs(changed.at(x + 9, y) - bare.at(x + 9, y)).max() == 0, "none under the mouse's own arrow"


def test_the_cursor_over_the_second_picture_is_drawn_in_the_first(registered, hand, spot, look) -> None:
    bare = look()
    hand.move(spot(150, 120, 1))
    x, y = spot(150, 120)
    assert abs(look().at(x + 9, y) - bare.at(x + 9, y)).max() > 100


def test_without_registration_no_cursor_is_drawn_in_the_other_picture(unregistered, hand, spot, look) -> None:
    said = heard(unregistered.cursor_moved)
    bare = look()
    hand.move(spot(150, 120))
    assert said[0][0].white == pytest.approx((150, 120))
    assert said[0][0].fluorescence is None
    lens = unregistered.arrangement.panes[1].lens
    left = int(lens.left)
    assert (look().pixels[:, left:] == bare.pixels[:, left:]).all()


def test_the_cursor_has_no_place_where_fluorescence_shows_nothing(registered, hand, spot) -> None:
    said = heard(registered.cursor_moved)
    hand.move(spot(390, 150))
    assert said[0][0].white == pytest.approx((390, 150))
    assert said[0][0].fluorescence is None


def test_the_cursor_goes_when_the_mouse_does(registered, hand, spot) -> None:
    said = heard(registered.cursor_moved)
    hand.move(spot(150, 120))
    hand.move((250, 3))
    hand.move(spot(150, 120))
    QApplication.sendEvent(registered, QEvent(QEvent.Type.Leave))
    assert [args[0] is None for args in said] == [False, True, False, True]


def test_moving_the_mouse_does_not_count_as_a_change_of_view(registered, hand, spot) -> None:
    changed = heard(registered.view_changed)
    hand.move(spot(150, 120))
    assert changed == []
    registered.set_view(set_swipe(registered.view, 0.1))
    registered.set_view(replace(registered.view))
    assert len(changed) == 1


# ---- drops


def dragged(picture_id: str | None) -> QMimeData:
    data = QMimeData()
    if picture_id is None:
        data.setUrls([QUrl.fromLocalFile("/somewhere/picture.png")])
    else:
        data.setData(PICTURE_MIME, picture_id.encode())
    return data


def drop(stage, at: tuple[int, int], data: QMimeData) -> bool:
    """Drag in and let go; False when the stage did not want it."""
    action, plain = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(*at), action, data, LEFT, plain)
    enter.ignore()
    QApplication.sendEvent(stage, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(stage, QDropEvent(QPointF(*at), action, data, LEFT, plain))
    return True


@pytest.mark.parametrize(("x", "source"), [(100, WHITE), (900, GLOW)])
def test_a_picture_dropped_on_a_pane_names_the_pane(registered, x, source) -> None:
    dropped = heard(registered.picture_dropped)
    assert drop(registered, (x, 200), dragged("p\u00e9-7"))
    assert dropped == [("p\u00e9-7", source)]


def test_a_picture_can_be_dropped_on_the_place_of_a_missing_one(stage, white) -> None:
    stage.set_pair(white, None, None)
    dropped = heard(stage.picture_dropped)
    assert drop(stage, (950, 200), dragged("p7"))
    assert dropped == [("p7", GLOW)]


def test_a_picture_dropped_on_an_empty_stage_names_no_pane(stage) -> None:
    dropped = heard(stage.picture_dropped)
    assert drop(stage, (100, 100), dragged("p7"))
    assert dropped == [("p7", None)]


def test_files_are_left_to_the_page(registered) -> None:
    dropped = heard(registered.picture_dropped)
    assert not drop(registered, (100, 100), dragged(None))
    assert dropped == []


# ---- the pointer


def test_the_pointer_tells_the_tool(registered) -> None:
    assert registered.cursor().shape() is Qt.CursorShape.OpenHandCursor
    said = heard(registered.tool_changed)
    registered.tool = "pin"
    registered.tool = "pin"
    assert registered.cursor().shape() is Qt.CursorShape.CrossCursor
    assert said == [("pin",)]


def test_a_tool_that_does_not_exist_is_refused(registered) -> None:
    with pytest.raises(ValueError, match="knife"):
        registered.tool = "knife"
    assert registered.tool == "pan"
