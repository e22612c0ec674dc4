"""Waiting in the event loop of the window, as benchmarks of it do."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer


def wait(done: Callable[[], bool], *, seconds: float = 120) -> None:
    """Run the event loop until `done`; sleeping between events as the program's own loop does, or the wait would take
    a processor from the engine."""
    if done():
        return
    wake = QTimer()
    wake.start(5)
    end = time.monotonic() + seconds
    while not done():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there")
