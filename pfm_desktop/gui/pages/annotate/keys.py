"""The keys of reading: ids for the shortcut editor, and the short lines that say them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from pfm_desktop.gui.widgets.held_keys import HeldKeys

PORTABLE, NATIVE = QKeySequence.SequenceFormat.PortableText, QKeySequence.SequenceFormat.NativeText


@dataclass(frozen=True)
class Key:
    """A command of reading: its id behind `annotate.`, what it does, and the key that it comes with."""

    id: str
    text: str
    shortcut: str
    repeats: bool = False


KEYS: tuple[Key, ...] = (
    Key("grade_normal", "Grade: normal", "1"),
    Key("grade_low", "Grade: low", "2"),
    Key("grade_high", "Grade: high", "3"),
    Key("grade_cancer", "Grade: cancer", "4"),
    Key("reason_5", "The fifth reason", "5"),
    Key("reason_6", "The sixth reason", "6"),
    Key("cannot", "Cannot be graded, with a reason", "0"),
    Key("next", "Next pair, without reading", "Right", repeats=True),
    Key("previous", "The pair before", "Left", repeats=True),
    Key("undo", "Take back what was done last", "U"),
    Key("note", "Write a note", "N"),
    Key("quality", "Quality: good, limited, unusable", "Q"),
    Key("region", "Draw a lesion, or the next: drag, or click its corners", "R"),
    Key("drop_region", "Take the last corner or lesion away", "Backspace"),
    Key("ai", "What the model says, where the site shows it", "A"),
    Key("side_by_side", "Side by side", "S"),
    Key("blend", "Blend", "B"),
    Key("swipe", "Swipe", "W"),
    Key("flicker", "Flicker: the other picture", "Space"),
    Key("tasks", "Back to the tasks", "T"),
    Key("leave", "Leave note, reasons or drawing", "Esc"),
)
STAGE = (
    ("Enter, or a click on the first corner", "close the corners of a lesion"),
    ("F5", "load the pair again"),
    ("Z, F", "one to one, fit"),
    ("+, -, wheel", "zoom"),
    ("L (hold)", "loupe"),
    ("[, ]", "blend, curtain"),
)
FIXED = {  # keys that the stage takes by itself
    "Z": "One picture pixel a screen pixel", "F": "Fit", "+": "Zoom in", "=": "Zoom in", "-": "Zoom out",
    "L": "Loupe", "[": "Move the blend or the curtain", "]": "Move the blend or the curtain",
    "Return": "Close the corners of a lesion", "Enter": "Close the corners of a lesion",
}  # fmt: skip
NOT_OF_THE_STAGE = tuple("12345 ")  # commands here; freed, they mean nothing
SHORT = ("grade_normal", "grade_low", "grade_high", "grade_cancer", "cannot", "undo", "note", "quality", "region", "ai")
_WORDS = {
    "grade_normal": "normal", "grade_low": "low", "grade_high": "high", "grade_cancer": "cancer",
    "cannot": "cannot", "undo": "undo", "note": "note", "quality": "quality", "region": "lesion", "ai": "AI",
}  # fmt: skip


def actions_for(view: QWidget, slots: Mapping[str, Callable[[], object]], held: HeldKeys) -> dict[str, QAction]:
    """By id, the actions of `view`: they act while the keys are anywhere in it, and not while a field takes them."""

    def act(key: Key) -> None:
        if not held.take() or key.repeats:
            slots[key.id]()

    made = {}
    for key in KEYS:
        action = QAction(key.text, view)
        action.setObjectName(f"annotate.{key.id}")
        action.setShortcut(QKeySequence(key.shortcut, PORTABLE))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.setAutoRepeat(key.repeats)  # a key that is held grades one pair
        action.triggered.connect(lambda _checked=False, key=key: act(key))
        view.addAction(action)
        made[key.id] = action
    return made


def key_of(action: QAction) -> str:
    """Its key as this system writes it."""
    return action.shortcut().toString(NATIVE)


def short_line(actions: Mapping[str, QAction]) -> str:
    """`1 normal   2 low ...`, always in sight, with the keys that hold now."""
    parts = [f"{key} {_WORDS[id_]}" for id_ in SHORT if actions[id_].isVisible() and (key := key_of(actions[id_]))]
    return " \u00b7 ".join((*parts, "? all keys"))


def all_lines(actions: Mapping[str, QAction]) -> str:
    """Every key that acts here, a line each."""
    lines = [f"{key_of(action) or 'no key'}: {action.text()}" for action in actions.values() if action.isVisible()]
    return "\n".join((*lines, *(f"{key}: {words}" for key, words in STAGE)))
