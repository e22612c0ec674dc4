"""What the figures about heatmaps mean, on maps that can be counted by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pfm_desktop.pfm.explain.scores import area, hits, order, overlap, rank_correlation, removals

pytestmark = pytest.mark.slow  # for comparisons only


def plane(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


MASK = np.array([[False, False, True], [False, False, True], [False, False, False]])


def test_a_map_hits_when_its_highest_point_lies_on_the_mask() -> None:
    assert hits(plane([0, 0, 9], [0, 0, 1], [0, 0, 0]), MASK)
    assert not hits(plane([9, 0, 8], [0, 0, 8], [0, 0, 8]), MASK), "a sum does not count"


def test_a_near_miss_counts_only_where_it_is_asked_for() -> None:
    beside = plane([0, 9, 0], [0, 0, 0], [0, 0, 0])
    assert not hits(beside, MASK)
    assert hits(beside, MASK, within=1)
    far = plane([0, 0, 0], [0, 0, 0], [9, 0, 0])
    assert not hits(far, MASK, within=1)


def test_a_flat_map_points_at_the_middle_and_not_at_everything() -> None:
    middle = np.zeros((3, 3), np.bool_)
    middle[1, 1] = True
    flat = np.ones((3, 3), np.float32)
    assert hits(flat, middle)
    assert not hits(flat, ~middle)


def test_what_was_not_seen_is_never_the_highest_point() -> None:
    assert hits(plane([np.nan, 0, 2], [np.nan, 0, 1], [np.nan, 0, 0]), MASK)


@pytest.mark.parametrize(
    ("shown", "mask"), [(np.full((3, 3), np.nan, np.float32), MASK), (np.ones((3, 3), np.float32), MASK & False)]
)
def test_nothing_seen_or_no_lesion_is_no_hit(shown: np.ndarray, mask: np.ndarray) -> None:
    assert not hits(shown, mask)


def test_overlap_is_intersection_over_union_at_a_share_of_the_top() -> None:
    shown = plane([0, 4, 10], [0, 0, 4], [0, 0, 0])
    assert overlap(shown, MASK, 0.9) == pytest.approx(1 / 2)
    assert overlap(shown, MASK, 0.4) == pytest.approx(2 / 3)


def test_an_empty_map_overlaps_nothing_but_an_empty_mask() -> None:
    empty = np.zeros((3, 3), np.float32)
    assert overlap(empty, MASK, 0.5) == 0
    assert overlap(empty, MASK & False, 0.5) == 1
    assert overlap(empty * np.nan, MASK, 0.5) == 0


def test_rank_correlation_sees_order_and_not_size() -> None:
    first = plane([1, 2, 3])
    assert rank_correlation(first, plane([1, 20, 300])) == pytest.approx(1)
    assert rank_correlation(first, plane([3, 2, 1])) == pytest.approx(-1)


def test_rank_correlation_leaves_out_what_one_of_the_two_did_not_see() -> None:
    assert rank_correlation(plane([1, 2, 3, 99]), plane([1, 2, 3, np.nan])) == pytest.approx(1)


def test_a_flat_map_resembles_none() -> None:
    assert rank_correlation(plane([1, 2, 3]), plane([1, 1, 1])) == 0
    assert rank_correlation(plane([np.nan, 2]), plane([1, np.nan])) == 0


def test_cells_are_ordered_from_the_highest_and_unseen_ones_last() -> None:
    assert order(plane([3, np.nan], [9, 1])).tolist() == [2, 0, 3, 1]


def test_equal_cells_are_drawn_the_same_way_each_time_and_not_row_by_row() -> None:
    flat = np.ones((5, 5), np.float32)
    assert order(flat).tolist() == order(flat).tolist()
    assert order(flat).tolist() != list(range(25))
    assert sorted(order(flat).tolist()) == list(range(25))


def test_removal_goes_from_nothing_to_everything_in_even_steps() -> None:
    gone = removals(np.array([2, 0, 3, 1]), 2)
    assert gone.tolist() == [[False] * 4, [True, False, True, False], [True] * 4]


def test_each_step_keeps_what_the_steps_before_took() -> None:
    gone = removals(np.random.default_rng(0).permutation(196), 7)
    assert [int(row.sum()) for row in gone] == [0, 28, 56, 84, 112, 140, 168, 196]
    assert all((before <= after).all() for before, after in pairwise(gone))


def test_the_area_of_a_curve_is_its_mean_height() -> None:
    assert area(np.array([1.0, 1.0, 1.0])) == pytest.approx(1)
    assert area(np.array([1.0, 0.0])) == pytest.approx(0.5)
    assert area(np.array([1.0, 0.0, 0.0])) == pytest.approx(0.25)
