"""The commands of the Capture page. All of them are single keys, so that one hand or a pedal is enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence

from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.gui.pages.capture.page import CapturePage


def actions_of(page: CapturePage) -> dict[str, QAction]:
    """By id, in the order of the menu."""
    slots: dict[str, tuple[str, str, Callable[[], object]]] = {
        "go": (tr("Take what comes next"), "Space", page.go),
        "pair": (tr("Take a pair"), "P", page.take_pair),
        "picture": (tr("Take a white-light picture"), "W", page.take_picture),
        "acid": (tr("Acetic acid is on: start the clock"), "A", page.start_acid),
        "skip": (tr("Leave the next step out"), "K", page.skip),
        "retake": (tr("Retake what was taken last"), "Backspace", page.retake),
        "allergy_no": (tr("Iodine allergy: no"), "N", lambda: page.answer_allergy(False)),
        "allergy_yes": (tr("Iodine allergy: yes"), "Y", lambda: page.answer_allergy(True)),
        "record": (tr("Record a clip, or end it"), "R", page.toggle_record),
        "clips": (tr("Clips of this visit, or back to the live picture"), "L", page.cards.toggle_clips),
        "curve": (tr("Whitening after acetic acid, or back to the live picture"), "C", page.cards.toggle_whitening),
        **page.looking.actions(),
        "dark": (tr("Take a dark frame for fluorescence"), "", page.take_dark),
        "scale": (tr("Calibrate the scale ..."), "", page.cards.calibrate),
        "device": (tr("Device of this workstation ..."), "D", page.forms.choose_device),
        "plan": (tr("Plan of examinations ..."), "", page.forms.edit_plan),
        "nobody": (tr("Begin an examination without a patient"), "", page.begin_unassigned),
        "assign": (tr("Give an unassigned visit to a woman ..."), "", page.forms.ask_whose),
        "camera": (tr("Open the camera again"), "F5", page.open_again),
    }
    return {id_: _action(page, id_, *rest) for id_, rest in slots.items()}


def _action(page: CapturePage, id_: str, text: str, shortcut: str, slot: Callable[[], object]) -> QAction:
    action = QAction(text, page)
    action.setObjectName(f"capture.{id_}")
    action.setShortcut(QKeySequence(shortcut, QKeySequence.SequenceFormat.PortableText))
    action.setAutoRepeat(id_.startswith("zoom"))  # a held pedal takes one picture
    # of what is shown while a woman is examined; in the forms a letter is a letter
    action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def triggered(_checked: bool = False) -> None:
        if not page.examine.held.take() or action.autoRepeat():
            slot()

    action.triggered.connect(triggered)
    page.examine.addAction(action)
    return action
