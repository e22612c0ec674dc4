"""Device B shows the same women otherwise, always alike, and its pairs still pass the gate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.imaging import quality
from pfm_desktop.imaging.phantom import Phantom, render
from pfm_desktop.imaging.phantom.device import DEVICE_B, Look, pair_of_device_b, seen_by
from pfm_desktop.imaging.phantom.onto import onto_white

SAME = Look(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), 1.0, 1.0, 0.01, 0.0, 1.0)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return render(104, size=256)


def test_a_look_that_changes_nothing_changes_nothing(phantom: Phantom) -> None:
    assert np.abs(seen_by(SAME, phantom.white).astype(int) - phantom.white).max() <= 1


def test_it_is_fixed_and_of_the_same_size(phantom: Phantom) -> None:
    first, second = (pair_of_device_b(phantom.white, phantom.fluorescence) for _ in range(2))
    for one, other, before in zip(first, second, (phantom.white, phantom.fluorescence), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.shape == before.shape
        assert one.dtype == np.uint8
        assert np.abs(one.astype(int) - before).mean() > 5


@pytest.mark.parametrize(
    "change",
    [
        {"gain": 0.5},
        {"contrast": 1.5},
        {"blur_px": 6.0},
        {"fall_off": 0.6},
        {"field": 0.6},
        {"off": (0.1, 0.0)},
        {"colour": ((0.0, 1.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))},
    ],
)
def test_every_property_of_a_look_shows(phantom: Phantom, change: dict[str, object]) -> None:
    other = seen_by(replace(SAME, **change), phantom.white)  # type: ignore[arg-type]
    assert np.abs(other.astype(int) - phantom.white).mean() > 0.5


def test_a_smaller_field_enlarges_the_middle(phantom: Phantom) -> None:
    half = seen_by(replace(SAME, field=0.5), phantom.white)
    middle = phantom.white[64:192, 64:192].mean(axis=(0, 1))
    np.testing.assert_allclose(half.mean(axis=(0, 1)), middle, atol=2)


def test_its_pictures_are_taken_for_what_they_are(phantom: Phantom) -> None:
    white, glow = pair_of_device_b(phantom.white, phantom.fluorescence)
    assert "wrong_source" not in quality.assess(white, Source.WHITE).problems
    assert "wrong_source" not in quality.assess(glow, Source.FLUORESCENCE).problems
    assert set(DEVICE_B) == set(PLACES)


def test_a_drawn_pair_lies_in_one_frame_by_its_own_map(phantom: Phantom) -> None:
    warped = onto_white(phantom)
    assert warped.shape == phantom.white.shape
    y, x = np.argwhere(phantom.overlap)[len(np.argwhere(phantom.overlap)) // 2]
    at = np.round(phantom.white_to_fluorescence[y, x]).astype(int)
    assert np.abs(warped[y, x].astype(int) - phantom.fluorescence[at[1], at[0]]).max() < 40
