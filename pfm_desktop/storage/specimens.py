"""Reading what was taken for the laboratory, and what follows visits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from pfm_desktop.domain.case import Patient, Visit
from pfm_desktop.domain.followup import DISCORDANT, FollowUp
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.specimen import KIND_WORDS, Result, Specimen, SpecimenKind
from pfm_desktop.storage import access, documented, journal, repositories
from pfm_desktop.storage.tables import (
    FindingsTable,
    HistologyTable,
    PairTable,
    PatientTable,
    PinTable,
    PredictionTable,
    VisitTable,
)
from pfm_desktop.storage.tables_review import AmendmentTable, FollowUpTable, ResultTable, SpecimenTable

_AT_ONCE = 500  # keys in one question
_ORDER = [kind.value for kind in SpecimenKind]
_APART = [(one.value, other.value) for one in GRADES for other in GRADES if abs(one.rank - other.rank) >= DISCORDANT]


@dataclass(frozen=True)
class Followed:
    """A visit with its woman and what follows it."""

    patient: Patient
    visit: Visit
    follow_up: FollowUp


def specimens_of(session: Session, visit_id: str) -> tuple[Specimen, ...]:
    """All pots of a visit: biopsies by the letters of their pins, then the others. Pins without a pot are among them.
    None for who may not see findings."""
    return _specimens(session, [visit_id]).get(visit_id, ())


def specimen(session: Session, specimen_id: str) -> Specimen | None:
    """One pot, by the id of its pin or its own."""
    pin = session.get(PinTable, specimen_id)
    row = session.get(SpecimenTable, specimen_id)
    pair = session.get(PairTable, pin.pair_id) if pin is not None else None
    visit_id = pair.visit_id if pair is not None else row.visit_id if row is not None else ""
    return next((one for one in specimens_of(session, visit_id) if one.id == specimen_id), None)


def pots_taken(session: Session, visit_id: str) -> frozenset[str]:
    """What stands on a pot of a visit, or on a label that was made for one: no other pot is ever called the same."""
    made = journal.all_new(session, what="export", key=visit_id)
    labelled = {str(pot) for details in made for pot in details.get("pots", ())}
    return frozenset(labelled | {one.pot for one in specimens_of(session, visit_id) if one.pot})


def answers_of_follow_up(session: Session, visit_id: str) -> Mapping[str, Any]:
    """What is on record of the follow-up of a visit, by the keys of `domain.followup.FOLLOW_UP`."""
    row = session.get(FollowUpTable, visit_id)
    return {} if row is None or access.masked(session) else dict(row.answers)


def followed(session: Session, visit_ids: Sequence[str]) -> tuple[Followed, ...]:
    """These visits with what follows them, the oldest first; none for who may not see findings."""
    if access.masked(session):
        return ()
    found: list[Followed] = []
    for part in _parts(visit_ids):
        specimens = _specimens(session, part)
        answers = {row.visit_id: dict(row.answers) for row in _rows(session, FollowUpTable, part)}
        read = select(FindingsTable.visit_id, FindingsTable.impression).where(FindingsTable.visit_id.in_(part))
        grades = dict(session.execute(read).tuples().all())
        grades |= _signed_first(session, part)
        visits = session.scalars(select(VisitTable).where(VisitTable.id.in_(part))).all()
        of_them = select(PatientTable).where(PatientTable.id.in_({visit.patient_id for visit in visits}))
        women = {row.id: repositories.patient_from(row) for row in session.scalars(of_them)}
        for visit in visits:
            patient = women.get(visit.patient_id)
            made = repositories.visit(session, visit.id)
            if patient is None or made is None:
                continue
            grade = grades.get(visit.id)
            impression = Grade(grade) if grade else None
            what = FollowUp(visit.id, made.day, specimens.get(visit.id, ()), impression, answers.get(visit.id, {}))
            found.append(Followed(patient, made, what))
    return tuple(sorted(found, key=lambda one: (one.visit.started_at, one.visit.id)))


def open_visits(session: Session, *, letters: bool) -> tuple[str, ...]:
    """Ids of visits of which something is still to be done: a result is awaited, they are to be discussed, or (where
    `letters` are followed up) no letter was sent."""
    if access.masked(session):
        return ()
    wanted: list[ColumnElement[bool]] = [VisitTable.id.in_(awaiting()), VisitTable.id.in_(_to_discuss())]
    if letters:
        wanted.append(and_(VisitTable.id.in_(_with_pots()), VisitTable.id.not_in(_told())))
    return tuple(session.scalars(select(VisitTable.id).where(or_(*wanted)).order_by(VisitTable.started_at)))


@dataclass(frozen=True)
class Compared:
    """A visit that somebody read and of which the laboratory gave a grade. `before`: the impression before the AI was
    revealed; `at_last` the one that stands; `answer` the body of the answer that was revealed (None where none was)."""

    visit_id: str
    found: Grade
    before: Grade | None
    at_last: Grade | None
    answer: Mapping[str, Any] | None


def compared(session: Session, reader: str) -> tuple[Compared, ...]:
    """Visits that this reader read: who read first or, where the AI was not revealed, who signed."""
    if access.masked(session):
        return ()
    joined = HistologyTable.visit_id == FindingsTable.visit_id
    rows = session.execute(select(FindingsTable, HistologyTable.grade).join(HistologyTable, joined)).all()
    amended = set(session.scalars(select(AmendmentTable.visit_id)))
    return tuple(
        _compared(session, row, grade, amended=row.visit_id in amended) for row, grade in rows if _reader(row) == reader
    )


def _reader(row: FindingsTable) -> str:
    said = (row.first_read or {}).get("reader") or (row.signature or {}).get("name")
    return str(said or "")


def _compared(session: Session, row: FindingsTable, found: str, *, amended: bool) -> Compared:
    at_last = Grade(row.impression) if row.impression else None
    before = Grade(row.first_read["impression"]) if row.first_read else None
    shown = journal.revealed_model(session, row.visit_id) if row.revealed_at is not None else None
    kept = session.get(PredictionTable, (shown.pair_id, shown.sha256)) if shown is not None else None
    first = documented.amendments_of(session, row.visit_id)[:1] if amended else ()
    read_at = datetime.fromisoformat(row.first_read["read_at"]) if row.first_read else None
    if first and (read_at is None or read_at > first[0].signature.signed_at):
        before = first[0].impression  # what was signed first, not what was read once it was opened again
    elif row.revealed_at is None:
        before = at_last
    return Compared(row.visit_id, Grade(found), before, at_last, kept.body if kept is not None else None)


def awaiting() -> Select[Any]:
    """Ids of visits of which the laboratory has not answered on a pot, as a query."""
    pins = select(PairTable.visit_id).join(PinTable, PinTable.pair_id == PairTable.id)
    others = select(SpecimenTable.visit_id)
    return (
        pins.where(PinTable.pot != "", _unanswered(PinTable.id))
        .union(others.where(SpecimenTable.pot != "", _unanswered(SpecimenTable.id)))
        .subquery()
        .select()
    )


def _with_pots() -> Select[Any]:
    pins = select(PairTable.visit_id).join(PinTable, PinTable.pair_id == PairTable.id).where(PinTable.pot != "")
    return pins.union(select(SpecimenTable.visit_id).where(SpecimenTable.pot != "")).subquery().select()


def _told() -> Select[Any]:
    """Visits of which a letter was sent, and no diagnosis entered after it; see `FollowUp.told`."""
    later = select(ResultTable.specimen_id).where(
        ResultTable.visit_id == FollowUpTable.visit_id,
        ResultTable.diagnosis != "",
        ResultTable.entered_on > FollowUpTable.letter_on,
    )
    return select(FollowUpTable.visit_id).where(FollowUpTable.letter_on != "", ~exists(later))


def _signed_first(session: Session, visit_ids: Sequence[str]) -> Mapping[str, str]:
    """Of visits that were amended the impression that was signed first: a change after it hides no miss."""
    rows = session.scalars(
        select(AmendmentTable)
        .where(AmendmentTable.visit_id.in_(visit_ids))
        .order_by(AmendmentTable.made_at.desc(), AmendmentTable.id)
    )
    return {row.visit_id: row.impression for row in rows}


def _to_discuss() -> Select[Any]:
    """Put on the list, or discordant while nobody said anything about it."""
    listed = select(FollowUpTable.visit_id).where(FollowUpTable.mdt == "listed")
    said = select(FollowUpTable.visit_id).where(FollowUpTable.mdt != "")
    first = (
        select(AmendmentTable.impression)
        .where(AmendmentTable.visit_id == FindingsTable.visit_id)
        .order_by(AmendmentTable.made_at, AmendmentTable.id)
        .limit(1)
        .scalar_subquery()
    )
    signed = func.coalesce(first, FindingsTable.impression)
    apart = or_(*(and_(signed == one, HistologyTable.grade == other) for one, other in _APART))
    discordant = (
        select(FindingsTable.visit_id)
        .join(HistologyTable, HistologyTable.visit_id == FindingsTable.visit_id)
        .where(apart, FindingsTable.visit_id.not_in(said))
    )
    return listed.union(discordant).subquery().select()


def _unanswered(specimen_id: ColumnElement[str] | Any) -> ColumnElement[bool]:
    answered = select(ResultTable.specimen_id).where(ResultTable.specimen_id == specimen_id)
    return ~exists(answered.where(ResultTable.diagnosis != ""))


def _specimens(session: Session, visit_ids: Sequence[str]) -> Mapping[str, tuple[Specimen, ...]]:
    if access.masked(session):
        return {}
    found: dict[str, list[Specimen]] = defaultdict(list)
    pins = select(PinTable, PairTable.visit_id).join(PairTable, PairTable.id == PinTable.pair_id)
    lettered = [(row, at) for row, at in session.execute(pins.where(PairTable.visit_id.in_(visit_ids)))]
    for row, visit_id in sorted(lettered, key=lambda one: (one[0].letter[1:], one[0].letter)):
        found[visit_id].append(Specimen(row.id, visit_id, SpecimenKind.BIOPSY, row.letter, row.pot, dict(row.answers)))
    others = session.scalars(select(SpecimenTable).where(SpecimenTable.visit_id.in_(visit_ids)))
    for one in sorted(others, key=lambda one: (_ORDER.index(one.kind), one.pot, one.id)):
        kind = SpecimenKind(one.kind)
        found[one.visit_id].append(Specimen(one.id, one.visit_id, kind, KIND_WORDS[kind], one.pot, dict(one.answers)))
    results = {
        row.specimen_id: Result(dict(row.answers), row.entered_by, _day(row.entered_on))
        for row in _rows(session, ResultTable, visit_ids)
    }
    return {
        visit_id: tuple(replace(one, result=results.get(one.id, Result())) for one in there)
        for visit_id, there in found.items()
    }


def _day(kept: str) -> date | None:
    return date.fromisoformat(kept) if kept else None


def _rows(session: Session, table: Any, visit_ids: Sequence[str]) -> Iterable[Any]:
    return session.scalars(select(table).where(table.visit_id.in_(visit_ids)))


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
