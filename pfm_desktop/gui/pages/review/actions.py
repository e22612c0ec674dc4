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
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import drawings as model
from pfm_desktop.viewmodels.found import SHOW_KEY, TAKE_KEY
from pfm_desktop.viewmodels.pair_view import MODES, ZOOM_STEP
from pfm_desktop.viewmodels.review import TABS

if TYPE_CHECKING:
    from pfm_desktop.gui.pages.review.page import ReviewPage

_DRAWING = ("draw_lesion", "brush", "eraser", "larger_brush", "smaller_brush", "add_lesion", "draw_scj", "draw_cervix")
DRAW_MENU = tuple(f"review.{name}" for name in (*_DRAWING, "drawings"))

TOOL_KEYS = tuple(
    f"review.{name}" for name in ("pan", "pin", "os", "draw_cervix", "draw_lesion", "brush", "eraser", "draw_scj")
)


def stage_actions(page: ReviewPage) -> tuple[QAction, ...]:
    """Commands with single keys: they act while the stage has the keys, so that typing elsewhere never does."""
    do, ask = page.stage.commands, partial(_action, page, page.stage)
    modes = tuple(ask(mode.value, mode.caption, mode.key, partial(do.set_mode, mode)) for mode in MODES)
    return (
        *modes,
        ask("other_picture", tr("Flicker: the other picture"), "Space", page.guests.flick),
        ask("fit", tr("Fit"), "F", do.fit),
        ask("one_to_one", tr("One to one"), "Z", do.one_to_one),
        ask("zoom_in", tr("Zoom in"), "+", lambda: do.zoom(ZOOM_STEP), repeat=True),
        ask("zoom_out", tr("Zoom out"), "-", lambda: do.zoom(1 / ZOOM_STEP), repeat=True),
        ask("green", tr("White light through a green filter, for looking"), "G", page.stage.commands.toggle_green),
        ask("pan", tr("Pan tool"), "V", lambda: page.choose_tool(Tool.PAN.value)),
        ask("pin", tr("Pin tool"), "P", lambda: page.choose_tool(Tool.PIN.value)),
        ask("os", tr("Os tool"), "O", lambda: page.choose_tool(Tool.OS.value)),
        ask("draw_cervix", tr("Cervix tool"), "C", lambda: page.choose_tool(Tool.CERVIX.value)),
        ask(
            "draw_lesion",
            tr("Contour of the chosen lesion: outline tool"),
            "D",
            lambda: page.choose_tool(Tool.LESION.value),
        ),
        ask("brush", tr("Contour of the chosen lesion: brush"), "B", lambda: page.choose_tool(Tool.BRUSH.value)),
        ask("eraser", tr("Contour of the chosen lesion: eraser"), "E", lambda: page.choose_tool(Tool.ERASER.value)),
        ask("add_lesion", tr("Add a lesion, and draw it"), "N", page.add_lesion),
        ask("draw_scj", tr("SCJ line tool"), "J", lambda: page.choose_tool(Tool.SCJ.value)),
        ask("drawings", tr("Show or hide contours and SCJ line"), model.SHOW_KEY, page.drawing.toggle),
        ask("larger_brush", tr("Larger brush"), "", partial(page.stage.draw.size_brush, 1), repeat=True),
        ask("smaller_brush", tr("Smaller brush"), "", partial(page.stage.draw.size_brush, -1), repeat=True),
        ask("take_cervix", tr("Draw the cervix as the program found it"), "Shift+C", page.take_cervix),
        ask("take_os", tr("Mark the os where the program found it"), TAKE_KEY, page.take_os),
        ask("cervix", tr("Show or hide the cervix"), SHOW_KEY, page.toggle_cervix),
    )


def page_wide_actions(page: ReviewPage) -> tuple[QAction, ...]:
    """Commands that act wherever on the page the keys are."""
    ask = partial(_action, page, page)
    tabs = tuple(
        ask(name, tr("Show {tab}", tab=title), f"Alt+{number}", partial(page.side.go_to, number - 1))
        for number, (name, title) in enumerate(TABS.items(), start=1)
    )
    return (
        *tabs,
        ask("next_area", tr("Next area of the page"), "F6", partial(page.step_area, 1)),
        ask("previous_area", tr("Previous area of the page"), "Shift+F6", partial(page.step_area, -1)),
        ask("heatmap", tr("Show or hide the model attention"), "Ctrl+H", page.side.heatmap.toggle),
        ask("look", tr("Brightness, contrast and filter ..."), "Ctrl+B", page.bar.open_look),
        ask("as_taken", tr("Pictures as they were taken"), "Ctrl+Shift+B", page.stage.commands.show_as_taken),
        ask("points", tr("Register by points ..."), "Ctrl+R", page.place_points),
        ask("clear_cervix", tr("Remove the drawn outline of the cervix"), "", page.clear_cervix),
        ask("automatic", tr("Register automatically again"), "", page.register_automatically),
        ask("add_pictures", tr("Add pictures ..."), "Ctrl+Shift+A", page.pictures.ask_for_files),
        ask("move_pictures", tr("Move the chosen pictures to another visit ..."), MOVE_KEY, page.pictures.ask_move),
        ask("compare", tr("Compare with an earlier visit ..."), "F7", page.guests.compare_visits),
        ask("play", tr("Play the acetic acid sequence"), "F9", page.guests.play_sequence),
        ask("filmstrip", tr("Show or hide the pictures of the visit"), "F8", page.pictures.toggle_open),
        ask("reload", tr("Load the pair again"), "F5", page.reload),
        ask("export", tr("Export this visit..."), "", page.ask_export),
    )


def point_mode_actions(page: ReviewPage) -> tuple[QAction, ...]:
    """Keys of point mode; while they are enabled they come before the stage's own."""
    ask = partial(_action, page, page.stage)
    actions = (
        ask("points_apply", tr("Apply points"), "Return", page.points.apply),
        ask("points_apply_keypad", tr("Apply points"), "Enter", page.points.apply),
        ask("points_undo", tr("Take the last point away"), "Backspace", page.points.undo),
        ask("points_leave", tr("Leave point mode"), "Esc", page.points.leave),
    )
    return _off(actions)


def loan_actions(page: ReviewPage) -> tuple[QAction, ...]:
    """Keys while the stage shows something else than the pair."""
    actions = (_action(page, page.stage, "give_back", tr("Back to the pair"), "Esc", page.guests.give_back),)
    return _off(actions)


def player_actions(page: ReviewPage) -> tuple[QAction, ...]:
    """Keys of the player; Space is that of flicker."""
    ask, player = partial(_action, page, page.stage), page.guests.playing
    actions = (
        ask("player_back", tr("Player: the picture before"), ",", lambda: player.step(-1), repeat=True),
        ask("player_on", tr("Player: the next picture"), ".", lambda: player.step(1), repeat=True),
        ask("player_first", tr("Player: the first picture"), "Home", lambda: player.go_to(0)),
        ask("player_last", tr("Player: the last picture"), "End", player.go_to_last),
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
