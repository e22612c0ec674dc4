"""What the figures of the locked test say: what is worse with its interval, and what so few women cannot show."""

from __future__ import annotations

from typing import Any

import pytest

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.services.learning.verdict import COVERAGE, FOUND, HSIL, SPARED, no_worse, verdict_of


def figures(**differences: tuple[float, float, float]) -> dict[str, Any]:
    table = {name: {"value": value, "interval": [low, high]} for name, (value, low, high) in differences.items()}
    return {"women": 40, "grades": dict.fromkeys((grade.value for grade in GRADES), 10), "difference": table}


BETTER = {HSIL: (0.05, 0.0, 0.1), "macro_recall": (0.1, 0.05, 0.15), "quadratic_kappa": (0.1, 0.0, 0.15),
          "ece": (-0.01, -0.05, 0.02)}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({HSIL: (-0.01, -0.05, 0.04)}, "HSIL+ sensitivity at 85 % specificity falls by -0.010 (-0.050 to +0.040)"),
        ({FOUND: (-0.01, -0.05, 0.04)}, "HSIL+ sensitivity as graded falls by -0.010 (-0.050 to +0.040)"),
        ({SPARED: (-0.53, -0.72, -0.36)}, "specificity for HSIL+ as graded is worse by -0.530"),
        ({COVERAGE: (-0.1, -0.2, -0.01)}, "the share of prediction sets that hold the label is worse"),
        ({"macro_recall": (-0.1, -0.2, -0.01)}, "macro recall is worse by -0.100 (-0.200 to -0.010)"),
        ({"quadratic_kappa": (-0.1, -0.2, -0.01)}, "kappa is worse"),
        ({"ece": (0.1, 0.01, 0.2)}, "ECE is worse"),
        ({"set_size": (1.5, 1.1, 1.9)}, "the size of the prediction sets is worse by +1.500 (+1.100 to +1.900)"),
    ],
)
def test_what_is_worse_is_said_with_its_interval(change: dict[str, Any], problem: str) -> None:
    assert verdict_of(figures(**BETTER)).better
    verdict = verdict_of(figures(**{**BETTER, **change}))
    assert not verdict.better
    assert any(problem in said for said in verdict.against)


def test_a_test_without_hsil_cannot_tell_and_a_small_one_says_how_wide_its_interval_is() -> None:
    without = {name: value for name, value in BETTER.items() if name != HSIL}
    assert "cannot tell HSIL+" in verdict_of(figures(**without)).against[0]
    wide = verdict_of(figures(**{**BETTER, HSIL: (0.1, -0.3, 0.5)}))
    assert wide.better
    assert wide.mind == (
        "40 women in the locked test are too few to say much of HSIL+ sensitivity at 85 % specificity (interval 0.80 "
        "wide)",
    )
    missing = figures(**BETTER)
    missing["grades"]["cancer"] = 0
    assert verdict_of(missing).mind == ("the locked test has no case of cancer",)


@pytest.mark.parametrize(("women", "unseen"), [(6, "0.39"), (20, "0.14")])
def test_few_women_with_hsil_cannot_show_a_fall_and_that_is_said(women: int, unseen: str) -> None:
    few = {**figures(**{**BETTER, HSIL: (0.0, 0.0, 0.0)}), "women_hsil": women}
    (said,) = verdict_of(few).mind
    assert said.startswith(f"only {women} women of the locked test with HSIL+")
    assert said.endswith(f"may still fall by up to {unseen}")


def test_many_women_with_hsil_need_no_such_words() -> None:
    assert verdict_of({**figures(**BETTER), "women_hsil": 40}).mind == ()


def test_larger_sets_that_hold_the_label_more_often_are_told_and_no_reason_against() -> None:
    larger = {"set_size": (0.5, 0.2, 0.8), COVERAGE: (0.1, 0.0, 0.2)}
    verdict = verdict_of(figures(**{**BETTER, **larger}))
    assert verdict.better
    assert any("hold the label more often by +0.100" in said for said in verdict.mind)
    assert not verdict_of(figures(**{**BETTER, **larger, COVERAGE: (0.0, -0.1, 0.1)})).better


def of_part(**differences: tuple[float, float, float]) -> dict[str, Any]:
    return {"cases": 20, "women": 20, "difference": figures(**differences)["difference"]}


