"""Which woman had which picture when a run began, from the journal: pictures and visits move, and go off the record.

Takes an open session.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pfm_desktop.storage.tables import JournalTable, LearningRunTable, PictureTable, VisitTable

_EVER, _NOW = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_AT_ONCE = 500
_LIES_IN = {"picture": "visit_id", "visit": "patient_id"}


@dataclass
class _Stays:
    """Where a record lay: places with the moments between which it lay there."""

    ended: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    since: datetime = _EVER

    def leave(self, place: str, at: datetime) -> None:
        self.ended.append((place, self.since, at))
        self.since = at

    def until_now(self, place: str | None) -> Iterator[tuple[str, datetime, datetime]]:
        yield from self.ended
        if place is not None:
            yield place, self.since, _NOW


def had(session: Session) -> Mapping[str, frozenset[str]]:
    """By picture (SHA-256) that moved, with its visit or alone, or went off the record: the women who had it when a
    run began. {} before the first run, and where nothing has moved."""
    begun = list(session.scalars(select(LearningRunTable.made_at)))
    if not begun:
        return {}
    moved, hashes = _moved(session)
    visits, pictures = moved["visit"], moved["picture"]
    lies_in = _now_in(session, pictures, visits, hashes)
    women = _women(
        session, {*visits, *lies_in.values(), *(one[0] for stays in pictures.values() for one in stays.ended)}
    )
    found: dict[str, set[str]] = {}
    for picture, sha256 in hashes.items():
        for visit, first, last in pictures.get(picture, _Stays()).until_now(lies_in.get(picture)):
            for woman, since, until in visits.get(visit, _Stays()).until_now(women.get(visit)):
                if any(max(first, since) <= at < min(last, until) for at in begun):
                    found.setdefault(sha256, set()).add(woman)
    return {sha256: frozenset(those) for sha256, those in found.items()}


def gone(session: Session, hashes: Iterable[str]) -> frozenset[str]:
    """Those of the pictures (SHA-256) that no record has any more."""
    wanted = sorted(set(hashes))
    there: set[str] = set()
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        there.update(session.scalars(select(PictureTable.sha256).where(PictureTable.sha256.in_(some))))
    return frozenset(wanted) - there


def _moved(session: Session) -> tuple[Mapping[str, dict[str, _Stays]], dict[str, str]]:
    """By kind and key, where records lay that moved or went; and the hashes of pictures that went."""
    moved: dict[str, dict[str, _Stays]] = {what: {} for what in _LIES_IN}
    hashes: dict[str, str] = {}
    lines = select(JournalTable.what, JournalTable.key, JournalTable.old, JournalTable.at)
    lines = lines.where(JournalTable.what.in_(_LIES_IN), JournalTable.old.is_not(None)).order_by(JournalTable.seq)
    for what, key, old, at in session.execute(lines):
        place = old.get(_LIES_IN[what])
        if place is not None:
            moved[what].setdefault(key, _Stays()).leave(place, at)
        if what == "picture" and "sha256" in old:
            hashes[key] = old["sha256"]
    return moved, hashes


def _now_in(
    session: Session, pictures: Iterable[str], visits: Iterable[str], hashes: dict[str, str]
) -> Mapping[str, str]:
    """By picture that moved, or whose visit did, its visit now; its hash goes into `hashes`."""
    lies_in: dict[str, str] = {}
    for column, keys in ((PictureTable.id, sorted(pictures)), (PictureTable.visit_id, sorted(visits))):
        for start in range(0, len(keys), _AT_ONCE):
            query = select(PictureTable.id, PictureTable.visit_id, PictureTable.sha256)
            for key, visit, sha256 in session.execute(query.where(column.in_(keys[start : start + _AT_ONCE]))):
                lies_in[key], hashes[key] = visit, sha256
    return lies_in


def _women(session: Session, visits: Iterable[str]) -> Mapping[str, str]:
    keys = sorted(visits)
    found: dict[str, str] = {}
    for start in range(0, len(keys), _AT_ONCE):
        query = select(VisitTable.id, VisitTable.patient_id).where(VisitTable.id.in_(keys[start : start + _AT_ONCE]))
        found.update((visit, woman) for visit, woman in session.execute(query))
    return found
