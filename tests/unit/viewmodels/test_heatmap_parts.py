"""The rectangles outside of which a heatmap shows nothing."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.domain.prediction import Heatmap
from pfm_desktop.viewmodels.heatmap_parts import BLOCK, blocks_of, coloured_parts
from pfm_desktop.viewmodels.overlay import UNSEEN, UNSEEN_STRIPE, level_colours, prepare

GRID = 200  # no multiple of a block


def spots(seed: int, *, unseen: bool = False) -> Heatmap:
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:28, 0:50] / 28
    values = np.zeros((28, 50))
    for _ in range(3):
        at, size = random.uniform(0, 1.7, 2), random.uniform(0.001, 0.03)
        values += random.uniform(0.3, 1) * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / size)
    values = np.clip(values, 0, 1)
    if unseen:
        values[: random.integers(1, 9), : random.integers(1, 20)] = np.nan
    return Heatmap(values.astype(np.float32), "test")


def covered(parts: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """How many rectangles lie over each cell, whole cells only."""
    height, width = shape
    over = np.zeros(shape, dtype=np.int64)
    for left, top, right, bottom in parts * np.array([width, height, width, height]):
        over[round(top) : round(bottom), round(left) : round(right)] += 1
    return over


@pytest.mark.parametrize("unseen", [False, True])
@pytest.mark.parametrize("threshold", [0.0, 0.05, 0.3, 0.5, 0.9, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_every_cell_that_shows_and_its_neighbours_lie_within(seed: int, threshold: float, unseen: bool) -> None:
    levels = prepare(spots(seed, unseen=unseen), aspect=50 / 28, grid=GRID).levels
    colours = level_colours(colour_map="inferno", threshold=threshold)
    shows = colours[levels] >> 24 > 0
    within = covered(coloured_parts(blocks_of(levels), colours), levels.shape) > 0
    framed = np.pad(shows, 1)
    height, width = shows.shape
    for down in range(3):
        for across in range(3):
            assert within[framed[down : down + height, across : across + width]].all()


def test_most_of_the_clear_ground_lies_outside_of_a_small_spot() -> None:
    values = np.zeros((28, 50), np.float32)
    values[20, 10] = 1
    levels = prepare(Heatmap(values, "test"), aspect=50 / 28, grid=768).levels
    parts = coloured_parts(blocks_of(levels), level_colours(colour_map="inferno", threshold=0.5))
    assert len(parts) <= 2
    assert (covered(parts, levels.shape) > 0).mean() < 0.02


def test_a_heatmap_below_the_threshold_has_no_parts() -> None:
    levels = prepare(Heatmap(np.full((4, 4), 0.2, np.float32), "test"), aspect=1.0, grid=GRID).levels
    assert coloured_parts(blocks_of(levels), level_colours(colour_map="inferno", threshold=0.5)).shape == (0, 4)


def test_with_no_threshold_the_whole_picture_is_one_part() -> None:
    levels = prepare(spots(0), aspect=50 / 28, grid=GRID).levels
    parts = coloured_parts(blocks_of(levels), level_colours(colour_map="inferno", threshold=0.0))
    assert parts.tolist() == [[0.0, 0.0, 1.0, 1.0]]


def test_what_was_not_seen_is_a_part_where_it_is_hatched_and_none_where_it_is_clear() -> None:
    colours = level_colours(colour_map="inferno", threshold=2.0)
    levels = np.zeros((3 * BLOCK, 3 * BLOCK), np.uint8)
    levels[:BLOCK, :BLOCK] = UNSEEN
    assert len(coloured_parts(blocks_of(levels), colours)) == 0
    levels[5, 5] = UNSEEN_STRIPE
    (part,) = coloured_parts(blocks_of(levels), colours)
    assert part.tolist() == pytest.approx([0, 0, (BLOCK + 1) / (3 * BLOCK), (BLOCK + 1) / (3 * BLOCK)])


def test_a_cell_in_the_last_incomplete_block_is_found() -> None:
    levels = np.zeros((BLOCK + 1, 2 * BLOCK + 3), np.uint8)
    levels[-1, -1] = 253
    (part,) = coloured_parts(blocks_of(levels), level_colours(colour_map="inferno", threshold=0.5))
    assert part[2:].tolist() == [1.0, 1.0]


def test_a_single_row_of_cells_has_parts_too() -> None:
    levels = np.full((1, 7), 253, np.uint8)
    parts = coloured_parts(blocks_of(levels), level_colours(colour_map="inferno", threshold=0.5))
    assert parts.tolist() == [[0.0, 0.0, 1.0, 1.0]]


def test_rows_of_one_width_are_joined_to_one_rectangle() -> None:
    levels = np.zeros((4 * BLOCK, 4 * BLOCK), np.uint8)
    levels[BLOCK : 3 * BLOCK, BLOCK : 3 * BLOCK] = 253
    levels[3 * BLOCK :, :BLOCK] = 253
    parts = coloured_parts(blocks_of(levels), level_colours(colour_map="inferno", threshold=0.5))
    assert len(parts) == 2
