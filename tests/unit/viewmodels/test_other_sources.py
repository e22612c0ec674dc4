"""What Review says of a pair of white light and a green filter, or Lugol's iodine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pfm_desktop.domain.case import Pair
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import Analysis, ModelInfo, Prediction, SourceAnswer
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.registration import RegistrationStatus, RegistrationSummary
from pfm_desktop.domain.source import PLACES, Source, Stage
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.services.engine import PairAnswer
from pfm_desktop.viewmodels import review
from pfm_desktop.viewmodels.answer import Answer, Asked, State, answer_view, checks_of
from pfm_desktop.viewmodels.retake import NAMES, retake_words

from .test_review import IDENTITY, PAIR, case

GREEN = (Source.WHITE, Source.GREEN)
OURS = ModelInfo("ours", "1", "ab" * 32, GREEN, "T0", "token", 224, trained_on="cases of this clinic")
DEMO = replace(OURS, name="pfm-demo", sources=PLACES)
SHARES = dict(zip(GRADES, (0.1, 0.7, 0.1, 0.1), strict=True))


def green_case() -> VisitCase:
    told = case(revealed=True)
    white, lit, iodine = told.pictures
    return replace(told, pictures=(white, replace(lit, id="g", stage=Stage.GREEN), iodine), pairs=(GREEN_PAIR,))


GREEN_PAIR = Pair("pair", "visit", "w", "g")


def analysis(model: ModelInfo, sources: tuple[Source, ...]) -> Analysis:
    alone = {source: SourceAnswer(Grade.LOW, SHARES) for source in sources}
    evidence = dict(zip(sources, (0.6, 0.4), strict=False))
    prediction = Prediction(Grade.LOW, SHARES, SHARES, (Grade.LOW,), False, evidence, alone, sources)
    quality = {source.value: Quality(Verdict.GOOD) for source in GREEN}
    registration = RegistrationSummary(RegistrationStatus.OK, 0.8, IDENTITY, 0.9)
    return Analysis(model, quality, registration, prediction, None, Source.WHITE)


def shown(made: Analysis) -> Answer:
    view = answer_view(green_case(), Asked(PairAnswer("pair", made, None, False)), lock=False)
    assert view.answer is not None
    return view.answer


def test_evidence_and_single_answers_are_named_by_what_was_read() -> None:
    said = shown(analysis(OURS, GREEN))
    assert said.evidence == (("White light", 0.6), ("Green filter", 0.4))
    assert [name for name, _ in said.alone] == ["Both together", "White light only", "Green filter only"]


def test_the_source_that_a_model_missed_is_its_own_and_not_fluorescence() -> None:
    assert "The green filter picture was not used." in shown(analysis(OURS, GREEN[:1])).one_source
    assert "There is no fluorescence picture." in shown(analysis(DEMO, GREEN[:1])).one_source


def test_a_refusal_of_the_pair_stands_in_the_panel_in_full() -> None:
    made = replace(analysis(DEMO, GREEN), prediction=None, refused=DEMO.other_sources(GREEN))
    view = answer_view(green_case(), Asked(PairAnswer("pair", made, None, False)), lock=False)
    assert view.state is State.REFUSED
    assert view.answer is not None
    said = "No answer: this model reads white light + fluorescence; this pair is white light + green filter"
    assert view.answer.headline == said


def test_quality_and_registration_are_told_by_the_name_of_the_source() -> None:
    checks = checks_of(analysis(OURS, GREEN))
    assert [check.title for check in checks] == ["White light", "Green filter", "Registration"]
    assert "90% of the white-light picture is seen through the green filter" in checks[-1].advice


@pytest.mark.parametrize("source", Source)
def test_what_to_retake_is_named_for_every_source(source: Source) -> None:
    blurred = Quality(Verdict.UNUSABLE, ("out_of_focus",), "Retake it.")
    made = replace(analysis(OURS, GREEN), quality={source.value: blurred})
    assert retake_words(made) == f"The {NAMES[source]} is out of focus. Retake it."


def test_what_is_wrong_with_both_pictures_is_said_once() -> None:
    blurred = Quality(Verdict.UNUSABLE, ("out_of_focus",), "Retake it.")
    made = replace(analysis(OURS, GREEN), quality=dict.fromkeys(("white", "green"), blurred))
    assert retake_words(made) == "Each of the two pictures is out of focus. Retake it."


# ---- dropped on the stage


def test_a_filtered_picture_goes_into_the_pane_it_was_dropped_on() -> None:
    assert review.pair_after_drop(case(), PAIR, "l", Source.FLUORESCENCE) == ("w", "l")
    assert review.pair_after_drop(case(), PAIR, "l", Source.WHITE) == ("l", "f")
    assert review.pair_after_drop(case(), PAIR, "l") == ("l", "f")
    assert review.pair_after_drop(case(), PAIR, "w", Source.FLUORESCENCE) == ("w", "f"), "plain white light stays first"


def test_a_filtered_picture_alone_on_the_stage_is_white_light() -> None:
    assert review.pair_after_drop(case(), None, "l", None) == ("l", None)
    assert review.pair_after_drop(case(), Pair("pair", "visit", None, "f"), "l", Source.FLUORESCENCE) == ("l", "f")


def test_the_second_picture_leaves_where_it_may_not_stay() -> None:
    told = green_case()
    assert review.pair_after_drop(told, GREEN_PAIR, "w") == ("w", "g")
    assert review.pair_after_drop(told, GREEN_PAIR, "l", Source.WHITE) == ("l", None), "iodine beside a filter: no pair"
    assert review.pair_after_drop(told, GREEN_PAIR, "g", Source.WHITE) == ("g", None), "not beside itself"
