"""Whether one picture can carry an answer; and if not, what to retake.

Focus, light, noise and colours are measured; cervix, os and what lies before them are found by a network
(`imaging.finder`). How often which is right: README, `benchmarks/quality.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.anatomy import Anatomy
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.finder import find
from pfm_desktop.imaging.quality.measures import SIDE, measure
from pfm_desktop.imaging.quality.places import anatomy_of, readings, regions_of
from pfm_desktop.imaging.quality.rules import (
    FILTERED,
    FLUORESCENCE,
    MASKING,
    WHITE,
    Measures,
    Rule,
    glows,
    in_white_light,
)

Pixels = NDArray[np.uint8]
FILTERED_SOURCES = (Source.GREEN, Source.IODINE)


def assess(pixels: Pixels, source: Source) -> Quality:
    """Quality of one picture (H x W x 3 uint8 RGB) as a picture of `source`, and where cervix and os are in it.

    Through a green filter and after Lugol's iodine nothing is judged by colours, and nothing is looked for: the finder
    has learned neither. Raises `ModelError` where the finder's file is missing or damaged.
    """
    if source in FILTERED_SOURCES:
        return _filtered(pixels)
    size = pixels.shape[1], pixels.shape[0]
    small = fit(pixels, SIDE)  # once for both
    found = find(small)
    measures = {**measure(small), "side": float(min(size)), **readings(found)}
    verdict, problems, advice = _judged(WHITE if source is Source.WHITE else FLUORESCENCE, measures)
    regions = regions_of(found, small, size, problems)
    anatomy = Anatomy() if any(one in MASKING for one in problems) else anatomy_of(found, size)
    return Quality(verdict, problems, advice, measures, regions, anatomy)


def _judged(rules: Sequence[Rule], measures: Measures) -> tuple[Verdict, tuple[str, ...], str]:
    """Verdict, problems and advice."""
    unusable: list[Rule] = []
    limited: list[Rule] = []
    for rule in rules:
        if any(one.problem in MASKING for one in unusable):
            break
        if rule.unusable(measures):
            unusable.append(rule)
        elif rule.limited(measures):
            limited.append(rule)
    verdict = Verdict.UNUSABLE if unusable else Verdict.LIMITED if limited else Verdict.GOOD
    said = unusable or limited
    return verdict, tuple(rule.problem for rule in said), " ".join(dict.fromkeys(rule.advice for rule in said))


def _filtered(pixels: Pixels) -> Quality:
    """Of a picture through a green filter or after Lugol's iodine, as the second of a pair."""
    measures = {**measure(fit(pixels, SIDE)), "side": float(min(pixels.shape[:2]))}
    return Quality(*_judged(FILTERED, measures), measures, (), Anatomy())


def light_of(pixels: Pixels) -> Source | None:
    """The light of which the colours (H x W x 3 uint8 RGB) surely are: white or fluorescence; None where they may be
    of either, as those of other devices."""
    measures = measure(pixels)
    if glows(measures):
        return Source.FLUORESCENCE
    return Source.WHITE if in_white_light(measures) else None


def looks_fluorescent(pixels: Pixels) -> bool:
    """Whether the colours (H x W x 3 uint8 RGB) are those of a fluorescence picture, not of one in white light."""
    return glows(measure(pixels))
