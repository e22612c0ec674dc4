"""Which altered pictures are found to be the same woman's, and how many women are taken for another one.

    python benchmarks/alike.py --work DIR [--count 240] [--altered 60] [--annocerv DIR]

Phantoms of two devices, both sources, 512 pixels, of seed 4340 (kept in DIR), and the photographs of AnnoCerv (iclx,
CC BY 4.0) in their own shape. One picture of some women is altered in each way (`alike_parts/ways.py`) and compared
with what it was, as `services.learning.women` does: first by its glance, then in detail. Printed is of how many
pictures of other women the glance thinks that they may be the same and how many are linked, with the seconds; then the
share that is found of each alteration. Pairs of photographs that are linked are named: some of that set are one
photograph under two numbers. What decides was chosen on phantoms of seed 4300 and on the photographs; the share of a
small crop that is compared after three phantoms of seed 4340 had been taken for other ones.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import numpy as np  # noqa: E402 - the thread settings come before numpy
from numpy.typing import NDArray  # noqa: E402

from benchmarks.alike_parts.ways import WAYS  # noqa: E402
from benchmarks.finetune_parts.pictures import DEVICES, pairs_of  # noqa: E402
from benchmarks.shares import share  # noqa: E402
from benchmarks.unlike_parts.women import in_its_own_shape  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.imaging.alike import Look, alike, candidates, look_of  # noqa: E402
from pfm_desktop.imaging.compose import fit  # noqa: E402
from pfm_desktop.imaging.io import read_picture  # noqa: E402
from pfm_desktop.jobs import Context  # noqa: E402

Pixels = NDArray[np.uint8]
SEED = 4340  # of the women; those of 4300 served development
DECODED = 384  # pixels, as `services.learning.women` decodes them
HEIGHT = 256  # pixels of a photograph; the files are 384 x 384 and squashed


@dataclass(frozen=True)
class Kind:
    """Pictures of one device and source: of whom each is, what it is called, and where it is altered."""

    name: str
    pictures: Sequence[Pixels]
    women: Sequence[int]
    names: Sequence[str]
    first: Sequence[int]  # place of one picture of each woman

    @property
    def real(self) -> bool:
        return self.name == "photographs"


def phantoms(ctx: Context, work: Path, count: int) -> Iterator[Kind]:
    """Each device and source by itself, as pictures are compared."""
    drawn = pairs_of(ctx, work, count, SEED)
    for device in DEVICES:
        for place, source in enumerate(("white light", "fluorescence")):
            pictures = [fit(pair.pixels()[place], DECODED) for pair in drawn[device]]
            everybody = list(range(count))
            names = [pair.name for pair in drawn[device]]
            yield Kind(f"device {device.upper()}, {source}", pictures, everybody, names, everybody)


def photographs(folder: Path) -> Kind:
    """All frames of all women."""
    with (folder / "index.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    women = [int(row["case"]) for row in rows]
    pictures = [
        fit(in_its_own_shape(read_picture(folder / "images" / row["file"]).pixels, row, HEIGHT), DECODED)
        for row in rows
    ]
    first = [place for place, woman in enumerate(women) if woman not in women[:place]]
    return Kind("photographs", pictures, women, [row["file"].split("_")[0] for row in rows], first)


def found(first: Look, second: Look) -> bool:
    """By both steps, as among many."""
    return list(candidates([first, second], [0, 1])) == [(0, 1)] and alike(first, second)


def lines_of_ways(ctx: Context, kinds: Sequence[Kind], looks: Sequence[Sequence[Look]], altered: int) -> Iterator[str]:
    """The share that is found of each alteration, of phantoms and of photographs."""
    for words, real in (("phantoms", False), ("photographs", True)):
        these = [(kind, look) for kind, look in zip(kinds, looks, strict=True) if kind.real is real]
        for number, (name, alter) in enumerate(WAYS.items() if these else ()):
            ctx.progress(number, len(WAYS), f"Altered {words}")
            hits = [
                found(look[place], look_of(alter(kind.pictures[place], np.random.default_rng([7, place]))))
                for kind, look in these
                for place in kind.first[:altered]
            ]
            yield f"{words}, {name}: found {share(sum(hits), len(hits))}"


def line_of_others(kind: Kind, looks: Sequence[Look]) -> str:
    """What of other women the glance lets through and what is linked."""
    began = time.perf_counter()
    near = list(candidates(looks, kind.women))
    seen = time.perf_counter()
    links = [(one, other) for one, other in near if alike(looks[one], looks[other])]
    done = time.perf_counter()
    counts = np.unique(kind.women, return_counts=True)[1]
    of = (len(looks) ** 2 - int((counts**2).sum())) // 2
    named = sorted({f"{kind.names[one]} and {kind.names[other]}" for one, other in links})
    return (
        f"{kind.name}, {len(looks)} pictures, other women: let through {share(len(near), of)}; linked {len(links)}"
        f"{' (' + '; '.join(named) + ')' if named else ''}; {seen - began:.2f} s for the first step, "
        f"{done - seen:.2f} s for the second"
    )


def run(ctx: Context, asked: argparse.Namespace) -> Iterator[str]:
    """What is printed."""
    kinds = list(phantoms(ctx, asked.work, asked.count)) if asked.count else []
    if asked.annocerv is not None:
        kinds.append(photographs(asked.annocerv))
    began = time.perf_counter()
    looks = [[look_of(picture) for picture in kind.pictures] for kind in kinds]
    each = (time.perf_counter() - began) / max(1, sum(map(len, looks)))
    for kind, look in zip(kinds, looks, strict=True):
        yield line_of_others(kind, look)
    yield f"to look at a picture: {1000 * each:.1f} ms"
    yield from lines_of_ways(ctx, kinds, looks, asked.altered)


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for phantoms; kept")
    parser.add_argument("--count", type=int, default=240, help="women of whom phantoms are drawn")
    parser.add_argument("--altered", type=int, default=60, help="women of each kind whose pictures are altered")
    parser.add_argument("--annocerv", type=Path)
    with Bar() as bar:
        for line in run(bar, parser.parse_args()):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
