"""The plan by which examinations begin in this library, as its site chose it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.examination import Plan, PlanError, checked, plan_to_json
from pfm_desktop.storage import capture as stored
from pfm_desktop.storage import records
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr


def site_plan(lib: Library) -> Plan:
    """The plan by which examinations begin here; the default one where none was chosen, or it cannot be read."""
    with lib.read() as session:
        return stored.site_plan(session)[0]


def site_plan_problem(lib: Library) -> str:
    """Why the plan that the site chose is not the one that counts, for a person; "" where nothing is wrong."""
    with lib.read() as session:
        problem = stored.site_plan(session)[1]
    if not problem:
        return ""
    return tr(
        "The plan of this site does not count: {problem}. The default plan does, until one is saved.", problem=problem
    )


def change_site_plan(lib: Library, plan: Sequence[Any]) -> Change:
    """Choose the plan by which examinations begin from now on. `BadInputError` for one that cannot be followed."""
    new = {"value": plan_to_json(checked_plan(plan))}
    with lib.read() as session:
        old = records.snapshot(session, "site_choice", stored.PLAN)
    return lib.apply(Change("site_choice", stored.PLAN, old, new, "Plan of examinations changed"))


def checked_plan(plan: Sequence[Any]) -> Plan:
    """The plan; `BadInputError` where it cannot be followed."""
    try:
        return checked(plan)
    except PlanError as error:
        raise BadInputError(
            tr("this plan cannot be followed: {error}", error=error),
            safe=tr("the plan before still counts"),
            remedy=tr("change the plan"),
        ) from error
