"""Unusable pictures and pairs, in words."""

from __future__ import annotations

import pytest

from pfm_desktop.domain import quality
from pfm_desktop.domain.prediction import Analysis, ModelInfo
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.viewmodels.retake import care_words, retake_words

MODEL = ModelInfo("pfm-demo", "1.0", "ab" * 32, PLACES, "T0", "channel", 224)
BLURRED = Quality(Verdict.UNUSABLE, ("out_of_focus",), "Focus on the os, hold still, retake.")


def said(**quality: Quality) -> str:
    return retake_words(Analysis(MODEL, quality, None, None, None, Source.WHITE, {}))


def test_an_unusable_picture_is_named_with_what_is_wrong_and_what_to_do() -> None:
    words = said(white=BLURRED, fluorescence=Quality(Verdict.GOOD))
    assert words == "The white-light picture is out of focus. Focus on the os, hold still, retake."


def test_two_unusable_pictures_are_both_named() -> None:
    words = said(white=BLURRED, fluorescence=Quality(Verdict.UNUSABLE, ("too_dark", "odd_thing"), "Retake."))
    assert "white-light picture is out of focus" in words
    assert "The fluorescence picture is too dark and is unusable (odd thing). Retake." in words


def test_what_is_wrong_with_a_pair_is_read_in_the_language_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(quality._PROBLEM_WORDS, "little_overlap", "peu de recouvrement")
    assert said(pair=Quality(Verdict.UNUSABLE, ("little_overlap",))) == ("The pair is unusable (peu de recouvrement).")


def test_pictures_that_can_be_used_are_not_spoken_of() -> None:
    assert said(white=Quality(Verdict.GOOD), fluorescence=Quality(Verdict.LIMITED, ("glare",), "Dab it dry.")) == ""
    assert retake_words(None) == ""


def test_of_a_picture_given_twice_only_that_is_said() -> None:
    twice = Quality(Verdict.UNUSABLE, ("identical",), "Choose the fluorescence picture.")
    words = said(white=Quality(Verdict.GOOD), fluorescence=Quality(Verdict.UNUSABLE, ("wrong_source",)), pair=twice)
    assert words == "The same picture was given twice. Choose the fluorescence picture."


def test_a_pair_that_does_not_belong_together_is_said() -> None:
    wrong = Quality(Verdict.UNUSABLE, ("wrong_pair",), "Check that both show the same woman.")
    words = said(white=Quality(Verdict.GOOD), fluorescence=Quality(Verdict.GOOD), pair=wrong)
    assert words == "The two pictures do not seem to belong together. Check that both show the same woman."


def test_a_limited_picture_is_said_to_need_care_and_how_to_take_a_better_one() -> None:
    limited = Quality(Verdict.LIMITED, ("off_centre",), "Bring the os into the middle of the picture, then retake.")
    quality = {"white": limited, "fluorescence": Quality(Verdict.GOOD)}
    words = care_words(Analysis(MODEL, quality, None, None, None, Source.WHITE, {}))
    assert words == (
        "To be used with care: the white-light picture shows the os far from its middle. Bring the os into the middle "
        "of the picture, then retake."
    )
    good = {"white": Quality(Verdict.GOOD), "pair": Quality(Verdict.LIMITED, ("little_overlap",))}
    assert care_words(Analysis(MODEL, good, None, None, None, Source.WHITE, {})) == ""
    assert care_words(None) == ""


def test_what_is_the_same_of_both_pictures_is_said_once() -> None:
    covered = Quality(Verdict.UNUSABLE, ("obstructed",), "Take the swab away.", {"blocked": 0.5})
    words = said(white=covered, fluorescence=Quality(Verdict.UNUSABLE, ("obstructed",), "Take the swab away."))
    assert words == "Each of the two pictures is obstructed. Take the swab away."
    limited = Quality(Verdict.LIMITED, ("glare",), "Tilt.")
    both = {"white": limited, "fluorescence": limited}
    assert care_words(Analysis(MODEL, both, None, None, None, Source.WHITE, {})) == (
        "To be used with care: each of the two pictures has too much glare. Tilt."
    )
