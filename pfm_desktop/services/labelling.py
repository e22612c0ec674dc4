"""Reading pairs for labels: tasks, the queue of a reader, reads, decisions between readers, and the labels that follow.

A read is on disk when its function returns. Nobody changes or takes away what somebody else read (`OtherReaderError`).
"""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import (
    Histology,
    Labelled,
    Open,
    Order,
    Quality,
    Read,
    Reason,
    Region,
    Task,
    Turn,
    disagree,
    label_of,
    repeats_in,
    turns,
    wanted_of,
)
from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.services import on_record
from pfm_desktop.services.ai_shown import has_seen
from pfm_desktop.services.cases import new_id, visit_case
from pfm_desktop.services.pairing import default_pair, ensure_pair
from pfm_desktop.storage import access, journal, records, repositories
from pfm_desktop.storage import labelling as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.support.language import tr

LONGEST_NAME = 100
MOST_READERS = 9
READS_SHOWN = "reads_shown"  # on record, under the id of the pair
MOST_ASKED = 500  # pairs about which the model is asked for a task, unless more are wanted


@dataclass(frozen=True)
class Wish:
    """What a new task is to be; see `domain.labelling.Task`.

    `unlabelled`: only pairs of visits that have no label yet. `most`: pairs about which the model is asked, for the
    orders that ask it. Neither is kept with the task.
    """

    name: str
    search: str = ""
    order: Order = Order.RANDOM
    repeats: float = 0.05
    readers: int = 1
    ai_first: bool = False
    seed: int = 0
    unlabelled: bool = False
    most: int = MOST_ASKED


@dataclass(frozen=True)
class TaskRow:
    """A task as a list shows it: its `pairs`, those that come `again`, how many turns who reads has, and how many are
    read. `set_aside`: pairs that are no longer theirs, as they were shown what others read.

    None for who may not see it: `disagreements`, pairs that somebody should decide about; `few`, pairs that somebody
    read, but fewer people than it asks for (in any task): closed so, they are labelled by those.
    """

    task: Task
    pairs: int
    turns: int
    done: int
    disagreements: int | None = None
    few: int | None = None
    again: int = 0
    set_aside: int = 0


# tasks


def pairs_for(ctx: Context, lib: Library, visit_ids: Sequence[str]) -> tuple[str, ...]:
    """The pair that opens of each visit, made where there is none yet; visits without pictures have none. As a job."""
    found: list[str] = []
    for done, visit_id in enumerate(visit_ids):
        ctx.progress(done, len(visit_ids), tr("Looking for pairs"))
        pair = default_pair(visit_case(lib, visit_id)) or ensure_pair(lib, visit_id)
        if pair is not None:
            found.append(pair.id)
    ctx.progress(len(visit_ids), len(visit_ids), tr("Looking for pairs"))
    return tuple(found)


def make_task(lib: Library, wish: Wish, pair_ids: Sequence[str]) -> Task:
    """Make a task of these pairs, in this order (`in_random_order`; `services.reading_order` for the others).

    Raises `BadInputError` for what will not do, and `NotAllowedError`.
    """
    name = " ".join(wish.name.split())
    _check_wish(wish, name, pair_ids)
    now = datetime.now(UTC)
    task = Task(
        new_id(),
        name,
        wish.search.strip(),
        wish.order,
        wish.seed,
        wish.repeats,
        wish.readers,
        wish.ai_first,
        lib.who,
        now,
    )
    fields = {
        "name": task.name,
        "search": task.search,
        "ordering": task.order.value,
        "seed": task.seed,
        "repeats": task.repeats,
        "readers": task.readers,
        "ai_first": task.ai_first,
        "made_by": task.made_by,
        "made_at": now.isoformat(),
        "closed": False,
    }
    change = Change("task", task.id, None, fields, f"Task made: {task.name} ({len(pair_ids)} pairs)")
    access.check(lib.account, change)
    with lib.write() as session:
        journal.apply(session, change, who=lib.who)
        stored.add_pairs(session, task.id, pair_ids)
    return task


def in_random_order(pair_ids: Sequence[str], *, seed: int) -> tuple[str, ...]:
    """The pairs in an order that says nothing; the same for the same seed, however they were found."""
    pairs = sorted(pair_ids)
    random.Random(seed).shuffle(pairs)
    return tuple(pairs)


