from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pfm_desktop.domain import prediction
from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.prediction import DEMONSTRATION, Familiarity, Heatmap, ModelInfo, Prediction, SourceAnswer
from pfm_desktop.domain.source import PLACES, Source

PHANTOM = ModelInfo("m", "1", "0" * 64, (Source.WHITE,), "T0", "token", 64)


@pytest.mark.parametrize(
    ("trained_on", "origin", "passed_on"),
    [
        ("phantoms", "", "a demonstration model trained on phantoms"),
        ("local cases", "", ""),
        ("local cases and phantoms", "", "a model trained on local cases and phantoms"),
        ("local cases", "a demonstration model trained on phantoms", "a demonstration model trained on phantoms"),
        ("phantoms", "a model of pictures (not trained to grade)", "a demonstration model trained on phantoms"),
    ],
)
def test_a_model_made_from_one_of_phantoms_says_so(trained_on: str, origin: str, passed_on: str) -> None:
    parent = replace(PHANTOM, trained_on=trained_on, origin=origin)
    assert parent.passed_on == passed_on
    child = replace(PHANTOM, trained_on="local cases", origin=parent.passed_on)
    assert child.label == "local model, trained on local cases" + (f", from {passed_on}" if passed_on else "")


def test_a_model_of_phantoms_is_a_demonstration_model_wherever_it_comes_from() -> None:
    assert replace(PHANTOM, origin="a demonstration model trained on phantoms").label == DEMONSTRATION


def test_what_a_model_learned_from_is_read_in_the_language_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    for said, words in (("local cases", "cas locaux"), ("phantoms", "fantômes")):
        monkeypatch.setitem(prediction._DATA_WORDS, said, words)
    mixed = replace(PHANTOM, trained_on="local cases and phantoms")
    assert mixed.label == "local model, trained on cas locaux and fantômes"
    child = replace(PHANTOM, trained_on="local cases", origin=mixed.passed_on)
    assert child.label == "local model, trained on cas locaux, from a model trained on cas locaux and fantômes"
    chosen = replace(PHANTOM, trained_on="cases of A and phantoms", origin="a model trained on cases of B")
    assert chosen.label == "local model, trained on cases of A and phantoms, from a model trained on cases of B"


# ---- unlike anything learned from

NEAR, FAR = Familiarity(0.71, 0.95), Familiarity(1.43, 0.95)
WHITE, FLUORESCENCE = Source.WHITE, Source.FLUORESCENCE


def told(**familiarity: Familiarity) -> Prediction:
    shares = dict.fromkeys(GRADES, 0.25)
    found = {Source(name): of for name, of in familiarity.items()}
    return Prediction(Grade.LOW, shares, shares, (Grade.LOW,), False, {}, {}, PLACES, familiarity=found)


def test_a_picture_that_is_unlike_what_was_learned_from_is_named_and_the_grade_not_to_be_relied_on() -> None:
    said = told(white=FAR, fluorescence=NEAR)
    assert said.unlike == (WHITE,)
    assert said.unlike_words == "Unlike anything the model learned from: white light. Do not rely on this grade."
    assert said.warning == f"WARNING: {said.unlike_words}"
    assert said.unlike_words == f"{said.why_unlike} {said.caution}"
    assert told(white=FAR, fluorescence=FAR).why_unlike.endswith(": white light and fluorescence.")


def test_where_no_grade_stands_out_the_answer_is_not_to_be_relied_on() -> None:
    assert replace(told(white=FAR), indeterminate=True).caution == "Do not rely on this answer."


@pytest.mark.parametrize("familiarity", [{}, {"white": NEAR}, {"white": NEAR, "fluorescence": NEAR}])
def test_without_a_picture_that_is_unlike_there_is_no_word_of_warning(familiarity: dict[str, Familiarity]) -> None:
    said = told(**familiarity)
    assert said.unlike == ()
    assert said.unlike_words == said.why_unlike == said.caution == said.warning == ""


@pytest.mark.parametrize("grade", GRADES)
def test_it_is_said_what_the_heatmaps_show_and_of_normal_another_grade(grade: Grade) -> None:
    said = replace(told(), grade=grade)
    shows = "what speaks for high, not for normal" if grade is Grade.NORMAL else f"what speaks for {grade.value}"
    assert said.shows == said.shows_english == shows
    assert said.attention_words == f"Graded {grade.value}: model attention shows {shows}."


def test_of_an_indeterminate_answer_the_heatmaps_show_the_likeliest_grade_and_say_so() -> None:
    said = shared(0.13, 0.33, 0.10, 0.44, grade=Grade.HIGH, indeterminate=True)
    assert said.attention_words == "Indeterminate: model attention shows what speaks for cancer."
    normal = shared(0.4, 0.3, 0.3, 0.0, grade=Grade.LOW, indeterminate=True)
    assert normal.attention_words == "Indeterminate: model attention shows what speaks for high, not for normal."


