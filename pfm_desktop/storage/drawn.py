"""Reading what was drawn of lesions; kept as annotations, whose `kind` says how to read the body."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from pfm_desktop.domain.drawing import Contour, Junction, Shape, points_from_json
from pfm_desktop.storage import access
from pfm_desktop.storage.tables import AnnotationTable

CONTOUR, JUNCTION = "lesion", "scj"  # kinds of annotations


def contours_of(session: Session, visit_id: str, *, masked: bool = True) -> tuple[Contour, ...]:
    """Contours of lesions on pictures of a visit, in the order they were drawn; none for who may not see findings.

    `masked` False: also for them, where records are kept in order and nothing is shown.
    """
    return tuple(
        Contour(row.id, row.picture_id, str(row.body["lesion_id"]), Shape.from_json(row.body))
        for row in _rows(session, visit_id, CONTOUR, masked=masked)
        if row.picture_id is not None
    )


def junctions_of(session: Session, visit_id: str) -> tuple[Junction, ...]:
    """The squamocolumnar junction on pictures of a visit, at most one a picture; none for who may not see findings."""
    lines = (
        Junction(row.id, row.picture_id, points_from_json(row.body["line"]))
        for row in _rows(session, visit_id, JUNCTION)
        if row.picture_id is not None
    )
    return tuple({line.picture_id: line for line in lines}.values())


def _rows(session: Session, visit_id: str, kind: str, *, masked: bool = True) -> Iterator[AnnotationTable]:
    if masked and access.masked(session):
        return iter(())
    query = select(AnnotationTable).where(AnnotationTable.visit_id == visit_id, AnnotationTable.kind == kind)
    return iter(session.scalars(query.order_by(AnnotationTable.made_at, AnnotationTable.id)))
