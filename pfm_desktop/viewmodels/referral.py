"""What the referral card shows of the visit on the desk, and its edits. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pfm_desktop.domain.form import Item
from pfm_desktop.domain.referral import BY_KEY, COMPREHENSIVE, ITEMS, MINIMUM, age_on
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.viewmodels.findings import NO_VISIT, why_locked
from pfm_desktop.viewmodels.forms import answer_text
from pfm_desktop.viewmodels.iodine import IODINE, allergy_words, iodine_edit

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Edit

SHOWN: tuple[Item, ...] = (*ITEMS[:-1], IODINE, ITEMS[-1])
_IN_SHORT = ("cytology", "hpv", "hpv_types", "pregnancy", "immune", "treatment", "anticoagulants")
_PLAIN = {"pregnancy": "no", "immune": "normal", "treatment": ["none"], "anticoagulants": "none"}  # not worth a word
_SHORT = {
    "hpv": tr("HPV {answer}"),
    "hpv_types": tr("HPV {answer}"),
    "pregnancy": tr("pregnant: {answer}"),
    "treatment": tr("treated: {answer}"),
}


@dataclass(frozen=True)
class ReferralView:
    """`complete` of `wanted` items of the comprehensive set are answered; `missing` names what is not, the minimum
    first. `about` is her age and what the visit says of its indication."""

    visit_id: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    locked: str = NO_VISIT
    about: str = ""
    complete: int = 0
    wanted: int = len(COMPREHENSIVE)
    missing: tuple[str, ...] = ()
    doubts: str = ""


def referral_view(case: VisitCase | None, read_only_reason: str = "") -> ReferralView:
    """The card of a visit."""
    if case is None:
        return ReferralView()
    card, said, on = case.referral, case.visit.indication, case.visit.day
    born = case.patient.birth_date
    least, most = card.missing(MINIMUM, indication=said), card.missing(COMPREHENSIVE, indication=said)
    others = tuple(title for title in most if title not in least)
    answers = dict(card.answers)
    if case.iodine_allergy is not None:
        answers[IODINE.key] = "yes" if case.iodine_allergy else "no"
    age = age_on(born, on) if born is not None else None
    return ReferralView(
        visit_id=case.visit.id,
        answers=answers,
        locked=why_locked(case, read_only_reason),
        about=". ".join(
            part
            for part in (
                tr("{age} years old at this visit", age=age) if age is not None else tr("Her age is not known"),
                tr("Indication as it was written: {indication}", indication=said) if said.strip() else "",
            )
            if part
        ),
        complete=len(COMPREHENSIVE) - len(most),
        missing=_missing(least, others),
        doubts="\n".join(f"{doubt}." for doubt in card.doubts(birth_date=born, on=on)),
    )


def in_short(case: VisitCase | None) -> str:
    """One line above the findings: what is known of her that bears on them, an allergy first; "" while nothing is."""
    answers = case.referral.answers if case is not None else {}
    told = [_short(key, answers[key]) for key in _IN_SHORT if key in answers and answers[key] != _PLAIN.get(key)]
    if "hpv_types" in answers:
        told = [part for part in told if part != _short("hpv", answers.get("hpv"))]
    told = [part for part in (allergy_words(case), *told) if part]
    return tr("Referral: {answers}", answers="; ".join(told)) if told else ""


def answer_edit(case: VisitCase, key: str, answer: Any) -> Edit | None:
    """One item gets another answer, None takes it back; None when it has that answer already."""
    if key == IODINE.key:
        return iodine_edit(case.patient.id, answer)
    if case.referral.answers.get(key) == answer:
        return None
    return lambda lib: _set(lib, case.visit.id, key, answer)


def _set(lib: Library, visit_id: str, key: str, answer: Any) -> Any:
    from pfm_desktop.services import documenting

    return documenting.set_referral(lib, visit_id, key, answer)


def _short(key: str, answer: Any) -> str:
    return _SHORT.get(key, "{answer}").format(answer=answer_text(BY_KEY[key], answer))


def _missing(least: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """A line for the minimum set, and one for what the comprehensive one asks beyond it."""
    titles = COMMA.join(least)
    done = {"done": len(MINIMUM) - len(least), "all": len(MINIMUM)}
    minimum = (
        tr("Minimum set (ASCCP): {done} of {all}. Missing: {titles}.", titles=titles, **done)
        if least
        else tr("Minimum set (ASCCP): complete.")
    )
    beyond = ""
    if others:
        beyond = tr("Comprehensive set, also missing: {titles}.", titles=COMMA.join(others))
    elif not least:
        beyond = tr("Comprehensive set: complete.")
    return minimum, beyond
