"""A day of work in the real window, hours in minutes: visits opened, drawn in, read and signed; what it leaves.

    python benchmarks/long_day.py [--visits 2000] [--seed 10]

2,000 visits are eight hours of a busy clinic, several times over. The window (offscreen unless QT_QPA_PLATFORM says
otherwise) is on a library in which every visit has the same two phantom pictures of 640 x 640, so that no time goes
into drawing phantoms; registration and engine run for every pair. Each visit is opened from its id, a pin is set and a
contour drawn on the stage by mouse, the impression given, the AI revealed, the report looked at, the visit signed, and
Today shown again. Memory is the resident size after looking for garbage and giving back what is free, at every
twentieth part; handles are open files, sockets and threads of the process, and Qt's widgets without a parent. The
library's connections (two files each) are counted apart: up to `storage.engine.KEPT` stay open once as many jobs read
at once, whenever that happens. Printed: growth from the first twentieth (models loaded, caches filled) to the end.
Wanted: under 50 MB, no handle more, and no more connections than are kept.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pfm_desktop.support import memory, threads  # noqa: E402 - found by the path above

threads.set_polite_threads()

import psutil  # noqa: E402 - the thread settings come first

from benchmarks.event_loop import opened_window, wait  # noqa: E402
from pfm_desktop.storage.engine import KEPT  # noqa: E402
from pfm_desktop.storage.schema import DATABASE  # noqa: E402

SIDE, PARTS = 640, 20
MOST_MB = 50.0


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["PFM_HOME"] = str(Path(scratch) / "home")
        (Path(scratch) / "home").mkdir()
        library = Path(scratch) / "library"
        visits = make_library(library, asked.visits, asked.seed)
        _app, window = opened_window(library, size="1366x768")
        assert window.session is not None
        window.session.change_settings(reader="Dr. Bench")
        window.activateWindow()
        problems: list[str] = []
        window.session.on_problem.append(lambda problem: problems.append(problem.sentences))
        sizes: list[tuple[float, int, int, int, int]] = []
        opened: list[Counter[str]] = []
        begun, part = time.monotonic(), max(1, len(visits) // PARTS)
        for number, visit in enumerate(visits, start=1):
            work_on(window, visit)
            if number % part == 0:
                sizes.append(measured())
                opened.append(open_handles())
                print(
                    f"  {number:,} visits, {time.monotonic() - begun:.0f} s: {sizes[-1][0]:.0f} MB, "
                    f"files and sockets {sizes[-1][1]}, threads {sizes[-1][2]}, windows {sizes[-1][3]}, "
                    f"connections {sizes[-1][4]}",
                    flush=True,
                )
        first, last = sizes[0], sizes[-1]
        grown = [after - before for before, after in zip(first, last, strict=True)]
        print(
            f"{len(visits):,} visits in {(time.monotonic() - begun) / 60:.0f} minutes, {len(problems)} problems: "
            f"memory {grown[0]:+.0f} MB from the first {part} on (wanted under {MOST_MB:.0f}), "
            f"files and sockets {grown[1]:+d}, threads {grown[2]:+d}, windows {grown[3]:+d} (wanted 0); "
            f"connections to the library {first[4]} and {last[4]} (at most {KEPT} are kept)"
        )
        for problem in problems[:5]:
            print(f"  {problem}")
        for name, more in (opened[-1] - opened[0]).items():
            print(f"  +{more} {name}")
        window.close()
        wait(lambda: not window.isVisible())
    leaks = any(more > 0 for more in grown[1:4]) or last[4] > KEPT
    threads.leave(int(grown[0] >= MOST_MB or leaks or bool(problems)))


def make_library(path: Path, visits: int, seed: int) -> list[str]:
    """So many women, with a visit each; the ids of these."""
    from pfm_desktop.domain.grade import Grade
    from pfm_desktop.domain.source import Stage
    from pfm_desktop.imaging.io import encode_jpeg
    from pfm_desktop.imaging.phantom import render
    from pfm_desktop.services import cases, pairing
    from pfm_desktop.storage.library import Library

    made = render(1000 + seed, grade=Grade.HIGH, size=SIDE)
    data = {
        Stage.ACETIC_ACID: encode_jpeg(made.white, quality=92),
        Stage.FLUORESCENCE_AFTER_ACID: encode_jpeg(made.fluorescence, quality=92),
    }
    found = []
    with Library.create(path, demo=True) as library:
        for number in range(visits):
            patient = cases.add_patient(library, identifier=f"D-{number:04d}", family_name=f"Day {number:04d}")
            visit = cases.add_visit(library, patient.id).id
            for stage, bytes_ in data.items():
                cases.add_picture(library, visit, bytes_, stage=stage, seconds_since_acid=60.0)
            pairing.ensure_pair(library, visit)
            found.append(visit)
    return found


def work_on(window: Any, visit_id: str) -> None:
    """One visit, from the list to the signature."""
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest

    from pfm_desktop.domain.grade import Grade
    from pfm_desktop.gui import desk
    from pfm_desktop.services import review

    window.open_visit(visit_id)
    page = window.stack.currentWidget()
    wait(lambda: page.idle and page.loader.desk.answer is not None)
    stage, left = page.stage, Qt.MouseButton.LeftButton
    at = QPoint(stage.width() // 5, stage.height() // 2)
    QTest.keyClick(stage, Qt.Key.Key_P)
    QTest.mouseClick(stage, left, pos=at)
    QTest.keyClick(stage, Qt.Key.Key_D)
    QTest.mousePress(stage, left, pos=at)
    for dx, dy in ((30, 0), (30, 30), (0, 30), (-20, 10)):
        QTest.mouseMove(stage, at + QPoint(dx, dy))
    QTest.mouseRelease(stage, left, pos=at)
    QTest.keyClick(stage, Qt.Key.Key_V)
    session = window.session
    drawn = (len(session.case.pins), len(session.case.contours))
    assert drawn == (1, 1), f"pins and contours on record: {drawn}"
    session.perform(lambda lib: review.set_impression(lib, visit_id, Grade.HIGH))
    page.side.answer.command.trigger()
    wait(lambda: session.case.findings.revealed)
    page.side.go_to(3)
    wait(lambda: page.idle)
    session.perform(lambda lib: review.sign(lib, visit_id, "Dr. Bench", "Read by me"), undoable=False)
    assert session.case.signed
    page.side.go_to(0)
    window.show_page(desk.TODAY)
    wait(lambda: window.desk.today.idle)


def measured() -> tuple[float, int, int, int, int]:
    """Megabytes, open files and sockets, threads, widgets without a parent, and connections to the library."""
    from PySide6.QtWidgets import QApplication

    gc.collect()
    memory.return_free()
    process, windows = psutil.Process(), len(QApplication.topLevelWidgets())
    named = open_handles()
    of_library = sum(count for name, count in named.items() if name.startswith(DATABASE))
    files = process.num_fds() - of_library
    return process.memory_info().rss / 2**20, files, threading.active_count(), windows, named[DATABASE]


def open_handles() -> Counter[str]:
    """What is open, by its name, and how often; empty where the system does not tell."""
    names: Counter[str] = Counter()
    for handle in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):
            names[re.sub(r"\d+", "N", handle.readlink().name)] += 1
    return names


if __name__ == "__main__":
    main()
