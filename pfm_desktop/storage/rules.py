"""Rules that hold however a change arrives: what is signed stays, and the first read stays once the AI was shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pfm_desktop.domain.case import stands_for_nobody
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.findings import says_the_last_read
from pfm_desktop.domain.source import Stage
from pfm_desktop.storage.records import snapshot
from pfm_desktop.storage.tables import (
    FindingsTable,
    JournalTable,
    PairTable,
    PatientTable,
    PictureTable,
    ReadTable,
    TaskPairTable,
    TaskTable,
    VisitTable,
)
from pfm_desktop.storage.tables_capture import AllergiesTable, ExaminationTable
from pfm_desktop.storage.tables_review import AmendmentTable
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

_SEALED = frozenset(
    {"findings", "pair", "pin", "os_mark", "picture", "annotation", "visit", "registration"}
    | {"acquisition", "examination", "clip", "whitening", "referral", "assessment", "lesion", "specimen"}
)
_ONCE_REVEALED = ("first_read", "revealed_at")
_READS = ("impression", "second_read", "signature")


class SignedError(UserError):
    """An edit of a visit that is signed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            tr('"{what}" was not done: this visit is signed', what=what),
            safe=tr("the signed findings are unchanged"),
            remedy=tr("amend the report first (Review, Report), or record what is new at a new visit"),
        )


