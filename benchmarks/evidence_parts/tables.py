"""Tables of figures in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.evidence_parts.arms import Plan
from benchmarks.evidence_parts.figures import MEASURES, Gap, span
from benchmarks.evidence_parts.results import Result
from pfm_desktop.domain.resampling import interval

Results = Mapping[str, Result]
FIRST = "on phantoms"  # heads the first column of each table


def measures(rows: Sequence[tuple[str, Mapping[str, str]]]) -> str:
    """Rows of words and measures, shown by their keys."""
    head = [FIRST, *MEASURES.values()]
    return table(head, [[words, *(found.get(key, "-") for key in MEASURES)] for words, found in rows])


def differences(rows: Sequence[tuple[str, Gap]]) -> str:
    """Rows of words and a difference."""
    head = [FIRST, *MEASURES.values(), "McNemar p (right only in one: first, second)"]
    body = [
        [
            words,
            *(span(one.figures[key], sign=True) if key in one.figures else "-" for key in MEASURES),
            f"{one.p:.2g} ({one.only_first}, {one.only_second})",
        ]
        for words, one in rows
    ]
    return table(head, body)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Any table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def points_of(draws: NDArray[np.float64]) -> str:
    """The interval of a difference of shares, in percentage points."""
    low, high = interval(draws)
    return f"{100 * low:+.1f} to {100 * high:+.1f}"


def plan_of(results: Results) -> Plan:
    """The plan that all results share."""
    return Plan(**next(iter(results.values())).facts["plan"])
