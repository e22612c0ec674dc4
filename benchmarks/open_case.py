"""Opening a case in the real window: how long until all is on the stage, how long the window stalls, how much memory.

    python benchmarks/open_case.py [--model pfm-demo] [--runs 5] [--work DIR]

A library is made with a phantom pair of 1920 x 1080 for each run and one of 3840 x 2160. A run is the time from opening
the visit to everything on the stage: pictures, registration, answer, heatmap. The engine is its two jobs: registration
and answer. A stall is the longest time between two turns of the event loop: while the engine runs (from its start until
its answer is taken up), and from the click to the end. Wanted: 1.5 s (the engine 0.6 s of it), no stall over 50 ms
while the engine runs, 700 MB resident.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come first
import psutil  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PySide6.QtCore import QTimer  # noqa: E402
from rich.console import Console  # noqa: E402

from benchmarks.event_loop import opened_window, wait  # noqa: E402
from pfm_desktop.domain.grade import Grade  # noqa: E402
from pfm_desktop.domain.source import Stage  # noqa: E402

Pixels = NDArray[np.uint8]
console = Console(highlight=False, soft_wrap=True)
FULL_HD, UHD = (1920, 1080), (3840, 2160)
ENGINE = {"aligned": "registration", "answer_pair": "answer"}  # its jobs in Review, by what does them in services


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pfm-demo")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        os.environ["PFM_HOME"] = str(work / "home")
        # in a process of its own: drawing phantoms leaves memory behind that no clinic's program has
        maker = multiprocessing.get_context("spawn").Process(
            target=prepare, args=(work / "library", options.runs + 1, options.model)
        )
        maker.start()
        maker.join()
        measure(work / "library", options.model)


def prepare(path: Path, runs: int, model: str) -> None:
    """A library, and the backend chosen as any start but the first finds it."""
    from pfm_desktop.jobs import SilentContext
    from pfm_desktop.services import models

    make_library(path, runs)
    console.print(f"answered by {models.choose_backend(SilentContext(), model)}")


def make_library(path: Path, runs: int) -> None:
    """A woman with one visit a run, revealed so that the heatmap shows; the last one is 4K."""
    from pfm_desktop.imaging.io import encode_jpeg
    from pfm_desktop.services import cases, pairing, review
    from pfm_desktop.storage.library import Library

    if path.exists():
        return
    with Library.create(path, demo=True) as library:
        patient = cases.add_patient(library, identifier="B-1", family_name="Benchmark")
        for number in range(runs):
            visit = cases.add_visit(library, patient.id, indication="4K" if number == runs - 1 else "HD")
            white, fluorescence = pair(number, UHD if number == runs - 1 else FULL_HD)
            cases.add_picture(library, visit.id, encode_jpeg(white, quality=95), stage=Stage.ACETIC_ACID)
            cases.add_picture(
                library, visit.id, encode_jpeg(fluorescence, quality=95), stage=Stage.FLUORESCENCE_AFTER_ACID
            )
            pairing.ensure_pair(library, visit.id)
            review.set_impression(library, visit.id, Grade.HIGH)
            review.reveal(library, visit.id, "benchmark")


def pair(seed: int, size: tuple[int, int]) -> tuple[Pixels, Pixels]:
    """A phantom pair cut to 16:9, H x W x 3; the 4K one is an enlarged 1920."""
    from PIL import Image

    from pfm_desktop.imaging.phantom import render

    phantom = render(880_000 + seed, grade=Grade.HIGH, size=FULL_HD[0])
    edge = (FULL_HD[0] - FULL_HD[1]) // 2
    made = []
    for picture in (phantom.white, phantom.fluorescence):
        cut = Image.fromarray(picture[edge : edge + FULL_HD[1]])
        made.append(np.asarray(cut if size == FULL_HD else cut.resize(size, Image.Resampling.LANCZOS)))
    return made[0], made[1]


def measure(library: Path, model: str) -> None:
    """Open each visit and print what it took."""
    app, window = opened_window(library, size="1920x1080", all_pages=False)
    session = window.session
    assert session is not None
    session.change_settings(model=model)
    rows = {row.visit.id: row.visit.indication for row in session.today()}
    seconds, stalls, engine, engine_stalls = [], [], [], []
    order = sorted(rows, key=lambda visit: rows[visit] == "4K")
    for number, visit in enumerate(order):
        begun = time.perf_counter()
        with beats(lambda: at_work(window)) as gaps, timed_engine() as took:
            window.open_visit(visit)
            page = window.stack.currentWidget()
            wait(lambda page=page: page.idle and page.loader.desk.answer is not None)
        if rows[visit] == "4K":
            print_memory()
        elif number > 0:  # the first one loads the numeric library
            seconds.append(time.perf_counter() - begun)
            stalls.append(max(gap for gap, _ in gaps))
            engine_stalls.append(max(gap for gap, meanwhile in gaps if meanwhile))
            engine.append(took)
        else:
            console.print(f"first case, with the model to load: {time.perf_counter() - begun:.2f} s")
    console.print(f"case opened to everything on the stage, 1920 x 1080, median: {statistics.median(seconds):.2f} s")
    whole, parts = statistics.median(sum(took.values()) for took in engine), []
    for job, words in ENGINE.items():
        parts.append(f"{words} {statistics.median(took.get(job, 0.0) for took in engine):.2f}")
    console.print(f"of which the engine, median: {whole:.2f} s ({', '.join(parts)})")
    for what, found in (("while the engine runs", engine_stalls), ("from the click to the end", stalls)):
        console.print(f"longest stall {what}, median and worst: {statistics.median(found):.0f} ms, {max(found):.0f} ms")
    window.close()
    wait(lambda: not window.isVisible())
    app.quit()


def print_memory() -> None:
    """Resident memory of this process."""
    resident = psutil.Process().memory_info().rss / 1e6
    console.print(f"resident memory with a 3840 x 2160 pair open, answer and heatmap shown: {resident:.0f} MB")


def at_work(window: Any) -> bool:
    """Whether the engine is at work on the visit in the window."""
    from pfm_desktop.viewmodels.review import Step

    loader = getattr(window.stack.currentWidget(), "loader", None)
    return loader is not None and loader.desk.doing is Step.ANSWERING


@contextmanager
def timed_engine() -> Iterator[dict[str, float]]:
    """Seconds that each job of the engine takes meanwhile."""
    from pfm_desktop.services import engine

    took: dict[str, float] = {}

    def timed(name: str, job: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            begun = time.perf_counter()
            try:
                return job(*arguments)
            finally:
                took[name] = took.get(name, 0.0) + time.perf_counter() - begun

        return run

    plain = {name: getattr(engine, name) for name in ENGINE}
    for name, job in plain.items():
        setattr(engine, name, timed(name, job))
    try:
        yield took
    finally:
        for name, job in plain.items():
            setattr(engine, name, job)


@contextmanager
def beats(running: Callable[[], bool]) -> Iterator[list[tuple[float, bool]]]:
    """Milliseconds between turns of the event loop, every 2 ms where nothing holds it up, each with whether it was
    `running` at its begin or end."""
    gaps: list[tuple[float, bool]] = [(0.0, True)]
    last, was = time.perf_counter(), False

    def beat() -> None:
        nonlocal last, was
        now, runs = time.perf_counter(), running()
        gaps.append((1000 * (now - last), was or runs))
        last, was = now, runs

    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(2)
    yield gaps
    timer.stop()


if __name__ == "__main__":
    main()
