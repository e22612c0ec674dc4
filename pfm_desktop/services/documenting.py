"""What a clinician documents by forms: the referral card, the examination by IFCPC 2011, and each lesion.

Each function carries out one edit, which is on disk when it returns, as in `services.review`. All raise `BadInputError`
for an answer that an item does not take, `SignedError` once the visit is signed, and `StorageError` when the change
cannot be kept; nothing is changed then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from pfm_desktop.domain import form, ifcpc, referral
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.findings import SWEDE_ENGLISH, SwedeScore
from pfm_desktop.domain.form import Item
from pfm_desktop.domain.lesion import Lesion, Scored, of_examination
from pfm_desktop.domain.reid import REID_ENGLISH, ReidIndex
from pfm_desktop.services.answering import answer_change, gone, valid
from pfm_desktop.services.cases import new_id
from pfm_desktop.services.removal import with_what_hangs_on
from pfm_desktop.storage import documented, records
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr


def set_referral(lib: Library, visit_id: str, key: str, answer: Any) -> Change:
    """Answer an item of the referral card; None takes the answer back. What is not asked any more goes with it."""
    return lib.apply(_answered(lib, "referral", visit_id, referral.ITEMS, key, answer, "Referral: "))


def set_assessment(lib: Library, visit_id: str, key: str, answer: Any) -> Change:
    """Answer an item of the examination as a whole (`ifcpc.VISIT`); None takes the answer back."""
    return lib.apply(_answered(lib, "assessment", visit_id, ifcpc.VISIT, key, answer, ""))


def add_lesion(lib: Library, visit_id: str) -> tuple[Change, ...]:
    """A lesion more. The first one takes the Swede score that the examination has by then: it is of the same tissue."""
    return lib.apply_all(adding_lesion(lib, visit_id))


def adding_lesion(lib: Library, visit_id: str) -> tuple[Change, ...]:
    """What `add_lesion` does, not carried out yet; the first change has the lesion's id for its key."""
    with lib.read() as session:
        if stored.visit(session, visit_id) is None:
            raise gone("visit")
        there = documented.lesions_of(session, visit_id)
        found = stored.findings_of(session, visit_id)
    number = 1 + max((one.number for one in there), default=0)
    swede = SwedeScore() if there else found.swede
    new = {
        "visit_id": visit_id,
        "number": number,
        "answers": {},
        "swede": asdict(swede),
        "reid": asdict(ReidIndex()),
        "scored": None,
    }
    made = Change("lesion", new_id(), None, new, f"Lesion {number} added")
    added = Lesion(made.key, visit_id, number, swede=swede)
    return (made, *_examined(lib, visit_id, found.swede, (*there, added), made.text))


def remove_lesion(lib: Library, lesion_id: str) -> tuple[Change, ...]:
    """Take a lesion away with its scores and contours; the others keep their numbers."""
    lesion, left, present = _with_others(lib, lesion_id)
    with lib.read() as session:
        old = records.snapshot(session, "lesion", lesion_id)
    gone = Change("lesion", lesion_id, old, None, f"Lesion {lesion.number} removed")
    made = (gone, *_examined(lib, lesion.visit_id, present, left, gone.text))
    return lib.apply_all(with_what_hangs_on(lib, made))


def set_lesion(lib: Library, lesion_id: str, key: str, answer: Any) -> Change:
    """Answer an item of a lesion (`ifcpc.LESION`); None takes the answer back."""
    lesion, _, _ = _with_others(lib, lesion_id)
    before = f"Lesion {lesion.number}: "
    return lib.apply(_answered(lib, "lesion", lesion_id, ifcpc.LESION, key, answer, before))


def score_swede(lib: Library, lesion_id: str, key: str, value: int | None, *, by: str) -> tuple[Change, ...]:
    """Set an item of a lesion's Swede score, by whom; the score of the examination follows (`of_examination`)."""
    lesion, left, present = _with_others(lib, lesion_id)
    if key not in SWEDE_ENGLISH:
        raise BadInputError(tr("the Swede score has no item {key!r}", key=key), safe=tr("nothing was changed"))
    swede = valid(lambda: replace(lesion.swede, **{key: value}))
    said = f"Lesion {lesion.number}: Swede {SWEDE_ENGLISH[key]} {_or_dash(value)}"
    new = {"swede": asdict(swede), "scored": _scored(lib, lesion.visit_id, by)}
    others = tuple(sorted((*left, replace(lesion, swede=swede)), key=lambda one: one.number))
    change = Change("lesion", lesion_id, _old(lib, lesion_id, new), new, said)
    return lib.apply_all((change, *_examined(lib, lesion.visit_id, present, others, said)))


