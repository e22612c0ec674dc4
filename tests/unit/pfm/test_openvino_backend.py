"""OpenVINO says what torch says, tells nobody, and is never trusted with a form that is not whole."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pfm_desktop.domain.prediction import Prediction
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm import backends, choice, ir_cache, openvino_backend, openvino_door
from pfm_desktop.pfm.backend import OPENVINO_BF16, OPENVINO_F32, TORCH
from pfm_desktop.pfm.backends import Choice
from pfm_desktop.pfm.feature_cache import FeatureCache
from pfm_desktop.pfm.openvino_backend import OpenVinoBackend, pieces_of
from pfm_desktop.pfm.predict import Predictor
from pfm_desktop.pfm.registry import verified
from pfm_desktop.support.errors import BadInputError, MemoryFullError, ModelError

pytestmark = pytest.mark.slow
NAMES = ("white", "fluorescence")

ANSWER = """
import sys
import numpy as np
from pfm_desktop.services import inference, models
from pfm_desktop.jobs import SilentContext
from pfm_desktop.imaging.phantom import render
phantom = render(1, size=448)
model = sys.argv[1]
request = inference.AnalysisRequest(phantom.white, phantom.fluorescence, model)
result = inference.analyze(SilentContext(), request)
assert result.analysis.prediction is not None, result.analysis.refused
print(models.backend_of(model), "torch" in sys.modules, "ignite" in sys.modules)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose cache holds the converted model: conversion takes seconds."""
    return tmp_path_factory.mktemp("home-converted")


@pytest.fixture(autouse=True)
def _same_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PFM_HOME", str(home))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, make_model: Any) -> Path:
    return Path(make_model(tmp_path_factory.mktemp("models") / "random"))


@pytest.fixture
def folder(model: Path) -> Path:
    """The converted model, whole."""
    content = verified(model)
    made = ir_cache.folder_of(content)
    if not ir_cache.is_whole(made, pieces_of(NAMES)):
        backends._openvino_backend(model, content, OPENVINO_F32)
    return made


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    random = np.random.default_rng(5)
    return [random.integers(0, 255, (90, 160, 3), dtype=np.uint8) for _ in range(3)]


def _asked(model: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Predictor:
    monkeypatch.setenv(backends.VARIABLE, name)
    predictor = Predictor(model)
    assert predictor.backend == name
    return predictor


def _numbers(answer: Prediction) -> np.ndarray:
    alone = [value for single in answer.single_source.values() for value in single.probabilities.values()]
    return np.array([*answer.probabilities.values(), *answer.spread.values(), *answer.evidence.values(), *alone])


def test_both_backends_give_one_answer_of_every_combination_of_sources(
    model: Path, folder: Path, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    torchs, openvinos = (_asked(model, name, monkeypatch) for name in (TORCH, OPENVINO_F32))
    overlap = np.zeros(pictures[0].shape[:2], np.bool_)
    overlap[:, :100] = True
    for given in ((pictures[0], pictures[1]), (pictures[1], None), (None, pictures[2])):
        seen = overlap if given[1] is not None else None
        (one, maps), (other, again) = (asked.predict(*given, overlap=seen) for asked in (torchs, openvinos))
        np.testing.assert_allclose(_numbers(other), _numbers(one), atol=1e-3)
        assert (other.grade, other.prediction_set, other.sources) == (one.grade, one.prediction_set, one.sources)
        for name, heatmap in maps.items():
            np.testing.assert_allclose(again[name].values, heatmap.values, atol=1e-3)


def test_the_same_pictures_get_the_same_answer_also_with_fewer_or_more_passes(
    model: Path, folder: Path, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = _asked(model, OPENVINO_F32, monkeypatch)
    for passes in (2, 20, 25):
        first, maps = predictor.predict(*pictures[:2], passes=passes)
        second, again = predictor.predict(*pictures[:2], passes=passes)
        assert first == second
        for name, heatmap in maps.items():
            np.testing.assert_array_equal(heatmap.values, again[name].values)
    assert set(predictor.predict(*pictures[:2], passes=1)[0].spread.values()) == {0.0}


def test_loading_asks_the_first_question_on_its_own_thread(
    model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads that ask OpenVINO the first question of a process at once wait for each other for ever."""
    from pfm_desktop.pfm import openvino_backend

    asked: list[int] = []
    run = openvino_backend._Piece.run

    def spied(self: Any, *given: np.ndarray) -> Any:
        asked.append(threading.get_ident())
        return run(self, *given)

    monkeypatch.setattr(openvino_backend._Piece, "run", spied)
    _asked(model, OPENVINO_F32, monkeypatch)
    assert asked == [threading.get_ident()]


