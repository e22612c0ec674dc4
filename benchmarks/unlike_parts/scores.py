"""Scores of how unlike a case is that were compared before one was chosen; larger is stranger. Numpy only.

Each is made from features N x C and grades N of cases that were learned from, and gives a function of features M x C.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pfm_desktop.pfm.familiarity import AXES, Floats, fit_known, shrunk_covariance

Score = Callable[[Floats], Floats]
NEIGHBOURS = 10


def one_gaussian(learned: Floats, _: np.ndarray) -> Score:
    """Mahalanobis to one normal distribution, all axes of the shrunk covariance."""
    return _mahalanobis(learned.mean(axis=0)[None], shrunk_covariance(learned))


def longest_axes(learned: Floats, _: np.ndarray) -> Score:
    """The same with the longest axes only and one spread for the others: what the program keeps."""
    return fit_known(learned, learned[:0], axes=AXES).distances


def gaussian_a_grade(learned: Floats, grades: np.ndarray) -> Score:
    """Mahalanobis to the nearest grade's mean, one covariance within grades (Lee et al. 2018)."""
    means, within = _by_grade(learned, grades)
    return _mahalanobis(means, shrunk_covariance(within))


def relative(learned: Floats, grades: np.ndarray) -> Score:
    """The same less the distance to one distribution of all (Ren et al. 2021)."""
    near, all_of_them = gaussian_a_grade(learned, grades), one_gaussian(learned, grades)
    return lambda asked: near(asked) ** 2 - all_of_them(asked) ** 2


def neighbour(learned: Floats, _: np.ndarray) -> Score:
    """Distance to the tenth neighbour after scaling to length 1 (Sun et al. 2022); keeps every case."""
    unit = learned / np.linalg.norm(learned, axis=1, keepdims=True)

    def score(asked: Floats) -> Floats:
        likeness = (asked / np.maximum(np.linalg.norm(asked, axis=1, keepdims=True), 1e-12)) @ unit.T
        return np.asarray(-np.sort(likeness, axis=1)[:, -min(NEIGHBOURS, likeness.shape[1])])

    return score


def residual(learned: Floats, _: np.ndarray) -> Score:
    """What the longest axes leave over, and nothing along them (as in ViM, Wang et al. 2022)."""
    known = fit_known(learned, learned[:0], axes=AXES)

    def score(asked: Floats) -> Floats:
        away = asked - known.mean
        return np.asarray(np.maximum((away**2).sum(axis=1) - ((away @ known.axes.T) ** 2).sum(axis=1), 0))

    return score


SCORES: dict[str, Callable[[Floats, np.ndarray], Score]] = {
    "one normal distribution, longest axes": longest_axes,
    "one normal distribution, all axes": one_gaussian,
    "a normal distribution a grade": gaussian_a_grade,
    "relative": relative,
    "tenth neighbour": neighbour,
    "residual only": residual,
}


def _mahalanobis(means: Floats, covariance: Floats) -> Score:
    inverse = np.linalg.inv(covariance)

    def score(asked: Floats) -> Floats:
        away = asked[:, None, :] - means[None]
        squares = np.einsum("ngi,ij,ngj->ng", away, inverse, away)
        return np.asarray(np.sqrt(np.maximum(squares.min(axis=1), 0)))

    return score


def _by_grade(learned: Floats, grades: np.ndarray) -> tuple[Floats, Floats]:
    """Mean of each grade that occurs, and all cases around the mean of their own."""
    present = np.unique(grades)
    means = np.stack([learned[grades == grade].mean(axis=0) for grade in present])
    return means, learned - means[np.searchsorted(present, grades)]
