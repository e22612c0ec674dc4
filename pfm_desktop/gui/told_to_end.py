"""The desktop, or a terminal, tells the program to end: a log out, Ctrl+C. It closes then as by its own command, and
what was typed is kept. Nobody may be there to be asked: an answer is not waited for long.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from pfm_desktop.support.runs import TOLD

if TYPE_CHECKING:
    from pfm_desktop.gui.main_window import MainWindow

ASKED_MS = 2000  # desktops wait longer than twice this before they end what is left
_ASKED = 2  # closing once more goes in spite of what runs


class ToldToEnd:
    """Hears it from now on; `closes` is the window, once there is one. Told twice, the program ends at once.

    It is made before `runs.begin`, whose note of where it was then comes first and hands on.
    """

    def __init__(self) -> None:
        self.closes: MainWindow | None = None
        for number in TOLD:
            signal.signal(number, self._told)

    def _told(self, number: int, _frame: object) -> None:
        """On the thread of the window, between two lines of Python."""
        for one in TOLD:
            signal.signal(one, signal.SIG_DFL)
        if self.closes is None:
            signal.raise_signal(number)
        else:
            _soon(self.closes, 0, _ASKED)


def _soon(window: MainWindow, milliseconds: int, left: int) -> None:
    from PySide6.QtCore import QTimer

    QTimer.singleShot(milliseconds, window, lambda: _close(window, left))


def _close(window: MainWindow, left: int) -> None:
    if window.close():
        return
    if left:
        _soon(window, ASKED_MS, left - 1)
        return
    if window.desk is not None:  # what was typed was kept as far as the disk takes it
        window.desk.close()
        window.desk = None
    from PySide6.QtWidgets import QApplication

    QApplication.exit(1)
