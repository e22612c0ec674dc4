"""A button that has to be pressed twice where there is a doubt: the first press says so, the second goes on."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QPushButton

PAUSE_MS = 700  # a double click, or a key that bounces, is one press


class SecondPress(QObject):
    """Asks on `button`, whose text is `words` until it is pressed again or the doubt is another one."""

    def __init__(self, button: QPushButton, words: str) -> None:
        super().__init__(button)
        self._button, self._words = button, words
        self._usual = ""
        self._asked: frozenset[object] = frozenset()
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)

    @property
    def asks(self) -> bool:
        """Whether the button waits for its second press."""
        return bool(self._asked)

    @property
    def pausing(self) -> bool:
        """Whether a press would still count as the first one."""
        return self._pause.isActive()

    def passes(self, doubts: Collection[object]) -> bool:
        """The button was pressed: whether to go on. Where there are new doubts it asks from now on."""
        if not doubts or (self._asked >= frozenset(doubts) and not self.pausing):
            self.forget()
            return True
        if not self._asked >= frozenset(doubts):
            self.forget()
            self._asked, self._usual = frozenset(doubts), self._button.text()
            self._button.setText(self._words)
            self._pause.start()
        return False

    def follow(self, doubts: Collection[object]) -> None:
        """The doubts are these now: what was asked about others is forgotten."""
        if not doubts or not self._asked >= frozenset(doubts):
            self.forget()

    def forget(self) -> None:
        """The next press is a first one."""
        if self._asked:
            self._asked = frozenset()
            self._button.setText(self._usual)
        self._pause.stop()
