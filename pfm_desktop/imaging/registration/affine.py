"""The global part: an affine map between two structures, coarse to fine.

From no motion first; where that ends in doubt, also from the best places of a search over rotation, scale and
translation, where the shapes of the pictures differ, from both ways in which they may show one field, and from the map
that the device had before. The start whose refined map makes the structures agree best is kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.registration.features import Structure
from pfm_desktop.imaging.registration.levels import Drawn, Level, Matrix, draw
from pfm_desktop.imaging.registration.nodes import grid_shape, terms
from pfm_desktop.imaging.registration.search import starts
from pfm_desktop.imaging.registration.shapes import shapes_differ

SURE = 0.55  # agreement above which the start without search is kept
COARSE_ROUNDS, FINE_ROUNDS = 4, 2
LARGEST_STEP = 6.0  # level pixels a round


def global_map(
    white: Structure, fluorescence: Structure, levels: Sequence[Level], start: Matrix | None = None
) -> Matrix:
    """Affine 3 x 3 map, working pixels of white light to those of fluorescence; `levels` from coarse to fine.

    `start`, a map of the same kind, is tried as well where no other start is sure.
    """
    first, *others = _same_extent(white, fluorescence)
    if start is not None:
        others.append(start)
    best, score = _from_still(first, levels)
    for still in others:
        if score < SURE:
            best, score = max((best, score), _from_still(still, levels), key=lambda found: found[1])
    return _stepped(levels[-1], best, FINE_ROUNDS)


def agreement(level: Level, drawn: Drawn) -> float:
    """Correlation of the two structures, magnitude and direction together, where both show something."""
    seen = (drawn.seen > 0.5).astype(np.uint8)
    if int(seen.sum()) < 64:
        return 0.0
    first, second = cv2.GaussianBlur(level.white, (0, 0), 1.0), cv2.GaussianBlur(drawn.planes, (0, 0), 1.0)
    first, second = (p - np.asarray(cv2.mean(p, seen)[:3], dtype=np.float32) for p in (first, second))
    both, one, two = (sum(cv2.mean(p, seen)[:3]) for p in (first * second, first * first, second * second))
    return float(both / math.sqrt(one * two + 1e-12))


def plausible(matrix: Matrix, reference: Matrix) -> bool:
    """Whether an affine map stays within what a hand-held colposcope can do: +-40 % size, 35 degrees, little shear."""
    linear = matrix[:2, :2] @ np.linalg.inv(reference[:2, :2])
    u, sizes, vt = np.linalg.svd(linear)
    turn = u @ vt
    if np.linalg.det(turn) <= 0:
        return False
    angle = abs(math.degrees(math.atan2(turn[1, 0], turn[0, 0])))
    return bool(sizes[1] > 0.6 and sizes[0] < 1.6 and sizes[0] / sizes[1] < 1.2 and angle < 35)


def _from_still(still: Matrix, levels: Sequence[Level]) -> tuple[Matrix, float]:
    """The best map within reach of `still`, and what it is worth."""
    coarse = levels[:2]
    best = _refined(coarse, still, still)
    score = _worth(coarse[-1], best)
    if score < SURE:
        for start in starts(levels[0], still):
            matrix = _refined(coarse, start, still)
            worth = _worth(coarse[-1], matrix)
            if worth > score:
                best, score = matrix, worth
    return best, score


def _worth(level: Level, matrix: Matrix) -> float:
    """Agreement, less where little of the pictures overlaps: a sliver agrees by chance."""
    drawn = draw(level, matrix)
    return agreement(level, drawn) * min(1.0, float(drawn.seen.mean()) / 0.35)


def _refined(levels: Sequence[Level], start: Matrix, still: Matrix) -> Matrix:
    matrix = start
    for level in levels:
        matrix = _stepped(level, matrix, COARSE_ROUNDS)
    return matrix if plausible(matrix, still) else start


def _stepped(level: Level, matrix: Matrix, rounds: int) -> Matrix:
    """Gauss-Newton steps over the six numbers of an affine map of the white-light frame."""
    height, width = (side * level.factor for side in level.x.shape)
    rows, cols = grid_shape(height, width)
    centre, half = np.array([(width - 1) / 2, (height - 1) / 2]), max(width, height) / 2
    x, y = np.meshgrid(np.linspace(0, width - 1, cols), np.linspace(0, height - 1, rows))
    basis = np.column_stack([(x.ravel() - centre[0]) / half, (y.ravel() - centre[1]) / half, np.ones(rows * cols)])
    for _ in range(rounds):
        step = _solved(terms(level, draw(level, matrix), (rows, cols)).reshape(-1, 5), basis)
        step = np.clip(step, -LARGEST_STEP * level.factor, LARGEST_STEP * level.factor)
        move = np.eye(3)
        move[:2, :2] += step[:, :2] / half
        move[:2, 2] = step[:, 2] - step[:, :2] @ centre / half
        matrix = matrix @ move
    return matrix


def _solved(gathered: NDArray[np.float64], basis: NDArray[np.float64]) -> NDArray[np.float64]:
    """2 x 3: the affine displacement, in terms of `basis`, that the nodes' equations ask for."""
    a_xx, a_xy, a_yy = (basis.T @ (basis * gathered[:, k : k + 1]) for k in range(3))
    system = np.block([[a_xx, a_xy], [a_xy, a_yy]]) + 1e-3 * np.eye(6)
    return np.asarray(np.linalg.solve(system, (basis.T @ gathered[:, 3:]).T.ravel()).reshape(2, 3), dtype=np.float64)


def _same_extent(white: Structure, fluorescence: Structure) -> list[Matrix]:
    """Both pictures taken as showing the same field, centre on centre, by their shorter sides.

    Where their shapes differ, also by their longer sides: a camera that has cut one of them may have cut its width or
    its height.
    """
    (hw, ww), (hf, wf) = white.valid.shape, fluorescence.valid.shape
    factors = [min(hf, wf) / min(hw, ww)]
    if shapes_differ((ww, hw), (wf, hf)):
        factors.append(max(hf, wf) / max(hw, ww))
    return [
        np.array([[f, 0, (wf - 1) / 2 - f * (ww - 1) / 2], [0, f, (hf - 1) / 2 - f * (hw - 1) / 2], [0, 0, 1.0]])
        for f in factors
    ]
