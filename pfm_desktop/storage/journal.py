"""The journal: every change and event of a library, in order, appended in the transaction that makes the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pfm_desktop.domain.case import IdentityCorrection, Patient
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.prediction import ModelInfo, RevealedModel
from pfm_desktop.storage import access, chain, records, removal, rules
from pfm_desktop.storage.tables import JournalTable

_REVEAL = "reveal"
_RECENT = 100  # lines
_AT_ONCE = 50  # lines of a step
_KEYS_AT_ONCE = 500  # in one question; SQLite takes not many more


@dataclass(frozen=True)
class JournalEntry:
    """A line of the journal. An event that changed no record (a reveal setting, an export) has `old` None."""

    seq: int
    at: datetime
    who: str
    what: str
    key: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    text: str

    @property
    def change(self) -> Change:
        """The change that this line records."""
        return Change(self.what, self.key, self.old, self.new, self.text)


def apply(session: Session, change: Change, *, who: str, at: datetime | None = None) -> None:
    """Carry out `change` and append it; the caller's transaction holds both. `at`: one moment for all of a step."""
    rules.check(session, change, who=who)
    removal.make_way(session, change)
    records.write(session, change)
    append(session, change, who=who, at=at)


def append(session: Session, change: Change, *, who: str, at: datetime | None = None) -> None:
    """Append a line without touching a record."""
    old = dict(change.old) if change.old is not None else None
    new = dict(change.new) if change.new is not None else None
    row = JournalTable(
        at=at or datetime.now(UTC), who=who, what=change.what, key=change.key, old=old, new=new, text=change.text
    )
    session.add(row)
    session.flush()
    chain.extend(session, row)


def append_reveal(session: Session, visit_id: str, model: ModelInfo, pair_id: str, *, who: str) -> None:
    """Append which model gave the answer that is revealed, and about which pair ("": not known)."""
    shown = {"name": model.name, "version": model.version, "sha256": model.sha256, "pair_id": pair_id}
    said = f"Answer revealed: {model.name} {model.version}"
    append(session, Change(_REVEAL, visit_id, None, shown, said), who=who)


def revealed_model(session: Session, visit_id: str) -> RevealedModel | None:
    """The model whose answer was revealed, and its pair; None before the reveal, or where the journal does not say."""
    if access.masked(session):
        return None
    line = last(session, what=_REVEAL, key=visit_id)
    shown = line.new if line is not None else None
    if not shown:
        return None
    return RevealedModel(shown["name"], shown["version"], shown["sha256"], shown.get("pair_id", ""))


def corrections_since_signing(session: Session, patient: Patient, visit_id: str) -> tuple[IdentityCorrection, ...]:
    """What was corrected about a woman since her visit was signed, oldest first, without what was taken back.

    `patient` is the present record. () while the visit is not signed.
    """
    if access.masked(session):
        return ()
    of_visit = select(JournalTable).where(JournalTable.what == "findings", JournalTable.key == visit_id)
    last = session.scalar(of_visit.order_by(JournalTable.seq.desc()).limit(1))
    if last is None or not (last.new or {}).get("signature"):  # no edit of the findings follows a signature
        return ()
    made, was = [], patient
    for line in reversed(entries(session, after=last.seq, what="patient", key=patient.id)):
        was = _person_before(was, line.old or {})
        made.append(IdentityCorrection(line.at, line.who, was))
    kept: list[IdentityCorrection] = []
    for correction in reversed(made):
        kept = [*_until(kept, correction.was), correction]
    return tuple(_until(kept, patient))


def _person_before(now: Patient, old: Mapping[str, Any]) -> Patient:
    born = date.fromisoformat(old["birth_date"]) if old.get("birth_date") else None
    return replace(now, **{**old, "birth_date": born} if "birth_date" in old else old)


def _until(made: list[IdentityCorrection], person: Patient) -> list[IdentityCorrection]:
    """Corrections up to where the record said what `person` says: from there it went round in a circle."""
    return list(takewhile(lambda correction: correction.was != person, made))


def entries(
    session: Session, *, after: int = 0, what: str | None = None, key: str | None = None, limit: int | None = 1000
) -> tuple[JournalEntry, ...]:
    """Lines behind number `after`, oldest first, at most `limit` (None: all)."""
    if access.masked(session):
        return ()  # before and after hold names
    query = select(JournalTable).where(JournalTable.seq > after).order_by(JournalTable.seq).limit(limit)
    if what is not None:
        query = query.where(JournalTable.what == what)
    if key is not None:
        query = query.where(JournalTable.key == key)
    return tuple(_entry(row) for row in session.scalars(query))


