"""An examination that begins without a patient: a visit of nobody, which is assigned before it is signed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from pfm_desktop.domain.case import UNASSIGNED, Patient, Visit
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.source import Stage
from pfm_desktop.services import cases, moving
from pfm_desktop.services.capture.allergies import allergy
from pfm_desktop.storage import capture as stored
from pfm_desktop.storage import repositories
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr


def begin_unassigned(lib: Library, examiner: str) -> Visit:
    """Begin a visit now, of a woman of whom nobody has said who she is; both or neither are on record then.

    She is called by the moment, `Unassigned 2026-11-29 12:30:05`; the visit is signed once it is assigned.
    """
    now = datetime.now(UTC)
    woman = Patient(cases.new_id(), _identifier(lib, now), "", "", None)
    visit = Visit(cases.new_id(), woman.id, now, examiner=examiner)
    lib.apply_all(
        [
            cases.adding(woman, f"Visit begun without a patient ({woman.identifier})"),
            cases.adding(visit, "Visit begun without a patient"),
        ]
    )
    return visit


def is_unassigned(lib: Library, visit_id: str) -> bool:
    """Whether nobody has said yet whose visit this is."""
    with lib.read() as session:
        woman = repositories.patient(session, stored.patient_of(session, visit_id) or "")
    return woman is not None and woman.unassigned


def doubt(lib: Library, visit_id: str, patient_id: str) -> str:
    """Why this visit may be another woman's than that one's, for a person; "" where nothing speaks against her."""
    with lib.read() as session:
        if not stored.iodine_allergy(session, patient_id):
            return ""
        case = cases.visit_case(lib, visit_id)
        said = stored.iodine_told_in(session, case.visit)
        told = said[0] if said is not None else None
    lugol = any(picture.stage is Stage.LUGOL for picture in case.pictures)
    if not lugol and told is not False:
        return ""
    if lugol:
        return tr("She does not bear iodine, and this visit has pictures after Lugol's iodine. Is it hers?")
    return tr('She does not bear iodine, and this visit has the answer "no allergy". Is it hers?')


def assign(lib: Library, visit_id: str, patient_id: str) -> tuple[Change, ...]:
    """Say whose visit it is; who stood for her goes off the record. Undone by `review.undo_all`.

    An allergy that was told meanwhile goes to her record, unless one stands there. Raises `UserError`; nothing is
    changed then.
    """
    _check(lib, visit_id, patient_id)
    return moving.move_visit(lib, visit_id, patient_id, also=_told(lib, visit_id, patient_id))


def assign_new(
    lib: Library,
    visit_id: str,
    *,
    identifier: str,
    family_name: str = "",
    given_name: str = "",
    birth_date: date | None = None,
) -> tuple[Change, ...]:
    """The same to a woman who is put on record with it, all or nothing; raises as `cases.add_patient` does too."""
    _check(lib, visit_id, "")
    woman = cases.new_patient(
        lib, identifier=identifier, family_name=family_name, given_name=given_name, birth_date=birth_date
    )
    return moving.move_visit(lib, visit_id, woman.id, new=woman, also=_told(lib, visit_id, woman.id))


def _identifier(lib: Library, now: datetime) -> str:
    name = f"{UNASSIGNED} {now.astimezone():%Y-%m-%d %H:%M:%S}"
    with lib.read() as session:
        wanted, number = name, 1
        while repositories.patient_by_identifier(session, wanted) is not None:
            number += 1
            wanted = f"{name} ({number})"
    return wanted


def _check(lib: Library, visit_id: str, patient_id: str) -> None:
    if not is_unassigned(lib, visit_id):
        raise BadInputError(
            tr("this visit is a woman's already"),
            safe=tr("nothing was changed"),
            remedy=tr("where it is the wrong one, move it to another patient"),
        )
    with lib.read() as session:
        woman = repositories.patient(session, patient_id)
    if woman is not None and woman.unassigned:
        raise BadInputError(
            tr("nobody has said who this woman is either"),
            safe=tr("nothing was changed"),
            remedy=tr("choose a patient"),
        )


def _told(lib: Library, visit_id: str, patient_id: str) -> tuple[Change, ...]:
    """What was told of iodine before it was said who she is: an allergy outranks none, either what is not known."""
    with lib.read() as session:
        said: Any = stored.iodine_allergy(session, stored.patient_of(session, visit_id) or "")
        known: Any = stored.iodine_allergy(session, patient_id)
        if said is None or known or said == known:
            return ()
        return (allergy(session, patient_id, said),)
