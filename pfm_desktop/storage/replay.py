"""Whether the records are what the audit trail says: every change is in it, so that it can be told from the first one.

The chain (`storage.chain`) shows a line that was altered; this shows a record that was altered behind the trail's back.
Registrations are left out: the program makes them anew, and they are kept beside the trail's events.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import String, Text, cast, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.storage.records import KINDS, Kind, decode, kind_words
from pfm_desktop.storage.tables import JournalTable
from pfm_desktop.support.language import tr

COMPARING = tr("Comparing the records with the audit trail")
MOST = 100  # problems that are told one by one
_AT_ONCE = 1000  # lines
_KINDS = {what: kind for what, kind in KINDS.items() if what != "registration"}


@dataclass(frozen=True)
class _Said:
    """What the trail says of one record: its fields (None: it was removed), the number of the last line, how many."""

    key: str
    fields: Mapping[str, Any] | None
    seq: int
    lines: int


def problems(session: Session, ctx: Context | None = None) -> Iterator[str]:
    """Records that are not what the trail says, that it does not know, and that are missing; `ctx` is told."""
    ctx = ctx or SilentContext()
    lines = session.scalar(select(func.count()).where(JournalTable.what.in_(_KINDS))) or 0
    done = found = 0
    for what, kind in _KINDS.items():
        try:
            for row, said in _together(_rows(session, kind), _trail(session, what, kind)):
                problem = _problem(what, row, said)
                found += bool(problem)
                if problem and found <= MOST:
                    yield problem
                before, done = done, done + (said.lines if said is not None else 0)
                if done // _AT_ONCE > before // _AT_ONCE:
                    ctx.progress(done, lines, COMPARING)
        except (SQLAlchemyError, UnicodeError) as error:
            why = getattr(error, "orig", None) or error
            yield tr("records: those of the kind {kind} cannot be read: {why}", kind=what, why=why)
    if found > MOST:
        yield tr("records: {count} more are not what the audit trail says", count=found - MOST)
    ctx.progress(lines, lines, COMPARING)


def _name(row: Mapping[str, Any] | None, said: _Said | None) -> str:
    key: str = said.key if said is not None else (row or {})["key"]
    return key if len(key) <= 12 else f"{key[:12]}..."


def _problem(what: str, row: Mapping[str, Any] | None, said: _Said | None) -> str:
    """What is wrong; "" where nothing is. No value is named: it may be of a woman."""
    kind, fields = _KINDS[what], said.fields if said is not None else None
    named = {"kind": kind_words(what), "name": _name(row, said), "line": said.seq if said is not None else 0}
    if row is None:
        missing = fields is not None and fields != kind.default  # one that says nothing goes with its visit
        if said is None or not missing:
            return ""
        return tr("records: the {kind} {name} is missing: line {line} of the audit trail is the last about it", **named)
    if fields is None:
        if said is None:
            unsaid = any(not _same(kind, row, name, value) for name, value in (kind.default or {}).items())
            here = unsaid or kind.default is None
            return tr("records: the {kind} {name} is not in the audit trail", **named) if here else ""
        return tr("records: the {kind} {name} was removed (line {line} of the audit trail), and is there", **named)
    differ = [name for name, value in fields.items() if name in kind.columns and not _same(kind, row, name, value)]
    if differ and said is not None:
        return tr(
            "records: the {kind} {name} is not what the audit trail says (line {line} is the last about it): {fields}",
            fields=", ".join(differ),
            **named,
        )
    return ""


def _same(kind: Kind, row: Mapping[str, Any], name: str, value: Any) -> bool:
    try:
        return bool(row[name] == decode(kind, name, value))
    except (ValueError, TypeError):  # no moment, no day
        return False


def _together(
    rows: Iterator[Mapping[str, Any]], trail: Iterator[_Said]
) -> Iterator[tuple[Mapping[str, Any] | None, _Said | None]]:
    """Records and what is said of them, both ordered by key, side by side."""
    row, said = next(rows, None), next(trail, None)
    while row is not None or said is not None:
        if said is None or (row is not None and row["key"] < said.key):
            yield row, None
            row = next(rows, None)
        elif row is None or said.key < row["key"]:
            yield None, said
            said = next(trail, None)
        else:
            yield row, said
            row, said = next(rows, None), next(trail, None)


def _rows(session: Session, kind: Kind) -> Iterator[Mapping[str, Any]]:
    columns = kind.table.__table__.columns
    key: Any = columns[kind.key[0]]
    for name in kind.key[1:]:
        key = cast(key, String) + "/" + cast(columns[name], String)
    query = select(key.label("key"), *(columns[name] for name in kind.columns)).order_by(key)
    found: Iterable[Any] = session.execute(query.execution_options(yield_per=_AT_ONCE)).mappings()
    return iter(found)


def _trail(session: Session, what: str, kind: Kind) -> Iterator[_Said]:
    """By key; the index of the journal has its lines in this order."""
    line = JournalTable
    query = select(line.key, line.seq, cast(line.old, Text), cast(line.new, Text)).where(line.what == what)
    ordered = query.order_by(line.key, line.seq).execution_options(yield_per=_AT_ONCE)
    found: Iterable[Any] = session.execute(ordered)
    readable = (one for one in found if isinstance(one[0], str))  # of the others the chain tells
    for key, group in groupby(readable, key=lambda one: one[0]):
        fields: dict[str, Any] | None = dict(kind.default) if kind.default is not None else None
        last = count = 0
        for _, seq, old, new in group:
            count += 1
            if old is None and new is None:
                continue  # an event about the record
            last, fields = seq, _after(fields, _loaded(old), _loaded(new))
        if last:
            yield _Said(key, fields, last, count)


def _after(fields: dict[str, Any] | None, old: Any, new: Any) -> dict[str, Any] | None:
    """The fields once a line was carried out."""
    if not isinstance(new, dict):
        return None
    return {**(fields or {}), **new} if isinstance(old, dict) else dict(new)


def _loaded(text: str | None) -> Any:
    try:
        return json.loads(text) if text is not None else None
    except (ValueError, RecursionError):  # the chain says that this line cannot be read
        return {}
