"""Registration against exact truth, on phantoms that were not used to develop it.

Seeds 10000 to 10149 served development; 500000 to 500049 measured the first version and are spent. Prints the error
over cervix and overlap, what was accepted with more than 10 px of error, what was refused, how many pairs of two
different women were refused, how good the error estimate is, and seconds.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import cv2
import numpy as np

from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.phantom import Phantom, render
from pfm_desktop.imaging.registration import Registration, register

FIRST_SEED = 730_000
POINTS = 4000
LARGE = (1920, 1080)


@dataclass(frozen=True)
class Measured:
    """One pair of one woman: status, median and 95th percentile of the error and its estimate in pixels, seconds."""

    status: RegistrationStatus
    median: float
    tail: float
    estimate: float
    overlap: float
    seconds: float


def errors(phantom: Phantom, found: Registration) -> np.ndarray:
    """Distance to the truth in fluorescence pixels at points of the cervix that both pictures show."""
    rows, columns = np.where(phantom.overlap & phantom.cervix)
    chosen = np.random.default_rng(0).choice(len(rows), POINTS)
    points = np.column_stack([columns[chosen], rows[chosen]]).astype(np.float64)
    truth = phantom.white_to_fluorescence[rows[chosen], columns[chosen]]
    return np.linalg.norm(found.white_to_fluorescence(points) - truth, axis=1)


def measure(phantom: Phantom) -> Measured:
    """Register one pair and compare with the truth."""
    begun = time.perf_counter()
    found = register(phantom.white, phantom.fluorescence)
    seconds = time.perf_counter() - begun
    overlap = float(phantom.overlap.mean())
    if found.error_px is None:
        return Measured(found.status, np.nan, np.nan, np.nan, overlap, seconds)
    error = errors(phantom, found)
    return Measured(
        found.status, float(np.median(error)), float(np.percentile(error, 95)), found.error_px, overlap, seconds
    )


def large_seconds(phantom: Phantom) -> float:
    """Seconds for the pair at 1920 x 1080."""
    white, other = (cv2.resize(picture, LARGE) for picture in (phantom.white, phantom.fluorescence))
    begun = time.perf_counter()
    register(np.asarray(white, dtype=np.uint8), np.asarray(other, dtype=np.uint8))
    return time.perf_counter() - begun


def report(measured: list[Measured], wrong: list[RegistrationStatus], large: list[float], size: int) -> None:
    """Print the figures."""
    given = [one for one in measured if one.status is not RegistrationStatus.REFUSED]
    medians = np.array([one.median for one in given])
    ratio = np.array([one.estimate for one in given]) / medians
    wild = sum(one.status is RegistrationStatus.OK and one.median > 10 for one in measured)
    needless = sum(one.status is RegistrationStatus.REFUSED and one.overlap >= 0.6 for one in measured)
    checks = sum(one.status is RegistrationStatus.CHECK for one in measured)
    through = sum(status is not RegistrationStatus.REFUSED for status in wrong)
    tail = float(np.median([one.tail for one in given]))
    print(
        f"on phantoms ({len(measured)} at {size} px): median of case medians {np.median(medians):.2f} px, worst "
        f"case median {medians.max():.2f} px, 95th percentile within a case {tail:.2f} px at the median"
    )
    print(
        f"on phantoms: over 10 px accepted as ok {wild}, check {checks}, refused {len(measured) - len(given)}, "
        f"of these with 60 % overlap or more {needless}, of {len(measured)}"
    )
    print(f"on phantoms: pairs of two women not refused {through} of {len(wrong)}")
    print(f"on phantoms: error estimate within a factor of two in {np.mean((ratio > 0.5) & (ratio < 2)):.0%}")
    print(
        f"on phantoms: seconds a pair, median: {np.median([one.seconds for one in measured]):.2f} at {size} px, "
        f"{np.median(large):.2f} at {LARGE[0]} x {LARGE[1]}"
    )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--size", type=int, default=1024)
    asked = parser.parse_args()
    measured: list[Measured] = []
    wrong: list[RegistrationStatus] = []
    large: list[float] = []
    before: Phantom | None = None
    for seed in range(FIRST_SEED, FIRST_SEED + asked.count):
        phantom = render(seed, size=asked.size)
        measured.append(measure(phantom))
        if len(large) < 10:
            large.append(large_seconds(phantom))
        if before is not None:
            wrong.append(register(before.white, phantom.fluorescence).status)
        before = phantom
    report(measured, wrong, large, asked.size)


if __name__ == "__main__":
    main()
