"""Training on tiny pictures: repeatable, resumable after a kill, best kept on cancel."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.optim import Optimizer

from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.pfm.checkpoint import load_model, save_model
from pfm_desktop.pfm.model_file import read_model_file
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.training import state
from pfm_desktop.pfm.training.answers import likelihood_loss
from pfm_desktop.pfm.training.config import TrainConfig, TrainResult
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.loop import make_optimizer, schedule, train
from pfm_desktop.pfm.training.seen import seen_patients
from pfm_desktop.support.errors import BadInputError, ModelError

pytestmark = pytest.mark.slow  # trains, or draws many pictures

CONFIG = TrainConfig(name="tiny", epochs=2, seed=2, batch=8, patience=0, bf16=False, shares=(0.6, 0.2, 0.2, 0.0))


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, make_blobs: Callable[..., PreparedSet]) -> PreparedSet:
    return make_blobs(tmp_path_factory.mktemp("cases"), 40)


@pytest.fixture(scope="module", autouse=True)
def _later_is_better() -> Iterator[None]:
    """So few cases cannot choose an epoch; here the last one always wins, so that weights are those of the end."""
    falling = itertools.count(0, -1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pfm_desktop.pfm.training.loop.likelihood_loss", lambda *_: next(falling))
        yield


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory, cases: PreparedSet) -> TrainResult:
    return train(SilentContext(), cases, tmp_path_factory.mktemp("unbroken") / "m", CONFIG)


class Killed(BaseException):
    """Stands for the plug: nothing of the program runs after it."""


def killed_at(epoch: int) -> CallbackContext:
    def report(_done: float, _total: float, text: str) -> None:
        if text.startswith(f"epoch {epoch} of"):
            raise Killed

    return CallbackContext(report, lambda: False)


def cancelled_at(epoch: int) -> CallbackContext:
    heard: list[str] = []
    return CallbackContext(
        lambda _d, _t, text: heard.append(text), lambda: any(text.startswith(f"epoch {epoch} of") for text in heard)
    )


@pytest.mark.expects_logged_error  # ignite notes what went through it
def test_a_run_that_was_killed_ends_with_the_weights_of_an_unbroken_one(
    tmp_path: Path, cases: PreparedSet, unbroken: TrainResult
) -> None:
    with pytest.raises(Killed):
        train(killed_at(2), cases, tmp_path / "m", CONFIG)
    assert not (tmp_path / "m").exists()
    texts: list[str] = []
    ctx = CallbackContext(lambda _d, _t, text: texts.append(text), lambda: False)
    made = train(ctx, cases, tmp_path / "m", CONFIG)
    assert not any(text.startswith("epoch 1 of") for text in texts)  # it did go on
    assert (made.best_epoch, unbroken.best_epoch) == (2, 2)
    assert made.info.sha256 == unbroken.info.sha256
    lines = [(path / state.CURVES).read_text().splitlines() for path in (made.path, unbroken.path)]
    first, second = ([line.split(",")[:2] for line in curve] for curve in lines)
    assert first == second


@pytest.mark.expects_logged_error
def test_a_run_killed_between_curve_and_state_has_each_epoch_once_in_its_curves(
    tmp_path: Path, cases: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = state.save_run

    def killed(run: Path, net: PfmNet, average: state.Average, optimizer: Optimizer, progress: state.Progress) -> None:
        if progress.epoch == 2:
            raise Killed
        really(run, net, average, optimizer, progress)

    with monkeypatch.context() as patch:
        patch.setattr(state, "save_run", killed)
        with pytest.raises(Killed):
            train(SilentContext(), cases, tmp_path / "m", CONFIG)
    made = train(SilentContext(), cases, tmp_path / "m", CONFIG)
    curve = (made.path / state.CURVES).read_text().splitlines()
    assert [line.split(",")[0] for line in curve] == ["epoch", "1", "2"]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:1000])


def without_a_tensor(file: Path) -> None:
    with safe_open(str(file), framework="pt") as opened:
        metadata = opened.metadata()
    tensors = load_file(file)
    tensors.pop(min(tensors))
    save_file(tensors, file, metadata=metadata)


@pytest.mark.expects_logged_error
@pytest.mark.parametrize("file", [state.STATE, state.BEST])
@pytest.mark.parametrize("damage", [cut, without_a_tensor])
def test_a_damaged_state_is_not_gone_on_with(
    tmp_path: Path, cases: PreparedSet, unbroken: TrainResult, file: str, damage: Callable[[Path], None]
) -> None:
    with pytest.raises(Killed):
        train(killed_at(2), cases, tmp_path / "m", CONFIG)
    damage(tmp_path / "m.run" / file)
    assert train(SilentContext(), cases, tmp_path / "m", CONFIG).info.sha256 == unbroken.info.sha256


@pytest.mark.expects_logged_error
@pytest.mark.parametrize("file", [state.STATE, state.BEST])
def test_files_of_two_moments_are_not_gone_on_with(
    tmp_path: Path, cases: PreparedSet, unbroken: TrainResult, file: str
) -> None:
    """Such as a kill of one run and a restart of another leave."""
    for name, config in (("m", CONFIG), ("other", replace(CONFIG, seed=3))):
        with pytest.raises(Killed):
            train(killed_at(2), cases, tmp_path / name, config)
    (tmp_path / "m.run" / file).write_bytes((tmp_path / "other.run" / file).read_bytes())
    assert train(SilentContext(), cases, tmp_path / "m", CONFIG).info.sha256 == unbroken.info.sha256


@pytest.mark.expects_logged_error
def test_a_network_that_lost_its_way_ends_the_training_and_leaves_no_model(
    tmp_path: Path, cases: PreparedSet, make_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm_desktop.pfm.training.loop.likelihood_loss", likelihood_loss)
    model = load_model(make_model(tmp_path / "start"))
    with torch.no_grad():
        next(model.net.trunks()).trunk.patch_embed.norm.running_var.fill_(-1e9)
    save_model(
        tmp_path / "wrong", model.net, name="wrong", version="1", calibration=model.calibration,
        normalisation=model.normalisation,
    )  # fmt: skip
    with pytest.raises(ModelError, match=r"the training failed: in the validation after epoch 1 its loss was no num"):
        train(SilentContext(), cases, tmp_path / "m", replace(CONFIG, start=tmp_path / "wrong", epochs=1))
    assert not (tmp_path / "m").exists()


def test_another_start_under_the_same_path_is_another_run(
    tmp_path: Path, cases: PreparedSet, make_model: Callable[..., Path]
) -> None:
    config = replace(CONFIG, start=make_model(tmp_path / "start"))
    first = config.digest("cases")
    shutil.rmtree(tmp_path / "start")
    make_model(tmp_path / "start", name="other", splice="channel")
    assert config.digest("cases") != first


@pytest.mark.expects_logged_error
def test_the_state_of_another_configuration_is_not_gone_on_with(tmp_path: Path, cases: PreparedSet) -> None:
    with pytest.raises(Killed):
        train(killed_at(2), cases, tmp_path / "m", CONFIG)
    texts: list[str] = []
    ctx = CallbackContext(lambda _d, _t, text: texts.append(text), lambda: False)
    told: list[str] = []
    train(ctx, cases, tmp_path / "m", replace(CONFIG, seed=3, epochs=1), tell=told.append)
    assert texts[0].startswith("epoch 1 of 1")
    assert "1 epochs of an earlier run" in told[0]  # nobody loses an hour of work without a word
    assert "such as --epochs" in told[0]


@pytest.mark.expects_logged_error
def test_the_state_of_other_grades_is_not_gone_on_with(
    tmp_path: Path, make_blobs: Callable[..., PreparedSet], unbroken: TrainResult
) -> None:
    cases = make_blobs(tmp_path / "cases", 40)
    with pytest.raises(Killed):
        train(killed_at(2), cases, tmp_path / "m", CONFIG)
    table = tmp_path / "cases" / "cases.jsonl"
    table.write_text(table.read_text().replace('"cancer"', '"swap"').replace('"normal"', '"cancer"')
                     .replace('"swap"', '"normal"'))  # fmt: skip
    texts: list[str] = []
    told: list[str] = []
    ctx = CallbackContext(lambda _d, _t, text: texts.append(text), lambda: False)
    made = train(ctx, PreparedSet(tmp_path / "cases"), tmp_path / "m", CONFIG, tell=told.append)
    assert any(text.startswith("epoch 1 of") for text in texts)
    assert len(told) == 1
    assert made.info.sha256 != unbroken.info.sha256


def test_another_seed_gives_another_model(tmp_path: Path, cases: PreparedSet, unbroken: TrainResult) -> None:
    made = train(SilentContext(), cases, tmp_path / "m", replace(CONFIG, seed=3, epochs=1))
    assert made.info.sha256 != unbroken.info.sha256


def test_a_cancel_keeps_the_best_epoch_so_far(tmp_path: Path, cases: PreparedSet) -> None:
    made = train(cancelled_at(2), cases, tmp_path / "m", CONFIG)
    assert made.stopped
    assert (made.epochs, made.best_epoch) == (1, 1)
    assert load_model(made.path).info.sha256 == made.info.sha256
    assert read_model_file(made.path).training["stopped"] is True
    assert read_model_file(made.path).calibration["both"]["cases"] > 0


def test_a_cancel_before_the_first_epoch_writes_no_model(tmp_path: Path, cases: PreparedSet) -> None:
    with pytest.raises(Cancelled):
        train(cancelled_at(1), cases, tmp_path / "m", CONFIG)
    assert not (tmp_path / "m").exists()


def test_the_model_folder_is_whole_and_nothing_else_is_left(unbroken: TrainResult, cases: PreparedSet) -> None:
    assert {file.name for file in unbroken.path.iterdir()} == {
        "weights.safetensors", "model.toml", "CARD.md", "curves.csv",
    }  # fmt: skip
    run = unbroken.path.with_name("m.run")
    assert not {state.STATE, state.BEST} & {file.name for file in run.iterdir()}
    training = read_model_file(unbroken.path).training
    assert training["epochs"] == 2
    assert seen_patients(cases.patients, training) == tuple(sorted(cases.patients))  # there is no test part


def test_training_ends_when_nothing_has_become_better_for_long_enough(
    tmp_path: Path, cases: PreparedSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([2.0, 1.0, 3.0, 3.0, 0.0])
    monkeypatch.setattr("pfm_desktop.pfm.training.loop.likelihood_loss", lambda *_: next(losses))
    made = train(SilentContext(), cases, tmp_path / "m", replace(CONFIG, epochs=30, patience=2))
    assert (made.epochs, made.best_epoch, made.stopped) == (4, 2, False)


@pytest.mark.slow
def test_what_can_be_learned_is_learned_and_both_sources_answer(
    tmp_path: Path, make_blobs: Callable[..., PreparedSet]
) -> None:
    made = train(
        SilentContext(), make_blobs(tmp_path / "many", 120), tmp_path / "m",
        replace(CONFIG, epochs=8, shares=(0.55, 0.1, 0.15, 0.2), ema=0.9),
    )  # fmt: skip
    for name in ("both", "white"):
        assert made.figures["combinations"][name]["accuracy"]["value"] > 0.5, name
    assert made.figures["combinations"]["both"]["quadratic_kappa"]["value"] > 0.6


@pytest.mark.parametrize("source", PLACES)
def test_a_network_of_one_source_trains(tmp_path: Path, cases: PreparedSet, source: Source) -> None:
    made = train(SilentContext(), cases, tmp_path / "m", replace(CONFIG, epochs=1, sources=(source,)))
    assert made.info.sources == (source,)
    assert set(read_model_file(made.path).calibration) == {source.value, f"alone_{source.value}"}


def test_a_start_of_another_variant_is_refused(
    tmp_path: Path, cases: PreparedSet, make_model: Callable[..., Path]
) -> None:
    start = make_model(tmp_path / "t1", variant="T1")
    with pytest.raises(ModelError, match="has variant T1, not T0"):
        train(SilentContext(), cases, tmp_path / "m", replace(CONFIG, start=start))
    assert not (tmp_path / "m").exists()


def test_a_model_is_never_overwritten_and_too_few_patients_are_refused(
    tmp_path: Path, cases: PreparedSet, unbroken: TrainResult, make_blobs: Callable[..., PreparedSet]
) -> None:
    before = (unbroken.path / "model.toml").read_bytes()
    with pytest.raises(ModelError, match="already a model"):
        train(SilentContext(), cases, unbroken.path, CONFIG)
    assert (unbroken.path / "model.toml").read_bytes() == before
    with pytest.raises(BadInputError, match="too few"):
        train(SilentContext(), make_blobs(tmp_path / "two", 2), tmp_path / "m", CONFIG)


def test_training_leaves_threads_and_random_numbers_as_they_were(tmp_path: Path, cases: PreparedSet) -> None:
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    train(SilentContext(), cases, tmp_path / "m", replace(CONFIG, epochs=1))
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == threads


def test_the_rate_rises_then_falls_to_a_hundredth() -> None:
    rates = [schedule(step, 100, 0.1) for step in range(100)]
    assert rates[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert all(later <= earlier for earlier, later in itertools.pairwise(rates[9:]))
    assert rates[-1] == pytest.approx(0.01, abs=1e-3)


def test_only_matrices_are_decayed_and_frozen_parts_are_left_out() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.LayerNorm(3), torch.nn.Linear(3, 3))
    net[2].requires_grad_(False)
    decayed, plain = make_optimizer(net, 1e-3, 0.1).param_groups
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.1, 0.0)
    assert [value is net[0].weight for value in decayed["params"]] == [True]
    assert len(plain["params"]) == 3
