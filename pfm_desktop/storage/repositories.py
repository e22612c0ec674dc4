"""Reading the library as domain objects. Everything takes an open session; nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, object_session

from pfm_desktop.domain.annotation import CervixMark, OsMark, Pin
from pfm_desktop.domain.case import DAY_ONLY, Pair, Patient, Picture, Visit, VisitRow, identifier_key
from pfm_desktop.domain.drawing import points_from_json
from pfm_desktop.domain.findings import SWEDE_ITEMS, Findings, Reading, Signature, SwedeScore
from pfm_desktop.domain.followup import Only
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.storage import access, worklist
from pfm_desktop.storage.schema import folded
from pfm_desktop.storage.tables import (
    AnnotationTable,
    Base,
    FindingsTable,
    OsMarkTable,
    PairTable,
    PatientTable,
    PictureTable,
    PinTable,
    VisitTable,
)
from pfm_desktop.storage.worklist import Question

CERVIX = "cervix"  # kind of an annotation that is the outline of the cervix


def patient(session: Session, patient_id: str) -> Patient | None:
    """A patient by our id."""
    row = session.get(PatientTable, patient_id)
    return patient_from(row) if row else None


def patient_by_identifier(session: Session, identifier: str) -> Patient | None:
    """A patient by the clinic's number, however its capitals and spaces were typed; letter by letter comes first."""
    if access.masked(session):
        return None  # who asks would learn that she is here
    row = session.scalar(select(PatientTable).where(PatientTable.identifier == identifier))
    if row is None and (wanted := _squeezed(identifier)):
        # the search text ends with the identifier, in small letters
        ending = func.replace(PatientTable.search, " ", "").endswith(wanted, autoescape=True)
        like = session.scalars(select(PatientTable).where(ending).order_by(PatientTable.id))
        row = next((one for one in like if identifier_key(one.identifier) == identifier_key(identifier)), None)
    return patient_from(row) if row else None


def patients(session: Session, *, search: str = "", limit: int = 500) -> tuple[Patient, ...]:
    """Patients by name whose name or identifier holds every word of `search`."""
    if access.masked(session):
        return ()
    query = select(PatientTable).order_by(PatientTable.search, PatientTable.id).limit(limit)
    for word in folded(search).split():
        query = query.where(PatientTable.search.contains(word, autoescape=True))
    return tuple(patient_from(row) for row in session.scalars(query))


def visit(session: Session, visit_id: str) -> Visit | None:
    """A visit by id."""
    row = session.get(VisitTable, visit_id)
    return _visit(row) if row else None


def visit_rows(session: Session, question: Question) -> tuple[VisitRow, ...]:
    """Visits newest first; see `worklist`."""
    if not access.masked(session):
        return worklist.rows(lambda statement, values: session.execute(text(statement), values), question)
    found = worklist.rows(lambda statement, values: session.execute(text(statement), values), _unseeing(question))
    return tuple(_row_without_name(row) for row in found)


def _row_without_name(row: VisitRow) -> VisitRow:
    visit = replace(row.visit, indication="", examiner="", note=_day_only(row.visit.note))
    patient = access.without_name(row.patient)
    return replace(
        row, patient=patient, visit=visit, impression="", hidden=True, awaited=0, histology="", signed_first=""
    )


def _unseeing(question: Question) -> Question:
    """Whoever found a woman by her name or by what was found, or is to be done, would have read it."""
    told = question.only in (Only.ALL, Only.TODAY, Only.UNSIGNED)
    return replace(question, search="", only=question.only if told else Only.ALL)


def _day_only(note: str) -> str:
    """Of a note the one thing that tells of no woman: that the time of day of the visit is not known."""
    return DAY_ONLY if note.startswith(DAY_ONLY) else ""


def visit_count(session: Session, question: Question) -> int:
    """How many visits there are; see `worklist`."""
    if access.masked(session):
        question = _unseeing(question)
    return worklist.count(lambda statement, values: session.execute(text(statement), values), question)


def pictures_of(session: Session, visit_id: str) -> tuple[Picture, ...]:
    """Pictures of a visit in time order."""
    query = (
        select(PictureTable).where(PictureTable.visit_id == visit_id).order_by(PictureTable.taken_at, PictureTable.id)
    )
    return tuple(picture_from(row) for row in session.scalars(query))


def picture(session: Session, picture_id: str) -> Picture | None:
    """A picture by id."""
    row = session.get(PictureTable, picture_id)
    return picture_from(row) if row else None


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
    if access.masked(session):
        return ()  # where somebody took a biopsy tells what she found
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


def cervix_marks_of(session: Session, visit_id: str) -> tuple[CervixMark, ...]:
    """Outlines of the cervix that were drawn on pictures of a visit, at most one a picture."""
    query = select(AnnotationTable).where(AnnotationTable.visit_id == visit_id, AnnotationTable.kind == CERVIX)
    query = query.order_by(AnnotationTable.made_at, AnnotationTable.id)
    marks = [
        CervixMark(row.id, row.picture_id, points_from_json(row.body["outline"]))
        for row in session.scalars(query)
        if row.picture_id is not None
    ]
    return tuple({mark.picture_id: mark for mark in marks}.values())


def findings_of(session: Session, visit_id: str) -> Findings:
    """Findings of a visit; default ones while nothing was said."""
    row = session.get(FindingsTable, visit_id)
    if row is None or access.masked(session):
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
    return reading(row.second_read) if row and not access.masked(session) else None


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


def patient_from(row: PatientTable) -> Patient:
    """A line of the table as the domain's patient."""
    person = Patient(row.id, row.identifier, row.family_name, row.given_name, row.birth_date)
    return access.without_name(person) if _masks(row) else person


def _visit(row: VisitTable) -> Visit:
    if _masks(row):
        return Visit(row.id, row.patient_id, row.started_at, note=_day_only(row.note))
    return Visit(row.id, row.patient_id, row.started_at, row.indication, row.examiner, row.note)


def _masks(row: Base) -> bool:
    session = object_session(row)
    return session is not None and access.masked(session)


def picture_from(row: PictureTable) -> Picture:
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
        original_name="" if _masks(row) else row.original_name,  # people name files after women
        time_known=row.time_known,
        pixels_sha256=row.pixels_sha256,
    )


def _pair(row: PairTable) -> Pair:
    return Pair(row.id, row.visit_id, row.white_id, row.fluorescence_id, row.made_at)


def _pin(row: PinTable) -> Pin:
    note = "" if _masks(row) else row.note
    place = row.pair_id, Source(row.frame), row.x, row.y
    return Pin(row.id, *place, row.letter, note, row.pot, dict(row.answers))
