"""An offer: a quiet strip above the page, which nothing waits for."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget


class Offer(QFrame):
    """`taken` or `declined`, as it is pressed; `later` stands on the button that declines."""

    taken = Signal()
    declined = Signal()

    def __init__(self, name: str, later: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("offer")
        self.setAccessibleName(name)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.take, self.later = QPushButton(self), QPushButton(later, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 14, 6)
        row.addWidget(self.words, 1)
        for button, signal in ((self.take, self.taken), (self.later, self.declined)):
            button.clicked.connect(lambda _checked=False, signal=signal: signal.emit())
            row.addWidget(button)
        self.hide()

    def offer(self, words: str, take: str) -> None:
        """Show what is offered; `take` stands on the button."""
        self.words.setText(words)
        self.take.setText(take)
        self.show()
