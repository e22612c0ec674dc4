"""Learning as a person has it done: in the real window, begun with Enter, while the event loop is watched."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from benchmarks.event_loop import beats, opened_window, wait

LONGEST = 3600  # seconds


def learned_in_the_window(library: Path) -> dict[str, Any]:
    """From Enter to the model on record: seconds, turns of the event loop that took over 50 ms, the longest one."""
    from pfm_desktop.gui.desk import LEARNING

    _app, window = opened_window(library, size="1366x768")
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
