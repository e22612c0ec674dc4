"""Prepared cases with the fluorescence picture exchanged: the pairing is broken, or white light stands in its place.

A gain of "two sources" that stays under either is capacity or augmentation, no fusion.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.evidence_parts.arms import DUPLICATED, SHUFFLED
from pfm_desktop.pfm.preprocess import fluorescence_level
from pfm_desktop.pfm.training.data import FLUORESCENCE, WHITE, PreparedSet, RawBatch
from pfm_desktop.support.errors import BadInputError


class Shuffled(PreparedSet):
    """Each white-light picture with the fluorescence picture of another woman, of whatever grade.

    The outline of a lesion holds for white light alone: the fluorescence head is not taught to look where this woman's
    lesion is in another woman's picture.
    """

    def __init__(self, folder: Path, *, seed: int) -> None:
        super().__init__(folder)
        self.partner = partners(self.patients, seed=seed)
        self.digest = f"{self.digest}-{SHUFFLED}-{seed}"

    def batch(self, indices: NDArray[np.int64]) -> RawBatch:
        """See `PreparedSet.batch`."""
        own, other = super().batch(indices), super().batch(self.partner[indices])
        return replace(
            own,
            squares={**own.squares, FLUORESCENCE: other.squares[FLUORESCENCE]},
            seen={**own.seen, FLUORESCENCE: other.seen[FLUORESCENCE]},
            level=other.level,
            present={**own.present, FLUORESCENCE: other.present[FLUORESCENCE]},
            lesion_in=(WHITE,),
        )


class Duplicated(PreparedSet):
    """The white-light picture in both places; in the second it is divided by its own level, as fluorescence is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.level = np.array([self._white_level(index) for index in range(len(self))], np.float32)
        self.digest = f"{self.digest}-{DUPLICATED}"

    def batch(self, indices: NDArray[np.int64]) -> RawBatch:
        """See `PreparedSet.batch`."""
        own = super().batch(indices)
        return replace(
            own,
            squares=dict.fromkeys((WHITE, FLUORESCENCE), own.squares[WHITE]),
            seen=dict.fromkeys((WHITE, FLUORESCENCE), own.seen[WHITE]),
            present=dict.fromkeys((WHITE, FLUORESCENCE), own.present[WHITE]),
        )

    def _white_level(self, index: int) -> float:
        raw = super().batch(np.array([index]))
        return fluorescence_level(raw.squares[WHITE][0].numpy(), raw.seen[WHITE][0].numpy() > 0)


def controlled(data: PreparedSet, control: str, *, seed: int) -> PreparedSet:
    """`data` as the arm with this control gets it; as it is without one."""
    if control == SHUFFLED:
        return Shuffled(data.folder, seed=seed)
    return Duplicated(data.folder) if control == DUPLICATED else data


def partners(patients: list[str], *, seed: int) -> NDArray[np.int64]:
    """For each case the index of a case of another woman; each case is given away once.

    Raises `BadInputError` where a woman has more than half of the cases: then there is no such exchange.
    """
    random = np.random.default_rng(seed)
    _, woman = np.unique(np.array(patients, dtype=str), return_inverse=True)
    place = random.permutation(int(woman.max()) + 1)[woman]
    order = np.argsort(
        place, kind="stable"
    )  # a woman's cases stand together, so a step over the largest block leaves her
    largest = int(np.bincount(woman).max())
    if 2 * largest > len(patients):
        raise BadInputError("one woman has more than half of the cases", remedy="shuffle a set of more women")
    step = int(random.integers(largest, len(patients) - largest + 1))
    out = np.empty(len(patients), np.int64)
    out[order] = np.roll(order, -step)
    return out
