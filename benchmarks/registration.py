"""Registration against exact truth, on phantoms that were not used to develop it.

Prints the error over cervix and overlap, what was accepted with more than 10 px of error, what was refused, and how
many pairs of two different women were refused.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.phantom import Phantom, render
from pfm_desktop.imaging.registration import Registration, register

FIRST_SEED = 500_000
POINTS = 4000


def errors(phantom: Phantom, found: Registration) -> np.ndarray:
    """Distance to the truth in fluorescence pixels at points of the cervix that both pictures show."""
    rows, columns = np.where(phantom.overlap & phantom.cervix)
    chosen = np.random.default_rng(0).choice(len(rows), POINTS)
    points = np.column_stack([columns[chosen], rows[chosen]]).astype(np.float64)
    truth = phantom.white_to_fluorescence[rows[chosen], columns[chosen]]
    return np.linalg.norm(found.white_to_fluorescence(points) - truth, axis=1)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--size", type=int, default=1024)
    asked = parser.parse_args()
    medians, tails, seconds, refused, wild, wrong_ok = [], [], [], 0, 0, 0
    before: Phantom | None = None
    for seed in range(FIRST_SEED, FIRST_SEED + asked.count):
        phantom = render(seed, size=asked.size)
        begun = time.perf_counter()
        found = register(phantom.white, phantom.fluorescence)
        seconds.append(time.perf_counter() - begun)
        if found.status is RegistrationStatus.REFUSED:
            refused += 1
        else:
            error = errors(phantom, found)
            medians.append(float(np.median(error)))
            tails.append(float(np.percentile(error, 95)))
            wild += found.status is RegistrationStatus.OK and medians[-1] > 10
        if before is not None:
            wrong_ok += register(before.white, phantom.fluorescence).status is not RegistrationStatus.REFUSED
        before = phantom
    print(
        f"on phantoms ({asked.count} at {asked.size} px): median of case medians {np.median(medians):.2f} px, worst "
        f"case median {max(medians):.2f} px, 95th percentile within a case {np.median(tails):.2f} px at the median"
    )
    print(f"on phantoms: over 10 px accepted as ok {wild}, refused {refused} of {asked.count}")
    print(f"on phantoms: pairs of two women not refused {wrong_ok} of {asked.count - 1}")
    print(f"seconds a pair, median: {np.median(seconds):.2f}")


if __name__ == "__main__":
    main()
