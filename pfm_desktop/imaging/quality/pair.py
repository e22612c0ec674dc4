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

if TYPE_CHECKING:
    from pfm_desktop.imaging.registration import Registration

Pixels = NDArray[np.uint8]
LEAST_OVERLAP, ENOUGH_OVERLAP = 0.35, 0.6
PLACED_WRONG = (
    "Check that both pictures show the same woman at this visit. If they do, place four or more points again, on spots "
    "that are sharp in both. The pictures can be looked at together meanwhile."
)
_SAME = 3.0  # mean difference of 255 at which two pictures are one, saved twice


def identical(white: Pixels, fluorescence: Pixels, second: Source = Source.FLUORESCENCE) -> Quality | None:
    """The verdict when one picture was given twice (also resized or saved anew), else None; `second` as below."""
    one, other = (cv2.resize(fit(picture, 512), (128, 128)).astype(np.float32) for picture in (white, fluorescence))
    difference = float(np.abs(one - other).mean())
    if difference >= _SAME:
        return None
    kept, missing = "white-light", second.words
    if second is Source.FLUORESCENCE and looks_fluorescent(fit(white, SIDE)):
        kept, missing = missing, kept
    advice = f"Choose the {missing} picture that belongs to this {kept} picture."
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
        advice = "Retake both with the cervix in the middle."
        return Quality(Verdict.UNUSABLE, ("too_little_overlap",), advice, measures)
    limited, advices = [], []
    if registration.overlap < ENOUGH_OVERLAP:
        limited.append("little_overlap")
        advices.append(f"The {second.words} picture shows only a part of this view.")
    if agreed is Agreement.UNKNOWN:
        limited.append("structures_not_compared")
        advices.append(
            "Check that both pictures show the same woman at this visit: they have too few structures to compare."
        )
    if registration.status is RegistrationStatus.CHECK:
        limited.append("registration_uncertain")
        advices.append("Look whether both pictures meet under the cursor; place points by hand if they do not.")
    verdict = Verdict.LIMITED if limited else Verdict.GOOD
    return Quality(verdict, tuple(limited), " ".join(advices), measures)


def _unregistered(registration: Registration, measures: Mapping[str, float]) -> Quality:
    from pfm_desktop.imaging.registration.shapes import shapes_differ

    shapes = shapes_differ(registration.white_size, registration.fluorescence_size)
    if "overlap" in registration.reason.lower():
        problem, advice = "too_little_overlap", "Retake both with the cervix in the middle"
        advice += ", neither cut nor squeezed, or" if shapes else ", or"
    else:
        problem, advice = "wrong_pair", "Check that both pictures show the same woman at this visit"
        advice += " and are as the camera took them, neither cut nor squeezed; if so," if shapes else "; if they do,"
    return Quality(Verdict.UNUSABLE, (problem,), f"{advice} place four points by hand.", measures)


def _agreed(white: Pixels, fluorescence: Pixels, registration: Registration) -> Agreement:
    from pfm_desktop.imaging.registration import structures_agree

    return structures_agree(white, fluorescence, registration)


def _disagreeing(reason: str) -> tuple[str, ...]:
    """Points that do not fit take nothing back of what the pictures said without them."""
    return ("structures_disagree", *(("too_little_overlap",) if "overlap" in reason.lower() else ()))
