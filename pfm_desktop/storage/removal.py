"""What may be taken off the record, however the removal arrives: nothing goes while something else stands on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from pfm_desktop.domain.change import Change
from pfm_desktop.storage import drawn, records
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.storage.tables import (
    AnnotationTable,
    CrosswalkTable,
    FindingsTable,
    HistologyTable,
    OsMarkTable,
    PairTable,
    PatientTable,
    PictureTable,
    PinTable,
    ReadTable,
    VisitTable,
)
from pfm_desktop.storage.tables_capture import (
    AcquisitionTable,
    AllergiesTable,
    ClipTable,
    ExaminationTable,
    WhiteningTable,
)
from pfm_desktop.storage.tables_review import (
    AmendmentTable,
    AssessmentTable,
    FollowUpTable,
    LesionTable,
    ReferralTable,
    ResultTable,
    SpecimenTable,
)
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

# what has the key of another record, and goes off the record with it
_GOES_ALONG = {
    "picture": ("acquisition",),
    "visit": ("examination", "referral", "assessment", "follow_up"),
    "patient": ("allergies",),
}


class StillNeededError(StorageError):
    """A removal of what something else on record stands on."""

    def __init__(self, what: str, why: str, remedy: str) -> None:
        super().__init__(
            tr('"{what}" was not done: {why}', what=what, why=why), safe=tr("nothing was changed"), remedy=remedy
        )


def make_way(session: Session, change: Change) -> None:
    """Raise when `change` removes what is still needed; findings that say nothing go with their visit.

    A pair that an answer was revealed about does not leave its visit either.
    """
    if change.what == "pair" and change.new is not None and change.old is not None and "visit_id" in change.old:
        _revealed_pair(session, change)
        _answered_pair(session, change)
    check = _CHECKS.get(change.what)
    if change.new is None and check is not None:
        check(session, change)


def with_what_hangs_on(session: Session, changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes, and before each that removes a picture or pair the removal of the pairs and registrations on it.

    A picture that moves to another visit tears the pairs that do not move with it: they are removed too. How a picture
    was taken goes with the picture, an examination with its visit, allergies with the woman, contours with the lesion.
    """
    made: list[Change] = []
    gone: set[tuple[str, str]] = set()
    with_it = {change.key for change in changes if change.what == "pair" and change.new is not None}
    for change in changes:
        for one in (*_hanging_on(session, change, with_it), change):
            if one.new is None and (one.what, one.key) in gone:
                continue
            if one.new is None:
                gone.add((one.what, one.key))
            made.append(_as_left(one, made) if one is not change else one)
    return tuple(made)


def _as_left(removal: Change, before: Sequence[Change]) -> Change:
    """A removal of what is there now, told as it will be once the changes before it are carried out."""
    old = dict(removal.old or {})
    for change in before:
        if (change.what, change.key) == (removal.what, removal.key):
            old |= change.new or {}
    return replace(removal, old=old)


def _hanging_on(session: Session, change: Change, with_it: Set[str] = frozenset()) -> Iterator[Change]:
    """`with_it`: pairs that move to another visit with their pictures."""
    moves = change.what == "picture" and change.old is not None and "visit_id" in (change.new or {})
    if change.new is not None and not moves:
        return
    for what in _GOES_ALONG.get(change.what, ()) if change.new is None else ():
        if records.find(session, what, change.key) is not None:
            yield Change(what, change.key, records.snapshot(session, what, change.key), None, change.text)
    if change.what == "lesion":
        for key in contours_of(session, change.key):
            yield Change("annotation", key, records.snapshot(session, "annotation", key), None, change.text)
    if change.what == "pair":
        old = records.snapshot(session, "registration", change.key)
        if old is not None:
            yield Change("registration", change.key, old, None, change.text)
    if change.what == "picture":
        for pair in session.scalars(_pairs_of(change.key)):
            if moves and pair.id in with_it:
                continue
            found = session.get(FindingsTable, pair.visit_id)
            if found is not None and found.revealed_at is not None:
                raise _revealed(change.text)
            gone = Change("pair", pair.id, records.snapshot(session, "pair", pair.id), None, change.text)
            yield from _hanging_on(session, gone)
            yield gone


