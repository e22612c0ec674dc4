"""Reading the library as domain objects. Everything takes an open session; nothing here writes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from pfm_desktop.domain.annotation import OsMark, Pin
from pfm_desktop.domain.case import Pair, Patient, Picture, Visit, VisitRow
from pfm_desktop.domain.findings import SWEDE_ITEMS, Findings, Reading, Signature, SwedeScore
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.storage.tables import (
    FindingsTable,
    OsMarkTable,
    PairTable,
    PatientTable,
    PictureTable,
    PinTable,
    VisitTable,
    folded,
)

_HOUR = re.compile(r"\d{1,2}:\d{0,2}")
_FLUORESCENCE = [stage.value for stage in Stage if stage.source is Source.FLUORESCENCE]


def patient(session: Session, patient_id: str) -> Patient | None:
    """A patient by our id."""
    row = session.get(PatientTable, patient_id)
    return patient_from(row) if row else None


def patient_by_identifier(session: Session, identifier: str) -> Patient | None:
    """A patient by the clinic's number, however its capitals and spaces were typed; letter by letter comes first."""
    row = session.scalar(select(PatientTable).where(PatientTable.identifier == identifier))
    if row is None and (wanted := _squeezed(identifier)):
        # the search text ends with the identifier, in small letters
        ending = func.replace(PatientTable.search, " ", "").endswith(wanted, autoescape=True)
        like = session.scalars(select(PatientTable).where(ending).order_by(PatientTable.id))
        row = next((one for one in like if _squeezed(one.identifier) == wanted), None)
    return patient_from(row) if row else None


def patients(session: Session, *, search: str = "", limit: int = 500) -> tuple[Patient, ...]:
    """Patients by name whose name or identifier holds every word of `search`."""
    query = select(PatientTable).order_by(PatientTable.search, PatientTable.id).limit(limit)
    for word in folded(search).split():
        query = query.where(PatientTable.search.contains(word, autoescape=True))
    return tuple(patient_from(row) for row in session.scalars(query))


def visit(session: Session, visit_id: str) -> Visit | None:
    """A visit by id."""
    row = session.get(VisitTable, visit_id)
    return _visit(row) if row else None


def visit_rows(
    session: Session,
    *,
    search: str = "",
    patient_id: str | None = None,
    before: datetime | None = None,
    limit: int = 500,
) -> tuple[VisitRow, ...]:
    """Visits newest first; each word of `search` must stand in name, identifier, day or impression.

    A word like 08:15 or 8: also finds visits that began in that minute or hour, in the time of this computer.
    """
    older = aliased(VisitTable)
    earlier = (
        select(func.count(older.id))
        .where(older.patient_id == VisitTable.patient_id, older.started_at < VisitTable.started_at)
        .correlate(VisitTable)
        .scalar_subquery()
    )
    query = (
        select(VisitTable, PatientTable, FindingsTable.impression, FindingsTable.signature, earlier)
        .join(PatientTable, PatientTable.id == VisitTable.patient_id)
        .outerjoin(FindingsTable, FindingsTable.visit_id == VisitTable.id)
        .order_by(VisitTable.started_at.desc(), VisitTable.id)
        .limit(limit)
    )
    words = folded(search).split()
    query = _matching(query, [word for word in words if not _HOUR.fullmatch(word)])
    if patient_id is not None:
        query = query.where(VisitTable.patient_id == patient_id)
    if before is not None:
        query = query.where(VisitTable.started_at < before)
    if hours := [word for word in words if _HOUR.fullmatch(word)]:
        query = query.where(VisitTable.id.in_(_begun_at(session, query, hours, limit)))
    found = session.execute(query).all()
    counts = _picture_counts(session, [row[0].id for row in found])
    return tuple(_row(row, counts.get(row[0].id, (0, 0))) for row in found)


def pictures_of(session: Session, visit_id: str) -> tuple[Picture, ...]:
    """Pictures of a visit in time order."""
    query = (
        select(PictureTable).where(PictureTable.visit_id == visit_id).order_by(PictureTable.taken_at, PictureTable.id)
    )
    return tuple(_picture(row) for row in session.scalars(query))


def picture(session: Session, picture_id: str) -> Picture | None:
    """A picture by id."""
    row = session.get(PictureTable, picture_id)
    return _picture(row) if row else None


def pairs_of(session: Session, visit_id: str) -> tuple[Pair, ...]:
    """Pairs of a visit in the order they were made."""
    query = select(PairTable).where(PairTable.visit_id == visit_id).order_by(PairTable.made_at, PairTable.id)
    return tuple(_pair(row) for row in session.scalars(query))


def pair(session: Session, pair_id: str) -> Pair | None:
    """A pair by id."""
    row = session.get(PairTable, pair_id)
    return _pair(row) if row else None


def pins_of(session: Session, visit_id: str) -> tuple[Pin, ...]:
    """Pins on all pairs of a visit, by letter: A to Z, then A1, B1, ..."""
    query = select(PinTable).join(PairTable, PairTable.id == PinTable.pair_id).where(PairTable.visit_id == visit_id)
    return tuple(sorted((_pin(row) for row in session.scalars(query)), key=lambda pin: (pin.letter[1:], pin.letter)))


def pin(session: Session, pin_id: str) -> Pin | None:
    """A pin by id."""
    row = session.get(PinTable, pin_id)
    return _pin(row) if row else None


