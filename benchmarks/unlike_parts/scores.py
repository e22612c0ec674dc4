"""Scores of how unlike a case is that were compared before one was chosen; larger is stranger. Numpy only.

Each is made from features N x C and grades N of cases that were learned from, and gives a function of features M x C.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pfm_desktop.pfm.familiarity import RIDGE, Floats, fit_known

Score = Callable[[Floats], Floats]
NEIGHBOURS = 10


def one_gaussian(learned: Floats, _: np.ndarray) -> Score:
    """Mahalanobis to one normal distribution, with very little of each variance added: what the program keeps."""
    return fit_known(learned, learned[:0], accepted=0.5).distances


def shrunk(learned: Floats, _: np.ndarray) -> Score:
    """The same with the covariance shrunk as by Ledoit and Wolf (2004)."""
    return _mahalanobis(learned.mean(axis=0)[None], shrunk_covariance(learned))


def gaussian_a_grade(learned: Floats, grades: np.ndarray) -> Score:
    """Mahalanobis to the nearest grade's mean, one covariance within grades (Lee et al. 2018)."""
    means, within = _by_grade(learned, grades)
    covariance = within.T @ within / len(within)
    return _mahalanobis(means, covariance + RIDGE * np.diag(np.diag(covariance)))


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


SCORES: dict[str, Callable[[Floats, np.ndarray], Score]] = {
    "one normal distribution": one_gaussian,
    "one normal distribution, shrunk": shrunk,
    "a normal distribution a grade": gaussian_a_grade,
    "relative": relative,
    "tenth neighbour": neighbour,
}


def shrunk_covariance(values: Floats) -> Floats:
    """Covariance C x C of N x C, drawn towards a multiple of the identity (Ledoit and Wolf 2004, closed form)."""
    count, width = values.shape
    centred = values - values.mean(axis=0)
    sample = centred.T @ centred / count
    level = float(np.trace(sample)) / width
    away = float((sample**2).sum()) - width * level**2
    noise = (float(((centred**2).sum(axis=1) ** 2).sum()) / count - float((sample**2).sum())) / count
    share = min(1.0, max(0.0, noise / away)) if away > 0 else 1.0
    return np.asarray((1 - share) * sample + share * level * np.eye(width))


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
