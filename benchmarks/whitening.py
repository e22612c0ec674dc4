"""Whitening of phantom films against the truth: how steady the frames lie, and what the curve says.

    python benchmarks/whitening.py [--count 12] [--seed 860000] [--rate 1] [--seconds 180] [--plain]

A film is one phantom woman who moves and whitens as is known (`imaging.film`), 1920 x 1080; grades take turns. Its
frames are spoiled as a camera would (`whitening_parts/spoiled.py`): the exposure drifts, the sensor is noisy, wet
tissue glints anew in each frame, some frames are out of focus or covered by a swab, a tenth is missing and once 8 s
are. `--plain` leaves all that out. Printed is, for each film: the error of the map from the first frame to each other
one (median and 95th percentile over places on the cervix and frames, pixels of the full frame), frames left out, ms
of one core for each frame; then onset, peak and half against the truth for the outline of the lesion and for a click
of 30 pixels in its middle, both against a disc of normal tissue. Frames of the woman before are offered too: none may
be used.

Truth of the curve: L* of the unmoved, unspoiled pictures in the region, without glare and its rim. What is not in the
film: tissue that slides or bends, breathing that opens folds, a lamp that stands still while she moves.

Seeds under 1000 served development; 840000 to 840011, 841000 to 841003, 850000 to 850011 and 851000 to 851003
measured earlier versions and are spent, as are 860000 to 860011, and 870000 to 870011 with `--plain`.
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

from benchmarks.shares import share  # noqa: E402
from benchmarks.whitening_parts.spoiled import frames, plain_frames  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.domain.capture import Light  # noqa: E402
from pfm_desktop.domain.examination import Whitening  # noqa: E402
from pfm_desktop.domain.grade import Grade  # noqa: E402
from pfm_desktop.imaging.film import PhantomFilm  # noqa: E402
from pfm_desktop.imaging.quality.places import outlines  # noqa: E402
from pfm_desktop.imaging.whitening.curve import disc, whitening  # noqa: E402
from pfm_desktop.imaging.whitening.kinetics import LEAST  # noqa: E402
from pfm_desktop.imaging.whitening.stabilise import Stabiliser  # noqa: E402
from pfm_desktop.jobs import Context  # noqa: E402

FIRST_SEED = 860_000
TURNS = (Grade.LOW, Grade.HIGH, Grade.CANCER, Grade.NORMAL)
CLICK, NORMAL = 30.0, 80.0  # pixels: radius of the region of a click, and of the normal tissue at most
STRANGERS = (0.0, 40.0, 80.0, 120.0, 160.0)  # seconds of the frames of the woman before
ONSET_S, PEAK = 2.0, 0.05  # the limits that are asked for
Mask = NDArray[np.bool_]
Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Told:
    """What the curve of one region said, against the truth: errors, None where one of the two says nothing."""

    true_peak: float
    found: bool
    onset_s: float | None
    peak: float | None  # share
    half_s: float | None
    clipped: float

    @property
    def to_be_seen(self) -> bool:
        """Whether it truly whitened."""
        return self.true_peak >= LEAST

    def words(self) -> str:
        """For a line."""
        if not self.found:
            return f"nothing whitened (truly {self.true_peak:.1f})"
        half = "" if self.half_s is None else f", half {self.half_s:+.1f} s"
        onset = "none" if self.onset_s is None else f"{self.onset_s:+.1f} s"
        peak = f"{100 * (self.peak or 0):+.1f} % of {self.true_peak:.1f}"
        return f"onset {onset}, peak {peak}{half}, {100 * self.clipped:.0f} % clipped"


@dataclass(frozen=True)
class Judged:
    """One film. `errors`: pixels, frames x places."""

    errors: NDArray[np.float64]
    arrived: int
    refused: int
    strangers: int
    ms: float
    told: dict[str, Told]


def judged(film: PhantomFilm, asked: argparse.Namespace, strangers: Sequence[NDArray[np.uint8]]) -> Judged:
    """Stabilise a film and read its curves."""
    source = plain_frames if asked.plain else frames
    steady: Stabiliser | None = None
    arrived, used_ms = 0, []
    for seconds, pixels in source(film, rate=asked.rate, until=asked.seconds):
        arrived += 1
        begun = time.process_time()
        if steady is None:
            steady = Stabiliser(pixels, seconds)
        else:
            steady.add(pixels, seconds)
            used_ms.append(1000 * (time.process_time() - begun))
    assert steady is not None
    laid, refused = steady.frames, sum(steady.refused.values())
    wrong = sum(steady.add(stranger, 1.0) is not None for stranger in strangers)
    places = np.argwhere(film.lesion | film.normal)[::997, ::-1].astype(np.float64)
    errors = []
    for one in laid[1:]:
        moved = film.motion(one.seconds)
        true = places @ moved[:2, :2].T + moved[:2, 2]
        errors.append(np.hypot(*(one.registration.white_to_fluorescence(places) - true).T))
    normal = disc(*middle_of(film.normal, NORMAL))
    told = {
        name: _told(film, region, whitening(laid, region, normal), asked.seconds)
        for name, region in regions_of(film).items()
    }
    return Judged(np.array(errors), arrived, refused, wrong, float(np.median(used_ms)), told)


def regions_of(film: PhantomFilm) -> dict[str, Polygon]:
    """What somebody would draw and click: the lesion within the lit field, or normal tissue where there is none."""
    y, x = np.mgrid[0 : film.height, 0 : film.width]
    lit = np.hypot(x - film.width / 2, y - film.height / 2) < 0.46 * film.height
    lesion = film.lesion & lit
    drawn = outlines(lesion, (film.width, film.height))
    if not drawn:
        return {"click on normal tissue": disc(*middle_of(film.normal, CLICK))}
    return {"outline": drawn[0], "click": disc(*middle_of(lesion & ~film.glare, CLICK))}


def middle_of(mask: Mask, most: float) -> tuple[tuple[float, float], float]:
    """Centre and radius, at most `most`, of a disc that lies well within a mask."""
    away = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(away.argmax()), away.shape)
    return (float(column), float(row)), min(0.9 * float(away.max()), most)


def _told(film: PhantomFilm, region: Polygon, said: Whitening, until: float) -> Told:
    seconds = np.arange(0, until, 0.25)
    true = film.truth(np.array(region), seconds)
    peak, top = float(true.max()), int(true.argmax())
    faded = np.flatnonzero(true[top:] <= peak / 2)
    half = float(seconds[top + faded[0]]) if len(faded) else None
    return Told(
        peak,
        said.peak is not None,
        None if said.onset_s is None else said.onset_s - film.kinetics.onset_s,
        None if said.peak is None else said.peak / peak - 1,
        None if said.half_s is None or half is None else said.half_s - half,
        said.facts["clipped"],
    )


def lines(ctx: Context, asked: argparse.Namespace) -> Iterator[str]:
    """One for each film, then the summary."""
    all_of: list[Judged] = []
    strangers: list[NDArray[np.uint8]] = []
    for number in range(asked.count):
        ctx.progress(number, asked.count, "Watching films")
        film = PhantomFilm(asked.seed + number, grade=TURNS[number % len(TURNS)])
        one = judged(film, asked, strangers)
        strangers = [film.picture(Light.WHITE, acid_s=at, at=at) for at in STRANGERS]
        all_of.append(one)
        told = "; ".join(f"{name}: {said.words()}" for name, said in one.told.items())
        yield (
            f"on phantoms, film {film.seed} ({film.grade}): {np.median(one.errors):.2f} px (95th percentile "
            f"{np.percentile(one.errors, 95):.2f}), {one.refused} of {one.arrived} frames left out, "
            f"{one.ms:.0f} ms a frame; {told}"
        )
    yield from _summary(all_of, asked)


def _summary(all_of: Sequence[Judged], asked: argparse.Namespace) -> Iterator[str]:
    medians = [float(np.median(one.errors)) for one in all_of]
    tails = [float(np.percentile(one.errors, 95)) for one in all_of]
    arrived, refused = sum(one.arrived for one in all_of), sum(one.refused for one in all_of)
    spoiled = "as they were drawn" if asked.plain else "with drifting exposure, noise, glints and gaps"
    yield (
        f"on phantoms ({len(all_of)} films of {asked.seconds:g} s at {asked.rate:g} frames a second, {spoiled}): error "
        f"of the stabilisation, median of a film at most {max(medians):.2f} px, 95th percentile at most "
        f"{max(tails):.2f} px; {share(refused, arrived)} of the frames left out; "
        f"{sum(one.strangers for one in all_of)} of {len(STRANGERS) * (len(all_of) - 1)} frames of another woman used"
    )
    told = [said for one in all_of for said in one.told.values()]
    white = [said for said in told if said.to_be_seen]
    onsets = [abs(said.onset_s) for said in white if said.onset_s is not None]
    peaks = [abs(said.peak) for said in white if said.peak is not None]
    halves = [abs(said.half_s) for said in white if said.half_s is not None]
    yield (
        f"on phantoms, regions that truly whiten by {LEAST:g} and more: onset within {ONSET_S:g} s in "
        f"{share(sum(one <= ONSET_S for one in onsets), len(white))}, at most {max(onsets, default=np.nan):.1f} s off; "
        f"peak within {100 * PEAK:g} % in {share(sum(one <= PEAK for one in peaks), len(white))}, at most "
        f"{100 * max(peaks, default=np.nan):.1f} % off; half time (where it came) median "
        f"{np.median(halves) if halves else np.nan:.1f} s off, at most {max(halves, default=np.nan):.1f}"
    )
    still = [said for said in told if not said.to_be_seen]
    silent = share(sum(not said.found for said in still), len(still))
    yield f"on phantoms, regions that do not: nothing is said to whiten in {silent}"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=12, help="films")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--rate", type=float, default=1.0, help="frames a second")
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--plain", action="store_true", help="frames as they were drawn")
    asked = parser.parse_args()
    with Bar() as bar:
        for line in lines(bar, asked):
            print(line, flush=True)


if __name__ == "__main__":
    main()
