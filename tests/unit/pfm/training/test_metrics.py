"""Figures against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pfm_desktop.domain.agreement import quadratic_kappa
from pfm_desktop.domain.resampling import patient_weights
from pfm_desktop.pfm.training import metrics


def rows(answers: list[int], sure: float = 0.7) -> np.ndarray:
    """Probabilities that answer `answers`, each with `sure`."""
    out = np.full((len(answers), 4), (1 - sure) / 3)
    out[np.arange(len(answers)), answers] = sure
    return out


TRUTH = np.array([0, 0, 0, 1, 1, 2, 2, 3])
ANSWER = np.array([0, 0, 1, 1, 0, 2, 3, 3])


def test_the_confusion_has_the_truth_in_its_rows() -> None:
    table = metrics.confusion(TRUTH, ANSWER)
    assert table.tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]]


def test_accuracy_and_macro_recall() -> None:
    table = metrics.confusion(TRUTH, ANSWER)
    assert float(metrics.accuracy(table)) == pytest.approx(5 / 8)
    assert float(metrics.macro_recall(table)) == pytest.approx((2 / 3 + 1 / 2 + 1 / 2 + 1) / 4)


def test_a_grade_that_does_not_occur_has_no_recall() -> None:
    table = metrics.confusion(np.array([0, 0, 1]), np.array([0, 1, 1]))
    assert float(metrics.macro_recall(table)) == pytest.approx((1 / 2 + 1) / 2)


def test_quadratic_kappa() -> None:
    # observed: three answers one grade off, weight 1/9 each. Chance: rows (3, 2, 2, 1), columns (3, 2, 1, 2), of 8:
    # sum over i, j of row i x column j x (i - j)^2 / 9 / 8
    expected = sum(r * c * (i - j) ** 2 / 9 / 8 for i, r in enumerate((3, 2, 2, 1)) for j, c in enumerate((3, 2, 1, 2)))
    assert float(quadratic_kappa(metrics.confusion(TRUTH, ANSWER))) == pytest.approx(1 - (3 / 9) / expected)


@pytest.mark.parametrize(("answer", "kappa"), [([0, 1, 2, 3], 1.0), ([3, 2, 1, 0], -1.0), ([1, 1, 1, 1], 0.0)])
def test_quadratic_kappa_of_agreement_reversal_and_no_information(answer: list[int], kappa: float) -> None:
    table = metrics.confusion(np.array([0, 1, 2, 3]), np.array(answer))
    assert float(quadratic_kappa(table)) == pytest.approx(kappa, abs=1e-12)


def test_one_grade_only_gives_no_kappa_and_no_warning() -> None:
    assert float(quadratic_kappa(metrics.confusion(np.zeros(3, int), np.zeros(3, int)))) == 0


def test_auc_counts_pairs_and_ties_half() -> None:
    score = np.array([0.1, 0.4, 0.4, 0.8])
    positive = np.array([False, False, True, True])
    assert float(metrics.auc(score, positive)[0]) == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    weighted = metrics.auc(score, positive, np.array([[1.0, 2, 1, 1], [0, 0, 1, 1]]))
    assert weighted[0] == pytest.approx((1 + 2 * 0.5 + 1 + 2) / 6)
    assert math.isnan(weighted[1])  # no negative was drawn


def test_sensitivity_at_a_specificity() -> None:
    score = np.concatenate((np.arange(20) / 20, [0.79, 0.81, 0.99]))
    positive = np.arange(23) >= 20
    # 85 % of 20 negatives are 17: the threshold is 0.80, the 17th
    assert metrics.sensitivity_at(score, positive) == pytest.approx(2 / 3)
    assert math.isnan(metrics.sensitivity_at(score, np.zeros(23, bool)))


def test_sensitivity_with_cases_that_count_several_times_is_that_of_the_repeated_cases() -> None:
    random = np.random.default_rng(3)
    score = random.integers(0, 12, 60) / 12  # with ties
    positive = random.random(60) < 0.4
    times = random.integers(0, 4, (25, 60))
    found = metrics.sensitivities_at(score, positive, times.astype(float))
    wanted = [metrics.sensitivity_at(np.repeat(score, n), np.repeat(positive, n)) for n in times]
    np.testing.assert_allclose(found, wanted)


def test_sensitivity_is_no_number_for_a_draw_without_either_side() -> None:
    score, positive = np.array([0.2, 0.6, 0.9]), np.array([False, True, True])
    found = metrics.sensitivities_at(score, positive, np.array([[1.0, 1, 0], [0, 1, 1], [2, 0, 0]]))
    assert found[0] == 1.0
    assert np.isnan(found[1:]).all()


def test_measures_of_two_networks_are_subtracted_draw_by_draw() -> None:
    first, second = rows([0, 0, 1, 1, 2, 3]), rows([0, 1, 1, 0, 2, 2])
    truth = np.array([0, 0, 1, 1, 2, 3])
    weights = patient_weights(list("abcdef"))
    one, other = (metrics.measured(p, truth, weights) for p in (first, second))
    gap = one["accuracy"] - other["accuracy"]
    wanted = metrics.difference(first, second, truth, weights)
    assert gap.value == pytest.approx(wanted["accuracy"])
    assert gap.table()["interval"] == pytest.approx(wanted["interval"])
    same = one["quadratic_kappa"] - one["quadratic_kappa"]
    assert same.table() == {"value": 0.0, "interval": (0.0, 0.0)}


def test_measures_of_high_are_left_out_where_every_woman_or_none_has_it() -> None:
    weights = np.ones((3, 2))
    assert set(metrics.measured(rows([2, 3]), np.array([2, 3]), weights)) == {
        "accuracy", "macro_recall", "quadratic_kappa",
    }  # fmt: skip
    assert "sensitivity_high_at_85" in metrics.measured(rows([0, 3]), np.array([0, 3]), weights)


def test_calibration_error_of_answers_that_are_surer_than_right() -> None:
    assert metrics.calibration_error(rows([0] * 10, 0.9), np.array([0] * 6 + [1] * 4)) == pytest.approx(0.3)
    both = np.concatenate((rows([0] * 10, 0.9), rows([1] * 10, 0.5)))
    truth = np.array([0] * 6 + [1] * 4 + [1] * 5 + [2] * 5)
    assert metrics.calibration_error(both, truth) == pytest.approx(0.15)


def test_sets_are_measured_within_each_grade() -> None:
    found = metrics.set_figures([(0,), (0, 1), (0, 1, 2), (3,)], np.array([0, 0, 1, 2]))
    assert found["mean_size"] == pytest.approx(7 / 4)
    assert found["indeterminate"] == 0.25
    assert found["coverage"] == {"normal": 1.0, "low": 1.0, "high": 0.0}


def test_mcnemar_is_the_exact_two_sided_test() -> None:
    first = np.array([True] * 5 + [False] * 1 + [True] * 10)
    second = np.array([False] * 5 + [True] * 1 + [True] * 10)
    assert metrics.mcnemar(first, second) == pytest.approx(2 * (1 + 6) / 64)
    assert metrics.mcnemar(first, first) == 1.0
    assert metrics.mcnemar(np.array([True, False]), np.array([False, True])) == 1.0


def test_patients_not_cases_are_drawn_again() -> None:
    weights = patient_weights(["a", "b", "a", "c"], resamplings=500)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    np.testing.assert_array_equal(weights, patient_weights(["a", "b", "a", "c"], resamplings=500))


def test_many_shots_of_one_woman_do_not_narrow_the_interval() -> None:
    random = np.random.default_rng(0)
    right = random.random(40) < 0.7
    truth = np.zeros(40, np.int64)
    answers = rows(np.where(right, 0, 1).tolist())
    once = metrics.summary(answers, truth, patient_weights([f"w{i}" for i in range(40)]))
    tenfold = metrics.summary(
        np.repeat(answers, 10, axis=0), np.repeat(truth, 10),
        patient_weights([f"w{i}" for i in range(40) for _ in range(10)]),
    )  # fmt: skip
    assert tenfold["accuracy"]["interval"] == pytest.approx(once["accuracy"]["interval"])


def test_a_summary_holds_the_figures_of_its_parts() -> None:
    weights = patient_weights([str(index) for index in range(len(TRUTH))])
    found = metrics.summary(rows(ANSWER.tolist()), TRUTH, weights)
    assert found["accuracy"]["value"] == pytest.approx(5 / 8)
    low, high = found["accuracy"]["interval"]
    assert low < 5 / 8 < high
    # three women with high or worse are all put there (score 0.8), none of the five others (0.2)
    assert found["auc_high"]["value"] == 1.0
    assert found["sensitivity_high_at_85"] == 1.0
    assert found["cases"] == 8
    assert "auc_high" not in metrics.summary(rows([0, 1]), np.array([0, 1]), np.ones((3, 2)))


def test_a_difference_is_paired() -> None:
    first, second = rows([0, 0, 1, 1]), rows([0, 1, 1, 0])
    truth = np.array([0, 0, 1, 1])
    found = metrics.difference(first, second, truth, patient_weights(list("abcd")))
    assert found["accuracy"] == pytest.approx(0.5)
    assert found["mcnemar_p"] == pytest.approx(0.5)
    assert 0 <= found["interval"][0] <= 0.5 <= found["interval"][1] <= 1
