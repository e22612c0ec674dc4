"""Pairs of white light and a green filter, or Lugol's iodine: asked of models that read them, refused by others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Order
from pfm_desktop.domain.quality import Verdict
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.imaging.phantom import Phantom, render
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import cases, engine, models, pairing, review
from pfm_desktop.services.analysis_files import from_kept, public_json, to_kept
from pfm_desktop.services.case_files import Outputs, analyze_files, said_lines
from pfm_desktop.services.evaluation import evaluate_manifest
from pfm_desktop.services.inference import AnalysisRequest, analyze, examine, request_of
from pfm_desktop.services.reading_order import in_order
from pfm_desktop.services.report import report_of_analysis, report_of_visit
from pfm_desktop.services.report_checks import checks_of
from pfm_desktop.storage import answers
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.paths import user_models_dir

pytestmark = pytest.mark.slow  # each test answers a pair

CTX = SilentContext()
GREEN = (Source.WHITE, Source.GREEN)
REFUSED = "this model reads white light + fluorescence; this pair is white light + green filter"


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return render(12, grade=Grade.LOW, size=448)


def through_green(white: np.ndarray, *, shift: int = 3) -> np.ndarray:
    """The green channel of a drawing, seen from a little aside, as through a filter that lets hardly else pass."""
    tinted = np.roll(white, shift, axis=1)[..., 1:2] * np.array([0.1, 0.9, 0.15])
    return np.asarray(tinted.astype(np.uint8))


def after_iodine(white: np.ndarray) -> np.ndarray:
    """Stained brown."""
    return np.asarray((np.roll(white, 2, axis=0) * np.array([0.5, 0.3, 0.12])).astype(np.uint8))


@pytest.fixture(scope="module")
def green(phantom: Phantom) -> np.ndarray:
    return through_green(phantom.white)


@pytest.fixture
def demo(make_model: Callable[..., Path]) -> Iterator[str]:
    make_model(user_models_dir() / "tiny", name="tiny")
    yield "tiny"
    models.forget_loaded()


@pytest.fixture
def ours(make_model: Callable[..., Path]) -> Iterator[str]:
    make_model(user_models_dir() / "ours", name="ours", sources=GREEN)
    yield "ours"
    models.forget_loaded()


def test_a_model_that_reads_the_pair_answers_and_names_its_sources(
    phantom: Phantom, green: np.ndarray, ours: str
) -> None:
    result = analyze(CTX, AnalysisRequest(phantom.white, green, ours, second=Source.GREEN))
    analysis = result.analysis
    assert analysis.refused is None
    assert analysis.prediction is not None
    assert analysis.prediction.sources == GREEN
    assert set(analysis.quality) == {"white", "green", "pair"}
    assert set(analysis.heatmaps) == {"fused", "white", "green"}
    assert analysis.frame is Source.WHITE
    assert result.fluorescence is green


def test_white_light_is_registered_onto_the_green_filter_by_the_same_engine(
    phantom: Phantom, green: np.ndarray
) -> None:
    found = examine(CTX, phantom.white, green, second=Source.GREEN)
    assert found.refused is None
    assert found.registration is not None
    assert found.registration.status is not RegistrationStatus.REFUSED
    points = np.array([[100.0, 120.0], [220.0, 220.0], [300.0, 150.0]])
    np.testing.assert_allclose(found.registration.white_to_fluorescence(points), points + np.array([3, 0]), atol=2.0)


def test_a_pair_of_other_sources_is_refused_as_an_answer_that_names_both(
    phantom: Phantom, green: np.ndarray, demo: str
) -> None:
    result = analyze(CTX, AnalysisRequest(phantom.white, green, demo, second=Source.GREEN))
    analysis = result.analysis
    assert analysis.prediction is None
    assert analysis.refused is not None
    assert analysis.refused.reason == REFUSED
    assert analysis.quality["green"].verdict is Verdict.GOOD, "the pictures are checked all the same"
    assert result.registration is not None
    assert any(line.startswith(f"No answer: {REFUSED}. Choose a model") for line in said_lines(result))


def test_the_other_way_round_it_is_refused_too(phantom: Phantom, ours: str) -> None:
    refused = analyze(CTX, AnalysisRequest(phantom.white, phantom.fluorescence, ours)).analysis.refused
    assert refused is not None
    assert refused.reason == "this model reads white light + green filter; this pair is white light + fluorescence"
    alone = analyze(CTX, AnalysisRequest(None, phantom.fluorescence, ours)).analysis.refused
    assert alone is not None
    assert alone.reason.endswith("; this picture is fluorescence")


def test_white_light_alone_and_a_green_picture_given_as_white_light_are_as_before(
    phantom: Phantom, ours: str, demo: str
) -> None:
    for model in (ours, demo):
        prediction = analyze(CTX, AnalysisRequest(phantom.white, None, model)).analysis.prediction
        assert prediction is not None
        assert prediction.sources == (Source.WHITE,)


def test_the_same_picture_twice_is_said_in_words_of_the_green_filter(phantom: Phantom, ours: str) -> None:
    refused = analyze(CTX, AnalysisRequest(phantom.white, phantom.white, ours, second=Source.GREEN)).analysis.refused
    assert refused is not None
    assert "Choose the green filter picture that belongs to this white-light picture." in refused.advice


def test_the_answer_is_kept_read_again_and_written_with_its_own_keys(
    phantom: Phantom, green: np.ndarray, ours: str, demo: str
) -> None:
    for model in (ours, demo):
        analysis = analyze(CTX, AnalysisRequest(phantom.white, green, model, second=Source.GREEN)).analysis
        again = from_kept(*to_kept(analysis))
        assert (again.prediction, again.refused, again.model) == (analysis.prediction, analysis.refused, analysis.model)
        written = public_json(analysis)
        assert list(written["quality"]) == ["white", "fluorescence", "green", "pair"]
        assert list(written["evidence"]) == ["white", "fluorescence", "green"]
        assert written["quality"]["fluorescence"] is None
    plain = analyze(CTX, AnalysisRequest(phantom.white, None, demo)).analysis
    assert list(public_json(plain)["quality"]) == ["white", "fluorescence", "pair"]


def test_a_report_of_files_calls_the_second_picture_what_it_is(phantom: Phantom, green: np.ndarray, demo: str) -> None:
    result = analyze(CTX, AnalysisRequest(phantom.white, green, demo, second=Source.GREEN))
    content = report_of_analysis(result, software="x")
    assert [picture.caption for picture in content.pictures][:2] == ["White light", "Green filter"]
    assert any(check.text.startswith("Green filter: quality good") for check in content.checks)


def test_files_are_asked_about_with_one_second_picture_beside_white_light(tmp_path: Path) -> None:
    white, other = tmp_path / "w.png", tmp_path / "g.png"
    request = request_of(white, {Source.FLUORESCENCE: None, Source.GREEN: other}, "m")
    assert (request.white, request.fluorescence, request.second) == (white, other, Source.GREEN)
    assert request_of(white, {}, "m").second is Source.FLUORESCENCE
    with pytest.raises(BadInputError, match="fluorescence \\+ green filter are no pair"):
        request_of(white, {Source.FLUORESCENCE: other, Source.GREEN: other}, "m")
    with pytest.raises(BadInputError, match="green filter: such a picture is read beside white light only"):
        request_of(None, {Source.GREEN: other}, "m")


def test_the_json_of_files_says_why_there_is_no_answer(
    tmp_path: Path, phantom: Phantom, green: np.ndarray, demo: str
) -> None:
    files = []
    for name, pixels in (("w", phantom.white), ("g", green)):
        files.append(tmp_path / f"{name}.png")
        files[-1].write_bytes(encode_png(pixels))
    out = tmp_path / "out.json"
    analyze_files(CTX, request_of(files[0], {Source.GREEN: files[1]}, demo), Outputs(out, None, None))
    assert json.loads(out.read_text(encoding="utf-8"))["refused"]["reason"] == REFUSED


# ---- in a library


def visit_with(lib: Library, phantom: Phantom, second: np.ndarray, stage: Stage) -> tuple[str, str, str]:
    """Ids of a visit, its pair, and the second picture."""
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id).id
    white = cases.add_picture(lib, visit, encode_png(phantom.white), stage=Stage.ACETIC_ACID).id
    other = cases.add_picture(lib, visit, encode_png(second), stage=stage).id
    return visit, pairing.make_pair(lib, visit, white, other).key, other


def test_a_pair_of_a_library_is_answered_refused_and_found_again(
    lib: Library, phantom: Phantom, green: np.ndarray, ours: str, demo: str
) -> None:
    _, pair, _ = visit_with(lib, phantom, green, Stage.GREEN)
    pictures = engine.load_pair(CTX, lib, pair)
    assert pictures.second is Source.GREEN
    assert pictures.sources == GREEN
    answer = engine.answer_pair(CTX, lib, pictures, ours)
    assert answer.analysis.prediction is not None
    refused = engine.answer_pair(CTX, lib, pictures, demo)
    assert refused.analysis.refused is not None
    assert refused.analysis.refused.reason == REFUSED
    again = [engine.answer_pair(CTX, lib, pictures, model) for model in (ours, demo)]
    assert [one.from_library for one in again] == [True, True]
    assert again[1].analysis.refused == refused.analysis.refused


def test_a_picture_after_iodine_is_a_source_of_its_own(lib: Library, phantom: Phantom, ours: str) -> None:
    _, pair, _ = visit_with(lib, phantom, after_iodine(phantom.white), Stage.LUGOL)
    pictures = engine.load_pair(CTX, lib, pair)
    answer = engine.answer_pair(CTX, lib, pictures, ours)
    assert answer.analysis.refused is not None
    assert answer.analysis.refused.reason.endswith("this pair is white light + Lugol's iodine")


def test_a_corrected_stage_has_the_pair_answered_anew(
    lib: Library, phantom: Phantom, green: np.ndarray, ours: str
) -> None:
    _, pair, other = visit_with(lib, phantom, green, Stage.GREEN)
    assert engine.answer_pair(CTX, lib, engine.load_pair(CTX, lib, pair), ours).analysis.prediction is not None
    lib.apply(Change("picture", other, {"stage": "green"}, {"stage": "lugol"}, "Stage corrected"))
    answer = engine.answer_pair(CTX, lib, engine.load_pair(CTX, lib, pair), ours)
    assert not answer.from_library
    assert answer.analysis.prediction is None


def test_what_a_model_refuses_comes_last_in_the_order_of_labelling(
    lib: Library, phantom: Phantom, green: np.ndarray, demo: str
) -> None:
    _, refused, _ = visit_with(lib, phantom, green, Stage.GREEN)
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="K-2").id).id
    for pixels, stage in ((phantom.white, Stage.ACETIC_ACID), (phantom.fluorescence, Stage.FLUORESCENCE_AFTER_ACID)):
        cases.add_picture(lib, visit, encode_png(pixels), stage=stage)
    read = pairing.ensure_pair(lib, visit)
    assert read is not None
    for order in (Order.UNCERTAINTY, Order.DIVERSITY):
        for seed in (0, 1):
            assert in_order(CTX, lib, [refused, read.id], order, seed=seed, model=demo) == (read.id, refused), order


def test_a_printed_report_names_the_source_of_pins_and_checks(
    lib: Library, phantom: Phantom, green: np.ndarray, demo: str
) -> None:
    visit, pair, _ = visit_with(lib, phantom, green, Stage.GREEN)
    review.place_pin(lib, pair, Source.FLUORESCENCE, 100.0, 100.0)
    pictures = engine.load_pair(CTX, lib, pair)
    answer = engine.answer_pair(CTX, lib, pictures, demo)
    pictures = replace(pictures, registration=answer.registration)
    content = report_of_visit(lib, cases.visit_case(lib, visit), answer, pictures, software="x")
    assert [pin.picture for pin in content.pins] == ["green filter"]
    assert [picture.caption for picture in content.pictures] == [
        "White light, acetic acid",
        "White light, green filter",
    ]
    assert any(check.text.startswith("Green filter: quality") for check in checks_of(answer, pictures))


def test_a_manifest_is_no_place_for_other_sources_and_a_model_that_reads_them_is_told(
    tmp_path: Path, ours: str
) -> None:
    manifest = tmp_path / "m.csv"
    manifest.write_text("patient,case,white,fluorescence,grade\np,c,w.png,f.png,low\n", encoding="utf-8")
    for name in ("w.png", "f.png"):
        (tmp_path / name).write_bytes(encode_png(np.zeros((8, 8, 3), np.uint8)))
    with pytest.raises(BadInputError, match=r"this model reads white light \+ green filter"):
        evaluate_manifest(CTX, manifest, ours, workers=0)


def test_the_map_of_a_device_is_that_of_one_source_and_never_of_another(lib: Library) -> None:
    made: dict[Stage, list[str]] = {}
    glowing = Stage.FLUORESCENCE_AFTER_ACID, Stage.FLUORESCENCE_BEFORE_ACID
    for number, stage in enumerate((Stage.GREEN, Stage.LUGOL, *glowing)):
        for again in range(2):
            visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"K-{number}-{again}").id).id
            pictures = []
            for one, shade in ((Stage.ACETIC_ACID, 10 * number + again), (stage, 100 + 10 * number + again)):
                plain = encode_png(np.full((48, 48, 3), shade, np.uint8))
                pictures.append(cases.add_picture(lib, visit, plain, stage=one, device="C1").id)
            made.setdefault(stage, []).append(pairing.make_pair(lib, visit, *pictures).key)
    for number, pairs in enumerate(made.values()):
        summary = {"status": "ok", "matrix": [[number, 0, 0]], "reason": ""}
        answers.put_registration(lib, pairs[0], summary=summary, data=b"x")
    found = {stage: answers.last_map(lib, pairs[1]) for stage, pairs in made.items()}
    assert found[Stage.GREEN] == [[0, 0, 0]]
    assert found[Stage.LUGOL] == [[1, 0, 0]]
    assert [found[stage] for stage in glowing] == [[[3, 0, 0]]] * 2, "the last one of either stage"
