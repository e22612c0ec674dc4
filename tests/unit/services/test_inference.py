"""The order of one case: read, check, register, predict; and where it stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.quality import Verdict
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.film import PhantomFilm
from pfm_desktop.imaging.phantom import Phantom, render
from pfm_desktop.imaging.registration import from_points
from pfm_desktop.jobs import CallbackContext, SilentContext
from pfm_desktop.services import inference, models
from pfm_desktop.services.inference import AnalysisRequest, analyze, examine
from pfm_desktop.support.errors import BadInputError, ModelError

pytestmark = pytest.mark.slow  # each test answers a pair

CTX = SilentContext()


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return render(12, grade=Grade.LOW, size=448)


@pytest.fixture(scope="module")
def model(make_model: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield str(make_model(tmp_path_factory.mktemp("models") / "tiny", name="tiny"))
    models.forget_loaded()


def test_progress_tells_each_step_and_ends_full(phantom: Phantom, model: str) -> None:
    told: list[tuple[float, float, str]] = []
    ctx = CallbackContext(lambda *step: told.append(step), lambda: False)
    result = analyze(ctx, AnalysisRequest(phantom.white, phantom.fluorescence, model))
    assert [text for _, _, text in told] == ["Reading", "Checking quality", "Registering", "Grading", "Done"]
    assert told[-1][0] == told[-1][1] == inference.STEPS
    assert set(result.analysis.timing_ms) == {"read", "quality", "register", "predict", "total"}


def test_a_registration_that_is_known_is_used_as_it_is(phantom: Phantom, model: str) -> None:
    spots = np.array([[10.0, 10.0], [400.0, 20.0], [30.0, 410.0]])
    fitted = from_points(spots, spots + 3, white_size=(448, 448), fluorescence_size=(448, 448))
    known = replace(fitted, by_hand=False)  # whether points fit the pictures is not asked here
    result = analyze(CTX, AnalysisRequest(phantom.white, phantom.fluorescence, model, registration=known))
    assert result.registration is known
    assert result.warped_fluorescence is not None
    np.testing.assert_array_equal(result.warped_fluorescence[:-3, :-3], phantom.fluorescence[3:, 3:])


def test_two_women_are_not_graded_together(phantom: Phantom, model: str) -> None:
    stranger = render(13, grade=Grade.LOW, size=448)
    result = analyze(CTX, AnalysisRequest(phantom.white, stranger.fluorescence, model))
    assert result.analysis.prediction is None
    assert result.analysis.refused is not None
    assert result.analysis.registration is not None
    assert result.analysis.registration.status is RegistrationStatus.REFUSED
    assert result.analysis.heatmaps == {}
    assert result.warped_fluorescence is None


def test_two_women_in_the_same_round_field_are_not_graded_together(model: str) -> None:
    film, other = (PhantomFilm(seed, width=640, height=360) for seed in (700, 701))
    white = film.picture(Light.WHITE, acid_s=60.0, at=10.0)
    for one, answered in ((film, True), (other, False)):
        lit = one.picture(Light.FLUORESCENCE, acid_s=60.3, at=10.3)
        analysis = analyze(CTX, AnalysisRequest(white, lit, model)).analysis
        assert (analysis.prediction is not None) is answered
        assert (analysis.refused is None) is answered


def test_the_hash_of_a_refused_case_was_checked(
    phantom: Phantom, make_model: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_model(tmp_path / "m", name="m")
    dark = AnalysisRequest(phantom.white // 50, None, str(folder))
    refused = analyze(CTX, dark).analysis
    assert refused.refused is not None
    assert refused.model.sha256 == models.info_of(str(folder)).sha256
    with (folder / "weights.safetensors").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ModelError, match="are not those of m"):
        analyze(CTX, dark)


def test_swapped_pictures_are_told_apart(phantom: Phantom, model: str) -> None:
    result = analyze(CTX, AnalysisRequest(phantom.fluorescence, phantom.white, model))
    assert result.analysis.refused is not None
    assert result.analysis.refused.reason == "the two pictures look swapped"
    assert result.analysis.refused.advice == "Swap the two."
    assert [quality.advice for quality in result.analysis.quality.values() if quality.advice] == [
        result.analysis.refused.advice
    ]
    assert {quality.verdict for quality in result.analysis.quality.values()} == {Verdict.UNUSABLE}


def test_one_picture_twice_is_called_so_and_not_a_wrong_source(phantom: Phantom) -> None:
    case = examine(CTX, phantom.white, phantom.white)
    assert case.refused is not None
    assert case.refused.reason == "the same picture was given twice"
    assert case.quality["pair"].problems == ("identical",)
    advices = {quality.advice for quality in case.quality.values()} - {""}
    assert advices == {case.refused.advice}


def test_heatmaps_lie_on_the_picture_that_was_given(phantom: Phantom, model: str) -> None:
    result = analyze(CTX, AnalysisRequest(None, phantom.fluorescence[:336], model))
    assert result.analysis.frame is Source.FLUORESCENCE
    assert result.analysis.heatmaps["fused"].values.shape == (96, 128)
    assert not analyze(CTX, AnalysisRequest(phantom.white, None, model, heatmaps=False)).analysis.heatmaps


def test_the_overlap_of_the_engine_is_that_of_the_registration(phantom: Phantom) -> None:
    case = examine(CTX, phantom.white, phantom.fluorescence)
    assert case.registration is not None
    np.testing.assert_array_equal(case.overlap, case.registration.overlap_mask())
    np.testing.assert_array_equal(case.warped, case.registration.warp_to_white(phantom.fluorescence))


@pytest.mark.parametrize("pixels", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3)), np.zeros((0, 9, 3), np.uint8)])
def test_arrays_of_another_kind_are_refused_in_words(pixels: np.ndarray, model: str) -> None:
    with pytest.raises(BadInputError, match="the white light picture is"):
        analyze(CTX, AnalysisRequest(pixels, None, model))


@pytest.mark.parametrize("source", ["white", "fluorescence"])
def test_a_picture_of_no_numbers_is_refused_in_words_and_no_model_is_asked(source: str, model: str) -> None:
    with pytest.raises(BadInputError) as error:
        analyze(CTX, AnalysisRequest(**{source: np.full((400, 400, 3), np.nan, np.float32)}, model=model))
    assert "picture is float32 of shape (400, 400, 3)" in str(error.value)
    assert "give H x W x 3 uint8 RGB" in str(error.value)
    assert "\n" not in str(error.value)


COLOURS = [(0, 0, 0), (255, 255, 255), (128, 128, 128), (210, 120, 120), (90, 20, 20), (30, 120, 110), (5, 20, 18)]


@pytest.mark.slow
@pytest.mark.parametrize("given", [("white",), ("fluorescence",), ("white", "fluorescence")], ids="+".join)
@pytest.mark.parametrize("colour", COLOURS, ids=str)
def test_pictures_of_one_colour_get_a_refusal_with_advice_and_no_answer(
    colour: tuple[int, int, int], given: tuple[str, ...], model: str
) -> None:
    for noise in (0, 2):  # exactly one colour, and as a sensor sees it
        drawn = np.random.default_rng(noise).normal(0, noise, (2, 400, 400, 3)) + colour
        pictures = dict(zip(given, np.clip(drawn, 0, 255).astype(np.uint8), strict=False))
        analysis = analyze(CTX, AnalysisRequest(**pictures, model=model)).analysis
        assert analysis.prediction is None
        assert not analysis.heatmaps
        assert analysis.refused is not None
        assert analysis.refused.reason
        assert analysis.refused.advice


@pytest.mark.parametrize("source", ["white", "fluorescence"])
def test_one_picture_given_as_the_other_source_is_called_so(source: str, phantom: Phantom, model: str) -> None:
    other = phantom.fluorescence if source == "white" else phantom.white
    analysis = analyze(CTX, AnalysisRequest(**{source: other}, model=model)).analysis
    assert analysis.prediction is None
    assert analysis.quality[source].problems == ("wrong_source",)
    assert analysis.refused is not None
    assert "wrong source" in analysis.refused.reason
    assert "of two pictures swap them" in analysis.refused.advice


def test_a_real_photograph_given_as_fluorescence_is_refused_as_white_light(annocerv: Path, model: str) -> None:
    file = sorted((annocerv / "images").iterdir())[0]
    analysis = analyze(CTX, AnalysisRequest(fluorescence=file, model=model)).analysis
    assert analysis.prediction is None
    assert analysis.quality["fluorescence"].problems == ("wrong_source",)


def test_a_model_of_one_source_is_not_asked_about_the_other(
    phantom: Phantom, make_model: Callable[..., Path], tmp_path: Path
) -> None:
    white_only = str(make_model(tmp_path / "white", name="white-only", sources=(Source.WHITE,)))
    assert analyze(CTX, AnalysisRequest(phantom.white, None, white_only)).analysis.prediction is not None
    with pytest.raises(ModelError, match="reads white light only, not fluorescence"):
        analyze(CTX, AnalysisRequest(phantom.white, phantom.fluorescence, white_only))
