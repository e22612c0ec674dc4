"""Heatmaps of an answer, in numpy: for each source the class map of its head or LayerCAM, and one for all by evidence.

`model.toml` says which. Class map (Zhou et al., "CAM", CVPR 2016), for networks that were shown outlines of lesions:
`M = max(0, w_t . a + b_t - mean over the other grades of the same)`, cell by cell, with a the enhanced map of a source;
exact for the source's own head, whose answer is the mean of the cells. It is enlarged bicubically, so that its highest
point lies between the cells that share the lesion and not in the middle of one.

LayerCAM (Jiang et al., IEEE TIP 2021): `M = max(0, sum over k of max(0, dS/dA_k) * A_k)`, element by element, with A
the third stage's map of a source and S what the decision module says of the grade in question: its log-probability
against the mean of the others'. `explain.methods` draws the same with torch; docs/heatmaps.md says what each is worth.
For `normal` the map shows what speaks for `high`, so that the eye is led to what was weighed and dismissed.

A class map goes from 0 to what the middle one of the lesions reached that the model graded rightly in its calibration
(`training.strength`), or to its own highest point where that is higher: what hardly speaks for the grade looks weak. A
map whose model keeps no such number, and LayerCAM, goes to its own highest point.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import CLASS_MAP_WORDS, LAYER_CAM_WORDS, SCALED_MAP_WORDS
from pfm_desktop.pfm.letterbox import Letterbox, Singles
from pfm_desktop.pfm.model_tables import CLASS_MAP, LAYER_CAM, heatmap_method, heatmap_strengths
from pfm_desktop.pfm.nets.spec import SEEN

WORDS = {LAYER_CAM: LAYER_CAM_WORDS, CLASS_MAP: CLASS_MAP_WORDS}  # of maps that each have their own scale
FINER = 4  # cells of a class map a side, to one of the network's
_KEYS = -0.75
MAP_SIDE = 128  # longer side of a heatmap
LEAST_TOP = 1e-12  # a map that rises no higher is empty
LEAST_SHARE = 1e-3  # a source without evidence still shows where it alone sees


def words_of(table: Mapping[str, Any]) -> str:
    """How the maps of a model are made, from its `[heatmap]`, for `domain.prediction.Heatmap`."""
    return SCALED_MAP_WORDS if heatmap_strengths(table) else WORDS[heatmap_method(table)]


def target_of(rank: int) -> int:
    """Rank of the grade that a map is drawn for when the answer is `rank`: for `normal`, what speaks for `high`."""
    return rank if rank > 0 else Grade.HIGH.rank


def asked_of(rank: int) -> Singles:
    """Weights of the log-probabilities, 4, in the number that is explained when the answer has this rank."""
    weights = np.full(len(GRADES), -1 / (len(GRADES) - 1), np.float32)
    weights[target_of(rank)] = 1
    return weights


def layer_cam(middle: Singles, slope: Singles) -> Singles:
    """The third stage's map C x g x g and the slopes by it, to g x g, 0 or more; no number stays no number."""
    with np.errstate(invalid="ignore", over="ignore"):  # whoever asked refuses what is no number
        return np.asarray(np.maximum((np.maximum(slope, 0) * middle).sum(axis=0), 0), np.float32)


def class_map(by_cell: Singles, coverage: Singles, rank: int) -> Singles:
    """What each cell says of each grade, 4 x h x h, to FINER h x FINER h, 0 or more, for the answer `rank`.

    `coverage` h x h in 0..1: a cell that was not seen says nothing.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        said = np.maximum(np.tensordot(asked_of(rank), by_cell, axes=1), 0)
        finer = _cubic(len(said))
        return np.asarray(np.maximum(finer @ np.where(coverage >= SEEN, said, 0) @ finer.T, 0), np.float32)


@lru_cache(maxsize=8)
def _cubic(cells: int) -> Singles:
    """FINER n x n: what each finer cell takes of `cells`, cubic convolution (Keys 1981, a = -0.75), border repeated."""
    at = (np.arange(FINER * cells) + 0.5) / FINER - 0.5
    first = np.floor(at).astype(np.int64)
    matrix = np.zeros((len(at), cells))
    for step in range(-1, 3):
        away = np.abs(at - first - step)
        near = (_KEYS + 2) * away**3 - (_KEYS + 3) * away**2 + 1
        far = _KEYS * (away**3 - 5 * away**2 + 8 * away - 4)
        np.add.at(matrix, (np.arange(len(at)), np.clip(first + step, 0, cells - 1)), np.where(away <= 1, near, far))
    return matrix.astype(np.float32)


def shown(plane: Singles, coverage: Singles, box: Letterbox, *, strong: float = 0.0) -> Singles:
    """A plane g x g over the square input, cut to the picture, in 0..1; NaN where nothing was seen.

    1 is `strong`, or the highest point where that is higher. `coverage` h x w in 0..1, g a multiple of h. All zero
    where there is no highest point.
    """
    step = plane.shape[0] // coverage.shape[0]
    seen_cells = (coverage >= SEEN).repeat(step, axis=0).repeat(step, axis=1)
    drawn = box.cut(np.where(seen_cells, plane, np.float32(0)), longest=MAP_SIDE)
    seen = box.cut(coverage, longest=MAP_SIDE) > SEEN
    top = float(drawn[seen].max()) if seen.any() else 0.0
    return np.where(seen, drawn / max(top, strong) if top > LEAST_TOP else 0.0, np.nan).astype(np.float32)


def weighted(planes: Mapping[str, Singles], shares: Mapping[str, float]) -> Singles:
    """Mean of the maps by evidence where they see something, as strong as the strongest of them where it is highest.

    Nowhere stronger than every one of them; NaN where none sees anything. Maps that each have their own scale are to be
    put over the highest point again (`on_own_scale`).
    """
    shape = next(iter(planes.values())).shape
    total, weight = np.zeros(shape), np.zeros(shape)
    for name, plane in planes.items():
        seen: NDArray[np.bool_] = np.isfinite(plane)
        share = max(shares[name], LEAST_SHARE)
        total += np.where(seen, plane, 0) * share
        weight += seen * share
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(weight > 0, total / weight, np.nan)
    if not (weight > 0).any() or float(np.nanmax(mean)) <= LEAST_TOP:
        return mean.astype(np.float32)
    strongest: Singles = np.fmax.reduce(list(planes.values()))
    peak = np.unravel_index(int(np.nanargmax(mean)), shape)
    return np.asarray(np.minimum(mean * (strongest[peak] / mean[peak]), strongest), np.float32)


def on_own_scale(plane: Singles) -> Singles:
    """The map over its highest point, so that 1 is the strongest place of this picture; NaN stays."""
    top = float(np.nanmax(plane)) if np.isfinite(plane).any() else 0.0
    return np.asarray(plane / np.float32(top) if top > LEAST_TOP else plane, np.float32)
