"""Tasks, reads and histology as domain objects. Everything takes an open session.

Who only labels reads their own reads and nobody else's, sees no search (it may hold a name) and no histology.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Histology, Order, Quality, Read, Reason, Region, Task
from pfm_desktop.domain.source import Source
from pfm_desktop.storage import access
from pfm_desktop.storage.records import Fields, encode
from pfm_desktop.storage.tables import (
    HistologyTable,
    JournalTable,
    PairTable,
    ReadTable,
    TaskPairTable,
    TaskTable,
    VisitTable,
)

_AT_ONCE = 500  # values in one IN (...)


def tasks(session: Session) -> tuple[Task, ...]:
    """All tasks, the newest first."""
    rows = session.scalars(select(TaskTable).order_by(TaskTable.made_at.desc(), TaskTable.id))
    return tuple(_task(session, row) for row in rows)


def task(session: Session, task_id: str) -> Task | None:
    """A task by id."""
    row = session.get(TaskTable, task_id)
    return _task(session, row) if row is not None else None


def add_pairs(session: Session, task_id: str, pair_ids: Sequence[str]) -> None:
    """Give a new task its pairs, in the order in which they are read."""
    rows = [{"task_id": task_id, "pair_id": pair_id, "place": place} for place, pair_id in enumerate(pair_ids)]
    if rows:
        session.execute(insert(TaskPairTable), rows)


def pairs_of(session: Session, task_id: str) -> tuple[str, ...]:
    """Ids of the pairs of a task, in order."""
    query = select(TaskPairTable.pair_id).where(TaskPairTable.task_id == task_id).order_by(TaskPairTable.place)
    return tuple(session.scalars(query))


def pair_counts(session: Session) -> Mapping[str, int]:
    """How many pairs each task has."""
    query = select(TaskPairTable.task_id, func.count()).group_by(TaskPairTable.task_id)
    return dict(session.execute(query).tuples().all())


def women_of(session: Session, task_id: str) -> Mapping[str, str]:
    """By pair of a task, our id of the woman."""
    query = (
        select(TaskPairTable.pair_id, VisitTable.patient_id)
        .join(PairTable, PairTable.id == TaskPairTable.pair_id)
        .join(VisitTable, VisitTable.id == PairTable.visit_id)
        .where(TaskPairTable.task_id == task_id)
    )
    return dict(session.execute(query).tuples().all())


def visits_of(session: Session, pair_ids: Iterable[str]) -> Mapping[str, str]:
    """By pair, the id of its visit; pairs that are gone are left out."""
    wanted = list(dict.fromkeys(pair_ids))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        few = PairTable.id.in_(wanted[start : start + _AT_ONCE])
        found |= dict(session.execute(select(PairTable.id, PairTable.visit_id).where(few)).tuples().all())
    return found


def reads(
    session: Session, *, task_id: str | None = None, pair_ids: Iterable[str] | None = None, reader: str | None = None
) -> tuple[Read, ...]:
    """Reads in the order of the record, of a task, of pairs, of a reader; all without any of these.

    That order is where the journal has them first, not their time: a clock may have been set back between two.
    """
    place = (
        select(func.min(JournalTable.seq))
        .where(JournalTable.what == "read", JournalTable.key == ReadTable.id)
        .scalar_subquery()
    )
    query = select(ReadTable, func.coalesce(place, 0))
    own = access.only_reads_of(session)
    for name in (own, reader):
        if name is not None:
            query = query.where(ReadTable.reader == name)
    if task_id is not None:
        query = query.where(ReadTable.task_id == task_id)
    wanted = list(dict.fromkeys(pair_ids)) if pair_ids is not None else []
    parts = [ReadTable.pair_id.in_(wanted[start : start + _AT_ONCE]) for start in range(0, len(wanted), _AT_ONCE)]
    queries = [query] if pair_ids is None else [query.where(part) for part in parts]
    found = [(seq, _read(row)) for one in queries for row, seq in session.execute(one).tuples()]
    return tuple(one for _, one in sorted(found, key=lambda each: (each[0], each[1].made_at, each[1].id)))


def read(session: Session, read_id: str) -> Read | None:
    """A read by id; None for one of somebody else that is not to be seen."""
    row = session.get(ReadTable, read_id)
    own = access.only_reads_of(session)
    return _read(row) if row is not None and own in (None, row.reader) else None


def decisions_of(session: Session, reader: str) -> Mapping[str, int]:
    """By task, how many pairs a reader decided."""
    query = select(ReadTable.task_id, func.count()).where(ReadTable.reader == reader, ReadTable.adjudicates.is_(True))
    return dict(session.execute(query.group_by(ReadTable.task_id)).tuples().all())


def histology_of(session: Session, visit_id: str) -> Histology | None:
    """The laboratory's result of a visit."""
    row = session.get(HistologyTable, visit_id)
    return None if row is None or access.masked(session) else _histology(row)


def all_histology(session: Session) -> Mapping[str, Histology]:
    """The laboratory's results by visit."""
    if access.masked(session):
        return {}
    return {row.visit_id: _histology(row) for row in session.scalars(select(HistologyTable))}


def fields_of(one: Read) -> Fields:
    """A read as a `Change` holds it."""
    return {
        "task_id": one.task_id,
        "pair_id": one.pair_id,
        "reader": one.reader,
        "turn": one.turn,
        "adjudicates": one.adjudicates,
        "grade": one.grade.value if one.grade is not None else None,
        "reason": one.reason.value if one.reason is not None else None,
        "note": one.note,
        "quality": one.quality.value if one.quality is not None else None,
        "regions": regions_fields(one.regions),
        "seconds": one.seconds,
        "ai_seen": one.ai_seen,
        "made_at": encode(one.made_at),
    }


def regions_fields(regions: Iterable[Region]) -> list[dict[str, Any]]:
    """Regions as the record keeps them; tenths of a pixel are enough."""
    return [
        {"frame": one.frame.value, "outline": [[round(x, 1), round(y, 1)] for x, y in one.outline]} for one in regions
    ]


def _task(session: Session, row: TaskTable) -> Task:
    return Task(
        id=row.id,
        name=row.name,
        search="" if access.masked(session) else row.search,
        order=Order(row.ordering),
        seed=row.seed,
        repeats=row.repeats,
        readers=row.readers,
        ai_first=row.ai_first,
        made_by=row.made_by,
        made_at=row.made_at,
        closed=row.closed,
    )


def _read(row: ReadTable) -> Read:
    return Read(
        id=row.id,
        task_id=row.task_id,
        pair_id=row.pair_id,
        reader=row.reader,
        turn=row.turn,
        grade=Grade(row.grade) if row.grade else None,
        made_at=row.made_at,
        seconds=row.seconds,
        reason=Reason(row.reason) if row.reason else None,
        note=row.note,
        quality=Quality(row.quality) if row.quality else None,
        regions=tuple(
            Region(Source(one["frame"]), tuple((float(x), float(y)) for x, y in one["outline"])) for one in row.regions
        ),
        ai_seen=row.ai_seen,
        adjudicates=row.adjudicates,
    )


def _histology(row: HistologyTable) -> Histology:
    return Histology(row.visit_id, Grade(row.grade), row.reported_on, row.text, row.entered_by)
