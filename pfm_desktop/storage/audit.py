"""Reading the audit trail: lines in pages, newest first, by what a person asks for. Nothing here writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from pfm_desktop.storage import records
from pfm_desktop.storage.audit_about import keys_about
from pfm_desktop.storage.audit_lines import AuditLine, Read, UnreadLine, read_lines
from pfm_desktop.storage.tables import JournalTable
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

PAGE = 200  # lines
_SPAN = 20_000  # lines that are looked through before it is asked whether to go on
_AT_ONCE = 1000  # lines


class Kind(StrEnum):
    """What a line is about, as it is asked for. A removal is a change too."""

    CHANGES = "changes"
    REVEALS = "reveals"
    SIGN_INS = "sign-ins"
    EXPORTS = "exports"
    SETTINGS = "settings"
    DELETIONS = "deletions"


_EVENTS: Mapping[Kind, tuple[str, ...]] = {  # few among many lines: the index on `what` finds them
    Kind.SIGN_INS: ("sign_in", "account", "refused"),
    Kind.EXPORTS: ("export",),
    Kind.SETTINGS: ("setting",),
}
OF_RECORDS = frozenset({*records.KINDS, "account"})  # lines of these say a record before and after
_OF_CASES = tuple(what for what in records.KINDS if what not in _EVENTS[Kind.SIGN_INS])


@dataclass(frozen=True)
class Wanted:
    """Which lines: all that is asked must hold.

    `who` is a part of a name; `since` and `until` are days on this computer, both included; `about` is the identifier
    of a woman, also one that she had before; each of `words` stands in the text, the name or in what was there before
    or after.
    """

    who: str = ""
    since: date | None = None
    until: date | None = None
    kind: Kind | None = None
    about: str = ""
    words: str = ""

    @property
    def all(self) -> bool:
        """Whether every line is meant."""
        return self == Wanted()


@dataclass(frozen=True)
class Extent:
    """How many lines there are, and the hash of the first and the last ("" where there is none)."""

    lines: int
    first_chain: str
    last_chain: str


def page(
    session: Session,
    wanted: Wanted,
    *,
    before: int | None = None,
    limit: int = PAGE,
    check: Callable[[], None] = lambda: None,
) -> tuple[Read, ...]:
    """The newest `limit` lines with a number below `before`, newest first; fewer where there are no more.

    `check` is called now and then while many lines are looked through, and may raise.
    """
    conditions = _conditions(session, wanted)
    if wanted.all or wanted.about.strip() or wanted.kind in _EVENTS:  # an index leads to them
        return read_lines(session, [*conditions, *_between(None, before)], limit=limit, newest=True)
    found: list[Read] = []
    while len(found) < limit:
        check()
        low = _lowest_of_span(session, before)
        limits = [*conditions, *_between(low, before)]
        found += read_lines(session, limits, limit=limit - len(found), newest=True)
        if low is None:
            break
        before = low
    return tuple(found)


def extent(session: Session, wanted: Wanted) -> Extent:
    """How many lines `each` gives, and its ends."""
    counted = select(func.count(), func.min(JournalTable.seq), func.max(JournalTable.seq))
    lines, first, last = session.execute(counted.where(*_conditions(session, wanted))).one()
    ends = select(JournalTable.seq, JournalTable.chain).where(JournalTable.seq.in_((first, last)))
    chains: dict[int, str] = dict(session.execute(ends).tuples().all()) if lines else {}
    return Extent(lines, chains.get(first, ""), chains.get(last, ""))


def each(session: Session, wanted: Wanted) -> Iterator[AuditLine]:
    """All lines, oldest first, without holding more than a few. `StorageError` where one cannot be read."""
    conditions, last = _conditions(session, wanted), None
    while found := read_lines(session, [*conditions, *_after(last)], limit=_AT_ONCE):
        for line in found:
            if isinstance(line, UnreadLine):
                raise StorageError(
                    tr("line {number} of the audit trail cannot be read: it is not what was written", number=line.seq),
                    safe=tr("nothing was changed"),
                    remedy=tr("check the trail, and look for the line in a backup"),
                )
            yield line
        last = found[-1].seq


def _after(last: int | None) -> list[ColumnElement[bool]]:
    return [] if last is None else [JournalTable.seq > last]


def _between(low: int | None, before: int | None) -> list[ColumnElement[bool]]:
    limits: list[ColumnElement[bool]] = []
    if low is not None:
        limits.append(JournalTable.seq >= low)
    if before is not None:
        limits.append(JournalTable.seq < before)
    return limits


def _lowest_of_span(session: Session, before: int | None) -> int | None:
    """Number of the line that is `_SPAN` lines below `before`; None where there are fewer.

    Counted in lines, not in numbers: an altered number must not make a gap that takes hours to cross.
    """
    query = select(JournalTable.seq).where(*_between(None, before)).order_by(JournalTable.seq.desc())
    return session.scalar(query.offset(_SPAN - 1).limit(1))


def _conditions(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    made: list[ColumnElement[bool]] = []
    if wanted.about.strip():
        made.append(JournalTable.key.in_(keys_about(session, wanted.about)))
    if wanted.kind is not None:
        made.append(_of_kind(wanted.kind))
    if (start := _start_of(wanted.since)) is not None:
        made.append(JournalTable.at >= start)
    if (end := _start_of(wanted.until, later=1)) is not None:
        made.append(JournalTable.at < end)
    made += [_holds(JournalTable.who, word) for word in wanted.who.split()]
    made += [_says(word) for word in wanted.words.split()]
    return made


def _of_kind(kind: Kind) -> ColumnElement[bool]:
    line = JournalTable
    if kind in _EVENTS:
        return line.what.in_(_EVENTS[kind])
    # joined to nothing, so that no database goes by the index on `what` and sorts most of the trail afterwards
    what = line.what.concat("")
    if kind is Kind.REVEALS:  # what an older version revealed has no line of its own
        return or_(
            what.in_(("reveal", "ai_shown", "reads_shown")),
            and_(what == "findings", line.text.startswith("AI revealed")),
        )
    if kind is Kind.DELETIONS:
        gone = or_(line.new.is_(None), cast(line.new, Text) == "null")  # the same, were it written by another program
        return and_(what.in_(_OF_CASES), gone)
    return what.in_(_OF_CASES)


def _start_of(day: date | None, *, later: int = 0) -> datetime | None:
    """The moment at which a day begins on this computer; None at the ends of the calendar, where is nothing."""
    if day is None:
        return None
    try:
        return datetime.combine(day + timedelta(days=later), time()).astimezone()
    except (OverflowError, OSError, ValueError):
        return None


def _says(word: str) -> ColumnElement[bool]:
    sides = [cast(JournalTable.old, Text), cast(JournalTable.new, Text)]
    either = [_holds(column, word) for column in (JournalTable.text, JournalTable.who)]
    return or_(*either, *(_holds(side, word, written=_in_json) for side in sides))


def _holds(
    column: InstrumentedAttribute[Any] | ColumnElement[Any], word: str, *, written: Callable[[str], str] = str
) -> ColumnElement[bool]:
    """Whether a column holds a word. Databases know capitals of A to Z only: the rest is asked for in each way."""
    ways = {_small(way) for way in (word, word.lower(), word.upper(), word.capitalize())}
    return or_(*(column.icontains(written(way), autoescape=True) for way in sorted(ways)))


def _small(word: str) -> str:
    """As the database makes letters small: A to Z only."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in word)


def _in_json(word: str) -> str:
    """As it stands between the quotes of a JSON text."""
    return json.dumps(word)[1:-1]
