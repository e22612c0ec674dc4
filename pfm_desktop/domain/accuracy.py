"""How impressions compare with what the laboratory found. Grades are ranks 0..3; a lesion to find is `high` or worse.

Histology is known of women of whom a biopsy was taken, so these are not the figures of all women: sensitivity looks
better than it is, specificity worse. Whoever shows a figure says so (`BIOPSIED`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.support.language import tr

BIOPSIED = tr("Of women with a biopsy alone: sensitivity looks better than it is, specificity worse.")
FEW = 10  # visits, below which no share is shown
_Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True)
class Share:
    """`hits` of `of`; the interval is Wilson's (1927) at 95 %, (NaN, NaN) of none."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """NaN of none."""
        return self.hits / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """See the class."""
        if not self.of:
            return math.nan, math.nan
        share, more = self.value, _Z**2 / self.of
        middle = (share + more / 2) / (1 + more)
        reach = _Z / (1 + more) * math.sqrt(share * (1 - share) / self.of + more / (4 * self.of))
        return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True)
class Comparison:
    """`table[found][said]` counts visits: rows are histology, columns what was said."""

    table: tuple[tuple[int, ...], ...]

    @property
    def visits(self) -> int:
        """How many."""
        return sum(map(sum, self.table))

    @property
    def sensitivity(self) -> Share:
        """Of those in which histology found `high` or worse, the share in which that was said."""
        rows = self.table[Grade.HIGH.rank :]
        return Share(sum(sum(row[Grade.HIGH.rank :]) for row in rows), sum(map(sum, rows)))

    @property
    def specificity(self) -> Share:
        """Of the others, the share in which it was not said."""
        rows = self.table[: Grade.HIGH.rank]
        return Share(sum(sum(row[: Grade.HIGH.rank]) for row in rows), sum(map(sum, rows)))

    @property
    def same(self) -> Share:
        """The same grade."""
        return self._where(range(1))

    @property
    def higher(self) -> Share:
        """Histology was worse than what was said."""
        return self._where(range(1, len(GRADES)))

    @property
    def lower(self) -> Share:
        """Histology was less than what was said."""
        return self._where(range(1 - len(GRADES), 0))

    def _where(self, apart: range) -> Share:
        """Visits in which histology lies so many grades above what was said."""
        hits = sum(
            count for found, row in enumerate(self.table) for said, count in enumerate(row) if found - said in apart
        )
        return Share(hits, self.visits)


def compare(said: Sequence[int], found: Sequence[int]) -> Comparison:
    """Ranks that were said against those that were found, of the same visits in the same order."""
    table = [[0] * len(GRADES) for _ in GRADES]
    for one, other in zip(said, found, strict=True):
        table[other][one] += 1
    return Comparison(tuple(tuple(row) for row in table))
