"""A reader in the real window: opens a task, presses keys, and says when the next pair is on the screen."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest

from benchmarks.annotate_parts.library import READER, task_id
from benchmarks.event_loop import opened_window, wait

KEYS = (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4)


class Paints(QObject):
    """Counts what a widget paints."""

    count = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Nothing is kept from anybody."""
        if event.type() is QEvent.Type.Paint:
            self.count += 1
        return False


class ReaderAtWork:
    """The window with a task open, its first pair on the screen."""

    def __init__(self, library: Path, task: str, *, size: str = "1920x1080") -> None:
        from pfm_desktop.gui.main_window import ANNOTATE

        self.app, self.window = opened_window(library, size=size)
        window = self.window
        assert window.session is not None
        window.session.change_settings(reader=READER)
        window.show_page(ANNOTATE)
        self.page: Any = window.stack.currentWidget()
        self.page.read_task(task_id(window.session.library, task))
        self.view = self.page.view
        self.paints = Paints()
        self.view.stage.installEventFilter(self.paints)
        wait(self.seen)

    def seen(self) -> bool:
        """Whether the pictures of the pair in front are on the stage."""
        return self.view.reading.sight.name == "PICTURES"

    def press(self, number: int) -> tuple[float, float]:
        """Press a grade's key; milliseconds until the next pair is painted, or the end of the task is said, and those
        of them in which the window's thread had a processor."""
        reading, painted = self.view.reading, self.paints.count
        place, begun, busy = reading.place, time.perf_counter(), time.thread_time()
        QTest.keyClick(self.view.stage, KEYS[number % len(KEYS)])
        if reading.place == place:
            raise SystemExit(f"the key was not heard: {self.window.session and self.window.session.last_problem}")
        if reading.turn is not None:
            wait(lambda: self.seen() and self.paints.count > painted)
        return 1000 * (time.perf_counter() - begun), 1000 * (time.thread_time() - busy)

    def close(self) -> None:
        """As a user does."""
        self.window.close()
        wait(lambda: not self.window.isVisible())
        self.app.quit()


def rest(milliseconds: float) -> None:
    """The reader looks at the pair."""
    end = time.monotonic() + milliseconds / 1000
    wait(lambda: time.monotonic() >= end)