def os_marks_of(session: Session, visit_id: str) -> tuple[OsMark, ...]:
    """Os marks on all pairs of a visit, at most one a pair and frame."""
    query = select(OsMarkTable).join(PairTable, PairTable.id == OsMarkTable.pair_id)
    query = query.where(PairTable.visit_id == visit_id).order_by(OsMarkTable.pair_id, OsMarkTable.frame)
    return tuple(OsMark(row.pair_id, Source(row.frame), row.x, row.y) for row in session.scalars(query))


def findings_of(session: Session, visit_id: str) -> Findings:
    """Findings of a visit; default ones while nothing was said."""
    row = session.get(FindingsTable, visit_id)
    if row is None:
        return Findings(visit_id)
    return Findings(
        visit_id=visit_id,
        impression=Grade(row.impression) if row.impression else None,
        swede=SwedeScore(**{item.key: getattr(row, item.key) for item in SWEDE_ITEMS}),
        text=row.text,
        plan=row.plan,
        first_read=reading(row.first_read),
        revealed_at=row.revealed_at,
        signature=signature(row.signature),
    )


def second_read_of(session: Session, visit_id: str) -> Reading | None:
    """The reading after the AI was revealed, if there is one."""
    row = session.get(FindingsTable, visit_id)
    return reading(row.second_read) if row else None


def reading(fields: Mapping[str, Any] | None) -> Reading | None:
    """A reading as the findings keep it."""
    if fields is None:
        return None
    return Reading(
        impression=Grade(fields["impression"]),
        read_at=datetime.fromisoformat(fields["read_at"]),
        reader=fields["reader"],
        after_reveal=fields["after_reveal"],
        reason=fields.get("reason", ""),
    )


def signature(fields: Mapping[str, Any] | None) -> Signature | None:
    """A signature as the findings keep it."""
    if fields is None:
        return None
    signed_at = datetime.fromisoformat(fields["signed_at"])
    return Signature(fields["name"], signed_at, fields["meaning"], fields.get("pair_id", ""))


def _squeezed(identifier: str) -> str:
    return "".join(folded(identifier).split())


def _begun_at(session: Session, query: Select[Any], hours: Sequence[str], limit: int) -> list[str]:
    """The first `limit` visits of `query` that match words like 08:15.

    Not in SQL: the offset of this computer's zone differs between summer and winter.
    """
    columns = VisitTable.id, VisitTable.started_at, VisitTable.day_text, PatientTable.search
    found = session.execute(query.with_only_columns(*columns, maintain_column_froms=True).limit(None))
    fitting = (visit_id for visit_id, at, *texts in found if all(_says(at, texts, hour) for hour in hours))
    return list(islice(fitting, limit))


def _says(at: datetime, texts: Sequence[str], hour: str) -> bool:
    whole = f"0{hour}" if hour.index(":") == 1 else hour
    return f"{at.astimezone():%H:%M}".startswith(whole) or any(hour in text for text in texts)


def _matching(query: Select[Any], words: Sequence[str]) -> Select[Any]:
    for word in words:
        grades = [grade.value for grade in GRADES if grade.value.startswith(word) and len(word) > 1]
        query = query.where(
            or_(
                PatientTable.search.contains(word, autoescape=True),
                VisitTable.day_text.contains(word, autoescape=True),
                and_(FindingsTable.impression.is_not(None), FindingsTable.impression.in_(grades)),
            )
        )
    return query


def _picture_counts(session: Session, visit_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Number of pictures, and of fluorescence pictures among them, a visit."""
    fluorescence = func.sum(case((PictureTable.stage.in_(_FLUORESCENCE), 1), else_=0))
    query = (
        select(PictureTable.visit_id, func.count(PictureTable.id), fluorescence)
        .where(PictureTable.visit_id.in_(visit_ids))
        .group_by(PictureTable.visit_id)
    )
    return {visit_id: (count, int(lit)) for visit_id, count, lit in session.execute(query)}


def _row(row: Sequence[Any], counts: tuple[int, int]) -> VisitRow:
    visit_row, patient_row, impression, signed_with, earlier = row
    return VisitRow(
        visit=_visit(visit_row),
        patient=patient_from(patient_row),
        pictures=counts[0],
        has_white=counts[0] > counts[1],
        has_fluorescence=counts[1] > 0,
        impression=impression or "",
        signed=signed_with is not None,
        earlier_visits=earlier,
    )


def patient_from(row: PatientTable) -> Patient:
    """A line of the table as the domain's patient."""
    return Patient(row.id, row.identifier, row.family_name, row.given_name, row.birth_date)


def _visit(row: VisitTable) -> Visit:
    return Visit(row.id, row.patient_id, row.started_at, row.indication, row.examiner, row.note)


def _picture(row: PictureTable) -> Picture:
    return Picture(
        id=row.id,
        visit_id=row.visit_id,
        sha256=row.sha256,
        stage=Stage(row.stage),
        taken_at=row.taken_at,
        width=row.width,
        height=row.height,
        seconds_since_acid=row.seconds_since_acid,
        mm_per_px=row.mm_per_px,
        device=row.device,
        original_name=row.original_name,
        time_known=row.time_known,
    )


def _pair(row: PairTable) -> Pair:
    return Pair(row.id, row.visit_id, row.white_id, row.fluorescence_id, row.made_at)


def _pin(row: PinTable) -> Pin:
    return Pin(row.id, row.pair_id, Source(row.frame), row.x, row.y, row.letter, row.note)
