"""What a woman does not bear; it stands with her, not with a visit."""

from __future__ import annotations

from typing import Any

from pfm_desktop.domain.case import Visit
from pfm_desktop.domain.change import Change
from pfm_desktop.services.capture.refusals import known
from pfm_desktop.storage import capture as stored
from pfm_desktop.storage import records, repositories
from pfm_desktop.storage.library import Library


def iodine_allergy(lib: Library, patient_id: str) -> bool | None:
    """Whether a woman does not bear iodine; None where she was not asked."""
    with lib.read() as session:
        return stored.iodine_allergy(session, patient_id)


def set_iodine_allergy(lib: Library, patient_id: str, value: bool | None) -> Change:
    """Put on record whether a woman bears iodine; None: not known."""
    with lib.read() as session:
        known(repositories.patient(session, patient_id), "patient")
        change = allergy(session, patient_id, value)
    return lib.apply(change)


def allergy(session: Any, patient_id: str, value: bool | None) -> Change:
    """The change that says so, for `Library.apply_all`."""
    there = records.find(session, "allergies", patient_id) is not None
    old = records.snapshot(session, "allergies", patient_id) if there else None
    said = {True: "Allergy to iodine", False: "No allergy to iodine", None: "Allergy to iodine: not known"}[value]
    return Change("allergies", patient_id, old, {"iodine_allergy": value}, said)


def along(session: Any, visit: Visit, to: str, *, stays: bool) -> tuple[Change, ...]:
    """What was said of iodine in a visit goes to the woman it turns out to be of: an allergy outranks none, either what
    is not known. The other one, where she `stays` on record, has what stood there before."""
    told = stored.iodine_told_in(session, visit)
    if told is None:
        return ()
    said, before = told
    known = stored.iodine_allergy(session, to)
    changes = [allergy(session, to, said)] if said is not None and not known and said != known else []
    return (*changes, *([allergy(session, visit.patient_id, before)] if stays else []))