def in_order_of_disagreement(lib: Library, pair_ids: Sequence[str], *, seed: int) -> tuple[str, ...]:
    """The pairs on which readers lie farthest apart first; those that nobody read twice behind, at random."""
    with lib.read() as session:
        reads = stored.reads(session, pair_ids=pair_ids)
    differing = [one.pair_id for one in _differing(reads)]
    return (*differing, *(pair for pair in in_random_order(pair_ids, seed=seed) if pair not in set(differing)))


def close_task(lib: Library, task_id: str, *, closed: bool = True) -> Change:
    """Close a task, or open it again. Closed, it takes no more reads."""
    task = _known_task(lib, task_id)
    text = f"Task {'closed' if closed else 'opened again'}: {task.name}"
    return lib.apply(Change("task", task_id, {"closed": task.closed}, {"closed": closed}, text))


def task_rows(lib: Library) -> tuple[TaskRow, ...]:
    """All tasks, the newest first, as who reads is in them."""
    with lib.read() as session:
        tasks, counts = stored.tasks(session), stored.pair_counts(session)
        own = stored.reads(session, reader=lib.who)
        everybody = stored.reads(session) if may_see_reads(lib) else ()
        shown = journal.any_by(session, what=READS_SHOWN, who=lib.who)
    done = Counter(read.task_id for read in own if not read.adjudicates)
    again = Counter(read.task_id for read in own if read.turn == 2)
    by_task: dict[str, list[Read]] = {}
    voices: dict[str, set[str]] = {}
    for read in everybody:
        if read.has_voice and not read.adjudicates:
            voices.setdefault(read.pair_id, set()).add(read.reader)
        by_task.setdefault(read.task_id, []).append(read)
    rows = []
    for task in tasks:
        pairs, theirs = counts.get(task.id, 0), by_task.get(task.id, ())
        # pairs of which the reads were shown are no longer to be read by who decides
        left = queue(lib, task.id).turns if shown else ()
        repeats = repeats_in(pairs, task.repeats)
        rows.append(
            TaskRow(
                task,
                pairs,
                len(left) if shown else pairs + max(repeats, again[task.id]),
                done[task.id],
                len(_differing(theirs)) if may_see_reads(lib) else None,
                _few(task, theirs, voices) if may_see_reads(lib) else None,
                again=repeats,
                set_aside=pairs - sum(turn.turn == 1 for turn in left) if shown else 0,
            )
        )
    return tuple(rows)


def _few(task: Task, reads: Sequence[Read], voices: Mapping[str, set[str]]) -> int:
    here = {read.pair_id for read in reads if read.pair_id in voices and not read.adjudicates}
    return sum(len(voices[pair_id]) < task.readers for pair_id in here)


def may_see_reads(lib: Library) -> bool:
    """Whether who is signed in sees what others read."""
    return lib.may(Act.ADJUDICATE) or lib.may(Act.SEE_NAMES)


def _require_not_blind(lib: Library) -> None:
    if not may_see_reads(lib):
        assert lib.account is not None
        raise access.NotAllowedError(lib.account, Act.SEE_NAMES)


# reading


@dataclass(frozen=True)
class Queue:
    """The turns of one reader in a task, in order, each with the own read where there is one."""

    task: Task
    turns: tuple[Turn, ...]
    reads: Mapping[Turn, Read]

    @property
    def next_open(self) -> int:
        """Place of the first turn that is not read; the number of turns where all are."""
        return next((place for place, turn in enumerate(self.turns) if turn not in self.reads), len(self.turns))


def queue(lib: Library, task_id: str) -> Queue:
    """What who reads has to read in a task. Which pairs come again is different for each reader.

    Pairs of which they were shown what others read (`record_reads_shown`) are no longer theirs to read.
    """
    task = _known_task(lib, task_id)
    with lib.read() as session:
        pairs = stored.pairs_of(session, task_id)
        own = stored.reads(session, task_id=task_id, reader=lib.who)
    shown = on_record.done(lib, READS_SHOWN, pairs)
    seed = task.seed ^ zlib.crc32(lib.who.encode())
    reads = {Turn(read.pair_id, read.turn): read for read in own if not read.adjudicates}
    made = turns(pairs, task.repeats, seed=seed, given={turn.pair_id for turn in reads if turn.turn == 2})
    return Queue(task, tuple(turn for turn in made if turn in reads or turn.pair_id not in shown), reads)


