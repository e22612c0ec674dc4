"""What of a live examination is put on record: its clock, the steps passed over, allergies, the plan of the site.

Each function carries out one `Change` (or several, all or none), which is on disk when it returns, and which
`review.undo` takes back. All raise `SignedError` once the visit is signed, and `StorageError` when it cannot be kept;
nothing is changed then.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.examination import (
    Examination,
    KeptWhitening,
    Plan,
    PlanError,
    Whitening,
    checked,
    key_words,
    plan_to_json,
)
from pfm_desktop.services.capture.shots import Kept, Shot, keep_shots
from pfm_desktop.services.cases import new_id
from pfm_desktop.storage import capture as stored
from pfm_desktop.storage import records, repositories
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.support.errors import BadInputError, StorageError, UserError

__all__ = ["Kept", "Shot", "keep_shots"]

# the examination


def begin(lib: Library, visit_id: str, plan: Plan) -> Examination:
    """Begin the examination of a visit, or go on with the one that was begun, by the plan that it began with."""
    there = examination(lib, visit_id)
    if there is not None:
        return there
    with lib.read() as session:
        _known(repositories.visit(session, visit_id), "visit")
    new = {
        "started_at": datetime.now(UTC).isoformat(),
        "acid_at": None,
        "plan": plan_to_json(_checked(plan)),
        "skipped": [],
        "iodine_override": "",
    }
    lib.apply(Change("examination", visit_id, None, new, "Examination begun"))
    return _begun(lib, visit_id)


def examination(lib: Library, visit_id: str) -> Examination | None:
    """The examination of a visit; None where none was begun."""
    with lib.read() as session:
        return stored.examination(session, visit_id)


def start_acid(lib: Library, visit_id: str, at: datetime, *, again: bool = False) -> Change:
    """Acetic acid was applied at that moment (aware): its clock starts. A second time only where `again`."""
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    if _begun(lib, visit_id).acid_at is not None and not again:
        raise UserError(
            "acetic acid is on already",
            safe="its clock goes on",
            remedy="start the clock anew only where acid was applied once more",
        )
    text = "Acetic acid applied again: its clock starts anew" if again else "Acetic acid applied: its clock starts"
    return _update(lib, visit_id, {"acid_at": at.astimezone(UTC).isoformat()}, text)


def clear_acid(lib: Library, visit_id: str) -> Change:
    """Acetic acid was not applied after all."""
    if _begun(lib, visit_id).acid_at is None:
        raise UserError("the clock of acetic acid does not run", safe="nothing was changed")
    return _update(lib, visit_id, {"acid_at": None}, "Clock of acetic acid taken back")


def skip(lib: Library, visit_id: str, step_key: str) -> Change:
    """Pass a step of the plan over, by its key; once more does no harm."""
    present = _begun(lib, visit_id)
    step = next((one for one in present.plan if one.key == step_key), None)
    if step is None:
        raise BadInputError("this step does not stand in the plan of the examination", safe="nothing was changed")
    skipped = sorted(present.skipped | {step_key})
    return _update(lib, visit_id, {"skipped": skipped}, f"Step passed over ({key_words(step_key)})")


def allow_iodine(lib: Library, visit_id: str, why: str) -> Change:
    """Use iodine in spite of a known allergy; the reason goes on record. "" forbids it again."""
    why = " ".join(why.split())
    text = "Iodine allowed in spite of the allergy" if why else "Iodine not allowed any more"
    return _update(lib, visit_id, {"iodine_override": why}, text)


def acquisitions(lib: Library, visit_id: str) -> Mapping[str, Acquisition]:
    """By picture, how those of a visit were taken that were taken live."""
    with lib.read() as session:
        return stored.acquisitions_of(session, visit_id)


# allergies


def iodine_allergy(lib: Library, patient_id: str) -> bool | None:
    """Whether a woman does not bear iodine; None where she was not asked."""
    with lib.read() as session:
        return stored.iodine_allergy(session, patient_id)


def set_iodine_allergy(lib: Library, patient_id: str, value: bool | None) -> Change:
    """Put on record whether a woman bears iodine; None: not known."""
    with lib.read() as session:
        _known(repositories.patient(session, patient_id), "patient")
        change = allergy(session, patient_id, value)
    return lib.apply(change)


def allergy(session: Any, patient_id: str, value: bool | None) -> Change:
    """The change that says so, for `Library.apply_all`."""
    there = records.find(session, "allergies", patient_id) is not None
    old = records.snapshot(session, "allergies", patient_id) if there else None
    said = {True: "Allergy to iodine", False: "No allergy to iodine", None: "Allergy to iodine: not known"}[value]
    return Change("allergies", patient_id, old, {"iodine_allergy": value}, said)


# the plan of the site


def site_plan(lib: Library) -> Plan:
    """The plan by which examinations begin here; the default one where none was chosen, or it cannot be read."""
    with lib.read() as session:
        return stored.site_plan(session)[0]


def site_plan_problem(lib: Library) -> str:
    """Why the plan that the site chose is not the one that counts, for a person; "" where nothing is wrong."""
    with lib.read() as session:
        problem = stored.site_plan(session)[1]
    return f"the site's own plan does not count: {problem}. The default plan does" if problem else ""


def change_site_plan(lib: Library, plan: Sequence[Any]) -> Change:
    """Choose the plan by which examinations begin from now on. `BadInputError` for one that cannot be followed."""
    new = {"value": plan_to_json(_checked(plan))}
    with lib.read() as session:
        old = records.snapshot(session, "site_choice", stored.PLAN)
    return lib.apply(Change("site_choice", stored.PLAN, old, new, "Plan of examinations changed"))


# whitening


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
        _known(repositories.visit(session, visit_id), "visit")
        if repositories.findings_of(session, visit_id).signature is not None:
            raise SignedError("Whitening kept")
    body = asdict(whitening)
    region = body.pop("region")
    new = {
        "visit_id": visit_id,
        "clip_id": clip_id,
        "region": _rows(region),
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
        old = _known(records.snapshot(session, "whitening", whitening_id), "curve of whitening")
    return lib.apply(Change("whitening", whitening_id, old, None, "Whitening removed"))


def whitenings(lib: Library, visit_id: str) -> tuple[KeptWhitening, ...]:
    """Curves of whitening of a visit, in the order they were made."""
    with lib.read() as session:
        return stored.whitenings_of(session, visit_id)


# shared


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
        raise BadInputError("this curve of whitening has values that are no numbers", safe="nothing was changed")
    return float(value)


def _checked(plan: Sequence[Any]) -> Plan:
    try:
        return checked(plan)
    except PlanError as error:
        raise BadInputError(
            f"this plan cannot be followed: {error}", safe="the plan before still counts", remedy="change the plan"
        ) from error


def _begun(lib: Library, visit_id: str) -> Examination:
    there = examination(lib, visit_id)
    if there is None:
        raise StorageError(
            "no examination was begun in this visit", safe="nothing was changed", remedy="begin it in Capture"
        )
    return there


def _update(lib: Library, visit_id: str, new: dict[str, Any], text: str) -> Change:
    with lib.read() as session:
        present = records.snapshot(session, "examination", visit_id)
    if present is None:
        _begun(lib, visit_id)
    old = {name: (present or {})[name] for name in new}
    return lib.apply(Change("examination", visit_id, old, new, text))


def _known(record: Any, what: str) -> Any:
    if record is None:
        raise StorageError(
            f"this {what} is not in the library", safe="nothing was changed", remedy="open it from the list again"
        )
    return record
