"""The rows of the Today list, asked in an open library or before the database modules are loaded.

SQLAlchemy takes a large part of the start of the program to load. The list is what everybody waits for, so its
statements are plain SQL: `repositories.visit_rows` asks them in a session, `first_rows` through Python's own sqlite3.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pfm_desktop.domain.case import Patient, Visit, VisitRow
from pfm_desktop.domain.followup import DISCORDANT, LETTER_DAYS, OVERDUE_DAYS, Only
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.storage import search
from pfm_desktop.storage.schema import CURRENT, DATABASE, file_uri, folded, is_encrypted
from pfm_desktop.storage.search import Ask, Meaning

LIMIT = 500  # rows
_FLUORESCENCE = ", ".join(f"'{stage.value}'" for stage in Stage if stage.source is Source.FLUORESCENCE)
_NEWEST_FIRST = "ORDER BY visits.started_at DESC, visits.id"
_FEW = 5_000  # of the last visits, which are gone through first where many may fit
_QUICKER = 12  # times as many are gone through, by one index, in the time in which a way leads to them
_LATE = "SELECT visits.started_at FROM visits {behind} ORDER BY visits.started_at DESC LIMIT 1 OFFSET :among"
# pots of a visit; `CROSS JOIN`: in the order written
_PINS = "FROM pairs CROSS JOIN pins WHERE pairs.visit_id = visits.id AND pins.pair_id = pairs.id AND pins.pot <> ''"
_OTHERS = "FROM specimens WHERE specimens.visit_id = visits.id AND specimens.pot <> ''"
_UNANSWERED = "NOT EXISTS (SELECT 1 FROM results WHERE results.specimen_id = {} AND results.diagnosis <> '')"
# of an amended visit the impression that was signed first: a change after it hides no miss
_SIGNED = (
    "COALESCE((SELECT amendments.impression FROM amendments WHERE amendments.visit_id = findings.visit_id"
    " ORDER BY amendments.made_at, amendments.id LIMIT 1), findings.impression)"
)
# the page first, then what is counted for each of its rows: joined in the order written
_ROWS = f"""
SELECT visits.id, visits.patient_id, visits.started_at, visits.indication, visits.examiner, visits.note,
    patients.identifier, patients.family_name, patients.given_name, patients.birth_date,
    findings.impression, findings.signature IS NOT NULL,
    (SELECT count(*) FROM visits AS older
        WHERE older.patient_id = visits.patient_id AND older.started_at < visits.started_at),
    (SELECT count(*) FROM pictures WHERE pictures.visit_id = visits.id),
    (SELECT count(*) FROM pictures WHERE pictures.visit_id = visits.id AND pictures.stage IN ({_FLUORESCENCE})),
    (SELECT count(*) {_PINS} AND {_UNANSWERED.format("pins.id")})
        + (SELECT count(*) {_OTHERS} AND {_UNANSWERED.format("specimens.id")}),
    (SELECT histology.grade FROM histology WHERE histology.visit_id = visits.id),
    {_SIGNED},
    visits.day_text, patients.search
