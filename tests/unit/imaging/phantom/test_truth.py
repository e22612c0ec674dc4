"""What a phantom says of itself besides its grade: os, film, speculum, swab."""

import numpy as np
import pytest

from pfm_desktop.imaging.phantom import render
from pfm_desktop.imaging.phantom.defects import Defect, swab
from pfm_desktop.imaging.phantom.render import Phantom

pytestmark = pytest.mark.slow

SIZE = 128


def drawn(seed: int, *defects: Defect) -> Phantom:
    return render(seed, size=SIZE, defects=frozenset(defects))


@pytest.mark.parametrize("seed", range(60_000, 60_006))
def test_the_os_lies_in_the_cervix_and_is_dark_or_covered(seed: int) -> None:
    phantom = drawn(seed)
    x, y = (round(value) for value in phantom.os)
    assert phantom.cervix[y, x]
    near = np.hypot(*np.meshgrid(np.arange(SIZE) - x, np.arange(SIZE) - y)) < SIZE / 32
    light = phantom.white.mean(axis=2)
    assert light[near].min() < 0.8 * np.median(light[phantom.cervix]) or (phantom.film & near).any()


def test_the_os_is_told_in_the_same_place_at_every_size() -> None:
    small, large = drawn(60_001).os, render(60_001, size=2 * SIZE).os
    assert np.allclose((np.array(small) + 0.5) * 2, np.array(large) + 0.5, atol=2.5)


def test_the_os_moves_out_with_the_view_and_masks_are_empty_without_a_cervix() -> None:
    away = drawn(60_004, Defect.NO_CERVIX)
    assert not (0 <= away.os[0] < SIZE and 0 <= away.os[1] < SIZE)
    assert not away.film.any()
    assert not away.cervix.any()


def test_a_speculum_is_marked_where_one_was_drawn_and_nowhere_else() -> None:
    for seed in range(60_000, 60_008):
        phantom = drawn(seed)
        assert phantom.speculum.any() <= bool(phantom.drawn["speculum"])


def test_the_swab_covers_what_changed() -> None:
    seed = 60_003
    plain, hidden = drawn(seed).white.astype(int), drawn(seed, Defect.OBSTRUCTED).white.astype(int)
    covered = swab(seed, SIZE)
    assert covered.shape == (SIZE, SIZE)
    assert (covered.min(), covered.max()) == (0, 1)
    changed = np.abs(plain - hidden).max(axis=2)
    assert np.median(changed[covered == 1]) > 30
    assert np.median(changed[covered == 0]) < 5
