"""How well a heatmap does: against a mask, against another map, and against the model's own answer. Numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


def hits(plane: Plane, mask: Mask, *, within: int = 0) -> bool:
    """Pointing game (Zhang et al., ECCV 2016): whether the highest point lies on the mask, or `within` pixels of it.

    H x W, NaN where nothing was seen. Of a plateau the middle counts, so a flat map points at the middle.
    """
    if not np.isfinite(plane).any() or not mask.any():
        return False
    rows, columns = np.nonzero(plane == np.nanmax(plane))
    middle = int(np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2))
    away = np.hypot(*(np.array(np.nonzero(mask)) - np.array([[rows[middle]], [columns[middle]]])))
    return bool(away.min() <= within)


def overlap(plane: Plane, mask: Mask, threshold: float) -> float:
    """Intersection over union of the mask and the map at or above `threshold` of its highest point."""
    top = np.nanmax(plane) if np.isfinite(plane).any() else 0.0
    shown = np.nan_to_num(plane, nan=-1.0) >= threshold * top if top > 0 else np.zeros_like(mask)
    union = int((shown | mask).sum())
    return float((shown & mask).sum() / union) if union else 1.0


def rank_correlation(first: Plane, second: Plane) -> float:
    """Spearman's, over what both saw; ties share their rank. 0 where a map is flat: it says nothing of the other."""
    from scipy.stats import rankdata  # here, as whoever only asks a model would carry 40 MB for nothing

    seen = np.isfinite(first) & np.isfinite(second)
    a, b = (rankdata(plane[seen]) for plane in (first, second))
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def order(cells: Plane, *, seed: int = 0) -> NDArray[np.int64]:
    """Cells (n x n) from the highest to the lowest, flat; unseen ones last. Ties are drawn, the same way each time."""
    drawn = np.random.default_rng(seed).random(cells.size)
    return np.lexsort((drawn, -np.nan_to_num(cells.ravel(), nan=-np.inf))).astype(np.int64)


def removals(ranked: NDArray[np.int64], steps: int) -> Mask:
    """steps + 1 x cells: which cells are gone after each of `steps` equal steps; none at first, all at last."""
    gone = np.zeros((steps + 1, len(ranked)), np.bool_)
    for step in range(1, steps + 1):
        gone[step, ranked[: round(step * len(ranked) / steps)]] = True
    return gone


def area(curve: Floats) -> float:
    """Mean height of a curve at even steps (trapezoids over 0..1)."""
    return float((curve[:-1] + curve[1:]).mean() / 2)
