"""Whether two pictures make a pair: two different pictures of one cervix that overlap enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.registration import Agreement, RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.quality.gate import looks_fluorescent
from pfm_desktop.imaging.quality.measures import SIDE
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.imaging.registration import Registration

Pixels = NDArray[np.uint8]
LEAST_OVERLAP, ENOUGH_OVERLAP = 0.35, 0.6
PLACED_WRONG = tr(
    "Check that both pictures show the same woman at this visit. If they do, place four or more points again, on spots "
    "that are sharp in both. The pictures can be looked at together meanwhile."
)
# once one picture was given twice
_WHITE_ONE = tr("Choose the white-light picture that belongs to this fluorescence picture.")
_OTHER = {
    Source.FLUORESCENCE: tr("Choose the fluorescence picture that belongs to this white-light picture."),
    Source.GREEN: tr("Choose the green filter picture that belongs to this white-light picture."),
    Source.IODINE: tr("Choose the Lugol's iodine picture that belongs to this white-light picture."),
}
_SHOWS_A_PART = {
    Source.FLUORESCENCE: tr("The fluorescence picture shows only a part of this view."),
    Source.GREEN: tr("The green filter picture shows only a part of this view."),
    Source.IODINE: tr("The Lugol's iodine picture shows only a part of this view."),
}
_SAME = 3.0  # mean difference of 255 at which two pictures are one, saved twice


def identical(white: Pixels, fluorescence: Pixels, second: Source = Source.FLUORESCENCE) -> Quality | None:
    """The verdict when one picture was given twice (also resized or saved anew), else None; `second` as below."""
    one, other = (cv2.resize(fit(picture, 512), (128, 128)).astype(np.float32) for picture in (white, fluorescence))
    difference = float(np.abs(one - other).mean())
    if difference >= _SAME:
        return None
    advice = _OTHER[second]
    if second is Source.FLUORESCENCE and looks_fluorescent(fit(white, SIDE)):
        advice = _WHITE_ONE
    return Quality(Verdict.UNUSABLE, ("identical",), advice, {"difference": difference})


def assess_pair(
    white: Pixels, fluorescence: Pixels, registration: Registration, second: Source = Source.FLUORESCENCE
) -> Quality:
    """Quality of a pair: two different pictures of one cervix that overlap enough. `second`: of which source
    `fluorescence`, the second picture, is.

    A registration by hand that the structures do not bear out may join two women: unusable. One that they cannot be
    compared under is limited.
    """
    twice = identical(white, fluorescence, second)
    if twice is not None:
        return twice
    measures = {"overlap": float(registration.overlap)}
    if registration.error_px is not None:
        measures["error_px"] = float(registration.error_px)
    if registration.status is RegistrationStatus.REFUSED:
        return _unregistered(registration, measures)
    agreed = _agreed(white, fluorescence, registration) if registration.by_hand else Agreement.YES
    if agreed is Agreement.NO:  # before the overlap, which is only as good as the points
        return Quality(Verdict.UNUSABLE, _disagreeing(registration.reason), PLACED_WRONG, measures)
    if registration.overlap < LEAST_OVERLAP:
        advice = tr("Retake both with the cervix in the middle.")
        return Quality(Verdict.UNUSABLE, ("too_little_overlap",), advice, measures)
    limited, advices = [], []
    if registration.overlap < ENOUGH_OVERLAP:
        limited.append("little_overlap")
        advices.append(_SHOWS_A_PART[second])
    if agreed is Agreement.UNKNOWN:
        limited.append("structures_not_compared")
        advices.append(
            tr("Check that both pictures show the same woman at this visit: they have too few structures to compare.")
        )
    if registration.status is RegistrationStatus.CHECK:
        limited.append("registration_uncertain")
        advices.append(tr("Look whether both pictures meet under the cursor; place points by hand if they do not."))
    verdict = Verdict.LIMITED if limited else Verdict.GOOD
    return Quality(verdict, tuple(limited), " ".join(advices), measures)


# by whether the pictures differ in shape
_RETAKE = {
    False: tr("Retake both with the cervix in the middle, or place four points by hand."),
    True: tr("Retake both with the cervix in the middle, neither cut nor squeezed, or place four points by hand."),
}
_SAME_WOMAN = {
    False: tr("Check that both pictures show the same woman at this visit; if they do, place four points by hand."),
    True: tr(
        "Check that both pictures show the same woman at this visit and are as the camera took them, neither cut nor "
        "squeezed; if so, place four points by hand."
    ),
}


def _unregistered(registration: Registration, measures: Mapping[str, float]) -> Quality:
    from pfm_desktop.imaging.registration.shapes import shapes_differ

    shapes = shapes_differ(registration.white_size, registration.fluorescence_size)
    if "overlap" in registration.reason.lower():
        return Quality(Verdict.UNUSABLE, ("too_little_overlap",), _RETAKE[shapes], measures)
    return Quality(Verdict.UNUSABLE, ("wrong_pair",), _SAME_WOMAN[shapes], measures)


def _agreed(white: Pixels, fluorescence: Pixels, registration: Registration) -> Agreement:
    from pfm_desktop.imaging.registration import structures_agree

    return structures_agree(white, fluorescence, registration)


def _disagreeing(reason: str) -> tuple[str, ...]:
    """Points that do not fit take nothing back of what the pictures said without them."""
    return ("structures_disagree", *(("too_little_overlap",) if "overlap" in reason.lower() else ()))
