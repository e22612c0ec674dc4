"""The list of tasks and the making of new ones: work for threads. No Qt."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pfm_desktop.domain.labelling import REPEAT_GAP, AiShown, Order, repeats_in
from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.services import cases, labelling
from pfm_desktop.services.deciding import decided_by_task
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.annotate_words import TaskLine, task_lines

if TYPE_CHECKING:
    from pfm_desktop.domain.labelling import Task
    from pfm_desktop.services.labelling import Wish
    from pfm_desktop.services.reading_report import ReadingReport
    from pfm_desktop.storage.library import Library

# to ask a model about a pair that was not registered before: 0.5 (how it differs) and 0.8 (how sure it is) were
# measured on phantoms of 512 pixels and two busy cores; pictures of cameras are larger
SECONDS_A_PAIR = (0.5, 2.0)


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


def lines_job(ctx: Context, lib: Library, choice: AiShown = AiShown.HIDDEN) -> tuple[TaskLine, ...]:
    """The tasks, the newest first, as they are where the site has chosen so."""
    ctx.check()
    decided = decided_by_task(lib) if lib.may(Act.ADJUDICATE) else {}
    return task_lines(labelling.task_rows(lib), choice, decided)


def report_job(ctx: Context, lib: Library, task_id: str) -> ReadingReport:
    """Agreement in a task."""
    from pfm_desktop.services.reading_report import reading_report

    ctx.check()
    return reading_report(lib, task_id)


@dataclass(frozen=True)
class Counted:
    """Visits that a search finds, and those of them without a label."""

    visits: int
    unlabelled: int


def count_job(ctx: Context, lib: Library, search: str) -> Counted:
    """How many visits a search finds."""
    found = cases.count_visits(lib, search=search, ctx=ctx)
    labelled = labelling.labelled_visits(lib) if found and labelling.may_see_reads(lib) else frozenset()
    if not labelled:
        return Counted(found, found)
    return Counted(
        found, sum(row.visit.id not in labelled for row in cases.today(lib, search=search, limit=found, ctx=ctx))
    )


def make_job(ctx: Context, lib: Library, wish: Wish, model: str) -> Task:
    """A new task of all that its search finds: the pair that opens of each visit. Its order is drawn here.

    `model` is asked about pairs where the order wants it. Stopped, no task is made; answers of the model are kept.
    """
    seed = wish.seed or random.SystemRandom().randrange(1, 2**31)
    found = cases.today(lib, search=wish.search, limit=cases.count_visits(lib, search=wish.search), ctx=ctx)
    labelled = labelling.labelled_visits(lib) if wish.unlabelled else frozenset()
    visits = [row.visit.id for row in found if row.visit.id not in labelled]
    pairs = labelling.pairs_for(ctx, lib, visits)
    ctx.check()
    ordered = _ordered(ctx, lib, replace(wish, seed=seed), pairs, model)
    ctx.check()
    return labelling.make_task(lib, replace(wish, seed=seed), ordered)


def _ordered(ctx: Context, lib: Library, wish: Wish, pairs: Sequence[str], model: str) -> Sequence[str]:
    if wish.order is Order.DISAGREEMENT:
        return labelling.in_order_of_disagreement(lib, pairs, seed=wish.seed)
    if wish.order is Order.RANDOM or not pairs:
        return labelling.in_random_order(pairs, seed=wish.seed)
    from pfm_desktop.services.reading_order import in_order

    return in_order(ctx, lib, pairs, wish.order, seed=wish.seed, model=model, most=wish.most)


def found_words(counted: Counted | None, *, unlabelled: bool = False) -> str:
    """How many visits the search finds; `unlabelled`: only those without a label are wanted."""
    if counted is None:
        return tr("Counting ...")
    count = counted.visits
    if not count:
        return tr("No visit is found: change the search")
    if unlabelled and not counted.unlabelled:
        return tr("All visits that are found have a label: change the search, or take them too")
    if count == 1:
        return tr("1 visit is found")
    return tr("%n visit(s) (is|are) found; those with pictures give a pair each", "", count)


def lacking_words(name: str, found: str, wanted: int) -> str:
    """What a task lacks yet, beside the button that makes it: a name, or visits, of which `found` tells; or nothing."""
    if not name.strip():
        return tr("The task has no name yet")
    return "" if wanted else found


def unlabelled_words(counted: Counted | None) -> str:
    """Beside the box that leaves out what has a label."""
    if counted is None:
        return tr("Only pairs without a label")
    return tr(
        "Only pairs without a label ({unlabelled:,} of %n visits)", "", counted.visits, unlabelled=counted.unlabelled
    )


def repeats_words(pairs: int, repeats: float) -> str:
    """How many of at most so many pairs come again, and why fewer than were asked for; "" where none are to."""
    if not pairs or repeats <= 0:
        return ""
    asked, count = round(repeats * pairs), repeats_in(pairs, repeats)
    if not asked:
        return tr("None comes again: the share is less than one of %n pair(s).", "", pairs)
    if not count:
        return tr(
            "None comes again: a repeat comes {gap} pairs or more after the first read, and this task is too short for "
            "that.",
            gap=REPEAT_GAP,
        )
    said = tr("%n pair(s) (comes|come) again, {gap} pairs or more after the first read.", "", count, gap=REPEAT_GAP)
    if count < asked:
        said += " " + tr("Not {asked:,}: the task is too short for more.", asked=asked)
    return said


def readers_words(readers: int) -> str:
    """What a pair waits for, where several are to read it; "" for one."""
    if readers < 2:
        return ""
    return tr(
        "A pair that somebody read here gets its label from readers once {readers} people have "
        "read it (also in other tasks), or the task is closed.",
        readers=readers,
    )


def asking_words(order: Order, count: int, most: int, model: str) -> str:
    """What the order asks of the model, of whom, and how long it may take; "" where it asks nothing."""
    if not order.asks_model:
        return ""
    asked = min(count, most)
    said = tr("{model} is asked about %n pair(s).", "", asked, model=model)
    if count > asked:
        said = tr(
            "{model} is asked about %n pair(s); the other {rest:,} follow at random.",
            "",
            asked,
            model=model,
            rest=count - asked,
        )
    return f"{said} {_duration(asked)} " + tr("The time left is said while it runs; stopped, no task is made.")


def _duration(pairs: int) -> str:
    low, high = (max(1, round(pairs * seconds / 60)) for seconds in SECONDS_A_PAIR)
    if high > low:
        return tr("Roughly {low:,} to {high:,} min.", low=low, high=high)
    return tr("Roughly {minutes:,} min.", minutes=high)