def give(
    lib: Library,
    task_id: str,
    turn: Turn,
    *,
    grade: Grade | None,
    reason: Reason | None = None,
    note: str = "",
    quality: Quality | None = None,
    regions: Sequence[Region] = (),
    seconds: float = 0.0,
    ai_seen: bool = False,
    adjudicates: bool = False,
) -> tuple[Read, Change]:
    """Give a grade, or say why there is none (`reason`); the change takes it back.

    That the reader has seen an answer of the model about the pair is on record, and need not be said in `ai_seen`.
    Raises `BadInputError` for a read without either or with both, `StorageError` where this turn was read already,
    `TaskClosedError`, and `NotAllowedError`; also for who was shown the reads of others, unless it decides.
    """
    if not adjudicates:
        require_unseen(lib, turn.pair_id)
    if (grade is None) == (reason is None):
        raise BadInputError(
            tr("a read says a grade, or why there is none"),
            safe=tr("nothing was written"),
            remedy=tr("choose one of the two"),
        )
    now = datetime.now(UTC)
    ai_seen = ai_seen or has_seen(lib, turn.pair_id)
    read = Read(
        new_id(), task_id, turn.pair_id, lib.who, turn.turn, grade, now, seconds, reason, note, quality, tuple(regions),
        ai_seen, adjudicates,
    )  # fmt: skip
    with lib.read() as session:
        before = stored.reads(session, task_id=task_id, pair_ids=[turn.pair_id], reader=lib.who)
    if any((one.turn, one.adjudicates) == (turn.turn, adjudicates) for one in before):
        raise StorageError(
            tr("this pair was read already, perhaps in another window"),
            safe=tr("the read before is unchanged"),
            remedy=tr("open the task again, and go on from there"),
        )
    change = Change("read", read.id, None, stored.fields_of(read), said_of(read))
    return read, lib.apply(change)


def require_unseen(lib: Library, pair_id: str) -> None:
    """Raise `BadInputError` where who reads was shown what others read of a pair: a read would not be blind to it."""
    if on_record.done(lib, READS_SHOWN, [pair_id]):
        raise BadInputError(
            tr("you were shown what others read of this pair: your read would not be blind to theirs"),
            safe=tr("nothing was written, and what you read before stays as it is"),
            remedy=tr("leave it to another reader; you may decide between them"),
        )


def change_read(lib: Library, read: Read, **changes: object) -> tuple[Read, Change]:
    """Change an own read: grade and reason, note, quality, regions. What it was stays in the audit trail.

    Who changes the grade after seeing an answer of the model has no blind read any more; after seeing what others read
    it is no longer changed (`require_unseen`), but for a decision.
    """
    new = replace(read, **changes)  # type: ignore[arg-type]  # names checked by replace
    if (new.grade, new.reason) != (read.grade, read.reason):
        if not read.adjudicates:
            require_unseen(lib, read.pair_id)
        new = replace(new, ai_seen=new.ai_seen or has_seen(lib, read.pair_id))
    old_fields, new_fields = stored.fields_of(read), stored.fields_of(new)
    names = [name for name in new_fields if new_fields[name] != old_fields[name]]
    if not names:
        raise BadInputError(tr("nothing was changed"), safe=tr("the read is as before"))
    change = Change(
        "read",
        read.id,
        {name: old_fields[name] for name in names},
        {name: new_fields[name] for name in names},
        f"Read changed: {', '.join(names)}",
    )
    return new, lib.apply(change)


def take_back(lib: Library, read: Read) -> Change:
    """Take an own read back: the turn is open again. Raises as `require_unseen`, but for a decision."""
    if not read.adjudicates:
        require_unseen(lib, read.pair_id)
    with lib.read() as session:
        old = records.snapshot(session, "read", read.id)
    if old is None:
        raise StorageError(
            tr("this read is gone already"), safe=tr("nothing was changed"), remedy=tr("open the task again")
        )
    return lib.apply(Change("read", read.id, old, None, f"Undo: {said_of(read)}"))


