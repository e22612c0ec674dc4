"""A pair is answered once and found again; nothing half written, nothing of an older registration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pfm_desktop.domain.case import Pair
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.quality import Quality, Verdict
from pfm_desktop.domain.registration import DISAGREE, Agreement, RegistrationStatus
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.imaging import registration as registering
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.imaging.phantom import Phantom, render
from pfm_desktop.imaging.registration import Registration, by_hand
from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.pfm.checkpoint import rewrite_model_file
from pfm_desktop.pfm.familiarity import fit_known, to_table
from pfm_desktop.services import cases, engine, inference, models, pairing, review
from pfm_desktop.services.engine import PairPictures
from pfm_desktop.storage import answers, journal
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.storage.tables import RegistrationTable
from pfm_desktop.support.errors import BadInputError, ModelError, StorageError
from pfm_desktop.support.paths import user_models_dir

pytestmark = pytest.mark.slow  # each test reads, registers and answers a pair

CTX = SilentContext()
MODEL = "tiny"
SPOTS = np.array([[120.0, 120.0], [320.0, 130.0], [130.0, 320.0], [310.0, 330.0]])


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return render(11, grade=Grade.HIGH, size=448)


@pytest.fixture
def model(make_model: Callable[..., Path]) -> Iterator[Path]:
    yield make_model(user_models_dir() / MODEL, name=MODEL)
    models.forget_loaded()


def fill(lib: Library, white: np.ndarray | None, fluorescence: np.ndarray | None) -> Pair:
    patient = cases.add_patient(lib, identifier="K-1")
    visit = cases.add_visit(lib, patient.id)
    for pixels, stage in ((white, Stage.ACETIC_ACID), (fluorescence, Stage.FLUORESCENCE_AFTER_ACID)):
        if pixels is not None:
            scale = 0.04 if stage is Stage.ACETIC_ACID else 0.05
            cases.add_picture(lib, visit.id, encode_png(pixels), stage=stage, mm_per_px=scale)
    pair = pairing.ensure_pair(lib, visit.id)
    assert pair is not None
    return pair


@pytest.fixture
def pair(lib: Library, phantom: Phantom) -> Pair:
    return fill(lib, phantom.white, phantom.fluorescence)


def load(lib: Library, pair: Pair) -> PairPictures:
    return engine.load_pair(CTX, lib, pair.id)


def files_of(lib: Library) -> dict[str, bytes]:
    """Everything below the library but SQLite's own scratch files."""
    skip = ("library.sqlite-shm", "library.sqlite-wal", "lock")
    return {
        str(file.relative_to(lib.path)): file.read_bytes()
        for file in sorted(lib.path.rglob("*"))
        if file.is_file() and file.name not in skip
    }


def test_a_pair_is_loaded_with_its_pictures_and_the_scale_of_white_light(
    lib: Library, pair: Pair, phantom: Phantom
) -> None:
    pictures = load(lib, pair)
    np.testing.assert_array_equal(pictures.white, phantom.white)
    np.testing.assert_array_equal(pictures.fluorescence, phantom.fluorescence)
    assert pictures.pair == pair
    assert pictures.registration is None
    assert pictures.mm_per_px == 0.04


def test_the_scale_of_a_lone_fluorescence_picture_is_its_own(lib: Library, phantom: Phantom) -> None:
    pictures = load(lib, fill(lib, None, phantom.fluorescence))
    assert pictures.white is None
    assert pictures.mm_per_px == 0.05


def test_a_pair_that_is_gone_is_said_so(lib: Library) -> None:
    with pytest.raises(StorageError, match="no longer in the library"):
        engine.load_pair(CTX, lib, "0" * 32)


def test_an_answer_is_kept_and_found_again_the_same(lib: Library, pair: Pair, model: Path) -> None:
    first = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    pictures = load(lib, pair)
    second = engine.answer_pair(CTX, lib, pictures, MODEL)
    assert (first.from_library, second.from_library) == (False, True)
    assert pictures.registration is not None
    assert pictures.registration.summary() == first.analysis.registration
    assert replace(first.analysis, heatmaps={}) == replace(second.analysis, heatmaps={})
    assert first.analysis.prediction is not None
    assert set(first.analysis.heatmaps) == {"fused", "white", "fluorescence"}
    for name, heatmap in first.analysis.heatmaps.items():
        np.testing.assert_array_equal(second.analysis.heatmaps[name].values, heatmap.values)


