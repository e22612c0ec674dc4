"""The question before what was typed, and could not be kept, goes: stay, or leave without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QWidget
from shiboken6 import isValid

from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.words import unkept_question

STAY = tr("Stay")


class UnkeptAsk(QFrame):
    """A strip above all of the window; nothing waits for it. Escape and Enter stay."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "warning")
        self.setAccessibleName(tr("What was typed could not be kept"))
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.leave, self.stay = QPushButton(self), QPushButton(STAY, self)
        self._then: Callable[[], object] = _nothing
        self._stayed: Callable[[], object] = _nothing
        self._before: QWidget | None = None  # had the keys
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.addWidget(self.words, 1)
        for button, slot in ((self.leave, self._leave), (self.stay, self.keep)):
            button.clicked.connect(lambda _checked=False, slot=slot: slot())
            row.addWidget(button)
        self.hide()

    def ask(
        self,
        unkept: Sequence[str],
        why: str,
        without: str,
        then: Callable[[], object],
        stayed: Callable[[], object],
        before: QWidget | None,
    ) -> None:
        """Ask about these texts; `without` stands on the button after which `then` is done, else `stayed` is.

        `before` had the keys, and gets them again.
        """
        self.keep()
        self._then, self._stayed, self._before = then, stayed, before
        self.words.setText(unkept_question(unkept, why))
        self.leave.setText(without)
        self.show()
        self.stay.setFocus(Qt.FocusReason.OtherFocusReason)

    def keep(self) -> None:
        """Stay: nothing that was typed goes, and the keys are where they were."""
        stayed = self._stayed
        held, before = self.isAncestorOf(QApplication.focusWidget() or self), self._before
        self._end()
        if held and before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        stayed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape stays."""
        if event.key() == Qt.Key.Key_Escape:
            self.keep()
        else:
            super().keyPressEvent(event)

    def _leave(self) -> None:
        then = self._then
        self._end()
        then()

    def _end(self) -> None:
        self._then = self._stayed = _nothing
        self._before = None
        self.hide()


def _nothing() -> None:
    """Nobody is asked anything."""
