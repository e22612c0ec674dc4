"""Fine-tuning on tiny pictures: what changes, what must not, what is kept when it is stopped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.pfm.checkpoint import load_model
from pfm_desktop.pfm.features import HEADER, build_features
from pfm_desktop.pfm.model_file import CARD, WEIGHTS, read_model_file
from pfm_desktop.pfm.nets.model import PfmNet
from pfm_desktop.pfm.training import familiar
from pfm_desktop.pfm.training.data import PreparedSet
from pfm_desktop.pfm.training.finetune import SHARES, FinetuneConfig, FinetuneResult, check_enough, finetune
from pfm_desktop.pfm.training.seen import KEY, marks_of, seen_patients
from pfm_desktop.pfm.training.split import split_by_patient
from pfm_desktop.pfm.training.tuning import phases, tune
from pfm_desktop.support.errors import BadInputError, ModelError

pytestmark = pytest.mark.slow  # trains, or draws many pictures

CONFIG = FinetuneConfig(name="ours", epochs=2, seed=4)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, make_blobs: Callable[..., PreparedSet]) -> PreparedSet:
    return make_blobs(tmp_path_factory.mktemp("cases"), 48)


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory, make_model: Callable[..., Path]) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "parent")


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory, cases: PreparedSet, parent: Path) -> FinetuneResult:
    place = tmp_path_factory.mktemp("tuned")
    return finetune(SilentContext(), cases, parent, place / "ours", CONFIG, work=place / "work")


def net_of(path: Path) -> PfmNet:
    return load_model(path).net


def test_the_first_three_stages_and_all_batch_statistics_stay_and_the_rest_learns(
    tuned: FinetuneResult, parent: Path
) -> None:
    assert tuned.best_epoch == 2, "the test needs an epoch of the second phase"
    old, new = net_of(parent).state_dict(), net_of(tuned.path).state_dict()
    still = [key for key in old if "running_" in key or "patch_embed" in key or ".stages.4." in key]
    assert still
    assert all(torch.equal(old[key], new[key]) for key in still)
    for part in ("classifier.softmax", "alone.white", "stages.6", "decision.layers.0.attention.query", "splice"):
        moved = [key for key in old if part in key and key.endswith("weight") and not torch.equal(old[key], new[key])]
        assert moved, part


def test_heads_come_first_alone_then_everything_behind_the_third_stage_at_a_tenth_of_the_rate() -> None:
    first, second = phases(12)
    assert (first.epochs, first.deep, second.epochs, second.deep) == (4, False, 8, True)
    assert second.rate == pytest.approx(first.rate / 10)
    assert [phase.epochs for phase in phases(1)] == [1]


def test_one_epoch_moves_the_heads_only(tmp_path: Path, cases: PreparedSet, parent: Path) -> None:
    made = finetune(SilentContext(), cases, parent, tmp_path / "o", replace(CONFIG, epochs=1), work=tmp_path / "w")
    assert made.best_epoch == 1
    old, new = net_of(parent).state_dict(), net_of(made.path).state_dict()
    moved = {key.split(".")[0] for key in old if not torch.equal(old[key], new[key])}
    assert moved == {"classifier", "alone"}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    tmp_path: Path, tuned: FinetuneResult, cases: PreparedSet, parent: Path
) -> None:
    again = finetune(SilentContext(), cases, parent, tmp_path / "a", CONFIG, work=tmp_path / "w")
    assert again.info.sha256 == tuned.info.sha256
    assert again.new == tuned.new
    other = finetune(SilentContext(), cases, parent, tmp_path / "b", replace(CONFIG, seed=5), work=tmp_path / "w")
    assert other.info.sha256 != tuned.info.sha256


def test_the_model_says_where_it_comes_from_and_whom_it_learned_from(
    tuned: FinetuneResult, cases: PreparedSet, parent: Path
) -> None:
    content = read_model_file(tuned.path)
    split = split_by_patient(cases.patients, cases.grades, seed=CONFIG.seed, shares=SHARES)
    tested = {cases.patients[index] for index in split.test}
    assert content.training["parent"]["sha256"] == read_model_file(parent).sha256
    assert content.trained_on == "local cases"
    assert set(seen_patients(cases.patients, content.training)) == set(cases.patients) - tested
    assert content.calibration["both"]["cases"] > 0
    assert content.figures["against_parent"]["cases"] == tuned.gain["cases"]


def test_both_models_are_judged_on_the_same_test_cases(tuned: FinetuneResult) -> None:
    for name, values in tuned.new["combinations"].items():
        assert values["cases"] == tuned.old["combinations"][name]["cases"]
    new, old = (figures["combinations"]["both"]["accuracy"]["value"] for figures in (tuned.new, tuned.old))
    assert tuned.gain["accuracy"] == pytest.approx(new - old)


def test_the_new_model_knows_the_local_cases_and_not_what_its_parent_knew(
    tmp_path: Path, cases: PreparedSet, parent: Path, tuned: FinetuneResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not read_model_file(tuned.path).familiarity, "six calibration patients promise nothing"
    assert any("white light or fluorescence is unlike anything" in note for note in tuned.notes)
    needed = "(needed: 40 to learn from, and to calibrate white light 28, fluorescence 66)"
    assert any(needed in note for note in tuned.notes)
    monkeypatch.setattr(familiar, "ACCEPTED", dict.fromkeys(familiar.ACCEPTED, 0.5))
    monkeypatch.setattr(familiar, "least_learned", lambda _net: 2)
    again = finetune(SilentContext(), cases, parent, tmp_path / "knows", CONFIG, work=tmp_path / "work")
    assert not any("unlike" in note for note in again.notes)
    known = read_model_file(again.path).familiarity
    train = split_by_patient(cases.patients, cases.grades, seed=CONFIG.seed, shares=SHARES).train
    assert {name: table["cases"] for name, table in known.items()} == {
        name: int(given[train].sum()) * familiar.VIEWS[name] for name, given in cases.present.items()
    }
    assert "views of training cases" in (again.path / CARD).read_text(encoding="utf-8")
    assert same_weights(again.path, tuned.path)


def test_rehearsed_cases_count_as_learned_from(
    tmp_path: Path, cases: PreparedSet, parent: Path, make_blobs: Callable[..., PreparedSet]
) -> None:
    old = make_blobs(tmp_path / "old", 12, prefix="old")
    made = finetune(
        SilentContext(), cases, parent, tmp_path / "o", replace(CONFIG, epochs=1), work=tmp_path / "w", old_cases=old
    )
    training = read_model_file(made.path).training
    assert training["rehearsed_cases"] == 12
    assert seen_patients(old.patients, training) == tuple(sorted(old.patients))
    assert "12 old cases were rehearsed" in (made.path / "CARD.md").read_text(encoding="utf-8")


def cancelled_when(text: str) -> CallbackContext:
    heard: list[str] = []
    return CallbackContext(lambda _d, _t, said: heard.append(said), lambda: any(text in said for said in heard))


def test_a_stop_after_an_epoch_keeps_the_best_so_far(tmp_path: Path, cases: PreparedSet, parent: Path) -> None:
    ctx = cancelled_when("epoch 2 of 6")
    made = finetune(ctx, cases, parent, tmp_path / "o", replace(CONFIG, epochs=6), work=tmp_path / "w")
    assert made.stopped
    assert made.epochs == 1
    assert load_model(made.path).info.sha256 == made.info.sha256
    assert read_model_file(made.path).training["stopped"] is True


@pytest.mark.parametrize("when", ["Looking at the pictures", "epoch 1 of"])
def test_a_stop_before_the_first_epoch_writes_nothing(
    tmp_path: Path, cases: PreparedSet, parent: Path, when: str
) -> None:
    with pytest.raises(Cancelled):
        finetune(cancelled_when(when), cases, parent, tmp_path / "o", CONFIG, work=tmp_path / "w")
    assert not (tmp_path / "o").exists()


def test_when_nothing_is_better_the_old_weights_stay(
    tmp_path: Path, cases: PreparedSet, parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worse = iter([1.0, 2.0, 3.0])
    monkeypatch.setattr("pfm_desktop.pfm.training.tuning.validation_loss", lambda *_: next(worse))
    made = finetune(SilentContext(), cases, parent, tmp_path / "o", CONFIG, work=tmp_path / "w")
    assert made.best_epoch == 0
    assert same_weights(made.path, parent)
    assert made.info.sha256 != read_model_file(parent).sha256, "answers are kept by it, and it answers otherwise"
    assert any("only the calibration is new" in note for note in made.notes)


def test_a_parent_that_cannot_grade_is_refused(
    tmp_path: Path, cases: PreparedSet, parent: Path, alter_model: Callable[..., Path]
) -> None:
    shutil.copytree(parent, tmp_path / "start")
    alter_model(tmp_path / "start", "can_grade = true", "can_grade = false")
    with pytest.raises(ModelError, match="never trained to grade"):
        finetune(SilentContext(), cases, tmp_path / "start", tmp_path / "o", CONFIG, work=tmp_path / "w")


def test_a_patients_worst_grade_counts_once() -> None:
    with pytest.raises(BadInputError, match=r"missing: normal 1 more \(has 0\), low 1 more \(has 0\)"):
        check_enough(["a", "a", "a", "b"], [0, 1, 2, 3], 1)
    check_enough(["a", "b", "c", "d"], [0, 1, 2, 3], 1)


def test_cached_maps_are_those_of_the_trunk_and_are_used_again(
    tmp_path: Path, cases: PreparedSet, parent: Path
) -> None:
    model = load_model(parent)
    indices = np.array([5, 2, 11], np.int64)

    def build(name: str):  # type: ignore[no-untyped-def]
        return build_features(
            SilentContext(), model.net, model.normalisation, cases, indices, tmp_path, model=name, views=2
        )

    made = build("one")
    from pfm_desktop.pfm.training.augment import plain_inputs

    inputs = plain_inputs(cases.batch(indices), model.net.names, model.net.spec.grid, model.normalisation)
    with torch.no_grad():
        expected = model.net.extract["white"].trunk.stage3(inputs.pictures["white"]).numpy()
    np.testing.assert_allclose(made.middle["white"][0], expected, rtol=2e-3, atol=2e-3)
    assert np.abs(made.middle["white"][1] - expected).max() > 1e-2  # the second view is another one
    assert made.grades.tolist() == cases.grades[indices].tolist()
    before = (tmp_path / HEADER).stat().st_mtime_ns
    np.testing.assert_array_equal(build("one").middle["white"], made.middle["white"])
    assert (tmp_path / HEADER).stat().st_mtime_ns == before
    build("two")
    assert (tmp_path / HEADER).stat().st_mtime_ns != before


def test_tuning_leaves_the_network_ready_to_answer(tmp_path: Path, cases: PreparedSet, parent: Path) -> None:
    model = load_model(parent)
    features = build_features(
        SilentContext(), model.net, model.normalisation, cases, np.arange(8), tmp_path, model="m", views=1
    )
    tune(SilentContext(), model.net, features, features, epochs=1, seed=0)
    assert not model.net.training
    assert all(parameter.requires_grad for parameter in model.net.parameters())


def test_marks_recognise_patients_and_add_up_over_generations() -> None:
    first = {KEY: marks_of(["anna", "berta", "anna"])}
    assert seen_patients(["anna", "clara"], first) == ("anna",)
    second = {KEY: marks_of(["clara"], first)}
    assert seen_patients(["anna", "berta", "clara", "dora"], second) == ("anna", "berta", "clara")
    assert "anna" not in str(first)


@pytest.mark.parametrize("damaged", [{}, {KEY: "???"}, {KEY: 5}])
def test_a_model_without_readable_marks_has_seen_nobody_we_know(damaged: dict[str, object]) -> None:
    assert seen_patients(["anna"], damaged) == ()


def same_weights(one: Path, other: Path) -> bool:
    mine, theirs = (load_file(path / WEIGHTS) for path in (one, other))
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)
