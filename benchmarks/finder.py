"""What the finder is worth: cervix and os on fresh phantoms, and how it agrees with itself on photographs.

    python benchmarks/finder.py [--count 300] [--seed 820000] [--size 512] [--annocerv DIR] [--sheet FILE.png]

Phantoms without a fault, in both sources: overlap of the found and the true cervix (intersection over union, where the
truth is known), distance of the found os from the true one as a share of the cervix's diameter. `--annocerv`
(photographs, AnnoCerv iclx, CC BY 4.0; no truth is known of them): in how many a cervix and an os are found, and how
far the os of a woman's first frame lies from that of her last one, carried over by the registration where it is ok.
`--sheet` draws what was found on the first frames, to be looked at.

Phantoms of seeds from 60000000 were learned from; AnnoCerv's women with an odd number were looked at while the rules
were set (`--development`), those with an even one are for the figures.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import cv2  # noqa: E402 - the thread settings come before numpy
import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from benchmarks.finder_parts.truth import CERVIX, KNOWN, diameter_of, truth_of  # noqa: E402
from benchmarks.registration_parts.photographs import Women, women_of  # noqa: E402
from benchmarks.shares import share  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.domain.registration import RegistrationStatus  # noqa: E402
from pfm_desktop.domain.source import PLACES, Source  # noqa: E402
from pfm_desktop.imaging.compose import fit  # noqa: E402
from pfm_desktop.imaging.finder import Found, find  # noqa: E402
from pfm_desktop.imaging.io import write_png  # noqa: E402
from pfm_desktop.imaging.phantom import Phantom, render  # noqa: E402
from pfm_desktop.imaging.quality.measures import SIDE  # noqa: E402
from pfm_desktop.imaging.quality.places import anatomy_of, outlines  # noqa: E402
from pfm_desktop.imaging.registration import register  # noqa: E402
from pfm_desktop.jobs import Context  # noqa: E402

FIRST_SEED = 820_000
NEAR = 0.05  # of the diameter
TILE = 240  # pixels, of the sheet
COLUMNS = 8
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Judged:
    """One picture: overlap, distance of the os in diameters (NaN: none was named, inf: there is none in view)."""

    overlap: float
    distance: float
    seconds: float


def judged(phantom: Phantom, seed: int) -> Iterator[Judged]:
    """White light, then fluorescence."""
    truth = truth_of(phantom, seed, frozenset())
    for picture, bits, os in zip(truth.pictures, truth.bits, truth.os, strict=True):
        begun = time.perf_counter()
        found = find(fit(picture, SIDE))
        seconds = time.perf_counter() - begun
        yield Judged(_overlap(found, bits), _distance(found, os, len(picture), diameter_of(phantom)), seconds)


def _overlap(found: Found, bits: Pixels) -> float:
    size = bits.shape[::-1]
    said = cv2.resize(found.cervix.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    true, known = (bits & CERVIX) > 0, (bits & KNOWN) > 0
    return float((said & true & known).sum() / max(1, ((said | true) & known).sum()))


def _distance(found: Found, os: NDArray[np.float32], size: int, diameter: float) -> float:
    if not ((os >= 0).all() and (os <= size - 1).all()):
        return np.inf
    named = anatomy_of(found, (size, size)).os
    return np.nan if named is None else float(np.hypot(*(np.array(named) - os))) / diameter


def lines_of_phantoms(ctx: Context, seed: int, count: int, size: int) -> Iterator[str]:
    """The figures, by source."""
    found: dict[Source, list[Judged]] = {source: [] for source in PLACES}
    for number in range(count):
        ctx.progress(number, count, "Looking at phantoms")
        phantom = render(seed + number, size=size)
        for source, one in zip((Source.WHITE, Source.FLUORESCENCE), judged(phantom, seed + number), strict=True):
            found[source].append(one)
    for source, all_of in found.items():
        overlaps = np.array([one.overlap for one in all_of])
        in_view = np.array([one.distance for one in all_of if one.distance != np.inf])
        near = share(int((in_view < NEAR).sum()), len(in_view))  # not a number is not near
        yield (
            f"on phantoms without a fault ({count} at {size} px), {source.words}: overlap of the cervix "
            f"{overlaps.mean():.3f} (median {np.median(overlaps):.3f}, 0.9 and more in "
            f"{share(int((overlaps >= 0.9).sum()), count)}); os within 5 % of the diameter {near}, median "
            f"{100 * np.nanmedian(in_view):.1f} %, none named {int(np.isnan(in_view).sum())}"
        )
    seconds = [one.seconds for all_of in found.values() for one in all_of]
    yield f"{1000 * float(np.median(seconds)):.0f} ms a picture"


def lines_of_photographs(ctx: Context, women: Women) -> Iterator[str]:
    """What can be said without truth."""
    cervix = os = total = 0
    apart: list[float] = []
    for number, frames in enumerate(women.frames):
        ctx.progress(number, len(women.frames), "Looking at photographs")
        pictures = [women.picture(number, frame) for frame in range(len(frames))]
        found = [find(fit(picture, SIDE)) for picture in pictures]
        places = [anatomy_of(one, (p.shape[1], p.shape[0])) for one, p in zip(found, pictures, strict=True)]
        total += len(places)
        cervix += sum(bool(place.cervix) for place in places)
        os += sum(place.os is not None for place in places)
        first, last = places[0].os, places[-1].os
        if len(pictures) > 1 and first is not None and last is not None:
            there = register(pictures[0], pictures[-1])
            if there.status is RegistrationStatus.OK:
                moved = there.white_to_fluorescence(np.array([first]))[0]
                area = found[-1].cervix.mean() * pictures[-1].shape[0] * pictures[-1].shape[1]
                apart.append(float(np.hypot(*(moved - last)) / (2 * np.sqrt(area / np.pi))))
    yield f"photographs (AnnoCerv): a cervix is found in {share(cervix, total)}, an os in {share(os, total)}"
    near = sum(one < NEAR for one in apart)
    yield (
        f"photographs (AnnoCerv), first and last frame of a woman where registered as ok: os within 5 % of the "
        f"diameter of itself {share(near, len(apart))}, median {100 * float(np.median(apart)):.1f} %"
    )


def draw_sheet(women: Women, file: Path) -> None:
    """First frames with cervix (green), foreign bodies (yellow), film (magenta) and os (blue)."""
    tiles = [_tile(women.picture(number, 0)) for number in range(len(women.frames))]
    empty = np.zeros_like(tiles[0])
    rows: Sequence[Sequence[Pixels]] = [tiles[at : at + COLUMNS] for at in range(0, len(tiles), COLUMNS)]
    write_png(file, np.vstack([np.hstack([*row, *[empty] * (COLUMNS - len(row))]) for row in rows]))


def _tile(picture: Pixels) -> Pixels:
    found = find(fit(picture, SIDE))
    tile = np.asarray(cv2.resize(picture, (TILE, TILE * 3 // 4), interpolation=cv2.INTER_AREA), np.uint8)
    size = tile.shape[1], tile.shape[0]
    for mask, colour in ((found.cervix, (0, 255, 0)), (found.foreign, (255, 255, 0)), (found.film, (255, 0, 255))):
        for outline in outlines(mask, size):
            cv2.polylines(tile, [np.array(outline, np.int32)], isClosed=True, color=colour)
    os = anatomy_of(found, size).os
    if os is not None:
        cv2.circle(tile, (round(os[0]), round(os[1])), 4, (0, 60, 255), -1)
    return tile


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="phantoms; 0 for none")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--annocerv", type=Path)
    parser.add_argument("--development", action="store_true", help="the other half of AnnoCerv's women")
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    with Bar() as bar:
        for line in lines_of_phantoms(bar, asked.seed, asked.count, asked.size) if asked.count else ():
            print(line, flush=True)
        if asked.annocerv is not None:
            women = women_of(asked.annocerv, 0 if asked.development else 1)
            for line in lines_of_photographs(bar, women):
                print(line, flush=True)
            if asked.sheet is not None:
                draw_sheet(women, asked.sheet)


if __name__ == "__main__":
    main()
