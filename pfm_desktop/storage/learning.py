"""What a library holds to learn from, on which side its women stand, and what was learned. Takes an open session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from pfm_desktop.domain.case import stands_for_nobody
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.learning import Part, Run, State
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.storage import access
from pfm_desktop.storage.records import Fields, encode
from pfm_desktop.storage.tables import (
    CrosswalkTable,
    FindingsTable,
    JournalTable,
    LearningPartTable,
    LearningRunTable,
    PairTable,
    PatientTable,
    PictureTable,
    RegistrationTable,
    VisitTable,
)

LOOK = "locked_test"  # of the journal: somebody saw figures of the locked test
_AT_ONCE = 500


@dataclass(frozen=True)
class PairRow:
    """A pair with its woman, its pictures by source (SHA-256) and the device of the first of them. `unassigned`: nobody
    has said who she is."""

    pair_id: str
    visit_id: str
    patient_id: str
    pictures: Mapping[Source, str]
    device: str
    unassigned: bool = False


def pair_rows(session: Session) -> tuple[PairRow, ...]:
    """All pairs, those of one visit together, the one that opens last: both sources, then the last one made."""
    white, other = aliased(PictureTable), aliased(PictureTable)
    query = (
        select(PairTable.id, PairTable.visit_id, VisitTable.patient_id, white.sha256, other.sha256,
               white.device, other.device, other.stage,
               PatientTable.identifier, PatientTable.family_name, PatientTable.given_name)
        .join(VisitTable, VisitTable.id == PairTable.visit_id)
        .join(PatientTable, PatientTable.id == VisitTable.patient_id)
        .outerjoin(white, white.id == PairTable.white_id)
        .outerjoin(other, other.id == PairTable.fluorescence_id)
        .order_by(PairTable.visit_id, PairTable.made_at, PairTable.id)
    )  # fmt: skip
    rows = [
        PairRow(pair, visit, woman, _pictures(first, second, stage), device or other or "", stands_for_nobody(*called))
        for pair, visit, woman, first, second, device, other, stage, *called in session.execute(query)
    ]
    return tuple(sorted(rows, key=lambda row: (row.visit_id, len(row.pictures))))  # stable: the last one made is last


def _pictures(white: str | None, other: str | None, stage: str | None) -> Mapping[Source, str]:
    second = Stage(stage).second if stage is not None else None
    pair = {Source.WHITE: white, second or Source.FLUORESCENCE: other}
    return {source: sha256 for source, sha256 in pair.items() if sha256 is not None}


def signed_impressions(session: Session) -> Mapping[str, tuple[Grade, bool]]:
    """By visit that is signed, the clinician's grade, and whether it was given or changed after the AI was revealed."""
    if access.masked(session):
        return {}
    query = select(
        FindingsTable.visit_id,
        FindingsTable.impression,
        FindingsTable.signature,
        FindingsTable.first_read,
        FindingsTable.revealed_at,
    ).where(FindingsTable.impression.is_not(None))
    return {
        visit: (Grade(grade), revealed is not None and (first or {}).get("impression") != grade)
        for visit, grade, signature, first, revealed in session.execute(query)
        if signature
    }


def not_registered(session: Session) -> frozenset[str]:
    """Pairs whose kept registration is a refusal."""
    rows = session.execute(select(RegistrationTable.pair_id, RegistrationTable.summary))
    return frozenset(pair for pair, summary in rows if summary.get("status") == RegistrationStatus.REFUSED.value)


def names_of(session: Session, patient_ids: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """By woman, what she is called in files that leave the library: her identifier, and her pseudonym if she has one.

    For marks in a model that recognise her; nothing that is shown.
    """
    wanted = sorted(set(patient_ids))
    found: dict[str, list[str]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        for woman, name in session.execute(
            select(PatientTable.id, PatientTable.identifier).where(PatientTable.id.in_(some))
        ):
            found.setdefault(woman, []).append(name)
        for woman, name in session.execute(
            select(CrosswalkTable.patient_id, CrosswalkTable.pseudonym).where(CrosswalkTable.patient_id.in_(some))
        ):
            found.setdefault(woman, []).append(name)
    return {woman: tuple(names) for woman, names in found.items()}


def parts(session: Session) -> Mapping[str, Part]:
    """By woman who has one, the part that she keeps."""
    return {row.patient_id: Part(row.part) for row in session.scalars(select(LearningPartTable))}


def runs(session: Session) -> tuple[Run, ...]:
    """All runs, the newest first."""
    query = select(LearningRunTable).order_by(LearningRunTable.made_at.desc(), LearningRunTable.id)
    return tuple(_run(row) for row in session.scalars(query))


def run(session: Session, run_id: str) -> Run | None:
    """A run by id."""
    row = session.get(LearningRunTable, run_id)
    return _run(row) if row is not None else None


def looks(session: Session) -> int:
    """How often figures of the locked test were looked at."""
    return session.scalar(select(func.count()).where(JournalTable.what == LOOK)) or 0


def part_fields(part: Part, since: datetime) -> Fields:
    """A part as a `Change` holds it."""
    return {"part": part.value, "since": encode(since)}


def run_fields(one: Run) -> Fields:
    """A run as a `Change` holds it."""
    names: Sequence[str] = (
        "made_by", "parent_name", "parent_sha256", "model_name", "model_sha256", "settings", "counts", "figures",
    )  # fmt: skip
    plain = {name: getattr(one, name) for name in names}
    return {"made_at": encode(one.made_at), **plain, "state": one.state.value}


def _run(row: LearningRunTable) -> Run:
    return Run(
        id=row.id,
        made_at=row.made_at,
        made_by=row.made_by,
        parent_name=row.parent_name,
        parent_sha256=row.parent_sha256,
        model_name=row.model_name,
        model_sha256=row.model_sha256,
        settings=row.settings,
        counts=row.counts,
        state=State(row.state),
        figures=row.figures,
    )


def moments_of_visits(session: Session) -> tuple[datetime, ...]:
    """When women were seen, in UTC; empty for who does not see whom."""
    return () if access.masked(session) else tuple(session.scalars(select(VisitTable.started_at).distinct()))
