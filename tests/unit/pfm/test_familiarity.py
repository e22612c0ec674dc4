"""What is unlike anything learned from is found, and what is like it passes; on clouds whose truth is known."""

from __future__ import annotations

import base64
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pfm_desktop.domain.prediction import Familiarity
from pfm_desktop.pfm.familiarity import (
    ACCEPTED,
    LEAST_SPREAD,
    Known,
    familiarity,
    fit_known,
    from_table,
    pooled,
    to_table,
)
from pfm_desktop.pfm.model_tables import check_familiarity
from pfm_desktop.support.errors import ModelError

WIDTH = 30
SHARE = 0.96
LEAST = 24  # calibration cases for that share
SOURCES = ("white", "fluorescence")


def cloud(count: int, seed: int = 0, shift: float = 0.0) -> np.ndarray:
    """count x WIDTH, long along a few directions and thin along the others; `shift` moves it across the thin ones."""
    random = np.random.default_rng(seed)
    turn = np.linalg.qr(np.random.default_rng(99).standard_normal((WIDTH, WIDTH)))[0]
    lengths = np.geomspace(5, 0.05, WIDTH)
    return (random.standard_normal((count, WIDTH)) * lengths + shift * (lengths < 0.2)) @ turn + 3.0


@pytest.fixture(scope="module")
def known() -> Known:
    return fit_known(cloud(2000), cloud(1000, seed=1), accepted=SHARE)


def share_unlike(known: Known, features: np.ndarray) -> float:
    return float((known.distances(features) > known.threshold).mean())


# ---- distances and threshold


def test_the_promised_share_of_other_patients_is_accepted(known: Known) -> None:
    refused = [share_unlike(known, cloud(4000, seed=seed)) for seed in range(2, 7)]
    assert np.mean(refused) == pytest.approx(1 - SHARE, abs=0.012)


def test_what_lies_away_is_unlike_even_where_the_cloud_is_thin(known: Known) -> None:
    assert share_unlike(known, cloud(500, seed=8, shift=1.0)) > 0.99
    # as far along the longest direction it is still familiar: the distance knows the shape of the cloud
    away = (cloud(1, shift=1.0) - cloud(1))[0]
    longest = np.linalg.eigh(np.cov(cloud(2000).T))[1][:, -1] * np.linalg.norm(away)
    assert share_unlike(known, cloud(500, seed=8) + longest) < 0.1


def test_a_distance_of_what_is_familiar_is_about_one(known: Known) -> None:
    assert np.median(known.distances(cloud(1000, seed=3))) == pytest.approx(1.0, abs=0.15)


def test_the_distance_is_that_of_mahalanobis() -> None:
    learned, asked = cloud(500), cloud(5, seed=4, shift=0.3)
    known = fit_known(learned, cloud(100, seed=1), ridge=0.01, accepted=SHARE)
    covariance = np.cov(learned.T, bias=True)
    inverse = np.linalg.inv(covariance + 0.01 * np.diag(np.diag(covariance)))
    away = asked - learned.mean(axis=0)
    expected = np.sqrt(np.einsum("ni,ij,nj->n", away, inverse, away) / WIDTH)
    np.testing.assert_allclose(known.distances(asked), expected, rtol=1e-4)  # numbers are kept in 32 bits


def test_the_threshold_is_the_conformal_quantile_of_the_calibration_cases() -> None:
    known = fit_known(cloud(500), cloud(79, seed=1), accepted=SHARE)
    distances = np.sort(known.distances(cloud(79, seed=1)))
    assert known.threshold == distances[math.ceil(80 * SHARE) - 1]


@pytest.mark.parametrize("calibrated_on", [0, 1, LEAST - 1])
def test_too_few_calibration_cases_call_nothing_unlike_and_keep_nothing(calibrated_on: int) -> None:
    known = fit_known(cloud(100), cloud(calibrated_on, seed=1), accepted=SHARE)
    assert known.threshold == math.inf
    assert share_unlike(known, cloud(50, shift=1e6)) == 0
    assert to_table({"white": known}) == {}
    assert math.isfinite(fit_known(cloud(100), cloud(LEAST, seed=1), accepted=SHARE).threshold)


def test_many_pictures_of_few_women_promise_nothing_of_the_next_one() -> None:
    few, enough = (
        fit_known(cloud(100), cloud(200, seed=1), accepted=SHARE, women=count) for count in (LEAST - 1, LEAST)
    )
    assert few.threshold == math.inf
    assert enough.threshold == fit_known(cloud(100), cloud(200, seed=1), accepted=SHARE).threshold


@pytest.mark.parametrize("threshold", [0.0, 1e7, math.inf, math.nan])
def test_a_source_whose_threshold_means_nothing_is_left_out_and_the_model_is_kept(
    known: Known, threshold: float
) -> None:
    """Written all the same, it would have the whole model refused, at the end of hours of training."""
    table = to_table({"white": replace(known, threshold=threshold), "fluorescence": known})
    assert set(table) == {"fluorescence"}
    check_familiarity(table, SOURCES)


