"""Waiting in the event loop of the window, as benchmarks of it do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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


@contextmanager
def beats() -> Iterator[list[float]]:
    """Milliseconds between turns of the event loop, every 2 ms where nothing holds it up."""
    gaps: list[float] = []
    last = time.perf_counter()

    def beat() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps.append(1000 * (now - last))
        last = now

    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(2)
    yield gaps
    timer.stop()
