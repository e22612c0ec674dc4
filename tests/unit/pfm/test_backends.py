"""What was found of the backends is kept for these weights on this computer, and only the fit are picked."""

from __future__ import annotations

import json

import pytest

from pfm_desktop.pfm import backends
from pfm_desktop.pfm.backend import OPENVINO_BF16, OPENVINO_F32, TORCH
from pfm_desktop.pfm.backends import Choice
from pfm_desktop.pfm.choice import picked
from pfm_desktop.pfm.model_file import ModelFile
from pfm_desktop.pfm.nets.spec import NetSpec
from pfm_desktop.support.errors import BadInputError

CONTENT = ModelFile("m", "1", "a" * 64, NetSpec())
FOUND = Choice(OPENVINO_F32, {TORCH: 40.0, OPENVINO_F32: 12.5}, {TORCH: 0.0, OPENVINO_F32: 2e-7})


def test_before_anything_was_found_torch_answers_and_the_comparison_is_due() -> None:
    assert backends.chosen(CONTENT) == Choice(TORCH)
    assert backends.undecided(CONTENT)


def test_what_was_found_is_remembered_for_these_weights() -> None:
    backends.remember(CONTENT, FOUND)
    assert backends.chosen(CONTENT) == FOUND
    assert not backends.undecided(CONTENT)
    assert backends.undecided(ModelFile("m", "1", "b" * 64, NetSpec()))


@pytest.mark.parametrize("changed", ["processor", "_version"])
def test_another_processor_or_another_version_is_compared_again(monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    backends.remember(CONTENT, FOUND)
    monkeypatch.setattr(backends, changed, lambda *_given: "another")
    assert backends.undecided(CONTENT)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 50_000,
        b" " * 100_000,
        json.dumps({"backend": "cuda", "milliseconds": {}, "difference": {}}).encode(),
        json.dumps({"backend": TORCH, "milliseconds": 3, "difference": {}}).encode(),
        json.dumps({"backend": TORCH}).encode(),
    ],
)
def test_a_damaged_choice_is_no_choice_and_said_in_the_log(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    backends.remember(CONTENT, FOUND)
    backends._file(CONTENT).write_bytes(content)
    assert backends.chosen(CONTENT) == Choice(TORCH)
    assert backends.undecided(CONTENT)
    assert "is damaged" in caplog.text


def test_a_computer_without_openvino_has_nothing_to_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert not backends.undecided(CONTENT)


def test_what_the_variable_asks_for_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(backends.VARIABLE, OPENVINO_F32)
    assert backends.asked() == OPENVINO_F32
    assert not backends.undecided(CONTENT)
    monkeypatch.setenv(backends.VARIABLE, "pickle")
    with pytest.raises(BadInputError, match="use one of torch, openvino-f32, openvino-bf16"):
        backends.asked()


def test_the_fastest_that_says_what_torch_says_is_picked() -> None:
    took = {TORCH: 40.0, OPENVINO_F32: 20.0, OPENVINO_BF16: 8.0}
    close = {TORCH: 0.0, OPENVINO_F32: 9e-4, OPENVINO_BF16: 9e-3}
    assert picked(took, close).backend == OPENVINO_BF16
    assert picked(took, {**close, OPENVINO_BF16: 1.1e-2}).backend == OPENVINO_F32
    assert picked(took, {**close, OPENVINO_BF16: 1.1e-2, OPENVINO_F32: 1.1e-3}).backend == TORCH
    assert picked(took, {**close, OPENVINO_BF16: float("nan")}).backend == OPENVINO_F32
    assert picked({**took, TORCH: 5.0}, close).backend == TORCH


def test_the_processor_has_a_name() -> None:
    assert backends.processor()
