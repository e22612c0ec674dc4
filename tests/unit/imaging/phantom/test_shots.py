"""Another shot at the same visit: the woman stays, the camera does not; without one the drawing is what it was."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from pfm_desktop.imaging.phantom import render

pytestmark = pytest.mark.slow  # draws many pictures

SIZE, SEED = 96, 31
STAYS = (
    "seed", "woman", "grade", "patient", "lesion", "benign", "mucus", "bleeding", "keratin", "medication", "speculum",
    "seconds_since_acid", "mm_per_px",
)  # fmt: skip


def test_another_shot_changes_camera_and_motion_and_nothing_of_the_woman_or_her_visit() -> None:
    first, second = render(SEED, size=SIZE), render(SEED, size=SIZE, shot=32)
    assert {name: first.drawn[name] for name in STAYS} == {name: second.drawn[name] for name in STAYS}
    assert first.drawn["motion"] != second.drawn["motion"]
    assert first.drawn["fluorescence_exposure_ms"] != second.drawn["fluorescence_exposure_ms"]
    assert not np.array_equal(first.white, second.white)
    assert not np.array_equal(first.fluorescence, second.fluorescence)


def test_another_shot_is_pointed_anew_but_shows_the_same_cervix() -> None:
    first, second = render(SEED, size=SIZE), render(SEED, size=SIZE, shot=32)
    places = [np.argwhere(phantom.cervix).mean(axis=0) for phantom in (first, second)]
    moved_mm = float(np.linalg.norm(places[0] - places[1])) * float(str(first.drawn["mm_per_px"]))
    assert 0.1 < moved_mm < 6.0
    both = (first.cervix & second.cervix).sum() / (first.cervix | second.cervix).sum()
    assert both > 0.5


def test_the_same_shot_is_the_same_bytes() -> None:
    once, again = (render(SEED, size=SIZE, shot=32) for _ in range(2))
    np.testing.assert_array_equal(once.white, again.white)
    np.testing.assert_array_equal(once.fluorescence, again.fluorescence)


def test_the_truth_of_another_shot_is_its_own() -> None:
    second = render(SEED, size=SIZE, shot=32)
    back = second.fluorescence_to_white[40:60, 40:60]
    there = second.white_to_fluorescence[back[..., 1].round().astype(int), back[..., 0].round().astype(int)]
    own = np.stack(np.meshgrid(np.arange(40, 60), np.arange(40, 60)), axis=-1)
    assert float(np.abs(there - own).max()) < 1.0  # half a pixel of rounding each way


def test_without_another_shot_a_phantom_is_drawn_as_it_was_before_there_were_any() -> None:
    phantom = render(SEED, size=SIZE)
    digest = hashlib.sha256(phantom.white.tobytes() + phantom.fluorescence.tobytes()).hexdigest()
    assert digest == BEFORE


BEFORE = "2c9ba6026d0fcc99d182c32efa95c0f360169a3241aebabc053ce80e27bb09c8"
