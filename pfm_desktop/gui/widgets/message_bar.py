"""The message bar: what happened, what is safe, what to do. Nothing waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QStyle, QWidget

from pfm_desktop.viewmodels.words import capital

_KEPT = 20


class MessageBar(QFrame):
    """Hidden while there is nothing to say. Problems stay until they are closed; the latest is on top."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self.setAccessibleName("Message")
        self._messages: list[tuple[str, str]] = []  # kind, text
        self._icon = QLabel(self)
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._more = QLabel(self)
        self._close = QPushButton("Close", self)
        self._close.setAccessibleName("Close message")
        self._close.clicked.connect(self.close_top)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(10)
        for widget, stretch in ((self._icon, 0), (self._text, 1), (self._more, 0), (self._close, 0)):
            row.addWidget(widget, stretch, Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    @property
    def text(self) -> str:
        """What is shown now; "" while hidden."""
        return self._messages[-1][1] if self._messages else ""

    @property
    def held(self) -> tuple[tuple[str, str], ...]:
        """All that was said and not closed yet: kind and text, oldest first."""
        return tuple(self._messages)

    def forget(self, said: Sequence[tuple[str, str]]) -> None:
        """Take these messages away, problems too: what they were about has left the desk."""
        self._messages = [message for message in self._messages if message not in said]
        self._draw()

    def problem(self, text: str) -> None:
        """Say a problem."""
        self._say("problem", text)

    def note(self, text: str) -> None:
        """Say something that went well; gives way to the next message."""
        self._say("note", text)

    def close_top(self) -> None:
        """Close the message that is shown; the one before comes back."""
        if self._messages:
            self._messages.pop()
        self._draw()

    def clear_notes(self) -> None:
        """Take notes away; problems stay."""
        self._messages = [message for message in self._messages if message[0] == "problem"]
        self._draw()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_top()
        else:
            super().keyPressEvent(event)

    def _say(self, kind: str, text: str) -> None:
        message = (kind, capital(text))
        kept = [other for other in self._messages if other[0] == "problem" and other != message]
        self._messages = [*kept[-_KEPT:], message]
        self._draw()

    def _draw(self) -> None:
        if not self._messages:
            self.hide()
            return
        kind, text = self._messages[-1]
        pixmap = (
            QStyle.StandardPixmap.SP_MessageBoxWarning
            if kind == "problem"
            else (QStyle.StandardPixmap.SP_MessageBoxInformation)
        )
        self._icon.setPixmap(self.style().standardIcon(pixmap).pixmap(22, 22))
        self._icon.setAccessibleName("Problem" if kind == "problem" else "Note")
        self._text.setText(text)
        earlier = len(self._messages) - 1
        self._more.setText(f"{earlier} earlier" if earlier else "")
        self._more.setVisible(bool(earlier))
        if self.property("kind") != kind:
            self.setProperty("kind", kind)
            for widget in (self, self._text, self._more):  # colours of the style sheet depend on the kind
                widget.style().unpolish(widget)
                widget.style().polish(widget)
        self.show()
