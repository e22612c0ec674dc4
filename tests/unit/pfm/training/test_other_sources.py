"""A model learns a source that the one before it did not read: from white light, declared, and never mixed up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.jobs import SilentContext
from pfm_desktop.pfm.checkpoint import LoadedModel, load_model
from pfm_desktop.pfm.features import hold_features
from pfm_desktop.pfm.model_file import CARD, read_model_file
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.training.augment import Augmentation, augmented_inputs, plain_inputs
from pfm_desktop.pfm.training.compared import compare_models
from pfm_desktop.pfm.training.finetune import FinetuneConfig, FinetuneResult, finetune
from pfm_desktop.pfm.training.held import HeldCases, HeldSet
from pfm_desktop.pfm.training.other_sources import LEAST_SPREAD, net_for, reading
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow

GREEN = (Source.WHITE, Source.GREEN)
CONFIG = FinetuneConfig(name="ours", epochs=2, seed=4, sources=GREEN)
CTX = SilentContext()
slow = pytest.mark.slow


def green_cases(count: int, *, second: Source = Source.GREEN, seed: int = 0) -> HeldSet:
    """Blobs, whiter with the grade, and beside them their green channel; every ninth has white light alone."""
    random = np.random.default_rng(seed)
    made = HeldCases(64, count, second)
    y, x = np.mgrid[:64, :64]
    for number in range(count):
        grade = GRADES[number % 4]
        spot = np.exp(-((y - 32) ** 2 + (x - 32) ** 2) / (2 * 12**2))[..., None]
        white = (
            np.array([190, 110, 110]) + grade.rank * spot * np.array([15, 40, 40]) + random.normal(0, 6, (64, 64, 3))
        )
        white = np.clip(white, 0, 255).astype(np.uint8)
        other = None if number % 9 == 8 else (white[..., 1:2] * np.array([0.0, 1.0, 0.1])).astype(np.uint8)
        made.add(white, other, None, grade=grade, patient=f"p{number}", case=f"c{number}")
    return made.made()


@pytest.fixture(scope="module")
def cases() -> HeldSet:
    return green_cases(48)


@pytest.fixture(scope="module", params=["token", "channel"])
def parent(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, make_model: Callable[..., Path]
) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "parent", splice=request.param)


@pytest.fixture
def old(parent: Path) -> LoadedModel:
    return load_model(parent)


def test_the_new_source_starts_with_every_weight_of_white_light_and_the_rest_stays(old: LoadedModel) -> None:
    before, after = old.net.state_dict(), net_for(old.net, GREEN).state_dict()
    assert not [key for key in after if "fluorescence" in key]
    for key, value in after.items():
        if ".green" in key:
            assert torch.equal(value, before[key.replace(".green", ".white")]), key
        elif key != "splice.project.weight":
            assert torch.equal(value, before[key]), key


def test_the_white_half_of_a_channel_splice_is_taken_for_both(tmp_path: Path, make_model: Callable[..., Path]) -> None:
    old = load_model(make_model(tmp_path / "channel", splice="channel")).net
    before, after = old.state_dict()["splice.project.weight"], net_for(old, GREEN).state_dict()["splice.project.weight"]
    white = before.chunk(2, dim=1)[0]
    assert torch.equal(after, torch.cat((white, white), dim=1))


def test_a_model_that_reads_them_already_is_left_as_it_is(cases: HeldSet, old: LoadedModel) -> None:
    fluorescence = green_cases(8, second=Source.FLUORESCENCE)
    assert reading(old, PLACES, fluorescence, np.arange(8)) is old


def test_only_the_new_source_is_measured_and_what_a_filter_leaves_dark_is_not_made_bright(
    cases: HeldSet, old: LoadedModel
) -> None:
    made = reading(old, GREEN, cases, np.arange(len(cases)))
    assert set(made.normalisation.mean) == {"white", "green"}
    assert made.normalisation.mean["white"] == old.normalisation.mean["white"]
    red, green, _ = made.normalisation.mean["green"]
    assert red == pytest.approx(0.0)
    assert 0.4 < green < 0.7
    assert made.normalisation.std["green"][0] == LEAST_SPREAD


def test_cases_of_another_source_are_refused_before_anything_is_written(
    tmp_path: Path, parent: Path, cases: HeldSet
) -> None:
    for given, wished in ((cases, PLACES), (cases, None), (green_cases(8, second=Source.FLUORESCENCE), GREEN)):
        config = replace(CONFIG, sources=wished, enough=0)
        with pytest.raises(BadInputError, match=r"the model is to read white light \+ .*, the cases are"):
            finetune(CTX, given, parent, tmp_path / "none", config, work=None)
    assert not (tmp_path / "none").exists()


def test_cases_in_memory_say_of_which_source_they_are_and_their_digest_does_too(cases: HeldSet) -> None:
    assert cases.second == "green"
    assert set(cases.present) == {"white", "green"}
    assert set(cases.batch(np.arange(2)).squares) == {"white", "green"}
    assert green_cases(8).digest != green_cases(8, second=Source.FLUORESCENCE).digest
    assert green_cases(8, second=Source.FLUORESCENCE).second == "fluorescence"


def test_a_source_that_the_cases_do_not_have_is_absent_in_all_of_them(cases: HeldSet, old: LoadedModel) -> None:
    raw, plain = cases.batch(np.arange(4)), Normalisation.default()
    random = torch.Generator().manual_seed(1)
    for inputs in (
        plain_inputs(raw, PLACES, 2, plain),
        augmented_inputs(raw, PLACES, 2, plain, options=Augmentation(), random=random),
    ):
        assert not inputs.present["fluorescence"].any()
        assert not inputs.coverage["fluorescence"].any()
        assert inputs.present["white"].any()
    features = hold_features(CTX, old.net, old.normalisation, cases, np.arange(4), views=2)
    assert not features.present["fluorescence"].any()


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory, cases: HeldSet, parent: Path) -> FinetuneResult:
    old = green_cases(12, seed=9)
    return finetune(CTX, cases, parent, tmp_path_factory.mktemp("tuned") / "ours", CONFIG, work=None, old_cases=old)


@slow
def test_the_new_model_declares_what_it_reads_and_its_card_says_where_that_came_from(tuned: FinetuneResult) -> None:
    assert tuned.info.sources == GREEN
    content = read_model_file(tuned.path)
    assert content.info.sources == GREEN
    assert content.calibration["both"]["cases"] > 0
    card = (tuned.path / CARD).read_text(encoding="utf-8")
    assert "for white light and green filter" in card
    assert "It did not read green filter, which started from its white light." in card
    assert any("white light or green filter is unlike anything" in note for note in tuned.notes)


@slow
def test_the_old_model_is_judged_by_what_it_reads_of_these_cases(tuned: FinetuneResult) -> None:
    assert set(tuned.old["combinations"]) == {"white", "alone_white"}
    assert {"both", "white", "green"} <= set(tuned.new["combinations"])
    assert tuned.gain["combination"] == "white"


@slow
def test_it_learns_on_from_itself_without_losing_a_source(
    tmp_path: Path, tuned: FinetuneResult, cases: HeldSet
) -> None:
    again = finetune(CTX, cases, tuned.path, tmp_path / "again", replace(CONFIG, sources=None), work=None)
    assert again.info.sources == GREEN


@slow
def test_two_models_of_different_sources_are_compared_by_what_both_read_and_it_says_so(
    tuned: FinetuneResult, parent: Path, cases: HeldSet
) -> None:
    compared = compare_models(CTX, cases, parent, tuned.path, ["a"] * len(cases))
    assert compared.figures["asked_about"] == "white light"
    assert set(compared.figures["by_source"]) == {"both", "white"}
    assert (compared.old >= 0).all()
    assert (compared.new >= 0).all()
    same = compare_models(CTX, cases, tuned.path, tuned.path, ["a"] * len(cases))
    assert same.figures["asked_about"] == ""
    assert same.figures["by_source"]["both"]["cases"] == int(cases.present["green"].sum())
