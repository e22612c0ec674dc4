"""Which lines of the audit trail are about which woman, also where records have been removed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from pfm_desktop.domain.source import PLACES
from pfm_desktop.storage import records, repositories
from pfm_desktop.storage.audit_lines import AuditLine, Conditions, Read, UnreadLine, read_lines
from pfm_desktop.storage.schema import folded
from pfm_desktop.storage.tables import JournalTable

# what hangs on what: the field of a record that names the record above it
_ABOVE = {
    "visit": ("patient", "patient_id"),
    "picture": ("visit", "visit_id"),
    "pair": ("visit", "visit_id"),
    "annotation": ("visit", "visit_id"),
    "clip": ("visit", "visit_id"),
    "whitening": ("visit", "visit_id"),
    "lesion": ("visit", "visit_id"),
    "specimen": ("visit", "visit_id"),
    "result": ("visit", "visit_id"),
    "amendment": ("visit", "visit_id"),
    "pin": ("pair", "pair_id"),
}
_UPWARDS = ("pin", *(kind for kind in _ABOVE if kind not in ("pin", "pair", "visit")), "pair", "visit")  # from below
_KEYED_BY_VISIT = frozenset(
    {"findings", "histology", "reveal", "export", "examination", "referral", "assessment", "follow_up"}
)
_KEYED_BY_PAIR = frozenset({"registration", "prediction", "ai_shown", "reads_shown"})
_KEYED_BY = {"acquisition": "picture", "allergies": "patient"}
_AT_ONCE = 500  # keys in one question
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Whose:
    """The woman whom a line is about, as she is on record now, and the visit where it is about one."""

    identifier: str
    name: str
    visit_at: datetime | None = None


def keys_about(session: Session, identifier: str) -> tuple[str, ...]:
    """Keys of all lines about the woman who has, or had, this identifier, however it is typed; () for nobody."""
    former, removed = _past(session, _squeezed(identifier))
    now = repositories.patient_by_identifier(session, identifier.strip())
    found = {"patient": former | ({now.id} if now is not None else set())}
    for what, (above, field) in _ABOVE.items():
        column = getattr(records.kind_of(what).table, field)
        table = records.kind_of(what).table.__table__
        known = {
            key
            for part in _parts(found[above])
            for key in session.scalars(select(table.c[records.kind_of(what).key[0]]).where(column.in_(part)))
        }
        found[what] = known | {key for key, old in removed.get(what, {}).items() if old.get(field) in found[above]}
    marks = {f"{pair}/{source.value}" for pair in found["pair"] for source in PLACES}
    return tuple(sorted(set().union(*found.values(), marks)))


def whose(session: Session, lines: Iterable[Read]) -> dict[int, Whose]:
    """The woman of each line, by the line's number; lines that are about none are left out."""
    steps: dict[int, tuple[str, str]] = {}
    given = list(lines)
    for line in given:
        start = _start(line)
        if start is not None:
            steps[line.seq] = start
    visits: dict[int, str] = {}
    for what in _UPWARDS:
        above, field = _ABOVE[what]
        here = {seq: key for seq, (kind, key) in steps.items() if kind == what}
        if what == "visit":
            visits = here
        fields = _fields(session, what, set(here.values()))
        for seq, key in here.items():
            steps[seq] = (above, str(fields.get(key, {}).get(field, "")))
    women = _fields(session, "patient", {key for _, key in steps.values()})
    seen = _fields(session, "visit", set(visits.values()))
    return {
        seq: _whose(women[key], seen.get(visits.get(seq, ""), {})) for seq, (_, key) in steps.items() if key in women
    }


def _whose(woman: Fields, visit: Fields) -> Whose:
    name = ", ".join(part for part in (woman.get("family_name"), woman.get("given_name")) if part)
    try:
        at = datetime.fromisoformat(visit["started_at"])
    except (KeyError, TypeError, ValueError):
        at = None
    return Whose(str(woman.get("identifier", "")), name, at)


def _start(line: Read) -> tuple[str, str] | None:
    """The record that a line begins from on the way up to the woman: its kind and key."""
    if isinstance(line, UnreadLine):
        return None
    if line.what in _KEYED_BY_VISIT:
        return "visit", line.key
    if line.what in _KEYED_BY_PAIR:
        return "pair", line.key
    if line.what == "os_mark":
        return "pair", line.key.split("/")[0]
    if line.what in _KEYED_BY:
        return _KEYED_BY[line.what], line.key
    return (line.what, line.key) if line.what in _ABOVE or line.what == "patient" else None


def _fields(session: Session, what: str, keys: Collection[str]) -> dict[str, Fields]:
    """Fields of records by key: as they are on record, else as the trail says they were."""
    kind, found = records.kind_of(what), dict[str, Fields]()
    column = kind.table.__table__.c[kind.key[0]]
    for part in _parts(keys):
        for row in session.scalars(select(kind.table).where(column.in_(part))):
            key = getattr(row, kind.key[0])
            found[key] = {name: records.encode(getattr(row, name)) for name in kind.columns}
    for part in _parts([key for key in keys if key not in found]):
        for line in _lines(session, [JournalTable.what == what, JournalTable.key.in_(part)]):
            found[line.key] = {**found.get(line.key, {}), **_side(line.old), **_side(line.new)}
    return found


def _past(session: Session, identifier: str) -> tuple[set[str], dict[str, dict[str, Fields]]]:
    """Ids of who had the identifier before it was corrected or she was taken off the record; and what else is off the
    record, by kind and key, as it was then. Each removal has a line that says all of it."""
    women, removed = set[str](), dict[str, dict[str, Fields]]()
    for line in _lines(session, [_is("patient", *_ABOVE), JournalTable.old.is_not(None)]):
        old = _side(line.old)
        if line.what == "patient" and identifier and _squeezed(str(old.get("identifier", ""))) == identifier:
            women.add(line.key)
        if line.what != "patient" and line.new is None:
            removed.setdefault(line.what, {})[line.key] = old
    return women, removed


def _lines(session: Session, conditions: Conditions) -> Iterator[AuditLine]:
    """All lines for which the conditions hold, oldest first; what cannot be read tells nothing."""
    last: list[ColumnElement[bool]] = []
    while found := read_lines(session, [*conditions, *last], limit=_AT_ONCE):
        yield from (line for line in found if isinstance(line, AuditLine))
        last = [JournalTable.seq > found[-1].seq]


def _is(*kinds: str) -> ColumnElement[bool]:
    """In the order of numbers, and not of the index on `what`, which would be sorted anew for each few lines."""
    return JournalTable.what.concat("").in_(kinds)


def _side(side: object) -> Fields:
    """What was there before or after; nothing where somebody put something else than a record there."""
    return side if isinstance(side, Mapping) else {}


def _squeezed(identifier: str) -> str:
    """Without capitals, accents and spaces."""
    return "".join(folded(identifier).split())


def _parts(keys: Collection[str]) -> Iterator[list[str]]:
    given = sorted(keys)
    for start in range(0, len(given), _AT_ONCE):
        yield given[start : start + _AT_ONCE]
