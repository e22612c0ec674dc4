"""Nearly the same picture is found however it was passed on; another one of the same kind is not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from pfm_desktop.imaging.alike import Look, alike, candidates, likeness, look_of
from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.io import decode_picture, encode_jpeg
from pfm_desktop.imaging.phantom import render

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def phantoms() -> list[Pixels]:
    return [picture for seed in range(5) for picture in (render(60 + seed, size=192).white,)]


def cropped(top: float, bottom: float, left: float, right: float) -> Callable[[Pixels], Pixels]:
    def crop(picture: Pixels) -> Pixels:
        height, width = picture.shape[:2]
        return picture[
            int(height * top) : height - int(height * bottom), int(width * left) : width - int(width * right)
        ]

    return crop


def again(picture: Pixels) -> Pixels:
    return decode_picture(encode_jpeg(picture, quality=45), "again").pixels


WAYS: dict[str, Callable[[Pixels], Pixels]] = {
    "compressed again": again,
    "half as large": lambda picture: fit(picture, 96),
    "cropped by 4 percent at each edge": cropped(0.04, 0.04, 0.04, 0.04),
    "cropped by 8 percent at each edge": cropped(0.08, 0.08, 0.08, 0.08),
    "cropped at the left": cropped(0, 0, 0.10, 0),
    "cropped at two edges": cropped(0.09, 0.02, 0, 0.08),
    "brighter": lambda picture: np.clip(picture * 1.15 + 8, 0, 255).astype(np.uint8),
    "cropped, reduced and compressed": lambda picture: again(fit(cropped(0.05, 0.05, 0.05, 0.05)(picture), 120)),
}


def found(first: Look, second: Look) -> bool:
    """By both steps, as among many."""
    return list(candidates([first, second], [0, 1])) == [(0, 1)] and alike(first, second)


@pytest.mark.parametrize("way", WAYS)
def test_the_same_picture_is_found_however_it_was_passed_on(phantoms: list[Pixels], way: str) -> None:
    for picture in phantoms:
        assert found(look_of(picture), look_of(WAYS[way](picture)))


def test_other_women_are_not_alike(phantoms: list[Pixels]) -> None:
    looks = [look_of(picture) for picture in phantoms]
    assert max(likeness(first, second) for first, second in combinations(looks, 2)) < 0.7


def test_another_shot_of_one_woman_is_nearer_than_any_other_woman(phantoms: list[Pixels]) -> None:
    first, second = (look_of(render(60, size=192, shot=shot).white) for shot in (1, 2))
    assert likeness(first, second) > max(likeness(first, look_of(other)) for other in phantoms[1:])


def test_likeness_does_not_hang_on_the_order(phantoms: list[Pixels]) -> None:
    first, second = look_of(phantoms[0]), look_of(WAYS["cropped at the left"](phantoms[0]))
    assert likeness(first, second) == likeness(second, first)
    assert found(first, second)
    assert found(second, first)


def test_pictures_of_one_woman_are_no_candidates(phantoms: list[Pixels]) -> None:
    look = look_of(phantoms[0])
    assert list(candidates([look, look, look], [0, 0, 1])) == [(0, 2), (1, 2)]
    assert list(candidates([look], [0])) == []
    assert list(candidates([], [])) == []


@pytest.mark.parametrize("shape", [(8, 8), (9, 400), (400, 9), (1, 1)])
def test_pictures_of_odd_shapes_and_of_one_colour_do_no_harm(shape: tuple[int, int], phantoms: list[Pixels]) -> None:
    flat = look_of(np.full((*shape, 3), 90, np.uint8))
    assert not alike(flat, look_of(phantoms[0]))
    assert np.isfinite(flat.small).all()


def test_women_of_a_set_of_photographs_are_told_apart(annocerv: object) -> None:
    from pathlib import Path

    files = sorted((Path(str(annocerv)) / "images").glob("case00[2-6]_aceto1.jpg"))
    looks = [look_of(decode_picture(file.read_bytes(), file.name).pixels) for file in files]
    assert len(looks) >= 3
    assert not any(alike(first, second) for first, second in combinations(looks, 2))
