"""The last question before a visit is signed, in the panel itself: a signature cannot be taken back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.panel_parts import say, tall, words


class SignAsk(QFrame):
    """`confirmed` or `given_up`; Escape gives up, and the focus starts on Back."""

    confirmed = Signal()
    given_up = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName("Sign this visit?")
        self.question, self.doubts = words(self), words(self, "badge")
        self.now, self.back = QPushButton("Sign now", self), QPushButton("Back", self)
        QWidget.setTabOrder(self.back, self.now)
        self.now.clicked.connect(lambda _checked=False: self.confirmed.emit())
        self.back.clicked.connect(lambda _checked=False: self.given_up.emit())
        row = QHBoxLayout()
        for button in (self.now, self.back):
            tall(button, 40)
            row.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.addWidget(self.doubts)
        column.addWidget(self.question)
        column.addLayout(row)
        self.hide()

    def ask(self, question: str, doubts: str = "") -> None:
        """Show the question, below what speaks against the pictures, or hide with ""."""
        say(self.question, question)
        say(self.doubts, doubts)
        self.setAccessibleDescription(" ".join(part for part in (doubts, question) if part))
        self.setVisible(bool(question))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)
