"""The audit trail for a person: its lines in words, whether it holds, and (`audit_export`) a signed copy of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pfm_desktop.domain.people import Act
from pfm_desktop.jobs import Context
from pfm_desktop.services.audit_words import exactly, field_name, flat, is_internal, kind_name, short, value_words
from pfm_desktop.services.housekeeping import AuditCheck, verify_audit
from pfm_desktop.storage import access
from pfm_desktop.storage import audit as stored
from pfm_desktop.storage.audit import PAGE, Kind, Wanted
from pfm_desktop.storage.audit_about import Whose, whose
from pfm_desktop.storage.audit_lines import AuditLine, Read
from pfm_desktop.storage.library import Library
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr

__all__ = ["PAGE", "AuditCheck", "Field", "Kind", "Told", "Wanted", "filter_words", "read", "told", "verify"]

UNREADABLE = tr("This line cannot be read: it is not what was written.")


@dataclass(frozen=True)
class Field:
    """A field of a line: what stood there and what stands there, whole; "" on a side that the line does not have."""

    name: str
    before: str
    after: str

    @property
    def short(self) -> str:
        """`Impression: none -> low`, each value shortened; `Letter: was A` of what is removed."""
        if not self.after:
            return tr("{field}: was {value}", field=self.name, value=short(self.before))
        return f"{self.name}: {' -> '.join(short(side) for side in (self.before, self.after) if side)}"


@dataclass(frozen=True)
class Told:
    """A line in words. `about` is the woman as she is on record now, `visit` the visit; "" where it is about none.

    `made` and `removed`: the record was not there before, or is not there after. An event has neither side: what its
    fields hold is said of it, and stands in `after`.
    """

    seq: int
    moment: str
    who: str
    kind: str
    text: str
    about: str = ""
    visit: str = ""
    fields: tuple[Field, ...] = ()
    made: bool = False
    removed: bool = False
    readable: bool = True
    chain: str = ""
    at: str = ""  # ISO 8601, UTC


def read(
    ctx: Context, lib: Library, wanted: Wanted, *, before: int | None = None, limit: int = PAGE
) -> tuple[Told, ...]:
    """Lines in words, newest first, with numbers below `before`; fewer than `limit` where there are no more.

    Raises `NotAllowedError`: the trail holds names.
    """
    access.require(lib.account, Act.READ_AUDIT)
    with lib.read() as session:
        lines = stored.page(session, wanted, before=before, limit=limit, check=ctx.check)
        women = whose(session, lines)
    return tuple(told(line, women.get(line.seq)) for line in lines)


def told(line: Read, woman: Whose | None = None) -> Told:
    """One line in words."""
    if not isinstance(line, AuditLine):
        return Told(line.seq, "", "", tr("Altered"), UNREADABLE, readable=False, chain=line.chain)
    is_record = line.what in stored.OF_RECORDS
    return Told(
        seq=line.seq,
        moment=exactly(line.at),
        who=line.who,
        kind=kind_name(line.what),
        text=line.text,
        about=_about(woman),
        visit=moments.moment(woman.visit_at) if woman is not None and woman.visit_at is not None else "",
        fields=_fields(line.old, line.new),
        made=is_record and line.old is None,
        removed=is_record and line.new is None,
        chain=line.chain,
        at=line.at.isoformat(),
    )


def verify(ctx: Context, lib: Library) -> AuditCheck:
    """Check the chain of the whole trail; changes nothing. Raises `NotAllowedError`: it tells what stands there."""
    access.require(lib.account, Act.READ_AUDIT)
    return verify_audit(ctx, lib)


def filter_words(wanted: Wanted) -> str:
    """`by Dr. Roth, from 02 Mar 2026, exports`; "all lines" where nothing is asked."""
    said = [
        f"by {wanted.who.strip()}" if wanted.who.strip() else "",
        f"from {_day(wanted.since)}" if wanted.since else "",
        f"until {_day(wanted.until)}" if wanted.until else "",
        f"{wanted.kind.value} only" if wanted.kind else "",
        f"about {wanted.about.strip()}" if wanted.about.strip() else "",
        f'with the words "{wanted.words.strip()}"' if wanted.words.strip() else "",
    ]
    return ", ".join(part for part in said if part) or "all lines"


def _day(day: date) -> str:
    """In English, as the record and the export have it."""
    return f"{day.day:02d} {moments.MONTHS[day.month - 1][:3]} {day.year}"


def _about(woman: Whose | None) -> str:
    if woman is None:
        return ""
    return f"{woman.identifier} {woman.name}".strip()


def _fields(old: object, new: object) -> tuple[Field, ...]:
    """What a person reads comes first, numbers that only the program knows come last."""
    before, after = _in_words(old), _in_words(new)
    paths = sorted(dict.fromkeys([*before, *after]), key=lambda path: is_internal(path[-1]))
    return tuple(Field(field_name(path), before.get(path, ""), after.get(path, "")) for path in paths)


def _in_words(side: object) -> Mapping[tuple[str, ...], str]:
    said: dict[tuple[str, ...], Any] = dict(flat(side))
    return {path: value_words(path[-1], value) for path, value in said.items()}
