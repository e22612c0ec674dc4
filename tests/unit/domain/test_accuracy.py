"""Impressions against histology."""

from __future__ import annotations

import math

import pytest

from pfm_desktop.domain.accuracy import Share, compare


def test_the_table_is_counted_and_the_shares_follow() -> None:
    said = [0, 0, 1, 2, 2, 3, 1, 2]
    found = [0, 2, 1, 2, 0, 3, 3, 1]
    one = compare(said, found)
    assert one.visits == 8
    assert one.table[2] == (1, 0, 1, 0)
    assert (one.sensitivity.hits, one.sensitivity.of) == (2, 4)
    assert (one.specificity.hits, one.specificity.of) == (2, 4)
    assert (one.same.hits, one.higher.hits, one.lower.hits) == (4, 2, 2)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (8, 10, 0.4902, 0.9433), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert Share(hits, of).interval == pytest.approx((low, high), abs=5e-4)  # Newcombe 1998, table I


def test_of_none_nothing_is_known() -> None:
    empty = compare([], [])
    assert empty.visits == 0
    assert math.isnan(empty.sensitivity.value)
    assert all(math.isnan(end) for end in empty.same.interval)
