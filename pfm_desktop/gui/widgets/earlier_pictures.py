"""Choosing a picture of an earlier visit, to be compared with the one on the stage."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.filmstrip import Filmstrip, id_of
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.filmstrip import FilmstripEntry

LOOKING = tr("Looking for the earlier pictures ...")


class EarlierPictures(QFrame):
    """Enter, a double click or the button asks for the chosen picture (`asked`); Escape closes (`left`)."""

    asked = Signal(str)  # picture id
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Pictures of earlier visits"))
        self.strip = Filmstrip(self)
        chosen = self.strip.list
        chosen.setAccessibleName(tr("Pictures of earlier visits of this woman"))
        chosen.setAccessibleDescription(
            tr("Enter compares the chosen picture with the one on the stage, Escape closes.")
        )
        chosen.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        chosen.setDragEnabled(False)
        chosen.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        chosen.asked.connect(lambda ids: self.asked.emit(ids[0]))
        chosen.itemSelectionChanged.connect(self._enable)
        self.said = words(self, "problem")
        self.said.setAccessibleName(tr("Message"))
        self.compare, self.close_button = QPushButton(self), QPushButton(tr("Close"), self)
        self.name_now(tr("this visit"))
        self.compare.setToolTip(tr("Beside the picture on the stage, aligned with it (Enter)"))
        self.close_button.setToolTip(tr("Back to the pictures of this visit (Esc)"))
        self.compare.clicked.connect(self._ask)
        self.close_button.clicked.connect(self.left)
        buttons = QVBoxLayout()
        for button in (self.compare, self.close_button):
            buttons.addWidget(button)
        buttons.addWidget(self.said, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.strip, 1)
        row.addLayout(buttons)
        self.compare.setMinimumWidth(self.compare.sizeHint().width())
        say(self.said, "")
        self.hide()

    def show_entries(self, entries: Sequence[FilmstripEntry], best: str) -> None:
        """What may be chosen; the one that is offered is chosen already."""
        self.strip.set_pictures(entries)
        item = self.strip.list.item_of(best)
        if item is not None:
            self.strip.list.setCurrentItem(item)
            item.setSelected(True)
            self.strip.list.scrollToItem(item)
        self._enable()

    def name_now(self, words: str) -> None:
        """What the visit that is open is called on the button."""
        self.compare.setText(tr("Compare with\n{visit}'s picture", visit=words.lower()))
        self.compare.setAccessibleName(tr("Compare with {visit}'s picture", visit=words.lower()))

    def choose(self, picture_id: str) -> None:
        """Mark the picture that is compared."""
        self.strip.set_on_stage([picture_id] if picture_id else [])

    def say(self, text: str) -> None:
        """Why something could not be shown; "" for nothing."""
        say(self.said, text)
        self.said.setAccessibleDescription(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _ask(self) -> None:
        chosen = self.strip.list.selectedItems()
        if chosen:
            self.asked.emit(id_of(chosen[0]))

    def _enable(self) -> None:
        self.compare.setEnabled(bool(self.strip.list.selectedItems()))
