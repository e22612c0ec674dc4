"""What was taken last: its thumbnails once it is in the library, and for a pair whether to keep or retake it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.ink import SURROUND_COLOUR
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.taken import TakenCard, nothing_words

THUMB = QSize(148, 84)


class VerdictCard(QFrame):
    """`retake` when the pair is to be taken anew (the one that is shown goes), `retry` to try the library again."""

    retake = Signal()
    retry = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Taken last"))
        self.headline = words(self, "heading")
        self.reasons, self.kept = words(self), words(self, "quiet")
        self.alarm, self.problem = words(self, "problem"), words(self, "problem")
        self.thumbs = [QLabel(self) for _ in range(2)]
        self.retake_button = QPushButton(tr("Retake"), self)
        self.retry_button = QPushButton(tr("Try again"), self)
        row = QHBoxLayout()
        row.setSpacing(6)
        for thumb in self.thumbs:
            thumb.setFixedSize(THUMB)
            thumb.setAlignment(Qt.AlignmentFlag.AlignCenter)
            thumb.setStyleSheet(f"background: {SURROUND_COLOUR.name()};")
            row.addWidget(thumb)
        row.addStretch(1)
        buttons = QHBoxLayout()
        for button, signal in ((self.retake_button, self.retake), (self.retry_button, self.retry)):
            button.clicked.connect(signal)
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(4)
        column.addWidget(self.headline)
        column.addLayout(row)
        for part in (self.alarm, self.reasons, self.problem, self.kept):
            column.addWidget(part)
        column.addLayout(buttons)
        self.show_card(None)

    def show_card(self, card: TakenCard | None, pictures: Sequence[QPixmap] = (), *, there: int = 0) -> None:
        """Show what was taken last; `pictures` only of what is in the library. `there`: how many the visit has."""
        if card is None:
            self.headline.setText(nothing_words(there))
            for part in (self.alarm, self.reasons, self.kept, self.problem):
                say(part, "")
            hidden: tuple[QWidget, ...] = (*self.thumbs, self.retake_button, self.retry_button)
            for one in hidden:
                one.hide()
            return
        self.headline.setText(card.headline)
        say(self.alarm, card.alarm)
        say(self.reasons, card.reasons)
        say(self.kept, card.kept)
        say(self.problem, card.problem)
        for place, thumb in enumerate(self.thumbs):
            thumb.setVisible(place < card.pictures)
            shown = pictures[place] if place < len(pictures) else QPixmap()
            thumb.setPixmap(shown)
            # what is in the library has its thumbnail in a moment, or none where that could not be drawn
            thumb.setText(tr("not in the\nlibrary yet") if card.waits and shown.isNull() else "")
            thumb.setAccessibleName(card.captions[place] if place < len(card.captions) else "")
            thumb.setToolTip(thumb.accessibleName())
        self.retake_button.setVisible(card.can_retake)
        self.retry_button.setVisible(bool(card.problem))
