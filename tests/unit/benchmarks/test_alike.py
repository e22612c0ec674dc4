"""The benchmark of pictures that are nearly the same: what it alters is altered, and its lines count what is found."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import alike as bench
from benchmarks.alike_parts.ways import WAYS, cropped, moved, turned
from pfm_desktop.imaging.alike import look_of
from pfm_desktop.imaging.phantom import render
from pfm_desktop.jobs import SilentContext

pytestmark = pytest.mark.slow


def picture(seed: int, size: int = 160) -> np.ndarray:
    return render(seed, size=size).white


def kind(name: str = "device A, white light") -> bench.Kind:
    pictures = [picture(30), picture(31), turned(picture(30), 1)]
    return bench.Kind(name, pictures, [0, 1, 2], ["one", "two", "three"], [0, 1])


@pytest.mark.parametrize("way", WAYS)
def test_each_way_alters_the_picture_the_same_each_time(way: str) -> None:
    first, again = (WAYS[way](picture(30), np.random.default_rng(3)) for _ in range(2))
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert np.array_equal(first, again)
    assert not np.array_equal(first, picture(30))


def test_crops_take_off_what_they_say() -> None:
    wide = np.zeros((100, 200, 3), np.uint8)
    assert cropped(wide, top=0.15, left=0.20).shape == (85, 160, 3)
    assert WAYS["cropped by 20 % at each edge"](wide, np.random.default_rng(0)).shape == (60, 120, 3)
    for seed in range(5):
        height, width = WAYS["cropped by up to 20 % at each edge"](wide, np.random.default_rng(seed)).shape[:2]
        assert 60 <= height <= 100
        assert 120 <= width <= 200


def test_turns_and_mirrors_are_what_they_say() -> None:
    whole = picture(30)
    assert np.array_equal(turned(whole, 2, mirrored=True), whole[::-1])
    assert np.array_equal(turned(turned(whole, 1), 3), whole)
    assert np.array_equal(moved(whole), whole)
    assert np.array_equal(moved(whole, shift=0.1)[16:, 16:], whole[:-16, :-16])


def test_pictures_of_other_women_that_are_linked_are_counted_and_named() -> None:
    line = bench.line_of_others(kind(), [look_of(one) for one in kind().pictures])
    assert "3 pictures" in line
    assert "of 3; linked 1 (one and three)" in line


def test_the_share_that_is_found_is_told_by_way_and_apart_for_photographs() -> None:
    kinds = [kind(), kind("photographs")]
    looks = [[look_of(one) for one in each.pictures] for each in kinds]
    lines = list(bench.lines_of_ways(SilentContext(), kinds, looks, 2))
    assert len(lines) == 2 * len(WAYS)
    assert "phantoms, turned by 90 degrees: found 100.0 % (15.8-100.0), 2 of 2" in lines
    assert sum(line.startswith("photographs, ") for line in lines) == len(WAYS)
    assert next(iter(bench.lines_of_ways(SilentContext(), kinds, looks, 1))).endswith("1 of 1")


def test_all_photographs_are_compared_and_one_of_each_woman_altered(annocerv: object) -> None:
    from pathlib import Path

    real = bench.photographs(Path(str(annocerv)))
    assert real.real
    assert len(real.pictures) == len(real.women) == 297
    assert len(real.first) == len(set(real.women)) == 100
    assert real.names[real.first[0]].startswith("case")
