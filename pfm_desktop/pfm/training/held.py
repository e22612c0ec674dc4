"""Prepared cases that are held in memory only: for a library whose pictures may lie nowhere on disk as they are.

`HeldCases` collects them, `HeldSet` is used wherever a `PreparedSet` is. It cannot be pickled: it stays in the process
that made it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.preprocess import Pixels, Seen
from pfm_desktop.pfm.training.data import ARRAYS, FLUORESCENCE, SECOND, WHITE, PreparedSet
from pfm_desktop.pfm.training.squares import square_of
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr


def held_bytes(size: int) -> int:
    """What one prepared case takes at input `size`."""
    return size * size * sum(ARRAYS.values())


class HeldCases:
    """Collects at most `most` cases in the order in which they are added; `made` gives the set.

    `second`: of which source the pictures in the second place are.
    """

    def __init__(self, size: int, most: int, second: Source = Source.FLUORESCENCE) -> None:
        self.size, self.second = size, second
        self.rows: list[dict[str, Any]] = []
        # pages of it are taken as they are written to
        self.arrays = {name: np.empty((most, size, size, depth), np.uint8) for name, depth in ARRAYS.items()}

    def __len__(self) -> int:
        """Number of cases."""
        return len(self.rows)

    def add(
        self,
        white: Pixels | None,
        fluorescence: Pixels | None,
        overlap: Seen | None,
        *,
        grade: Grade,
        patient: str,
        case: str,
    ) -> None:
        """As `PreparedWriter.append`."""
        square = square_of(white, fluorescence, overlap, size=self.size, case=case)
        self.arrays[WHITE][len(self)] = square.white
        self.arrays[FLUORESCENCE][len(self)] = square.fluorescence
        self.arrays["overlap"][len(self)] = square.overlap[..., None]
        row = {"case": case, "patient": patient, "grade": str(grade), "box": square.corners, "level": square.level}
        other = {} if self.second is Source.FLUORESCENCE else {SECOND: str(self.second)}
        self.rows.append({**row, **square.present, **other})

    def made(self) -> HeldSet:
        """The set; raises `BadInputError` without a case."""
        return HeldSet(self)


class HeldSet(PreparedSet):
    """A `PreparedSet` in memory; `folder` is empty."""

    def __init__(self, held: HeldCases) -> None:
        rows = held.rows
        if not rows:
            raise BadInputError(tr("there is no case that can be used"), remedy=tr("retake or replace the pictures"))
        self.folder, self.size = Path(), held.size
        self._describe(rows)
        self._arrays = {name: array[: len(rows)] for name, array in held.arrays.items()}
        self.outlined = np.zeros(len(rows), np.bool_)
        self._outlines = None

    def __reduce__(self) -> tuple[Any, ...]:
        """It stays where it is."""
        raise TypeError("pictures held in memory are not passed on to another process")
