"""The keys of the stage, on keyboards of several countries."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.stage_keys import STAGE_KEYS
from pfm_desktop.viewmodels.pair_view import FLICK_S, MODES, Cursor, Mode

Key, Mod = Qt.Key, Qt.KeyboardModifier
SHIFT, ALT, CTRL, PAD = Mod.ShiftModifier, Mod.AltModifier, Mod.ControlModifier, Mod.KeypadModifier
DIGITS = [Key.Key_1, Key.Key_2, Key.Key_3, Key.Key_4, Key.Key_5]


def heard(signal) -> list:
    said: list = []
    signal.connect(lambda *args: said.append(args))
    return said


@pytest.mark.slow
@pytest.mark.parametrize("modifiers", [Mod.NoModifier, PAD, SHIFT], ids=["plain", "keypad", "French"])
@pytest.mark.parametrize(("key", "mode"), list(zip(DIGITS, MODES, strict=True)))
def test_digits_choose_the_mode(registered, hand, key, mode, modifiers) -> None:
    assert hand.key(key, modifiers)
    assert registered.view.mode is mode
    assert registered.arrangement.mode is mode


def test_space_flickers_and_never_by_itself(registered, hand) -> None:
    hand.key(Key.Key_Space)
    assert registered.view.mode is Mode.FLICKER
    first = registered.view.flicker
    hand.key(Key.Key_Space, repeats=7)
    assert registered.view.flicker is not first, "one step, however long the key is held"


def test_however_fast_space_is_pressed_the_picture_changes_six_times_a_second_at_most(registered, hand, show) -> None:
    show(Mode.FLICKER)
    registered.commands.clock = lambda: 50.0
    shown = [registered.view.flicker]
    for _ in range(3):
        hand.key(Key.Key_Space)
        shown.append(registered.view.flicker)
    assert shown == [Source.WHITE, *[Source.FLUORESCENCE] * 3]
    registered.commands.clock = lambda: 50.0 + 1.01 * FLICK_S
    hand.key(Key.Key_Space)
    assert registered.view.flicker is Source.WHITE


@pytest.mark.parametrize(
    "modifiers",
    [Mod.NoModifier, CTRL | ALT, Mod.GroupSwitchModifier, SHIFT],
    ids=["US", "German on Windows", "German under X", "shift"],
)
def test_brackets_move_the_blend_and_the_curtain(registered, hand, show, modifiers) -> None:
    show(Mode.BLEND)
    assert hand.key(Key.Key_BracketRight, modifiers)
    assert registered.view.opacity == pytest.approx(0.55)
    show(Mode.SWIPE)
    assert hand.key(Key.Key_BracketLeft, modifiers, repeats=1)
    assert registered.view.swipe == pytest.approx(0.4)


def test_control_and_arrows_move_the_blend_on_any_keyboard(registered, hand, show) -> None:
    show(Mode.BLEND)
    hand.key(Key.Key_Right, CTRL)
    hand.key(Key.Key_Right, CTRL)
    hand.key(Key.Key_Left, CTRL)
    assert registered.view.opacity == pytest.approx(0.55)


@pytest.mark.parametrize("key", [Key.Key_1, Key.Key_F, Key.Key_Z, Key.Key_Delete, Key.Key_Space, Key.Key_H])
def test_keys_with_control_are_left_to_the_menu(registered, hand, key) -> None:
    before = registered.view
    assert not hand.key(key, CTRL)
    assert registered.view == before


@pytest.mark.parametrize(
    ("key", "modifiers"), [(Key.Key_Plus, SHIFT), (Key.Key_Plus, PAD), (Key.Key_Equal, Mod.NoModifier)]
)
def test_plus_and_minus_zoom_about_the_middle(registered, hand, key, modifiers) -> None:
    lens = registered.arrangement.panes[0].lens
    hand.key(key, modifiers)
    assert registered.view.zoom == pytest.approx(lens.zoom * 1.25)
    assert registered.view.centre == pytest.approx(lens.centre)
    hand.key(Key.Key_Minus)
    assert registered.view.zoom == pytest.approx(lens.zoom)


def test_f_fits_and_z_shows_pixels_one_to_one(registered, hand) -> None:
    hand.key(Key.Key_Z)
    assert registered.view.zoom == pytest.approx(1 / registered.devicePixelRatioF())
    hand.key(Key.Key_F)
    assert registered.view.zoom is None


@pytest.mark.parametrize("pad", [Mod.NoModifier, PAD])
def test_arrows_bring_into_view_what_lies_there(registered, hand, pad) -> None:
    hand.key(Key.Key_Plus, repeats=4)
    x, y = registered.view.centre
    hand.key(Key.Key_Right, pad)
    hand.key(Key.Key_Down, pad)
    assert registered.view.centre[0] > x
    assert registered.view.centre[1] > y


# ---- held keys


def test_h_hides_the_heatmap_while_it_is_held(registered, hand, heatmap) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    hand.key(Key.Key_H, up=False, repeats=3)
    assert registered.painting().heatmap is None
    hand.key_up(Key.Key_H, again=True)
    assert registered.painting().heatmap is None, "X11 repeats releases too"
    hand.key_up(Key.Key_H)
    assert registered.painting().heatmap is not None


def test_l_shows_the_loupe_while_it_is_held(registered, hand, spot) -> None:
    hand.move(spot(150, 120))
    hand.key(Key.Key_L, up=False)
    assert registered.painting().loupe
    hand.key_up(Key.Key_L)
    assert not registered.painting().loupe


def test_the_loupe_without_a_mouse_is_in_the_middle(registered, hand) -> None:
    hand.key(Key.Key_L, up=False)
    assert registered.view.cursor == Cursor(Source.WHITE, 199.5, 149.5)
    hand.key_up(Key.Key_L)


def test_a_key_let_go_in_another_window_does_not_leave_the_heatmap_hidden(registered, hand, heatmap, qtbot) -> None:
    registered.set_heatmaps({"fused": heatmap()})
    other = QLineEdit(registered.parentWidget())
    other.show()
    hand.key(Key.Key_H, up=False)
    hand.key(Key.Key_L, up=False)
    other.setFocus()
    qtbot.waitUntil(lambda: not registered.hasFocus())
    assert registered.painting().heatmap is not None
    assert not registered.painting().loupe


# ---- marking without a mouse


def test_a_pin_can_be_placed_by_keys_alone(registered, hand) -> None:
    registered.tool = "pin"
    asked = heard(registered.pin_requested)
    hand.key(Key.Key_Return)
    assert asked == [], "the first Enter brings the cursor"
    assert registered.view.cursor is not None
    zoom = registered.arrangement.panes[0].lens.zoom
    hand.key(Key.Key_Left, SHIFT, repeats=2)
    hand.key(Key.Key_Up, SHIFT)
    hand.key(Key.Key_Enter, PAD, repeats=5)
    ((frame, x, y),) = asked
    assert frame is Source.WHITE
    assert (x, y) == pytest.approx((199.5 - 30 / zoom, 149.5 - 10 / zoom))


def test_the_cursor_of_the_keys_stays_on_the_picture(registered, hand) -> None:
    for key in (Key.Key_Left, Key.Key_Up):
        hand.key(key, SHIFT, repeats=90)
    assert registered.view.cursor == Cursor(Source.WHITE, 0.0, 0.0)
    for key in (Key.Key_Right, Key.Key_Down):
        hand.key(key, SHIFT, repeats=150)
    assert registered.view.cursor == Cursor(Source.WHITE, 399.0, 299.0)


def test_the_cursor_of_the_keys_is_seen_in_both_pictures(registered, hand, look, spot) -> None:
    bare = look()
    hand.key(Key.Key_Right, SHIFT)
    cursor = registered.view.cursor
    for pane in (0, 1):
        x, y = spot(cursor.x, cursor.y, pane)
        assert abs(look().at(x + 9, y) - bare.at(x + 9, y)).max() > 100


def test_comma_and_period_go_through_the_pins_and_around(registered, hand, pins) -> None:
    registered.set_marks(pins, None)
    chosen = heard(registered.pin_selected)
    for key in (Key.Key_Period, Key.Key_Period, Key.Key_Period, Key.Key_Comma):
        hand.key(key)
    assert [args[0] for args in chosen] == ["a", "b", "a", "b"]


def test_before_the_first_choice_comma_takes_the_last_pin(registered, hand, pins) -> None:
    registered.set_marks(pins, None)
    hand.key(Key.Key_Comma)
    assert registered.marks.selected == "b"


def test_without_pins_their_keys_do_nothing(registered, hand) -> None:
    said = heard(registered.pin_selected), heard(registered.pin_removed), heard(registered.pin_moved)
    for key in (Key.Key_Comma, Key.Key_Period, Key.Key_Delete):
        hand.key(key)
    hand.key(Key.Key_Left, ALT)
    assert said == ([], [], [])


@pytest.mark.parametrize("key", [Key.Key_Delete, Key.Key_Backspace])
def test_delete_asks_once_to_remove_the_chosen_pin(registered, hand, pins, key) -> None:
    registered.set_marks(pins, None)
    registered.select_pin("b")
    removed = heard(registered.pin_removed)
    hand.key(key, repeats=4)
    assert removed == [("b",)]
    assert registered.marks.pins == pins, "the page removes it"


@pytest.mark.parametrize(("pin", "start"), [("a", (200, 100)), ("b", (160, 150))])
def test_alt_and_arrows_ask_to_move_the_chosen_pin_by_a_stage_pixel(registered, hand, pins, pin, start) -> None:
    registered.set_marks(pins, None)
    registered.select_pin(pin)
    moved = heard(registered.pin_moved)
    zoom = registered.arrangement.panes[0].lens.zoom
    hand.key(Key.Key_Right, ALT)
    hand.key(Key.Key_Up, ALT)
    assert [args[0] for args in moved] == [pin, pin]
    assert moved[0][1:] == pytest.approx((start[0] + 1 / zoom, start[1]))
    assert moved[1][1:] == pytest.approx((start[0], start[1] - 1 / zoom))


def test_a_pin_on_an_unregistered_fluorescence_picture_can_be_moved_by_keys(unregistered, hand, pins) -> None:
    unregistered.set_marks(pins, None)
    unregistered.select_pin("b")
    moved = heard(unregistered.pin_moved)
    hand.key(Key.Key_Right, ALT)
    zoom = unregistered.arrangement.panes[1].lens.zoom
    assert moved[0][1:] == pytest.approx((160 + 1 / zoom, 150))


# ---- escape


def test_escape_goes_back_to_the_pan_tool_and_then_belongs_to_the_page(registered, hand) -> None:
    registered.tool = "os"
    assert hand.key(Key.Key_Escape)
    assert registered.tool == "pan"
    assert not hand.key(Key.Key_Escape)


def test_escape_puts_a_dragged_pin_back(registered, hand, spot, pins) -> None:
    registered.set_marks(pins, None)
    registered.tool = "pin"
    moved = heard(registered.pin_moved)
    hand.press(spot(200, 100))
    hand.move(spot(240, 160))
    hand.move(spot(250, 160))
    assert hand.key(Key.Key_Escape)
    assert registered.tool == "pin", "one Escape, one step back"
    hand.release(spot(250, 160))
    assert moved == []
    assert registered.painting().marks is registered.marks


def test_a_key_that_means_nothing_is_left_to_others(registered, hand) -> None:
    assert not hand.key(Key.Key_Q)
    assert not hand.key(Key.Key_Up, CTRL)


def test_tab_leaves_the_stage(registered, qtbot) -> None:
    other = QLineEdit(registered.parentWidget())
    other.show()
    qtbot.keyClick(registered, Key.Key_Tab)
    assert QApplication.focusWidget() is other


def test_every_key_of_the_list_has_words() -> None:
    assert all(keys and words for keys, words in STAGE_KEYS)
    assert {"1", "2", "3", "4", "5"} <= {keys for keys, _ in STAGE_KEYS}