def _pairs_of(picture_id: str) -> Select[PairTable]:
    return select(PairTable).where(or_(PairTable.white_id == picture_id, PairTable.fluorescence_id == picture_id))


def _pair(session: Session, change: Change) -> None:
    key = change.key
    if session.scalar(select(PinTable.id).where(PinTable.pair_id == key).limit(1)):
        raise StillNeededError(change.text, tr("pins stand on its pair"), tr("remove the pins first"))
    if session.scalar(select(OsMarkTable.pair_id).where(OsMarkTable.pair_id == key).limit(1)):
        raise StillNeededError(change.text, tr("the os is marked on its pair"), tr("remove the os mark first"))
    if session.scalar(select(ReadTable.id).where(ReadTable.pair_id == key).limit(1)):
        raise StillNeededError(
            change.text,
            tr("somebody has graded its pair for labels"),
            tr("leave it, or take the reads back in Annotate first"),
        )
    _revealed_pair(session, change)


def _revealed_pair(session: Session, change: Change) -> None:
    row = session.get(PairTable, change.key)
    found = session.get(FindingsTable, row.visit_id) if row is not None else None
    if row is None or found is None:
        return
    if found.signature is not None:
        raise SignedError(change.text)
    if found.revealed_at is not None and row.made_at <= found.revealed_at:
        raise _revealed(change.text)


def stands_without(session: Session, patient_id: str, visit_id: str) -> bool:
    """Whether a woman stays on record without this visit: she has another one, or a pseudonym in exports."""
    others = select(VisitTable.id).where(VisitTable.patient_id == patient_id, VisitTable.id != visit_id)
    return session.get(CrosswalkTable, patient_id) is not None or session.scalar(others.limit(1)) is not None


def drawn_on(session: Session, picture_ids: Set[str]) -> tuple[str, ...]:
    """Ids of what is drawn on these pictures."""
    found = select(AnnotationTable.id).where(AnnotationTable.picture_id.in_(picture_ids))
    return tuple(session.scalars(found.order_by(AnnotationTable.id)))


def contours_of(session: Session, lesion_id: str) -> tuple[str, ...]:
    """Ids of the contours of a lesion."""
    row = session.get(LesionTable, lesion_id)
    visit_id = row.visit_id if row is not None else ""
    return tuple(one.id for one in drawn.contours_of(session, visit_id, masked=False) if one.lesion_id == lesion_id)


def women_without_visits(session: Session, limit: int) -> tuple[str, ...]:
    """Ids of women who have no visit, by identifier."""
    visits = select(VisitTable.id).where(VisitTable.patient_id == PatientTable.id)
    found = select(PatientTable.id).where(~visits.exists()).order_by(PatientTable.identifier)
    return tuple(session.scalars(found.limit(limit)))


def _revealed(what: str) -> StillNeededError:
    """The refusal to take away what an answer that was seen was given about."""
    return StillNeededError(
        what,
        tr("the AI answer about its pair was revealed"),
        tr("leave it on record, and write in the findings what is wrong with it"),
    )


def _picture(session: Session, change: Change) -> None:
    if session.scalar(_pairs_of(change.key).limit(1)):
        raise StillNeededError(change.text, tr("the picture belongs to a pair"), tr("remove the pair first"))
    if session.scalar(select(AnnotationTable.id).where(AnnotationTable.picture_id == change.key).limit(1)):
        raise StillNeededError(change.text, tr("something is drawn on the picture"), tr("remove the drawing first"))
    if session.get(AcquisitionTable, change.key) is not None:
        raise StillNeededError(
            change.text, tr("how it was taken is on record"), tr("remove it in the visit, with that")
        )