# ---- unlike anything learned from


def learned(folder: Path, threshold: float) -> Path:
    """The model keeps a measure of white light, with this threshold; everything lies at some distance above 0."""
    table = to_table({"white": replace(fit_known(np.eye(40), np.ones((500, 40)), accepted=0.9), threshold=threshold)})
    rewrite_model_file(folder, familiarity=table)
    return folder


def kept_as_before(lib: Library, pair: Pair, model: Path) -> None:
    """The model finds the pair unlike; its answer is kept without what earlier versions did not ask."""
    learned(model, 1e-3)
    engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    kept = answers.answer(lib, pair.id, models.info_of(MODEL).sha256)
    assert kept is not None
    body = {**kept.body, "prediction": {**kept.body["prediction"]}}
    del body["prediction"]["familiarity"]
    names = {"model_name": MODEL, "model_sha256": kept.model_sha256}
    answers.put_answer(lib, pair.id, **names, body=body, blobs=kept.blobs)


def test_what_is_unlike_is_kept_with_the_answer(lib: Library, pair: Pair, model: Path) -> None:
    learned(model, 1e-3)
    first = engine.answer_pair(CTX, lib, load(lib, pair), MODEL).analysis.prediction
    again = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    assert again.from_library
    assert again.analysis.prediction == first
    assert first is not None
    assert first.unlike == (Source.WHITE,)


def test_an_answer_kept_before_its_model_was_asked_is_made_again_with_its_warning(
    lib: Library, pair: Pair, model: Path
) -> None:
    kept_as_before(lib, pair, model)
    again = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    assert not again.from_library
    assert again.analysis.prediction is not None
    assert again.analysis.prediction.unlike == (Source.WHITE,)
    assert engine.answer_pair(CTX, lib, load(lib, pair), MODEL).from_library


def test_of_a_signed_visit_it_stays_as_it_was_signed_and_says_that_it_was_not_checked(
    lib: Library, pair: Pair, model: Path
) -> None:
    kept_as_before(lib, pair, model)
    review.set_impression(lib, pair.visit_id, Grade.LOW)
    review.sign(lib, pair.visit_id, "Dr. Test", "author")
    signed = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    assert signed.from_library
    assert signed.analysis.prediction is not None
    assert not signed.analysis.prediction.familiarity_asked
    assert "not checked when this answer was made" in signed.analysis.prediction.familiarity_words


@pytest.mark.parametrize("sign", [False, True])
def test_another_version_with_the_same_weights_is_asked_anew_but_not_in_a_signed_visit(
    lib: Library, pair: Pair, model: Path, sign: bool
) -> None:
    first = engine.answer_pair(CTX, lib, load(lib, pair), MODEL).analysis
    if sign:
        review.set_impression(lib, pair.visit_id, Grade.LOW)
        review.sign(lib, pair.visit_id, "Dr. Test", "author")
    rewrite_model_file(model, version="2")
    again = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    assert again.from_library is sign
    assert again.analysis.model.version == (first.model.version if sign else "2")
    kept = answers.answer(lib, pair.id, first.model.sha256)
    assert kept is not None
    assert kept.body["model"]["version"] == again.analysis.model.version


def test_other_limits_of_the_same_weights_are_asked_anew(lib: Library, pair: Pair, model: Path) -> None:
    pictures = load(lib, pair)
    plain = engine.answer_pair(CTX, lib, pictures, MODEL).analysis.prediction
    assert plain is not None
    assert plain.unlike == ()
    for threshold, unlike in ((1e6, ()), (1e-3, (Source.WHITE,)), (1e6, ())):
        learned(model, threshold)
        answer = engine.answer_pair(CTX, lib, pictures, MODEL)
        assert not answer.from_library
        assert answer.analysis.prediction is not None
        assert answer.analysis.prediction.unlike == unlike
        assert answer.analysis.prediction.probabilities == plain.probabilities
        assert engine.answer_pair(CTX, lib, pictures, MODEL).from_library