def test_numbers_too_large_to_be_kept_leave_a_source_out(known: Known) -> None:
    huge = replace(known, whitening=np.full_like(known.whitening, np.inf))
    assert to_table({"white": huge}) == {}


def test_features_that_never_change_do_not_divide_by_nothing() -> None:
    learned, held_out = np.ones((50, 6)), np.ones((60, 6))
    known = fit_known(learned, held_out, accepted=SHARE)
    assert np.isfinite(known.distances(held_out)).all()
    assert share_unlike(replace(known, threshold=1.0), learned + 1) == 1


def test_fewer_cases_than_features_still_give_distances() -> None:
    known = fit_known(cloud(8), cloud(100, seed=1), accepted=SHARE)
    assert np.isfinite(known.distances(cloud(50, seed=2))).all()
    assert share_unlike(known, cloud(500, seed=3)) < 0.1  # the threshold is of others, so it holds all the same


# ---- pooling


def test_only_cells_that_show_something_count() -> None:
    trunk_map = np.stack([np.arange(9.0).reshape(3, 3), np.full((3, 3), 7.0)])
    coverage = np.zeros((3, 3))
    coverage[0, 0], coverage[2, 2] = 1.0, 0.5
    nothing = np.log(LEAST_SPREAD)  # the second channel is the same all over
    spread = np.log(np.sqrt(((0 - 8 / 3) ** 2 + 0.5 * (8 - 8 / 3) ** 2) / 1.5))
    np.testing.assert_allclose(pooled(trunk_map, coverage), [(0 * 1 + 8 * 0.5) / 1.5, 7.0, spread, nothing])
    np.testing.assert_allclose(pooled(trunk_map, np.ones((3, 3))), [4.0, 7.0, np.log(np.std(np.arange(9.0))), nothing])
    with pytest.raises(ValueError, match="nothing of the picture is seen"):
        pooled(trunk_map, np.zeros((3, 3)))


def test_contrast_tells_two_pictures_of_one_colour_apart() -> None:
    plain, patterned = np.full((1, 4, 4), 2.0), np.tile([1.0, 3.0], (1, 4, 2))
    one, other = (pooled(values, np.ones((4, 4))) for values in (plain, patterned))
    assert one[0] == other[0] == 2
    assert other[1] == pytest.approx(0.0, abs=1e-12)
    assert one[1] < other[1]


# ---- a case


def test_a_model_that_was_measured_by_means_alone_is_asked_by_means_alone(known: Known) -> None:
    means = cloud(1, seed=5)[0]
    found = familiarity({"white": np.concatenate((means, np.full(WIDTH, 99.0)))}, {"white": known})
    assert found == familiarity({"white": means}, {"white": known})


def test_each_source_is_judged_by_itself(known: Known) -> None:
    like, unlike = cloud(1, seed=5)[0], cloud(1, seed=5, shift=2.0)[0]
    found = familiarity({"white": like, "fluorescence": unlike}, {"white": known, "fluorescence": known})
    assert {source: of.unlike for source, of in found.items()} == {"white": False, "fluorescence": True}
    assert found["white"].threshold == known.threshold
    assert found["white"].distance == pytest.approx(float(known.distances(like[None])[0]))


def test_a_source_of_which_nothing_is_kept_is_left_out(known: Known) -> None:
    assert familiarity({"white": cloud(1)[0]}, {}) == {}
    assert set(familiarity({"white": cloud(1)[0]}, {"white": known, "fluorescence": known})) == {"white"}


def test_pairs_pass_as_promised_whatever_their_sources_share() -> None:
    assert sum(1 - share for share in ACCEPTED.values()) <= 0.05 + 1e-9


def test_exactly_at_the_threshold_is_familiar() -> None:
    assert not Familiarity(1.5, 1.5).unlike
    assert Familiarity(1.5000001, 1.5).unlike


@pytest.mark.parametrize(
    "features",
    [np.full(WIDTH, np.nan), np.full(WIDTH, np.inf), np.zeros(WIDTH - 1), np.zeros((1, WIDTH))],
    ids=["no numbers", "without end", "another network", "another shape"],
)
def test_features_that_cannot_be_judged_are_an_error_in_one_line(known: Known, features: np.ndarray) -> None:
    with pytest.raises(ModelError) as error:
        familiarity({"white": features}, {"white": known})
    assert "the features of white are no numbers" in str(error.value)
    assert "no answer is shown or kept" in str(error.value)
    assert "\n" not in str(error.value)


# ---- kept in model.toml


