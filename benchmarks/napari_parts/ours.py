"""Our side of `benchmarks/beside_napari.py`: the program's own window, the visit opened in blend."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil


def main() -> None:
    """`ours WORK FRAMES`."""
    from pfm_desktop.support import threads

    threads.set_polite_threads()
    work, frames = Path(sys.argv[1]), int(sys.argv[2])
    from benchmarks.event_loop import opened_window, wait

    _app, window = opened_window(work / "round", size="1920x1080", all_pages=False)
    assert window.session is not None
    (row,) = window.session.today()
    window.open_visit(row.visit.id)
    page: Any = window.stack.currentWidget()
    stage = page.stage
    stage.commands.set_mode(_blend())
    wait(lambda: page.loader.desk.pictures is not None)
    stage.repaint()
    first, shown = _now()
    wait(lambda: stage.arrangement.mode is _blend() and stage.registration is not None and not stage.busy)
    stage.repaint()
    blended, blended_mb = _now()
    wait(lambda: page.idle and page.loader.desk.answer is not None)
    assert not page.loader.desk.answer.from_library, "registration and answer are to be made in each round"
    wait(lambda: not stage.busy)
    import numpy as np

    from benchmarks import stage as gestures

    found: dict[str, Any] = {"first_s": first, "shown_mb": shown, "blended_s": blended, "blended_mb": blended_mb}
    for name, gesture in (("pan", gestures.pan), ("zoom", gestures.zoom), ("opacity", gestures.opacity)):
        times = gestures.time_gesture(stage, _blend(), gesture, heat=False, frames=frames)[0]
        found[f"{name}_ms"] = float(np.median(times))
        found[f"{name}_worst_ms"] = float(np.percentile(times, 99))
    found["resident_mb"] = gestures.resident_mb()
    print(json.dumps(found), flush=True)
    window.close()
    threads.leave(0)


def _now() -> tuple[float, float]:
    """Seconds since the process was begun, and resident memory in MB."""
    return time.time() - float(os.environ["BEGUN"]), psutil.Process().memory_info().rss / 2**20


def _blend() -> Any:
    from pfm_desktop.viewmodels.pair_view import Mode

    return Mode.BLEND


if __name__ == "__main__":
    main()
