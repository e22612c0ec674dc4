"""Writing phantom cases to a folder: pictures, exact truth, and a manifest."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pfm_desktop.domain.grade import Grade
from pfm_desktop.jobs import Context
from pfm_desktop.services.pool import spread
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import write_bytes, write_text

MANIFEST = "manifest.csv"
SETTINGS = "phantoms.json"
COLUMNS = ("patient", "case", "white", "fluorescence", "grade")
LARGEST = 4096


@dataclass(frozen=True)
class _Task:
    out: Path
    number: int
    seed: int
    size: int
    grade: Grade | None

    def file(self, end: str) -> Path:
        return self.out / f"case_{self.number:05d}_{end}"

    @property
    def complete(self) -> bool:
        """Whether all files are there and whole: checksums are compared, which takes a hundredth of drawing."""
        from pfm_desktop.imaging.phantom.signature import whole

        pictures = self.file("white.png"), self.file("fluorescence.png")
        return _whole_truth(self.file("truth.npz")) and all(whole(file) for file in pictures)


def write_phantoms(
    ctx: Context,
    out: Path,
    count: int,
    seed: int,
    grade: Grade | None = None,
    size: int = 1024,
    *,
    workers: int = 2,
) -> Path:
    """Write `count` phantom cases of `size` pixels a side into the folder `out`; returns the manifest.

    A case is `case_00000_white.png`, `case_00000_fluorescence.png` and `case_00000_truth.npz` with
    `white_to_fluorescence` (H x W x 2 float32, x then y, pixels of the fluorescence picture), `lesion`, `cervix` (H x W
    bool) and `grade`. Each is another woman. `grade` None draws each grade, all equally likely. Cases that are there
    already are kept when `seed`, `grade`, `size` and the generator are the same, so that a stopped run goes on; one
    with a damaged file is drawn again. The manifest is written last. Raises `BadInputError` for a folder that holds
    phantoms of other settings.
    """
    _check(count, seed, size)
    out = Path(out)
    _settle_folder(out, {"seed": seed, "grade": grade.value if grade else None, "size": size, **_generator()})
    tasks = [_Task(out, number, case_seed(seed, number), size, grade) for number in range(count)]
    missing = []
    for task in tasks:
        ctx.check()
        if not task.complete:
            missing.append(task)
    for _ in spread(ctx, _write_case, missing, workers=workers, text="Drawing phantoms"):
        pass
    rows = [
        {
            "patient": f"phantom-{seed}-{task.number:05d}",
            "case": f"case_{task.number:05d}",
            "white": task.file("white.png").name,
            "fluorescence": task.file("fluorescence.png").name,
            "grade": _grade_of(task.file("truth.npz")),
        }
        for task in tasks
    ]
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(out / MANIFEST, table.getvalue())
    return out / MANIFEST


def case_seed(seed: int, number: int) -> int:
    """Seed of one case: hashed, so that the sets of two seeds share no phantom (seed + number would)."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:6], "big")


def _write_case(task: _Task) -> None:
    from pfm_desktop.imaging.io import encode_png
    from pfm_desktop.imaging.phantom import PARAMETERS_SHA256, render
    from pfm_desktop.imaging.phantom.signature import signed

    phantom = render(task.seed, grade=task.grade, size=task.size)
    write_bytes(task.file("white.png"), signed(encode_png(phantom.white), PARAMETERS_SHA256))
    write_bytes(task.file("fluorescence.png"), signed(encode_png(phantom.fluorescence), PARAMETERS_SHA256))
    truth = {
        "white_to_fluorescence": np.asarray(phantom.white_to_fluorescence, dtype=np.float32),
        "lesion": np.asarray(phantom.lesion, dtype=bool),
        "cervix": np.asarray(phantom.cervix, dtype=bool),
        "grade": np.asarray(phantom.grade.value),
    }
    # last: a case counts as there once its truth is
    write_bytes(task.file("truth.npz"), _npz(truth))


def _npz(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """An .npz that packs what packs well: masks shrink to a hundredth, a smooth float field hardly at all."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            entry = io.BytesIO()
            np.lib.format.write_array(entry, array, allow_pickle=False)
            packing = zipfile.ZIP_DEFLATED if array.dtype == bool else zipfile.ZIP_STORED
            # a fixed date, so that the same seed gives the same bytes
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), entry.getvalue(), compress_type=packing)
    return stream.getvalue()


def _whole_truth(truth: Path) -> bool:
    """Caught is all that `zipfile` raises for a file in which any byte is another one, or the end is missing."""
    try:
        with zipfile.ZipFile(truth) as archive:
            return archive.testzip() is None
    except (OSError, ValueError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile):
        return False


def _grade_of(truth: Path) -> str:
    try:
        with np.load(truth, allow_pickle=False) as arrays:
            return Grade(str(arrays["grade"])).value
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BadInputError(
            f"{truth} cannot be read", remedy="delete this file and start again; the other cases are kept"
        ) from error


def _generator() -> dict[str, str]:
    from pfm_desktop.imaging.phantom import PARAMETERS_SHA256

    return {"generator": PARAMETERS_SHA256}


def _check(count: int, seed: int, size: int) -> None:
    if count < 1 or count > 99_999:
        raise BadInputError(f"cannot write {count} phantoms", remedy="ask for 1 to 99,999")
    if seed < 0:
        raise BadInputError(f"{seed} cannot be a seed", remedy="use a whole number from 0 upwards")
    if not 64 <= size <= LARGEST:
        raise BadInputError(f"cannot draw phantoms of {size} pixels", remedy=f"ask for 64 to {LARGEST}")


def _settle_folder(out: Path, settings: dict[str, Any]) -> None:
    """Note the settings in the folder, or check that it is of the same settings."""
    if out.exists() and not out.is_dir():
        raise BadInputError(f"{out} is a file", remedy="name a folder")
    noted = out / SETTINGS
    if noted.is_file():
        try:
            found = json.loads(noted.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = None
        if found != settings:
            raise BadInputError(
                f"{out} holds phantoms of other settings ({noted.name} says {found})",
                safe="they are unchanged",
                remedy="choose another folder",
            )
    elif any(out.glob("case_*")) or (out / MANIFEST).exists():
        raise BadInputError(
            f"{out} holds cases that are no phantoms", safe="they are unchanged", remedy="choose another folder"
        )
    else:
        write_text(noted, json.dumps(settings, indent=1) + "\n")
