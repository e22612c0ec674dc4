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
from pfm_desktop.support.language import tr


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
        replace(
            one,
            patient=unsure(
                one.patient.value or "", tr("{reason}, but {doubt}", reason=one.patient.why, doubt=why[one.key])
            ),
        )
        if one.key in why
        else one
        for one in plan.pictures
    )
    return arranged(replace(plan, pictures=pictures))


def _doubts(lib: Library, woman: PlannedWoman) -> dict[str, str]:
    """Pictures of a planned woman whose number is not enough, by key, with the reason."""
    guessed = [one for one in woman.pictures if one.patient.sure is Sure.LIKELY]
    patient = places.patient_of(lib, woman.identifier) if woman.identifier and guessed else None
    count = places.pictures_of(lib, patient) if patient is not None else 0
    if patient is None or not count or places.hers(lib, patient, woman.pictures):
        return {}
    her = patient.display_name or patient.identifier
    why = tr("only this says that she is {name}, who has %n picture(s) here", "", count, name=her)
    return {one.key: why for one in guessed if not _says_more(one, patient)}


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
