"""Registering two picture files, with points in and out as CSV."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.geometry import Points
from pfm_desktop.domain.registration import STATUS_WORDS, RegistrationStatus, cause_of, reason_words
from pfm_desktop.imaging.field import register_lit
from pfm_desktop.imaging.io import encoder_for, read_picture
from pfm_desktop.imaging.quality import identical
from pfm_desktop.imaging.registration import Registration
from pfm_desktop.imaging.registration.result import refused
from pfm_desktop.interop.tabular import read_table
from pfm_desktop.jobs import Context
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import check_outputs, json_bytes, write_all
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]
POINT_COLUMNS = ("x", "y")
_NUMBERS = tr("give two numbers with a decimal point, such as 12.5,30")


@dataclass(frozen=True, eq=False)
class FileRegistration:
    """What `register_files` found, and the files it wrote and removed. `notes` is for a person, a line each."""

    registration: Registration
    twice: bool = False  # the same picture was given for both
    notes: tuple[str, ...] = ()
    written: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the map may be used (ok or check)."""
        return self.registration.status is not RegistrationStatus.REFUSED

    @property
    def sentence(self) -> str:
        """One line for a person."""
        found = self.registration
        if self.twice:
            return tr(
                "not registered: {cause}. Give the white-light and the fluorescence picture of one visit",
                cause=found.cause,
            )
        if not self.usable:
            return tr(
                "not registered: {cause}. Points can be placed by hand in the window, pfm-desktop", cause=found.cause
            )
        if found.error_px is None:
            said = tr("registered: {status}", status=STATUS_WORDS[found.status])
        else:
            said = tr(
                "registered: {status}, estimated error {error:.1f} px",
                status=STATUS_WORDS[found.status],
                error=found.error_px,
            )
        return said + (f" ({reason_words(found.reason)})" if found.reason else "")

    def as_json(self) -> dict[str, Any]:
        """`status`, `error_px`, `matrix` (white-light to fluorescence pixels, 3 x 3), `overlap`, `reason`."""
        summary = self.registration.summary()
        return {
            "status": summary.status.value,
            "error_px": summary.error_px,
            "matrix": [list(row) for row in summary.matrix] if self.usable else None,
            "overlap": summary.overlap if self.usable else None,
            "reason": cause_of(self.registration.reason) or None,  # as it is kept: in English
        }


def register_files(
    ctx: Context,
    white: Path,
    fluorescence: Path,
    *,
    json_out: Path | None = None,
    points: Path | None = None,
    mapped: Path | None = None,
    warped: Path | None = None,
) -> FileRegistration:
    """Read and register two files; write `json_out`, and `mapped` and `warped` where the map may be used.

    The files are written all or none. Where the map may not be used, a file that stands at `mapped` or `warped` is
    removed, as it would be replaced otherwise: it is of another pair. The result says so.

    Raises `BadInputError` for unreadable files, a `warped` whose ending is not written (see `imaging.io.encoder_for`),
    and when one of `points` and `mapped` comes without the other.
    """
    if (points is None) != (mapped is None):
        raise BadInputError(tr("--points and --mapped go together"), remedy=tr("give both or neither"))
    inputs = [path for path in (white, fluorescence, points) if path is not None]
    check_outputs(inputs, [path for path in (json_out, mapped, warped) if path is not None])
    encode = encoder_for(warped) if warped is not None else None
    wanted = read_points(points) if points is not None else None
    ctx.progress(0, 3, tr("Reading"))
    first, second = read_picture(white).pixels, read_picture(fluorescence).pixels
    ctx.progress(1, 3, tr("Registering"))
    twice = identical(first, second) is not None
    registration = _same_twice(first, second) if twice else register_lit(first, second, ctx=ctx)
    found = FileRegistration(registration, twice)
    ctx.progress(2, 3, tr("Writing"))
    contents: dict[Path, bytes] = {}
    if json_out is not None:
        contents[json_out] = json_bytes(found.as_json())
    if found.usable and wanted is not None and mapped is not None:
        contents[mapped] = points_bytes(registration.white_to_fluorescence(wanted))
        found = replace(found, notes=_outside(wanted, registration.white_size))
    if found.usable and warped is not None and encode is not None:
        contents[warped] = encode(registration.warp_to_white(second))
    write_all(contents)
    removed = tuple(path for path in (mapped, warped) if path is not None and path not in contents and _gone(path))
    ctx.progress(3, 3, tr("Done"))
    return replace(found, written=tuple(contents), removed=removed)


def _gone(stale: Path) -> bool:
    """Whether a file stood there; it does no more."""
    file = Path(os.path.realpath(stale))
    stood = file.exists()
    file.unlink(missing_ok=True)
    return stood


def _same_twice(white: Pixels, fluorescence: Pixels) -> Registration:
    """A picture lies on itself perfectly, which says nothing: the same picture twice is no pair."""
    sizes = [(picture.shape[1], picture.shape[0]) for picture in (white, fluorescence)]
    return refused("the same picture was given twice", sizes[0], sizes[1])


def _outside(points: Points, size: tuple[int, int]) -> tuple[str, ...]:
    """Mapped all the same: close to the edge that is sound, and a script wants as many lines as it gave."""
    outside = int(((points < -0.5) | (points > np.array(size) - 0.5)).any(axis=1).sum())
    if not outside:
        return ()
    return (
        tr(
            "%n of {points} points (lies|lie) outside the white-light picture ({width} x {height} pixels)",
            "",
            outside,
            points=len(points),
            width=size[0],
            height=size[1],
        ),
    )


def read_points(path: Path) -> Points:
    """N x 2 points from a CSV with the columns x and y, read as a manifest is (see `interop.tabular`)."""
    found = []
    for row in read_table(path, POINT_COLUMNS, kind=tr("points file")):
        where = tr("{path}, line {line}", path=path, line=row.line)
        if row.more:  # such as 12,5,30,1 with decimal commas
            raise BadInputError(tr("{where}: more cells than columns", where=where), remedy=_NUMBERS)
        try:
            x, y = (float(row.cells[column]) for column in POINT_COLUMNS)
        except ValueError as error:
            raise BadInputError(tr("{where}: no x and y", where=where), remedy=_NUMBERS) from error
        if not (math.isfinite(x) and math.isfinite(y)):
            raise BadInputError(tr("{where}: not a finite number", where=where), remedy=tr("correct the line"))
        found.append((x, y))
    return np.array(found, dtype=np.float64).reshape(-1, 2)


def points_bytes(points: Points) -> bytes:
    """N x 2 points as a CSV with the columns x and y."""
    return "\n".join(["x,y", *(f"{x:.3f},{y:.3f}" for x, y in points), ""]).encode()
