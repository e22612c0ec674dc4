"""Taking back what was done in many visits: an import is one step, whole or not at all, however much it made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pfm_desktop.domain.change import Change
from pfm_desktop.jobs import Context
from pfm_desktop.services.removal import with_what_hangs_on
from pfm_desktop.services.review import backwards
from pfm_desktop.storage import access, journal, rules
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support import moments
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

IMPORT = "import"  # what a line of the journal calls one
STEPS = "steps"  # among its details: ids of the records with which its steps begin


def made_by_import(_ctx: Context, lib: Library, key: str) -> tuple[Change, ...]:
    """Job: all that the import of this key put on record, in its order; () where it did nothing, or is not known."""
    with lib.read() as session:
        line = journal.last(session, what=IMPORT, key=key)
        return made_in(session, line.change) if line is not None else ()


def made_in(session: Any, line: Change) -> tuple[Change, ...]:
    """All that an import put on record, by the line of the journal that tells of it."""
    steps = (line.new or {}).get(STEPS) or ()
    return tuple(one.change for first in steps for one in journal.step_that_made(session, str(first)))


def take_back(ctx: Context, lib: Library, changes: Sequence[Change]) -> tuple[Change, ...]:
    """Job: take changes of many visits back, the last one first, all or none; returns what `take_back` takes back.

    Raises `UserError` that says of which woman and visit, where something was done to them since, and `Cancelled`;
    nothing is changed then.
    """
    ctx.progress(0, len(changes), tr("Looking whether it can be undone"))
    back = with_what_hangs_on(lib, [backwards(lib, change) for change in reversed(changes)])
    for change in back:
        access.check(lib.account, change)
    at = datetime.now(UTC)
    with lib.write() as session:
        for done, change in enumerate(back):
            ctx.progress(done, len(back), tr("Undoing"))
            try:
                journal.apply(session, change, who=lib.who, at=at)
            except UserError as error:
                raise _refused(session, change, error) from error
    return back


def _refused(session: Any, change: Change, error: UserError) -> UserError:
    where = _where(session, change)
    what = f"{error.what} ({where})" if where else error.what
    return UserError(what, safe=error.safe, remedy=error.remedy)


def _where(session: Any, change: Change) -> str:
    """Which woman, and which of her visits, a change is about."""
    visit_id = rules.visit_of(session, change) if change.what != "patient" else None
    visit = stored.visit(session, visit_id) if visit_id else None
    patient = stored.patient(session, visit.patient_id if visit is not None else change.key)
    if patient is None:
        return ""
    if visit is None:
        return patient.identifier
    return tr("{identifier}, visit of {day}", identifier=patient.identifier, day=moments.day(visit.day))
