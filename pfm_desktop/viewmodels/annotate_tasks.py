"""The list of tasks and the making of new ones: work for threads. No Qt."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pfm_desktop.domain.labelling import Order
from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.services import cases, labelling
from pfm_desktop.viewmodels.annotate_words import TaskLine, task_lines

if TYPE_CHECKING:
    from pfm_desktop.domain.labelling import Task
    from pfm_desktop.services.labelling import Wish
    from pfm_desktop.services.reading_report import ReadingReport
    from pfm_desktop.storage.library import Library


@dataclass(frozen=True)
class Rights:
    """What who is signed in may do on this page."""

    read: bool
    decide: bool
    make: bool
    see_reads: bool
    read_only: bool


def rights_in(lib: Library) -> Rights:
    """Of who is signed in."""
    writable = not lib.read_only
    return Rights(
        read=lib.may(Act.LABEL),
        decide=lib.may(Act.ADJUDICATE),
        make=writable and lib.may(Act.MAKE_TASKS),
        see_reads=labelling.may_see_reads(lib),
        read_only=not writable,
    )


def lines_job(ctx: Context, lib: Library) -> tuple[TaskLine, ...]:
    """The tasks, the newest first."""
    ctx.check()
    return task_lines(labelling.task_rows(lib))


def report_job(ctx: Context, lib: Library, task_id: str) -> ReadingReport:
    """Agreement in a task."""
    from pfm_desktop.services.reading_report import reading_report

    ctx.check()
    return reading_report(lib, task_id)


def count_job(ctx: Context, lib: Library, search: str) -> int:
    """How many visits a search finds."""
    return cases.count_visits(lib, search=search, ctx=ctx)


def make_job(ctx: Context, lib: Library, wish: Wish) -> Task:
    """A new task of all that its search finds: the pair that opens of each visit. Its order is drawn here."""
    seed = wish.seed or random.SystemRandom().randrange(1, 2**31)
    found = cases.today(lib, search=wish.search, limit=cases.count_visits(lib, search=wish.search), ctx=ctx)
    pairs = labelling.pairs_for(ctx, lib, [row.visit.id for row in found])
    ctx.check()
    if wish.order is Order.DISAGREEMENT:
        ordered = labelling.in_order_of_disagreement(lib, pairs, seed=seed)
    else:
        ordered = labelling.in_random_order(pairs, seed=seed)
    return labelling.make_task(lib, replace(wish, seed=seed), ordered)


def found_words(count: int | None) -> str:
    """How many visits the search finds."""
    if count is None:
        return "Counting ..."
    if not count:
        return "No visit is found: change the search"
    return "1 visit is found" if count == 1 else f"{count:,} visits are found; those with pictures give a pair each"