def test_what_is_kept_gives_the_same_distances_to_the_last_digit(known: Known) -> None:
    table = to_table({"white": known, "fluorescence": known})
    check_familiarity(table, SOURCES)
    back = from_table(table)
    asked = cloud(20, seed=6, shift=0.1)
    np.testing.assert_array_equal(back["fluorescence"].distances(asked), known.distances(asked))
    assert (back["white"].threshold, back["white"].cases) == (known.threshold, 2000)
    assert from_table({}) == {}


def test_it_takes_some_tens_of_kilobytes_and_of_the_largest_network_two_hundred() -> None:
    for channels, most in ((40, 36_000), (96, 200_000)):
        wide = np.random.default_rng(0).standard_normal((400, 2 * channels))
        table = to_table({"white": fit_known(wide, wide[:100], accepted=SHARE)})
        check_familiarity(table, SOURCES)
        assert len(table["white"]["whitening"]) + len(table["white"]["mean"]) < most


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("threshold", math.nan, "no number"),
        ("threshold", math.inf, "no number"),
        ("threshold", 0.0, "must lie between"),
        ("threshold", -1.0, "must lie between"),
        ("threshold", "2", "no number"),
        ("threshold", None, "no number"),
        ("mean", "", "numbers for 0 features"),
        ("mean", "AAA", "damaged"),
        ("mean", "A" * 10**6, "too long"),
        ("mean", "AACAfw", "damaged"),
        ("mean", "AACAfw==", "no number"),
        ("mean", "AADAfw==", "no number"),
        ("mean", "AAAAAAA=", "damaged"),
        ("mean", "AAAAAA==", "numbers for 1 features"),
        ("mean", "病", "damaged"),
        ("whitening", None, "missing"),
        ("whitening", 3, "missing"),
        ("whitening", "AAAA", "damaged"),
        ("whitening", "AAAAAA==", "1 numbers for 30 features"),
        ("cases", 0, "how many cases"),
        ("cases", True, "how many cases"),
        ("cases", 1.5, "how many cases"),
    ],
)
def test_a_damaged_table_is_refused_and_never_filled_in(known: Known, key: str, value: Any, said: str) -> None:
    table = to_table({"white": known})
    with pytest.raises(ValueError, match=said):
        check_familiarity({"white": {**table["white"], key: value}}, SOURCES)
    check_familiarity(table, SOURCES)


def test_a_whitening_that_would_call_nothing_unlike_is_refused(known: Known) -> None:
    flat = known.whitening.copy()
    flat[3] = 0
    for whitening in (flat, np.zeros_like(flat)):
        with pytest.raises(ValueError, match="leaves a feature out"):
            check_familiarity(
                {"white": {**to_table({"white": known})["white"], "whitening": _packed(whitening)}}, SOURCES
            )


def _packed(values: np.ndarray) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


@pytest.mark.parametrize(
    ("table", "said"),
    [({"infrared": {}}, "of no source"), ({"white": 3}, "is missing"), ({"white": {}}, "threshold")],
)
def test_a_table_of_something_else_is_refused(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_familiarity(table, SOURCES)


def test_neither_torch_nor_scipy_is_needed_to_judge() -> None:
    code = (
        "import sys; import pfm_desktop.pfm.familiarity; import pfm_desktop.pfm.model_tables;"
        "assert not {'torch', 'scipy'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- in a model folder


def test_a_model_keeps_what_it_knows_and_one_without_it_is_whole_all_the_same(
    known: Known, tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    from pfm_desktop.pfm.checkpoint import rewrite_model_file
    from pfm_desktop.pfm.model_file import read_model_file

    folder = make_model(tmp_path / "m")
    assert from_table(read_model_file(folder).familiarity) == {}
    rewrite_model_file(folder, familiarity=to_table({"white": known}))
    kept = from_table(read_model_file(folder).familiarity)
    np.testing.assert_array_equal(kept["white"].whitening, known.whitening)


def test_an_altered_threshold_is_found_and_a_damaged_one_is_not_written(
    known: Known, tmp_path: Path, make_model: Callable[..., Path], alter_model: Callable[..., Path]
) -> None:
    from pfm_desktop.pfm.checkpoint import rewrite_model_file
    from pfm_desktop.pfm.model_file import read_model_file

    folder = make_model(tmp_path / "m")
    known = replace(known, threshold=1.25)
    rewrite_model_file(folder, familiarity=to_table({"white": known}))
    with pytest.raises(ModelError, match="was not written"):
        rewrite_model_file(folder, familiarity={"white": {**to_table({"white": known})["white"], "cases": 0}})
    alter_model(folder, "threshold = 1.25", "threshold = 125.0", sealed=False)
    with pytest.raises(ModelError, match="was altered"):
        read_model_file(folder)
    alter_model(folder, "threshold = 125.0", "threshold = -1.0")
    with pytest.raises(ModelError, match="the threshold of white is -1"):
        read_model_file(folder)
