"""An answer says which of its pictures are unlike anything that the model learned from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pfm_desktop.domain.prediction import Familiarity
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm import openvino_door
from pfm_desktop.pfm.backend import OPENVINO_F32, TORCH
from pfm_desktop.pfm.backends import VARIABLE
from pfm_desktop.pfm.calibrate import uncalibrated
from pfm_desktop.pfm.checkpoint import save_model
from pfm_desktop.pfm.familiarity import fit_known, pooled, to_table
from pfm_desktop.pfm.familiarity_check import FamiliarityCheck
from pfm_desktop.pfm.feature_cache import FeatureCache, digest_of
from pfm_desktop.pfm.first_stage import STRIDE
from pfm_desktop.pfm.letterbox import Letterbox, covered_cells, squared
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.predict import Predictor
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.pfm.registry import verified
from pfm_desktop.support.errors import ModelError

pytestmark = pytest.mark.slow  # fits a measure to many pictures

SIZE = 64
WHITE, FLUORESCENCE = Source.WHITE, Source.FLUORESCENCE
Pixels = np.ndarray


def rosy(seed: int, *, noise: float = 6.0) -> Pixels:
    """A smooth reddish picture of 90 x 160, such as the model below learned from."""
    random = np.random.default_rng(seed)
    ramp = np.linspace(-1, 1, 160) * random.uniform(-25, 25) + np.linspace(-1, 1, 90)[:, None] * random.uniform(-25, 25)
    grey = ramp[..., None] + random.uniform(-15, 15, 3) + random.normal(0, noise, (90, 160, 3))
    return np.asarray(np.clip(np.array([170, 110, 100]) + grey, 0, 255).astype(np.uint8))


def page(seed: int) -> Pixels:
    """Black strokes on white: a page of text, more or less."""
    strokes = np.random.default_rng(seed).random((90, 160)) < 0.3
    return np.asarray(np.where(strokes[..., None], 20, 250).repeat(3, axis=2).astype(np.uint8))


def model(folder: Path, table: Mapping[str, Any]) -> Path:
    torch.manual_seed(0)
    save_model(
        folder,
        new_net(NetSpec(size=SIZE)).eval(),
        name="m",
        version="1",
        calibration=uncalibrated(("white", "fluorescence")),
        normalisation=Normalisation.default(),
        familiarity=table,
    )
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that learned white light from `rosy` pictures and keeps nothing of fluorescence."""
    base = tmp_path_factory.mktemp("models")
    wrong = fit_known(np.eye(40), np.ones((500, 40)), accepted=0.9)  # only so that there is one, to look with
    asked = Predictor(model(base / "first", to_table({"white": wrong})))
    seen: list[np.ndarray] = []
    stage = asked._familiarity._stages["white"]
    box = Letterbox.fit(90, 160, SIZE)
    for seed in range(400):
        square, _ = squared(rosy(seed), SIZE)
        picture = asked._normalisation.picture("white", square, box.inside())
        seen.append(pooled(stage.map(picture), covered_cells(box.inside(), SIZE // STRIDE)))
    features = np.array(seen, np.float64)
    return model(base / "m", to_table({"white": fit_known(features[:200], features[200:], accepted=0.95)}))


def test_what_was_learned_from_is_familiar_and_a_page_is_not(folder: Path) -> None:
    predictor = Predictor(folder)
    familiar = [predictor.predict(rosy(seed), None)[0] for seed in range(1000, 1020)]
    assert sum(not answer.unlike for answer in familiar) >= 16
    for seed in range(5):
        answer, _ = predictor.predict(page(seed), None)
        assert answer.unlike == (WHITE,)
        assert answer.unlike_words.startswith("Unlike anything the model learned from: white light")


def test_a_source_of_which_the_model_keeps_nothing_is_never_called_unlike(folder: Path) -> None:
    predictor = Predictor(folder)
    both, _ = predictor.predict(rosy(2000), page(1))
    assert set(both.familiarity) == {WHITE}
    alone, _ = predictor.predict(None, page(1))
    assert not alone.familiarity
    assert alone.unlike_words == ""


def test_a_model_that_keeps_no_measure_answers_without_one(tmp_path: Path) -> None:
    answer, _ = Predictor(model(tmp_path / "m", {})).predict(page(1), page(1))
    assert answer.familiarity == {}
    assert not answer.unlike


@pytest.mark.skipif(not openvino_door.is_there(), reason="OpenVINO is not installed")
def test_every_backend_says_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {}
    for name in (TORCH, OPENVINO_F32):
        monkeypatch.setenv(VARIABLE, name)
        predictor = Predictor(folder)
        assert predictor.backend == name
        said[name], _ = predictor.predict(page(3), None)
        assert predictor.backend == name, "another one answered in its place"
    assert said[TORCH].familiarity
    assert said[TORCH].familiarity == said[OPENVINO_F32].familiarity


def test_asking_again_costs_no_second_look(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    features = FeatureCache()
    predictor = Predictor(folder, features=features)
    first, _ = predictor.predict(page(4), None)

    def never(*_: object) -> np.ndarray:
        raise AssertionError("looked at again")

    monkeypatch.setattr("pfm_desktop.pfm.first_stage.FirstStage.map", never)
    again, _ = predictor.predict(page(4), None)
    assert again.familiarity == first.familiarity


def test_a_picture_is_hashed_once_for_all_that_is_kept_of_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    monkeypatch.setattr(
        "pfm_desktop.pfm.predict.digest_of", lambda picture: (hashed.append(picture.size), digest_of(picture))[1]
    )
    features = FeatureCache()
    Predictor(folder, features=features).predict(rosy(1), page(1))
    assert len(hashed) == 2
    assert len(features) == 3, "two trunks, and the first stage of the one source that the model keeps a measure of"


def test_what_is_hidden_is_not_weighed(folder: Path) -> None:
    check = FamiliarityCheck(folder, verified(folder), FeatureCache())
    picture = np.random.default_rng(0).standard_normal((1, 3, SIZE, SIZE)).astype(np.float32)
    coverage = np.zeros((SIZE // STRIDE, SIZE // STRIDE), np.float32)
    coverage[:, :6] = 1.0
    other = picture.copy()
    other[:, :, :, SIZE // 2 :] = 5.0  # away from the border, which the kernels see across

    def told(picture: Pixels, coverage: np.ndarray) -> dict[Source, Familiarity]:
        return check.of({"white": picture}, {"white": digest_of(picture)}, {"white": coverage}, ["white"])

    partly = told(other, coverage)
    assert told(picture, coverage) == partly
    assert told(other, np.ones_like(coverage)) != partly


def test_features_that_are_no_numbers_stop_the_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "pfm_desktop.pfm.first_stage.FirstStage.map", lambda *_: np.full((40, SIZE // 4, SIZE // 4), np.nan, np.float32)
    )
    with pytest.raises(ModelError, match="no answer is shown or kept"):
        Predictor(folder).predict(rosy(1), None)


def test_only_what_lies_over_the_threshold_is_unlike() -> None:
    assert not Familiarity(1.0, 1.0).unlike
    assert Familiarity(1.01, 1.0).unlike
