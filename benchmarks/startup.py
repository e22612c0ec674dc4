"""From the start of the process to the painted window with the Today list filled, and to its library open.

    python benchmarks/startup.py [--runs 9] [--library PATH]

The list can be read, sorted and chosen from as soon as it stands; a search that was typed, and a visit that was chosen,
are carried out once the library is open.
Each run is a process of its own, on a demo library that was prepared before, with a warm disk and compiled modules.
Prints the median, the spread, whether torch was loaded by then, and which imports take longest.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

AIM_SECONDS = 1.0
HEAVY = ("torch", "openvino", "ignite", "cv2", "scipy", "pyqtgraph", "alembic", "reportlab", "numpy", "sqlalchemy")

CHILD = """
import sys, time
from pfm_desktop.support import memory, threads
threads.set_polite_threads()
with memory.without_collection():  # all as pfm_desktop.__main__.gui does
    from pfm_desktop.gui import application
    app, window = application.build(application.parsed([]))
from PySide6.QtCore import QEvent, QObject, QTimer

class Watch(QObject):
    listed = False

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not self.listed:
            table = getattr(window.stack.currentWidget(), "table", None)
            if table is not None and watched is table.viewport() and table.model().rowCount():
                self.listed = True
                print("listed", time.time() - float(sys.argv[1]))
        return False

def opened():
    print("opened", time.time() - float(sys.argv[1]))
    print("processor", time.process_time())
    print("loaded", *[name for name in sys.argv[3].split(",") if name in sys.modules])
    window.close()  # so that the next start finds a library that was closed; what follows is not measured
    QTimer.singleShot(0, app.quit)

watch = Watch()
app.installEventFilter(watch)
window.ready.connect(opened)
window.show()
window.open_library(sys.argv[2])
app.exec()
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--library", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        library = options.library or str(_demo_library(Path(home)))
        environment = {**os.environ, "PFM_HOME": home}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a user's second start finds everything compiled
        run(library, environment)  # warms the disk
        answers = [run(library, environment) for _ in range(options.runs)]
        times, work = [answer.listed for answer in answers], [answer.processor for answer in answers]
        opened = [answer.opened for answer in answers]
        loaded = answers[-1].loaded
        print(
            f"Start to usable window: median {statistics.median(times):.2f} s of {len(times)} starts "
            f"({min(times):.2f} to {max(times):.2f} s); aim {AIM_SECONDS:.1f} s"
        )
        print(
            f"Start to the library open, so that a visit opens at once: median {statistics.median(opened):.2f} s "
            f"({min(opened):.2f} to {max(opened):.2f} s)"
        )
        print(f"Processor time until then: median {statistics.median(work):.2f} s (what it takes on a quiet computer)")
        print(
            f"torch loaded by then: {'YES' if 'torch' in loaded else 'no'}; heavy modules loaded: {', '.join(loaded)}"
        )
        print("Longest imports, each with what it imports (milliseconds):")
        for milliseconds, name in imports(library, environment):
            print(f"  {milliseconds:6.0f}  {name}")


@dataclass(frozen=True)
class Start:
    """Seconds from starting the process to the filled list on screen and to the library open; processor seconds and
    heavy modules by then."""

    listed: float
    opened: float
    processor: float
    loaded: list[str]


def run(library: str, environment: dict[str, str]) -> Start:
    """Start once."""
    done = _child(library, environment)
    lines = dict(line.split(" ", 1) if " " in line else (line, "") for line in done.stdout.splitlines())
    return Start(float(lines["listed"]), float(lines["opened"]), float(lines["processor"]), lines["loaded"].split())


def imports(library: str, environment: dict[str, str], count: int = 14) -> list[tuple[float, str]]:
    """The imports that take longest, cumulative milliseconds, packages only."""
    found = []
    for line in _child(library, environment, "-X", "importtime").stderr.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if len(parts) == 3 and parts[1].strip().isdigit():
            found.append((int(parts[1]) / 1000, parts[2].strip()))
    return sorted(found, reverse=True)[:count]


def _child(library: str, environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-c", CHILD, str(time.time()), library, ",".join(HEAVY)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)


def _demo_library(home: Path) -> Path:
    """The demo library with small drawings: the list does not look at the pictures."""
    from pfm_desktop.jobs import SilentContext
    from pfm_desktop.services.demo import ensure_demo_library

    folder = home / "library"
    ensure_demo_library(SilentContext(), folder, size=128, workers=1).close()
    return folder


if __name__ == "__main__":
    main()
