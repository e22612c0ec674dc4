"""The tables of a library as the current version has them; how they came to be stands in `migrations/`.

Kept to portable SQL: a shared PostgreSQL library comes later. Times are UTC, names of enums are stored as their values,
JSON columns hold what nobody searches.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from pfm_desktop.storage.schema import folded
from pfm_desktop.storage.search import PART
from pfm_desktop.support.moments import MONTHS

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
ID = String(32)  # uuid4 as hex
Json = JSON(none_as_null=True)
BY_CODE_POINT = String(PART).with_variant(String(PART, collation="C"), "postgresql")  # SQLite's own order


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored as UTC. A naive one is refused: its zone would be a guess."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware in, naive UTC to the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without time zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Naive UTC from the database, aware out."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Common ground of the tables."""

    metadata = MetaData(naming_convention=NAMING)

    def derive(self) -> None:
        """Bring computed columns up to date; called after each insert and update."""


class MetaTable(Base):
    """Facts about the library itself: schema version, id, whether it is a demo."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class AccountTable(Base):
    """Who may sign in; `roles` as `domain.people.roles_text` writes them, `name_folded` is computed. Passwords are
    not here: see `storage.keys`."""

    __tablename__ = "accounts"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_folded: Mapped[str] = mapped_column(String(200), unique=True)
    roles: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)

    def derive(self) -> None:
        """See `Base.derive`."""
        self.name_folded = " ".join(folded(self.name).split())


class PatientTable(Base):
    """`search` is computed from the names and the identifier."""

    __tablename__ = "patients"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    identifier: Mapped[str] = mapped_column(String(200), unique=True)
    family_name: Mapped[str] = mapped_column(String(200), default="")
    given_name: Mapped[str] = mapped_column(String(200), default="")
    birth_date: Mapped[date | None] = mapped_column(Date)
    search: Mapped[str] = mapped_column(Text, default="")

    def derive(self) -> None:
        """See `Base.derive`."""
        self.search = folded(f"{self.family_name}, {self.given_name} {self.family_name} {self.identifier}")


class SearchWordTable(Base):
    """The endings of the words of `PatientTable.search`, by which a search finds her (`storage.search.parts_of`).

    Refers to no line of patients: what it leads to is always compared with the words themselves.
    """

    __tablename__ = "search_words"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - the table is its own index
    part: Mapped[str] = mapped_column(BY_CODE_POINT, primary_key=True)
    patient_id: Mapped[str] = mapped_column(ID, primary_key=True)


class VisitWordTable(Base):
    """The words by which a visit is found (`storage.visit_words`). Refers to no line of visits, as above."""

    __tablename__ = "visit_words"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - the table is its own index
    part: Mapped[str] = mapped_column(BY_CODE_POINT, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ID, primary_key=True, index=True)


class VisitDayTable(Base):
    """Every `VisitTable.day_text` that there is, and perhaps was: few, so that a search may look at each."""

    __tablename__ = "visit_days"
    day: Mapped[str] = mapped_column(String(80), primary_key=True)


class CrosswalkTable(Base):
    """Under which pseudonym a woman stands in exports for research, by how many days her dates are moved there, and
    the secret that keys what else could be traced (hexadecimal). See `storage.crosswalk`."""

    __tablename__ = "crosswalk"
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), primary_key=True)
    pseudonym: Mapped[str] = mapped_column(String(64), unique=True)
    offset_days: Mapped[int]
    salt: Mapped[str] = mapped_column(String(64))


class VisitTable(Base):
    """Computed from `started_at`: `day_text`, the day on this workstation in the ways people type a date, and `minute`
    of the day in UTC."""

    __tablename__ = "visits"
    __table_args__ = (  # each holds all that a search asks of a visit
        Index(None, "started_at", "id", "patient_id", "day_text", "minute"),
        Index(None, "patient_id", "started_at", "id", "day_text", "minute"),
        Index(None, "day_text", "started_at", "id", "patient_id", "minute"),
        Index(None, "minute", "started_at", "id", "patient_id", "day_text"),
    )
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    indication: Mapped[str] = mapped_column(Text, default="")
    examiner: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    day_text: Mapped[str] = mapped_column(Text, default="")
    minute: Mapped[int] = mapped_column(default=0, server_default="0")

    def derive(self) -> None:
        """See `Base.derive`."""
        day = self.started_at.astimezone()
        month = MONTHS[day.month - 1]
        self.day_text = folded(f"{day:%Y-%m-%d} {day:%d.%m.%Y} {day:%d/%m/%Y} {day.day} {month} {day:%Y}")
        at = self.started_at.astimezone(UTC)
        self.minute = 60 * at.hour + at.minute


class PictureTable(Base):
    """`sha256` names the bytes in the picture store; `pixels_sha256` is "" for what came in before version 9."""

    __tablename__ = "pictures"
    __table_args__ = (Index(None, "visit_id", "stage"),)  # the list counts by stage
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    stage: Mapped[str] = mapped_column(String(40))
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    time_known: Mapped[bool] = mapped_column(default=False, server_default=false())
    width: Mapped[int]
    height: Mapped[int]
    seconds_since_acid: Mapped[float | None] = mapped_column(Float(53))
    mm_per_px: Mapped[float | None] = mapped_column(Float(53))
    device: Mapped[str] = mapped_column(String(200), default="")
    original_name: Mapped[str] = mapped_column(Text, default="")
    pixels_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="", index=True)


class ThumbnailTable(Base):
    """Pictures made small; `sha256` names their bytes in the derived store."""

    __tablename__ = "thumbnails"
    picture_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))


class PairTable(Base):
    """`made_at` orders the pairs of a visit; the last one made is the one that opens."""

    __tablename__ = "pairs"
    __table_args__ = (CheckConstraint("white_id IS NOT NULL OR fluorescence_id IS NOT NULL", name="not_empty"),)
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"), index=True)
    white_id: Mapped[str | None] = mapped_column(ForeignKey("pictures.id"), index=True)
    fluorescence_id: Mapped[str | None] = mapped_column(ForeignKey("pictures.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FindingsTable(Base):
    """One line a visit; a visit without a line has default findings. Readings and signature are JSON objects."""

    __tablename__ = "findings"
    __table_args__ = (Index(None, "impression", "visit_id"),)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    impression: Mapped[str | None] = mapped_column(String(20))
    aceto_uptake: Mapped[int | None]
    margins_surface: Mapped[int | None]
    vessels: Mapped[int | None]
    lesion_size: Mapped[int | None]
    iodine: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text, default="")
    plan: Mapped[str] = mapped_column(Text, default="")
    first_read: Mapped[dict[str, Any] | None] = mapped_column(Json)
    second_read: Mapped[dict[str, Any] | None] = mapped_column(Json)
    revealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signature: Mapped[dict[str, Any] | None] = mapped_column(Json)


class PinTable(Base):
    """Biopsy pins; `x`, `y` in pixels of the picture of `frame`. `pot` and `answers` as `domain.specimen` says; a pin
    that was set before version 12 has no pot."""

    __tablename__ = "pins"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    pair_id: Mapped[str] = mapped_column(ForeignKey("pairs.id"), index=True)
    frame: Mapped[str] = mapped_column(String(20))
    x: Mapped[float] = mapped_column(Float(53))
    y: Mapped[float] = mapped_column(Float(53))
    letter: Mapped[str] = mapped_column(String(8))
    note: Mapped[str] = mapped_column(Text, default="")
    pot: Mapped[str] = mapped_column(String(40), default="", server_default="", index=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")


class OsMarkTable(Base):
    """The external os, one mark a pair and frame."""

    __tablename__ = "os_marks"
    pair_id: Mapped[str] = mapped_column(ForeignKey("pairs.id"), primary_key=True)
    frame: Mapped[str] = mapped_column(String(20), primary_key=True)
    x: Mapped[float] = mapped_column(Float(53))
    y: Mapped[float] = mapped_column(Float(53))


class AnnotationTable(Base):
    """Anything else that somebody drew or said about a visit or one of its pictures; `kind` says how to read `body`."""

    __tablename__ = "annotations"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"), index=True)
    picture_id: Mapped[str | None] = mapped_column(ForeignKey("pictures.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    author: Mapped[str] = mapped_column(String(200), default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class PredictionTable(Base):
    """The latest answer of each model about each pair. `blobs` maps names to hashes in the derived store."""

    __tablename__ = "predictions"
    pair_id: Mapped[str] = mapped_column(ForeignKey("pairs.id", ondelete="CASCADE"), primary_key=True)
    model_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    model_name: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    blobs: Mapped[dict[str, str]] = mapped_column(JSON)


class RegistrationTable(Base):
    """The registration of a pair; `sha256` names its bytes in the derived store."""

    __tablename__ = "registrations"
    pair_id: Mapped[str] = mapped_column(ForeignKey("pairs.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    by_hand: Mapped[bool]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    summary: Mapped[dict[str, Any]] = mapped_column(JSON)


class HistologyTable(Base):
    """The laboratory's result for one visit."""

    __tablename__ = "histology"
    visit_id: Mapped[str] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    grade: Mapped[str] = mapped_column(String(20))
    reported_on: Mapped[date | None] = mapped_column(Date)
    text: Mapped[str] = mapped_column(Text, default="")
    entered_by: Mapped[str] = mapped_column(String(200), default="")