def test_a_source_that_was_not_used_warns_of_nothing() -> None:
    assert replace(told(fluorescence=FAR), sources=(WHITE,)).warning == ""


def test_the_distances_stand_against_their_limits() -> None:
    said = told(white=FAR, fluorescence=NEAR).familiarity_words
    assert said.startswith("Distance from what the model learned from: white light 1.43, limit 0.95: unlike; ")
    assert said.endswith("; fluorescence 0.71, limit 0.95.")
    lines = told(white=NEAR).familiarity_lines
    assert lines == ((WHITE, "0.71, limit 0.95"), (FLUORESCENCE, "not known to this model"))


def test_a_distance_that_is_hardly_over_the_limit_is_not_written_as_the_limit() -> None:
    assert Familiarity(0.9541, 0.9538).words == "0.9541, limit 0.9538: unlike"
    assert Familiarity(0.95, 0.95).words == "0.950000, limit 0.950000"


def test_not_known_and_not_asked_are_told_apart() -> None:
    assert told().familiarity_words.endswith(": not known, this model keeps no measure of it.")
    old = replace(told(), familiarity_asked=False)
    assert old.familiarity_words.endswith(": not checked when this answer was made.")
    assert old.familiarity_lines == ((WHITE, "not checked"), (FLUORESCENCE, "not checked"))


# ---- the grade and the most likely one


def shared(*shares: float, grade: Grade, indeterminate: bool = False) -> Prediction:
    by_grade = dict(zip(GRADES, shares, strict=True))
    return replace(told(), grade=grade, probabilities=by_grade, indeterminate=indeterminate)


def test_a_median_that_is_not_the_most_likely_grade_says_so() -> None:
    said = shared(0.42, 0.33, 0.25, 0, grade=Grade.LOW)
    assert said.likeliest is Grade.NORMAL
    assert said.median_words == (
        "The likeliest single grade is normal (0.42). The grade is low, the median: low or worse has 0.58."
    )
    assert said.share_words == "low (0.33; likeliest normal 0.42)"
    assert SourceAnswer(said.grade, said.probabilities).share_words == said.share_words
    milder = shared(0.1, 0.42, 0.48, 0, grade=Grade.LOW).median_words
    assert milder == (
        "The likeliest single grade is high (0.48). The grade is low, the median: low or milder has 0.52."
    )


def test_an_indeterminate_answer_names_no_grade_but_the_likeliest() -> None:
    said = shared(0.13, 0.33, 0.10, 0.44, grade=Grade.HIGH, indeterminate=True)
    assert said.share_words == "indeterminate (likeliest cancer 0.44)"
    assert said.median_words == ""


def test_a_grade_that_is_the_most_likely_one_needs_no_word() -> None:
    said = shared(0.1, 0.2, 0.7, 0, grade=Grade.HIGH)
    assert (said.median_words, said.share_words) == ("", "high (0.70)")
    assert shared(0.4, 0.4, 0.2, 0, grade=Grade.LOW).median_words == ""  # as likely is not less likely


# ---- heatmaps


def test_a_class_map_is_drawn_from_higher_up_than_other_maps() -> None:
    values = np.full((2, 2), 0.5, np.float32)
    assert Heatmap(values, "LayerCAM").threshold == Heatmap(values, "of another version").threshold == 0.30
    assert Heatmap(values, "class map").threshold == 0.70
    assert Heatmap(values, "class map on the scale of the model").threshold == 0.70
    assert Heatmap(values, "class map").ends == Heatmap(values, "LayerCAM").ends == ("0 least", "1 most here")
    assert Heatmap(values, "class map on the scale of the model").ends == ("0 none", "1 strong")
    assert "of this picture" in Heatmap(values, "LayerCAM").scale_words
    assert "half of the lesions" in Heatmap(values, "class map on the scale of the model").scale_words


def test_an_empty_map_says_how_strong_it_is_and_never_rounds_up_to_the_threshold() -> None:
    heat = Heatmap(np.array([[0.1, 0.699, np.nan]], np.float32), "class map")
    assert heat.nothing_at(0.7) == "nothing from 0.70 (most 0.69)"
    assert heat.most == pytest.approx(0.699)
    assert not heat.all_seen
    unseen = Heatmap(np.full((2, 2), np.nan, np.float32), "class map")
    assert unseen.most < 0
    assert unseen.nothing_at(0.7) == "nothing from 0.70 (most 0.00)"


def test_a_model_that_cannot_tell_what_is_unlike_says_so_near_the_grade() -> None:
    assert "white light or fluorescence is like anything" in told().unchecked_words
    assert "whether fluorescence is like anything" in told(white=NEAR).unchecked_words
    assert told(white=NEAR, fluorescence=FAR).unchecked_words == ""
    assert replace(told(), familiarity_asked=False).unchecked_words == ""
