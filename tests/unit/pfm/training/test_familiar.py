"""What a finished network keeps of the cases that it learned from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.familiarity import ACCEPTED, familiarity, from_table
from pfm_desktop.pfm.model_file import read_model_file
from pfm_desktop.pfm.model_tables import check_familiarity
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.nets.pconv import WIDTH
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training import familiar
from pfm_desktop.pfm.training.augment import plain_inputs
from pfm_desktop.pfm.training.config import TrainConfig
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.familiar import familiarity_table, features_of, first_stage, known_of
from pfm_desktop.pfm.training.loop import train
from pfm_desktop.pfm.training.split import Split, split_by_patient

pytestmark = pytest.mark.slow  # many pictures

CTX = SilentContext()


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, make_blobs: Callable[..., PreparedSet]) -> PreparedSet:
    return make_blobs(tmp_path_factory.mktemp("cases"), 160)


@pytest.fixture(scope="module")
def split(cases: PreparedSet) -> Split:
    return split_by_patient(cases.patients, cases.grades, seed=0, shares=(0.4, 0.1, 0.5, 0.0))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, make_model: Callable[..., Path]) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "m")


def test_there_is_one_row_for_each_case_that_has_the_source(cases: PreparedSet, model: Path) -> None:
    loaded = load_model(model)
    everything = np.arange(len(cases), dtype=np.int64)
    features = features_of(CTX, loaded.net, cases, everything, loaded.normalisation)
    for name, rows in features.items():
        assert rows.shape == (int(cases.present[name].sum()), 1, 2 * WIDTH["T0"])
        assert np.isfinite(rows).all()
    assert len(features["white"]) < len(cases)


def test_the_first_view_is_the_picture_as_it_is_and_the_same_run_gives_the_same_views(
    cases: PreparedSet, model: Path
) -> None:
    loaded = load_model(model)
    some = np.arange(10, dtype=np.int64)
    plain = features_of(CTX, loaded.net, cases, some, loaded.normalisation)["white"]
    views, again = (features_of(CTX, loaded.net, cases, some, loaded.normalisation, views=3)["white"] for _ in range(2))
    np.testing.assert_array_equal(views[:, :1], plain)
    np.testing.assert_array_equal(views, again)
    assert (np.abs(views[:, 1] - views[:, 2]).max(axis=1) > 0).all()


def test_a_row_is_mean_and_contrast_of_the_first_stage_over_what_is_seen(cases: PreparedSet, model: Path) -> None:
    loaded = load_model(model)
    number = int(np.flatnonzero(cases.present["fluorescence"])[3])
    index = np.array([number], dtype=np.int64)
    inputs = plain_inputs(cases.batch(index), loaded.net.names, 64 // 4, loaded.normalisation)
    with torch.no_grad():
        trunk_map = first_stage(loaded.net, "fluorescence", inputs.pictures["fluorescence"])[0]
    assert trunk_map.shape == (WIDTH["T0"], 16, 16)
    weights = inputs.coverage["fluorescence"][0]
    assert float(weights.min()) < 1  # a part of the picture is not seen
    mean = (trunk_map * weights).sum(dim=(1, 2)) / weights.sum()
    spread = ((trunk_map - mean[:, None, None]) ** 2 * weights).sum(dim=(1, 2)).div(weights.sum()).sqrt()
    found = features_of(CTX, loaded.net, cases, index, loaded.normalisation)["fluorescence"][0, 0]
    np.testing.assert_allclose(found, torch.cat((mean, spread.log())).numpy(), rtol=1e-4, atol=1e-5)


def test_cases_like_those_learned_from_pass_and_noise_does_not(
    cases: PreparedSet, split: Split, model: Path, tmp_path: Path, make_blobs: Callable[..., PreparedSet]
) -> None:
    loaded = load_model(model)
    table = familiarity_table(CTX, loaded.net, cases, split, loaded.normalisation)
    check_familiarity(table, loaded.net.names)
    known = from_table(table)
    assert set(known) == {"white", "fluorescence"}
    fresh = make_blobs(tmp_path / "fresh", 60, seed=5, prefix="q")
    everything = np.arange(60, dtype=np.int64)
    features = features_of(CTX, loaded.net, fresh, everything, loaded.normalisation)
    for name, rows in features.items():
        assert (known[name].distances(rows[:, 0]) > known[name].threshold).mean() < 0.2
        scrambled = familiarity({name: rows[0, 0] + np.random.default_rng(0).normal(0, 3, rows.shape[2])}, known)
        assert scrambled[name].unlike


def test_the_threshold_is_of_patients_that_the_network_did_not_learn_from(
    cases: PreparedSet, split: Split, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[int]] = []
    plain = familiar.features_of

    def noted(ctx: object, net: object, data: object, indices: np.ndarray, *more: object, **options: int) -> object:
        asked.append(set(indices.tolist()))
        return plain(ctx, net, data, indices, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(familiar, "features_of", noted)
    loaded = load_model(model)
    known_of(CTX, loaded.net, cases, split, loaded.normalisation)
    assert asked == [set(split.train.tolist()), set(split.calibration.tolist())]


def test_a_network_of_one_source_keeps_that_source_only(cases: PreparedSet, split: Split) -> None:
    torch.manual_seed(0)
    net = new_net(NetSpec(size=64, sources=("fluorescence",)))  # type: ignore[arg-type]
    assert set(known_of(CTX, net, cases, split, Normalisation.default())) == {"fluorescence"}


def test_too_few_calibration_patients_keep_nothing(cases: PreparedSet, model: Path) -> None:
    loaded = load_model(model)
    few = split_by_patient(cases.patients, cases.grades, seed=0, shares=(0.8, 0.1, 0.1, 0.0))
    assert familiarity_table(CTX, loaded.net, cases, few, loaded.normalisation) == {}


def test_too_few_women_to_learn_from_keep_nothing(cases: PreparedSet, model: Path) -> None:
    """However many pictures there are of them."""
    loaded = load_model(model)
    both = np.flatnonzero(cases.present["white"] & cases.present["fluorescence"]).astype(np.int64)
    least = familiar.least_learned(loaded.net)
    assert least == 40

    def kept(women: int) -> set[str]:
        learned = np.concatenate([both[:women]] * 3)
        split = Split(learned, both[:0], both[women:], both[:0])
        return set(known_of(CTX, loaded.net, cases, split, loaded.normalisation))

    assert kept(least) == {"white", "fluorescence"}
    assert kept(least - 1) == set()


def test_pictures_of_one_woman_do_not_make_up_for_calibration_women(cases: PreparedSet, model: Path) -> None:
    loaded = load_model(model)
    both = np.flatnonzero(cases.present["white"] & cases.present["fluorescence"]).astype(np.int64)
    split = Split(both[:50], both[:0], np.repeat(both[50:60], 12), both[:0])
    table = familiarity_table(CTX, loaded.net, cases, split, loaded.normalisation)
    assert table == {}, "120 pictures, but of ten women"
    assert "40 to learn from" in familiar.familiarity_notes(table, loaded.net)[0]


def test_it_can_be_cancelled(cases: PreparedSet, split: Split, model: Path) -> None:
    loaded = load_model(model)
    with pytest.raises(Cancelled):
        known_of(CallbackContext(lambda *_: None, lambda: True), loaded.net, cases, split, loaded.normalisation)


def test_a_training_writes_it_into_the_model(cases: PreparedSet, tmp_path: Path) -> None:
    config = TrainConfig(name="tiny", epochs=1, batch=32, bf16=False, shares=(0.4, 0.1, 0.5, 0.0))
    made = train(CTX, cases, tmp_path / "m", config)
    kept = from_table(read_model_file(made.path).familiarity)
    assert set(kept) == {"white", "fluorescence"}
    loaded = load_model(made.path)
    split = split_by_patient(cases.patients, cases.grades, seed=config.seed, shares=config.shares)
    features = features_of(CTX, loaded.net, cases, split.calibration, loaded.normalisation)
    for name, rows in features.items():
        accepted = (kept[name].distances(rows[:, 0]) <= kept[name].threshold).mean()
        assert accepted >= ACCEPTED[name]
