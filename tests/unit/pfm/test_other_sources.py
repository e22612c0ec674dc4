"""A model that reads white light and a picture through a green filter: kept, asked, converted, never mixed up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.pfm import backends
from pfm_desktop.pfm.backend import OPENVINO_F32, TORCH
from pfm_desktop.pfm.choice import _ask
from pfm_desktop.pfm.letterbox import Normalisation
from pfm_desktop.pfm.model_file import MODEL, read_model_file
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.predict import Predictor
from pfm_desktop.support.errors import ModelError

pytestmark = pytest.mark.slow

GREEN = (Source.WHITE, Source.GREEN)
IODINE = (Source.WHITE, Source.IODINE)
Models = Callable[..., Path]


@pytest.fixture(scope="module")
def green(tmp_path_factory: pytest.TempPathFactory, make_model: Models) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "green", name="green", sources=GREEN)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    random = np.random.default_rng(5)
    return [random.integers(0, 255, (90, 160, 3), dtype=np.uint8) for _ in range(3)]


def test_a_model_declares_its_sources_in_its_file_and_they_are_read_again(green: Path) -> None:
    assert 'sources = [\n    "white",\n    "green",\n]' in (green / MODEL).read_text(encoding="utf-8")
    assert read_model_file(green).info.sources == GREEN
    assert set(read_model_file(green).calibration) == {"both", "white", "green", "alone_white", "alone_green"}


@pytest.mark.parametrize(
    "sources", [(Source.WHITE,), (Source.FLUORESCENCE,), PLACES, GREEN, (Source.WHITE, Source.IODINE)]
)
def test_a_network_may_read_white_light_fluorescence_or_white_light_and_one_other(sources: tuple[Source, ...]) -> None:
    spec = NetSpec(sources=sources)
    assert NetSpec.from_table(spec.to_table()) == spec


@pytest.mark.parametrize(
    "sources",
    [(Source.GREEN,), (Source.IODINE,), (Source.FLUORESCENCE, Source.GREEN), tuple(Source), (*PLACES, Source.GREEN)],
)
def test_a_network_for_what_is_never_given_together_is_refused(sources: tuple[Source, ...]) -> None:
    with pytest.raises(ModelError, match="no pair is "):
        NetSpec(sources=sources)


def test_a_source_of_a_later_version_is_named_and_refused() -> None:
    with pytest.raises(ModelError, match="this program does not know: 'infrared'"):
        NetSpec.from_table({**NetSpec().to_table(), "sources": ["white", "infrared"]})


def test_an_answer_names_the_source_that_was_given(green: Path, pictures: list[np.ndarray]) -> None:
    answer, maps = Predictor(green).predict(pictures[0], pictures[1], second=Source.GREEN)
    assert answer.sources == GREEN
    assert set(answer.evidence) == set(answer.single_source) == set(GREEN)
    assert set(maps) == {"fused", "white", "green"}


def test_white_light_alone_is_answered_as_ever(green: Path, pictures: list[np.ndarray]) -> None:
    answer, _ = Predictor(green).predict(pictures[0], None)
    assert answer.sources == (Source.WHITE,)


def test_a_picture_of_another_source_never_enters_the_network(green: Path, pictures: list[np.ndarray]) -> None:
    predictor = Predictor(green)
    for second in (Source.FLUORESCENCE, Source.IODINE):
        with pytest.raises(ModelError, match=r"reads white light \+ green filter"):
            predictor.predict(pictures[0], pictures[1], second=second)
        with pytest.raises(ModelError):
            predictor.trunk_features(pictures[0], pictures[1], second=second)
    assert predictor.trunk_features(pictures[0], pictures[1], second=Source.GREEN).any()


def test_the_demonstration_models_kind_refuses_a_green_picture(
    tmp_path: Path, make_model: Models, pictures: list[np.ndarray]
) -> None:
    with pytest.raises(ModelError, match=r"reads white light \+ fluorescence"):
        Predictor(make_model(tmp_path / "demo")).predict(pictures[0], pictures[1], second=Source.GREEN)


def test_only_the_overlap_of_the_second_picture_is_seen(green: Path, pictures: list[np.ndarray]) -> None:
    predictor = Predictor(green)
    nowhere = np.zeros(pictures[0].shape[:2], np.bool_)
    answer, _ = predictor.predict(pictures[0], pictures[1], overlap=nowhere, second=Source.GREEN)
    assert answer.sources == (Source.WHITE,)


def test_a_green_picture_is_measured_as_it_is_and_not_against_its_own_level() -> None:
    dim = np.full((8, 8, 3), 40, np.uint8)
    seen = np.ones((8, 8), np.bool_)
    one = {"mean": (0.0,) * 3, "std": (1.0,) * 3}
    made = Normalisation(
        {"green": one["mean"], "fluorescence": one["mean"]}, {"green": one["std"], "fluorescence": one["std"]}
    )
    assert made.picture("green", dim, seen) == pytest.approx(40 / 255)
    assert made.picture("fluorescence", dim, seen) == pytest.approx(1.0)


@pytest.mark.slow
def test_it_is_converted_with_its_own_names_and_answers_the_same(
    green: Path, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []
    for name in (TORCH, OPENVINO_F32):
        monkeypatch.setenv(backends.VARIABLE, name)
        predictor = Predictor(green)
        assert predictor.backend == name
        answers.append(predictor.predict(pictures[0], pictures[1], second=Source.GREEN))
    (one, maps), (other, again) = answers
    assert list(other.probabilities.values()) == pytest.approx(list(one.probabilities.values()), abs=1e-3)
    assert list(other.evidence.values()) == pytest.approx(list(one.evidence.values()), abs=1e-3)
    np.testing.assert_allclose(again["green"].values, maps["green"].values, atol=1e-3)


def test_backends_are_compared_on_the_sources_that_it_reads(green: Path, pictures: list[np.ndarray]) -> None:
    answer, _ = _ask(Predictor(green), pictures[0], pictures[1])
    assert answer.sources == GREEN
