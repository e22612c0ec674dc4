"""Training pictures prepared once: letterboxed, on disk, read through memory maps.

A prepared folder holds the two places of a pair, `white.u8` and `fluorescence.u8` (N x S x S x 3 bytes), `overlap.u8`
and `lesion.u8` (N x S x S), and `cases.jsonl`, one line a case. The line is written last, so that after a kill the
whole cases are found and the rest is cut off: `PreparedWriter` goes on from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.preprocess import Pixels, Seen, letterbox_mask
from pfm_desktop.pfm.training.squares import square_of
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.files import named, write_text
from pfm_desktop.support.language import tr

CASES = "cases.jsonl"
HEADER = "prepared.json"
ARRAYS = {"white": 3, "fluorescence": 3, "overlap": 1}  # bytes a pixel
SECOND = "second"  # of a line: the source in the second place, where it is not fluorescence
LESION = "lesion"  # one byte a pixel; the file is short, or not there, where no later case has an outline
WHITE, FLUORESCENCE = str(Source.WHITE), str(Source.FLUORESCENCE)
SAFE = tr("the pictures that you gave are unchanged")


@dataclass(frozen=True)
class CaseFacts:
    """What a manifest says about a case. `pictures`: digest of the files it is prepared from."""

    patient: str
    grade: Grade
    pictures: str


class PreparedWriter:
    """Appends cases to a prepared folder; opening a folder that holds some goes on behind the last whole one.

    `facts`, by case: what is there already must be made of the same pictures (`BadInputError`, and nothing is
    changed); patients and grades are taken from it, since a manifest may have been corrected. A full disk is a
    `StorageError` that names the folder; whole cases stay.
    """

    def __init__(self, folder: Path, size: int, facts: Mapping[str, CaseFacts] | None = None) -> None:
        self.folder, self.size = Path(folder), size
        with named(self.folder, safe=SAFE):
            self.folder.mkdir(parents=True, exist_ok=True)
        header = self.folder / HEADER
        if header.exists() and _size_of(self.folder) != size:
            raise _not_this(self.folder, tr("was prepared at another size than {size}", size=size))
        self._rows = _whole_rows(self.folder)
        if facts is not None:
            self._rows = _brought_up(self.folder, self._rows, facts)
        write_text(header, json.dumps({"size": size}))
        write_text(self.folder / CASES, "".join(json.dumps(row) + "\n" for row in self._rows))
        self._files: dict[str, BinaryIO] = {}
        with named(self.folder, safe=SAFE), ExitStack() as opened:
            for name, depth in ARRAYS.items():
                stream = opened.enter_context((self.folder / f"{name}.u8").open("ab"))
                stream.truncate(len(self._rows) * size * size * depth)
                self._files[name] = stream
            self._lines = opened.enter_context((self.folder / CASES).open("a", encoding="utf-8"))
            self._open = opened.pop_all()

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
        pictures: str = "",
        lesion: Seen | None = None,
    ) -> None:
        """Add one case: H x W x 3 uint8 pictures in one frame (fluorescence warped onto white), overlap H x W bool.

        A picture that is None is an absent source; without `overlap` the whole fluorescence picture counts. `pictures`:
        see `CaseFacts`. `lesion`: H x W bool, where somebody outlined it.
        """
        made = square_of(white, fluorescence, overlap, size=self.size, case=case)
        row = {
            "case": case,
            "patient": patient,
            "grade": str(grade),
            "pictures": pictures,
            "box": made.corners,
            "level": made.level,
            "white": made.present[WHITE],
            "fluorescence": made.present[FLUORESCENCE],
        }
        if lesion is not None:
            row[LESION] = True
        with named(self.folder, safe=SAFE):
            if lesion is not None:
                self._write_outline(letterbox_mask(lesion, made.box))
            self._files["white"].write(made.white.tobytes())
            self._files["fluorescence"].write(made.fluorescence.tobytes())
            self._files["overlap"].write(made.overlap.tobytes())
            for stream in self._files.values():
                stream.flush()
            self._lines.write(json.dumps(row) + "\n")
            self._lines.flush()
        self._rows.append(row)

    def _write_outline(self, square: Seen) -> None:
        """At the place of the next case; what lies before it and is not there is a hole, which reads as no lesion."""
        path = self.folder / f"{LESION}.u8"
        with path.open("r+b" if path.exists() else "w+b") as stream:
            stream.truncate(len(self._rows) * square.size)
            stream.seek(0, 2)
            stream.write(square.astype(np.uint8).tobytes())

    def close(self) -> None:
        """Close the files; the folder can be read from now on."""
        with named(self.folder, safe=SAFE):
            self._open.close()

    def __enter__(self) -> PreparedWriter:
        """For `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes."""
        try:
            self.close()
        except StorageError:  # what a full disk did not take, closing tries once more: it was said already
            if error is None:
                raise


@dataclass(frozen=True)
class RawBatch:
    """Some cases as stored.

    Per source: `squares` N x S x S x 3 uint8, `seen` N x S x S float 0 or 1, `present` N bool. `level` N (0..255),
    `grade` N int64. `lesion` N x S x S float 0 or 1, zero without an outline; None when no case has one. `lesion_in`:
    the sources that it holds for; None: all.
    """

    squares: dict[str, Tensor]
    seen: dict[str, Tensor]
    level: Tensor
    present: dict[str, Tensor]
    grade: Tensor
    lesion: Tensor | None = None
    lesion_in: tuple[str, ...] | None = None


class PreparedSet:
    """A prepared folder, read only. Only its path is pickled, so it crosses into a training process cheaply.

    `digest` changes with the cases, their order, patients, grades and pictures. `second` is the source in the second
    place of all cases.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.size = _size_of(self.folder)
        rows = _whole_rows(self.folder)
        if not rows:
            raise BadInputError(
                tr("{folder} holds no whole case", folder=self.folder), remedy=tr("prepare the pictures again")
            )
        self._describe(rows)
        self._arrays = {name: self._map(name, depth, len(rows)) for name, depth in ARRAYS.items()}
        self.outlined: NDArray[np.bool_] = np.array([bool(row.get(LESION)) for row in rows])
        upto = int(np.flatnonzero(self.outlined)[-1]) + 1 if self.outlined.any() else 0
        self._outlines = self._map(LESION, 1, upto) if upto else None

    def _describe(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.digest = hashlib.sha256(json.dumps([self.size, rows], sort_keys=True).encode()).hexdigest()
        self.cases = [str(row["case"]) for row in rows]
        self.patients = [str(row["patient"]) for row in rows]
        self.grades: NDArray[np.int64] = np.array([Grade(str(row["grade"])).rank for row in rows], np.int64)
        self.level: NDArray[np.float32] = np.array([row["level"] for row in rows], np.float32)
        self.boxes: NDArray[np.int32] = np.array([row["box"] for row in rows], np.int32)
        self.second = str(rows[0].get(SECOND, FLUORESCENCE))
        places = {WHITE: WHITE, self.second: FLUORESCENCE}
        self.present = {name: np.array([bool(row[place]) for row in rows]) for name, place in places.items()}

    def __reduce__(self) -> tuple[Any, ...]:
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
        places = {WHITE: WHITE, self.second: FLUORESCENCE}
        squares = {name: torch.from_numpy(self._arrays[place][indices]) for name, place in places.items()}
        inside = np.zeros((len(indices), self.size, self.size), np.float32)
        for mask, (top, left, height, width) in zip(inside, self.boxes[indices], strict=True):
            mask[top : top + height, left : left + width] = 1.0
        overlap = self._arrays["overlap"][indices][..., 0].astype(np.float32)
        return RawBatch(
            squares,
            {WHITE: torch.from_numpy(inside), self.second: torch.from_numpy(overlap)},
            torch.from_numpy(self.level[indices]),
            {name: torch.from_numpy(flags[indices]) for name, flags in self.present.items()},
            torch.from_numpy(self.grades[indices]),
            self._lesions(indices),
        )

    def _lesions(self, indices: NDArray[np.int64]) -> Tensor | None:
        known = np.flatnonzero(self.outlined[indices])
        if self._outlines is None or not len(known):
            return None
        out = np.zeros((len(indices), self.size, self.size), np.float32)
        out[known] = self._outlines[indices[known]][..., 0]
        return torch.from_numpy(out)

    def _map(self, name: str, depth: int, count: int) -> NDArray[np.uint8]:
        shape = (count, self.size, self.size, depth)
        return np.memmap(self.folder / f"{name}.u8", np.uint8, "r", shape=shape)


def _size_of(folder: Path) -> int:
    try:
        return int(json.loads((folder / HEADER).read_text(encoding="utf-8"))["size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInputError(
            tr("{folder} holds no prepared pictures", folder=folder), remedy=tr("prepare them again")
        ) from error


def _brought_up(
    folder: Path, rows: Sequence[dict[str, object]], facts: Mapping[str, CaseFacts]
) -> list[dict[str, object]]:
    """The prepared rows with patient and grade as `facts` say; raises `BadInputError` for other pictures."""
    known = [(row, facts.get(str(row["case"]))) for row in rows]
    other = [str(row["case"]) for row, fact in known if fact is None or fact.pictures != row.get("pictures")]
    if other:
        raise _not_this(
            folder,
            tr(
                "was prepared from other cases, pictures or sources than the manifest names: {differ} of "
                "its {rows} cases differ, such as {case}",
                differ=len(other),
                rows=len(rows),
                case=other[0],
            ),
        )
    return [{**row, "patient": fact.patient, "grade": str(fact.grade)} for row, fact in known if fact is not None]


def _not_this(folder: Path, why: str) -> BadInputError:
    return BadInputError(
        f"{folder} {why}",
        safe=tr("nothing in it was changed"),
        remedy=tr("name another folder with --prepared, or delete this one to have it made again"),
    )


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
