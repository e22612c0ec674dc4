from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.pfm.feature_cache import FeatureCache, digest_of

KEY = ("weights", "torch", "white")


class Trunk:
    def __init__(self, value: float = 1.0) -> None:
        self.runs, self.value = 0, value

    def __call__(self) -> tuple[np.ndarray, ...]:
        """A map that is fine, and one of the value."""
        self.runs += 1
        return np.ones((1, 2, 4, 4), np.float32), np.full((1, 2, 2, 2), self.value, np.float32)


def _picture(number: int) -> np.ndarray:
    return np.full((1, 3, 4, 4), number, np.float32)


ONE, TWO, THREE = (digest_of(_picture(number)) for number in (1, 2, 3))


def test_the_same_picture_runs_a_trunk_once() -> None:
    cache, trunk = FeatureCache(), Trunk()
    first = cache.get(KEY, ONE, trunk)
    assert cache.get(KEY, ONE, trunk) is first
    assert trunk.runs == 1


@pytest.mark.parametrize("other", [("other weights", *KEY[1:]), (*KEY[:2], "fluorescence"), (KEY[0], "x", KEY[2])])
def test_other_weights_another_backend_or_source_run_a_trunk_again(other: tuple[str, ...]) -> None:
    cache, trunk = FeatureCache(), Trunk()
    cache.get(KEY, ONE, trunk)
    cache.get(other, ONE, trunk)
    assert trunk.runs == 2


def test_a_picture_that_differs_in_one_pixel_runs_a_trunk_again() -> None:
    cache, trunk = FeatureCache(), Trunk()
    cache.get(KEY, ONE, trunk)
    changed = _picture(1)
    changed[0, 0, 0, 0] += 1e-6
    cache.get(KEY, digest_of(changed), trunk)
    assert trunk.runs == 2


def test_a_digest_is_of_the_numbers_and_not_of_how_they_lie_in_memory() -> None:
    picture = np.arange(48, dtype=np.float32).reshape(1, 3, 4, 4)
    assert digest_of(np.asfortranarray(picture)) == digest_of(picture)
    assert digest_of(picture[:, ::-1]) != digest_of(picture)


def test_the_one_asked_about_longest_ago_is_let_go_first() -> None:
    cache, trunk = FeatureCache(2), Trunk()
    cache.get(KEY, ONE, trunk)
    cache.get(KEY, TWO, trunk)
    cache.get(KEY, ONE, trunk)  # now 2 is the older one
    cache.get(KEY, THREE, trunk)
    assert len(cache) == 2
    assert trunk.runs == 3
    cache.get(KEY, ONE, trunk)
    assert trunk.runs == 3
    cache.get(KEY, TWO, trunk)
    assert trunk.runs == 4


def test_what_was_let_go_runs_again() -> None:
    cache, trunk = FeatureCache(), Trunk()
    cache.get(KEY, ONE, trunk)
    cache.clear()
    cache.get(KEY, ONE, trunk)
    assert trunk.runs == 2


def test_nobody_can_change_what_is_kept() -> None:
    for kept in FeatureCache().get(KEY, ONE, Trunk()):
        with pytest.raises(ValueError, match="read-only"):
            kept[:] = 1


def test_both_maps_of_a_trunk_are_kept_together() -> None:
    cache, trunk = FeatureCache(), Trunk(3.0)
    middle, enhanced = cache.get(KEY, ONE, trunk)
    assert (middle.shape, enhanced.shape, len(cache)) == ((1, 2, 4, 4), (1, 2, 2, 2), 1)
    assert (enhanced == 3).all()


def test_what_is_no_number_is_not_kept() -> None:
    cache, broken = FeatureCache(), Trunk(float("nan"))
    cache.get(KEY, ONE, broken)
    cache.get(KEY, ONE, broken)
    assert (broken.runs, len(cache)) == (2, 0)
