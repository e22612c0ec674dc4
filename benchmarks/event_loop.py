"""The real window as the program makes it, and waiting in its event loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QTimer

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from pfm_desktop.gui.main_window import MainWindow


def opened_window(
    library: Path, *, size: str, all_pages: bool = True, signs_in: tuple[str, str] | None = None
) -> tuple[QApplication, MainWindow]:
    """The window on a library, once it is open; with `all_pages`, once all pages of its rail are made too. `signs_in`:
    name and password for an encrypted one."""
    from pfm_desktop.gui.application import build, parsed
    from pfm_desktop.gui.main_window import TITLES, MainWindow
    from pfm_desktop.support import memory, threads

    memory.return_large_buffers()  # as gui.application.main does
    threads.take_short_turns()
    with memory.without_collection():
        app, window = build(parsed(["--size", size]))
    assert isinstance(window, MainWindow)
    window.show()
    if signs_in is not None:
        window.door.locked.connect(lambda _folder: window.door.sign_in(*signs_in))
    window.open_library(str(library))
    wait(lambda: window.session is not None)
    if all_pages:
        wait(lambda: window.desk is not None and len(window.desk.made) == len(TITLES))
    return app, window


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
        # the program's own loop deletes what is no longer wanted; `processEvents` alone leaves it lying
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
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
