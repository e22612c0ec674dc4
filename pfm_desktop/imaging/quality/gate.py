"""Whether one picture can carry an answer; and if not, what to retake.

Known misses: smooth, evenly lit walls pass for a cervix, more often in fluorescence. A cervix that is merely off centre
is not looked for, nor a photograph that was turned. How often: README, `benchmarks/quality.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.quality.measures import measure
from pfm_desktop.imaging.quality.rules import FLUORESCENCE, MASKING, WHITE, Rule, glows

Pixels = NDArray[np.uint8]


def assess(pixels: Pixels, source: Source) -> Quality:
    """Quality of one picture (H x W x 3 uint8 RGB) as a picture of `source`."""
    measures = measure(pixels)
    poor: list[Rule] = []
    limited: list[Rule] = []
    for rule in WHITE if source is Source.WHITE else FLUORESCENCE:
        if any(found.problem in MASKING for found in poor):
            break
        if rule.poor(measures):
            poor.append(rule)
        elif rule.limited(measures):
            limited.append(rule)
    verdict = Verdict.POOR if poor else Verdict.LIMITED if limited else Verdict.GOOD
    found = poor or limited
    advice = " ".join(dict.fromkeys(rule.advice for rule in found))
    return Quality(verdict, tuple(rule.problem for rule in found), advice, measures)


def looks_fluorescent(pixels: Pixels) -> bool:
    """Whether the colours (H x W x 3 uint8 RGB) are those of a fluorescence picture, not of one in white light."""
    return glows(measure(pixels))
