"""What a clinician is promised of an answer, on a small network with random weights."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from pfm_desktop.domain.grade import GRADES
from pfm_desktop.domain.prediction import SourceAnswer
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.pfm.calibrate import uncalibrated
from pfm_desktop.pfm.checkpoint import save_model
from pfm_desktop.pfm.model_file import WEIGHTS
from pfm_desktop.pfm.nets.model import new_net
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.pfm.predict import Predictor
from pfm_desktop.pfm.preprocess import Normalisation
from pfm_desktop.support.errors import BadInputError, ModelError

pytestmark = pytest.mark.slow

Pixels = np.ndarray


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    torch.manual_seed(0)
    folder: Path = tmp_path_factory.mktemp("models") / "random"
    save_model(
        folder,
        new_net(NetSpec(size=64)).eval(),
        name="random",
        version="1",
        calibration=uncalibrated(("white", "fluorescence")),
        normalisation=Normalisation.default(),
    )
    return Predictor(folder)


@pytest.fixture(scope="module")
def picture() -> Pixels:
    return np.random.default_rng(0).integers(0, 255, (90, 160, 3), dtype=np.uint8)


def test_the_same_pictures_get_the_same_answer(predictor: Predictor, picture: Pixels) -> None:
    first, maps = predictor.predict(picture, picture)
    second, again = predictor.predict(picture, picture)
    assert first == second
    for name, heatmap in maps.items():
        np.testing.assert_array_equal(heatmap.values, again[name].values)


def test_questions_asked_at_once_get_the_answers_they_get_alone(predictor: Predictor, picture: Pixels) -> None:
    others = [np.roll(picture, 10 * step, axis=1) for step in range(4)]
    alone = [predictor.predict(other, other)[0] for other in others]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert list(pool.map(lambda other: predictor.predict(other, other)[0], others)) == alone


def test_an_answer_adds_up(predictor: Predictor, picture: Pixels) -> None:
    answer, _ = predictor.predict(picture, picture)
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert sum(answer.evidence.values()) == pytest.approx(1)
    assert answer.grade in answer.prediction_set
    ranks = [grade.rank for grade in answer.prediction_set]
    assert ranks == list(range(ranks[0], ranks[-1] + 1))
    assert answer.indeterminate == (len(ranks) >= 3)
    assert set(answer.spread) == set(GRADES)
    assert max(answer.spread.values()) > 0


@pytest.mark.parametrize("source", PLACES)
def test_one_source_alone_answers_and_says_so(predictor: Predictor, picture: Pixels, source: Source) -> None:
    given = (picture, None) if source is Source.WHITE else (None, picture)
    answer, maps = predictor.predict(*given)
    assert answer.sources == (source,)
    assert dict(answer.evidence) == {source: 1.0}
    assert dict(answer.single_source) == {source: SourceAnswer(answer.grade, answer.probabilities)}, "one answer"
    assert set(maps) == {"fused", source.value}


def test_a_heatmap_spans_the_picture_and_marks_what_was_not_seen(predictor: Predictor, picture: Pixels) -> None:
    overlap = np.zeros(picture.shape[:2], np.bool_)
    overlap[:, :80] = True
    _, maps = predictor.predict(picture, picture, overlap=overlap)
    values = maps["fluorescence"].values
    assert values.shape == (72, 128)
    assert np.isnan(values[:, 110:]).all()
    assert np.isfinite(values[:, :40]).all()
    assert np.isfinite(maps["fused"].values).all()
    assert np.nanmin(values) >= 0
    assert np.nanmax(values) <= 1


def test_no_picture_is_refused(predictor: Predictor) -> None:
    with pytest.raises(ModelError):
        predictor.predict(None, None)


def test_pictures_of_two_sizes_are_refused(predictor: Predictor, picture: Pixels) -> None:
    with pytest.raises(BadInputError, match="differ in size"):
        predictor.predict(picture, picture[:50])


def test_trunks_only_are_refused_before_anything_is_said_of_their_weights(
    tmp_path: Path, make_model: Callable[..., Path], alter_model: Callable[..., Path]
) -> None:
    folder = make_model(tmp_path / "m")
    (folder / WEIGHTS).write_bytes(b"altered")
    with pytest.raises(ModelError, match="are not those of"):
        Predictor(folder)
    alter_model(folder, "can_grade = true", "can_grade = false")
    with pytest.raises(ModelError, match="never trained to grade"):
        Predictor(folder)


def test_trunks_run_for_the_sources_that_are_used_only(
    predictor: Predictor, picture: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    given: list[dict[str, Pixels]] = []
    maps, answers = predictor._backend.maps, predictor._backend.answers
    monkeypatch.setattr(predictor._backend, "maps", lambda name, p: (ran.append(name), maps(name, p))[1])
    monkeypatch.setattr(predictor._backend, "answers", lambda m, cover: (given.append(dict(m)), answers(m, cover))[1])
    predictor.forget_pictures()
    predictor.predict(None, picture)
    assert ran == ["fluorescence"]
    assert list(given[0]) == ["white", "fluorescence"], "in the order of the network"
    assert not given[0]["white"].any()
    assert given[0]["white"].shape == given[0]["fluorescence"].shape


def test_an_answer_that_is_no_number_is_no_answer(tmp_path: Path, picture: Pixels) -> None:
    torch.manual_seed(0)
    net = new_net(NetSpec(size=64)).eval()
    for name, value in net.state_dict().items():
        if name == "extract.white.trunk.patch_embed.norm.running_var":
            value.fill_(-9.0)  # finite itself, but nobody can take its root
    save_model(
        tmp_path / "m",
        net,
        name="m",
        version="1",
        calibration=uncalibrated(("white", "fluorescence")),
        normalisation=Normalisation.default(),
    )
    predictor = Predictor(tmp_path / "m")
    for given in ((picture, picture), (picture, None)):
        with pytest.raises(ModelError, match=r"the model m 1 gives an answer that is no number\. no answer is shown"):
            predictor.predict(*given)
    predictor.predict(None, picture)
