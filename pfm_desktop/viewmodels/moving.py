"""To whom pictures or a visit are moved, and what is asked before: both women by name. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfm_desktop.domain.case import Patient, VisitRow
from pfm_desktop.jobs import Context
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.words import NO_NAME
from pfm_desktop.viewmodels.worklist import birth_text, moment_of

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.storage.library import Library

SHOWN = 50  # at once; a word more finds the others
NOBODY = tr("Nobody is found. Search by name, ID or date.")
NO_WOMEN = tr("Each patient has a visit.")
UNDO = tr("Undo takes it back.")


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
    origin = tr("{woman}, visit of {when}", woman=_woman(here.patient), when=moment_of(here.visit))
    rows = cases.today(lib, search=search, limit=SHOWN, ctx=ctx)
    return [
        Choice(
            f"{_woman(row.patient)}\n{_visit(row)}",
            tr(
                "Move %n picture(s)\nfrom {origin}\nto {woman}, visit of {when}?",
                "",
                len(picture_ids),
                origin=origin,
                woman=_woman(row.patient),
                when=moment_of(row.visit),
            )
            + f"\n{UNDO}",
            _pictures_to(picture_ids, row.visit.id),
            reason=row.patient.id != here.patient.id,
        )
        for row in rows
        if row.visit.id != visit_id and not row.signed
    ]


def women_for(ctx: Context, lib: Library, search: str, visit_id: str) -> list[Choice]:
    """Job: women to whom a visit may go, each once."""
    from pfm_desktop.services import cases, moving
    from pfm_desktop.services.capture import unassigned

    here = cases.visit_case(lib, visit_id)
    last = moving.last_visit(lib, visit_id)
    who = here.patient.identifier
    gone = tr("{identifier} then has no visit and goes off the record.", identifier=who) if last else ""
    rows = cases.today(lib, search=search, limit=SHOWN, ctx=ctx)
    women = {row.patient.id: row for row in reversed(rows) if row.patient.id != here.patient.id}
    return [
        Choice(
            f"{_woman(row.patient)}\n{_visit(row)}",
            tr(
                "Move the visit of {when}, with %n picture(s) and all that is said in it,\nfrom {woman}\nto {other}?",
                "",
                len(here.pictures),
                when=moment_of(here.visit),
                woman=_woman(here.patient),
                other=_woman(row.patient),
            )
            + _lines(gone, unassigned.doubt(lib, visit_id, row.patient.id), UNDO),
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
    gone = tr("She has no other visit and goes off the record with it.") if last else ""
    what = tr("{woman}, visit of {when}", woman=_woman(here.patient), when=moment_of(here.visit))
    return [
        Choice(
            what,
            tr("Take this visit off the record?") + _lines(what, gone, UNDO),
            lambda library: moving.remove_visit(library, visit_id),
        )
    ]


def women_without_visits(_ctx: Context, lib: Library, _search: str) -> list[Choice]:
    """Job: women who stand in no list, as they have no visit."""
    from pfm_desktop.services import moving

    return [
        Choice(
            _woman(patient),
            tr("Take this patient off the record? She has no visit.") + _lines(_woman(patient), UNDO),
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


def _lines(*lines: str) -> str:
    return "".join(f"\n{line}" for line in lines if line)


def _woman(patient: Patient) -> str:
    name = patient.display_name or NO_NAME
    return tr(
        "{name}, born {birth}, ID {identifier}",
        name=name,
        birth=birth_text(patient.birth_date),
        identifier=patient.identifier,
    )


def _visit(row: VisitRow) -> str:
    return tr("visit of {when}, %n picture(s)", "", row.pictures, when=moment_of(row.visit))
