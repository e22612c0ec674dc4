"""The chain of the journal: each line carries a hash of itself and of the line before.

Whoever alters, removes, adds or moves a line without making all hashes behind it anew is found, and the end of the
chain stands beside the library's facts, so that lines cut off at the end are missed as well. It shows damage and
careless hands; somebody who writes to the database and knows this page can make all of it anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.storage.audit_lines import AuditLine, UnreadLine, read_lines
from pfm_desktop.storage.tables import JournalTable, MetaTable
from pfm_desktop.support.language import tr

HEAD = "journal_head"  # in the facts of the library: number and hash of the last line
FIRST = "0" * 64  # before the first line
CHECKING = tr("Checking the audit trail")
_AT_ONCE = 1000  # lines


def link(
    previous: str,
    *,
    seq: int,
    at: datetime,
    who: str,
    what: str,
    key: str,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    text: str,
) -> str:
    """The hash of a line, from that of the line before and everything that it says."""
    old, new = json.loads(json.dumps([old, new]))  # as the database gives it back: keys are strings
    return _linked(previous, seq, at, who, what, key, old, new, text)


def _linked(previous: str, seq: int, at: datetime, who: str, what: str, key: str, old: Any, new: Any, text: str) -> str:
    said = json.dumps([seq, at.isoformat(), who, what, key, old, new, text], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{said}".encode()).hexdigest()


def link_of(previous: str, row: JournalTable | AuditLine) -> str:
    """As `link`, of a line of the table."""
    return link(
        previous,
        seq=row.seq,
        at=row.at,
        who=row.who,
        what=row.what,
        key=row.key,
        old=row.old,
        new=row.new,
        text=row.text,
    )


def head_of(seq: int, chain: str) -> str:
    """What stands at `HEAD`."""
    return f"{seq} {chain}"


def extend(session: Session, row: JournalTable) -> None:
    """Join a line, just added and numbered, to the chain. The caller's transaction is the only one that writes.

    It is joined to the end that the library notes: lines that were cut off before stay missed behind the new one.
    """
    row.chain = link_of(_end(session, row.seq), row)
    session.merge(MetaTable(key=HEAD, value=head_of(row.seq, row.chain)))
    session.flush()


def end(session: Session) -> tuple[int, str]:
    """Number and hash of the last line; (0, `FIRST`) where there is none."""
    last = select(JournalTable.seq, JournalTable.chain).order_by(JournalTable.seq.desc()).limit(1)
    found = session.execute(last).first()
    return (found.seq, found.chain) if found is not None else (0, FIRST)


def has_line(session: Session, seq: int, chain: str) -> bool:
    """Whether the line of this number has this hash, and so all before it are those of then."""
    return seq == 0 or session.scalar(select(JournalTable.chain).where(JournalTable.seq == seq)) == chain


def _end(session: Session, seq: int) -> str:
    """The hash that line number `seq` is joined to."""
    head = session.get(MetaTable, HEAD)
    noted = head.value.partition(" ")[2] if head is not None else ""
    if noted:
        return noted
    before = select(JournalTable.chain).where(JournalTable.seq < seq).order_by(JournalTable.seq.desc()).limit(1)
    return session.scalar(before) or FIRST


def problems(session: Session, ctx: Context | None = None) -> Iterator[str]:
    """Where the chain does not hold, in order; nothing when it does. `ctx` is told after each thousand lines."""
    ctx = ctx or SilentContext()
    lines = session.scalar(select(func.count()).select_from(JournalTable)) or 0
    previous, last, done = FIRST, 0, 0
    while found := read_lines(session, [JournalTable.seq > last] if done else [], limit=_AT_ONCE):
        ctx.progress(done, lines, CHECKING)
        for line in found:
            if isinstance(line, UnreadLine):
                yield tr("audit trail: line {number} is not what was written: it cannot be read", number=line.seq)
            elif line.chain != _linked(
                previous, line.seq, line.at, line.who, line.what, line.key, line.old, line.new, line.text
            ):
                yield (
                    tr(
                        "audit trail: line {number} ({at:%Y-%m-%d %H:%M} UTC, {words!r}) is not what was written, or "
                        "lines between it and line {last} were altered, removed or moved",
                        number=line.seq,
                        at=line.at,
                        words=line.text[:60],
                        last=last,
                    )
                )
            previous, last = line.chain, line.seq
        done += len(found)
    ctx.progress(lines, lines, CHECKING)
    head = session.get(MetaTable, HEAD)
    if (head.value if head is not None else "") != (head_of(last, previous) if last else ""):
        yield tr(
            "audit trail: its end is not line {last}, as the library notes: lines at the end were altered or removed",
            last=last,
        )
