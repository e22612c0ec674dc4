"""Which visits go out, and reading them one after the other."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from pfm_desktop.domain.case import Picture, VisitRow
from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.services import cases
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.storage import access
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.worklist import Question
from pfm_desktop.support.errors import BadInputError, StorageError
from pfm_desktop.support.language import tr

SHORTEST_ID = 6  # characters of a visit's id, as in the name of a saved report
NOTHING = tr("nothing was written")


def check_may_leave(lib: Library) -> None:
    """Raise `NotAllowedError` for an account that may not export, or is not shown all of what would go out.

    Raises `StorageError` where the export could not be put on record.
    """
    for act in (Act.EXPORT, Act.SEE_NAMES):
        access.require(lib.account, act)
    if lib.read_only:
        raise StorageError(
            tr(
                "this library is open for reading only ({reason}), so an export cannot be put on record",
                reason=lib.read_only_reason,
            ),
            safe=NOTHING,
            remedy=tr("open it where it can be written, then export again"),
        )


def found_visits(lib: Library, *, search: str = "") -> tuple[VisitRow, ...]:
    """All visits that a search finds, as the Today list does but without its limit; all of the library without one."""
    access.require(lib.account, Act.EXPORT)
    return cases.today(lib, search=search, limit=sys.maxsize)


def one_visit(lib: Library, visit_id: str) -> VisitRow:
    """The row of one visit, without reading the others. Raises `BadInputError` where there is none."""
    access.require(lib.account, Act.EXPORT)
    with lib.read() as session:
        visit = stored.visit(session, visit_id)
        rows = stored.visit_rows(session, Question(patient_id=visit.patient_id)) if visit is not None else ()
    for row in rows:
        if row.visit.id == visit_id:
            return row
    raise BadInputError(
        tr("this visit is not in the library"), safe=NOTHING, remedy=tr("go back to Today and open it again")
    )


def pictures_in(ctx: Context, lib: Library, visits: Sequence[str]) -> tuple[Picture, ...]:
    """All pictures of these visits (ids), visit by visit and in time order. Raises `Cancelled` between two visits."""
    access.require(lib.account, Act.EXPORT)
    found: list[Picture] = []
    with lib.read() as session:
        for done, visit_id in enumerate(visits):
            ctx.progress(done, len(visits), tr("Looking for pictures"))
            found += stored.pictures_of(session, visit_id)
    return tuple(found)


def named_visits(lib: Library, names: Sequence[str]) -> tuple[VisitRow, ...]:
    """The visits of these ids, or beginnings of ids, each once and in their order.

    Raises `BadInputError` for one that is too short, that nobody has, or that several have.
    """
    rows = {row.visit.id: row for row in found_visits(lib)}
    found = dict.fromkeys(_whole_id(name, rows) for name in names)
    return tuple(rows[visit_id] for visit_id in found)


def each_visit(ctx: Context, lib: Library, rows: Sequence[VisitRow]) -> Iterator[VisitCase]:
    """The visits, read when they are asked for: one at a time is in memory. Raises `Cancelled` between two."""
    for done, row in enumerate(rows):
        ctx.progress(done, len(rows), tr("Visit {number} of {all}", number=done + 1, all=len(rows)))
        yield cases.visit_case(lib, row.visit.id)
    ctx.progress(len(rows), len(rows), tr("Putting it on record"))


def _whole_id(name: str, rows: dict[str, VisitRow]) -> str:
    asked = name.strip().lower()
    if asked in rows:
        return asked
    found = [visit_id for visit_id in rows if visit_id.startswith(asked)] if len(asked) >= SHORTEST_ID else []
    if len(found) == 1:
        return found[0]
    what = (
        tr("{name!r} is the beginning of several visits", name=name)
        if found
        else tr("{name!r} is no visit of this library", name=name)
    )
    remedy = tr("look it up with `pfm export visits`")
    if len(asked) < SHORTEST_ID:
        remedy = tr("look it up with `pfm export visits`; give at least {count} characters", count=SHORTEST_ID)
    raise BadInputError(what, safe=NOTHING, remedy=remedy)
