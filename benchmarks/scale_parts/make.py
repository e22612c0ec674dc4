"""A library of a clinic's decade, made of invented women: records only, the bytes of most pictures are not there.

All lines go through the tables of `storage` in bulk; computed columns and the chain of the journal are made by
the program's own functions, so that `pfm library verify` finds the database as sound as one that
was written visit by visit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from benchmarks.scale_parts.names import name_of
from pfm_desktop.domain.source import Stage
from pfm_desktop.storage import chain, tables
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.search import parts_of

BEGUN, DAYS = date(2016, 11, 28), 3652
WOMEN_IN_TEN_VISITS = 4
_AT_ONCE = 5000  # visits in one transaction
_STAGES = (Stage.SALINE, Stage.ACETIC_ACID, Stage.FLUORESCENCE_AFTER_ACID, Stage.LUGOL)
_GRADES = (None, "normal", "low", "high", "cancer")
_GRADE_SHARES = (0.1, 0.55, 0.22, 0.12, 0.01)
Fields = dict[str, Any]


@dataclass
class Chunk:
    """Lines that are written together, by table."""

    lines: dict[type[tables.Base], list[Fields]] = field(default_factory=dict)

    def add(self, row: tables.Base, **journalled: Any) -> None:
        """A line as the table's own class makes it, with its computed columns."""
        row.derive()
        columns = type(row).__table__.columns.keys()
        self.lines.setdefault(type(row), []).append({name: getattr(row, name) for name in columns} | journalled)


@dataclass
class Journal:
    """The end of the chain so far."""

    chain: str = chain.FIRST
    seq: int = 0

    @classmethod
    def of(cls, lib: Library) -> Journal:
        """That of a new library, which may have an account on record."""
        with lib.read() as session:
            last = session.scalars(select(tables.JournalTable).order_by(tables.JournalTable.seq.desc())).first()
            return cls(last.chain, last.seq) if last is not None else cls()

    def line(self, at: datetime, what: str, key: str, old: Fields | None, new: Fields | None, text: str) -> Fields:
        """The next line."""
        self.seq += 1
        said = {"at": at, "who": "Dr. Scale", "what": what, "key": key, "old": old, "new": new, "text": text}
        self.chain = chain.link(self.chain, seq=self.seq, **said)  # type: ignore[arg-type]
        return {"seq": self.seq, **said, "chain": self.chain}


