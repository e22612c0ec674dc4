"""Which pairs are labelled next, by the functions with which Annotate orders its tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from benchmarks.active_parts.learner import Learner, Seen
from pfm_desktop.services.picking import core_set, entropies

Ints = NDArray[np.int64]
AMONG = 3  # times as many uncertain pairs as are wanted, of which those farthest apart are taken
Choice = Callable[[Learner, Seen, Ints, int, np.random.Generator], Ints]


def at_random(_learner: Learner, _pool: Seen, left: Ints, count: int, random: np.random.Generator) -> Ints:
    """`count` of the places `left` in the pool."""
    return random.permutation(left)[:count]


def uncertain(learner: Learner, pool: Seen, left: Ints, count: int, random: np.random.Generator) -> Ints:
    """Those of which the model is least sure."""
    mixed = random.permutation(left)
    return mixed[np.argsort(-entropies(learner.probabilities(pool, mixed)), kind="stable")][:count]


def diverse(learner: Learner, pool: Seen, left: Ints, count: int, random: np.random.Generator) -> Ints:
    """Those that lie farthest apart."""
    mixed = random.permutation(left)
    return mixed[core_set(learner.pooled(pool, mixed), count)]


def uncertain_and_diverse(learner: Learner, pool: Seen, left: Ints, count: int, random: np.random.Generator) -> Ints:
    """Of the pairs of which the model is least sure those that lie farthest apart."""
    return diverse(learner, pool, uncertain(learner, pool, left, AMONG * count, random), count, random)


def half(learner: Learner, pool: Seen, left: Ints, count: int, random: np.random.Generator) -> Ints:
    """One half by uncertainty, the other half at random."""
    first = uncertain(learner, pool, left, count // 2, random)
    return np.concatenate((first, random.permutation(np.setdiff1d(left, first))[: count - len(first)]))


CHOICES: Mapping[str, Choice] = {
    "random": at_random,
    "uncertain": uncertain,
    "diverse": diverse,
    "uncertain-diverse": uncertain_and_diverse,
    "half": half,
}
