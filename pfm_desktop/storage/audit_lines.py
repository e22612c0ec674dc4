"""Lines of the audit trail as they are stored, also where somebody has made one of them unreadable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from pfm_desktop.storage.tables import JournalTable

Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True)
class AuditLine:
    """A line as it is stored; `at` is UTC, `chain` its hash."""

    seq: int
    at: datetime
    who: str
    what: str
    key: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    text: str
    chain: str


@dataclass(frozen=True)
class UnreadLine:
    """A line that holds what the program never writes: no moment, no JSON, no text."""

    seq: int
    chain: str


Read = AuditLine | UnreadLine
# what the database, its driver and the JSON reader say of values that are not what a column holds
_UNREADABLE = (ValueError, TypeError, AttributeError, RecursionError, DatabaseError)


def read_lines(session: Session, conditions: Conditions, *, limit: int, newest: bool = False) -> tuple[Read, ...]:
    """The first `limit` lines for which the conditions hold, by number; with `newest` the last ones, backwards."""
    try:
        return tuple(_line(row) for row in session.execute(_chosen(_columns(), conditions, limit, newest=newest)))
    except _UNREADABLE:
        numbers = session.scalars(_chosen(select(JournalTable.seq), conditions, limit, newest=newest)).all()
        return tuple(_one(session, seq) for seq in numbers)


def _chosen(query: Select[Any], conditions: Conditions, limit: int, *, newest: bool) -> Select[Any]:
    seq = JournalTable.seq
    return query.where(*conditions).order_by(seq.desc() if newest else seq).limit(limit)


def _columns() -> Select[Any]:
    line = JournalTable
    return select(line.seq, line.at, line.who, line.what, line.key, line.old, line.new, line.text, line.chain)


def _line(row: Sequence[Any]) -> AuditLine:
    made = AuditLine(*row)
    if not all(isinstance(said, str) for said in (made.who, made.what, made.key, made.text, made.chain)):
        raise TypeError("a line holds bytes")
    return made


def _one(session: Session, seq: int) -> Read:
    try:
        return _line(session.execute(_columns().where(JournalTable.seq == seq)).one())
    except _UNREADABLE:
        return UnreadLine(seq, _chain_of(session, seq))


def _chain_of(session: Session, seq: int) -> str:
    try:
        return str(session.scalar(select(JournalTable.chain).where(JournalTable.seq == seq)))
    except _UNREADABLE:
        return ""