class TaskTable(Base):
    """Pairs that are to be read; see `domain.labelling.Task`. `ordering` is its order."""

    __tablename__ = "label_tasks"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    search: Mapped[str] = mapped_column(Text, default="")
    ordering: Mapped[str] = mapped_column(String(20))
    seed: Mapped[int]
    repeats: Mapped[float] = mapped_column(Float(53))
    readers: Mapped[int]
    ai_first: Mapped[bool] = mapped_column(default=False)
    made_by: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed: Mapped[bool] = mapped_column(default=False)


class TaskPairTable(Base):
    """The pairs of a task in the order in which they are read."""

    __tablename__ = "label_task_pairs"
    task_id: Mapped[str] = mapped_column(ForeignKey("label_tasks.id", ondelete="CASCADE"), primary_key=True)
    pair_id: Mapped[str] = mapped_column(ForeignKey("pairs.id", ondelete="CASCADE"), primary_key=True, index=True)
    place: Mapped[int]


class ReadTable(Base):
    """What one reader said of one pair; see `domain.labelling.Read`. `regions` is a list of frame and outline."""

    __tablename__ = "reads"
    __table_args__ = (UniqueConstraint("task_id", "pair_id", "reader", "turn", "adjudicates"),)
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("label_tasks.id"))
    pair_id: Mapped[str] = mapped_column(ForeignKey("pairs.id"), index=True)
    reader: Mapped[str] = mapped_column(String(200))
    turn: Mapped[int]
    adjudicates: Mapped[bool] = mapped_column(default=False)
    grade: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(Text, default="")
    quality: Mapped[str | None] = mapped_column(String(20))
    regions: Mapped[list[Any]] = mapped_column(JSON, default=list)
    seconds: Mapped[float] = mapped_column(Float(53), default=0.0)
    ai_seen: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LearningPartTable(Base):
    """On which side of learning a woman stands (`domain.learning.Part`), for good.

    Refers to no line of patients: it stays when she is taken off the record, and holds when she is put back.
    """

    __tablename__ = "learning_parts"
    patient_id: Mapped[str] = mapped_column(ID, primary_key=True)
    part: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class LearningRunTable(Base):
    """A model that was learned from the library, or is being; see `domain.learning.Run`."""

    __tablename__ = "learning_runs"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(200))
    parent_name: Mapped[str] = mapped_column(String(200))
    parent_sha256: Mapped[str] = mapped_column(String(64))
    model_name: Mapped[str] = mapped_column(String(200))
    model_sha256: Mapped[str] = mapped_column(String(64), default="")
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(20))


class JournalTable(Base):
    """Every change and every event, in order. Only ever appended to; `chain` as `storage.chain` makes it."""

    __tablename__ = "journal"
    __table_args__ = (Index(None, "what", "key"), {"sqlite_autoincrement": True})
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(String(200))
    what: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(80), index=True)
    old: Mapped[dict[str, Any] | None] = mapped_column(Json)
    new: Mapped[dict[str, Any] | None] = mapped_column(Json)
    text: Mapped[str] = mapped_column(Text)
    chain: Mapped[str] = mapped_column(String(64), default="", server_default="")
