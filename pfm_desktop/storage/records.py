"""Records as JSON-able mappings: what a `Change` holds, and how it meets the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, delete, insert
from sqlalchemy.orm import Session

from pfm_desktop.domain.change import Change
from pfm_desktop.storage import tables, tables_capture, tables_review, visit_words
from pfm_desktop.storage.search import parts_of
from pfm_desktop.storage.tables import Base, UtcDateTime
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

Fields = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of record: its table, its key columns (joined by "/" in `Change.key`), its computed columns.

    Where `default` holds the fields of a record that was never written, an update makes the record. A record of a
    `fixed` kind is neither changed nor taken away once it is there.
    """

    table: type[Base]
    key: tuple[str, ...] = ("id",)
    computed: tuple[str, ...] = ()
    default: Mapping[str, Any] | None = None
    fixed: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that a mapping of this kind holds."""
        names = self.table.__table__.columns.keys()
        return tuple(name for name in names if name not in self.key and name not in self.computed)


_NOTHING_FOUND: Fields = {
    **dict.fromkeys(("impression", "aceto_uptake", "margins_surface", "vessels", "lesion_size", "iodine")),
    **dict.fromkeys(("text", "plan"), ""),
    **dict.fromkeys(("first_read", "second_read", "revealed_at", "signature")),
}

KINDS: Mapping[str, Kind] = {
    "account": Kind(tables.AccountTable, computed=("name_folded",)),
    "patient": Kind(tables.PatientTable, computed=("search",)),
    "visit": Kind(tables.VisitTable, computed=("day_text", "minute")),
    "picture": Kind(tables.PictureTable),
    "pair": Kind(tables.PairTable),
    "findings": Kind(tables.FindingsTable, key=("visit_id",), default=_NOTHING_FOUND),
    "pin": Kind(tables.PinTable),
    "os_mark": Kind(tables.OsMarkTable, key=("pair_id", "frame")),
    "annotation": Kind(tables.AnnotationTable),
    "registration": Kind(tables.RegistrationTable, key=("pair_id",)),
    "histology": Kind(tables.HistologyTable, key=("visit_id",)),
    "task": Kind(tables.TaskTable),
    "read": Kind(tables.ReadTable),
    "learning_part": Kind(tables.LearningPartTable, key=("patient_id",), fixed=True),
    "learning_run": Kind(tables.LearningRunTable),
    "acquisition": Kind(tables_capture.AcquisitionTable, key=("picture_id",)),
    "examination": Kind(tables_capture.ExaminationTable, key=("visit_id",)),
    "allergies": Kind(tables_capture.AllergiesTable, key=("patient_id",), default={"iodine_allergy": None}),
    "site_choice": Kind(tables_capture.SiteChoiceTable, key=("key",)),
    "clip": Kind(tables_capture.ClipTable),
    "whitening": Kind(tables_capture.WhiteningTable),
    "referral": Kind(tables_review.ReferralTable, key=("visit_id",), default={"answers": {}}),
    "assessment": Kind(tables_review.AssessmentTable, key=("visit_id",), default={"answers": {}}),
    "lesion": Kind(tables_review.LesionTable),
    "specimen": Kind(tables_review.SpecimenTable),
    "result": Kind(tables_review.ResultTable, key=("specimen_id",), computed=("diagnosis",)),
    "amendment": Kind(tables_review.AmendmentTable, fixed=True),
    "follow_up": Kind(
        tables_review.FollowUpTable, key=("visit_id",), computed=("mdt", "letter_on"), default={"answers": {}}
    ),
}


_KIND_WORDS = {
    "account": tr("account", "kind of record"),
    "patient": tr("patient", "kind of record"),
    "visit": tr("visit", "kind of record"),
    "picture": tr("picture", "kind of record"),
    "pair": tr("pair", "kind of record"),
    "findings": tr("findings", "kind of record"),
    "pin": tr("pin", "kind of record"),
    "os_mark": tr("os mark", "kind of record"),
    "annotation": tr("annotation", "kind of record"),
    "registration": tr("registration", "kind of record"),
    "histology": tr("histology", "kind of record"),
    "task": tr("task", "kind of record"),
    "read": tr("read", "kind of record"),
    "learning_part": tr("learning part", "kind of record"),
    "learning_run": tr("learning run", "kind of record"),
    "acquisition": tr("acquisition", "kind of record"),
    "examination": tr("examination", "kind of record"),
    "allergies": tr("allergies", "kind of record"),
    "site_choice": tr("site choice", "kind of record"),
    "clip": tr("clip", "kind of record"),
    "whitening": tr("whitening", "kind of record"),
    "referral": tr("referral", "kind of record"),
    "assessment": tr("assessment", "kind of record"),
    "lesion": tr("lesion", "kind of record"),
    "specimen": tr("specimen", "kind of record"),
    "result": tr("result", "kind of record"),
    "amendment": tr("amendment", "kind of record"),
    "follow_up": tr("follow up", "kind of record"),
}


def kind_words(what: str) -> str:
    """What a kind of record is called within a sentence."""
    return _KIND_WORDS.get(what, what.replace("_", " "))


class FixedError(StorageError):
    """A change of a record that stays as it is."""

    def __init__(self, change: Change) -> None:
        super().__init__(
            tr('"{what}" was not done: a {kind} never changes', what=change.text, kind=kind_words(change.what)),
            safe=tr("nothing was changed"),
        )


def kind_of(what: str) -> Kind:
    """Kind by name; ValueError for a name that is none."""
    if what not in KINDS:
        raise ValueError(f"no kind of record is called {what!r}")
    return KINDS[what]


def find(session: Session, what: str, key: str) -> Base | None:
    """Row of a record, or None."""
    kind = kind_of(what)
    parts = tuple(key.split("/"))
    if len(parts) != len(kind.key):
        raise ValueError(f"{key!r} is no key of a {what}")
    return session.get(kind.table, parts if len(parts) > 1 else parts[0])


def snapshot(session: Session, what: str, key: str) -> Fields | None:
    """All fields of a record as they are now; None when there is no such record."""
    kind = kind_of(what)
    row = find(session, what, key)
    if row is None:
        return dict(kind.default) if kind.default is not None else None
    return {name: encode(getattr(row, name)) for name in kind.columns}


def write(session: Session, change: Change) -> None:
    """Carry out a change; `StorageError` when the record is not what `change.old` says it is."""
    kind = kind_of(change.what)
    now = snapshot(session, change.what, change.key)
    row = find(session, change.what, change.key)
    if change.old is None and change.new is None:
        raise ValueError("a change needs an old or a new side")
    _check_fields(kind, change)
    if kind.fixed and change.old is not None:
        raise FixedError(change)
    if change.old is None:
        if row is not None:
            raise _changed_meanwhile(change)
        row = _new_row(kind, change.key)
        session.add(row)
    elif now is None or any(now[name] != value for name, value in change.old.items()):
        raise _changed_meanwhile(change)
    elif row is None:
        row = _new_row(kind, change.key)
        _assign(kind, row, now)
        session.add(row)
    said_before = _searched(row)
    if change.new is None:
        session.delete(row)
    else:
        _assign(kind, row, change.new)
        row.derive()
        if isinstance(row, tables.VisitTable):
            session.merge(tables.VisitDayTable(day=row.day_text))
    _keep_words(session, change, said_before, _searched(row) if change.new is not None else "")
    if change.what in visit_words.TOLD_BY:
        session.flush()
        visit_words.keep(session, str(getattr(row, "visit_id", None) or change.key))
    if change.what == "registration":  # answers that were made with the one before
        session.execute(delete(tables.PredictionTable).where(tables.PredictionTable.pair_id == change.key))
    session.flush()


def _searched(row: Base) -> str:
    """The text by which a woman is found; "" for other records, and for one that is being made."""
    return (row.search or "") if isinstance(row, tables.PatientTable) else ""


def _keep_words(session: Session, change: Change, before: str, now: str) -> None:
    """Bring the words by which a woman is found from one text to another."""
    table, old, new = tables.SearchWordTable, parts_of(before), parts_of(now)
    if old == new:
        return
    session.execute(delete(table).where(table.patient_id == change.key, table.part.in_(old - new)))
    if added := [{"part": part, "patient_id": change.key} for part in sorted(new - old)]:
        session.execute(insert(table), added)


def _check_fields(kind: Kind, change: Change) -> None:
    unknown = (set(change.old or ()) | set(change.new or ())) - set(kind.columns)
    if unknown:
        raise ValueError(f"a {change.what} has no {', '.join(sorted(unknown))}")
    if change.old is not None and change.new is not None and set(change.old) != set(change.new):
        raise ValueError("old and new side of an update name different fields")


def _new_row(kind: Kind, key: str) -> Base:
    return kind.table(**dict(zip(kind.key, key.split("/"), strict=True)))


def _assign(kind: Kind, row: Base, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(row, name, decode(kind, name, value))


def encode(value: Any) -> Any:
    """Column value to JSON: moments and days become ISO 8601 text."""
    return value.isoformat() if isinstance(value, datetime | date) else value


def decode(kind: Kind, name: str, value: Any) -> Any:
    """JSON to column value; the reverse of `encode`."""
    column = kind.table.__table__.columns[name]
    if isinstance(value, str) and isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and isinstance(column.type, Date):
        return date.fromisoformat(value)
    return value


def _changed_meanwhile(change: Change) -> StorageError:
    return StorageError(
        tr('"{what}" was not done: the {kind} changed meanwhile', what=change.text, kind=kind_words(change.what)),
        safe=tr("nothing was changed"),
        remedy=tr("look at the present state and repeat the step"),
    )
