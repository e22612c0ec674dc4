"""The laboratory's result of the visit on the desk: what the panel shows, and what is kept of what was typed. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pfm_desktop.domain.grade import Grade
from pfm_desktop.services import labelling
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.moments import day
from pfm_desktop.viewmodels.worklist import typed_day

if TYPE_CHECKING:
    from pfm_desktop.domain.labelling import Histology
    from pfm_desktop.viewmodels.session import Edit, Session

NO_GRADE = tr("Kept once a grade is chosen.")
OUTRANKS = tr("It outranks every reading when a case gets its label. Readers do not see it.")


@dataclass(frozen=True)
class Entered:
    """What stands in the fields: a grade or none, a day as it was typed, words."""

    grade: Grade | None = None
    day: str = ""
    text: str = ""


def kept_in(session: Session, visit_id: str) -> tuple[Entered, str]:
    """What is on disk of a visit, and by whom it was entered, or why that is not known."""
    try:
        found = labelling.histology_of(session.library, visit_id)
    except UserError as error:
        return Entered(), str(error)
    if found is None:
        return Entered(), ""
    return _entered(found), tr("Entered by {reader}.", reader=found.entered_by)


def problem_of(entered: Entered) -> str:
    """Why this cannot be kept; "" where it can, or where there is nothing to keep."""
    try:
        _day(entered.day)
    except BadInputError as error:
        return str(error)
    return NO_GRADE if entered.grade is None and (entered.day.strip() or entered.text.strip()) else ""


def edit_of(visit_id: str, entered: Entered, kept: Entered) -> Edit | None:
    """Keep it, or take the result away where no grade is chosen any more; None where nothing differs, or is wrong."""
    if same(entered, kept) or (entered.grade is None and kept.grade is None):
        return None
    try:
        reported = _day(entered.day)
    except BadInputError:
        return None

    return lambda lib: labelling.set_histology(lib, visit_id, entered.grade, reported_on=reported, text=entered.text)


def same(one: Entered, other: Entered) -> bool:
    """Whether both say the same, however the day is written."""
    try:
        days = _day(one.day), _day(other.day)
    except BadInputError:
        return False
    return days[0] == days[1] and (one.grade, one.text.strip()) == (other.grade, other.text.strip())


def _entered(found: Histology) -> Entered:
    return Entered(found.grade, day(found.reported_on) if found.reported_on is not None else "", found.text)


def _day(text: str) -> date | None:
    """Raises `BadInputError` for what is no day, or one to come."""
    if not text.strip():
        return None
    typed = typed_day(text)
    if typed is None or typed > date.today():
        raise BadInputError(
            tr("{typed} is no day of a report", typed=text.strip()),
            safe=tr("nothing was saved"),
            remedy=tr("write it like 14 Mar 2026"),
        )
    return typed
