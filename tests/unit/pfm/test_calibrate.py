"""Calibration on answers whose true probabilities are known."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.pfm.calibrate import Calibration, Scale, fit_scale, fit_sets, graded, held_out, uncalibrated
from pfm_desktop.pfm.model_tables import BOTH

pytestmark = pytest.mark.slow

Floats = np.ndarray


def drawn(count: int, *, temperature: float = 1.0, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Log-probabilities sharpened by `temperature`, grades drawn from the true ones, and the true ones."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (count, 4))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    grades = np.array([random.choice(4, p=row) for row in true])
    return np.log(true) * temperature, grades, true


def women(count: int) -> list[str]:
    return [f"w{number}" for number in range(count)]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_answers_that_are_too_sure_or_too_timid_are_put_right(temperature: float) -> None:
    log_p, grades, true = drawn(3000, temperature=temperature)
    scale = fit_scale(log_p, grades)
    assert scale.temperature == pytest.approx(temperature, rel=0.12)
    assert np.abs(scale.probabilities(log_p) - true).max() < 0.06
    assert scale.cases == 3000


def test_grades_that_the_network_favours_are_pulled_back() -> None:
    log_p, grades, true = drawn(3000)
    scale = fit_scale(log_p + np.array([2.0, 0, 0, 0]), grades)
    assert scale.offsets[0] < -1
    assert sum(scale.offsets) == pytest.approx(0, abs=1e-9)
    assert np.abs(scale.probabilities(log_p + np.array([2.0, 0, 0, 0])) - true).max() < 0.06


def test_three_cases_change_little_and_none_change_nothing() -> None:
    log_p, _, _ = drawn(3)
    scale = fit_scale(log_p, np.array([3, 3, 3]))
    assert max(map(abs, scale.offsets)) < 1
    assert fit_scale(np.zeros((0, 4)), np.zeros(0, np.int64)) == Scale()


def test_probabilities_ignore_a_constant_in_each_row() -> None:
    log_p, _, _ = drawn(5)
    scale = Scale(1.7, (0.1, -0.2, 0.3, -0.2))
    np.testing.assert_allclose(scale.probabilities(log_p + 5), scale.probabilities(log_p))
    np.testing.assert_allclose(scale.probabilities(log_p).sum(axis=1), 1)


@pytest.mark.parametrize(
    ("probabilities", "rank"),
    [
        ((0.7, 0.1, 0.1, 0.1), 0),
        ((0.1, 0.2, 0.6, 0.1), 2),
        ((0.1, 0.0, 0.0, 0.9), 3),
        ((0.42, 0.33, 0.25, 0.0), 1),  # normal is the most likely alone, but worse is more likely than not
        ((0.45, 0.05, 0.05, 0.45), 2),  # as likely on both sides: the worse one
        ((0.25, 0.25, 0.25, 0.25), 2),
        ((0.0, 0.0, 0.0, 1.0 - 1e-9), 3),  # sums that are a little off name a grade all the same
    ],
)
def test_the_grade_is_the_median(probabilities: tuple[float, ...], rank: int) -> None:
    assert graded(np.array(probabilities)) == rank
    np.testing.assert_array_equal(graded(np.array([probabilities] * 2)), [rank] * 2)


def test_the_median_is_the_fewest_grades_off_on_average() -> None:
    _, grades, true = drawn(4000)
    off = {name: np.abs(rule - grades).mean() for name, rule in (("most", true.argmax(1)), ("median", graded(true)))}
    assert off["median"] < off["most"]


@pytest.mark.parametrize(
    ("probabilities", "thresholds", "expected"),
    [
        ((0.7, 0.2, 0.05, 0.05), (0.9, 0.9, 0.9, 0.9), (0, 1)),
        ((0.45, 0.05, 0.05, 0.45), (0.6, 0.6, 0.6, 0.6), (0, 1, 2, 3)),  # a gap is filled: severity has no holes
        ((0.7, 0.2, 0.1, 0.0), (0.1, 0.1, 0.1, 0.1), (0,)),  # never empty
        ((0.4, 0.3, 0.2, 0.1), (0.1, 0.1, 0.1, 0.1), (0, 1)),  # never without the grade that is given
        ((0.01, 0.26, 0.35, 0.38), (0.8, 0.8, 0.8, 0.04), (1, 2, 3)),  # nor without one of a quarter or more
        ((0.01, 0.06, 0.53, 0.40), (0.8, 0.8, 0.8, 0.04), (2, 3)),
        ((0.02, 0.08, 0.88, 0.02), (0.5, 0.5, 0.5, 1.0), (2, 3)),  # never ruled out, and draws no other one in
        ((0.02, 0.95, 0.02, 0.01), (0.5, 0.6, 0.6, 1.0), (1, 2, 3)),
        ((0.97, 0.01, 0.01, 0.01), (0.5, 0.5, 0.5, 1.0), (0, 1, 2, 3)),  # a grade that may not be ruled out
    ],
)
def test_a_prediction_set_is_contiguous_and_holds_the_answer(
    probabilities: tuple[float, ...], thresholds: tuple[float, ...], expected: tuple[int, ...]
) -> None:
    assert Scale(thresholds=thresholds).prediction_set(np.array(probabilities)) == expected


def test_a_threshold_is_the_score_that_nine_of_ten_new_cases_stay_under() -> None:
    p = np.linspace(0.05, 0.85, 9)  # nine cases of `normal`: the tenth could be worse than all, so the largest score
    rest = np.repeat(((1 - p) / 3)[:, None], 3, axis=1)
    scale = fit_sets(Scale(), np.column_stack((p, rest)), np.zeros(9, np.int64), women(9))
    assert scale.thresholds[0] == pytest.approx(0.95)
    assert scale.thresholds[1:] == (1.0, 1.0, 1.0)
    nineteen = np.linspace(0.05, 0.95, 19)
    rest = np.repeat(((1 - nineteen) / 3)[:, None], 3, axis=1)
    scale = fit_sets(Scale(), np.column_stack((nineteen, rest)), np.zeros(19, np.int64), women(19))
    assert scale.thresholds[0] == pytest.approx(0.90)  # the 18th of 19


def test_too_few_cases_of_a_grade_mean_that_it_is_never_ruled_out() -> None:
    _, _, true = drawn(8)
    scale = fit_sets(Scale(), true, np.full(8, 2), women(8))
    assert scale.thresholds == (1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize(("count", "promised"), [(1, False), (8, False), (9, True)])
def test_many_pictures_of_few_women_promise_nothing(count: int, promised: bool) -> None:
    _, _, true = drawn(90)
    names = [f"w{number % count}" for number in range(90)]
    scale = fit_sets(Scale(), true, np.full(90, 2), names)
    assert (scale.thresholds[2] < 1) is promised


def calibrated(count: int, seed: int) -> Scale:
    log_p, grades, _ = drawn(count, temperature=2.0, seed=seed)
    return fit_sets(fit_scale(log_p, grades), held_out(log_p, grades, np.arange(count) % 10), grades, women(count))


def covered(scale: Scale) -> Floats:
    """Share of fresh cases of each grade that stay under its threshold."""
    fresh, truth, _ = drawn(8000, temperature=2.0, seed=3)
    scores = 1 - scale.probabilities(fresh)
    return np.array([(scores[truth == rank, rank] <= scale.thresholds[rank]).mean() for rank in range(4)])


def test_sets_hold_the_true_grade_as_often_as_promised_within_each_grade() -> None:
    scale = calibrated(8000, 1)
    assert np.abs(covered(scale) - 0.90).max() < 0.03
    fresh, truth, _ = drawn(4000, temperature=2.0, seed=4)
    probabilities = scale.probabilities(fresh)
    hit = np.array([rank in scale.prediction_set(row) for row, rank in zip(probabilities, truth, strict=True)])
    assert all(hit[truth == rank].mean() > 0.88 for rank in range(4))  # a filled gap only adds to it


def test_few_cases_promise_no_more_than_they_hold() -> None:
    """No single draw of 120 cases says much; the mean of many must keep the promise, though all serve the scale too."""
    assert np.mean([covered(calibrated(120, seed)) for seed in range(10, 40)], axis=0).min() > 0.89


def test_a_case_is_judged_by_a_scale_that_did_not_see_it() -> None:
    log_p, grades, _ = drawn(40)
    folds = np.arange(40) % 4
    before = held_out(log_p, grades, folds)
    changed = np.where(folds == 1, (grades + 1) % 4, grades)
    after = held_out(log_p, changed, folds)
    np.testing.assert_array_equal(after[folds == 1], before[folds == 1])
    assert (after[folds == 0] != before[folds == 0]).any()


def test_cases_of_one_fold_alone_are_taken_as_they_are() -> None:
    log_p, grades, true = drawn(5)
    np.testing.assert_allclose(held_out(log_p, grades, np.zeros(5)), true)
    assert held_out(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0)).shape == (0, 4)


def test_a_combination_that_was_never_fitted_is_left_as_it_is() -> None:
    fitted = Scale(2.0)
    calibration = Calibration({BOTH: fitted})
    assert calibration.scale(BOTH) is fitted
    assert calibration.scale("white") == Scale()
    assert calibration.scale("white").cases == 0


def test_a_network_calibrated_on_nothing_rules_nothing_out() -> None:
    calibration = uncalibrated(("white", "fluorescence"))
    assert set(calibration.scales) == {BOTH, "white", "fluorescence", "alone_white", "alone_fluorescence"}
    assert calibration.scale(BOTH).prediction_set(np.array([0.97, 0.01, 0.01, 0.01])) == (0, 1, 2, 3)
    assert set(uncalibrated(("white",)).scales) == {"white"}


def test_a_threshold_is_never_zero_which_would_stand_for_a_damaged_one() -> None:
    grades = np.repeat(np.arange(4), 30)
    certain = np.where(np.eye(4)[grades] > 0, 0.0, -1e9)
    assert all(
        0 < threshold <= 1
        for threshold in fit_sets(Scale(), Scale().probabilities(certain), grades, women(120)).thresholds
    )
