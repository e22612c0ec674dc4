"""Pots: what was taken for the laboratory, and what it says of each.

Each function carries out one edit, which is on disk when it returns, as in `services.review`. How a specimen was taken
cannot change once the visit is signed (`SignedError`); a result comes weeks later and can. All raise
`BadInputError` for an answer that an item does not take, and `StorageError` when the change cannot be kept; nothing is
changed then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from pfm_desktop.domain import form
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.specimen import (
    DIAGNOSIS,
    LESION,
    RESULT,
    TAKEN,
    Result,
    Specimen,
    SpecimenKind,
    checked_pot,
    worst,
)
from pfm_desktop.services.answering import answer_change, answered, gone, valid
from pfm_desktop.services.cases import new_id
from pfm_desktop.storage import documented, records
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage import specimens as kept
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

# as the record says them, whatever the language
_KIND_ENGLISH = {
    SpecimenKind.BIOPSY: "biopsy",
    SpecimenKind.ENDOCERVICAL: "endocervical sampling",
    SpecimenKind.EXCISION: "excision",
    SpecimenKind.OTHER: "other specimen",
}
_DIAGNOSIS_ENGLISH = {
    "normal": "normal or benign",
    "cin1": "LSIL (CIN 1)",
    "cin2": "HSIL (CIN 2)",
    "cin3": "HSIL (CIN 3)",
    "ais": "adenocarcinoma in situ",
    "scc": "squamous cell carcinoma",
    "adenocarcinoma": "adenocarcinoma",
    "inadequate": "inadequate, no diagnosis",
    "not_expected": "no result will come",
}


def specimens_of(lib: Library, visit_id: str) -> tuple[Specimen, ...]:
    """All pots of a visit, and pins without one."""
    with lib.read() as session:
        return kept.specimens_of(session, visit_id)


def add_specimen(lib: Library, visit_id: str, kind: SpecimenKind) -> Change:
    """Something more was taken, without a pin; what stands on its pot is the next free number."""
    if kind is SpecimenKind.BIOPSY:
        raise BadInputError(
            tr("a biopsy has a pin"), safe=tr("nothing was changed"), remedy=tr("set a pin where it is taken")
        )
    with lib.read() as session:
        if stored.visit(session, visit_id) is None:
            raise gone("visit")
        there = kept.pots_taken(session, visit_id)
    name = next(str(number) for number in range(1, len(there) + 2) if str(number) not in there)
    fields = {"visit_id": visit_id, "kind": kind.value, "pot": name, "answers": {}}
    return lib.apply(
        Change("specimen", new_id(), None, fields, f"{_KIND_ENGLISH[kind].capitalize()} taken, pot {name}")
    )


def remove_specimen(lib: Library, specimen_id: str) -> Change:
    """It was not taken. `StillNeededError` once the laboratory has answered on it."""
    with lib.read() as session:
        old = records.snapshot(session, "specimen", specimen_id)
    if old is None:
        raise gone("specimen")
    name = _KIND_ENGLISH[SpecimenKind(old["kind"])]
    return lib.apply(Change("specimen", specimen_id, old, None, f"{name.capitalize()} removed, pot {old['pot']}"))


def set_pot(lib: Library, specimen_id: str, pot: str) -> tuple[Change, ...]:
    """What stands on its pot; "" where nothing was put into one. No two pots of a visit are called the same. The result
    of the visit, which names its pots, follows."""
    one, what = _of(lib, specimen_id)
    pot = valid(lambda: checked_pot(pot))
    with lib.read() as session:
        everything = kept.specimens_of(session, one.visit_id)
    if pot and pot.casefold() in {other.pot.casefold() for other in everything if other.id != specimen_id}:
        raise BadInputError(
            tr("another pot of this visit is called {pot}", pot=pot),
            safe=tr("nothing was changed"),
            remedy=tr("give it another name"),
        )
    said = f"pot {pot}" if pot else "no pot"
    change = Change(what, specimen_id, {"pot": one.pot}, {"pot": pot}, f"{_named(one)}: {said}")
    after = tuple(replace(other, pot=pot) if other.id == specimen_id else other for other in everything)
    return lib.apply_all((change, *_histology(lib, one.visit_id, everything, after)))


def set_taken(lib: Library, specimen_id: str, key: str, answer: Any) -> Change:
    """Answer an item of how it was taken (`specimen.TAKEN`); None takes the answer back."""
    one, what = _of(lib, specimen_id)
    if key == LESION.key and answer is not None:
        with lib.read() as session:
            numbers = {lesion.number for lesion in documented.lesions_of(session, one.visit_id)}
        if valid(lambda: form.checked(LESION, answer, today=date.today())) not in numbers:
            raise BadInputError(
                tr("no lesion {answer} is documented", answer=answer),
                safe=tr("nothing was changed"),
                remedy=tr("add the lesion in Findings first"),
            )
    present = {"answers": dict(one.answers)}
    return lib.apply(answer_change(what, specimen_id, present, TAKEN, key, answer, f"{_named(one)}: "))


def set_result(lib: Library, specimen_id: str, key: str, answer: Any) -> tuple[Change, ...]:
    """Answer an item of what the laboratory says (`specimen.RESULT`); None takes the answer back.

    The result of the visit, by which its cases are labelled, follows: it is the worst of all pots.
    """
    one, _ = _of(lib, specimen_id)
    with lib.read() as session:
        everything = kept.specimens_of(session, one.visit_id)
        old = records.snapshot(session, "result", specimen_id)
    answers, said = answered(one.result.answers, RESULT, key, answer)
    result = Result(answers, lib.who, _entered_on(one.result, answers))
    on = result.entered_on.isoformat() if result.entered_on is not None else ""
    new = {"answers": answers, "entered_by": result.entered_by, "entered_on": on}
    text = f"{_whose(lib, one.visit_id)}, {_named(one)}: {said}"[:200]  # undone where another woman is in front
    if old is not None and answers:
        change = Change("result", specimen_id, {name: old[name] for name in new}, new, text)
    else:
        change = Change("result", specimen_id, old, {"visit_id": one.visit_id, **new} if answers else None, text)
    after = tuple(replace(other, result=result) if other.id == specimen_id else other for other in everything)
    return lib.apply_all((change, *_histology(lib, one.visit_id, everything, after)))


def _histology(
    lib: Library, visit_id: str, before: Sequence[Specimen], after: Sequence[Specimen]
) -> tuple[Change, ...]:
    """The change that makes the result of the visit follow its pots. What somebody entered of a visit without any, or
    in other words, stays until a pot has a grade."""
    was, now = _worst_fields(before, ""), _worst_fields(after, lib.who)
    with lib.read() as session:
        old = records.snapshot(session, "histology", visit_id)
    if now is None and (old is None or was is None or any(old[name] != was[name] for name in ("grade", "text"))):
        return ()
    if old == now:
        return ()
    said = "taken away" if now is None else f"of the visit: {now['grade']}"
    return (Change("histology", visit_id, old, now, f"Histology {said}"),)


def _worst_fields(specimens: Sequence[Specimen], who: str) -> dict[str, Any] | None:
    found = worst(one.result for one in specimens)
    if found is None or found.grade is None:
        return None
    pots = [one.pot or _name(one) for one in specimens if one.result.diagnosis == found.diagnosis]
    day = found.reported_on
    return {
        "grade": found.grade.value,
        "reported_on": day.isoformat() if day is not None else None,
        "text": f"pot {', '.join(pots)}: {_DIAGNOSIS_ENGLISH[found.diagnosis]}",
        "entered_by": who,
    }


def _entered_on(before: Result, answers: Mapping[str, Any]) -> date | None:
    """When the diagnosis was entered here: today where it is another one now."""
    diagnosis = str(answers.get(DIAGNOSIS.key, ""))
    if not diagnosis:
        return None
    return before.entered_on if diagnosis == before.diagnosis and before.entered_on is not None else date.today()


def _whose(lib: Library, visit_id: str) -> str:
    """The woman, as lists call her."""
    with lib.read() as session:
        visit = stored.visit(session, visit_id)
        patient = stored.patient(session, visit.patient_id) if visit is not None else None
    return patient.identifier if patient is not None else "?"


def _of(lib: Library, specimen_id: str) -> tuple[Specimen, str]:
    """A specimen and the kind of its record."""
    with lib.read() as session:
        found = kept.specimen(session, specimen_id)
    if found is None:
        raise gone("specimen")
    return found, "pin" if found.kind is SpecimenKind.BIOPSY else "specimen"


def _named(one: Specimen) -> str:
    name = f"Pin {one.name}" if one.kind is SpecimenKind.BIOPSY else _name(one).capitalize()
    return f"{name} (pot {one.pot})" if one.pot and one.pot != _name(one) else name


def _name(one: Specimen) -> str:
    return one.name if one.kind is SpecimenKind.BIOPSY else _KIND_ENGLISH[one.kind]
