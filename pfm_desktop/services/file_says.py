"""What a picture file says of itself before it is added to a visit by hand: whose it is, of which day, how long after
the acid. The import's own guesses are asked; here they are held against the woman and the visit that were chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from pfm_desktop.domain.case import Patient, Visit, identifier_key
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.services.importing.births import births_on
from pfm_desktop.services.importing.dates import without_dates
from pfm_desktop.services.importing.guess import unknown
from pfm_desktop.services.importing.making import make_plan
from pfm_desktop.services.importing.naming import told_by
from pfm_desktop.services.importing.people import guessed_patient
from pfm_desktop.services.importing.plan import Person, PlannedPicture
from pfm_desktop.services.importing.words import said_by
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.schema import folded
from pfm_desktop.support import moments
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

_WORD = re.compile(r"[^\W\d_]{2,}")
_NO_NAMES = frozenset(
    [
        "bild",
        "bilder",
        "camera",
        "capture",
        "case",
        "colpo",
        "colposcope",
        "colposcopy",
        "copy",
        "export",
        "foto",
        "fotos",
        "frame",
        "image",
        "images",
        "img",
        "import",
        "kolposkopie",
        "left",
        "new",
        "photo",
        "photos",
        "pic",
        "picture",
        "pictures",
        "right",
        "scan",
        "series",
        "set",
        "shot",
        "study",
        "visit",
    ]
)
_LEVELS = 3
_SHORTEST = 3  # letters of a word that may be a name


@dataclass(frozen=True)
class FileSays:
    """What is guessed or said of one file. `taken_at` (aware) only where a time of day is known; `why` of each.

    `number_said`: the file's own record says it, so that it counts whatever it looks like.
    """

    folder: str
    stem: str
    number: str = ""
    number_said: bool = False
    number_why: str = ""
    person: Person | None = None
    day: date | None = None
    taken_at: datetime | None = None
    when_why: str = ""
    seconds: float | None = None
    seconds_why: str = ""
    sha256: str = ""  # of the file; "" for what is no single picture
    pixels_sha256: str = ""  # see `imaging.pixels`


def look_at(ctx: Context, paths: Sequence[Path]) -> Mapping[Path, FileSays]:
    """Job: what each file says; one that cannot be read says what its name does."""
    found = {}
    for done, path in enumerate(paths):
        ctx.progress(done, len(paths), tr("Looking what the files say"))
        found[path] = _said_by_file(path)
    return found


def doubts(lib: Library, said: FileSays, visit_id: str) -> tuple[str, ...]:
    """What speaks against adding a file to a visit: another woman, another day. () where nothing does."""
    with lib.read() as session:
        visit = stored.visit(session, visit_id) if visit_id else None
        patient = stored.patient(session, visit.patient_id) if visit is not None else None
        if visit is None or patient is None:
            return ()
        found = (
            *_of_number(session, said, patient),
            *_of_person(said, patient),
            *_of_names(session, said, patient),
            *_of_birth(said, patient),
        )
    return (*found[:1], *_of_day(said, visit))


def _said_by_file(path: Path) -> FileSays:
    planned = _planned(path)
    names = guessed_patient(_folders(path), path.stem)
    if names.value not in _numbers(path):
        names = unknown(names.why)  # words: `_of_names` looks whether they are a name
    plain = FileSays(path.parent.name, path.stem, names.value or "", number_why=names.why)
    if planned is None:
        return plain
    when = planned.when.value if planned.when.known() else None
    number = planned.patient if planned.person is not None and planned.patient.known() else names
    return FileSays(
        plain.folder,
        plain.stem,
        number.value or "",
        number is not names,
        number.why,
        planned.person,
        when.day if when is not None else None,
        when.at if when is not None and not when.day_only else None,
        planned.when.why if when is not None else "",
        planned.seconds_since_acid.value if planned.seconds_since_acid.known() else None,
        planned.seconds_since_acid.why,
        planned.sha256,
        planned.pixels_sha256,
    )


def _folders(path: Path) -> tuple[str, ...]:
    """The folders that may be hers, outermost first: woman, visit, and what the program or a camera made in it."""
    return path.parent.parts[1:][-_LEVELS:]


def _numbers(path: Path) -> set[str]:
    told = [told_by(name) for name in (*_folders(path), path.stem)]
    return {value for one in told for value in (*one.marked, *(number.value for number in one.numbers))}


def _planned(path: Path) -> PlannedPicture | None:
    """As the import sees it; None for what is no single picture."""
    try:
        pictures = make_plan(SilentContext(), [path]).pictures
    except UserError:
        return None
    return pictures[0] if len(pictures) == 1 else None


def _of_number(session: Any, said: FileSays, patient: Patient) -> Iterator[str]:
    """A number counts where it is another woman's on record, where the file says it, or where it looks as hers does."""
    if not said.number or identifier_key(said.number) == identifier_key(patient.identifier):
        return
    other = stored.patient_by_identifier(session, said.number)
    if other is not None and other.id != patient.id:
        name = other.display_name or tr("another patient")
        yield tr("{reason}: {number} is {name} in this library.", reason=said.number_why, number=said.number, name=name)
    elif said.number_said or said.number in said.stem or _shape(said.number) == _shape(patient.identifier):
        yield tr(
            "{reason}: {number}, and hers is {identifier}.",
            reason=said.number_why,
            number=said.number,
            identifier=patient.identifier,
        )