def test_an_answer_is_found_again_by_one_look_at_its_model(
    lib: Library, pair: Pair, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = load(lib, pair)
    engine.answer_pair(CTX, lib, pictures, MODEL)
    looked: list[str] = []
    find = models.folder_of
    monkeypatch.setattr(models, "folder_of", lambda name: (looked.append(name), find(name))[1])
    assert engine.answer_pair(CTX, lib, pictures, MODEL).from_library
    assert looked == [MODEL]


def test_a_refusal_stays_kept_whatever_its_model_can_tell(lib: Library, model: Path, phantom: Phantom) -> None:
    pair = fill(lib, phantom.white // 12, phantom.fluorescence)
    engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    learned(model, 1e-3)
    assert engine.answer_pair(CTX, lib, load(lib, pair), MODEL).from_library


def test_a_refusal_is_kept_as_well(lib: Library, model: Path, phantom: Phantom) -> None:
    pair = fill(lib, phantom.white // 12, phantom.fluorescence)
    first = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    second = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    assert first.analysis.refused is not None
    assert "too dark" in first.analysis.refused.reason
    assert second.from_library
    assert second.analysis == first.analysis


def test_another_model_answers_anew_and_both_answers_stay(
    lib: Library, pair: Pair, model: Path, make_model: Callable[..., Path]
) -> None:
    make_model(user_models_dir() / "other", name="other", splice="channel")
    pictures = load(lib, pair)
    engine.answer_pair(CTX, lib, pictures, MODEL)
    other = engine.answer_pair(CTX, lib, pictures, "other")
    assert not other.from_library
    assert other.analysis.model.name == "other"
    assert engine.answer_pair(CTX, lib, pictures, MODEL).from_library
    assert engine.answer_pair(CTX, lib, pictures, "other").from_library


@pytest.mark.parametrize("damage", ["body", "heatmap"])
def test_a_damaged_answer_is_made_again(lib: Library, pair: Pair, model: Path, damage: str) -> None:
    first = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    info = first.analysis.model
    kept = answers.answer(lib, pair.id, info.sha256)
    assert kept is not None
    body = {**kept.body, "frame": "ultraviolet"} if damage == "body" else kept.body
    blobs = kept.blobs if damage == "body" else {**kept.blobs, "fused": b"not an archive"}
    answers.put_answer(lib, pair.id, model_name=MODEL, model_sha256=info.sha256, body=body, blobs=blobs)
    again = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    assert not again.from_library
    assert again.analysis.prediction == first.analysis.prediction
    assert engine.answer_pair(CTX, lib, load(lib, pair), MODEL).from_library


def test_a_damaged_registration_is_made_again(lib: Library, pair: Pair, model: Path) -> None:
    first = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    answers.put_registration(lib, pair.id, summary={}, data=b"nonsense")
    pictures = load(lib, pair)
    assert pictures.registration is None
    again = engine.answer_pair(CTX, lib, pictures, MODEL)
    assert again.analysis.registration == first.analysis.registration
    assert load(lib, pair).registration is not None


def test_a_registration_of_pictures_of_another_size_is_not_used(lib: Library, pair: Pair, model: Path) -> None:
    other = Registration(RegistrationStatus.OK, 0.5, np.eye(3), np.zeros((2, 2, 2), np.float32), (9, 9), (9, 9))
    answers.put_registration(lib, pair.id, summary={}, data=other.to_bytes())
    assert load(lib, pair).registration is None


def test_a_read_only_library_answers_and_stays_untouched(lib: Library, pair: Pair, model: Path) -> None:
    with Library.open(lib.path) as second:
        assert second.read_only
        before = files_of(lib)
        answer = engine.answer_pair(CTX, second, load(second, pair), MODEL)
        assert answer.analysis.prediction is not None
        with pytest.raises(StorageError, match="reading only"):
            engine.register_again(CTX, second, load(second, pair))
        assert files_of(lib) == before
        engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
        assert engine.answer_pair(CTX, second, load(second, pair), MODEL).from_library


@pytest.mark.slow
def test_cancelled_at_any_step_nothing_half_written_is_left(lib: Library, pair: Pair, model: Path) -> None:
    pictures = load(lib, pair)
    sha256 = models.info_of(MODEL).sha256
    for step in range(40):
        asked = 0

        def cancelled(limit: int = step) -> bool:
            nonlocal asked
            asked += 1
            return asked > limit

        ctx = CallbackContext(lambda done, total, text: None, cancelled)
        try:
            engine.answer_pair(ctx, lib, pictures, MODEL)
        except Cancelled:
            assert answers.answer(lib, pair.id, sha256) is None
            assert list(lib.derived.leftovers()) == []
        else:
            break
    assert step > 5
    assert answers.answer(lib, pair.id, sha256) is not None


def test_without_a_model_the_pair_is_registered_all_the_same(lib: Library, pair: Pair) -> None:
    with pytest.raises(ModelError, match="no model 'gone'"):
        engine.answer_pair(CTX, lib, load(lib, pair), "gone")
    assert load(lib, pair).registration is not None


def test_with_an_altered_model_the_pair_is_registered_all_the_same(lib: Library, pair: Pair, model: Path) -> None:
    weights = model / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="are not those"):
        engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    assert load(lib, pair).registration is not None


def test_a_full_disk_costs_the_kept_answer_and_not_the_answer(
    lib: Library, pair: Pair, model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(data: bytes) -> str:
        raise StorageError("could not write: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(lib.derived, "put", full)
        answer = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    assert answer.analysis.prediction is not None
    assert "was not kept" in caplog.text
    assert not engine.answer_pair(CTX, lib, load(lib, pair), MODEL).from_library


def test_points_set_by_hand_take_the_place_of_the_registration_and_drop_its_answers(
    lib: Library, pair: Pair, model: Path
) -> None:
    pictures = load(lib, pair)
    engine.answer_pair(CTX, lib, pictures, MODEL)
    white = np.array([[50.0, 50.0], [400.0, 60.0], [90.0, 380.0]])
    found, _ = engine.register_again(CTX, lib, pictures, white, white + 4)
    assert found.by_hand
    assert answers.answer(lib, pair.id, models.info_of(MODEL).sha256) is None
    kept = load(lib, pair).registration
    assert kept is not None
    assert kept.summary() == found.summary()
    answer = engine.answer_pair(CTX, lib, pictures, MODEL)  # also with the pictures as they were loaded before
    assert not answer.from_library
    assert answer.analysis.registration == found.summary()
    with lib.read() as session:
        said = [entry.text for entry in journal.entries(session, what="registration")]
    assert said == ["Pair registered", "Pair registered by hand"]


def test_points_by_hand_can_be_taken_back_and_done_again(lib: Library, pair: Pair, model: Path) -> None:
    pictures = load(lib, pair)
    before = engine.answer_pair(CTX, lib, pictures, MODEL)
    found, change = engine.register_again(CTX, lib, pictures, SPOTS, SPOTS + np.array([3.0, 0.0]))
    engine.answer_pair(CTX, lib, pictures, MODEL)
    back = review.undo(lib, change)
    assert answers.answer(lib, pair.id, models.info_of(MODEL).sha256) is None
    answer = engine.answer_pair(CTX, lib, pictures, MODEL)
    assert before.registration is not None
    assert answer.registration is not None
    assert answer.registration.summary() == before.registration.summary()
    assert not answer.registration.by_hand
    review.undo(lib, back)
    again = load(lib, pair).registration
    assert again is not None
    assert again.summary() == found.summary()


def test_a_signed_visit_is_not_registered_again(lib: Library, pair: Pair, model: Path) -> None:
    pictures = load(lib, pair)
    _, change = engine.register_again(CTX, lib, pictures, SPOTS, SPOTS + np.array([3.0, 0.0]))
    review.set_impression(lib, pair.visit_id, Grade.LOW)
    review.sign(lib, pair.visit_id, "Dr. Test", "author")
    with pytest.raises(SignedError):
        review.undo(lib, change)
    with pytest.raises(SignedError):
        engine.register_again(CTX, lib, pictures, SPOTS, SPOTS + np.array([6.0, 0.0]))
    kept = load(lib, pair).registration
    assert kept is not None
    assert kept.matrix[0, 2] == pytest.approx(3)


def test_two_women_joined_by_hand_get_no_answer_but_stay_registered_for_looking(
    lib: Library, model: Path, phantom: Phantom
) -> None:
    stranger = render(13, grade=Grade.LOW, size=448)
    pictures = load(lib, fill(lib, phantom.white, stranger.fluorescence))
    assert engine.answer_pair(CTX, lib, pictures, MODEL).analysis.refused is not None
    for count in (3, 4):
        found, _ = engine.register_again(CTX, lib, pictures, SPOTS[:count], SPOTS[:count] + 4)
        assert (found.status, found.error_px) == (RegistrationStatus.CHECK, None)
        answer = engine.answer_pair(CTX, lib, pictures, MODEL)
        analysis = answer.analysis
        assert analysis.prediction is None
        assert analysis.heatmaps == {}
        assert analysis.refused is not None
        assert "structures do not agree" in analysis.refused.reason
        assert "same woman" in analysis.refused.advice
        assert "structures_disagree" in analysis.quality["pair"].problems
        assert answer.registration is not None
        assert answer.registration.summary() == found.summary()


def test_an_answer_kept_from_before_that_joins_two_women_is_not_used(lib: Library, pair: Pair, model: Path) -> None:
    pictures = load(lib, pair)
    old = engine.answer_pair(CTX, lib, pictures, MODEL).analysis
    doubt = Quality(Verdict.LIMITED, ("structures_disagree",))
    engine._keep_answer(lib, pair.id, replace(old, quality={**old.quality, "pair": doubt}))
    assert not engine.answer_pair(CTX, lib, pictures, MODEL).from_library


def test_points_on_pictures_with_nothing_to_compare_are_answered_with_a_warning(
    lib: Library, pair: Pair, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (by_hand, registering):
        monkeypatch.setattr(module, "structures_agree", lambda *_: Agreement.UNKNOWN)
    pictures = load(lib, pair)
    found, _ = engine.register_again(CTX, lib, pictures, SPOTS, SPOTS + 4)
    assert (found.status, found.error_px) == (RegistrationStatus.CHECK, None)
    analysis = engine.answer_pair(CTX, lib, pictures, MODEL).analysis
    assert analysis.prediction is not None
    assert analysis.quality["pair"].verdict is Verdict.LIMITED
    assert "structures_not_compared" in analysis.quality["pair"].problems


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_pairs_of_points_on_two_women_are_for_looking_only_and_never_answered(
    lib: Library, model: Path, phantom: Phantom, count: int
) -> None:
    stranger = render(13, grade=Grade.LOW, size=448)
    pictures = load(lib, fill(lib, phantom.white, stranger.fluorescence))
    before = engine.answer_pair(CTX, lib, pictures, MODEL)
    assert before.analysis.refused is not None
    found, change = engine.register_again(CTX, lib, pictures, SPOTS[:count], SPOTS[:count] + 4)
    assert found.for_looking_only
    assert (found.status, found.error_px) == (RegistrationStatus.CHECK, None)
    after = engine.answer_pair(CTX, lib, load(lib, pictures.pair), MODEL)
    assert after.analysis.prediction is None
    assert after.analysis.refused is not None
    review.undo(lib, change)
    kept = load(lib, pictures.pair).registration
    assert kept is not None
    assert before.registration is not None
    assert kept.summary() == before.registration.summary()


def test_without_a_pair_of_points_the_refusal_stays_as_it_was(lib: Library, model: Path, phantom: Phantom) -> None:
    stranger = render(13, grade=Grade.LOW, size=448)
    pictures = load(lib, fill(lib, phantom.white, stranger.fluorescence))
    before = engine.answer_pair(CTX, lib, pictures, MODEL).registration
    with pytest.raises(BadInputError, match="no pair of points"):
        engine.register_again(CTX, lib, pictures, SPOTS[:0], SPOTS[:0])
    after = load(lib, pictures.pair).registration
    assert before is not None
    assert after is not None
    assert after.summary() == before.summary()


def test_an_answer_of_an_older_registration_that_came_late_is_not_used(lib: Library, pair: Pair, model: Path) -> None:
    pictures = load(lib, pair)
    old = engine.answer_pair(CTX, lib, pictures, MODEL)
    engine.register_again(CTX, lib, pictures, SPOTS, SPOTS + np.array([3.0, 0.0]))
    engine._keep_answer(lib, pair.id, old.analysis)
    assert not engine.answer_pair(CTX, lib, pictures, MODEL).from_library


def test_points_that_make_no_map_leave_the_registration_as_it_was(lib: Library, pair: Pair, model: Path) -> None:
    pictures = load(lib, pair)
    first = engine.answer_pair(CTX, lib, pictures, MODEL)
    line = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    with pytest.raises(BadInputError):
        engine.register_again(CTX, lib, pictures, line, line)
    again = engine.answer_pair(CTX, lib, pictures, MODEL)
    assert again.from_library
    assert again.analysis.registration == first.analysis.registration


def test_one_picture_is_not_registered(lib: Library, model: Path, phantom: Phantom) -> None:
    pictures = load(lib, fill(lib, phantom.white, None))
    answer = engine.answer_pair(CTX, lib, pictures, MODEL)
    assert answer.registration is None
    assert answer.analysis.prediction is not None
    assert engine.answer_pair(CTX, lib, pictures, MODEL).from_library
    with pytest.raises(BadInputError, match="both pictures"):
        engine.register_again(CTX, lib, pictures)


def test_the_engine_gives_the_same_answer_with_and_without_a_library(
    lib: Library, pair: Pair, model: Path, phantom: Phantom
) -> None:
    kept = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    plain = inference.analyze(CTX, inference.AnalysisRequest(phantom.white, phantom.fluorescence, MODEL))
    assert plain.analysis.prediction == kept.analysis.prediction


def other_sensor(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A second sensor that lies on its side behind a stronger lens, and the map to it."""
    size = len(picture)
    turn = np.array([[0.0, -1.5, 0], [1.5, 0.0, 0], [0, 0, 1]])
    turn[:2, 2] = (np.eye(2) - turn[:2, :2]) @ np.full(2, (size - 1) / 2)
    return np.asarray(cv2.warpAffine(picture, turn[:2], (size, size)), np.uint8), turn


def visit_of(lib: Library, number: int, phantom: Phantom, device: str) -> Pair:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier=f"D-{number}").id)
    for pixels, stage in (
        (phantom.white, Stage.ACETIC_ACID),
        (other_sensor(phantom.fluorescence)[0], Stage.FLUORESCENCE_AFTER_ACID),
    ):
        cases.add_picture(lib, visit.id, encode_png(pixels), stage=stage, device=device)
    pair = pairing.ensure_pair(lib, visit.id)
    assert pair is not None
    return pair


def test_the_map_of_a_device_once_set_by_hand_registers_the_next_woman_on_it(lib: Library, phantom: Phantom) -> None:
    first, second = visit_of(lib, 1, phantom, "Duo"), visit_of(lib, 2, render(12, size=448), "Duo")
    found, _ = engine.register_again(CTX, lib, load(lib, second))
    assert found.status is RegistrationStatus.REFUSED, "nothing is known of the device"
    turn = other_sensor(phantom.fluorescence)[1]
    truth = np.array([phantom.white_to_fluorescence[int(y), int(x)] for x, y in SPOTS]) @ turn[:2, :2].T + turn[:2, 2]
    engine.register_again(CTX, lib, load(lib, first), SPOTS, truth)
    found, _ = engine.register_again(CTX, lib, load(lib, second))
    assert found.status is not RegistrationStatus.REFUSED
    assert not found.by_hand
    assert abs(np.degrees(np.arctan2(found.matrix[1, 0], found.matrix[0, 0])) - 90) < 15
    stranger = visit_of(lib, 3, render(12, size=448), "Solo")
    assert engine.register_again(CTX, lib, load(lib, stranger))[0].status is RegistrationStatus.REFUSED


@pytest.mark.parametrize(
    "summary",
    [
        {"status": "ok", "matrix": [[1, "x"], None]},
        {"status": "ok", "matrix": [[0, 0, 0], [0, 0, 0], [0, 0, 1]]},
        {"status": "ok", "matrix": [[1e300, 0, 0], [0, 1, 0], [0, 0, 1]]},
        {"status": "ok", "matrix": [[0, 0, 0], [0, 0, 0], [0, 0, 0]]},
        {"status": "ok"},
        {"status": "check", "matrix": np.eye(3).tolist(), "reason": f"{DISAGREE}: look at them"},
        [1],
    ],
    ids=["letters", "nothing", "endless", "zero", "none", "contradicted", "a list"],
)
def test_a_map_of_another_pair_that_is_damaged_or_contradicted_is_passed_over(
    lib: Library, phantom: Phantom, summary: Any
) -> None:
    first, second = fill(lib, phantom.white, phantom.fluorescence), visit_of(lib, 2, phantom, "")
    kept, _ = engine.register_again(CTX, lib, load(lib, first))
    with lib.write() as session:
        row = session.get(RegistrationTable, first.id)
        assert row is not None
        row.summary, row.by_hand = summary, True
    assert kept.status is RegistrationStatus.OK
    assert engine._device_map(lib, load(lib, second)) is None
    assert engine.register_again(CTX, lib, load(lib, second))[0].status is RegistrationStatus.REFUSED


@pytest.mark.parametrize(("minutes", "known", "said"), [(3, True, ""), (12, True, "12 minutes"), (12, False, "")])
def test_a_pair_that_was_not_taken_together_is_limited_where_the_times_are_known(
    lib: Library, phantom: Phantom, model: Path, minutes: int, known: bool, said: str
) -> None:
    visit = cases.add_visit(lib, cases.add_patient(lib, identifier="T-1").id)
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    for pixels, stage, after in (
        (phantom.white, Stage.ACETIC_ACID, 0),
        (phantom.fluorescence, Stage.FLUORESCENCE_AFTER_ACID, minutes),
    ):
        taken = at + timedelta(minutes=after) if known else None
        cases.add_picture(lib, visit.id, encode_png(pixels), stage=stage, taken_at=taken)
    pair = pairing.ensure_pair(lib, visit.id)
    assert pair is not None
    quality = engine.answer_pair(CTX, lib, load(lib, pair), MODEL).analysis.quality["pair"]
    assert ("taken_apart" in quality.problems) is bool(said)
    assert said in quality.advice
    assert quality.verdict is (Verdict.LIMITED if said else Verdict.GOOD)


def test_for_reading_a_pair_comes_with_a_registration_that_is_kept_for_the_next_time(lib: Library, pair: Pair) -> None:
    first = engine.registered(CTX, lib, load(lib, pair))
    assert first.registration is not None
    assert first.registration.status is not RegistrationStatus.REFUSED
    again = engine.load_pair(CTX, lib, pair.id)
    assert again.registration is not None
    assert again.registration.summary() == first.registration.summary()


@pytest.mark.parametrize("how", [engine.registered, engine.aligned])
def test_what_is_kept_by_hand_or_brought_back_by_undo_is_taken_and_never_registered_over(
    lib: Library, pair: Pair, how: Callable[..., PairPictures]
) -> None:
    pictures = load(lib, pair)
    by_points, _ = engine.register_again(CTX, lib, pictures, SPOTS, SPOTS + np.array([3.0, 0.0]))
    _, change = engine.register_again(CTX, lib, pictures, SPOTS, SPOTS + np.array([6.0, 0.0]))
    lib.apply(change.reversed())
    files = files_of(lib)
    found = how(CTX, lib, replace(pictures, registration=None)).registration
    assert found is not None
    assert found.by_hand
    assert found.summary() == by_points.summary()
    kept = load(lib, pair).registration
    assert kept is not None
    assert kept.summary() == by_points.summary()
    assert files_of(lib) == files


def test_a_pair_is_aligned_before_it_is_read_as_it_is_read(lib: Library, pair: Pair, model: Path) -> None:
    shown = engine.aligned(CTX, lib, load(lib, pair)).registration
    answer = engine.answer_pair(CTX, lib, load(lib, pair), MODEL)
    assert shown is not None
    assert answer.registration is not None
    assert shown.summary() == answer.registration.summary() == answer.analysis.registration


def test_the_quality_of_pictures_that_were_aligned_is_not_checked_again(
    lib: Library, pair: Pair, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = engine.aligned(CTX, lib, load(lib, pair))
    assert shown.checked is not None
    before = {**shown.checked.quality}
    assert set(before) == {"white", "fluorescence"}
    monkeypatch.setattr(inference.judge, "assess", None)  # would fail where it is asked
    analysis = engine.answer_pair(CTX, lib, shown, MODEL).analysis
    assert analysis.prediction is not None
    assert {name: analysis.quality[name] for name in before} == before
    assert shown.checked.quality == before, "another model may be asked about the same"


def test_pictures_that_can_carry_no_answer_are_not_aligned(lib: Library, phantom: Phantom, model: Path) -> None:
    dark = fill(lib, phantom.white // 40, phantom.fluorescence)
    pictures = load(lib, dark)
    assert engine.aligned(CTX, lib, pictures).registration is None
    assert load(lib, dark).registration is None
    answer = engine.answer_pair(CTX, lib, pictures, MODEL)
    assert answer.analysis.refused is not None
    assert answer.registration is None


def test_who_may_not_change_visits_gets_a_registration_that_is_not_kept(
    lib: Library, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Library, "no_editing", property(lambda _lib: "Anna is annotator in this library"))
    assert engine.registered(CTX, lib, load(lib, pair)).registration is not None
    assert load(lib, pair).registration is None


def test_a_lone_picture_needs_no_registration_for_reading(lib: Library, phantom: Phantom) -> None:
    lone = fill(lib, phantom.white, None)
    assert engine.registered(CTX, lib, load(lib, lone)).registration is None