def read_of(lib: Library, read_id: str) -> Read | None:
    """A read as it is on disk; None where it is gone, or not to be seen."""
    with lib.read() as session:
        return stored.read(session, read_id)


def look_again(lib: Library, task_id: str, *, adjudicates: bool = False) -> tuple[Task, Mapping[Turn, Read]]:
    """A task and the own reads in it, or the own decisions, as they are on disk now. Raises `UserError` where it is
    gone."""
    task = _known_task(lib, task_id)
    with lib.read() as session:
        own = stored.reads(session, task_id=task_id, reader=lib.who)
    return task, {Turn(read.pair_id, read.turn): read for read in own if read.adjudicates is adjudicates}


def said_of(read: Read) -> str:
    """A read for the journal."""
    what = "Decision between readers" if read.adjudicates else "Read for a label" if read.turn == 1 else "Read again"
    after = ", after AI" if read.ai_seen else ""
    return f"{what}{after}: {read.grade.value if read.grade is not None else f'cannot be graded ({read.reason})'}"


# deciding between readers


@dataclass(frozen=True)
class Disagreement:
    """A pair on which readers differ, with what each said (the first turn of each)."""

    pair_id: str
    reads: tuple[Read, ...]


def record_reads_shown(lib: Library, pair_id: str, *, task_id: str) -> None:
    """Put on record that `lib.who` is shown what readers said of a pair; once for each pair. Before it is seen.

    Raises `StorageError` where that cannot be kept.
    """
    text = "Reads of others shown, to decide between them"
    on_record.once(lib, READS_SHOWN, pair_id, text, {"task_id": task_id})


def disagreements(lib: Library, task_id: str) -> tuple[Disagreement, ...]:
    """Pairs of a task on which somebody has to decide, those farthest apart first. Raises `NotAllowedError`."""
    access.require(lib.account, Act.ADJUDICATE)
    with lib.read() as session:
        reads = stored.reads(session, task_id=task_id)
    return _differing(reads)


def _differing(reads: Sequence[Read]) -> tuple[Disagreement, ...]:
    by_pair = _by_pair(reads)
    found = [
        Disagreement(
            pair_id, tuple(read for read in group if read.turn == 1 and read.has_voice and not read.adjudicates)
        )
        for pair_id, group in by_pair.items()
        if disagree(group)
    ]
    return tuple(sorted(found, key=lambda one: (-_apart(one), one.pair_id)))


def _by_pair(reads: Sequence[Read]) -> dict[str, list[Read]]:
    found: dict[str, list[Read]] = {}
    for read in reads:
        found.setdefault(read.pair_id, []).append(read)
    return found


def _apart(one: Disagreement) -> int:
    """Grades between the lowest and the highest; one that could not be graded is as far as can be."""
    ranks = [read.grade.rank for read in one.reads if read.grade is not None]
    return 9 if len(ranks) < len(one.reads) else max(ranks) - min(ranks)


# histology, and the labels that follow


def set_histology(
    lib: Library, visit_id: str, grade: Grade | None, *, reported_on: date | None = None, text: str = ""
) -> Change:
    """Enter the laboratory's result of a visit, change it, or (None) take it away. Also of a visit that is signed."""
    with lib.read() as session:
        if repositories.visit(session, visit_id) is None:
            raise StorageError(
                tr("this visit is not in the library"), safe=tr("nothing was changed"), remedy=tr("open it again")
            )
        old = records.snapshot(session, "histology", visit_id)
    new = None
    if grade is not None:
        new = {
            "grade": grade.value,
            "reported_on": reported_on.isoformat() if reported_on is not None else None,
            "text": text.strip(),
            "entered_by": lib.who,
        }
    if old == new:
        raise BadInputError(tr("nothing was changed"), safe=tr("the result is as before"))
    words = "taken away" if grade is None else f"{'changed' if old else 'entered'}: {grade.value}"
    return lib.apply(Change("histology", visit_id, old, new, f"Histology {words}"))


def histology_of(lib: Library, visit_id: str) -> Histology | None:
    """The laboratory's result of a visit; None for who does not see it as well."""
    with lib.read() as session:
        return stored.histology_of(session, visit_id)


