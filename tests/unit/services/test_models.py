"""The first start compares the backends in a process of its own, and the next case is answered by the one chosen."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pfm_desktop.jobs import CallbackContext, Cancelled, SilentContext
from pfm_desktop.pfm import backends
from pfm_desktop.pfm.backend import OPENVINO_F32, TORCH
from pfm_desktop.pfm.backends import Choice
from pfm_desktop.pfm.model_file import MODEL, WEIGHTS, read_model_file
from pfm_desktop.services import models
from pfm_desktop.support.errors import ModelError

pytestmark = pytest.mark.slow

CTX = SilentContext()


@pytest.fixture
def model(tmp_path: Path, make_model: Callable[..., Path]) -> str:
    models.forget_loaded()
    return str(make_model(tmp_path / "random"))


def _decides(choice: Choice) -> Callable[..., Any]:
    """In place of the process: keeps a choice."""

    class Runner:
        def start(self, _job: Any, folder: Path, *, listener: Any, name: str) -> Any:
            backends.remember(read_model_file(folder), choice)
            return self

        def wait(self, _timeout: float) -> bool:
            return True

    return Runner


def test_a_model_that_is_not_there_is_said_when_it_is_asked_not_ahead(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    models.warm_up(CTX, "no-such-model")
    assert "no model loaded ahead" in caplog.text
    with pytest.raises(ModelError, match="no-such-model"):
        models.predictor("no-such-model")


def test_the_backends_are_compared_at_the_first_start_only(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "ProcessRunner", _decides(Choice(TORCH)))
    models.warm_up(CTX, model)
    assert models.backend_of(model) == TORCH
    monkeypatch.setattr(models, "ProcessRunner", None)  # a second one would fail
    models.warm_up(CTX, model)


def test_a_case_opened_before_the_choice_is_answered_by_torch_and_the_next_by_the_chosen(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = models.predictor(model)
    assert before.backend == TORCH

    class Other:
        name = OPENVINO_F32

    monkeypatch.setattr("pfm_desktop.pfm.predict.backend_for", lambda _path, _content: Other())
    monkeypatch.setattr(models, "ProcessRunner", _decides(Choice(OPENVINO_F32)))
    models.warm_up(CTX, model)
    assert models.backend_of(model) == OPENVINO_F32
    assert models.predictor(model) is not before


def test_a_cancelled_comparison_is_ended_and_nothing_is_kept(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Runner:
        def start(self, *_given: Any, **_named: Any) -> Any:
            return self

        def wait(self, _timeout: float) -> bool:
            return bool(told)

        def cancel(self) -> None:
            told.append("cancel")

    monkeypatch.setattr(models, "ProcessRunner", Runner)
    with pytest.raises(Cancelled):
        models.choose_backend(CallbackContext(lambda *_: None, lambda: True), model)
    assert told == ["cancel"]
    assert backends.undecided(read_model_file(Path(model)))


def test_a_window_that_was_closed_meanwhile_starts_no_comparison(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "ProcessRunner", None)  # starting one would fail
    with pytest.raises(Cancelled):
        models.warm_up(CallbackContext(lambda *_: None, lambda: True), model)


def test_a_variable_that_names_no_backend_takes_no_window_away(
    model: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv(backends.VARIABLE, "cuda")
    models.warm_up(CTX, model)
    assert "no model loaded ahead" in caplog.text
    assert "cuda" in caplog.text


@pytest.mark.slow
def test_the_process_that_compares_leaves_this_one_without_torch(model: str) -> None:
    program = (
        "import sys\n"
        "from pfm_desktop.jobs import SilentContext\n"
        "from pfm_desktop.services import models\n"
        "if __name__ == '__main__':\n"
        "    print(models.choose_backend(SilentContext(), sys.argv[1]), 'torch' in sys.modules)\n"
    )
    script = Path(model).parent / "first_start.py"
    script.write_text(program)
    ran = subprocess.run([sys.executable, str(script), model], capture_output=True, text=True, check=True)
    chosen, loaded = ran.stdout.split()
    assert chosen in backends.NAMES
    assert loaded == "False"
    assert backends.chosen(read_model_file(Path(model))).milliseconds.keys() >= {TORCH, OPENVINO_F32}


@pytest.mark.parametrize("harm", ["weights", "description"])
def test_an_own_copy_that_cannot_answer_says_how_to_get_back_what_came_with_the_program(
    tmp_path: Path, make_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    copy = make_model(own / "m", name="m", version="1")
    make_model(shipped / "m", name="m", version="1")
    make_model(own / "alone", name="alone")
    monkeypatch.setattr(models, "model_dirs", lambda: (own, shipped))
    monkeypatch.setattr(models, "user_models_dir", lambda: own)
    monkeypatch.setattr(models, "shipped_models_dir", lambda: shipped)
    assert [entry.path for entry in models.models()] == [own / "alone", own / "m", shipped / "m"]
    assert models.hidden()[0][0].path == shipped / "m"
    (copy / (WEIGHTS if harm == "weights" else MODEL)).write_bytes(b"damaged")
    (own / "alone" / WEIGHTS).write_bytes(b"damaged")
    back = f"or remove or rename the folder {copy}: then m 1 answers, which came with the program"
    asked_of = [models.verify, models.predictor, models.verified_info]
    asked_of += [models.content_of, models.info_of] if harm == "description" else []
    for asked in asked_of:
        with pytest.raises(ModelError) as error:
            asked("m")
        assert back in str(error.value)
    with pytest.raises(ModelError) as error:
        models.verify("alone")
    assert "came with the program" not in str(error.value)
    assert [back in str(bad.error) for bad in models.broken()] == ([True] if harm == "description" else [])
    shutil.rmtree(copy)
    assert models.verify("m").name == "m"
