"""The rows of the Today list: one statement, asked in an open library or before the database modules are loaded.

SQLAlchemy takes a large part of the start of the program to load. The list is what everybody waits for, so its
statement is plain SQL: `repositories.visit_rows` asks it in a session, `first_rows` through Python's own sqlite3.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pfm_desktop.domain.case import Patient, Visit, VisitRow
from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.storage.schema import CURRENT, DATABASE, file_uri, folded, is_encrypted

LIMIT = 500  # rows
_HOUR = re.compile(r"\d{1,2}:\d{0,2}")
_FLUORESCENCE = ", ".join(f"'{stage.value}'" for stage in Stage if stage.source is Source.FLUORESCENCE)
_ROWS = f"""
SELECT visits.id, visits.patient_id, visits.started_at, visits.indication, visits.examiner, visits.note,
    patients.identifier, patients.family_name, patients.given_name, patients.birth_date,
    findings.impression, findings.signature IS NOT NULL,
    (SELECT count(*) FROM visits AS older
        WHERE older.patient_id = visits.patient_id AND older.started_at < visits.started_at),
    (SELECT count(*) FROM pictures WHERE pictures.visit_id = visits.id),
    (SELECT count(*) FROM pictures WHERE pictures.visit_id = visits.id AND pictures.stage IN ({_FLUORESCENCE})),
    visits.day_text, patients.search
FROM visits
JOIN patients ON patients.id = visits.patient_id
LEFT JOIN findings ON findings.visit_id = visits.id
"""
_NEWEST_FIRST = "ORDER BY visits.started_at DESC, visits.id"

Ask = Callable[[str, Mapping[str, Any]], Iterable[Sequence[Any]]]


@dataclass(frozen=True)
class Question:
    """Which rows: visits whose name, identifier, day or impression holds each word of `search`; of one patient; before
    a moment; the newest `limit`.

    A word like 08:15 or 8: also finds visits that began in that minute or hour, in the time of this computer.
    """

    search: str = ""
    patient_id: str | None = None
    before: datetime | None = None
    limit: int = LIMIT


def rows(ask: Ask, question: Question) -> tuple[VisitRow, ...]:
    """The rows, newest first. `ask(statement, values)` runs SQL with named values, as in `:name`."""
    words = folded(question.search).split()
    hours = [word for word in words if _HOUR.fullmatch(word)]
    conditions: list[str] = []
    values: dict[str, Any] = {}
    for number, word in enumerate(word for word in words if word not in hours):
        conditions.append(_matches(word, number, values))
    if question.patient_id is not None:
        conditions.append("visits.patient_id = :patient")
        values["patient"] = question.patient_id
    if question.before is not None:
        conditions.append("visits.started_at < :before")
        values["before"] = _stored(question.before)
    statement = _ROWS + (f"WHERE {' AND '.join(conditions)} " if conditions else "") + _NEWEST_FIRST
    if not hours:
        values["most"] = question.limit
        return tuple(_row(found) for found in ask(f"{statement} LIMIT :most", values))
    # not in SQL: the offset of this computer's zone differs between summer and winter
    fitting = (found for found in ask(statement, values) if all(_says(found, hour) for hour in hours))
    return tuple(_row(found) for found in islice(fitting, question.limit))


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


def _matches(word: str, number: int, values: dict[str, Any]) -> str:
    """The condition that a row holds `word`; what it needs is put into `values`."""
    name = f"word{number}"
    values[name] = "%" + re.sub("([%_/])", r"/\1", word) + "%"
    either = [f"{column} LIKE :{name} ESCAPE '/'" for column in ("patients.search", "visits.day_text")]
    grades = [grade.value for grade in GRADES if grade.value.startswith(word) and len(word) > 1]
    for place, grade in enumerate(grades):
        values[f"{name}_{place}"] = grade
        either.append(f"findings.impression = :{name}_{place}")
    return f"({' OR '.join(either)})"


def _says(found: Sequence[Any], hour: str) -> bool:
    whole = f"0{hour}" if hour.index(":") == 1 else hour
    return f"{_moment(found[2]).astimezone():%H:%M}".startswith(whole) or any(hour in text for text in found[-2:])


def _row(found: Sequence[Any]) -> VisitRow:
    visit_id, patient_id, started_at, indication, examiner, note, *rest = found
    identifier, family_name, given_name, born, impression, signed, earlier, pictures, lit, *_ = rest
    return VisitRow(
        visit=Visit(visit_id, patient_id, _moment(started_at), indication, examiner, note),
        patient=Patient(patient_id, identifier, family_name, given_name, _day(born)),
        pictures=pictures,
        has_white=pictures > lit,
        has_fluorescence=lit > 0,
        impression=impression or "",
        signed=bool(signed),
        earlier_visits=earlier,
    )


def _stored(moment: datetime) -> str:
    """As `tables.UtcDateTime` puts it into SQLite."""
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone is compared with nothing")
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def _moment(stored: str | datetime) -> datetime:
    """UTC; SQLite gives text, other databases moments."""
    return (datetime.fromisoformat(stored) if isinstance(stored, str) else stored).replace(tzinfo=UTC)


def _day(stored: str | date | None) -> date | None:
    return date.fromisoformat(stored) if isinstance(stored, str) else stored