def labels(lib: Library, pair_ids: Sequence[str]) -> Mapping[str, Labelled]:
    """What each pair is labelled with, over all tasks, or why it is not. Raises `NotAllowedError` for who is blind."""
    _require_not_blind(lib)
    with lib.read() as session:
        reads = stored.reads(session, pair_ids=pair_ids)
        results = stored.all_histology(session)
        visits = stored.visits_of(session, pair_ids)
        tasks = {task.id: task for task in stored.tasks(session)}
    by_pair = _by_pair(reads)
    return {
        pair_id: label_of(results.get(visits.get(pair_id, "")), those, wanted=wanted_of(those, tasks))
        for pair_id in pair_ids
        for those in [by_pair.get(pair_id, ())]
    }


def labelled_visits(lib: Library) -> frozenset[str]:
    """Visits that have a label, or wait for another reader: by histology, or of any of their pairs.

    Raises `NotAllowedError` for who is blind.
    """
    with lib.read() as session:
        read = {one.pair_id for one in stored.reads(session)}
        visits = stored.visits_of(session, read)
        results = stored.all_histology(session)
    found = labels(lib, sorted(visits))
    labelled = {visits[pair_id] for pair_id, one in found.items() if one.label or one.why_not is Open.WAITING}
    return frozenset(labelled | set(results))


@dataclass(frozen=True)
class SaidOfVisit:
    """What readers and the laboratory said of a visit: all reads of its pairs, and what each pair is labelled with."""

    histology: Histology | None
    reads: tuple[Read, ...]
    labels: Mapping[str, Labelled]


def said_of_visit(lib: Library, visit_id: str, pair_ids: Sequence[str]) -> SaidOfVisit:
    """The same of one visit, over all tasks."""
    with lib.read() as session:
        reads, found = stored.reads(session, pair_ids=pair_ids), stored.histology_of(session, visit_id)
        tasks = {task.id: task for task in stored.tasks(session)}
    own = {pair_id: [read for read in reads if read.pair_id == pair_id] for pair_id in pair_ids}
    labels = {pair_id: label_of(found, those, wanted=wanted_of(those, tasks)) for pair_id, those in own.items()}
    return SaidOfVisit(found, reads, labels)


@dataclass(frozen=True)
class ReadCode:
    """What stands for a read outside of the library: R1, R2, ... for its reader, T1, T2, ... for its task, both in the
    order of their first reads, so that they stay; `place` of it among the reads of that reader, from 1."""

    reader: str
    task: str
    place: int


def read_codes(lib: Library) -> Mapping[str, ReadCode]:
    """By the id of a read."""
    with lib.read() as session:
        reads = stored.reads(session)
    readers: dict[str, str] = {}
    tasks: dict[str, str] = {}
    places: Counter[str] = Counter()
    found = {}
    for read in reads:
        places[read.reader] += 1
        found[read.id] = ReadCode(
            readers.setdefault(read.reader, f"R{len(readers) + 1}"),
            tasks.setdefault(read.task_id, f"T{len(tasks) + 1}"),
            places[read.reader],
        )
    return found


def _check_wish(wish: Wish, name: str, pair_ids: Sequence[str]) -> None:
    problem = ""
    if not name or len(name) > LONGEST_NAME:
        problem = tr("a task needs a name of at most {most} letters", most=LONGEST_NAME)
    elif not pair_ids:
        problem = tr("a task needs pairs, and the search found none")
    elif not 0 <= wish.repeats <= 1:
        problem = tr("the share that is read again lies between 0 and 1")
    elif not 1 <= wish.readers <= MOST_READERS:
        problem = tr("one to {most} people read each pair", most=MOST_READERS)
    elif len(set(pair_ids)) != len(pair_ids):
        problem = tr("a pair stands in the task twice")
    if problem:
        raise BadInputError(problem, safe=tr("no task was made"), remedy=tr("correct it, then try again"))


def _known_task(lib: Library, task_id: str) -> Task:
    with lib.read() as session:
        task = stored.task(session, task_id)
    if task is None:
        raise UserError(tr("this task is gone"), safe=tr("nothing was changed"), remedy=tr("choose another one"))
    return task
