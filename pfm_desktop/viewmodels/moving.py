"""To whom pictures or a visit are moved, and what is asked before: both women by name. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.domain.case import Patient, VisitRow
from pfm_desktop.jobs import Context
from pfm_desktop.viewmodels.intake import NO_NAME
from pfm_desktop.viewmodels.words import many
from pfm_desktop.viewmodels.worklist import birth_text, moment_of

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.storage.library import Library

SHOWN = 50  # at once; a word more finds the others
NOBODY = "Nobody is found. Search by name, ID or date."
NO_WOMEN = "Each patient has a visit."
UNDO = "Undo takes it back."


@dataclass(frozen=True)
class Choice:
    """One that may be chosen: its line, what is asked then, and what is done; `reason`: only with a `why`.

    What goes to another woman needs a reason: who reads either record later asks for it.
    """

    words: str
    question: str
    edit: Callable[..., tuple[Change, ...]]
    reason: bool = False


def visits_for(ctx: Context, lib: Library, search: str, visit_id: str, picture_ids: Sequence[str]) -> list[Choice]:
    """Job: visits that may take pictures of a visit; no signed one."""
    from pfm_desktop.services import cases

    here = cases.visit_case(lib, visit_id)
    origin = f"{_woman(here.patient)}, visit of {moment_of(here.visit)}"
    rows = cases.today(lib, search=search, limit=SHOWN, ctx=ctx)
    return [
        Choice(
            f"{_woman(row.patient)}\n{_visit(row)}",
            f"Move {many(len(picture_ids), 'picture')}\nfrom {origin}\nto {_woman(row.patient)}, visit of "
            f"{moment_of(row.visit)}?\n{UNDO}",
            _pictures_to(picture_ids, row.visit.id),
            reason=row.patient.id != here.patient.id,
        )
        for row in rows
        if row.visit.id != visit_id and not row.signed
    ]


def women_for(ctx: Context, lib: Library, search: str, visit_id: str) -> list[Choice]:
    """Job: women to whom a visit may go, each once."""
    from pfm_desktop.services import cases, moving

    here = cases.visit_case(lib, visit_id)
    last = moving.last_visit(lib, visit_id)
    gone = f"\n{here.patient.identifier} then has no visit and goes off the record." if last else ""
    rows = cases.today(lib, search=search, limit=SHOWN, ctx=ctx)
    women = {row.patient.id: row for row in reversed(rows) if row.patient.id != here.patient.id}
    return [
        Choice(
            f"{_woman(row.patient)}\n{_visit(row)}",
            f"Move the visit of {moment_of(here.visit)}, with {many(len(here.pictures), 'picture')} "
            f"and all that is said in it,\nfrom {_woman(here.patient)}\nto {_woman(row.patient)}?{gone}"
            f"{_doubt(lib, visit_id, row.patient.id)}\n{UNDO}",
            _visit_to(visit_id, row.patient.id),
            reason=True,
        )
        for row in reversed(women.values())
    ]


def removal_of(_ctx: Context, lib: Library, _search: str, visit_id: str) -> list[Choice]:
    """Job: the one visit that may be taken off the record."""
    from pfm_desktop.services import cases, moving

    here = cases.visit_case(lib, visit_id)
    last = moving.last_visit(lib, visit_id)
    gone = "\nShe has no other visit and goes off the record with it." if last else ""
    what = f"{_woman(here.patient)}, visit of {moment_of(here.visit)}"
    return [
        Choice(
            what,
            f"Take this visit off the record?\n{what}{gone}\n{UNDO}",
            lambda library: moving.remove_visit(library, visit_id),
        )
    ]


def women_without_visits(_ctx: Context, lib: Library, _search: str) -> list[Choice]:
    """Job: women who stand in no list, as they have no visit."""
    from pfm_desktop.services import moving

    return [
        Choice(
            _woman(patient),
            f"Take this patient off the record? She has no visit.\n{_woman(patient)}\n{UNDO}",
            _removal(patient.id),
        )
        for patient in moving.women_without_visits(lib, SHOWN)
    ]


def _pictures_to(picture_ids: Sequence[str], visit_id: str) -> Callable[..., tuple[Change, ...]]:
    from pfm_desktop.services import moving

    return lambda lib, why="": moving.move_pictures(lib, picture_ids, visit_id, why=why)


def _visit_to(visit_id: str, patient_id: str) -> Callable[..., tuple[Change, ...]]:
    from pfm_desktop.services import moving

    return lambda lib, why="": moving.move_visit(lib, visit_id, patient_id, why=why)


def _removal(patient_id: str) -> Callable[[Library], tuple[Change, ...]]:
    from pfm_desktop.services import moving

    return lambda lib: moving.remove_patient(lib, patient_id)


def _doubt(lib: Library, visit_id: str, patient_id: str) -> str:
    from pfm_desktop.services.capture import unassigned

    text = unassigned.doubt(lib, visit_id, patient_id)
    return f"\n{text}" if text else ""


def _woman(patient: Patient) -> str:
    name = patient.display_name or NO_NAME
    return f"{name}, born {birth_text(patient.birth_date)}, ID {patient.identifier}"


def _visit(row: VisitRow) -> str:
    return f"visit of {moment_of(row.visit)}, {many(row.pictures, 'picture')}"