FROM ({{page}}) AS page CROSS JOIN visits
JOIN patients ON patients.id = visits.patient_id
LEFT JOIN findings ON findings.visit_id = visits.id
WHERE visits.id = page.id {_NEWEST_FIRST}
"""
_APART = " OR ".join(
    f"({_SIGNED} = '{one.value}' AND histology.grade = '{other.value}')"
    for one in GRADES
    for other in GRADES
    if abs(one.rank - other.rank) >= DISCORDANT
)
_DISCUSS = f"""(visits.id IN (SELECT follow_ups.visit_id FROM follow_ups WHERE follow_ups.mdt = 'listed')
    OR (visits.id IN (SELECT histology.visit_id FROM histology JOIN findings ON findings.visit_id = histology.visit_id
            WHERE {_APART})
        AND visits.id NOT IN (SELECT follow_ups.visit_id FROM follow_ups WHERE follow_ups.mdt <> '')))"""
# as much of a row as `_says` looks at
_SAID = """
SELECT visits.id, visits.patient_id, visits.started_at, visits.day_text, patients.search
FROM ({page}) AS page CROSS JOIN visits JOIN patients ON patients.id = visits.patient_id WHERE visits.id = page.id
"""


@dataclass(frozen=True)
class Question:
    """Which rows: visits whose name, identifier, day or impression holds each word of `search`; of one patient; before
    a moment; the newest `limit` of those behind the row `after` (start and id of a visit).

    A word like 08:15 or 8: also finds visits that began in that minute or hour, in the time of this computer. `only`
    some visits; those that have a limit of days as of now.
    """

    search: str = ""
    patient_id: str | None = None
    before: datetime | None = None
    limit: int = LIMIT
    after: tuple[datetime, str] | None = None
    only: Only = Only.ALL
    overdue_days: int = OVERDUE_DAYS


@dataclass(frozen=True)
class _Asked:
    """A question as it is put: what its words mean, further `conditions`, the `values` of all, words that are hours.

    Hours are compared once more by `_says`: the offset of this computer's zone differs between summer and winter.
    """

    words: tuple[Meaning, ...]
    conditions: tuple[str, ...]
    values: Mapping[str, Any]
    hours: tuple[str, ...]

    @property
    def way(self) -> Meaning | None:
        """The word that leads to the fewest visits."""
        return min((word for word in self.words if word.way), key=lambda word: word.visits, default=None)

    def select(self, columns: str, *conditions: str, by: Meaning | None) -> str:
        """The statement, `by` a word that leads to the visits or else by going through them."""
        every = [*self.conditions, *conditions]
        every += [word.condition for word in self.words if word is not by or not word.exact]
        if by is None:
            # keeps SQLite from taking the indexes of the conditions: that way was judged too long
            source = "visits"
            every = [f"({one} OR :never = 1)" if one in self._of_words else one for one in every]
        else:
            source = f"({by.way}) AS visits"
        return f"SELECT {columns} FROM {source}" + (f" WHERE {' AND '.join(every)}" if every else "")

    @property
    def _of_words(self) -> frozenset[str]:
        return frozenset(word.condition for word in self.words)


def rows(ask: Ask, question: Question) -> tuple[VisitRow, ...]:
    """The rows, newest first. `ask(statement, values)` runs SQL with named values, as in `:name`."""
    if question.limit < 1:
        return ()
    asked = _asked(ask, question)
    found: list[VisitRow] = []
    after = question.after
    while True:
        page = _page(ask, asked, question.limit, after)
        found += [_row(line) for line in page if all(_says(line, hour) for hour in asked.hours)]
        if len(found) >= question.limit or len(page) < question.limit:
            return tuple(found[: question.limit])
        after = (search.moment_of(page[-1][2]), page[-1][0])


def count(ask: Ask, question: Question) -> int:
    """How many visits there are, whatever `limit` and `after` say."""
    asked = _asked(ask, question)
    if not asked.hours:
        return next(int(number) for (number,) in ask(asked.select("count(*)", by=asked.way), asked.values))
    ids = asked.select("visits.id", by=asked.way)
    lines = ask(_SAID.format(page=ids), asked.values)
    return sum(all(_says(line, hour) for hour in asked.hours) for line in lines)


def first_rows(library: Path) -> tuple[VisitRow, ...] | None:
    """The list of a library that was closed properly, read without opening it; None where it must be opened first.

    Nothing is locked, written or changed: the file is read as if it lay on a read-only disk. What another program
    writes meanwhile is seen once the library is open.
    """
    database = library / DATABASE
    try:
        if (
            not database.is_file()
            or is_encrypted(library)
            or any(database.with_name(f"{DATABASE}-{side}").exists() for side in ("wal", "shm"))
        ):
            return None
        connection = sqlite3.connect(file_uri(database, "ro&immutable=1"), uri=True)
        try:
            found = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
            return rows(connection.execute, Question()) if found == (str(CURRENT),) else None
        finally:
            connection.close()
    except (sqlite3.Error, OSError, ValueError, TypeError):  # opening it will say what is wrong
        return None


def _asked(ask: Ask, question: Question) -> _Asked:
    words = tuple(dict.fromkeys(folded(question.search).split()))
    meanings = tuple(search.meaning(ask, word, number) for number, word in enumerate(words))
    conditions: list[str] = []
    values: dict[str, Any] = {"never": 0}
    for meaning in meanings:
        values.update(meaning.values)
    if question.patient_id is not None:
        conditions.append("visits.patient_id = :patient")
        values["patient"] = question.patient_id
    if question.before is not None:
        conditions.append("visits.started_at < :before")
        values["before"] = _stored(question.before)
    _restrict(question, conditions, values)
    return _Asked(meanings, tuple(conditions), values, tuple(word for word in words if search.is_hour(word)))


def _restrict(question: Question, conditions: list[str], values: dict[str, Any]) -> None:
    """To the visits of which something is to be done."""
    only, now = question.only, datetime.now().astimezone()
    awaited = f"(EXISTS (SELECT 1 {_PINS} AND {_UNANSWERED.format('pins.id')})"
    awaited += f" OR EXISTS (SELECT 1 {_OTHERS} AND {_UNANSWERED.format('specimens.id')}))"
    if only is Only.TODAY:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        values["from_day"], values["to_day"] = (
            _stored((midnight + timedelta(days=days)).astimezone()) for days in (0, 1)
        )
        conditions.append("visits.started_at >= :from_day AND visits.started_at < :to_day")
    elif only is Only.UNSIGNED:
        signed = "SELECT 1 FROM findings WHERE findings.visit_id = visits.id AND findings.signature IS NOT NULL"
        conditions.append(f"NOT EXISTS ({signed})")
    elif only is Only.OVERDUE:
        values["waits_since"] = _days_before(now, question.overdue_days)
        conditions.append(f"visits.started_at < :waits_since AND {awaited}")
    elif only is Only.DISCUSS:
        conditions.append(_DISCUSS)
    elif only is Only.LETTER:
        values["letter_since"] = _days_before(now, LETTER_DAYS)
        conditions.append(
            f"(EXISTS (SELECT 1 {_PINS}) OR EXISTS (SELECT 1 {_OTHERS})) AND NOT EXISTS (SELECT 1 FROM follow_ups"
            " WHERE follow_ups.visit_id = visits.id AND follow_ups.letter_on <> ''"
            " AND NOT EXISTS (SELECT 1 FROM results WHERE results.visit_id = visits.id AND results.diagnosis <> ''"
            " AND results.entered_on > follow_ups.letter_on))"
            f" AND (visits.started_at < :letter_since OR NOT {awaited})"
        )


def _days_before(now: datetime, days: int) -> str:
    """The beginning, here, of the day that lies so many days back: what began before has waited longer."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) - timedelta(days=days)
    return _stored(day.astimezone())


