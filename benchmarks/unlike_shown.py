"""What the whole engine calls unlike anything its model learned from: the pairs of the demo library, real photographs.

    python benchmarks/unlike_shown.py [--annocerv DIR] [--model pfm-demo]

Asks about every pair of the demo library (drawn where it is not there yet) as the window does, and about one photograph
of each woman of AnnoCerv whom no other benchmark developed with, given as white light as `pfm analyze --white` does: in
its own shape, in other looks (`unlike_parts.women.LOOKS`), and squashed to a square as the files of our copy are.
Prints how many answers carry the warning, with Clopper-Pearson intervals of 95 %, and how many were refused.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

from benchmarks.shares import share  # noqa: E402 - the thread settings come before numpy
from benchmarks.unlike_parts.women import (  # noqa: E402
    LOOKS,
    Pixels,
    in_its_own_shape,
    one_photograph_a_woman,
)
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.domain.prediction import Analysis, Prediction  # noqa: E402
from pfm_desktop.domain.source import PLACES  # noqa: E402
from pfm_desktop.imaging.io import read_picture  # noqa: E402
from pfm_desktop.jobs import Context, SilentContext  # noqa: E402
from pfm_desktop.services import cases, engine, models  # noqa: E402
from pfm_desktop.services.demo import ensure_demo_library  # noqa: E402
from pfm_desktop.services.inference import AnalysisRequest, analyze  # noqa: E402
from pfm_desktop.storage.library import Library  # noqa: E402
from pfm_desktop.support.paths import demo_library_dir  # noqa: E402

PART = 1  # the test of `unlike_parts.sets.Wanted`: the other women were developed with


def of_library(ctx: Context, lib: Library, model: str) -> Iterator[Analysis]:
    """The answer to every pair; nothing is kept."""
    pairs = [pair for row in cases.today(lib) for pair in cases.visit_case(lib, row.visit.id).pairs]
    for number, pair in enumerate(pairs):
        ctx.progress(number, len(pairs), "Demo library")
        pictures = engine.load_pair(SilentContext(), lib, pair.id)
        asked = AnalysisRequest(pictures.white, pictures.fluorescence, model, heatmaps=False, passes=0)
        yield analyze(SilentContext(), asked).analysis


def of_photographs(
    ctx: Context, annocerv: Path, model: str, look: Callable[[Pixels], Pixels] | None
) -> Iterator[Analysis]:
    """The answer to one photograph a woman, as white light; without `look` as the file is, squashed to a square."""
    chosen = one_photograph_a_woman(annocerv, PART)
    for number, row in enumerate(chosen):
        ctx.progress(number, len(chosen), "AnnoCerv")
        pixels = read_picture(annocerv / "images" / row["file"]).pixels
        shown = pixels if look is None else look(in_its_own_shape(pixels, row))
        asked = AnalysisRequest(shown, None, model, heatmaps=False, passes=0)
        yield analyze(SilentContext(), asked).analysis


def lines_of(name: str, said: Iterable[Analysis]) -> list[str]:
    """How many answers carry the warning, altogether and by source."""
    asked = list(said)
    told: list[Prediction] = [analysis.prediction for analysis in asked if analysis.prediction is not None]
    unlike = sum(bool(prediction.unlike) for prediction in told)
    lines = [
        f"{name}: asked {len(asked)}, refused {len(asked) - len(told)}; of the answers unlike anything learned from "
        f"{share(unlike, len(told))}"
    ]
    for source in PLACES:
        known = [prediction.familiarity[source] for prediction in told if source in prediction.familiarity]
        if known:
            distances = sorted(found.distance / found.threshold for found in known)
            lines.append(
                f"{name}, {source.words}: unlike {share(sum(found.unlike for found in known), len(known))}; distance "
                f"over limit {distances[0]:.2f} to {distances[-1]:.2f}, median {distances[len(distances) // 2]:.2f}"
            )
    return lines


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=models.DEFAULT_MODEL)
    parser.add_argument("--annocerv", type=Path, help="folder with index.csv and images")
    asked = parser.parse_args()
    with Bar() as bar:
        with ensure_demo_library(bar, demo_library_dir()) as lib:
            lines = lines_of("on phantoms, pairs of the demo library", of_library(bar, lib, asked.model))
        if asked.annocerv is not None:
            looks: dict[str, Callable[[Pixels], Pixels] | None] = {**LOOKS, "squashed to a square": None}
            for name, look in looks.items():
                photographs = of_photographs(bar, asked.annocerv, asked.model, look)
                lines += lines_of(f"real cervices of AnnoCerv, one photograph a woman, {name}", photographs)
    for line in lines:
        print(line)


if __name__ == "__main__":
    main()
