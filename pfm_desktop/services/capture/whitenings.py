"""Curves of whitening on record, each with its map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.examination import KeptWhitening, Whitening
from pfm_desktop.services.capture.refusals import known
from pfm_desktop.services.cases import new_id
from pfm_desktop.storage import capture as stored
from pfm_desktop.storage import records, repositories
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr


def keep_whitening(
    lib: Library,
    visit_id: str,
    clip_id: str,
    whitening: Whitening,
    map_png: bytes = b"",
    normal: Sequence[tuple[float, float]] | None = None,
) -> Change:
    """Put a curve of whitening on record, with its map (a PNG, b"" for none); `Change.key` is its id.

    `normal`: the polygon of normal tissue that it was measured against, in pixels of the first frame.
    """
    with lib.read() as session:
        known(repositories.visit(session, visit_id), "visit")
        if repositories.findings_of(session, visit_id).signature is not None:
            raise SignedError("Whitening kept")
    body = {one.name: getattr(whitening, one.name) for one in fields(whitening) if one.name != "region"}
    new = {
        "visit_id": visit_id,
        "clip_id": clip_id,
        "region": _rows(whitening.region),
        "normal": _rows(normal) if normal is not None else None,
        "body": _finite(body),
        "map_sha256": lib.pictures.put(map_png) if map_png else "",
        "made_at": datetime.now(UTC).isoformat(),
        "made_by": lib.who,
    }
    return lib.apply(Change("whitening", new_id(), None, new, "Whitening measured"))


def remove_whitening(lib: Library, whitening_id: str) -> Change:
    """Take a curve of whitening off the record; undo brings it back, with its map."""
    with lib.read() as session:
        old = known(records.snapshot(session, "whitening", whitening_id), "curve of whitening")
    return lib.apply(Change("whitening", whitening_id, old, None, "Whitening removed"))


def whitenings(lib: Library, visit_id: str) -> tuple[KeptWhitening, ...]:
    """Curves of whitening of a visit, in the order they were made."""
    with lib.read() as session:
        return stored.whitenings_of(session, visit_id)


def _finite(body: dict[str, Any]) -> dict[str, Any]:
    """As it is kept, lists for tuples; `BadInputError` where a number is none."""

    def kept(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(name): kept(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [kept(one) for one in value]
        return value if value is None else _number(value)

    return {name: kept(value) for name, value in body.items()}


def _rows(points: Sequence[tuple[float, float]]) -> list[list[float]]:
    return [[_number(x), _number(y)] for x, y in points]


def _number(value: Any) -> float:
    if not math.isfinite(value):
        raise BadInputError(
            tr("this curve of whitening has values that are no numbers"), safe=tr("nothing was changed")
        )
    return float(value)