def test_from_pictures_to_answer_no_torch_is_loaded(model: Path, folder: Path, home: Path) -> None:
    environment = {**os.environ, "PFM_HOME": str(home), backends.VARIABLE: OPENVINO_F32}
    ran = subprocess.run(
        [sys.executable, "-c", ANSWER, str(model)], capture_output=True, text=True, env=environment, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [OPENVINO_F32, "False", "False"]


def test_converting_and_answering_tell_nobody(
    model: Path, pictures: list[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda *given: called.append(given))
    monkeypatch.setenv("PFM_HOME", str(tmp_path))  # nothing is converted there yet
    _asked(model, OPENVINO_F32, monkeypatch).predict(*pictures[:2])
    assert called == []
    assert sys.modules["openvino_telemetry"] is None
    assert not [name for name in sys.modules if name.startswith("openvino_telemetry.")]
    with pytest.raises(ImportError):
        __import__("openvino_telemetry")


def test_openvino_is_not_used_where_its_reporting_is_loaded_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino_telemetry", sys)
    with pytest.raises(ImportError, match="openvino_telemetry is loaded already"):
        openvino_door.openvino()


@pytest.mark.parametrize("damaged", ["early-white.bin", "answers.xml", ir_cache.WHOLE])
def test_a_damaged_form_is_made_again_and_never_loaded(
    model: Path, folder: Path, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:
    wanted = _asked(model, OPENVINO_F32, monkeypatch).predict(*pictures[:2])[0]
    data = (folder / damaged).read_bytes()
    (folder / damaged).write_bytes(bytes([data[0] ^ 1]) + data[1:])
    seen: list[bool] = []
    loaded = OpenVinoBackend.__init__

    def spied(self: OpenVinoBackend, where: Path, *rest: Any) -> None:
        seen.append(ir_cache.is_whole(where, pieces_of(NAMES)))
        loaded(self, where, *rest)

    monkeypatch.setattr(OpenVinoBackend, "__init__", spied)
    assert _asked(model, OPENVINO_F32, monkeypatch).predict(*pictures[:2])[0] == wanted
    assert seen == [True]


def test_altered_weights_are_refused_though_their_form_is_kept(
    model: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    monkeypatch.setenv(backends.VARIABLE, OPENVINO_F32)
    altered = shutil.copytree(model, tmp_path / "altered")
    weights = altered / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(ModelError, match="are not those of"):
        Predictor(altered)


def test_trunks_run_once_for_pictures_that_are_asked_about_again(
    model: Path, folder: Path, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = _asked(model, OPENVINO_F32, monkeypatch)
    ran: list[str] = []
    maps = OpenVinoBackend.maps
    monkeypatch.setattr(OpenVinoBackend, "maps", lambda self, name, p: (ran.append(name), maps(self, name, p))[1])
    first = predictor.predict(*pictures[:2])[0]
    assert sorted(ran) == sorted(NAMES)
    assert predictor.predict(*pictures[:2])[0] == first
    predictor.predict(pictures[0], None)
    predictor.predict(None, pictures[1])
    assert len(ran) == 2, "asking again, or of one source of the pair, runs no trunk"
    predictor.predict(pictures[2], pictures[1])
    assert ran[2:] == ["white"], "a new picture runs its own trunk only"
    predictor.forget_pictures()
    predictor.predict(*pictures[:2])
    assert len(ran) == 5


def test_a_backend_that_gives_up_in_the_middle_is_replaced_by_torch(
    model: Path,
    folder: Path,
    pictures: list[np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wanted = _asked(model, TORCH, monkeypatch).predict(*pictures[:2])[0]
    predictor = _asked(model, OPENVINO_F32, monkeypatch)

    class Broken:
        def infer(self, *_given: object, **_named: object) -> None:
            raise RuntimeError("out of memory\nand much more")

    predictor._backend._pieces["passes"]._free = [Broken(), Broken()]  # type: ignore[attr-defined]
    assert predictor.predict(*pictures[:2])[0] == wanted
    assert predictor.backend == TORCH
    assert "openvino-f32 failed and is not asked again, torch answers: out of memory" in caplog.text


def test_without_openvino_torch_serves_and_it_is_logged(
    model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing() -> None:
        raise ImportError("No module named 'openvino'")

    backends.remember(verified(model), Choice(OPENVINO_F32))
    monkeypatch.setattr("pfm_desktop.pfm.openvino_backend.core", missing)
    monkeypatch.setattr("pfm_desktop.pfm.convert.openvino", missing)
    assert Predictor(model).backend == TORCH
    assert "OpenVINO does not serve (ImportError: No module named 'openvino'), torch does" in caplog.text


def test_the_comparison_is_made_once_remembered_and_followed(model: Path, folder: Path, tmp_path: Path) -> None:
    content = verified(model)
    backends._file(content).unlink(missing_ok=True)
    assert backends.undecided(content)
    assert Predictor(model).backend == TORCH, "until then torch answers"
    made = choice.decide(model)
    assert not backends.undecided(content)
    assert backends.chosen(content) == made
    assert set(made.milliseconds) >= {TORCH, OPENVINO_F32}
    assert 0 <= made.difference[OPENVINO_F32] <= choice.LIMIT[OPENVINO_F32]
    assert Predictor(model).backend == made.backend


FULL = """
import resource, signal, sys
from pathlib import Path
from pfm_desktop.pfm import backends, choice
from pfm_desktop.pfm.registry import verified
from pfm_desktop.support.errors import StorageError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
model = Path(sys.argv[1])
try:
    choice.decide(model)
except StorageError as error:
    print(backends.undecided(verified(model)), error)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of files")
def test_a_disk_that_refuses_the_form_leaves_the_comparison_for_the_next_start(model: Path, tmp_path: Path) -> None:
    home = {**os.environ, "PFM_HOME": str(tmp_path / "home")}
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(model)], env=home, capture_output=True, text=True, check=False, timeout=120
    )
    assert run.stdout.startswith("True could not write"), run.stderr


def test_memory_that_runs_out_in_openvino_leaves_the_comparison_for_the_next_start(
    model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("Exception from src/inference/src/cpp/core.cpp:117:\nstd::bad_alloc")

    content = verified(model)
    backends._file(content).unlink(missing_ok=True)
    monkeypatch.setattr(OpenVinoBackend, "__init__", full)
    with pytest.raises(MemoryFullError):
        choice.decide(model)
    assert backends.undecided(content)


def test_a_form_that_says_something_else_is_never_picked(
    model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pfm_desktop.jobs import SilentContext

    answers = OpenVinoBackend.answers

    def wrong(self: OpenVinoBackend, *given: Any) -> Any:
        said = answers(self, *given)
        said.log_p[:, 0] += 0.5
        return said

    monkeypatch.setattr(OpenVinoBackend, "answers", wrong)
    monkeypatch.setattr("time.perf_counter", iter(np.arange(1e4)).__next__)  # all take the same time
    made = choice.compared(model, verified(model), SilentContext())
    assert made.difference[OPENVINO_F32] > 1e-3
    assert made.backend == TORCH


def test_a_form_that_draws_something_else_is_never_picked(
    model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from pfm_desktop.jobs import SilentContext

    maps = OpenVinoBackend.maps

    def wrong(self: OpenVinoBackend, *given: Any) -> Any:
        said = maps(self, *given)
        return said._replace(middle=np.roll(said.middle, 1, axis=-1))

    monkeypatch.setattr(OpenVinoBackend, "maps", wrong)
    made = choice.compared(model, verified(model), SilentContext())
    assert made.backend == TORCH
    assert OPENVINO_F32 not in made.difference
    assert "openvino-f32 draws other heatmaps than torch" in caplog.text


def test_bf16_leaves_what_comes_in_and_goes_out_of_a_trunk_in_32_bits(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    settings = openvino_backend._settings

    def noted(precision: str, requests: int) -> dict[str, Any]:
        compiled.append(precision)
        return {**settings(precision, requests), "INFERENCE_PRECISION_HINT": "f32"}  # also without bf16 in hardware

    monkeypatch.setattr(openvino_backend, "_settings", noted)
    OpenVinoBackend(folder, NAMES, OPENVINO_BF16)
    asked = dict(zip(pieces_of(NAMES), compiled, strict=True))
    fine = {piece for piece, precision in asked.items() if precision == "f32"}
    assert fine == {f"{part}-{name}" for part in ("early", "late") for name in NAMES}


def test_bf16_is_only_asked_of_a_processor_that_has_it(
    model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pfm_desktop.pfm.openvino_backend.has_bf16", lambda: False)
    monkeypatch.setenv(backends.VARIABLE, OPENVINO_BF16)
    assert Predictor(model, features=FeatureCache(0)).backend == TORCH
    assert "this processor has no bf16" in caplog.text


def test_a_model_of_one_source_is_converted_as_well(
    tmp_path: Path, make_model: Any, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = Path(make_model(tmp_path / "alone", name="alone", sources=(Source.WHITE,), splice="channel"))
    torchs, openvinos = (_asked(alone, name, monkeypatch) for name in (TORCH, OPENVINO_F32))
    (one, maps), (other, again) = (asked.predict(pictures[0], None) for asked in (torchs, openvinos))
    np.testing.assert_allclose(_numbers(other), _numbers(one), atol=1e-3)
    np.testing.assert_allclose(again["fused"].values, maps["fused"].values, atol=1e-3)
    with pytest.raises(ModelError, match="reads white"):
        openvinos.predict(pictures[0], pictures[1])


def test_a_backend_that_there_is_not_is_refused_by_name(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(backends.VARIABLE, "cuda")
    with pytest.raises(BadInputError, match=r"PFM_BACKEND is 'cuda'\. .*torch, openvino-f32, openvino-bf16"):
        Predictor(model)


def test_loading_leaves_no_warning_of_openvino_behind(
    model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        _asked(model, OPENVINO_F32, monkeypatch)
    assert not caplog.records


SIGNALLED = """
import faulthandler, gc, signal, sys
from pathlib import Path
from pfm_desktop.pfm.backend import OPENVINO_F32
from pfm_desktop.pfm.openvino_backend import OpenVinoBackend, has_bf16

faulthandler.enable()
has_bf16()
made = [OpenVinoBackend(Path(sys.argv[1]), sys.argv[2:], OPENVINO_F32) for _ in range(2)]
while made:
    made.pop(0)
    gc.collect()
signal.signal(signal.SIGINT, lambda *_: print("heard"))
signal.raise_signal(signal.SIGINT)
"""


def test_a_signal_is_heard_after_backends_are_gone(folder: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SIGNALLED, str(folder), *NAMES], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout.strip()) == (0, "heard"), ended.stderr
