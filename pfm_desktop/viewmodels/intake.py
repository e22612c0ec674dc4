"""Bringing in patients, visits and picture files. No Qt."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.jobs import Context
from pfm_desktop.support import moments
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.filmstrip import THUMBNAIL_SIDE
from pfm_desktop.viewmodels.words import NO_NAME, capital, spoken
from pfm_desktop.viewmodels.worklist import birth_text, moment_of, parsed_birth_date

if TYPE_CHECKING:
    import numpy as np  # the window stands before numpy loads
    from numpy.typing import NDArray

    from pfm_desktop.domain.change import Change
    from pfm_desktop.storage.library import Library

PICTURE_FILES = ("png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp", "heic", "heif")
STAGES = (  # as a form offers them: what is added most often first
    Stage.ACETIC_ACID,
    Stage.SALINE,
    Stage.GREEN,
    Stage.LUGOL,
    Stage.FLUORESCENCE_AFTER_ACID,
    Stage.FLUORESCENCE_BEFORE_ACID,
)
_NAMED: dict[str, Stage] = {  # what a word of a file's name begins with
    "fluo": Stage.FLUORESCENCE_AFTER_ACID,
    "lugol": Stage.LUGOL,
    "green": Stage.GREEN,
    "saline": Stage.SALINE,
    "white": Stage.ACETIC_ACID,
    "acetic": Stage.ACETIC_ACID,
}
_SHORT = ("fl", "uv", "blue")  # whole words that say fluorescence


@dataclass(frozen=True)
class NewPicture:
    """A file that is to be added, its stage, the seconds since acetic acid and when it was taken (None: not known)."""

    path: Path
    stage: Stage
    seconds_since_acid: float | None = None
    taken_at: datetime | None = None  # aware


@dataclass(frozen=True)
class Whom:
    """The woman whom a form is about, and when her visit began."""

    name: str
    born: str
    identifier: str
    when: str

    @property
    def facts(self) -> str:
        """What tells her from another one of her name."""
        return tr("born {born}, ID {identifier}", born=self.born, identifier=self.identifier)


@dataclass(frozen=True)
class Added:
    """What became of the files: how many were added, and which were not, with the reason.

    `changes` is what undo takes back: the pictures, and the pair that was made of them.
    """

    count: int
    refused: tuple[tuple[Path, str], ...] = field(default=())
    changes: tuple[Change, ...] = field(default=())


def offered_as(stage: Stage) -> str:
    """A stage as a form offers it; its own word comes first, so that its letter finds it."""
    if stage.source is Source.FLUORESCENCE:
        return tr("Fluorescence {when}", when=stage.words)
    return tr("{stage} (white light)", stage=capital(stage.words))


def named_stage(path: Path) -> Stage | None:
    """The stage that a file's name says; None where it says nothing."""
    for word in re.findall(r"[a-z]+", path.stem.lower()):
        if word in _SHORT:
            return Stage.FLUORESCENCE_AFTER_ACID
        for beginning, stage in _NAMED.items():
            if word.startswith(beginning):
                return stage
    return None


def guessed_stage(path: Path) -> Stage:
    """A stage for a file from its name, else acetic acid. A guess only: the form shows it and the user chooses."""
    return named_stage(path) or Stage.ACETIC_ACID


def with_fluorescence_colours(ctx: Context, paths: Sequence[Path]) -> frozenset[Path]:
    """Which of these files have the colours of a fluorescence picture; as a job. What is no picture has not."""
    from pfm_desktop.imaging import io, quality

    found = set()
    for done, path in enumerate(paths):
        ctx.progress(done, len(paths), tr("Looking at the colours"))
        with contextlib.suppress(UserError):  # it is refused when it is added, with the reason
            if quality.looks_fluorescent(io.read_picture(path).pixels):
                found.add(path)
    return frozenset(found)


def pixels_of(path: Path) -> NDArray[np.uint8]:
    """What a file shows, for its thumbnail; `UserError` for what is no picture."""
    from pfm_desktop.imaging import io

    return io.read_picture(path, longest=THUMBNAIL_SIDE).pixels


def sources_line(items: Sequence[NewPicture]) -> str:
    """What the visit gets: whether a pair can be read."""
    sources = {item.stage.source for item in items}
    if sources == {Source.WHITE, Source.FLUORESCENCE}:
        return tr("Both sources: they are read as a pair.")
    if not sources:
        return tr("Choose or drop picture files.")
    if Source.WHITE in sources:
        return tr("No fluorescence picture here: add one for a pair, or go on with one source.")
    return tr("No white light picture here: add one for a pair, or go on with one source.")