def _page(ask: Ask, asked: _Asked, limit: int, after: tuple[datetime, str] | None) -> list[Sequence[Any]]:
    """The newest of what was asked. Where many visits may fit they are mostly found among the last ones, or among as
    many more as those that were found there let expect."""
    values, behind = {**asked.values, "most": limit}, list[str]()
    if after is not None:  # two conditions: the first one is for the index
        behind = ["visits.started_at <= :last", "(visits.started_at < :last OR visits.id > :last_id)"]
        values |= {"last": _stored(after[0]), "last_id": after[1]}
    way, among = asked.way, _FEW
    while way is not None and way.visits > _FEW and among < _QUICKER * way.visits:
        late = f"visits.started_at >= ({_LATE.format(behind=f'WHERE {behind[0]}' if behind else '')})"
        found = _read(ask, asked.select("visits.id", *behind, late, by=None), {**values, "among": among})
        if len(found) == limit:
            return found
        among = max(2 * among + 1, round(1.5 * among * limit / len(found))) if found else sys.maxsize
    return _read(ask, asked.select("visits.id", *behind, by=way), values)


def _read(ask: Ask, ids: str, values: Mapping[str, Any]) -> list[Sequence[Any]]:
    return list(ask(_ROWS.format(page=f"{ids} {_NEWEST_FIRST} LIMIT :most"), values))


def _says(found: Sequence[Any], hour: str) -> bool:
    whole = f"0{hour}" if hour.index(":") == 1 else hour
    at = search.moment_of(found[2]).astimezone()
    return f"{at:%H:%M}".startswith(whole) or any(hour in text for text in found[-2:])


def _row(found: Sequence[Any]) -> VisitRow:
    visit_id, patient_id, started_at, indication, examiner, note, *rest = found
    identifier, family_name, given_name, born, impression, signed, earlier, pictures, lit, *follow_up = rest
    awaited, histology, signed_first, *_ = follow_up
    return VisitRow(
        visit=Visit(visit_id, patient_id, search.moment_of(started_at), indication, examiner, note),
        patient=Patient(patient_id, identifier, family_name, given_name, _day(born)),
        pictures=pictures,
        has_white=pictures > lit,
        has_fluorescence=lit > 0,
        impression=impression or "",
        signed=bool(signed),
        earlier_visits=earlier,
        awaited=awaited,
        histology=histology or "",
        signed_first=signed_first or "",
    )


def _stored(moment: datetime) -> str:
    """As `tables.UtcDateTime` puts it into SQLite."""
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone is compared with nothing")
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def _day(stored: str | date | None) -> date | None:
    return date.fromisoformat(stored) if isinstance(stored, str) else stored
