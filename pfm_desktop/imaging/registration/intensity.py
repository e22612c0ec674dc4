"""The global part: an affine map between two structures, coarse to fine.

First from no motion; when that ends in little agreement, from a search over rotation, scale and translation. The
refinement maximises the enhanced correlation coefficient (Evangelidis and Psarakis 2008) on the structure.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.registration.features import Plane, Structure, correlation

Matrix = NDArray[np.float64]

LEVELS = (4, 2, 1)
GOOD_ENOUGH = 0.33  # correlation above which the start without search is kept
SEARCH_SIDE = 96
ANGLES = (-24.0, -16.0, -8.0, 0.0, 8.0, 16.0, 24.0)  # degrees
SCALES = (0.78, 0.88, 1.0, 1.13, 1.28)


def global_map(white: Structure, fluorescence: Structure) -> tuple[Matrix, float]:
    """Affine 3 x 3 map, working pixels of white light to those of fluorescence, and the correlation it reaches."""
    best, score = _refined(white, fluorescence, _same_extent(white, fluorescence))
    if score >= GOOD_ENOUGH:
        return best, score
    for start in _search(white, fluorescence):
        matrix, reached = _refined(white, fluorescence, start)
        if reached > score:
            best, score = matrix, reached
        if score >= GOOD_ENOUGH:
            break
    return best, score


def warp(plane: Plane, matrix: Matrix, size: tuple[int, int]) -> Plane:
    """`plane` of the fluorescence frame drawn in the white-light frame, `size` (width, height); 0 outside."""
    drawn = cv2.warpAffine(plane, matrix[:2].astype(np.float32), size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(drawn, dtype=np.float32)


def covered(matrix: Matrix, white: Structure, fluorescence: Structure) -> NDArray[np.bool_]:
    """Where in the white-light frame the fluorescence picture shows something."""
    height, width = white.values.shape
    return warp(fluorescence.valid.astype(np.float32), matrix, (width, height)) > 0.99


def _same_extent(white: Structure, fluorescence: Structure) -> Matrix:
    """Both pictures taken as showing the same field, centre on centre, by their shorter sides."""
    (hw, ww), (hf, wf) = white.values.shape, fluorescence.values.shape
    factor = min(hf, wf) / min(hw, ww)
    dx, dy = (wf - 1) / 2 - factor * (ww - 1) / 2, (hf - 1) / 2 - factor * (hw - 1) / 2
    return np.array([[factor, 0, dx], [0, factor, dy], [0, 0, 1.0]])


def _refined(white: Structure, fluorescence: Structure, start: Matrix) -> tuple[Matrix, float]:
    matrix = start.copy()
    for level in LEVELS:
        if min(*white.values.shape, *fluorescence.values.shape) < 16 * level:
            continue
        scaled = _at_level(matrix, level)
        try:
            _, found = cv2.findTransformECC(
                _reduced(white.values, level),
                _reduced(fluorescence.values, level),
                scaled[:2].astype(np.float32),
                cv2.MOTION_AFFINE,
                (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-5),
                np.full(_reduced(white.values, level).shape, 255, np.uint8),
                5,
            )
        except cv2.error:  # it says so by an error when the pictures do not correlate at all
            return start, agreement(white, fluorescence, start)
        matrix = _at_level(np.vstack([found, [0, 0, 1]]).astype(np.float64), 1 / level)
    if not plausible(matrix, start):
        return start, agreement(white, fluorescence, start)
    return matrix, agreement(white, fluorescence, matrix)


def agreement(white: Structure, fluorescence: Structure, matrix: Matrix) -> float:
    """Correlation of the two structures under `matrix`, slightly smoothed, where both show something."""
    height, width = white.values.shape
    drawn = warp(_smooth(fluorescence.values, 1.5), matrix, (width, height))
    return correlation(_smooth(white.values, 1.5), drawn, covered(matrix, white, fluorescence) & white.valid)


def plausible(matrix: Matrix, reference: Matrix) -> bool:
    """Whether an affine map stays within what a hand-held colposcope can do: +-35 % size, 32 degrees, little shear."""
    linear = matrix[:2, :2] @ np.linalg.inv(reference[:2, :2])
    u, sizes, vt = np.linalg.svd(linear)
    rotation = u @ vt
    if np.linalg.det(rotation) <= 0:
        return False
    angle = abs(math.degrees(math.atan2(rotation[1, 0], rotation[0, 0])))
    return bool(sizes[1] > 0.65 and sizes[0] < 1.5 and sizes[0] / sizes[1] < 1.15 and angle < 32)


def _at_level(matrix: Matrix, level: float) -> Matrix:
    """The same map between pictures reduced `level` times (pixel centres at whole numbers)."""
    half = (level - 1) / 2
    up = np.array([[level, 0, half], [0, level, half], [0, 0, 1.0]])
    return np.asarray(np.linalg.inv(up) @ matrix @ up, dtype=np.float64)


def _reduced(plane: Plane, level: int) -> Plane:
    if level == 1:
        return _smooth(plane, 1.0)
    size = plane.shape[1] // level, plane.shape[0] // level
    cut = plane[: size[1] * level, : size[0] * level]
    return np.asarray(cv2.resize(_smooth(cut, float(level)), size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _smooth(plane: Plane, sigma: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), dtype=np.float32)


def _search(white: Structure, fluorescence: Structure, *, keep: int = 3) -> list[Matrix]:
    """The `keep` best starts over rotation, scale and translation, by normalised correlation at `SEARCH_SIDE`."""
    level = max(1, max(*white.values.shape, *fluorescence.values.shape) // SEARCH_SIDE)
    first, second = _reduced(white.values, level), _reduced(fluorescence.values, level)
    base = _at_level(_same_extent(white, fluorescence), level)
    height, width = first.shape
    pad = max(height, width) // 2
    field = cv2.copyMakeBorder(first, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=float(first.mean()))
    centre = (second.shape[1] - 1) / 2, (second.shape[0] - 1) / 2
    found: list[tuple[float, Matrix]] = []
    for angle in ANGLES:
        for scale in SCALES:
            turn = np.vstack([cv2.getRotationMatrix2D(centre, angle, scale), [0, 0, 1]])
            around = turn @ base  # white-light to fluorescence
            drawn = warp(second, around, (width, height))
            y0, y1, x0, x1 = height // 6, height - height // 6, width // 6, width - width // 6
            map_ = cv2.matchTemplate(field, drawn[y0:y1, x0:x1], cv2.TM_CCOEFF_NORMED)
            _, peak, _, (px, py) = cv2.minMaxLoc(map_)
            # the template cut at (x0, y0) fits the white-light picture at (px - pad, py - pad)
            shift = np.array([[1, 0, x0 - (px - pad)], [0, 1, y0 - (py - pad)], [0, 0, 1.0]])
            found.append((float(peak), _at_level(around @ shift, 1 / level)))
    found.sort(key=lambda item: -item[0])
    return [matrix for _, matrix in found[:keep]]