def make(new: Library, visits: int, *, seed: int = 1, say: Callable[[int], None] = lambda _: None) -> None:
    """Fill the new library `new`, and close it; `say(visits)` is told how far it is.

    Four pictures a visit, with hashes of their own; the bytes of none are there. Two of one seed hold the same women.
    """
    random = Random(seed)
    women = max(1, visits * WOMEN_IN_TEN_VISITS // 10)
    moments = _moments(random, visits)
    with new as lib:
        journal, seen = Journal.of(lib), list[str]()
        for start in range(0, visits, _AT_ONCE):
            chunk = Chunk()
            for number, begun in enumerate(moments[start : start + _AT_ONCE], start):
                _visit(
                    chunk, journal, random, _woman(chunk, journal, random, seen, begun, number, visits, women), begun
                )
            with lib.write() as session:
                _write(session, chunk, journal)
            say(min(visits, start + _AT_ONCE))


def _moments(random: Random, visits: int) -> list[datetime]:
    """In order, in the hours of a clinic (of this computer)."""
    days = [BEGUN + timedelta(days=day) for day in range(DAYS)]
    open_days = [day for day in days if day.weekday() < 5]
    begun = [
        datetime(day.year, day.month, day.day, random.randint(8, 16), random.randrange(60), random.randrange(60))
        for day in random.choices(open_days, k=visits)
    ]
    return sorted(moment.astimezone(UTC) for moment in begun)


def _woman(
    chunk: Chunk,
    journal: Journal,
    random: Random,
    seen: list[str],
    begun: datetime,
    number: int,
    visits: int,
    women: int,
) -> str:
    """A new woman, or one who was here before, more often of late."""
    if seen and len(seen) * visits >= women * (number + 1):
        return seen[min(len(seen) - 1, int(len(seen) * random.random() ** 0.7))]
    family, given = name_of(random)
    key, place = _id(random), len(seen)
    identifier = f"{begun.year}-{place:05d}" if random.random() < 0.6 else f"K-{900000 + place}"
    born = date(begun.year - random.randint(21, 70), random.randint(1, 12), random.randint(1, 28))
    row = tables.PatientTable(id=key, identifier=identifier, family_name=family, given_name=given, birth_date=born)
    chunk.add(row)
    said = {"identifier": identifier, "family_name": family, "given_name": given, "birth_date": born.isoformat()}
    _record(chunk, journal.line(begun, "patient", key, None, said, f"Patient {identifier} added"))
    seen.append(key)
    return key


def _visit(chunk: Chunk, journal: Journal, random: Random, woman: str, begun: datetime) -> None:
    key = _id(random)
    said: Fields = {
        "patient_id": woman,
        "indication": random.choice(("LSIL smear", "HPV 16 positive", "Follow-up", "Postcoital bleeding", "")),
        "examiner": random.choice(("Dr. A", "Dr. B", "")),
        "note": "",
    }
    chunk.add(tables.VisitTable(id=key, started_at=begun, **said))
    _record(chunk, journal.line(begun, "visit", key, None, {**said, "started_at": begun.isoformat()}, "Visit added"))
    pictures = [_picture(chunk, journal, random, key, stage, begun) for stage in _STAGES]
    pair = _id(random)
    both = {"visit_id": key, "white_id": pictures[1], "fluorescence_id": pictures[2]}
    at = begun + timedelta(minutes=6)
    chunk.add(tables.PairTable(id=pair, made_at=at, **both))
    _record(chunk, journal.line(at, "pair", pair, None, {**both, "made_at": at.isoformat()}, "Pair made"))
    _findings(chunk, journal, random, key, pair, at)


def _picture(chunk: Chunk, journal: Journal, random: Random, visit: str, stage: Stage, begun: datetime) -> str:
    key = _id(random)
    taken = begun + timedelta(minutes=1 + _STAGES.index(stage))
    said: Fields = {
        "visit_id": visit,
        "sha256": hashlib.sha256(key.encode()).hexdigest(),
        "stage": stage.value,
        "width": 1920,
        "height": 1080,
        "seconds_since_acid": 60.0 if stage is Stage.ACETIC_ACID else None,
        "mm_per_px": None,
        "device": "Colposcope",
        "original_name": f"{stage.value}.jpg",
        "time_known": True,
    }
    chunk.add(tables.PictureTable(id=key, taken_at=taken, **said))
    _record(chunk, journal.line(taken, "picture", key, None, {**said, "taken_at": taken.isoformat()}, "Picture added"))
    return key


def _findings(chunk: Chunk, journal: Journal, random: Random, visit: str, pair: str, at: datetime) -> None:
    grade = random.choices(_GRADES, _GRADE_SHARES)[0]
    if grade is None:
        return
    sure = random.random() < 0.9
    read = {"impression": grade, "read_at": at.isoformat(), "reader": "Dr. Scale", "after_reveal": False, "reason": ""}
    signature = {"name": "Dr. Scale", "signed_at": at.isoformat(), "meaning": "reviewed", "pair_id": pair}
    new: Fields = {"impression": grade, "first_read": read}
    row = tables.FindingsTable(visit_id=visit, text="", plan="", **new)
    _record(chunk, journal.line(at, "findings", visit, dict.fromkeys(new), new, f"Impression: {grade}"))
    if sure:
        row.signature = signature
        _record(chunk, journal.line(at, "findings", visit, {"signature": None}, {"signature": signature}, "Signed"))
    chunk.add(row)


def _record(chunk: Chunk, line: Fields) -> None:
    chunk.lines.setdefault(tables.JournalTable, []).append(line)


def _searchable(session: Session, chunk: Chunk) -> None:
    """What `records.write` keeps beside women and visits."""
    words = [
        {"part": part, "patient_id": woman["id"]}
        for woman in chunk.lines.get(tables.PatientTable, ())
        for part in parts_of(woman["search"])
    ]
    if words:
        session.execute(insert(tables.SearchWordTable), words)
    for day in {visit["day_text"] for visit in chunk.lines[tables.VisitTable]}:
        session.merge(tables.VisitDayTable(day=day))


def _write(session: Session, chunk: Chunk, journal: Journal) -> None:
    _searchable(session, chunk)
    for table in _parents_first(chunk.lines):
        session.execute(insert(table), chunk.lines[table])
    session.merge(tables.MetaTable(key=chain.HEAD, value=chain.head_of(journal.seq, journal.chain)))


def _parents_first(found: dict[type[tables.Base], list[Fields]]) -> Iterator[type[tables.Base]]:
    order: Sequence[Any] = tables.Base.metadata.sorted_tables
    return iter(sorted(found, key=lambda table: order.index(table.__table__)))


def _id(random: Random) -> str:
    return f"{random.getrandbits(128):032x}"
