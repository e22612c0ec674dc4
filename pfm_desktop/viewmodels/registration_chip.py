"""What the registration chip says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pfm_desktop.domain.registration import PLACE_POINTS, RegistrationStatus, RegistrationSummary, reason_words
from pfm_desktop.domain.source import Source
from pfm_desktop.support.language import tr

REMEDY = tr("Place 4 points")  # three always fit: the error is known from the fourth on
_OLDER = "Place 3 points"  # said by reasons that were kept before
_SEEN = {  # how much of the white-light picture there is in the other one
    Source.WHITE: tr("{share:.0%} of the white-light picture is seen in white light."),
    Source.FLUORESCENCE: tr("{share:.0%} of the white-light picture is seen in fluorescence."),
    Source.GREEN: tr("{share:.0%} of the white-light picture is seen through the green filter."),
    Source.IODINE: tr("{share:.0%} of the white-light picture is seen after Lugol's iodine."),
}


class Light(StrEnum):
    """Colour and shape of the chip: never the colour alone."""

    GREEN = "green"  # tick
    AMBER = "amber"  # exclamation mark in a triangle
    RED = "red"  # cross
    GREY = "grey"  # ring


@dataclass(frozen=True)
class ChipText:
    """`text` stands on the chip, `explanation` in its tooltip and for the screen reader."""

    light: Light
    text: str
    explanation: str


def chip_text(
    summary: RegistrationSummary | None, *, pending: bool = False, second: Source = Source.FLUORESCENCE
) -> ChipText:
    """Words for a registration; None while there is none. `second`: of which source the second picture is."""
    if pending:
        return ChipText(Light.GREY, tr("registering ..."), tr("The pictures are being registered."))
    if summary is None:
        return ChipText(Light.GREY, tr("not registered"), tr("There is no registration for these pictures."))
    error = "" if summary.error_px is None else f"{summary.error_px:.1f} px"
    if summary.status is RegistrationStatus.REFUSED:
        reason = _refusal(summary.reason)
        return ChipText(
            Light.RED,
            tr("not registered: {reason}", reason=reason),
            tr(
                "The pictures are not registered: {reason}. They are shown side by side, each in its own frame.",
                reason=reason,
            ),
        )
    reason = reason_words(summary.reason.strip().rstrip("."))
    if summary.for_looking_only:
        said = tr("No answer is given from both: {reason}. The pictures can be looked at together.", reason=reason)
        return ChipText(Light.RED, tr("for looking only: structures disagree, by hand"), said)
    # of points that nothing bears out, the overlap means no more than the clicks
    known = not summary.by_hand or summary.error_px is not None
    overlap = _SEEN[second].format(share=summary.overlap) if known else ""
    if summary.status is RegistrationStatus.CHECK:
        if error:
            look = tr("Look before you trust it: estimated error {error}.", error=error)
        else:
            look = tr("Look before you trust it: estimated error unknown.")
        said = " ".join(part for part in (look, f"{reason}." if reason else "", overlap) if part)
        return ChipText(Light.AMBER, _checked(error or tr("error not known"), by_hand=summary.by_hand), said)
    if error:
        said = tr("Registered, estimated error {error}.", error=error)
    else:
        said = tr("Registered, estimated error unknown.")
    text = error or tr("registered")
    return ChipText(
        Light.GREEN,
        tr("{registered}, by hand", registered=text) if summary.by_hand else text,
        f"{said} {overlap}" if overlap else said,
    )


def _refusal(reason: str) -> str:
    """Why it was refused, and what can be done."""
    kept = reason.strip().replace(_OLDER, PLACE_POINTS).rstrip(".")
    said = reason_words(kept) or tr("no reliable match")
    remedy = "" if PLACE_POINTS.lower() in kept.lower() else f". {REMEDY}"
    return f"{said[:1].lower()}{said[1:]}{remedy}"


def _checked(error: str, *, by_hand: bool) -> str:
    if by_hand:
        return tr("check, {error}, by hand", error=error)
    return tr("check, {error}", error=error)
