"""Whether a treatment lies between two visits of a woman, as far as the referral cards say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pfm_desktop.domain.referral import TREATMENT, Referral
from pfm_desktop.support.listing import COMMA

_NO_TREATMENT = ("none", "not_known")


@dataclass(frozen=True)
class Treated:
    """A treatment on record. `what`: `LEEP / LLETZ`, "" where the kind is not told; `on` its day, None where not told.
    `between`: whether it is on record that the earlier visit was before it and the later one after it."""

    what: str = ""
    on: date | None = None
    between: bool = False


def treated_between(earlier: Referral, later: Referral, earlier_day: date, later_day: date) -> Treated | None:
    """What the cards of two visits say of a treatment that may lie between them; None where they say nothing of one.

    `between` only where its day lies after that of the earlier visit and before that of the later one, or where the
    earlier visit was one "before treatment" and the later one a "follow-up after treatment": of the day itself nobody
    can tell which came first, and a treatment long before both visits is none between them.
    """
    for card in (later, earlier):
        on = _day(card)
        if on is not None and earlier_day <= on <= later_day:
            return Treated(_what(card), on, between=earlier_day < on < later_day)
    if "before_treatment" in _indication(earlier) and "after_treatment" in _indication(later):
        return Treated(_what(later), None, between=True)
    return None


def _indication(card: Referral) -> tuple[str, ...]:
    return tuple(card.answers.get("indication") or ())


def _day(card: Referral) -> date | None:
    said = card.answers.get("treated_on")
    try:
        return date.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:  # kept by a version that took other days
        return None


def _what(card: Referral) -> str:
    said = card.answers.get("treatment") or ()
    return COMMA.join(one.words for one in TREATMENT.choices if one.key in said and one.key not in _NO_TREATMENT)
