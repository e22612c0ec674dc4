"""Figures of the report against values worked out by hand or by brute force."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.evidence_parts import figures
from benchmarks.evidence_parts.arms import arm_of
from benchmarks.evidence_parts.results import Answers, Result
from pfm_desktop.pfm.training.metrics import Measured, interval

pytestmark = pytest.mark.slow


def said(answer: list[int], truth: list[int], *, sure: float = 0.7) -> Answers:
    p = np.full((len(answer), 4), (1 - sure) / 3)
    p[np.arange(len(answer)), answer] = sure
    return Answers(tuple(f"case_{index:05d}" for index in range(len(answer))), np.array(truth), p)


TRUTH = [0, 1, 2, 3] * 10
RIGHT, HALF = said(TRUTH, TRUTH), said([*TRUTH[:20], *([0] * 20)], TRUTH)


def done(key: str, answers: Answers) -> Result:
    return Result(arm_of(key), answers, {}, {})


def test_a_gap_is_paired_and_counts_what_only_one_had_right() -> None:
    found = figures.gap(RIGHT, HALF)
    assert found.figures["accuracy"].value == pytest.approx(15 / 40)
    assert (found.only_first, found.only_second) == (15, 0)
    assert found.p == pytest.approx(2 / 2**15)
    assert interval(found.figures["accuracy"].draws)[0] > 0


def test_a_network_against_itself_differs_by_nothing() -> None:
    found = figures.gap(HALF, HALF)
    assert all(one.value == 0 and (one.draws == 0).all() for one in found.figures.values())
    assert found.p == 1.0


def test_seeds_together_are_the_mean_of_the_seeds() -> None:
    found = figures.pooled([figures.figures_of(RIGHT), figures.figures_of(HALF)])
    assert found["accuracy"].value == pytest.approx((1 + 25 / 40) / 2)


def test_seeds_that_disagree_widen_the_interval_and_seeds_that_agree_do_not() -> None:
    part = figures.figures_of(HALF)
    alike = figures.pooled([part, part, part])
    assert interval(alike["accuracy"].draws) == pytest.approx(interval(part["accuracy"].draws))
    other = {name: Measured(one.value + 0.2, one.draws + 0.2) for name, one in part.items()}
    apart = figures.pooled([part, part, other])
    low, high = interval(apart["accuracy"].draws)
    own = interval(part["accuracy"].draws)
    assert high - low > own[1] - own[0] + 0.05


def test_mcnemar_of_seeds_together_is_asked_of_the_mean_of_their_probabilities() -> None:
    sure, unsure = said([0] * 8, [0] * 8, sure=0.9), said([1] * 8, [0] * 8, sure=0.4)
    wrong = said([1] * 8, [0] * 8)
    found = figures.pooled_gap([(sure, wrong), (unsure, wrong)])
    assert (found.only_first, found.only_second) == (8, 0)  # the surer of the two seeds decides
    assert found.figures["accuracy"].value == pytest.approx(0.5)


def test_only_seeds_that_both_have_are_paired() -> None:
    results = {key: done(key, HALF) for key in ("both-seed1", "both-seed3", "white-seed2", "white-seed3")}
    assert len(figures.pairs_of(results, "both", "white")) == 1
    assert not figures.pairs_of(results, "both", "fluorescence")


def test_the_better_single_source_is_the_one_with_more_right() -> None:
    results = {"white-seed1": done("white-seed1", HALF), "fluorescence-seed1": done("fluorescence-seed1", RIGHT)}
    assert figures.better_single(results) == "fluorescence"
    assert figures.better_single({}) == ""


def test_women_are_parted_by_seconds_since_acid_and_each_stands_in_one_span() -> None:
    seconds = {case: [30.0, 60.0, 80.0, 300.0][index % 4] for index, case in enumerate(HALF.cases)}
    found = figures.by_seconds(HALF, seconds)
    assert [(words, count) for words, count, _ in found] == [
        ("under 55 s", 10), ("55-75 s", 10), ("75-102 s", 10), ("102 s and more", 10),
    ]  # fmt: skip
    # every fourth case has one grade: normal is always right, the others in the first half only
    assert [one["accuracy"].value for _, _, one in found] == pytest.approx([1.0, 0.5, 0.5, 0.5])


def test_a_span_with_too_few_women_is_left_out() -> None:
    seconds = {case: 30.0 if index < 5 else 60.0 for index, case in enumerate(HALF.cases)}
    assert [words for words, _, _ in figures.by_seconds(HALF, seconds)] == ["55-75 s"]


def test_two_shots_are_compared_woman_by_woman_and_only_where_both_were_answered() -> None:
    first = said([0, 1, 2, 3, 0, 1], [0] * 6)
    other = said([0, 1, 2, 3, 2], [0] * 5)
    second = Answers(
        ("case_00003", "case_00002", "case_00001", "case_00000", "case_00004"),
        other.truth,
        other.probabilities[[3, 2, 1, 0, 4]],
    )
    found = figures.repeatability(first, second)
    assert found["women"] == 5
    assert found["jumps"] == 1
    assert found["two_grades"].value == pytest.approx(0.2)
    assert found["same"].value == pytest.approx(0.8)
    # rows (0, 1, 2, 3, 0), columns (0, 1, 2, 3, 2): observed weight 4 / 9; chance by the marginals
    rows, columns = [2, 1, 1, 1], [1, 1, 2, 1]
    chance = sum(r * c * (i - j) ** 2 / 9 / 5 for i, r in enumerate(rows) for j, c in enumerate(columns))
    assert found["kappa"].value == pytest.approx(1 - (4 / 9) / chance)


def test_the_upper_end_for_no_jump_at_all_is_the_exact_one() -> None:
    assert figures.jumps_at_most(0, 600) == pytest.approx(1 - 0.025 ** (1 / 600), rel=1e-6)
    assert figures.jumps_at_most(3, 600) == pytest.approx(
        0.01454, abs=2e-5
    )  # Clopper and Pearson, by the beta quantile
    assert figures.jumps_at_most(5, 5) == 1.0


def test_a_figure_is_shown_with_its_interval_and_a_difference_with_its_sign() -> None:
    one = Measured(0.5, np.linspace(0.4, 0.6, 2001))
    assert figures.span(one) == "0.500 (0.405-0.595)"
    assert figures.span(Measured(-0.01, np.linspace(-0.1, 0.1, 2001)), sign=True) == "-0.010 (-0.095 to +0.095)"