def _specimen(session: Session, change: Change) -> None:
    if session.get(ResultTable, change.key) is not None:
        raise StillNeededError(change.text, tr("the laboratory has answered on it"), tr("take its result back first"))


def _answered_pair(session: Session, change: Change) -> None:
    """A pair whose biopsies the laboratory has answered on stays in its visit: the answers are of that visit."""
    pins = select(PinTable.id).where(PinTable.pair_id == change.key)
    if session.scalar(select(ResultTable.specimen_id).where(ResultTable.specimen_id.in_(pins)).limit(1)):
        raise StillNeededError(
            change.text, tr("the laboratory has answered on biopsies of its pair"), tr("take those results back first")
        )


def _lesion(session: Session, change: Change) -> None:
    if contours_of(session, change.key):
        raise StillNeededError(change.text, tr("contours of the lesion are drawn"), tr("remove the contours first"))


def _clip(session: Session, change: Change) -> None:
    if session.scalar(select(WhiteningTable.id).where(WhiteningTable.clip_id == change.key).limit(1)):
        raise StillNeededError(change.text, tr("whitening was measured in it"), tr("remove what was measured first"))


_IN_VISIT: tuple[tuple[Any, str], ...] = (
    (PictureTable, tr("there are pictures in the visit")),
    (PairTable, tr("there are pairs in the visit")),
    (AnnotationTable, tr("there are drawings in the visit")),
    (WhiteningTable, tr("there are curves of whitening in the visit")),
    (ClipTable, tr("there are clips in the visit")),
    (LesionTable, tr("there are lesions in the visit")),
    (SpecimenTable, tr("there are specimens in the visit")),
    (AmendmentTable, tr("there are reports that were signed in the visit")),
)


_OF_VISIT: tuple[tuple[Any, str], ...] = (
    (ExaminationTable, tr("an examination has begun in the visit")),
    (ReferralTable, tr("there is a referral card of the visit")),
    (AssessmentTable, tr("something was found in the examination of the visit")),
    (FollowUpTable, tr("something is on record of the follow-up of the visit")),
)


def _visit(session: Session, change: Change) -> None:
    for table, why in _IN_VISIT:
        if session.scalar(select(table.id).where(table.visit_id == change.key).limit(1)):
            raise StillNeededError(change.text, why, tr("open the visit and take them away first"))
    if session.get(HistologyTable, change.key) is not None:
        raise StillNeededError(change.text, tr("there is a result of histology in the visit"), tr("take it away first"))
    for kept, why in _OF_VISIT:
        if session.get(kept, change.key) is not None:
            raise StillNeededError(change.text, why, tr("remove it in the list of visits, with that"))
    said = session.get(FindingsTable, change.key)
    if said is None:
        return
    if records.snapshot(session, "findings", change.key) != records.kind_of("findings").default:
        raise StillNeededError(
            change.text, tr("there are findings in the visit"), tr("open the visit and clear them first")
        )
    session.delete(said)
    session.flush()


def _patient(session: Session, change: Change) -> None:
    if session.scalar(select(VisitTable.id).where(VisitTable.patient_id == change.key).limit(1)):
        raise StillNeededError(change.text, tr("there are visits of this woman"), tr("take back her visits first"))
    if session.get(AllergiesTable, change.key) is not None:
        raise StillNeededError(change.text, tr("her allergies are on record"), tr("remove her in the list, with them"))
    if session.get(CrosswalkTable, change.key) is not None:
        raise StillNeededError(
            change.text,
            tr("she has a pseudonym in exports for research, and it must stay known whose it is"),
            tr("leave her on record, and write in her visit what is wrong with it"),
        )


_CHECKS = {
    "pair": _pair,
    "picture": _picture,
    "visit": _visit,
    "patient": _patient,
    "clip": _clip,
    "pin": _specimen,
    "specimen": _specimen,
    "lesion": _lesion,
}
