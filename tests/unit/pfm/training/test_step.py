"""Rounds of learning: plain arrays in, plain arrays and counts out, and the same as one whole run when put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.features import Features, bytes_of, hold_features, joined
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.loop import make_optimizer
from pfm_desktop.pfm.training.step import (
    Arrays,
    Counts,
    answers_of,
    balance_of,
    differences,
    learn_round,
    open_parts,
    put_weights,
    weights_of,
)
from pfm_desktop.support.errors import ModelError

pytestmark = pytest.mark.slow

CTX = SilentContext()


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory, make_model: Callable[..., Path]) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "parent")


@pytest.fixture
def net(parent: Path) -> PfmNet:
    return load_model(parent).net


@pytest.fixture(scope="module")
def features(
    parent: Path, tmp_path_factory: pytest.TempPathFactory, make_blobs: Callable[..., PreparedSet]
) -> Features:
    model = load_model(parent)
    data = make_blobs(tmp_path_factory.mktemp("cases"), 24)
    return hold_features(CTX, model.net, model.normalisation, data, np.arange(24, dtype=np.int64), views=2)


def batches(features: Features, steps: int = 3, rate: float = 1e-3) -> list[tuple[Arrays, float]]:
    places = [np.arange(start, start + 8, dtype=np.int64) for start in range(0, 8 * steps, 8)]
    return [(features.batch(place, np.zeros_like(place)), rate) for place in places]


def one_round(net: PfmNet, features: Features, *, steps: int = 3, seed: int = 1) -> Counts:
    optimizer = make_optimizer(net, 1e-3, 0.05)
    return learn_round(
        CTX, net, optimizer, batches(features, steps), balance=balance_of(features.grades), seed=seed
    )  # fmt: skip


def test_everything_that_goes_in_and_comes_out_is_a_plain_array(net: PfmNet, features: Features) -> None:
    (arrays, _), *_ = batches(features)
    for values in (*arrays.maps.values(), *arrays.coverage.values(), *arrays.present.values(), arrays.grades):
        assert type(values) in (np.ndarray, np.memmap)
    open_parts(net, deep=True)
    before = weights_of(net)
    one_round(net, features)
    changed = differences(weights_of(net), before)
    assert all(type(value) is np.ndarray and value.dtype == np.float32 for value in changed.values())
    assert any(np.abs(value).max() > 0 for value in changed.values())


def test_counts_tell_cases_by_grade_steps_and_the_mean_loss(net: PfmNet, features: Features) -> None:
    open_parts(net, deep=False)
    counts = one_round(net, features)
    assert counts.cases == {0: 6, 1: 6, 2: 6, 3: 6}
    assert counts.steps == 3
    assert counts.loss == pytest.approx(counts.loss_sum / 24)
    assert counts.loss > 0
    assert Counts().loss == 0


def test_shallow_rounds_move_the_heads_only_and_deep_ones_more(net: PfmNet) -> None:
    open_parts(net, deep=False)
    assert {name.split(".")[0] for name in weights_of(net)} == {"classifier", "alone"}
    open_parts(net, deep=True)
    assert {name.split(".")[0] for name in weights_of(net)} == {"classifier", "alone", "splice", "decision", "extract"}


def test_the_difference_put_on_the_old_weights_is_the_new_network(parent: Path, features: Features) -> None:
    here, there = load_model(parent).net, load_model(parent).net
    for net in (here, there):
        open_parts(net, deep=True)
    before = weights_of(here)
    one_round(here, features)
    changed = differences(weights_of(here), before)
    put_weights(there, {name: before[name] + changed[name] for name in before})
    (arrays, _), *_ = batches(features)
    np.testing.assert_allclose(answers_of(there, arrays), answers_of(here, arrays), atol=1e-5)


def test_the_same_seed_gives_the_same_round(parent: Path, features: Features) -> None:
    made = []
    for seed in (1, 1, 2):
        net = load_model(parent).net
        open_parts(net, deep=True)
        one_round(net, features, seed=seed)
        made.append(weights_of(net))
    assert all(np.array_equal(made[0][name], made[1][name]) for name in made[0])
    assert not all(np.array_equal(made[0][name], made[2][name]) for name in made[0])


def test_weights_of_another_network_are_refused_and_nothing_changes(net: PfmNet) -> None:
    open_parts(net, deep=False)
    before = weights_of(net)
    name = next(iter(before))
    no_number = np.full_like(before[name], np.nan)
    for wrong in ({"other": before[name]}, {name: np.zeros((1, 2, 3), np.float32)}, {name: no_number}):
        with pytest.raises(ModelError, match="do not fit"):
            put_weights(net, {**before, **wrong})
    assert all(np.array_equal(value, before[key]) for key, value in weights_of(net).items())


def test_batch_statistics_stay(net: PfmNet, features: Features) -> None:
    still = {key: value.clone() for key, value in net.state_dict().items() if "running_" in key}
    open_parts(net, deep=True)
    one_round(net, features)
    assert all(torch.equal(value, net.state_dict()[key]) for key, value in still.items())


def test_a_round_stops_between_two_steps(net: PfmNet, features: Features) -> None:
    open_parts(net, deep=False)
    asked = iter([False, False, True])
    ctx = CallbackContext(lambda *_: None, lambda: next(asked))
    optimizer = make_optimizer(net, 1e-3, 0.05)
    with pytest.raises(Cancelled):
        learn_round(ctx, net, optimizer, batches(features), balance=balance_of(features.grades), seed=1)


def test_cases_of_two_clinics_are_put_together(features: Features) -> None:
    (first, _), (second, _), _ = batches(features)
    both = joined(first, second)
    assert len(both) == 16
    np.testing.assert_array_equal(both.grades, np.concatenate((first.grades, second.grades)))
    np.testing.assert_array_equal(both.maps["white"][8:], second.maps["white"])
    np.testing.assert_array_equal(both.present["fluorescence"][:8], first.present["fluorescence"])


def test_a_grade_that_does_not_occur_weighs_nothing() -> None:
    weights = balance_of(np.array([0, 0, 0, 1], np.int64))
    assert weights.dtype == np.float32
    assert weights[1] > weights[0] > 0
    assert weights[2] == weights[3] == 0


def test_what_a_case_takes_in_memory_is_known_before(parent: Path, features: Features) -> None:
    net = load_model(parent).net
    taken = sum(values.nbytes for part in (features.middle, features.coverage) for values in part.values())
    assert bytes_of(net, 2) * len(features) == taken
    assert replace(features, grades=features.grades).views == 2


def test_a_case_that_gives_no_number_is_said_and_the_weights_stay(net: PfmNet, features: Features) -> None:
    (arrays, rate), *_ = batches(features)
    broken = {name: values.astype(np.float32) for name, values in arrays.maps.items()}
    broken["white"][0] = np.nan
    open_parts(net, deep=True)
    before = weights_of(net)
    optimizer = make_optimizer(net, 1e-3, 0.05)
    given = [(Arrays(broken, arrays.coverage, arrays.present, arrays.grades), rate)]
    with pytest.raises(ModelError, match="gives no number to learn from"):
        learn_round(CTX, net, optimizer, given, balance=balance_of(features.grades), seed=1)
    assert all(np.array_equal(value, before[name]) for name, value in weights_of(net).items())
