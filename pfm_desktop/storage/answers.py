"""What the engine said about a pair, kept so that a case reopens at once. All of it can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import aliased

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.people import Act
from pfm_desktop.domain.registration import DISAGREE
from pfm_desktop.domain.source import FILTERED
from pfm_desktop.storage import access, journal, records
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.tables import PairTable, PictureTable, PredictionTable, RegistrationTable
from pfm_desktop.support.errors import StorageError

_LOOKED_AT = 20  # registrations before one is given up to be found


@dataclass(frozen=True)
class StoredAnswer:
    """Answer of one model about one pair: a JSON-able body, and bytes by name (heatmaps)."""

    model_name: str
    model_sha256: str
    made_at: datetime
    body: Mapping[str, Any]
    blobs: Mapping[str, bytes]


@dataclass(frozen=True)
class StoredRegistration:
    """Registration of a pair: a JSON-able summary, and the bytes it is rebuilt from."""

    summary: Mapping[str, Any]
    data: bytes
    by_hand: bool
    made_at: datetime


def put_answer(
    library: Library,
    pair_id: str,
    *,
    model_name: str,
    model_sha256: str,
    body: Mapping[str, Any],
    blobs: Mapping[str, bytes] | None = None,
) -> None:
    """Keep an answer in place of the same model's older one; the journal says that the model ran.

    `body` must be JSON-able. Raises `StorageError`, also for a library that is open read-only.
    """
    access.require(library.account, Act.EDIT_VISITS)
    hashes = {name: library.derived.put(data) for name, data in (blobs or {}).items()}
    record = PredictionTable(
        pair_id=pair_id,
        model_sha256=model_sha256,
        model_name=model_name,
        made_at=datetime.now(UTC),
        body=dict(body),
        blobs=hashes,
    )
    event = Change("prediction", pair_id, None, {"model": model_name, "model_sha256": model_sha256}, "Model answered")
    with library.write() as session:
        session.merge(record)
        journal.append(session, event, who=library.who)


def answer(library: Library, pair_id: str, model_sha256: str) -> StoredAnswer | None:
    """The kept answer; None when there is none or its bytes were lost or altered (it is then made again)."""
    with library.read() as session:
        row = session.get(PredictionTable, (pair_id, model_sha256))
        if row is None:
            return None
        session.expunge(row)
    try:
        blobs = {name: library.derived.get(sha256) for name, sha256 in row.blobs.items()}
    except StorageError:
        return None
    return StoredAnswer(row.model_name, row.model_sha256, row.made_at, row.body, blobs)


def models_that_answered(library: Library, pair_id: str) -> tuple[str, ...]:
    """Hashes of the models whose answers about a pair are kept, the latest first."""
    query = select(PredictionTable.model_sha256).where(PredictionTable.pair_id == pair_id)
    with library.read() as session:
        return tuple(session.scalars(query.order_by(PredictionTable.made_at.desc(), PredictionTable.model_sha256)))


def put_registration(
    library: Library, pair_id: str, *, summary: Mapping[str, Any], data: bytes, by_hand: bool = False
) -> None:
    """Keep the registration of a pair in place of an older one; answers that were made with the older one go.

    The journal says so. Raises `StorageError`, also for a library that is open read-only.
    """
    access.require(library.account, Act.EDIT_VISITS)
    record = RegistrationTable(
        pair_id=pair_id,
        sha256=library.derived.put(data),
        by_hand=by_hand,
        made_at=datetime.now(UTC),
        summary=dict(summary),
    )
    event = Change("registration", pair_id, None, dict(summary), _said(by_hand))
    with library.write() as session:
        session.execute(delete(PredictionTable).where(PredictionTable.pair_id == pair_id))
        session.merge(record)
        journal.append(session, event, who=library.who)


def last_map(library: Library, pair_id: str) -> Any:
    """The matrix of the last registration of another pair whose pictures are of the same device, sizes and sources as
    those of this pair, `ok` or by hand; None where there is none."""
    own, other = aliased(PairTable), aliased(PairTable)
    lights = [(aliased(PictureTable), aliased(PictureTable)) for _ in range(2)]
    query = select(RegistrationTable.summary, RegistrationTable.by_hand).select_from(own)
    query = query.join(other, other.id != own.id).join(RegistrationTable, RegistrationTable.pair_id == other.id)
    for (mine, its), name in zip(lights, ("white_id", "fluorescence_id"), strict=True):
        query = query.join(mine, mine.id == getattr(own, name)).join(its, its.id == getattr(other, name))
        query = query.where(mine.device == its.device, mine.width == its.width, mine.height == its.height)
    (mine, its), filtered = lights[1], [stage.value for stage in FILTERED]  # in the second place a source of its own
    query = query.where(or_(mine.stage == its.stage, mine.stage.not_in(filtered) & its.stage.not_in(filtered)))
    query = query.where(own.id == pair_id).order_by(RegistrationTable.made_at.desc())
    with library.read() as session:
        for summary, by_hand in session.execute(query.limit(_LOOKED_AT)):
            if isinstance(summary, Mapping) and _borne_out(summary, by_hand=by_hand):
                return summary.get("matrix")
    return None


def _borne_out(summary: Mapping[str, Any], *, by_hand: bool) -> bool:
    """Not where the structures contradict the points: that may join two women."""
    status = summary.get("status")
    return status == "ok" or (by_hand and status == "check" and DISAGREE not in str(summary.get("reason", "")))


def replace_registration(
    library: Library, pair_id: str, *, summary: Mapping[str, Any], data: bytes, by_hand: bool = False
) -> Change:
    """Keep a registration that a person asked for; the change can be taken back, which brings the one before again.

    Answers that were made with the one before go. Raises `StorageError` as `put_registration` does, and `SignedError`
    for a visit that is signed: what was signed stands on its registration.
    """
    new = {
        "sha256": library.derived.put(data),
        "by_hand": by_hand,
        "made_at": records.encode(datetime.now(UTC)),
        "summary": dict(summary),
    }
    with library.read() as session:
        old = records.snapshot(session, "registration", pair_id)
    return library.apply(Change("registration", pair_id, old, new, _said(by_hand)))


def registration(library: Library, pair_id: str) -> StoredRegistration | None:
    """The kept registration; None when there is none or its bytes were lost or altered."""
    with library.read() as session:
        row = session.get(RegistrationTable, pair_id)
        if row is None:
            return None
        session.expunge(row)
    try:
        data = library.derived.get(row.sha256)
    except StorageError:
        return None
    return StoredRegistration(row.summary, data, row.by_hand, row.made_at)


def _said(by_hand: bool) -> str:
    return "Pair registered by hand" if by_hand else "Pair registered"
