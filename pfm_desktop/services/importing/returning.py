"""Women who have pictures in the library already: a number alone does not prove that she has come again.

Numbers begin anew each day, in each room and on each stick. So a number that nobody said, of a woman who has pictures,
is doubted unless something else says that it is she. To confirm it takes one press.
"""

from __future__ import annotations

from dataclasses import replace

from pfm_desktop.domain.case import Patient
from pfm_desktop.services.importing import places
from pfm_desktop.services.importing.births import births_on
from pfm_desktop.services.importing.guess import Sure, unsure
from pfm_desktop.services.importing.naming import told_by
from pfm_desktop.services.importing.plan import ImportPlan, PlannedPicture, PlannedWoman, arranged
from pfm_desktop.storage.library import Library


def doubted(lib: Library, plan: ImportPlan) -> ImportPlan:
    """The plan, in which a number is no more than a guess where only it says that a woman is one on record.

    What a record, a manifest or a person said stays; so does she of whose pictures some are hers already: her import
    was cut short, or her folder has grown.
    """
    why: dict[str, str] = {}
    for woman in plan.women:
        why |= _doubts(lib, woman)
    if not why:
        return plan
    pictures = tuple(
        replace(one, patient=unsure(one.patient.value or "", f"{one.patient.why}, but {why[one.key]}"))
        if one.key in why
        else one
        for one in plan.pictures
    )
    return arranged(replace(plan, pictures=pictures))


def _doubts(lib: Library, woman: PlannedWoman) -> dict[str, str]:
    """Pictures of a planned woman whose number is not enough, by key, with the reason."""
    pictures = [one for visit in woman.visits for one in visit.pictures if not one.left_out]
    guessed = [one for one in pictures if one.patient.sure is Sure.LIKELY]
    patient = places.patient_of(lib, woman.identifier) if woman.identifier and guessed else None
    count = places.pictures_of(lib, patient) if patient is not None else 0
    if patient is None or not count or _some_are_hers(lib, patient, pictures):
        return {}
    of_her = f"{count} picture{'s' if count > 1 else ''}"
    why = f"only this says that she is {patient.display_name or patient.identifier}, who has {of_her} here"
    return {one.key: why for one in guessed if not _says_more(one, patient)}


def _some_are_hers(lib: Library, patient: Patient, pictures: list[PlannedPicture]) -> bool:
    found = places.held(lib, sorted({one.sha256 for one in pictures}))
    return any(holder.patient.id == patient.id for holders in found.values() for holder in holders)


def _says_more(picture: PlannedPicture, patient: Patient) -> bool:
    """Whether names on the way to a picture say her whole name, or her birth date beside a word of her name."""
    hers = frozenset(places.words_of(f"{patient.family_name} {patient.given_name}"))
    stem = picture.item.file_name.rsplit(".", 1)[0]
    said = [frozenset(places.words_of(told_by(name).name)) for name in (*picture.item.folders, stem)]
    if len(hers) > 1 and hers in said and all(words <= hers for words in said if len(words) > 1):
        return True
    born = births_on(picture.item.folders, picture.item.file_name)
    right = patient.birth_date is not None and bool(born) and all(one.days == {patient.birth_date} for one in born)
    return right and any(hers & words for words in said) and all(words <= hers for words in said if len(words) > 1)
