"""What of a live examination is put on record: its clock, the steps passed over, allergies, the plan of the site.

Each function carries out one `Change` (or several, all or none), which is on disk when it returns, and which
`review.undo` takes back. All raise `SignedError` once the visit is signed, and `StorageError` when it cannot be kept;
nothing is changed then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.examination import Examination, Plan, key_english, plan_to_json
from pfm_desktop.services.capture.allergies import iodine_allergy, set_iodine_allergy
from pfm_desktop.services.capture.plans import change_site_plan, checked_plan, site_plan, site_plan_problem
from pfm_desktop.services.capture.refusals import known
from pfm_desktop.services.capture.shots import Kept, Shot, keep_shots
from pfm_desktop.services.capture.whitenings import keep_whitening, remove_whitening, whitenings
from pfm_desktop.storage import capture as stored
from pfm_desktop.storage import records, repositories
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.support.language import tr

__all__ = [
    "Kept", "Shot", "acquisitions", "allow_iodine", "begin", "change_site_plan", "clear_acid", "examination",
    "iodine_allergy", "keep_shots", "keep_whitening", "remove_whitening", "set_iodine_allergy", "site_plan",
    "site_plan_problem", "skip", "start_acid", "under_way", "whitenings",
]  # fmt: skip


def begin(lib: Library, visit_id: str, plan: Plan, *, at: datetime | None = None) -> Examination:
    """Begin the examination of a visit (at that moment, aware; now), or go on with the one that was begun, by the plan
    that it began with."""
    there = examination(lib, visit_id)
    if there is not None:
        return there
    with lib.read() as session:
        known(repositories.visit(session, visit_id), "visit")
    new = {
        "started_at": (at or datetime.now(UTC)).astimezone(UTC).isoformat(),
        "acid_at": None,
        "plan": plan_to_json(checked_plan(plan)),
        "skipped": [],
        "iodine_override": "",
    }
    lib.apply(Change("examination", visit_id, None, new, "Examination begun"))
    return _begun(lib, visit_id)


def examination(lib: Library, visit_id: str) -> Examination | None:
    """The examination of a visit; None where none was begun."""
    with lib.read() as session:
        return stored.examination(session, visit_id)


def under_way(lib: Library, since: datetime) -> str:
    """The visit in which acetic acid was applied last, after that moment (aware), and which is not signed; "" for
    none."""
    with lib.read() as session:
        visits = stored.acid_since(session, since)
        return next((one for one in visits if repositories.findings_of(session, one).signature is None), "")


def start_acid(lib: Library, visit_id: str, at: datetime, *, again: bool = False) -> Change:
    """Acetic acid was applied at that moment (aware): its clock starts. A second time only where `again`."""
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    if _begun(lib, visit_id).acid_at is not None and not again:
        raise UserError(
            tr("acetic acid is on already"),
            safe=tr("its clock goes on"),
            remedy=tr("start the clock anew only where acid was applied once more"),
        )
    text = "Acetic acid applied again: its clock starts anew" if again else "Acetic acid applied: its clock starts"
    return _update(lib, visit_id, {"acid_at": at.astimezone(UTC).isoformat()}, text)


def clear_acid(lib: Library, visit_id: str) -> Change:
    """Acetic acid was not applied after all."""
    if _begun(lib, visit_id).acid_at is None:
        raise UserError(tr("the clock of acetic acid does not run"), safe=tr("nothing was changed"))
    return _update(lib, visit_id, {"acid_at": None}, "Clock of acetic acid taken back")


def skip(lib: Library, visit_id: str, step_key: str) -> Change:
    """Pass a step of the plan over, by its key; once more does no harm."""
    present = _begun(lib, visit_id)
    step = next((one for one in present.plan if one.key == step_key), None)
    if step is None:
        unchanged = tr("nothing was changed")
        raise BadInputError(tr("this step does not stand in the plan of the examination"), safe=unchanged)
    skipped = sorted(present.skipped | {step_key})
    return _update(lib, visit_id, {"skipped": skipped}, f"Step passed over ({key_english(step_key)})")


def allow_iodine(lib: Library, visit_id: str, why: str) -> Change:
    """Use iodine in spite of a known allergy; the reason goes on record. "" forbids it again."""
    why = " ".join(why.split())
    text = "Iodine allowed in spite of the allergy" if why else "Iodine not allowed any more"
    return _update(lib, visit_id, {"iodine_override": why}, text)


def acquisitions(lib: Library, visit_id: str) -> Mapping[str, Acquisition]:
    """By picture, how those of a visit were taken that were taken live."""
    with lib.read() as session:
        return stored.acquisitions_of(session, visit_id)


def _begun(lib: Library, visit_id: str) -> Examination:
    there = examination(lib, visit_id)
    if there is None:
        raise StorageError(
            tr("no examination was begun in this visit"),
            safe=tr("nothing was changed"),
            remedy=tr("begin it in Capture"),
        )
    return there


def _update(lib: Library, visit_id: str, new: dict[str, Any], text: str) -> Change:
    with lib.read() as session:
        present = records.snapshot(session, "examination", visit_id)
    if present is None:
        _begun(lib, visit_id)
    old = {name: (present or {})[name] for name in new}
    return lib.apply(Change("examination", visit_id, old, new, text))
