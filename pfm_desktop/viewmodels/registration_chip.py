"""What the registration chip says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pfm_desktop.domain.registration import RegistrationStatus, RegistrationSummary
from pfm_desktop.domain.source import Source

REMEDY = "Place 4 points"  # three always fit: the error is known from the fourth on
_OLDER = "Place 3 points"  # said by reasons that were kept before


_IN = {
    Source.WHITE: "in white light",
    Source.FLUORESCENCE: "in fluorescence",
    Source.GREEN: "through the green filter",
    Source.IODINE: "after Lugol's iodine",
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
        return ChipText(Light.GREY, "registering ...", "The pictures are being registered.")
    if summary is None:
        return ChipText(Light.GREY, "not registered", "There is no registration for these pictures.")
    error = "" if summary.error_px is None else f"{summary.error_px:.1f} px"
    if summary.status is RegistrationStatus.REFUSED:
        reason = summary.reason.strip().replace(_OLDER, REMEDY).rstrip(".") or "no reliable match"
        remedy = "" if REMEDY.lower() in reason.lower() else f". {REMEDY}"
        text = f"not registered: {reason[:1].lower()}{reason[1:]}{remedy}"
        return ChipText(
            Light.RED, text, f"The pictures are {text}. They are shown side by side, each in its own frame."
        )
    if summary.for_looking_only:
        reason = summary.reason.strip().rstrip(".")
        said = f"No answer is given from both: {reason}. The pictures can be looked at together."
        return ChipText(Light.RED, "for looking only: structures disagree, by hand", said)
    hand = ", by hand" if summary.by_hand else ""
    # of points that nothing bears out, the overlap means no more than the clicks
    known = not summary.by_hand or summary.error_px is not None
    overlap = f" {summary.overlap:.0%} of the white-light picture is seen {_IN[second]}." if known else ""
    if summary.status is RegistrationStatus.CHECK:
        reason = f" {summary.reason.strip().rstrip('.')}." if summary.reason else ""
        text = f"check, {error or 'error not known'}{hand}"
        return ChipText(
            Light.AMBER, text, f"Look before you trust it: estimated error {error or 'unknown'}.{reason}{overlap}"
        )
    return ChipText(
        Light.GREEN, f"{error or 'registered'}{hand}", f"Registered, estimated error {error or 'unknown'}.{overlap}"
    )
