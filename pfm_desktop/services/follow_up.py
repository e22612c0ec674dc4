"""What follows visits: results to wait for, the list of the meeting, letters, and how impressions compare with
histology.

`set_follow_up` and `choose_for_site` carry out one edit each, as in `services.review`. What is done about a visit is
said weeks later, so also of one that is signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pfm_desktop.domain.accuracy import Comparison, compare
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.followup import FOLLOW_UP, LIMITS, OVERDUE_DAYS
from pfm_desktop.domain.grade import Grade
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.services.answering import answer_change, gone
from pfm_desktop.storage import records
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage import specimens as kept
from pfm_desktop.storage.interrupt import interruptible
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.specimens import Followed
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

CHOICE = "follow_up"  # of the site
_SILENT = SilentContext()


@dataclass(frozen=True)
class SiteChoice:
    """After how many days a result is overdue, and whether letters are followed up."""

    days: int = OVERDUE_DAYS
    letters: bool = True


def open_follow_up(lib: Library, *, ctx: Context = _SILENT) -> tuple[Followed, ...]:
    """Visits of which something is still to be done, the oldest first. Raises `Cancelled` once `ctx` says so."""
    choice = site_choice(lib)
    with lib.read() as session, interruptible(session, ctx.check):
        return kept.followed(session, kept.open_visits(session, letters=choice.letters))


def of_visits(lib: Library, visit_ids: Sequence[str]) -> tuple[Followed, ...]:
    """These visits as they are on record by now; those that are gone are left out."""
    with lib.read() as session:
        return kept.followed(session, visit_ids)


@dataclass(frozen=True)
class Accuracy:
    """What one reader said of visits against histology: before the AI was revealed, and in the end; and what the AI
    said of them. `unsure`: visits in which it gave no grade (indeterminate, or it refused)."""

    before: Comparison
    at_last: Comparison
    ai: Comparison
    unsure: int


def accuracy(lib: Library, reader: str, *, ctx: Context = _SILENT) -> Accuracy:
    """The figures of one reader, for that reader alone: nobody is ranked. Raises `Cancelled` once `ctx` says so."""
    with lib.read() as session, interruptible(session, ctx.check):
        rows = kept.compared(session, reader)
    graded = [(row, _graded(row.answer)) for row in rows if row.answer is not None]
    return Accuracy(
        _against([(row.before, row.found) for row in rows]),
        _against([(row.at_last, row.found) for row in rows]),
        _against([(grade, row.found) for row, grade in graded]),
        sum(grade is None for _, grade in graded),
    )


def _against(pairs: Sequence[tuple[Grade | None, Grade]]) -> Comparison:
    known = [(said.rank, found.rank) for said, found in pairs if said is not None]
    return compare([said for said, _ in known], [found for _, found in known])


def _graded(answer: Mapping[str, Any]) -> Grade | None:
    """The grade of an answer as it is kept; None where it gave none."""
    prediction = answer.get("prediction")
    if not isinstance(prediction, Mapping) or prediction.get("indeterminate"):
        return None
    try:
        return Grade(str(prediction.get("grade")))
    except ValueError:  # altered, or of another version
        return None


def set_follow_up(lib: Library, visit_id: str, key: str, answer: Any) -> Change:
    """Answer an item of what is done about a visit (`followup.FOLLOW_UP`); None takes the answer back."""
    with lib.read() as session:
        visit = stored.visit(session, visit_id)
        if visit is None:
            raise gone("visit")
        patient = stored.patient(session, visit.patient_id)
        present = records.snapshot(session, "follow_up", visit_id) or {"answers": {}}
    whose = f"{patient.identifier}, follow-up: " if patient is not None else "Follow-up: "
    return lib.apply(answer_change("follow_up", visit_id, present, FOLLOW_UP, key, answer, whose, visit=visit.day))


def site_choice(lib: Library) -> SiteChoice:
    """What this site has chosen."""
    with lib.read() as session:
        found = records.snapshot(session, "site_choice", CHOICE)
    value = found["value"] if found is not None else {}
    days = value.get("days") if isinstance(value, Mapping) else None
    if not isinstance(days, int) or not LIMITS[0] <= days <= LIMITS[1]:  # of another version, or altered
        return SiteChoice()
    return SiteChoice(days, bool(value.get("letters", True)))


def choose_for_site(lib: Library, *, days: int, letters: bool) -> Change:
    """What `site_choice` gives from now on. `BadInputError` for days that are none."""
    if not LIMITS[0] <= days <= LIMITS[1]:
        raise BadInputError(
            tr("a result is overdue after {least} to {most} days", least=LIMITS[0], most=LIMITS[1]),
            safe=tr("nothing was changed"),
        )
    with lib.read() as session:
        old = records.snapshot(session, "site_choice", CHOICE)
    said = f"Results are overdue after {days} days; letters are {'' if letters else 'not '}followed up"
    return lib.apply(Change("site_choice", CHOICE, old, {"value": {"days": days, "letters": letters}}, said))