def add_patient_and_visit(
    lib: Library, *, identifier: str, family_name: str, given_name: str, birth_date: str, indication: str, examiner: str
) -> tuple[Change, ...]:
    """Put a woman on record and begin her visit, whose change comes last. Raises `UserError`, nothing is kept then."""
    from pfm_desktop.services import cases

    day = parsed_birth_date(birth_date)
    patient = cases.add_patient(
        lib, identifier=identifier, family_name=family_name, given_name=given_name, birth_date=day
    )
    made = cases.change_that_made(lib, "patient", patient.id, f"Patient {patient.identifier} added")
    return made, add_visit(lib, patient.id, indication=indication, examiner=examiner)


def person_of(lib: Library, visit_id: str) -> dict[str, str]:
    """What is on record about the woman of a visit, as the form's fields show it."""
    from pfm_desktop.services import cases

    patient = cases.visit_case(lib, visit_id).patient
    return {
        "identifier": patient.identifier,
        "family_name": patient.family_name,
        "given_name": patient.given_name,
        "birth_date": moments.day(patient.birth_date) if patient.birth_date else "",
    }


def edit_patient(
    lib: Library, patient_id: str, *, identifier: str, family_name: str, given_name: str, birth_date: str
) -> tuple[Change, ...]:
    """Correct what is on record about a woman; raises `UserError`, nothing is changed then."""
    from pfm_desktop.services import cases

    day = parsed_birth_date(birth_date)
    return cases.edit_patient(
        lib, patient_id, identifier=identifier, family_name=family_name, given_name=given_name, birth_date=day
    )


def add_visit(lib: Library, patient_id: str, *, indication: str, examiner: str) -> Change:
    """Begin a visit now; the change's key is its id."""
    from pfm_desktop.services import cases

    visit = cases.add_visit(lib, patient_id, indication=indication.strip(), examiner=examiner)
    return cases.change_that_made(lib, "visit", visit.id, "Visit added")


def whom_of(lib: Library, visit_id: str) -> Whom:
    """The woman and her visit, as a form names them; `StorageError` when they are no longer on record."""
    from pfm_desktop.services import cases

    case = cases.visit_case(lib, visit_id)
    patient = case.patient
    name, born = patient.display_name or NO_NAME, birth_text(patient.birth_date)
    return Whom(name, born, patient.identifier, moment_of(case.visit))


def target_text(whom: Whom, *, elsewhere: bool) -> str:
    """To which of her visits pictures go; `elsewhere`: the list stands on another visit, perhaps another woman's."""
    said = tr("To her visit of {when}.", when=whom.when)
    if not elsewhere:
        return said
    return f"{said}\n" + tr("Another visit is chosen in the list; the pictures go to this one.")


def add_pictures(ctx: Context, lib: Library, visit_id: str, items: Sequence[NewPicture]) -> Added:
    """Copy picture files into a visit and make the pair that opens with it. A file that is refused stops no other.

    A picture that the visit has already at this stage is refused too.
    """
    from pfm_desktop.services import cases, pairing

    refused, changes = [], []
    before = cases.visit_case(lib, visit_id)
    known = {picture.id for picture in before.pictures}
    for done, item in enumerate(items):
        ctx.progress(done, len(items), tr("Adding pictures"))
        try:
            added = cases.add_picture(
                lib,
                visit_id,
                item.path,
                stage=item.stage,
                seconds_since_acid=item.seconds_since_acid,
                taken_at=item.taken_at,
            )
        except UserError as error:
            refused.append((item.path, spoken(error)))
            continue
        if added.id in known:
            refused.append(
                (item.path, tr("{file} is already in this visit; it is not added a second time.", file=item.path.name))
            )
            continue
        known.add(added.id)
        text = f"Picture added ({added.stage.value.replace('_', ' ')})"
        changes.append(cases.change_that_made(lib, "picture", added.id, text))
    count = len(changes)
    pair = pairing.ensure_pair(lib, visit_id) if count else None
    if pair is not None and before.pair(pair.id) is None:
        changes.append(cases.change_that_made(lib, "pair", pair.id, "Pair made"))
    return Added(count, tuple(refused), tuple(changes))
