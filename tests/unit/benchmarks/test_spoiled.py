"""The ways to spoil a photograph: each changes it, keeps its size, and is the same again with the same seed."""

import numpy as np
import pytest

from benchmarks.quality import area
from benchmarks.quality_parts.spoiled import KINDS
from pfm_desktop.domain.quality import Verdict
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.phantom import render
from pfm_desktop.imaging.quality import assess

PICTURE = render(23_000, size=384).white
CAUGHT = sorted(set(KINDS) - {"turned", "cropped"})  # a turned phantom is a phantom, a corner of one mostly as well


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoiled_picture_is_another_one_of_the_same_size(kind: str) -> None:
    once, again = (KINDS[kind](PICTURE, np.random.default_rng(3)) for _ in range(2))
    assert once.shape == PICTURE.shape
    assert once.dtype == np.uint8
    assert np.array_equal(once, again)
    assert not np.array_equal(once, PICTURE)


@pytest.mark.parametrize("kind", CAUGHT)
def test_the_gate_catches_it(kind: str) -> None:
    assert assess(PICTURE, Source.WHITE).verdict is Verdict.GOOD
    assert assess(KINDS[kind](PICTURE, np.random.default_rng(3)), Source.WHITE).verdict is not Verdict.GOOD


def test_the_area_is_that_of_a_ranking() -> None:
    assert area([2, 2], [0, 0, 0]) == 1.0
    assert area([0, 0], [0, 0, 0]) == 0.5
    assert area([2, 0], [0, 0]) == 0.75
    assert area([0], [2, 2]) == 0.0
