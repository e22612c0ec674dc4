"""Learning as a person has it done: in the real window, begun with Enter, while the event loop is watched."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from benchmarks.event_loop import beats, wait

LONGEST = 3600  # seconds


def learned_in_the_window(library: Path) -> dict[str, Any]:
    """From Enter to the model on record: seconds, turns of the event loop that took over 50 ms, the longest one."""
    from pfm_desktop.gui.application import build, parsed
    from pfm_desktop.gui.desk import LEARNING
    from pfm_desktop.gui.main_window import MainWindow
    from pfm_desktop.support import memory, threads

    memory.return_large_buffers()  # as gui.application.main does
    threads.take_short_turns()
    with memory.without_collection():
        _app, window = build(parsed(["--size", "1366x768"]))
    assert isinstance(window, MainWindow)
    window.show()
    window.open_library(str(library))
    wait(lambda: window.session is not None and window.desk is not None and len(window.desk.made) == 5)
    window.show_page(LEARNING)
    page: Any = window.stack.currentWidget()
    wait(lambda: page.idle and page.cases.start.isEnabled(), seconds=600)
    begun = time.monotonic()
    with beats() as gaps:
        QTest.keyClick(page.cases.name, Qt.Key.Key_Return)
        wait(lambda: not page.idle)
        wait(lambda: page.idle, seconds=LONGEST)
    state = page.view.run.state.value
    window.close()
    return {
        "seconds": round(time.monotonic() - begun, 1),
        "ended": state,
        "longest_stall_ms": round(max(gaps)),
        "stalls_over_50_ms": sum(gap > 50 for gap in gaps),
        "turns": len(gaps),
    }
