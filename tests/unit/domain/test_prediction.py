from __future__ import annotations

from dataclasses import replace

import pytest

from pfm_desktop.domain.prediction import DEMONSTRATION, ModelInfo
from pfm_desktop.domain.source import Source

PHANTOM = ModelInfo("m", "1", "0" * 64, (Source.WHITE,), "T0", "token", 64)


@pytest.mark.parametrize(
    ("trained_on", "origin", "passed_on"),
    [
        ("phantoms", "", "a demonstration model trained on phantoms"),
        ("local cases", "", ""),
        ("local cases and phantoms", "", "a model trained on local cases and phantoms"),
        ("local cases", "a demonstration model trained on phantoms", "a demonstration model trained on phantoms"),
    ],
)
def test_a_model_made_from_one_of_phantoms_says_so(trained_on: str, origin: str, passed_on: str) -> None:
    parent = replace(PHANTOM, trained_on=trained_on, origin=origin)
    assert parent.passed_on == passed_on
    child = replace(PHANTOM, trained_on="local cases", origin=parent.passed_on)
    assert child.label == "local model, trained on local cases" + (f", from {passed_on}" if passed_on else "")


def test_a_model_of_phantoms_is_a_demonstration_model_wherever_it_comes_from() -> None:
    assert replace(PHANTOM, origin="a demonstration model trained on phantoms").label == DEMONSTRATION
