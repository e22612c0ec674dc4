"""Poor pictures and pairs, in words."""

from __future__ import annotations

from pfm_desktop.domain.prediction import Analysis, ModelInfo
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.source import Source
from pfm_desktop.viewmodels.retake import retake_words

MODEL = ModelInfo("pfm-demo", "1.0", "ab" * 32, tuple(Source), "T0", "channel", 224)
BLURRED = Quality(Verdict.POOR, ("out_of_focus",), "Focus on the os, hold still, retake.")


def said(**quality: Quality) -> str:
    return retake_words(Analysis(MODEL, quality, None, None, None, Source.WHITE, {}))


def test_a_poor_picture_is_named_with_what_is_wrong_and_what_to_do() -> None:
    words = said(white=BLURRED, fluorescence=Quality(Verdict.GOOD))
    assert words == "The white-light picture is out of focus. Focus on the os, hold still, retake."


def test_two_poor_pictures_are_both_named() -> None:
    words = said(white=BLURRED, fluorescence=Quality(Verdict.POOR, ("too_dark", "odd_thing"), "Retake."))
    assert "white-light picture is out of focus" in words
    assert "The fluorescence picture is too dark and is poor (odd thing). Retake." in words


def test_pictures_that_can_be_used_are_not_spoken_of() -> None:
    assert said(white=Quality(Verdict.GOOD), fluorescence=Quality(Verdict.LIMITED, ("glare",), "Dab it dry.")) == ""
    assert retake_words(None) == ""


def test_of_a_picture_given_twice_only_that_is_said() -> None:
    twice = Quality(Verdict.POOR, ("identical",), "Choose the fluorescence picture.")
    words = said(white=Quality(Verdict.GOOD), fluorescence=Quality(Verdict.POOR, ("wrong_source",)), pair=twice)
    assert words == "The same picture was given twice. Choose the fluorescence picture."


def test_a_pair_that_does_not_belong_together_is_said() -> None:
    wrong = Quality(Verdict.POOR, ("wrong_pair",), "Check that both show the same woman.")
    words = said(white=Quality(Verdict.GOOD), fluorescence=Quality(Verdict.GOOD), pair=wrong)
    assert words == "The two pictures do not seem to belong together. Check that both show the same woman."
