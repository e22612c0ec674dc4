"""How far the readers of a task agree, with each other and with themselves, and whether one of them drifts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from pfm_desktop.domain.agreement import Agreement, cohen, fleiss
from pfm_desktop.domain.labelling import Read, blind_reads, first_reads
from pfm_desktop.domain.people import Act
from pfm_desktop.services.labelling import may_see_reads
from pfm_desktop.storage import access
from pfm_desktop.storage import labelling as stored
from pfm_desktop.storage.library import Library

BLOCK = 50  # reads of one reader over which drift is averaged


@dataclass(frozen=True)
class Drift:
    """By how many grades a reader lies above (+) or below (-) the others, from the own read number `begin` to `end`, in
    the order they were made, over `reads` of them that others read too; `error`: the standard error of that mean."""

    begin: int
    end: int
    reads: int
    mean: float
    error: float


@dataclass(frozen=True)
class ReadingReport:
    """Agreement in one task. `between`: of each two readers; `all_readers`: of all, where there are three or more;
    `within`: of each reader's first read with the blind repeat; `drift` by reader; `not_graded`: reads without a grade.
    All these are of reads whose reader had not seen the answer of a model before. `after_ai`: by reader how many others
    there are, which stand in none of them; `with_ai`: of each two readers, on pairs where at least one of both had.

    A pair that somebody could not grade tells nothing of kappa, and is left out of it.
    """

    between: Mapping[tuple[str, str], Agreement]
    all_readers: Agreement | None
    within: Mapping[str, Agreement]
    drift: Mapping[str, tuple[Drift, ...]]
    not_graded: Mapping[str, int]
    after_ai: Mapping[str, int] = field(default_factory=dict)
    with_ai: Mapping[tuple[str, str], Agreement] = field(default_factory=dict)


def reading_report(lib: Library, task_id: str) -> ReadingReport:
    """Agreement in a task. Raises `NotAllowedError` for who reads blind."""
    if not may_see_reads(lib):
        assert lib.account is not None
        raise access.NotAllowedError(lib.account, Act.ADJUDICATE)
    with lib.read() as session:
        reads, women = stored.reads(session, task_id=task_id), stored.women_of(session, task_id)
    return report_of(reads, women)


def report_of(reads: Sequence[Read], women: Mapping[str, str]) -> ReadingReport:
    """The same of reads at hand; `women` by pair."""
    everything, reads = reads, blind_reads(reads)
    first = _ranks(reads)
    readers = sorted({read.reader for read in everything if not read.adjudicates})
    pairs = sorted(first)
    whose = [women.get(pair_id, pair_id) for pair_id in pairs]
    return ReadingReport(
        between={two: found for two in combinations(readers, 2) if (found := _between(first, women, *two)) is not None},
        all_readers=fleiss([first[pair_id] for pair_id in pairs], whose) if len(readers) > 2 else None,
        within={one: found for one in readers if (found := _within(reads, women, one)) is not None},
        drift={one: drift for one in readers if (drift := drift_of(reads, one))},
        not_graded={
            one: count
            for one in readers
            if (count := sum(read.reader == one and read.grade is None and not read.adjudicates for read in reads))
        },
        after_ai=_after_ai(everything),
        with_ai=_with_ai(everything, women, readers),
    )


def _after_ai(reads: Sequence[Read]) -> dict[str, int]:
    counts = Counter(read.reader for read in reads if read.ai_seen and not read.adjudicates)
    return dict(sorted(counts.items()))


def _with_ai(
    reads: Sequence[Read], women: Mapping[str, str], readers: Sequence[str]
) -> dict[tuple[str, str], Agreement]:
    first = _ranks(reads)
    seen = {(read.pair_id, read.reader) for read in reads if read.ai_seen and read.turn == 1 and not read.adjudicates}
    found: dict[tuple[str, str], Agreement] = {}
    for two in combinations(readers, 2):
        theirs = {pair: ranks for pair, ranks in first.items() if any((pair, reader) in seen for reader in two)}
        if (agreement := _between(theirs, women, *two)) is not None:
            found[two] = agreement
    return found


def drift_of(reads: Sequence[Read], reader: str, *, block: int = BLOCK) -> tuple[Drift, ...]:
    """Block by block of the reader's own reads, in their order, the grades minus the mean of what others gave the same
    pairs. A block of which nobody else read a pair is left out. Between two readers it cannot tell who drifts."""
    first = _ranks(reads)
    own = [read for read in reads if read.reader == reader and read.turn == 1 and not read.adjudicates]
    gaps: list[float | None] = []
    for read in own:
        others = [rank for name, rank in first.get(read.pair_id, {}).items() if name != reader]
        gaps.append(read.grade.rank - sum(others) / len(others) if others and read.grade is not None else None)
    blocks = ((start, gaps[start : start + block]) for start in range(0, len(gaps), block))
    return tuple(_drift(start + 1, those) for start, those in blocks if any(gap is not None for gap in those))


def _drift(begin: int, block: Sequence[float | None]) -> Drift:
    gaps, end = [gap for gap in block if gap is not None], begin + len(block) - 1
    mean = sum(gaps) / len(gaps)
    if len(gaps) < 2:
        return Drift(begin, end, len(gaps), mean, math.nan)
    spread = sum((gap - mean) ** 2 for gap in gaps) / (len(gaps) - 1)
    return Drift(begin, end, len(gaps), mean, math.sqrt(spread / len(gaps)))


def _ranks(reads: Sequence[Read]) -> dict[str, dict[str, int]]:
    """By pair and reader, the rank of the first turn; what could not be graded is left out."""
    by_pair: dict[str, list[Read]] = {}
    for read in reads:
        by_pair.setdefault(read.pair_id, []).append(read)
    return {
        pair_id: {name: read.grade.rank for name, read in first_reads(group).items() if read.grade is not None}
        for pair_id, group in by_pair.items()
    }


def _between(
    first: Mapping[str, Mapping[str, int]], women: Mapping[str, str], one: str, other: str
) -> Agreement | None:
    both = [(pair_id, ranks[one], ranks[other]) for pair_id, ranks in first.items() if one in ranks and other in ranks]
    return _cohen(both, women)


def _within(reads: Sequence[Read], women: Mapping[str, str], reader: str) -> Agreement | None:
    again: dict[str, dict[int, int]] = {}
    for read in reads:
        if read.reader == reader and not read.adjudicates and read.grade is not None:
            again.setdefault(read.pair_id, {})[read.turn] = read.grade.rank
    return _cohen([(pair_id, two[1], two[2]) for pair_id, two in again.items() if {1, 2} <= set(two)], women)


def _cohen(both: Sequence[tuple[str, int, int]], women: Mapping[str, str]) -> Agreement | None:
    ordered = sorted(both)
    return cohen(
        [rank for _, rank, _ in ordered],
        [rank for _, _, rank in ordered],
        [women.get(pair_id, pair_id) for pair_id, _, _ in ordered],
    )
