"""Clips and their segments in the database. Everything takes an open session; `add_segment` writes past the journal."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from pfm_desktop.domain.clip import Clip, ClipKind, Segment
from pfm_desktop.storage.tables_capture import ClipSegmentTable, ClipTable
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

MOST_FRAMES = 2000  # of a segment, as `capture.clip_segment` makes them: a line that says more is not to be believed


class ClipClosedError(StorageError):
    """A segment for a clip that takes none: it was closed, or taken off the record."""

    def __init__(self) -> None:
        super().__init__(tr("this clip is closed: nothing is added to it"), safe=tr("what was recorded before is kept"))


def clip(session: Session, clip_id: str) -> Clip | None:
    """A clip by id."""
    row = session.get(ClipTable, clip_id)
    return _clip(row) if row is not None else None


def clips_of(session: Session, visit_id: str) -> tuple[Clip, ...]:
    """Clips of a visit in the order they were begun."""
    query = select(ClipTable).where(ClipTable.visit_id == visit_id).order_by(ClipTable.started_at, ClipTable.id)
    return tuple(_clip(row) for row in session.scalars(query))


def unclosed(session: Session) -> tuple[Clip, ...]:
    """Clips that were begun and not closed: they are being recorded, or a crash cut them short."""
    query = select(ClipTable).where(ClipTable.content_sha256 == "").order_by(ClipTable.started_at, ClipTable.id)
    return tuple(_clip(row) for row in session.scalars(query))


def segments_of(session: Session, clip_id: str) -> tuple[Segment, ...]:
    """Segments of a clip in their order. One whose numbers cannot be right has no frames."""
    query = select(ClipSegmentTable).where(ClipSegmentTable.clip_id == clip_id).order_by(ClipSegmentTable.number)
    return tuple(_segment(row) for row in session.scalars(query))


def add_segment(session: Session, clip_id: str, segment: Segment) -> None:
    """Note a segment whose bytes are in the picture store. The same one twice is one.

    Raises `ClipClosedError`; `StorageError` where another has its number.
    """
    row = session.get(ClipTable, clip_id)
    if row is None or row.content_sha256:
        raise ClipClosedError
    there = session.get(ClipSegmentTable, (clip_id, segment.number))
    if there is not None:
        if there.sha256 != segment.sha256:
            raise StorageError(
                tr("another part of this clip has that number"), safe=tr("what was recorded before is kept")
            )
        return
    session.add(
        ClipSegmentTable(
            clip_id=clip_id,
            number=segment.number,
            sha256=segment.sha256,
            frames=segment.frames,
            first_s=segment.first_s,
            last_s=segment.last_s,
        )
    )


def content_sha256(segments: Sequence[Segment]) -> str:
    """The hash that stands for all of a clip: over those of its segments (hexadecimal), in order."""
    return hashlib.sha256("".join(one.sha256 for one in segments).encode("ascii", "replace")).hexdigest()


def _clip(row: ClipTable) -> Clip:
    return Clip(
        id=row.id,
        visit_id=row.visit_id,
        kind=ClipKind.WHITENING if row.kind == ClipKind.WHITENING.value else ClipKind.VIDEO,
        started_at=row.started_at,
        seconds_since_acid=row.seconds_since_acid,
        camera=row.camera,
        width=row.width,
        height=row.height,
        frames=row.frames,
        seconds=row.seconds,
        complete=row.complete,
        content_sha256=row.content_sha256,
    )


def _segment(row: ClipSegmentTable) -> Segment:
    sane = 0 <= row.frames <= MOST_FRAMES and math.isfinite(row.first_s) and math.isfinite(row.last_s)
    return Segment(row.number, row.sha256, row.frames if sane else 0, row.first_s, row.last_s)
