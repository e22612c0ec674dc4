"""Where a heatmap shows anything, in a few rectangles: the rest of the picture need not be painted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.viewmodels.overlay import UNSEEN, UNSEEN_STRIPE, Levels

BLOCK = 32  # grid cells on a side: fine enough to leave most of the clear ground out, coarse enough for few rectangles
MARGIN = 1  # cells about a block; smooth scaling lets a cell shine into its neighbours


@dataclass(frozen=True)
class Blocks:
    """Of each block of a heatmap its `highest` level below `UNSEEN`, and whether it has a stripe of what was not seen,
    rows x columns of blocks; `size` is (width, height) in grid cells."""

    highest: Levels
    striped: NDArray[np.bool_]
    size: tuple[int, int]


def blocks_of(levels: Levels) -> Blocks:
    """From the h x w levels of a `PreparedHeatmap`; once a heatmap, as it takes as long as colouring it."""
    highest = _highest(np.where(levels < UNSEEN, levels, np.uint8(0)))
    return Blocks(highest, _highest(levels) == UNSEEN_STRIPE, (levels.shape[1], levels.shape[0]))


def coloured_parts(blocks: Blocks, colours: NDArray[np.uint32]) -> NDArray[np.float64]:
    """N x 4 of left, top, right, bottom in 0..1 of the picture: outside of them nothing is painted.

    `colours` are the 256 of `level_colours`. Where one level shows, so do all higher ones (but `UNSEEN`), so that of
    each block its highest level tells.
    """
    visible = (colours >> np.uint32(24)) > 0
    shown = visible[blocks.highest] | (blocks.striped & visible[UNSEEN_STRIPE])
    width, height = blocks.size
    cells = np.array(_rectangles(shown), dtype=np.float64).reshape(-1, 4) * BLOCK
    grown = cells + np.array([-MARGIN, -MARGIN, MARGIN, MARGIN])
    return np.asarray(np.clip(grown / np.array([width, height, width, height]), 0.0, 1.0))


def _highest(levels: Levels) -> Levels:
    """The highest level of each block, rows x columns of blocks."""
    rows = np.maximum.reduceat(levels, np.arange(0, levels.shape[0], BLOCK), axis=0)
    return np.asarray(np.maximum.reduceat(rows, np.arange(0, levels.shape[1], BLOCK), axis=1), dtype=np.uint8)


def _rectangles(shown: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Left, top, right, bottom, in blocks, of rectangles over all that is `shown`: runs of a row, joined downwards."""
    done: list[tuple[int, int, int, int]] = []
    growing: dict[tuple[int, int], int] = {}  # run of columns to the row where it began
    for row in range(len(shown) + 1):
        runs = _runs(shown[row]) if row < len(shown) else []
        done += [(left, top, right, row) for (left, right), top in growing.items() if (left, right) not in runs]
        growing = {run: growing.get(run, row) for run in runs}
    return done


def _runs(line: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and past-the-last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]
