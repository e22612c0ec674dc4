"""Heatmap to colours and contours; the hatch; brightness; scale bar."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.domain.prediction import Heatmap
from pfm_desktop.viewmodels.colour_maps import COLOUR_MAPS, colour_table
from pfm_desktop.viewmodels.overlay import (
    HATCH,
    STRIPE_ALPHA,
    SURROUND,
    UNSEEN,
    PreparedHeatmap,
    coloured,
    contours,
    enlarged,
    hatch_absent,
    hatching,
    level_colours,
    prepare,
    scale_bar,
    window_table,
)
from pfm_desktop.viewmodels.pair_view import DisplayWindow


def heatmap(values: object) -> Heatmap:
    return Heatmap(np.asarray(values, dtype=np.float32), "test")


def alpha(colours: np.ndarray) -> np.ndarray:
    return colours >> 24


def disc(radius: float = 0.25, side: int = 64, at: tuple[float, float] = (0.5, 0.5)) -> Heatmap:
    """Falls evenly from 1 in the middle to 0; 0.5 at `radius` of the width."""
    y, x = (np.mgrid[0:side, 0:side] + 0.5) / side
    return heatmap(np.clip(1 - 0.5 * np.hypot(x - at[0], y - at[1]) / radius, 0, 1))


@pytest.mark.parametrize(("aspect", "shape"), [(2.0, (32, 64)), (0.5, (64, 32)), (1.0, (64, 64)), (1000.0, (1, 64))])
def test_a_heatmap_is_enlarged_to_the_shape_of_its_picture(aspect: float, shape: tuple[int, int]) -> None:
    assert prepare(heatmap(np.eye(5)), aspect=aspect, grid=64).levels.shape == shape


def test_enlarging_keeps_values_within_those_given_and_edges_flat() -> None:
    values = np.array([[0.2, 0.9], [0.4, 0.1]])
    large = enlarged(values, 50, 70)
    assert large.min() == pytest.approx(0.1)
    assert large.max() == pytest.approx(0.9)
    assert large[0, 0] == pytest.approx(0.2)
    assert large[-1, -1] == pytest.approx(0.1)


def test_enlarging_by_nothing_changes_nothing() -> None:
    values = np.random.default_rng(1).random((7, 9))
    np.testing.assert_allclose(enlarged(values, 7, 9), values)


def test_a_heatmap_of_one_cell_covers_the_picture_evenly() -> None:
    np.testing.assert_allclose(enlarged(np.array([[0.7]]), 9, 5), 0.7)


def test_what_was_not_seen_is_neither_zero_nor_bleeds_into_what_was() -> None:
    values = np.full((4, 4), 0.8)
    values[:, 0] = np.nan
    large = enlarged(values, 40, 40)
    assert np.isnan(large[:, :10]).all()
    np.testing.assert_allclose(large[:, 10:], 0.8)


def test_unseen_ground_is_hatched_and_seen_ground_is_not() -> None:
    values = np.full((4, 4), 0.0)
    values[:, :2] = np.nan
    prepared = prepare(heatmap(values), aspect=1.0, grid=80)
    assert not prepared.all_seen
    colours = coloured(prepared.levels, level_colours(colour_map="inferno", threshold=0.3))
    unseen = alpha(colours[:, :40])
    assert set(np.unique(unseen)) == {0, round(STRIPE_ALPHA * 255)}
    assert not alpha(colours[:, 40:]).any()


def test_a_heatmap_seen_everywhere_says_so() -> None:
    assert prepare(heatmap(np.ones((3, 3))), aspect=1.0).all_seen
    assert not prepare(heatmap(np.full((3, 3), np.nan)), aspect=1.0).all_seen


def test_values_beyond_the_scale_are_held_and_never_read_as_unseen() -> None:
    prepared = prepare(heatmap([[5.0, -3.0]]), aspect=2.0, grid=32)
    assert prepared.levels.max() < UNSEEN
    assert prepared.levels.min() == 0


def test_below_the_threshold_the_picture_is_clear_and_above_it_is_covered() -> None:
    ramp = np.arange(254, dtype=np.uint8)[None]
    covered = alpha(coloured(ramp, level_colours(colour_map="viridis", threshold=0.5)))[0]
    assert not covered[: int(0.47 * 253)].any()
    assert (covered[int(0.53 * 253) :] == 255).all()
    assert (np.diff(covered.astype(int)) >= 0).all()


def test_a_threshold_of_nothing_clears_nothing() -> None:
    assert (alpha(level_colours(colour_map="inferno", threshold=0.0)[:254]) == 255).all()


def test_a_threshold_above_all_leaves_only_the_hatch() -> None:
    table = alpha(level_colours(colour_map="inferno", threshold=2.0))
    assert not table[:255].any()
    assert table[255] == round(STRIPE_ALPHA * 255)


def test_colours_are_multiplied_by_their_alpha() -> None:
    for name in COLOUR_MAPS:
        table = level_colours(colour_map=name, threshold=0.4)
        for shift in (16, 8, 0):
            assert ((table >> shift & 0xFF) <= alpha(table)).all()


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_colour_maps_grow_lighter_all_the_way(name: str) -> None:
    table = colour_table(name)
    luminance = table.astype(float) @ [0.2126, 0.7152, 0.0722]
    assert table.shape == (256, 3)
    assert (np.diff(luminance) > -1).all()
    assert luminance[-1] - luminance[0] > 150


def test_a_colour_map_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        colour_table("inferno")[0] = 9


def test_a_colour_map_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        colour_table("jet")


@pytest.mark.parametrize("level", [0.3, 0.5, 0.7])
def test_the_contour_of_a_disc_is_a_closed_ring_of_its_radius(level: float) -> None:
    lines = contours(prepare(disc(), aspect=1.0), level)
    radius = 0.25 * (1 - level) / 0.5
    distance = np.hypot(*(lines.reshape(-1, 2) - 0.5).T)
    np.testing.assert_allclose(distance, radius, atol=0.012)
    lengths = np.hypot(*(lines[:, 1] - lines[:, 0]).T)
    assert lengths.sum() == pytest.approx(2 * np.pi * radius, rel=0.05)
    _, counts = np.unique(np.round(lines.reshape(-1, 2), 6), axis=0, return_counts=True)
    assert (counts == 2).all(), "each end belongs to two pieces: the ring is closed"


def test_a_contour_stands_where_the_heatmap_is_on_a_wide_picture() -> None:
    lines = contours(prepare(disc(0.1, at=(0.75, 0.25)), aspect=2.0), 0.5)
    np.testing.assert_allclose(lines.reshape(-1, 2).mean(axis=0), [0.75, 0.25], atol=0.01)


@pytest.mark.parametrize("values", [np.zeros((4, 4)), np.ones((4, 4)), np.full((4, 4), np.nan)])
def test_an_even_heatmap_has_no_contour(values: np.ndarray) -> None:
    assert contours(prepare(heatmap(values), aspect=1.0, grid=60), 0.5).shape == (0, 2, 2)


def test_a_heatmap_too_thin_for_a_contour_has_none() -> None:
    assert contours(prepare(heatmap([[0, 1]]), aspect=1000.0, grid=60), 0.5).shape == (0, 2, 2)


def test_no_contour_is_drawn_along_the_edge_of_what_was_seen() -> None:
    values = np.full((8, 8), 0.9)
    values[:, :4] = np.nan
    assert len(contours(prepare(heatmap(values), aspect=1.0, grid=96), 0.5)) == 0


def test_a_saddle_has_two_separate_lines() -> None:
    field = np.array([[1.0, 0.0], [0.0, 1.0]])
    lines = contours(PreparedHeatmap(np.zeros((2, 2), np.uint8), field), 0.5, step=1)
    assert lines.shape == (2, 2, 2)


def sampled(lines: np.ndarray, count: int = 50) -> np.ndarray:
    """Points along line pieces, both ends among them."""
    share = np.linspace(0, 1, count)[:, None]
    return np.concatenate([start + (end - start) * share for start, end in lines])


def ring(side: int = 64) -> Heatmap:
    """Low in the middle, high about it."""
    return heatmap(1 - disc(side=side).values)


@pytest.mark.parametrize("aspect", [1.0, 1.5, 0.6])
def test_the_lines_lie_on_the_high_side_whatever_the_shape(aspect: float) -> None:
    for given, high_inside in ((disc(), True), (ring(), False)):
        points = sampled(hatching(prepare(given, aspect=aspect), 0.5))
        far = np.hypot(*(points - 0.5).T)
        assert (far <= 0.26).all() if high_inside else (far >= 0.24).all()
        assert np.abs(far - 0.25).min() < 0.005, "they reach the line"
        assert points.min() >= 0
        assert points.max() <= 1
    assert points.min() < 0.01, "a high side that has no line about it is marked as far as the edge of the picture"
    assert points.max() > 0.99


def test_all_of_a_heatmap_that_reaches_the_level_carries_lines() -> None:
    lines = hatching(prepare(heatmap(np.ones((4, 4))), aspect=2.0, grid=64), 1.0, spacing=8)
    points = np.round(sampled(lines) * (64, 32))
    assert {tuple(part) for part in points // 16} >= {(x, y) for x in range(4) for y in range(2)}
    across = (lines[:, 1] - lines[:, 0]) * (64, 32)
    np.testing.assert_allclose(across[:, 0], across[:, 1], err_msg="at 45 degrees: they are drawn unsmoothed")


@pytest.mark.slow
def test_a_peak_between_two_lines_has_a_line_of_its_own() -> None:
    for row in range(14):
        for column in range(14):
            values = np.full((14, 14), 0.2)
            values[row, column] = 0.31
            points = sampled(hatching(prepare(heatmap(values), aspect=1.0), 0.3))
            far = np.hypot(*(points - (np.array([column, row]) + 0.5) / 14).T)
            assert far.max() < 0.06, (row, column)


def test_what_is_low_or_was_not_seen_carries_no_lines() -> None:
    assert hatching(prepare(heatmap(np.zeros((4, 4))), aspect=1.0, grid=60), 0.5).shape == (0, 2, 2)
    values = np.ones((8, 8))
    values[:, :4] = np.nan
    assert sampled(hatching(prepare(heatmap(values), aspect=1.0, grid=96), 0.5))[:, 0].min() >= 0.49


def test_absent_ground_is_hatched_in_neutral_grey_and_the_rest_untouched() -> None:
    picture = np.full((60, 90, 3), 200, np.uint8)
    present = np.ones((60, 90), bool)
    present[:, 50:] = False
    hatch_absent(picture, present)
    assert (picture[:, :50] == 200).all()
    assert set(np.unique(picture[:, 50:])) == {HATCH, SURROUND}
    assert (picture[:, 50:, 0] == picture[:, 50:, 2]).all()


def test_a_picture_present_everywhere_is_left_alone() -> None:
    picture = np.full((5, 5, 3), 7, np.uint8)
    hatch_absent(picture, np.ones((5, 5), bool))
    assert (picture == 7).all()


def test_neutral_brightness_changes_nothing() -> None:
    np.testing.assert_array_equal(window_table(DisplayWindow()), np.arange(256))


def test_a_window_stretches_what_lies_in_it() -> None:
    table = window_table(DisplayWindow(low=50, high=100))
    assert table[50] == 0
    assert table[100] == table[255] == 255
    assert (np.diff(table.astype(int)) >= 0).all()


def test_a_higher_gamma_lifts_the_middle() -> None:
    assert window_table(DisplayWindow(gamma=2.0))[64] > 64
    assert window_table(DisplayWindow(gamma=2.0))[255] == 255


def test_a_window_without_width_is_a_step_and_no_error() -> None:
    table = window_table(DisplayWindow(low=100, high=100, gamma=0.0))
    assert (table[:100] == 0).all()
    assert (table[101:] == 255).all()


@pytest.mark.parametrize("zoom", [0.02, 0.3, 1.0, 7.3, 32.0])
@pytest.mark.parametrize("mm_per_px", [0.005, 0.031, 0.2])
def test_the_scale_bar_is_round_true_and_fits(zoom: float, mm_per_px: float) -> None:
    length, pixels = scale_bar(mm_per_px, zoom, longest=150)
    assert 60 - 1e-6 <= pixels <= 150 + 1e-6
    assert length == pytest.approx(pixels / zoom * mm_per_px)
    leading = length / 10 ** np.floor(np.log10(length) + 1e-9)
    assert round(leading, 6) in (1, 2, 5)


@pytest.mark.parametrize("shape", [(200, 300), (63, 20), (64, 20), (130, 500)])
def test_the_hatch_lies_on_what_is_absent_and_nowhere_else(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(3)
    present = random.random(shape) < 0.5
    present[70:120] = True
    picture = random.integers(100, 255, (*shape, 3), dtype=np.uint8)
    before = picture.copy()
    hatch_absent(picture, present)
    np.testing.assert_array_equal(picture[present], before[present])
    rows, columns = np.nonzero(~present)
    stripe = max(2, max(shape) // 120)
    expected = np.where((rows + columns) // stripe % 4 == 0, HATCH, SURROUND)
    np.testing.assert_array_equal(picture[rows, columns], np.repeat(expected[:, None], 3, axis=1))
