"""The quality gate: what it finds on phantoms with faults, lets through, and catches of spoiled photographs.

    python benchmarks/quality.py [--count 40] [--seed 800000] [--size 512] [--annocerv DIR] [--development]

Fresh phantoms, each drawn without a fault and with every one, some of which are laid over it
(`quality_parts/faults.py`). Printed is, for each fault of a picture and each source it shows in, the area under the ROC
curve of the reading that it is known by, and of the verdict (good, limited, unusable), of pictures with the fault
against those without any; the shares that are caught, and the seconds of a pair. `--annocerv` adds the photographs
(AnnoCerv iclx, CC BY 4.0; women with an even number, or those with an odd one for `--development`): how many are
accepted as they are, how many are caught in each of twelve ways of spoiling them (`quality_parts/spoiled.py`), and in
pictures of a screen that shows them (`quality_parts/window.py`).

Seeds from 20000 served development; those from 800000 are for the figures.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy
from numpy.typing import NDArray  # noqa: E402
from scipy.stats import rankdata  # noqa: E402

from benchmarks.finder_parts.truth import diameter_of, truth_of  # noqa: E402
from benchmarks.quality_parts.faults import MADE  # noqa: E402
from benchmarks.quality_parts.spoiled import KINDS  # noqa: E402
from benchmarks.quality_parts.window import in_window  # noqa: E402
from benchmarks.registration_parts.photographs import Women, women_of  # noqa: E402
from benchmarks.shares import share  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.domain.quality import Quality, Verdict  # noqa: E402
from pfm_desktop.domain.source import Source  # noqa: E402
from pfm_desktop.imaging.phantom import Phantom, render  # noqa: E402
from pfm_desktop.imaging.phantom.defects import Defect  # noqa: E402
from pfm_desktop.imaging.quality import assess  # noqa: E402
from pfm_desktop.jobs import Context  # noqa: E402
from pfm_desktop.services.inference import side_by_side  # noqa: E402

FIRST_SEED = 800_000
LEVEL = {Verdict.GOOD: 0, Verdict.LIMITED: 1, Verdict.UNUSABLE: 2}
BOTH = (Source.WHITE, Source.FLUORESCENCE)
SHOWS_IN = {
    Defect.WHITE_OUT_OF_FOCUS: (Source.WHITE,),
    Defect.FLUORESCENCE_OUT_OF_FOCUS: (Source.FLUORESCENCE,),
    Defect.WHITE_TOO_DARK: (Source.WHITE,),
    Defect.FLUORESCENCE_TOO_DARK: (Source.FLUORESCENCE,),
    Defect.WHITE_OVEREXPOSED: (Source.WHITE,),
    Defect.FLUORESCENCE_OVEREXPOSED: (Source.FLUORESCENCE,),
    Defect.NO_CERVIX: BOTH,
    Defect.OBSTRUCTED: BOTH,
    Defect.OFF_CENTRE: BOTH,
}
# the lamp is mirrored in white light; the filter of a fluorescence camera takes it away
LAID_OVER = {kind: (Source.WHITE,) if kind == "glare" else BOTH for kind in MADE}


# by which the gate decides about a fault: the higher the worse
READINGS: Mapping[str, Callable[[Mapping[str, float]], float]] = MappingProxyType(
    {
        "out of focus, white light": lambda m: -m["focus"],
        "out of focus, fluorescence": lambda m: -m["detail"],
        "too dark": lambda m: -m["bright"],
        "overexposed": lambda m: m["blown"] + m["bright"] / 1000,
        "no cervix": lambda m: -m["present"],
        "obstructed": lambda m: m["blocked"],
        "off centre": lambda m: max(m["off"] / 0.65, m["aside"] / 0.5),
        "blood or mucus over the os": lambda m: m["film"],
        "glare": lambda m: m["glare"],
        "far away": lambda m: -m["cervix"],
    }
)


@dataclass(frozen=True)
class Fault:
    """Pictures of one source with a fault and without any."""

    name: str
    faulty: Sequence[Quality]
    clean: Sequence[Quality]

    def line(self) -> str:
        """For the eye."""
        with_it, without = ([level(one) for one in part] for part in (self.faulty, self.clean))
        reading = next(read for name, read in READINGS.items() if self.name.startswith(name))
        read = area([reading(one.measures) for one in self.faulty], [reading(one.measures) for one in self.clean])
        caught, unusable = sum(one > 0 for one in with_it), with_it.count(LEVEL[Verdict.UNUSABLE])
        return (
            f"on phantoms, {self.name}: area under the curve of the reading {read:.3f}, of the verdict "
            f"{area(with_it, without):.3f}; limited or unusable {share(caught, len(with_it))}, unusable {unusable}"
        )


def area(faulty: Sequence[float], clean: Sequence[float]) -> float:
    """Share of pairs, one with the fault and one without, in which the first is the worse; ties: half."""
    ranks = rankdata([*faulty, *clean])
    positive = len(faulty)
    return float((ranks[:positive].sum() - positive * (positive + 1) / 2) / (positive * len(clean)))


def picture_of(phantom: Phantom, source: Source) -> NDArray[np.uint8]:
    """The picture of one source."""
    return phantom.white if source is Source.WHITE else phantom.fluorescence


def level(quality: Quality) -> int:
    """0 good, 1 limited, 2 unusable."""
    return LEVEL[quality.verdict]


def lines_of_phantoms(ctx: Context, count: int, seed: int, size: int) -> Iterator[str]:
    """Each fault in each source that it shows in, and what is let through of pictures without any."""
    clean: dict[Source, list[Quality]] = {source: [] for source in BOTH}
    faulty: dict[tuple[Defect, Source], list[Quality]] = {
        (one, s): [] for one, where in SHOWS_IN.items() for s in where
    }
    made: dict[tuple[str, Source], list[Quality]] = {(kind, source): [] for kind in MADE for source in LAID_OVER[kind]}
    seconds: list[float] = []
    both: list[float] = []
    for number in range(count):
        ctx.progress(number, count, "Looking at phantoms")
        plain = render(seed + number, size=size)
        begun = time.perf_counter()
        for source in BOTH:
            clean[source].append(assess(picture_of(plain, source), source))
        seconds.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        side_by_side(lambda one: assess(*one), [(picture_of(plain, source), source) for source in BOTH])
        both.append(time.perf_counter() - begun)
        truth = truth_of(plain, seed + number, frozenset())
        for (kind, source), found in made.items():
            light = BOTH.index(source)
            random = np.random.default_rng([seed, number, light])
            spoiled_one = MADE[kind](truth.pictures[light], truth.os[light], diameter_of(plain), random)
            found.append(assess(spoiled_one, source))
        for defect, where in SHOWS_IN.items():
            ctx.check()
            spoiled = render(seed + number, size=size, defects=frozenset({defect}))
            for source in where:
                faulty[defect, source].append(assess(picture_of(spoiled, source), source))
    for source in BOTH:
        accepted = sum(one.verdict is not Verdict.UNUSABLE for one in clean[source])
        good = sum(one.verdict is Verdict.GOOD for one in clean[source])
        yield f"on phantoms without a fault, {source.words}: accepted {share(accepted, count)}, good {good}"
    for (defect, source), found in faulty.items():
        name = defect.value.removeprefix(f"{source.value}_").replace("_", " ")
        yield Fault(f"{name}, {source.words}", found, clean[source]).line()
    for (kind, source), found in made.items():
        yield Fault(f"{kind}, {source.words}", found, clean[source]).line()
    alone, together = (1000 * statistics.median(part) for part in (seconds, both))
    yield f"on phantoms, {size} pixels: {together:.0f} ms a pair, both at once, {alone:.0f} ms one after the other"


def lines_of_photographs(ctx: Context, women: Women) -> Iterator[str]:
    """Every photograph as it is; the first one of each woman spoiled."""
    found = []
    for number, frames in enumerate(women.frames):
        ctx.progress(number, len(women.frames), "Looking at photographs")
        found += [level(assess(women.picture(number, frame), Source.WHITE)) for frame in range(len(frames))]
    accepted = sum(one < LEVEL[Verdict.UNUSABLE] for one in found)
    yield f"photographs (AnnoCerv) as they are: accepted {share(accepted, len(found))}, good {found.count(0)}"
    every = []
    for kind, spoil in KINDS.items():
        levels = []
        for number in range(len(women.frames)):
            ctx.progress(number, len(women.frames), f"Photographs, {kind}")
            spoiled = spoil(women.picture(number, 0), np.random.default_rng([11, number]))
            levels.append(level(assess(spoiled, Source.WHITE)))
        caught = sum(one > 0 for one in levels)
        every += levels
        unusable = levels.count(LEVEL[Verdict.UNUSABLE])
        yield f"photographs (AnnoCerv), {kind}: limited or unusable {share(caught, len(levels))}, unusable {unusable}"
    yield (
        f"photographs (AnnoCerv), twelve kinds of spoiled ones together: limited or unusable "
        f"{share(sum(one > 0 for one in every), len(every))}, unusable {share(every.count(2), len(every))}"
    )
    unusable = 0
    for number in range(len(women.frames)):
        ctx.progress(number, len(women.frames), "Photographs on a screen")
        shown = in_window(women.picture(number, 0), np.random.default_rng([12, number]))
        unusable += level(assess(shown, Source.WHITE)) == LEVEL[Verdict.UNUSABLE]
    yield f"photographs (AnnoCerv) in the window of a program: unusable {share(unusable, len(women.frames))}"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40, help="phantoms, each drawn with every fault; 0 for none")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--annocerv", type=Path)
    parser.add_argument("--development", action="store_true", help="the other half of AnnoCerv's women")
    asked = parser.parse_args()
    with Bar() as bar:
        if asked.count:
            for line in lines_of_phantoms(bar, asked.count, asked.seed, asked.size):
                print(line, flush=True)
        if asked.annocerv is not None:
            for line in lines_of_photographs(bar, women_of(asked.annocerv, 0 if asked.development else 1)):
                print(line, flush=True)


if __name__ == "__main__":
    main()