def test_a_device_that_became_worse_speaks_against_it_though_all_together_did_not() -> None:
    worse, falls = of_part(**{FOUND: (-0.4, -0.63, -0.19)}), of_part(**{HSIL: (-0.1, -0.3, 0.1)})
    verdict = verdict_of({**figures(**BETTER), "by_device": {"Cam 1": worse, "": falls}})
    assert verdict.against == ("device Cam 1: HSIL+ sensitivity as graded is worse by -0.400 (-0.630 to -0.190)",)
    assert any(
        said.startswith("device not known: HSIL+ sensitivity at 85 % specificity falls") for said in verdict.mind
    )
    alone = verdict_of({**figures(**BETTER), "by_device": {"Cam 1": of_part(**BETTER)}})
    assert alone.better
    assert alone.mind == ()


def test_few_women_of_a_device_and_its_calibration_are_told_and_no_reason_against() -> None:
    few = {**of_part(quadratic_kappa=(-0.4, -0.6, -0.2)), "women": 9}
    larger = of_part(set_size=(2.6, 2.2, 3.0), ece=(0.1, 0.05, 0.2))
    verdict = verdict_of({**figures(**BETTER), "by_device": {"Cam 1": few, "Cam 2": larger}})
    assert verdict.better
    assert [said.split(" is worse")[0] for said in verdict.mind] == [
        "device Cam 1: kappa",
        "device Cam 2: ECE",
        "device Cam 2: the size of the prediction sets",
    ]


def test_a_source_that_became_worse_is_to_be_minded() -> None:
    worse = of_part(quadratic_kappa=(-0.4, -0.6, -0.2))
    verdict = verdict_of({**figures(**BETTER), "by_source": {"both": of_part(**BETTER), "white": worse}})
    assert verdict.better
    assert verdict.mind == ("asked with white light alone: kappa is worse by -0.400 (-0.600 to -0.200)",)


def test_it_says_who_could_not_be_asked_about_and_where_the_labels_come_from() -> None:
    of_whom = {
        "left_out": {"the engine refuses its pictures": 1},
        "origins": {"histology": 30, "majority, after AI": 9},
    }
    said = verdict_of({**figures(**BETTER), **of_whom}).mind
    assert said[0] == "1 more woman of the locked test could not be asked about: the engine refuses its pictures"
    assert said[1] == "the labels come from histology (30), majority, after AI (9)"
    assert said[2].startswith("9 of these labels were given after the answer of a model was seen")


def test_sets_that_grow_without_keeping_their_word_more_often_beyond_chance_or_say_nothing_speak_against() -> None:
    larger = figures(**{**BETTER, "set_size": (0.5, 0.2, 0.8), COVERAGE: (0.1, -0.01, 0.2)})
    assert "the size of the prediction sets is worse" in verdict_of(larger).against[0]
    everything = figures(**{**BETTER, "set_size": (2.45, 2.2, 2.7), COVERAGE: (0.1, 0.02, 0.2)})
    everything["new"] = {"set_size": {"value": 4.0, "interval": [4.0, 4.0]}}
    assert not verdict_of(everything).better


def test_only_what_is_no_worse_is_said_to_be() -> None:
    excused = figures(**{**BETTER, "set_size": (0.5, 0.2, 0.8), COVERAGE: (0.1, 0.02, 0.2)})
    assert verdict_of(excused).better
    assert "the size of the prediction sets" not in no_worse(excused)
    assert "kappa" in no_worse(excused)


def test_a_test_without_any_pair_of_what_the_model_reads_speaks_against_it() -> None:
    of = {"pairs": {"of": "white light + green filter", "cases": 0}}
    assert verdict_of({**figures(**BETTER), **of}).against == (
        "the locked test has no case of white light + green filter: nothing is known of what it answers about such",
    )
    assert verdict_of({**figures(**BETTER), "pairs": {"of": "white light", "cases": 3}}).better


def test_women_who_dropped_out_and_labels_that_were_changed_are_told() -> None:
    said = verdict_of({**figures(**BETTER), "absent": 8, "labels_changed": 1}).mind
    assert said[0].startswith("the labels of 1 case of the locked test were changed since")
    assert said[1].startswith("8 women of the locked test have no label now, or a picture that is gone")
