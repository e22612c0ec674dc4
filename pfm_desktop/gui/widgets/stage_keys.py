"""The keys of the stage. `STAGE_KEYS` is also what the list of shortcuts shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.drawings import TOOLS
from pfm_desktop.viewmodels.pair_view import MODES, PAN_STEP, ZOOM_STEP, Mode

if TYPE_CHECKING:
    from pfm_desktop.gui.widgets.stage import StageWidget

STAGE_KEYS: tuple[tuple[str, str], ...] = (
    *((mode.key, mode.caption) for mode in MODES),
    (tr("Space", "key"), tr("Flicker: the other picture; in the player: play or pause")),
    (tr("[ and ], Ctrl+arrows"), tr("Move the blend or the curtain; [ and ] with a brush: its size")),
    (tr("F, double click"), tr("Fit")),
    ("Z", tr("One picture pixel a screen pixel")),
    (tr("+ and -, wheel"), tr("Zoom")),
    (tr("Arrows, drag"), tr("Pan", "to move pictures")),
    (tr("L (hold)"), tr("Loupe")),
    (tr("H (hold)"), tr("Hide the model attention")),
    (tr("Shift+arrows"), tr("Move the cursor")),
    (tr("Enter", "key"), tr("Place a pin or the os at the cursor; close what is drawn")),
    (tr("Shift+Enter", "key"), tr("Set a corner at the cursor, or a dab of the brush")),
    (
        tr(", and ."),
        tr("Choose the pin before or after, then what is drawn; in the player: the picture before or after"),
    ),
    (tr("Alt+arrows"), tr("Move the chosen pin")),
    (tr("Delete", "key"), tr("Remove the chosen pin, contour or line")),
    (tr("Backspace", "key"), tr("Take the last corner back")),
    (
        tr("Escape", "key"),
        tr("Let go of what is dragged; back to the pan tool; from another visit or the player back to the pair"),
    ),
)

# for the shortcut editor: what the stage and the page take by themselves; letters that commands have are theirs
FIXED: dict[str, str] = {
    **{f"{held}{arrow}": what
       for held, what in (("", tr("Pan", "to move pictures")), ("Shift+", tr("Move the cursor")),
                          ("Alt+", tr("Move the chosen pin")))
       for arrow in ("Left", "Right", "Up", "Down")},
    **dict.fromkeys(("[", "]", "Ctrl+Left", "Ctrl+Right"),
                    tr("Move the blend or the curtain; [ and ] with a brush: its size")),
    "L": tr("Loupe"), "H": tr("Hide the model attention"), "=": tr("Zoom in"),
    **dict.fromkeys(("Return", "Enter"), tr("Place a pin or the os at the cursor; close what is drawn")),
    **dict.fromkeys(("Shift+Return", "Shift+Enter"), tr("Set a corner at the cursor, or a dab of the brush")),
    **dict.fromkeys((",", "."), tr(
        "Choose the pin before or after, then what is drawn; in the player: the picture before or after")),
    "Home": tr("Player: the first picture"), "End": tr("Player: the last picture"),
    "Del": tr("Remove the chosen pin, contour or line"), "Backspace": tr("Take the last corner back"),
    "Esc": tr("Let go of what is dragged; back to the pan tool; from another visit or the player back to the pair"),
}  # fmt: skip

ENTER = (int(Qt.Key.Key_Return), int(Qt.Key.Key_Enter))
CURSOR_STEP = 10.0
SLIDE_STEP = 0.05
ARROWS = {
    int(Qt.Key.Key_Left): (-1.0, 0.0),
    int(Qt.Key.Key_Right): (1.0, 0.0),
    int(Qt.Key.Key_Up): (0.0, -1.0),
    int(Qt.Key.Key_Down): (0.0, 1.0),
}
# Only these repeat while held: thirty flickers a second would be unsafe, and thirty pins a second nobody wants.
REPEATING = frozenset(
    int(key)
    for key in (
        Qt.Key.Key_Plus,
        Qt.Key.Key_Equal,
        Qt.Key.Key_Minus,
        Qt.Key.Key_BracketLeft,
        Qt.Key.Key_BracketRight,
    )
)


def _typing(key: int) -> Qt.KeyboardModifier:
    """Modifiers that some keyboards need to type the sign: Shift for + and French digits, AltGr for German brackets.

    AltGr arrives as Ctrl+Alt on Windows and as a group switch under X.
    """
    shift = Qt.KeyboardModifier.ShiftModifier
    if key not in (Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight):
        return shift
    alt_gr = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    return shift | alt_gr | Qt.KeyboardModifier.GroupSwitchModifier


class StageKeys:
    """Turns keys into commands."""

    def __init__(self, stage: StageWidget, *, cancel_drag: Callable[[], bool]) -> None:
        self._stage = stage
        self._cancel_drag = cancel_drag
        do, draw = stage.commands, stage.draw
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
            int(Qt.Key.Key_BracketLeft): lambda: draw.slide_or_size(-SLIDE_STEP),
            int(Qt.Key.Key_BracketRight): lambda: draw.slide_or_size(SLIDE_STEP),
            int(Qt.Key.Key_Period): lambda: do.step_pin(1),
            int(Qt.Key.Key_Comma): lambda: do.step_pin(-1),
            int(Qt.Key.Key_Delete): draw.remove_chosen,
            int(Qt.Key.Key_Backspace): draw.take_back,
            int(Qt.Key.Key_Return): do.use_tool_at_cursor,
            int(Qt.Key.Key_Enter): do.use_tool_at_cursor,
        }

    def leave(self, signs: Sequence[str]) -> None:
        """These keys (" ": Space) mean nothing here: the page has a use of its own for them, or had."""
        for sign in signs:
            self._actions.pop(ord(sign.upper()), None)

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
        if key == Qt.Key.Key_Escape:
            return self._escape()
        if key in ENTER and modifiers == Qt.KeyboardModifier.ShiftModifier and self._stage.tool in TOOLS:
            self._stage.draw.at_cursor()
            return True
        if key not in self._actions or modifiers & ~_typing(key):
            return False
        if not event.isAutoRepeat() or key in REPEATING:
            self._actions[key]()
        return True

    def _escape(self) -> bool:
        if self._cancel_drag():
            return True
        if self._stage.tool == "pan":
            return False  # the page may have a use for it
        self._stage.tool = "pan"
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
        elif modifiers == Qt.KeyboardModifier.ControlModifier and arrow[0]:
            do.slide(arrow[0] * SLIDE_STEP)
        elif not modifiers:
            do.pan(-arrow[0] * PAN_STEP, -arrow[1] * PAN_STEP)
        else:
            return False
        return True
