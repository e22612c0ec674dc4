"""The commands of the Review page, for its keys, the menu and the shortcut editor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from pfm_desktop.gui.actions import page_action
from pfm_desktop.gui.widgets.filmstrip import MOVE_KEY
from pfm_desktop.gui.widgets.stage import Tool
from pfm_desktop.viewmodels import drawings as model
from pfm_desktop.viewmodels.found import SHOW_KEY, TAKE_KEY
from pfm_desktop.viewmodels.pair_view import MODES, ZOOM_STEP

if TYPE_CHECKING:
    from pfm_desktop.gui.pages.review.page import ReviewPage

_DRAWING = ("draw_lesion", "brush", "eraser", "larger_brush", "smaller_brush", "add_lesion", "draw_scj", "draw_cervix")
DRAW_MENU = tuple(f"review.{name}" for name in (*_DRAWING, "drawings"))
TABS = ("Findings", "AI", "Pins", "Report", "Referral")


def stage_actions(page: ReviewPage) -> tuple[QAction, ...]:
    """Commands with single keys: they act while the stage has the keys, so that typing elsewhere never does."""
    do, ask = page.stage.commands, partial(_action, page, page.stage)
    modes = tuple(ask(mode.value, mode.caption, mode.key, partial(do.set_mode, mode)) for mode in MODES)
    return (
        *modes,
        ask("other_picture", "Flicker: the other picture", "Space", page.guests.flick),
        ask("fit", "Fit", "F", do.fit),
        ask("one_to_one", "One to one", "Z", do.one_to_one),
        ask("zoom_in", "Zoom in", "+", lambda: do.zoom(ZOOM_STEP), repeat=True),
        ask("zoom_out", "Zoom out", "-", lambda: do.zoom(1 / ZOOM_STEP), repeat=True),
        ask("pan", "Pan tool", "V", lambda: page.choose_tool(Tool.PAN.value)),
        ask("pin", "Pin tool", "P", lambda: page.choose_tool(Tool.PIN.value)),
        ask("os", "Os tool", "O", lambda: page.choose_tool(Tool.OS.value)),
        ask("draw_cervix", "Cervix tool", "C", lambda: page.choose_tool(Tool.CERVIX.value)),
        ask(
            "draw_lesion",
            "Contour of the chosen lesion: outline tool",
            "D",
            lambda: page.choose_tool(Tool.LESION.value),
        ),
        ask("brush", "Contour of the chosen lesion: brush", "B", lambda: page.choose_tool(Tool.BRUSH.value)),
        ask("eraser", "Contour of the chosen lesion: eraser", "E", lambda: page.choose_tool(Tool.ERASER.value)),
        ask("add_lesion", "Add a lesion, and draw it", "N", page.add_lesion),
        ask("draw_scj", "SCJ line tool", "J", lambda: page.choose_tool(Tool.SCJ.value)),
        ask("drawings", "Show or hide contours and SCJ line", model.SHOW_KEY, page.drawing.toggle),
        ask("larger_brush", "Larger brush", "", partial(page.stage.draw.size_brush, 1), repeat=True),
        ask("smaller_brush", "Smaller brush", "", partial(page.stage.draw.size_brush, -1), repeat=True),
        ask("take_cervix", "Draw the cervix as the program found it", "Shift+C", page.take_cervix),
        ask("take_os", "Mark the os where the program found it", TAKE_KEY, page.take_os),
        ask("cervix", "Show or hide the cervix", SHOW_KEY, page.toggle_cervix),
    )


def page_wide_actions(page: ReviewPage) -> tuple[QAction, ...]:
    """Commands that act wherever on the page the keys are."""
    ask = partial(_action, page, page)
    tabs = tuple(
        ask(name.lower(), f"Show {name}", f"Alt+{number}", partial(page.side.go_to, number - 1))
        for number, name in enumerate(TABS, start=1)
    )
    return (
        *tabs,
        ask("next_area", "Next area of the page", "F6", partial(page.step_area, 1)),
        ask("previous_area", "Previous area of the page", "Shift+F6", partial(page.step_area, -1)),
        ask("heatmap", "Show or hide the model attention", "Ctrl+H", page.side.heatmap.toggle),
        ask("points", "Register by points ...", "Ctrl+R", page.place_points),
        ask("clear_cervix", "Remove the drawn outline of the cervix", "", page.clear_cervix),
        ask("automatic", "Register automatically again", "", page.register_automatically),
        ask("add_pictures", "Add pictures ...", "Ctrl+Shift+A", page.pictures.ask_for_files),
        ask("move_pictures", "Move the chosen pictures to another visit ...", MOVE_KEY, page.pictures.ask_move),
        ask("compare", "Compare with an earlier visit ...", "F7", page.guests.compare_visits),
        ask("play", "Play the acetic acid sequence", "F9", page.guests.play_sequence),
        ask("filmstrip", "Show or hide the pictures of the visit", "F8", page.pictures.toggle_open),
        ask("reload", "Load the pair again", "F5", page.reload),
        ask("export", "Export this visit...", "", page.ask_export),
    )


def point_mode_actions(page: ReviewPage) -> tuple[QAction, ...]:
    """Keys of point mode; while they are enabled they come before the stage's own."""
    ask = partial(_action, page, page.stage)
    actions = (
        ask("points_apply", "Apply points", "Return", page.points.apply),
        ask("points_apply_keypad", "Apply points", "Enter", page.points.apply),
        ask("points_undo", "Take the last point away", "Backspace", page.points.undo),
        ask("points_leave", "Leave point mode", "Esc", page.points.leave),
    )
    return _off(actions)


def loan_actions(page: ReviewPage) -> tuple[QAction, ...]:
    """Keys while the stage shows something else than the pair."""
    actions = (_action(page, page.stage, "give_back", "Back to the pair", "Esc", page.guests.give_back),)
    return _off(actions)


def player_actions(page: ReviewPage) -> tuple[QAction, ...]:
    """Keys of the player; Space is that of flicker."""
    ask, player = partial(_action, page, page.stage), page.guests.playing
    actions = (
        ask("player_back", "Player: the picture before", ",", lambda: player.step(-1), repeat=True),
        ask("player_on", "Player: the next picture", ".", lambda: player.step(1), repeat=True),
        ask("player_first", "Player: the first picture", "Home", lambda: player.go_to(0)),
        ask("player_last", "Player: the last picture", "End", player.go_to_last),
    )
    return _off(actions)


def _off(actions: tuple[QAction, ...]) -> tuple[QAction, ...]:
    for action in actions:
        action.setEnabled(False)
    return actions


def _action(
    page: QWidget,
    where: QWidget,
    id_: str,
    text: str,
    shortcut: str,
    slot: Callable[[], object],
    *,
    repeat: bool = False,
) -> QAction:
    # thirty flickers a second would be unsafe
    action = page_action(page, f"review.{id_}", text, shortcut, slot, repeat=repeat)
    # a key of the stage belongs to the stage alone: in a text field it is a letter
    context = Qt.ShortcutContext
    action.setShortcutContext(context.WidgetShortcut if where is not page else context.WidgetWithChildrenShortcut)
    where.addAction(action)
    return action
