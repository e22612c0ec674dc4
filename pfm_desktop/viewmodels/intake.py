"""Bringing in patients, visits and picture files. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.jobs import Context
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels.words import spoken
from pfm_desktop.viewmodels.worklist import parsed_birth_date

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

PICTURE_FILES = ("png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp")
STAGE_WORDS: dict[Stage, str] = {
    Stage.ACETIC_ACID: "Acetic acid (white light)",
    Stage.SALINE: "Saline (white light)",
    Stage.GREEN: "Green filter (white light)",
    Stage.LUGOL: "Lugol's iodine (white light)",
    Stage.FLUORESCENCE_AFTER_ACID: "Fluorescence after acid",
    Stage.FLUORESCENCE_BEFORE_ACID: "Fluorescence before acid",
}
AFTER_ACID = (Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID)
_SIGNS = ("fluor", "_fl", "-fl", "uv", "blue")


@dataclass(frozen=True)
class NewPicture:
    """A file that is to be added, its stage, and the seconds since acetic acid (None: not known)."""

    path: Path
    stage: Stage
    seconds_since_acid: float | None = None


@dataclass(frozen=True)
class Added:
    """What became of the files: how many were added, and which were not, with the reason."""

    count: int
    refused: tuple[tuple[Path, str], ...] = field(default=())


def guessed_stages(paths: Sequence[Path]) -> tuple[Stage, ...]:
    """A stage for each file from its name; of two files that say nothing the second is the fluorescence picture.

    A guess only: the form shows it and the user chooses.
    """
    lit = [any(sign in path.stem.lower() for sign in _SIGNS) for path in paths]
    if len(paths) == 2 and not any(lit):
        lit = [False, True]
    return tuple(Stage.FLUORESCENCE_AFTER_ACID if sign else Stage.ACETIC_ACID for sign in lit)


def sources_line(items: Sequence[NewPicture]) -> str:
    """What the visit gets: whether a pair can be read."""
    sources = {item.stage.source for item in items}
    if sources == {Source.WHITE, Source.FLUORESCENCE}:
        return "Both sources: they are read as a pair."
    if not sources:
        return "Choose or drop picture files."
    missing = "fluorescence" if Source.WHITE in sources else "white light"
    return f"No {missing} picture here: add one for a pair, or go on with one source."


def add_patient_and_visit(
    lib: Library, *, identifier: str, family_name: str, given_name: str, birth_date: str, indication: str, examiner: str
) -> str:
    """Put a woman on record and begin her visit; returns the visit's id. Raises `UserError`, nothing is kept then."""
    from pfm_desktop.services import cases

    day = parsed_birth_date(birth_date)
    patient = cases.add_patient(
        lib, identifier=identifier, family_name=family_name, given_name=given_name, birth_date=day
    )
    return add_visit(lib, patient.id, indication=indication, examiner=examiner)


def add_visit(lib: Library, patient_id: str, *, indication: str, examiner: str) -> str:
    """Begin a visit now; returns its id."""
    from pfm_desktop.services import cases

    return cases.add_visit(lib, patient_id, indication=indication.strip(), examiner=examiner).id


def add_pictures(ctx: Context, lib: Library, visit_id: str, items: Sequence[NewPicture]) -> Added:
    """Copy picture files into a visit and make the pair that opens with it. A file that is refused stops no other."""
    from pfm_desktop.services import cases, pairing

    refused, count = [], 0
    for done, item in enumerate(items):
        ctx.progress(done, len(items), "Adding pictures")
        try:
            cases.add_picture(lib, visit_id, item.path, stage=item.stage, seconds_since_acid=item.seconds_since_acid)
            count += 1
        except UserError as error:
            refused.append((item.path, spoken(error)))
    if count:
        pairing.ensure_pair(lib, visit_id)
    return Added(count, tuple(refused))