class FirstReadError(UserError):
    """An edit that would change the first read after the AI was revealed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            tr('"{what}" was not done: the first read cannot change once the AI was revealed', what=what),
            safe=tr("the first read is unchanged"),
            remedy=tr("record a second read instead"),
        )


class ReadsDifferError(UserError):
    """An edit after which the impression would not be what was read last."""

    def __init__(self, what: str) -> None:
        super().__init__(
            tr('"{what}" was not done: the impression and the last read would contradict each other', what=what),
            safe=tr("the findings are unchanged"),
            remedy=tr("choose the impression again (Findings); after the reveal it is the second read"),
        )


class UnassignedError(UserError):
    """A signature where nobody has said who the woman is."""

    def __init__(self) -> None:
        super().__init__(
            tr("this visit is not signed: nobody has said who the woman is"),
            safe=tr("the visit and all that is in it are kept"),
            remedy=tr("assign it to a patient first"),
        )


class IodineAllergyError(UserError):
    """A picture after iodine of a woman who does not bear it."""

    def __init__(self) -> None:
        super().__init__(
            tr("an allergy to iodine is on record of this woman: no picture after Lugol's iodine is taken"),
            safe=tr("nothing was changed"),
            remedy=tr("leave this step out, or give a reason for using iodine all the same"),
        )


class OtherReaderError(UserError):
    """An edit of what somebody else read."""

    def __init__(self, reader: str) -> None:
        super().__init__(
            tr("this is a read of {reader}: nobody else changes it or takes it away", reader=reader),
            safe=tr("nothing was changed"),
            remedy=tr("give your own read; where readers differ somebody decides between them"),
        )


class TaskClosedError(UserError):
    """A read in a task that takes none."""

    def __init__(self) -> None:
        super().__init__(
            tr("this task is closed, or gone: it takes no more reads"),
            safe=tr("the reads before are kept"),
            remedy=tr("choose another task, or ask who made it to open it again"),
        )


def check(session: Session, change: Change, *, who: str = "") -> None:
    """Raise when a rule forbids `change`, made by `who`."""
    if change.what == "read":
        _check_read(session, change, who)
    if change.what == "amendment" and change.old is None:
        _check_amendment(session, change)
    if change.what not in _SEALED:
        return
    if change.what == "acquisition" and change.old is None:
        _check_iodine(session, change)
    if change.what == "findings" and (change.new or {}).get("signature"):
        _check_whose(session, change)
    left = (change.old or {}).get("visit_id")  # what moves leaves a visit, and comes to another one
    if left is not None and _signed(session, str(left)):
        raise SignedError(change.text)
    visit_id = visit_of(session, change)
    found = session.get(FindingsTable, visit_id) if visit_id else None
    if found is None:
        return
    if found.signature is not None:
        if change.what == "findings" and _amends(session, change, found):
            return
        raise SignedError(change.text)
    if change.what == "findings" and found.revealed_at is not None:
        old, new = change.old or {}, change.new or {}
        if any(old.get(name) != new.get(name) for name in _ONCE_REVEALED):
            raise FirstReadError(change.text)
        if any(name in new for name in _READS) and not _agree(found, new):
            raise ReadsDifferError(change.text)


def _amends(session: Session, change: Change, found: FindingsTable) -> bool:
    """Whether a change takes the signature alone away, and the report that it stood under is kept."""
    if dict(change.new or {}) != {"signature": None}:
        return False
    kept = session.scalars(select(AmendmentTable.signature).where(AmendmentTable.visit_id == change.key))
    return any(signature == found.signature for signature in kept)


def _signed(session: Session, visit_id: str) -> bool:
    found = session.get(FindingsTable, visit_id)
    return found is not None and found.signature is not None


def _check_amendment(session: Session, change: Change) -> None:
    new = change.new or {}
    found = session.get(FindingsTable, new.get("visit_id"))
    if found is None or found.signature is None or found.signature != new.get("signature"):
        raise UserError(
            tr('"{what}" was not done: this is not the signature of the visit', what=change.text),
            safe=tr("nothing was changed"),
            remedy=tr("open the visit again"),
        )


def _check_whose(session: Session, change: Change) -> None:
    visit = session.get(VisitTable, change.key)
    woman = session.get(PatientTable, visit.patient_id) if visit is not None else None
    if woman is not None and stands_for_nobody(woman.identifier, woman.family_name, woman.given_name):
        raise UnassignedError


def _check_iodine(session: Session, change: Change) -> None:
    """Of what is taken live; what was on record once was taken, and undo brings it back."""
    picture = session.get(PictureTable, change.key)
    if picture is None or picture.stage != Stage.LUGOL.value:
        return
    visit = session.get(VisitTable, picture.visit_id)
    known = session.get(AllergiesTable, visit.patient_id) if visit is not None else None
    examination = session.get(ExaminationTable, picture.visit_id)
    if known is None or not known.iodine_allergy or (examination is not None and examination.iodine_override.strip()):
        return
    on = select(PictureTable.id).where(
        PictureTable.visit_id == picture.visit_id, PictureTable.stage == picture.stage, PictureTable.id != change.key
    )
    if session.scalar(on.limit(1)) is not None:
        return  # it is on her already
    line = JournalTable
    before = select(line.seq).where(line.what == change.what, line.key == change.key).limit(1)
    if session.scalar(before) is None:
        raise IodineAllergyError


def _check_read(session: Session, change: Change, who: str) -> None:
    """Readers are their own; a task that was closed stays as it is, and reads only its pairs."""
    row = session.get(ReadTable, change.key)
    new = change.new or {}
    for reader in (row.reader if row is not None else None, new.get("reader")):
        if reader is not None and reader != who:
            raise OtherReaderError(str(reader))
    task_id, pair_id = (row.task_id, row.pair_id) if row is not None else (new.get("task_id"), new.get("pair_id"))
    task = session.get(TaskTable, task_id)
    if task is None or task.closed:
        raise TaskClosedError
    if row is None and session.get(TaskPairTable, (task_id, pair_id)) is None:
        raise UserError(
            tr("this pair is not in the task"),
            safe=tr("nothing was changed"),
            remedy=tr("open the task again, and go on from there"),
        )


def _agree(found: FindingsTable, new: Mapping[str, Any]) -> bool:
    """Whether impression and reads say the same once `new` holds."""
    first, second = (
        read["impression"] if read else None for read in (found.first_read, new.get("second_read", found.second_read))
    )
    return says_the_last_read(new.get("impression", found.impression), first, second)


def visit_of(session: Session, change: Change) -> str | None:
    """The visit that a change is about; None where it is about none, or about one that is gone."""
    if change.what in ("findings", "visit", "examination", "referral", "assessment"):
        return change.key
    if change.what == "acquisition":
        return session.scalar(select(PictureTable.visit_id).where(PictureTable.id == change.key))
    fields: dict[str, Any] = dict(change.new or change.old or {})
    if change.what == "os_mark":
        fields["pair_id"] = change.key.split("/")[0]
    if change.what == "registration":
        fields["pair_id"] = change.key
    if "visit_id" not in fields and "pair_id" not in fields:
        fields = snapshot(session, change.what, change.key) or {}
    if "visit_id" in fields:
        return str(fields["visit_id"])
    return session.scalar(select(PairTable.visit_id).where(PairTable.id == fields.get("pair_id")))
