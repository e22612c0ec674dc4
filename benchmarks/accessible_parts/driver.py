"""The real window, page after page: says `PAGE name` when one stands, and goes on when it is told to."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path


def main() -> None:
    """See the module."""
    from pfm_desktop.support import threads

    threads.set_polite_threads()

    from benchmarks.event_loop import opened_window, wait
    from benchmarks.every_page import walk
    from pfm_desktop.jobs import SilentContext
    from pfm_desktop.services import demo

    library = Path(os.environ["PFM_HOME"]) / "demo"
    demo.ensure_demo_library(SilentContext(), library).close()
    _app, window = opened_window(library, size="1920x1080")
    told = threading.Event()
    threading.Thread(target=_listen, args=(told,), daemon=True).start()

    def stand(name: str) -> None:
        print(f"PAGE {name}", flush=True)
        wait(told.is_set, seconds=300)
        told.clear()

    walk(window, stand)
    window.close()
    window.close()
    threads.leave(0)


def _listen(told: threading.Event) -> None:
    for _ in sys.stdin:
        told.set()


if __name__ == "__main__":
    main()
