"""A glance in another orientation is the glance of the picture in that orientation, and other pictures look other."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.imaging.glance import WAYS, WHOLE, WINDOWS, Floats, glances, reduced, turned, window_of
from pfm_desktop.imaging.phantom import render

pytestmark = pytest.mark.slow


def grey(seed: int, rows: int = 192) -> Floats:
    return np.asarray(render(seed, size=192).white.mean(axis=2)[:rows], np.float32)


@pytest.mark.parametrize("rows", [192, 120])
@pytest.mark.parametrize("way", range(WAYS))
def test_the_glance_in_an_orientation_is_that_of_the_picture_turned_so(way: int, rows: int) -> None:
    picture = grey(3, rows)
    _, ways = glances(picture)
    windows, _ = glances(turned(picture, way))
    assert ways[way] @ windows[0] > 0.98


def test_each_orientation_is_another_one() -> None:
    picture = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert len({turned(picture, way).tobytes() + bytes(turned(picture, way).shape) for way in range(WAYS)}) == WAYS
    _, ways = glances(grey(3))
    assert (ways @ ways.T - np.eye(WAYS)).max() < 0.9


def test_glances_have_length_one_and_those_of_nothing_are_zero() -> None:
    windows, ways = glances(grey(4))
    assert windows.shape == (len(WINDOWS), 63)
    assert ways.shape == (WAYS, 63)
    assert np.linalg.norm(windows, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(windows[0], ways[0])
    for nothing in glances(np.full((40, 60), 90, np.float32)):
        assert not nothing.any()


def test_the_windows_are_the_same_set_in_each_orientation() -> None:
    assert WINDOWS[0] == WHOLE
    assert len(set(WINDOWS)) == len(WINDOWS)
    assert {(bottom, top, left, right) for top, bottom, left, right in WINDOWS} == set(WINDOWS)
    assert {(left, right, top, bottom) for top, bottom, left, right in WINDOWS} == set(WINDOWS)
    assert max(max(window) for window in WINDOWS) == 0.20


def test_a_crop_looks_like_a_window_of_the_whole_and_another_woman_does_not() -> None:
    windows, _ = glances(grey(5))
    _, ways = glances(window_of(grey(5), (0.15, 0.15, 0.15, 0.15)))
    assert (windows @ ways[0]).max() > 0.95
    others = [glances(grey(seed))[1][0] for seed in range(6, 12)]
    assert np.mean([(windows @ other).max() for other in others]) < 0.7


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (2, 3)])
def test_the_smallest_pictures_do_no_harm(shape: tuple[int, int]) -> None:
    picture = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape)
    for glance in glances(picture):
        assert np.isfinite(glance).all()
    assert min(reduced(picture, 96).shape) >= 8


def test_a_picture_is_reduced_to_its_longer_side() -> None:
    assert reduced(grey(3, 96), 64).shape == (32, 64)
