"""Work of the GUI thread that would hold it up in one piece, a step in each turn of the event loop."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Turns(QObject):
    """Runs steps in the order given, each in a turn of its own: what the user does is heard between them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: list[Callable[[], None]] = []
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._next)

    @property
    def busy(self) -> bool:
        """Whether steps are left."""
        return bool(self._steps)

    def start(self, *steps: Callable[[], None]) -> None:
        """These next, in place of what was left."""
        self._steps = list(steps)
        self._timer.start()

    def drop(self) -> None:
        """Forget what was left."""
        self._steps = []
        self._timer.stop()

    def _next(self) -> None:
        if self._steps:
            step = self._steps.pop(0)
            if self._steps:
                self._timer.start()
            step()
