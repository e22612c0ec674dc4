"""The Today list of a large library in a real page: typing in it and scrolling through it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

PATIENCE = 60.0  # seconds
TYPED = "2017-0"


class Stalls:
    """The longest time between two turns of the event loop."""

    def __init__(self) -> None:
        self.longest, self._last = 0.0, time.perf_counter()

    def turn(self) -> None:
        """A turn of the loop begins."""
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now

    def taken(self) -> float:
        """What it was since it was asked last, in milliseconds."""
        longest, self.longest = self.longest, 0.0
        self._last = time.perf_counter()
        return 1000 * longest


def scrolling(lib: Library, *, pages: int) -> str:
    """Type a search letter by letter, clear it, scroll to the end `pages` times: a line that says how it went."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from pfm_desktop.support import memory, threads

    threads.take_short_turns()  # both as the program does
    with memory.without_collection():
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        from pfm_desktop.gui.pages.today import TodayPage
        from pfm_desktop.gui.qt_jobs import QtJobs
        from pfm_desktop.support.settings import Settings
        from pfm_desktop.viewmodels.session import Session

    application = QApplication.instance() or QApplication([])
    stalls, timer = Stalls(), QTimer()
    timer.timeout.connect(stalls.turn)
    timer.start(1)

    def until(true: Callable[[], bool]) -> None:
        end = time.perf_counter() + PATIENCE
        while not true():
            application.processEvents()
            if time.perf_counter() > end:
                raise TimeoutError("the list was not read")

    page = TodayPage(Session(lib, Settings()), QtJobs())
    page.resize(1300, 800)
    page.show()
    until(lambda: page.idle and not page.reading_on)
    stalls.taken()
    for end in range(1, len(TYPED) + 1):
        page.search.setText(TYPED[:end])
        page.read_again()
        until(lambda: page.idle)
    typing = stalls.taken()
    page.search.setText("")
    until(lambda: page.idle and not page.reading_on)
    stalls.taken()
    for _ in range(pages):
        page.table.scrollToBottom()
        until(lambda: not page.reading_on)
    down, rows = stalls.taken(), page.model.rowCount()
    bar = page.table.verticalScrollBar()
    for place in range(bar.maximum(), 0, -max(1, bar.maximum() // 200)):
        bar.setValue(place)
        application.processEvents()
    up = stalls.taken()
    page.close()
    until(lambda: page.idle and not page.reading_on)
    return (
        f"longest stall of the window: {typing:.0f} ms while {TYPED!r} is typed and answered, {down:.0f} ms while "
        f"{pages} pages come ({rows:,} rows), {up:.0f} ms scrolling back through them"
    )
