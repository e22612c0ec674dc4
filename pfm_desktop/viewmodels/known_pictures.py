"""Picture files that are in the library already, perhaps as another woman's: said before they are added. No Qt."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.jobs import Context
from pfm_desktop.support import moments
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.files import sha256_of
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.words import NO_NAME, capital

if TYPE_CHECKING:
    from pfm_desktop.services.file_says import FileSays
    from pfm_desktop.storage.library import Library
    from pfm_desktop.storage.same_bytes import Holder

ASKED = tr(
    "Nothing was added yet. What is marked above is already in another visit, or seems to be of another woman or day: "
    "remove it, or add it all the same."
)
ALL_THE_SAME = tr("Add all the same")
MOMENT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Known:
    """What is said beside a picture that is in the library already. `elsewhere`: in another visit than this one."""

    said: str
    elsewhere: bool


@dataclass(frozen=True)
class Hashes:
    """SHA-256 of a file, and of its pixels ("" where it is no picture)."""

    sha256: str
    pixels: str = ""


def read_files(ctx: Context, paths: Sequence[Path]) -> tuple[Mapping[Path, Hashes], Mapping[Path, FileSays]]:
    """Hashes of each file, and what each says of itself; as a job. A file that cannot be read has no hashes: it is
    refused when it is added."""
    from pfm_desktop.services import file_says

    said, hashes = file_says.look_at(ctx, paths), {}
    for path, one in said.items():
        with contextlib.suppress(OSError):
            if not path.is_dir():
                hashes[path] = Hashes(one.sha256 or sha256_of(path), one.pixels_sha256)
    return hashes, said


def doubts_of(lib: Library, said: FileSays, visit_id: str) -> str:
    """What speaks against adding a file to a visit; "" where nothing does. Raises `StorageError`."""
    from pfm_desktop.services import file_says

    return "\n".join(capital(doubt) for doubt in file_says.doubts(lib, said, visit_id))


def typed_moment(text: str) -> datetime | None:
    """A moment as a row shows it, typed anew; None for nothing. Raises `BadInputError` for what is none."""
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip(), MOMENT).astimezone()
    except (ValueError, OverflowError, OSError) as error:
        raise BadInputError(
            tr("{typed} is not a time", typed=text.strip()),
            safe=tr("nothing was added"),
            remedy=tr("write it like 2026-03-14 10:15:00"),
        ) from error


def known_pictures(lib: Library, files: Collection[Hashes], visit_id: str) -> Mapping[Hashes, Known]:
    """Which of these files the library holds, and what is said of them where they are to go to `visit_id`.

    "" is the visit of a woman who is not on record yet. Raises `StorageError`.
    """
    from pfm_desktop.storage import repositories as stored
    from pfm_desktop.storage import same_bytes

    if not files:
        return {}
    with lib.read() as session:
        visit = stored.visit(session, visit_id) if visit_id else None
        found = same_bytes.holders(session, [one.sha256 for one in files], [one.pixels for one in files])
    patient_id = visit.patient_id if visit is not None else ""
    held = {one: [holder for holder in found if _holds(holder, one)] for one in files}
    return {one: _known(holders, visit_id, patient_id) for one, holders in held.items() if holders}


def _holds(holder: Holder, one: Hashes) -> bool:
    return holder.sha256 == one.sha256 or bool(one.pixels and holder.pixels_sha256 == one.pixels)


def _known(holders: Sequence[Holder], visit_id: str, patient_id: str) -> Known:
    """Another woman comes first: she is the reason to ask."""
    elsewhere = [holder for holder in holders if holder.visit_id != visit_id]
    if not elsewhere:
        return Known(tr("This picture is already in this visit."), elsewhere=False)
    first = min(elsewhere, key=lambda holder: holder.patient.id == patient_id)
    others = len(elsewhere) - 1
    if first.patient.id == patient_id:
        said = _in_her_visit(moments.day(first.started_at.astimezone().date()), others)
    else:
        said = _in_visit_of(first.patient.display_name or NO_NAME, first.patient.identifier, others)
    return Known(said, elsewhere=True)


def _in_her_visit(day: str, others: int) -> str:
    if not others:
        return tr("This picture is already in another visit of this woman ({day}).", day=day)
    return tr(
        "This picture is already in another visit of this woman ({day}) and in %n more visit(s).", "", others, day=day
    )


def _in_visit_of(name: str, identifier: str, others: int) -> str:
    if not others:
        return tr("This picture is already in a visit of {name} (ID {identifier}).", name=name, identifier=identifier)
    return tr(
        "This picture is already in a visit of {name} (ID {identifier}) and in %n more visit(s).",
        "",
        others,
        name=name,
        identifier=identifier,
    )