def step_that_made(session: Session, key: str) -> tuple[JournalEntry, ...]:
    """All lines of the step that first put the record `key` there: what is applied together has one moment."""
    if access.masked(session):
        return ()
    lines = select(JournalTable).where(JournalTable.key == key, JournalTable.what.in_(records.KINDS))
    first = session.scalars(lines.order_by(JournalTable.seq).limit(1)).first()
    if first is None:
        return ()
    found: list[JournalEntry] = []
    while True:
        after = found[-1].seq if found else first.seq - 1
        following = entries(session, after=after, limit=_AT_ONCE)  # few: an import has thousands of steps
        more = tuple(takewhile(lambda line: (line.at, line.who) == (first.at, first.who), following))
        found += more
        if not more:
            return tuple(line for line in found if line.what in records.KINDS)


def steps_begin(session: Session, *, who: str, after: int, most: int) -> int:
    """Number of the line with which the last `most` steps of a person begin; 0 where there is none."""
    first = func.min(JournalTable.seq)
    of_person = select(first).where(JournalTable.seq > after, JournalTable.who == who).group_by(JournalTable.at)
    return min(session.scalars(of_person.order_by(first.desc()).limit(most)), default=0)


def length(session: Session) -> int:
    """Number of the last line; 0 in an empty journal."""
    return session.scalar(select(func.max(JournalTable.seq))) or 0


def latest_moment(session: Session, *, since: str) -> datetime | None:
    """The latest moment among the last lines, behind the last event whose text begins with `since`; None without any.

    That event counts as well. Not that of the last line alone: who signs in leaves lines before anybody can ask.
    """
    recent = JournalTable.seq > length(session) - _RECENT
    event = select(func.max(JournalTable.seq)).where(recent, JournalTable.text.startswith(since, autoescape=True))
    behind = session.scalar(event) or 0
    return session.scalar(select(func.max(JournalTable.at)).where(recent, JournalTable.seq >= behind))


def last(session: Session, *, what: str, key: str, unless: str = "") -> JournalEntry | None:
    """The latest line about one thing; of those whose text does not end with `unless`, where that is given."""
    query = select(JournalTable).where(JournalTable.what == what, JournalTable.key == key)
    if unless:
        query = query.where(JournalTable.text.endswith(unless, autoescape=True).is_(False))
    row = session.scalars(query.order_by(JournalTable.seq.desc()).limit(1)).first()
    return None if row is None else _entry(row)


def all_new(session: Session, *, what: str, key: str) -> tuple[Mapping[str, Any], ...]:
    """What the lines of that kind and key put on record, the first one first."""
    lines = select(JournalTable.new).where(JournalTable.what == what, JournalTable.key == key)
    return tuple(dict(new) for new in session.scalars(lines.order_by(JournalTable.seq)) if new)


def latest_by(session: Session, *, what: str, who: str, begins: str) -> Mapping[str, Mapping[str, Any]]:
    """By key, what the latest line of this kind by `who` says, of all keys that begin so."""
    lines = select(JournalTable.key, JournalTable.new).where(JournalTable.what == what, JournalTable.who == who)
    query = lines.where(JournalTable.key.startswith(begins, autoescape=True)).order_by(JournalTable.seq)
    return {key: new or {} for key, new in session.execute(query).tuples()}


def any_by(session: Session, *, what: str, who: str) -> bool:
    """Whether there is a line of this kind by `who`."""
    query = select(JournalTable.seq).where(JournalTable.what == what, JournalTable.who == who).limit(1)
    return session.scalar(query) is not None


def keys_with(session: Session, *, what: str, keys: Sequence[str], who: str | None = None) -> frozenset[str]:
    """Those of these keys about which there is a line of this kind, by `who` where that is given."""
    found: set[str] = set()
    query = select(JournalTable.key).where(JournalTable.what == what)
    if who is not None:
        query = query.where(JournalTable.who == who)
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        found.update(session.scalars(query.where(JournalTable.key.in_(keys[start : start + _KEYS_AT_ONCE]))))
    return frozenset(found)


def _entry(row: JournalTable) -> JournalEntry:
    return JournalEntry(row.seq, row.at, row.who, row.what, row.key, row.old, row.new, row.text)
