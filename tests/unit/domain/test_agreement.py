"""Kappa of two and of many readers, against what the definitions say when worked out pair by pair."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from pfm_desktop.domain.agreement import cohen, fleiss
from pfm_desktop.domain.resampling import interval

Reads = list[dict[str, int]]


def alike(one: int, other: int) -> float:
    return 1 - (one - other) ** 2 / 9


def women_of(count: int) -> list[str]:
    return [f"w{number}" for number in range(count)]


def test_cohens_weighted_kappa_of_two_readers() -> None:
    """Worked by hand: 1 - sum of squared distances over those that chance would give."""
    first, second = [0, 0, 1, 1, 2, 2, 3, 3], [0, 1, 1, 1, 2, 3, 3, 1]
    observed = sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) / 8
    expected = sum((a - b) ** 2 for a in first for b in second) / 64
    found = cohen(first, second, women_of(8))
    assert found is not None
    assert found.kappa == pytest.approx(1 - observed / expected)
    assert (found.pairs, found.women) == (8, 8)
    assert found.same == pytest.approx(5 / 8)
    assert found.far == pytest.approx(1 / 8)
    assert found.interval[0] < found.kappa < found.interval[1]


@pytest.mark.parametrize(("second", "kappa"), [([0, 1, 2, 3], 1.0), ([3, 2, 1, 0], -1.0)])
def test_agreement_and_reversal(second: list[int], kappa: float) -> None:
    found = cohen([0, 1, 2, 3], second, women_of(4))
    assert found is not None
    assert found.kappa == pytest.approx(kappa)


def test_where_all_reads_are_one_grade_nothing_is_known() -> None:
    for found in (cohen([1, 1], [1, 1], women_of(2)), fleiss([{"a": 1, "b": 1}], ["w"])):
        assert found is not None
        assert math.isnan(found.kappa)
        assert all(math.isnan(end) for end in found.interval)
        assert found.same == 1.0


def test_without_pairs_there_is_no_agreement() -> None:
    assert cohen([], [], []) is None
    assert fleiss([], []) is None
    assert fleiss([{"a": 1}, {"b": 2}], women_of(2)) is None


def by_hand(reads: Reads) -> float:
    """Gwet's definition with loops: pairs of reads of each pair, against pairs of reads drawn by their frequency."""
    twice = [list(one.values()) for one in reads if len(one) > 1]
    agreed = np.mean([np.mean([alike(a, b) for a, b in permutations(one, 2)]) for one in twice])
    shares = [[list(one.values()).count(rank) / len(one) for rank in range(4)] for one in reads if one]
    frequent = np.mean(shares, axis=0)
    chance = sum(frequent[a] * frequent[b] * alike(a, b) for a in range(4) for b in range(4))
    return float((agreed - chance) / (1 - chance))


@pytest.mark.parametrize("seed", range(40))
def test_fleiss_is_what_its_definition_says_however_many_read(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reads: Reads = [
        {reader: int(rng.integers(0, 4)) for reader in "abcd" if rng.random() < 0.6} for _ in range(rng.integers(4, 12))
    ]
    assert any(len(one) > 1 for one in reads)
    found = fleiss(reads, women_of(len(reads)))
    assert found is not None
    assert found.kappa == pytest.approx(by_hand(reads), abs=1e-9)
    assert found.pairs == sum(len(one) > 1 for one in reads)


def test_the_interval_is_as_wide_as_there_are_few_women_not_few_pairs() -> None:
    rng = np.random.default_rng(3)
    first = rng.integers(0, 4, 200)
    second = np.clip(first + rng.integers(-1, 2, 200), 0, 3)
    each = cohen(first.tolist(), second.tolist(), women_of(200))
    few = cohen(first.tolist(), second.tolist(), [f"w{number // 20}" for number in range(200)])
    ten = cohen(np.tile(first[:20], 10).tolist(), np.tile(second[:20], 10).tolist(), women_of(20) * 10)
    assert each is not None
    assert few is not None
    assert ten is not None
    assert few.women == 10
    width = {id(one): one.interval[1] - one.interval[0] for one in (each, few, ten)}
    assert width[id(ten)] > 2 * width[id(each)], "ten reads of one woman are not ten women"
    assert cohen(first.tolist(), second.tolist(), women_of(200)) == each


def test_an_interval_leaves_out_draws_in_which_nothing_is_defined() -> None:
    assert interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
    assert all(math.isnan(end) for end in interval(np.array([np.nan])))