def _of_person(said: FileSays, patient: Patient) -> Iterator[str]:
    person = said.person
    if person is None:
        return
    pairs = (
        (person.family_name, patient.family_name),
        (person.given_name, patient.given_name),
        (person.birth_date, patient.birth_date),
    )
    if any(one and other and folded(str(one)) != folded(str(other)) for one, other in pairs):
        name = ", ".join(part for part in (person.family_name, person.given_name) if part)
        name = name or tr("another woman")
        born = moments.day(person.birth_date) if person.birth_date else ""
        yield (
            tr("The file's own record says {name}, born {day}.", name=name, day=born)
            if born
            else tr("The file's own record says {name}.", name=name)
        )


_FILE_SAYS, _FOLDER_SAYS = tr("The file's name says {name}."), tr("Its folder says {name}.")


def _of_names(session: Any, said: FileSays, patient: Patient) -> Iterator[str]:
    """Two words side by side: another woman of the library, or what can only be somebody's name."""
    hers = {folded(word) for word in _WORD.findall(f"{patient.family_name} {patient.given_name}")}
    for text, it_says in ((said.stem, _FILE_SAYS), (said.folder, _FOLDER_SAYS)):
        tokens = _telling(text)
        shared = {folded(token) for token in tokens} & hers
        for one, two in pairwise(tokens):
            pair = {folded(one), folded(two)}
            if pair <= hers:
                continue
            for other in stored.patients(session, search=f"{one} {two}", limit=5):
                names = {folded(other.family_name), folded(other.given_name)}
                if other.id != patient.id and names == pair:
                    yield it_says.format(name=f"{other.display_name} (ID {other.identifier})")
                    return
            # one word of hers beside another one may be a sister or a mother; beside a name of hers others say nothing
            looks_so = bool(pair & hers) or (text == said.stem and not shared)
            if looks_so and hers and one.istitle() and two.istitle():
                yield it_says.format(name=f"{one} {two}")
                return


def _of_birth(said: FileSays, patient: Patient) -> Iterator[str]:
    for born in births_on((said.folder,), f"{said.stem}.x"):
        if patient.birth_date is not None and not born.may_be(patient.birth_date):
            yield tr(
                "Its name says born {birth}, and she is born {day}.",
                birth=born.text,
                day=moments.day(patient.birth_date),
            )
            return


def _of_day(said: FileSays, visit: Visit) -> Iterator[str]:
    day = visit.day
    if said.day is not None and said.day != day:
        yield tr(
            "Taken on {day} ({reason}); this visit is of {own_day}.",
            day=moments.day(said.day),
            reason=said.when_why,
            own_day=moments.day(day),
        )


def _telling(text: str) -> list[str]:
    words = _WORD.findall(without_dates(text))
    return [
        word for word in words if len(word) >= _SHORTEST and folded(word) not in _NO_NAMES and not said_by(word).words
    ]


def _shape(identifier: str) -> str:
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", identifier))
