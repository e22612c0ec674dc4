"""Which photographs of AnnoCerv are asked about, and how a share of any pictures is said."""

from __future__ import annotations

import csv
from pathlib import Path

from scipy.stats import beta


def one_photograph_a_woman(annocerv: Path, part: int) -> list[dict[str, str]]:
    """The rows of `index.csv` with each woman's first photograph. `part` as in `sets.Wanted`: 0 is for development, the
    women with an odd number; 1 for the test, those with an even one."""
    with (annocerv / "index.csv").open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if int(row["case"]) % 2 == 1 - part and row["frame"] == "1"]


def share(count: int, of: int) -> str:
    """`97.0 % (91.5-99.4), 97 of 100`: Clopper-Pearson, 95 %."""
    if not of:
        return "none"
    low = float(beta.ppf(0.025, count, of - count + 1)) if count else 0.0
    high = float(beta.ppf(0.975, count + 1, of - count)) if count < of else 1.0
    return f"{100 * count / of:.1f} % ({100 * low:.1f}-{100 * high:.1f}), {count} of {of}"
