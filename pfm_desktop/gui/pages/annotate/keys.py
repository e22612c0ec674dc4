"""The keys of reading: ids for the shortcut editor, and the short lines that say them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from pfm_desktop.domain.grade import GRADE_WORDS
from pfm_desktop.gui.actions import NATIVE, page_action
from pfm_desktop.gui.widgets.held_keys import HeldKeys
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled


@dataclass(frozen=True)
class Key:
    """A command of reading: its id behind `annotate.`, what it does, and the key that it comes with."""

    id: str
    text: str
    shortcut: str
    repeats: bool = False


KEYS: tuple[Key, ...] = (
    *(
        Key(f"grade_{grade.value}", tr("Grade: {grade}", grade=word), str(number))
        for number, (grade, word) in enumerate(GRADE_WORDS.items(), start=1)
    ),
    Key("reason_5", tr("The fifth reason"), "5"),
    Key("reason_6", tr("The sixth reason"), "6"),
    Key("cannot", tr("Cannot be graded, with a reason"), "0"),
    Key("next", tr("Next pair, without reading"), "Right", repeats=True),
    Key("previous", tr("The pair before"), "Left", repeats=True),
    Key("undo", tr("Take back what was done last"), "U"),
    Key("note", tr("Write a note"), "N"),
    Key("quality", tr("Quality: good, limited, unusable"), "Q"),
    Key("region", tr("Draw a lesion, or the next: drag, or click its corners"), "R"),
    Key("drop_region", tr("Take the last corner or lesion away"), "Backspace"),
    Key("ai", tr("What the model says, where the site shows it"), "A"),
    Key("side_by_side", tr("Side by side"), "S"),
    Key("blend", tr("Blend"), "B"),
    Key("swipe", tr("Swipe"), "W"),
    Key("flicker", tr("Flicker: the other picture"), "Space"),
    Key("tasks", tr("Back to the tasks"), "T"),
    Key("leave", tr("Leave note, reasons or drawing"), "Esc"),
)
STAGE = (
    (tr("Enter, or a click on the first corner"), tr("close the corners of a lesion")),
    ("F5", tr("load the pair again")),
    ("Z, F", tr("one to one, fit")),
    (tr("+, -, wheel"), tr("zoom")),
    (tr("L (hold)"), tr("loupe")),
    ("[, ]", tr("blend, curtain")),
)
FIXED = {  # keys that the stage takes by itself
    "Z": tr("One picture pixel a screen pixel"), "F": tr("Fit"),
    "+": tr("Zoom in"), "=": tr("Zoom in"), "-": tr("Zoom out"), "L": tr("Loupe"),
    "[": tr("Move the blend or the curtain"), "]": tr("Move the blend or the curtain"),
    "Return": tr("Close the corners of a lesion"), "Enter": tr("Close the corners of a lesion"),
}  # fmt: skip
NOT_OF_THE_STAGE = tuple("12345 ")  # commands here; freed, they mean nothing
SHORT = ("grade_normal", "grade_low", "grade_high", "grade_cancer", "cannot", "undo", "note", "quality", "region", "ai")
_WORDS = {
    **{f"grade_{grade.value}": word for grade, word in GRADE_WORDS.items()},
    "cannot": tr("cannot", "be graded"), "undo": tr("undo"), "note": tr("note"), "quality": tr("quality"),
    "region": tr("lesion"), "ai": tr("AI"),
}  # fmt: skip


def actions_for(view: QWidget, slots: Mapping[str, Callable[[], object]], held: HeldKeys) -> dict[str, QAction]:
    """By id, the actions of `view`: they act while the keys are anywhere in it, and not while a field takes them."""

    def act(key: Key) -> None:
        if not held.take() or key.repeats:
            slots[key.id]()

    made = {}
    for key in KEYS:
        # a key that is held grades one pair
        id_, do = f"annotate.{key.id}", partial(act, key)
        action = page_action(view, id_, key.text, key.shortcut, do, repeat=key.repeats)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        view.addAction(action)
        made[key.id] = action
    return made


def key_of(action: QAction) -> str:
    """Its key as this system writes it."""
    return action.shortcut().toString(NATIVE)


def short_line(actions: Mapping[str, QAction]) -> str:
    """`1 normal   2 low ...`, always in sight, with the keys that hold now."""
    parts = [f"{key} {_WORDS[id_]}" for id_ in SHORT if actions[id_].isVisible() and (key := key_of(actions[id_]))]
    return " \u00b7 ".join((*parts, tr("? all keys")))


def all_lines(actions: Mapping[str, QAction]) -> str:
    """Every key that acts here, a line each."""
    lines = [titled(key_of(action) or tr("no key"), action.text()) for action in actions.values() if action.isVisible()]
    return "\n".join((*lines, *(titled(key, words) for key, words in STAGE)))
