"""The keys of the stage. `STAGE_KEYS` is also what the list of shortcuts shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

from pfm_desktop.viewmodels.pair_view import MODES, PAN_STEP, ZOOM_STEP, Mode

if TYPE_CHECKING:
    from pfm_desktop.gui.widgets.stage import StageWidget

STAGE_KEYS: tuple[tuple[str, str], ...] = (
    *((mode.key, mode.caption) for mode in MODES),
    ("Space", "Flicker: the other picture"),
    ("[ and ]", "Move the blend or the curtain"),
    ("F, double click", "Fit"),
    ("Z", "One picture pixel a screen pixel"),
    ("+ and -, wheel", "Zoom"),
    ("Arrows, drag", "Pan"),
    ("L (hold)", "Loupe"),
    ("H (hold)", "Hide the heatmap"),
    ("Shift+arrows", "Move the cursor"),
    ("Enter", "Place a pin or the os at the cursor"),
    (", and .", "Choose the pin before or after"),
    ("Alt+arrows", "Move the chosen pin"),
    ("Delete", "Remove the chosen pin"),
    ("Escape", "Back to the pan tool"),
)

CURSOR_STEP = 10.0
SLIDE_STEP = 0.05
ARROWS = {
    int(Qt.Key.Key_Left): (-1.0, 0.0),
    int(Qt.Key.Key_Right): (1.0, 0.0),
    int(Qt.Key.Key_Up): (0.0, -1.0),
    int(Qt.Key.Key_Down): (0.0, 1.0),
}


class StageKeys:
    """Turns keys into commands."""

    def __init__(self, stage: StageWidget) -> None:
        self._stage = stage
        do = stage.commands
        self._holds: dict[int, Callable[[bool], None]] = {
            int(Qt.Key.Key_H): do.hold_heatmap_off,
            int(Qt.Key.Key_L): do.hold_loupe,
        }
        self._actions: dict[int, Callable[[], None]] = {
            **{int(Qt.Key.Key_1) + index: self._mode_setter(mode) for index, mode in enumerate(MODES)},
            int(Qt.Key.Key_F): do.fit,
            int(Qt.Key.Key_Z): do.one_to_one,
            int(Qt.Key.Key_Plus): lambda: do.zoom(ZOOM_STEP),
            int(Qt.Key.Key_Equal): lambda: do.zoom(ZOOM_STEP),
            int(Qt.Key.Key_Minus): lambda: do.zoom(1 / ZOOM_STEP),
            int(Qt.Key.Key_Space): do.flick,
            int(Qt.Key.Key_BracketLeft): lambda: do.slide(-SLIDE_STEP),
            int(Qt.Key.Key_BracketRight): lambda: do.slide(SLIDE_STEP),
            int(Qt.Key.Key_Period): lambda: do.step_pin(1),
            int(Qt.Key.Key_Comma): lambda: do.step_pin(-1),
            int(Qt.Key.Key_Delete): do.remove_pin,
            int(Qt.Key.Key_Backspace): do.remove_pin,
            int(Qt.Key.Key_Return): do.use_tool_at_cursor,
            int(Qt.Key.Key_Enter): do.use_tool_at_cursor,
        }

    def handle(self, event: QEvent) -> bool:
        """True for keys that are used up here."""
        if event.type() is QEvent.Type.FocusOut:
            self._stage.commands.let_go()
        elif event.type() is QEvent.Type.FocusIn:
            self._stage.update()
        elif isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            return self._down(event)
        elif isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyRelease:
            return self._up(event)
        return False

    def _mode_setter(self, mode: Mode) -> Callable[[], None]:
        return lambda: self._stage.commands.set_mode(mode)

    def _down(self, event: QKeyEvent) -> bool:
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in self._holds and not modifiers:
            if not event.isAutoRepeat():
                self._holds[key](True)
            return True
        if key in ARROWS:
            return self._arrow(ARROWS[key], modifiers)
        if key == Qt.Key.Key_Escape and self._stage.tool != "pan":
            self._stage.tool = "pan"
            return True
        if (
            key not in self._actions or modifiers & ~Qt.KeyboardModifier.ShiftModifier
        ):  # + needs Shift on many keyboards
            return False
        self._actions[key]()
        return True

    def _up(self, event: QKeyEvent) -> bool:
        if event.key() not in self._holds:
            return False
        if not event.isAutoRepeat():
            self._holds[event.key()](False)
        return True

    def _arrow(self, arrow: tuple[float, float], modifiers: Qt.KeyboardModifier) -> bool:
        do = self._stage.commands
        if modifiers == Qt.KeyboardModifier.ShiftModifier:
            do.move_cursor(arrow[0] * CURSOR_STEP, arrow[1] * CURSOR_STEP)
        elif modifiers == Qt.KeyboardModifier.AltModifier:
            do.move_pin(*arrow)
        elif not modifiers:
            do.pan(-arrow[0] * PAN_STEP, -arrow[1] * PAN_STEP)
        else:
            return False
        return True