def score_reid(lib: Library, lesion_id: str, key: str, value: int | None, *, by: str) -> Change:
    """Set an item of a lesion's Reid index, by whom. Iodine is taken back where the others then weigh differently."""
    lesion, _, _ = _with_others(lib, lesion_id)
    if key not in REID_ENGLISH:
        raise BadInputError(tr("the Reid index has no item {key!r}", key=key), safe=tr("nothing was changed"))
    reid = valid(lambda: lesion.reid.having(key, value))
    said = f"Lesion {lesion.number}: Reid {REID_ENGLISH[key]} {_or_dash(value)}"
    new = {"reid": asdict(reid), "scored": _scored(lib, lesion.visit_id, by)}
    return lib.apply(Change("lesion", lesion_id, _old(lib, lesion_id, new), new, said))


def take_from_drawing(
    lib: Library, lesion_id: str, answers: Mapping[str, Any], size: int | None, *, by: str
) -> tuple[Change, ...]:
    """Answer items of a lesion by what was measured in its contours, and set `lesion_size` of its Swede score unless
    None; all in one step. What has that answer already is left alone."""
    lesion, left, present = _with_others(lib, lesion_id)
    kept = dict(lesion.answers)
    for key, answer in answers.items():
        kept[key] = valid(partial(form.checked, _of_lesion(key), answer, today=date.today()))
    new: dict[str, Any] = {}
    if kept != lesion.answers:
        new["answers"] = form.answered(ifcpc.LESION, kept)
    swede = lesion.swede
    if size is not None and size != swede.lesion_size:
        swede = valid(lambda: replace(swede, lesion_size=size))
        new |= {"swede": asdict(swede), "scored": _scored(lib, lesion.visit_id, by)}
    if not new:
        return ()
    text = f"Lesion {lesion.number}: size and place taken from the drawing"
    others = tuple(sorted((*left, replace(lesion, swede=swede)), key=lambda one: one.number))
    change = Change("lesion", lesion_id, _old(lib, lesion_id, new), new, text)
    return lib.apply_all((change, *_examined(lib, lesion.visit_id, present, others, text)))


def _of_lesion(key: str) -> Item:
    item = next((one for one in ifcpc.LESION if one.key == key), None)
    if item is None:
        raise BadInputError(tr("nothing is called {key!r} in this form", key=key), safe=tr("nothing was changed"))
    return item


def _answered(lib: Library, what: str, key: str, items: Sequence[Item], item: str, answer: Any, before: str) -> Change:
    with lib.read() as session:
        if what != "lesion" and stored.visit(session, key) is None:
            raise gone("visit")
        present: Mapping[str, Any] | None = records.snapshot(session, what, key)
    if present is None:
        raise gone(what)
    return answer_change(what, key, present, items, item, answer, before)


def _with_others(lib: Library, lesion_id: str) -> tuple[Lesion, tuple[Lesion, ...], SwedeScore]:
    """A lesion, the others of its visit, and the score that the examination has."""
    with lib.read() as session:
        row = records.snapshot(session, "lesion", lesion_id)
        if row is None:
            raise gone("lesion")
        lesions = documented.lesions_of(session, row["visit_id"])
        found = stored.findings_of(session, row["visit_id"])
    lesion = next((one for one in lesions if one.id == lesion_id), None)
    if lesion is None:  # kept from who reads for labels
        raise gone("lesion")
    return lesion, tuple(one for one in lesions if one.id != lesion_id), found.swede


def _examined(
    lib: Library, visit_id: str, present: SwedeScore, lesions: Sequence[Lesion], text: str
) -> tuple[Change, ...]:
    """The change that makes the score of the examination follow its lesions; none where it stays."""
    wanted = asdict(of_examination(lesions))
    old = {key: value for key, value in asdict(present).items() if wanted[key] != value}
    return (Change("findings", visit_id, old, {key: wanted[key] for key in old}, text),) if old else ()


def _scored(lib: Library, visit_id: str, by: str) -> dict[str, Any]:
    with lib.read() as session:
        revealed = stored.findings_of(session, visit_id).revealed
    return Scored(by, datetime.now(UTC), revealed).to_json()


def _old(lib: Library, lesion_id: str, new: Mapping[str, Any]) -> dict[str, Any]:
    with lib.read() as session:
        present = records.snapshot(session, "lesion", lesion_id) or {}
    return {name: present[name] for name in new}


def _or_dash(value: int | None) -> str:
    return "-" if value is None else str(value)
