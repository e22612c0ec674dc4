"""Training pictures prepared once: letterboxed, on disk, read through memory maps.

A prepared folder holds `white.u8` and `fluorescence.u8` (N x S x S x 3 bytes), `overlap.u8` (N x S x S) and
`cases.jsonl`, one line a case. The line is written last, so that after a kill the whole cases are found and the rest is
cut off: `PreparedWriter` goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.preprocess import Letterbox, Pixels, Seen, fluorescence_level, letterbox, letterbox_mask
from pfm_desktop.support.errors import BadInputError

CASES = "cases.jsonl"
HEADER = "prepared.json"
ARRAYS = {"white": 3, "fluorescence": 3, "overlap": 1}  # bytes a pixel
WHITE, FLUORESCENCE = str(Source.WHITE), str(Source.FLUORESCENCE)


class PreparedWriter:
    """Appends cases to a prepared folder; opening a folder that holds some goes on behind the last whole one."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = Path(folder), size
        self.folder.mkdir(parents=True, exist_ok=True)
        header = self.folder / HEADER
        if header.exists() and json.loads(header.read_text(encoding="utf-8"))["size"] != size:
            raise BadInputError(f"{self.folder} was prepared at another size", remedy="choose another folder")
        header.write_text(json.dumps({"size": size}), encoding="utf-8")
        self._rows = _whole_rows(self.folder)
        (self.folder / CASES).write_text("".join(json.dumps(row) + "\n" for row in self._rows), encoding="utf-8")
        self._files: dict[str, BinaryIO] = {}
        for name, depth in ARRAYS.items():
            stream = (self.folder / f"{name}.u8").open("ab")
            stream.truncate(len(self._rows) * size * size * depth)
            self._files[name] = stream
        self._lines = (self.folder / CASES).open("a", encoding="utf-8")

    @property
    def done(self) -> tuple[str, ...]:
        """Names of the cases already there, in order; skip them when going on."""
        return tuple(str(row["case"]) for row in self._rows)

    def append(
        self,
        white: Pixels | None,
        fluorescence: Pixels | None,
        overlap: Seen | None,
        *,
        grade: Grade,
        patient: str,
        case: str,
    ) -> None:
        """Add one case: H x W x 3 uint8 pictures in one frame (fluorescence warped onto white), overlap H x W bool.

        A picture that is None is an absent source; without `overlap` the whole fluorescence picture counts.
        """
        given = white if white is not None else fluorescence
        if given is None:
            raise BadInputError(f"case {case} has no picture", remedy="correct the manifest")
        blank = np.zeros_like(given)
        white_square, box = letterbox(white if white is not None else blank, self.size)
        second, box_second = letterbox(fluorescence if fluorescence is not None else blank, self.size)
        if box != box_second:
            raise BadInputError(f"the two pictures of case {case} differ in size", remedy="warp one onto the other")
        seen = _seen(fluorescence is not None, overlap, box)
        self._files["white"].write(white_square.tobytes())
        self._files["fluorescence"].write(second.tobytes())
        self._files["overlap"].write(seen.astype(np.uint8).tobytes())
        row = {
            "case": case,
            "patient": patient,
            "grade": str(grade),
            "box": [box.top, box.left, box.inner_height, box.inner_width],
            "level": fluorescence_level(second, seen),
            "white": white is not None,
            "fluorescence": fluorescence is not None and bool(seen.any()),
        }
        for stream in self._files.values():
            stream.flush()
        self._lines.write(json.dumps(row) + "\n")
        self._lines.flush()
        self._rows.append(row)

    def close(self) -> None:
        """Close the files; the folder can be read from now on."""
        for stream in self._files.values():
            stream.close()
        self._lines.close()

    def __enter__(self) -> PreparedWriter:
        """For `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes."""
        self.close()


@dataclass(frozen=True)
class RawBatch:
    """Some cases as stored.

    Per source: `squares` N x S x S x 3 uint8, `seen` N x S x S float 0 or 1, `present` N bool. `level` N (0..255),
    `grade` N int64.
    """

    squares: dict[str, Tensor]
    seen: dict[str, Tensor]
    level: Tensor
    present: dict[str, Tensor]
    grade: Tensor


class PreparedSet:
    """A prepared folder, read only. Only its path is pickled, so it crosses into a training process cheaply."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        try:
            self.size = int(json.loads((self.folder / HEADER).read_text(encoding="utf-8"))["size"])
        except (OSError, ValueError, KeyError) as error:
            raise BadInputError(f"{self.folder} holds no prepared pictures", remedy="prepare them again") from error
        rows = _whole_rows(self.folder)
        if not rows:
            raise BadInputError(f"{self.folder} holds no whole case", remedy="prepare the pictures again")
        self.cases = [str(row["case"]) for row in rows]
        self.patients = [str(row["patient"]) for row in rows]
        self.grades: NDArray[np.int64] = np.array([Grade(str(row["grade"])).rank for row in rows], np.int64)
        self.level: NDArray[np.float32] = np.array([row["level"] for row in rows], np.float32)
        self.boxes: NDArray[np.int32] = np.array([row["box"] for row in rows], np.int32)
        self.present = {name: np.array([bool(row[name]) for row in rows]) for name in (WHITE, FLUORESCENCE)}
        self._arrays = {name: self._map(name, depth, len(rows)) for name, depth in ARRAYS.items()}

    def __reduce__(self) -> tuple[type[PreparedSet], tuple[Path]]:
        """Pickled as its path."""
        return PreparedSet, (self.folder,)

    def __len__(self) -> int:
        """Number of cases."""
        return len(self.cases)

    def counts(self, indices: Sequence[int] | NDArray[np.int64] | None = None) -> dict[str, int]:
        """Cases a grade, of all or of some."""
        grades = self.grades if indices is None else self.grades[np.asarray(indices, np.int64)]
        return {str(grade): int((grades == grade.rank).sum()) for grade in GRADES}

    def batch(self, indices: NDArray[np.int64]) -> RawBatch:
        """The cases at `indices`, in that order, read from disk."""
        squares = {name: torch.from_numpy(self._arrays[name][indices]) for name in (WHITE, FLUORESCENCE)}
        inside = np.zeros((len(indices), self.size, self.size), np.float32)
        for mask, (top, left, height, width) in zip(inside, self.boxes[indices], strict=True):
            mask[top : top + height, left : left + width] = 1.0
        overlap = self._arrays["overlap"][indices][..., 0].astype(np.float32)
        return RawBatch(
            squares,
            {WHITE: torch.from_numpy(inside), FLUORESCENCE: torch.from_numpy(overlap)},
            torch.from_numpy(self.level[indices]),
            {name: torch.from_numpy(flags[indices]) for name, flags in self.present.items()},
            torch.from_numpy(self.grades[indices]),
        )

    def _map(self, name: str, depth: int, count: int) -> NDArray[np.uint8]:
        shape = (count, self.size, self.size, depth)
        return np.memmap(self.folder / f"{name}.u8", np.uint8, "r", shape=shape)


def _seen(there: bool, overlap: Seen | None, box: Letterbox) -> Seen:
    if not there:
        return np.zeros((box.size, box.size), np.bool_)
    inside = box.inside()
    return inside if overlap is None else inside & letterbox_mask(overlap, box)


def _whole_rows(folder: Path) -> list[dict[str, object]]:
    path = folder / CASES
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            break  # the line that a kill cut short
    return rows
