"""Answers made by hand and a visit to show them beside, for the tests of the panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import Analysis, Familiarity, ModelInfo, Prediction, SourceAnswer
from pfm_desktop.domain.quality import Quality, Refusal, Verdict
from pfm_desktop.domain.registration import RegistrationStatus, RegistrationSummary
from pfm_desktop.domain.source import Source

if TYPE_CHECKING:
    from pfm_desktop.services.engine import PairAnswer

BOTH = (Source.WHITE, Source.FLUORESCENCE)
MODEL = ModelInfo("pfm-demo", "1.0", "ab" * 32, BOTH, "T0", "token", 224)
REGISTERED = RegistrationSummary(RegistrationStatus.OK, 0.83, ((1, 0, 0), (0, 1, 0), (0, 0, 1)), 0.95)


def prediction(
    grade: Grade = Grade.HIGH, *, possible: Sequence[Grade] = (Grade.LOW, Grade.HIGH), sources: Sequence[Source] = BOTH
) -> Prediction:
    shares = dict.fromkeys(GRADES, 0.1)
    shares[grade] = 0.7
    own = dict.fromkeys(GRADES, 0.15)
    own[Grade.LOW] = 0.55
    return Prediction(
        grade=grade,
        probabilities=shares,
        spread=dict.fromkeys(GRADES, 0.04),
        prediction_set=tuple(possible),
        indeterminate=len(possible) >= 3,
        evidence={Source.WHITE: 0.38, Source.FLUORESCENCE: 0.62} if len(sources) > 1 else {sources[0]: 1.0},
        single_source={source: SourceAnswer(Grade.LOW, own) for source in sources},
        sources=tuple(sources),
    )


def graded() -> Analysis:
    """High, could be low; white light has glare."""
    glare = Quality(Verdict.LIMITED, ("glare",), "Tilt the colposcope a little and retake the white-light picture.")
    quality = {"white": glare, "fluorescence": Quality(Verdict.GOOD), "pair": Quality(Verdict.GOOD)}
    return Analysis(MODEL, quality, REGISTERED, prediction(), None, Source.WHITE)


def indeterminate() -> Analysis:
    """Normal, low or high."""
    return replace(graded(), prediction=prediction(Grade.LOW, possible=GRADES[:3]))


def refused() -> Analysis:
    """Out of focus."""
    poor = Quality(Verdict.UNUSABLE, ("out_of_focus",), "Focus on the os and retake the white-light picture.")
    return replace(
        graded(),
        quality={"white": poor, "fluorescence": Quality(Verdict.GOOD)},
        registration=None,
        prediction=None,
        refused=Refusal("white light: out of focus", "Focus on the os and retake the white-light picture."),
    )


def white_only() -> Analysis:
    """Cancer, from white light alone."""
    alone = prediction(Grade.CANCER, possible=(Grade.CANCER,), sources=(Source.WHITE,))
    return replace(graded(), quality={"white": Quality(Verdict.GOOD)}, registration=None, prediction=alone)


def measured(analysis: Analysis, **distances: float) -> Analysis:
    """The same, with the distance of each source named, all with a limit of 0.95."""
    assert analysis.prediction is not None
    familiarity = {Source(name): Familiarity(distance, 0.95) for name, distance in distances.items()}
    return replace(analysis, prediction=replace(analysis.prediction, familiarity=familiarity))


def answer_for(pair_id: str, analysis: Analysis) -> PairAnswer:
    from pfm_desktop.services.engine import PairAnswer

    return PairAnswer(pair_id, analysis, None, from_library=False)
