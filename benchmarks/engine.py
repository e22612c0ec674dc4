"""How long an answer takes: a phantom pair of 1920 x 1080 pixels, each step, and through a library.

    python benchmarks/engine.py [--runs 7] [--model pfm-demo] [--work DIR]

Prints medians in milliseconds: wall clock, and processor time of this process, which a busy machine disturbs less.
Figures asked for: engine 600 ms, from a case to everything that the stage shows 1500 ms, with the model loaded.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy

from pfm_desktop.domain.source import Source, Stage  # noqa: E402
from pfm_desktop.imaging import quality  # noqa: E402
from pfm_desktop.imaging.io import encode_jpeg, read_picture  # noqa: E402
from pfm_desktop.imaging.phantom import render  # noqa: E402
from pfm_desktop.imaging.registration import register  # noqa: E402
from pfm_desktop.jobs import SilentContext  # noqa: E402
from pfm_desktop.services import cases, engine, inference, models, pairing  # noqa: E402
from pfm_desktop.storage.library import Library  # noqa: E402
from pfm_desktop.support.errors import ModelError  # noqa: E402
from pfm_desktop.support.files import write_bytes  # noqa: E402

WIDTH, HEIGHT = 1920, 1080
SEED = 610_000
CTX = SilentContext()
Made = TypeVar("Made")


class Clock:
    """Wall and processor milliseconds of each named step."""

    def __init__(self) -> None:
        self.taken: dict[str, list[tuple[float, float]]] = defaultdict(list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        wall, busy = time.perf_counter(), time.process_time()
        yield
        self.taken[name].append((1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - busy)))

    def run(self, name: str, function: Callable[[], Made]) -> Made:
        """Time one call."""
        with self.step(name):
            return function()

    def lines(self) -> Iterator[str]:
        """One line a step, in the order they were first timed."""
        for name, pairs in self.taken.items():
            wall, busy = (statistics.median(column) for column in zip(*pairs, strict=True))
            yield f"{name:42} {wall:8.1f} ms   processor {busy:8.1f} ms   ({len(pairs)} runs)"


def draw(folder: Path) -> tuple[Path, Path]:
    """The pair as JPEG files, as a camera writes them; drawn once a folder."""
    files = folder / f"white-{SEED}.jpg", folder / f"fluorescence-{SEED}.jpg"
    if not all(file.is_file() for file in files):
        phantom = render(SEED, size=WIDTH)
        top = (WIDTH - HEIGHT) // 2
        for file, pixels in zip(files, (phantom.white, phantom.fluorescence), strict=True):
            write_bytes(file, encode_jpeg(np.ascontiguousarray(pixels[top : top + HEIGHT]), quality=95))
    return files


def usable_model(asked: str, folder: Path) -> str:
    """The model asked for; where there is none, an untrained one of the same size and kind."""
    try:
        models.folder_of(asked)
        return asked
    except ModelError:
        from pfm_desktop.pfm.untrained import write_untrained

        write_untrained(folder / "untrained", size=224)
        print(f"there is no model {asked}: measured with an untrained network of 224 pixels, which takes as long")
        return str(folder / "untrained")


def steps(clock: Clock, files: tuple[Path, Path], model: str) -> None:
    """Each step alone, one after the other."""
    white = clock.run("read white", lambda: read_picture(files[0]).pixels)
    fluorescence = clock.run("read fluorescence", lambda: read_picture(files[1]).pixels)
    clock.run("quality white", lambda: quality.assess(white, Source.WHITE))
    clock.run("quality fluorescence", lambda: quality.assess(fluorescence, Source.FLUORESCENCE))
    found = clock.run("register", lambda: register(white, fluorescence))
    clock.run("quality pair", lambda: quality.assess_pair(white, fluorescence, found))
    warped = clock.run("warp", lambda: found.warp_to_white(fluorescence))
    overlap = clock.run("overlap mask", found.overlap_mask)
    predictor = models.predictor(model)
    predictor.forget_pictures()
    clock.run("predict and heatmaps", lambda: predictor.predict(white, warped, overlap=overlap))
    clock.run("predict and heatmaps, asked again", lambda: predictor.predict(white, warped, overlap=overlap))
    predictor.forget_pictures()
    clock.run("predict, 2 passes instead of 20", lambda: predictor.predict(white, warped, overlap=overlap, passes=2))


def whole(clock: Clock, files: tuple[Path, Path], model: str) -> None:
    """The engine on files."""
    request = inference.AnalysisRequest(files[0], files[1], model)
    models.predictor(model).forget_pictures()  # or the trunks would not run
    result = clock.run("ENGINE, from files to answer", lambda: inference.analyze(CTX, request))
    if result.analysis.prediction is None:
        raise SystemExit(f"the phantom was refused: {result.analysis.refused}")


def library(clock: Clock, files: tuple[Path, Path], model: str, folder: Path) -> None:
    """The engine on a pair of a library, asked for the first time and again."""
    with tempfile.TemporaryDirectory(dir=folder) as name, Library.create(Path(name) / "library") as lib:
        visit = cases.add_visit(lib, cases.add_patient(lib, identifier="B").id).id
        for file, stage in zip(files, (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID), strict=True):
            cases.add_picture(lib, visit, file, stage=stage)
        pair = pairing.ensure_pair(lib, visit)
        if pair is None:
            raise SystemExit("no pair was made")
        models.predictor(model).forget_pictures()
        with clock.step("CASE, first time: load and answer"):
            pictures = clock.run("  load the pair", lambda: engine.load_pair(CTX, lib, pair.id))
            clock.run("  answer it and keep the answer", lambda: engine.answer_pair(CTX, lib, pictures, model))
        with clock.step("CASE, opened again: load and kept answer"):
            pictures = engine.load_pair(CTX, lib, pair.id)
            kept = engine.answer_pair(CTX, lib, pictures, model)
        if not kept.from_library:
            raise SystemExit("the answer was not found again")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--model", default=models.DEFAULT_MODEL)
    parser.add_argument("--work", type=Path, help="folder that keeps the drawn pair")
    asked = parser.parse_args()
    clock = Clock()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = draw(asked.work or folder)
        model = usable_model(asked.model, folder)
        once = Clock()
        chosen = models.choose_backend(CTX, model)
        once.run("model and numeric library loaded, once", lambda: models.predictor(model))
        whole(Clock(), files, model)  # the first answer warms caches
        for _ in range(asked.runs):
            whole(clock, files, model)
            library(clock, files, model, folder)
            steps(clock, files, model)
    print(f"one phantom pair of {WIDTH} x {HEIGHT} pixels, {threads.worker_threads()} threads, {chosen}, medians:")
    for line in (*clock.lines(), *once.lines()):
        print(line)


if __name__ == "__main__":
    main()
