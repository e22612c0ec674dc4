"""Registration against exact truth on fresh phantoms, beside other ways, and on photographs.

    python benchmarks/registration.py [--count 200] [--size 1024] [--peers N] [--bad N] [--annocerv DIR]

Seeds 10000 to 10149 served development; 500000 to 500049 and 730000 to 730049 measured earlier versions and are spent.
Prints the error over cervix and overlap, what was accepted with more than 10 px of error, what was refused, how many
pairs of two different women were refused, how good the error estimate is, how well both directions fit each other, and
seconds. `--peers` registers the first N pairs also in other ways (`registration_parts/peers.py`; two of them need
SimpleITK and one antspyx, which nothing else here needs: what is not installed is left out). `--bad` gives it N times
each kind of pair that has no map (`registration_parts/bad.py`), of fresh phantoms. `--annocerv` registers frames of one
woman, of two, and photographs that were moved by a known map and seen in another light.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pfm_desktop.support import threads

threads.set_polite_threads()

import cv2  # noqa: E402 - the thread settings come before numpy
import numpy as np  # noqa: E402

from benchmarks.registration_parts.bad import lines_of_bad  # noqa: E402
from benchmarks.registration_parts.peers import OURS, Found, Points, Way, at_hand  # noqa: E402
from benchmarks.registration_parts.photographs import lines_of_frames, lines_of_moved, women_of  # noqa: E402
from benchmarks.shares import share  # noqa: E402
from pfm_desktop.cli.progress import Bar  # noqa: E402
from pfm_desktop.domain.registration import RegistrationStatus  # noqa: E402
from pfm_desktop.imaging.phantom import Phantom, render  # noqa: E402
from pfm_desktop.imaging.registration import Registration, register  # noqa: E402
from pfm_desktop.imaging.registration.flow import jacobian  # noqa: E402

FIRST_SEED = 740_000
POINTS = 4000
LARGE = ((1920, 1080), (3840, 2160))
LARGE_PAIRS = 10
WILD, CLOSE = 10.0, 3.0  # pixels
ENOUGH_OVERLAP = 0.6


@dataclass(frozen=True)
class Measured:
    """One pair of one woman: status, median and 95th percentile of the error and its estimate in pixels, seconds.

    `back`: largest distance of a point that is mapped there and back; `folds`: least Jacobian of the field.
    """

    status: RegistrationStatus
    median: float
    tail: float
    estimate: float
    overlap: float
    seconds: float
    back: float
    folds: float


def points_of(phantom: Phantom) -> tuple[Points, Points]:
    """Points of the cervix that both pictures show, and where they lie in fluorescence."""
    rows, columns = np.where(phantom.overlap & phantom.cervix)
    chosen = np.random.default_rng(0).choice(len(rows), POINTS)
    points = np.column_stack([columns[chosen], rows[chosen]]).astype(np.float64)
    return points, phantom.white_to_fluorescence[rows[chosen], columns[chosen]].astype(np.float64)


def errors(phantom: Phantom, to_fluorescence: Callable[[Points], Points]) -> np.ndarray:
    """Distances to the truth in fluorescence pixels."""
    points, truth = points_of(phantom)
    return np.linalg.norm(to_fluorescence(points) - truth, axis=1)


def measure(phantom: Phantom) -> Measured:
    """Register one pair and compare with the truth."""
    begun = time.perf_counter()
    found = register(phantom.white, phantom.fluorescence)
    seconds = time.perf_counter() - begun
    overlap = float(phantom.overlap.mean())
    if found.error_px is None:
        return Measured(found.status, np.nan, np.nan, np.nan, overlap, seconds, np.nan, np.nan)
    error = errors(phantom, found.white_to_fluorescence)
    points, _ = points_of(phantom)
    back = np.linalg.norm(found.fluorescence_to_white(found.white_to_fluorescence(points)) - points, axis=1).max()
    return Measured(
        found.status, float(np.median(error)), float(np.percentile(error, 95)), found.error_px, overlap, seconds,
        float(back), _least_jacobian(found),
    )  # fmt: skip


def _least_jacobian(found: Registration) -> float:
    rows, columns = found.nodes.shape[:2]
    width, height = found.white_size
    return float(
        jacobian(found.nodes.astype(np.float64), ((width - 1) / (columns - 1), (height - 1) / (rows - 1))).min()
    )


def seconds_at(phantom: Phantom, size: tuple[int, int]) -> float:
    """Seconds for the pair at another size (width, height)."""
    white, other = (cv2.resize(picture, size) for picture in (phantom.white, phantom.fluorescence))
    begun = time.perf_counter()
    register(np.asarray(white, dtype=np.uint8), np.asarray(other, dtype=np.uint8))
    return time.perf_counter() - begun


def lines_of_ours(
    measured: Sequence[Measured], wrong: Sequence[RegistrationStatus], large: Sequence[Sequence[float]], size: int
) -> Iterator[str]:
    """The figures; "on phantoms" in every line."""
    given = [one for one in measured if one.status is not RegistrationStatus.REFUSED]
    medians = np.array([one.median for one in given])
    ratio = np.array([one.estimate for one in given]) / medians
    wild = sum(one.status is RegistrationStatus.OK and one.median > WILD for one in measured)
    needless = sum(one.status is RegistrationStatus.REFUSED and one.overlap >= ENOUGH_OVERLAP for one in measured)
    checks = sum(one.status is RegistrationStatus.CHECK for one in measured)
    through = sum(status is not RegistrationStatus.REFUSED for status in wrong)
    tail = float(np.median([one.tail for one in given]))
    yield (
        f"on phantoms ({len(measured)} at {size} px): median of case medians {np.median(medians):.2f} px, worst "
        f"case median {medians.max():.2f} px, 95th percentile within a case {tail:.2f} px at the median"
    )
    yield (
        f"on phantoms: over {WILD:g} px accepted as ok {wild}, check {checks}, refused {len(measured) - len(given)}, "
        f"of these with 60 % overlap or more {needless}, of {len(measured)}"
    )
    yield f"on phantoms: pairs of two women not refused {through} of {len(wrong)}"
    inside = int(((ratio > 0.5) & (ratio < 2)).sum())
    yield f"on phantoms: error estimate within a factor of two in {share(inside, len(ratio))}"
    yield (
        f"on phantoms: there and back at most {max(one.back for one in given):.3f} px off, least Jacobian of a field "
        f"{min(one.folds for one in given):.2f}"
    )
    timed = ", ".join(f"{np.median(of):.2f} at {w} x {h}" for of, (w, h) in zip(large, LARGE, strict=True))
    yield (
        f"on phantoms: seconds a pair, median: {np.median([one.seconds for one in measured]):.2f} at {size} px, {timed}"
    )


@dataclass(frozen=True)
class Try:
    """What one way made of one pair: median error (NaN: it found nothing), whether it stands by it, seconds."""

    error: float
    accepted: bool
    seconds: float


def tried(way: Way, phantom: Phantom) -> Try:
    """One way on one pair."""
    begun = time.perf_counter()
    found: Found | None = way(phantom.white, phantom.fluorescence)
    seconds = time.perf_counter() - begun
    if found is None:
        return Try(np.nan, False, seconds)
    return Try(float(np.median(errors(phantom, found.to_fluorescence))), found.accepted, seconds)


def line_of_way(name: str, tries: Sequence[Try]) -> str:
    """One way on all pairs."""
    found = np.array([one.error for one in tries])
    known = found[np.isfinite(found)]
    wild = sum(one.accepted and one.error > WILD for one in tries)
    failed = len(tries) - int((known <= WILD).sum())
    middle = f"{np.median(known):.2f} px" if len(known) else "none"
    return (
        f"on phantoms, the first {len(tries)} pairs, {name}: median error {middle}, under {CLOSE:g} px "
        f"{int((known < CLOSE).sum())}, over {WILD:g} px or nothing {failed}, of these "
        f"accepted {wild}; {np.median([one.seconds for one in tries]):.2f} s"
    )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50, help="pairs")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="of the first pair")
    parser.add_argument("--peers", type=int, default=0, help="so many pairs also in other ways")
    parser.add_argument("--bad", type=int, default=0, help="so many times each kind of pair that has no map")
    parser.add_argument("--annocerv", type=Path)
    parser.add_argument("--development", action="store_true", help="the other half of AnnoCerv's women")
    asked = parser.parse_args()
    measured: list[Measured] = []
    wrong: list[RegistrationStatus] = []
    large: list[list[float]] = [[] for _ in LARGE]
    ways = {name: way for name, way in at_hand().items() if asked.peers}
    tries: dict[str, list[Try]] = {name: [] for name in ways}
    before: Phantom | None = None
    with Bar() as bar:
        for number in range(asked.count):
            bar.progress(number, asked.count, "Registering phantoms")
            phantom = render(asked.seed + number, size=asked.size)
            measured.append(measure(phantom))
            if number < LARGE_PAIRS:
                for of, size in zip(large, LARGE, strict=True):
                    of.append(seconds_at(phantom, size))
            if before is not None:
                wrong.append(register(before.white, phantom.fluorescence).status)
            for name, way in ways.items() if number < asked.peers else ():
                tries[name].append(tried(way, phantom))
            before = phantom
        for line in lines_of_ours(measured, wrong, large, asked.size) if measured else ():
            print(line)
        for name in sorted(tries, key=lambda name: name != OURS):
            print(line_of_way(name, tries[name]))
        if asked.bad:
            for line in lines_of_bad(bar, asked.seed + asked.count, asked.bad, asked.size):
                print(line, flush=True)
        if asked.annocerv is not None:
            women = women_of(asked.annocerv, 0 if asked.development else 1)
            for lines in (lines_of_frames(bar, women), lines_of_moved(bar, women)):
                for line in lines:  # each takes minutes
                    print(line, flush=True)


if __name__ == "__main__":
    main()
