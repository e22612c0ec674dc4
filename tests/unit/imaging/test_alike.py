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

pytestmark = pytest.mark.slow

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


def turned(quarters: int, mirrored: bool = False) -> Callable[[Pixels], Pixels]:
    return lambda picture: np.ascontiguousarray(np.rot90(picture[:, ::-1] if mirrored else picture, quarters))


WAYS: dict[str, Callable[[Pixels], Pixels]] = {
    "compressed again": again,
    "half as large": lambda picture: fit(picture, 96),
    "cropped by 4 percent at each edge": cropped(0.04, 0.04, 0.04, 0.04),
    "cropped by 8 percent at each edge": cropped(0.08, 0.08, 0.08, 0.08),
    "cropped at the left": cropped(0, 0, 0.10, 0),
    "cropped at two edges": cropped(0.09, 0.02, 0, 0.08),
    "cropped by 15 percent at each edge": cropped(0.15, 0.15, 0.15, 0.15),
    "cropped by 20 percent at each edge": cropped(0.20, 0.20, 0.20, 0.20),
    "cropped by 20 percent at one edge": cropped(0.20, 0, 0, 0),
    "cropped by 20 percent at two edges that meet": cropped(0, 0.20, 0, 0.20),
    "cropped by 20 percent left and right": cropped(0, 0, 0.20, 0.20),
    "turned by 90 degrees": turned(1),
    "turned by 180 degrees": turned(2),
    "turned by 270 degrees": turned(3),
    "mirrored left and right": turned(0, mirrored=True),
    "mirrored up and down": turned(2, mirrored=True),
    "mirrored and turned by 90 degrees": turned(1, mirrored=True),
    "mirrored and turned by 270 degrees": turned(3, mirrored=True),
    "turned, cropped and compressed": lambda picture: again(turned(1)(cropped(0.15, 0.15, 0.15, 0.15)(picture))),
    "mirrored, cropped at two edges": lambda picture: turned(1, mirrored=True)(cropped(0, 0.15, 0.15, 0)(picture)),
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


@pytest.mark.parametrize("way", ["turned by 90 degrees", "mirrored left and right", "turned, cropped and compressed"])
def test_pictures_that_are_not_square_are_found_as_well(phantoms: list[Pixels], way: str) -> None:
    for picture in phantoms:
        wide = picture[20:150]
        assert found(look_of(wide), look_of(WAYS[way](wide)))


def test_pictures_of_other_women_are_not_linked_in_any_orientation(phantoms: list[Pixels]) -> None:
    looks = [look_of(picture) for picture in phantoms]
    others = [look_of(WAYS[way](picture)) for picture in phantoms for way in WAYS if "turned" in way]
    whose = [woman for woman in range(len(phantoms)) for way in WAYS if "turned" in way]
    for woman, look in enumerate(looks):
        assert not any(alike(look, other) for other, of in zip(others, whose, strict=True) if of != woman)


def test_candidates_are_each_named_once_whatever_is_altered(phantoms: list[Pixels]) -> None:
    looks = [look_of(picture) for picture in phantoms]
    looks += [look_of(WAYS["turned, cropped and compressed"](picture)) for picture in phantoms]
    near = list(candidates(looks, range(len(looks))))
    assert len(near) == len(set(near))
    assert all(one < other for one, other in near)
    assert {(number, number + len(phantoms)) for number in range(len(phantoms))} <= set(near)


def test_there_may_be_more_pictures_than_are_compared_at_once(phantoms: list[Pixels]) -> None:
    look, other = look_of(phantoms[0]), look_of(WAYS["turned by 180 degrees"](phantoms[0]))
    nothing = look_of(np.full((9, 9, 3), 90, np.uint8))
    assert list(candidates([look, *[nothing] * 300, other], range(302))) == [(0, 301)]


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
    for kept in (flat.small, flat.windows, flat.ways):
        assert np.isfinite(kept).all()
    assert list(candidates([flat, flat, look_of(phantoms[0])], [0, 1, 2])) == []


def test_a_photograph_is_found_turned_mirrored_and_cropped(annocerv: object) -> None:
    from pathlib import Path

    for file in sorted((Path(str(annocerv)) / "images").glob("case00[2-5]_aceto1.jpg")):
        picture = decode_picture(file.read_bytes(), file.name).pixels
        for way, alter in WAYS.items():
            assert found(look_of(picture), look_of(alter(picture))), (file.name, way)


def test_women_of_a_set_of_photographs_are_told_apart(annocerv: object) -> None:
    from pathlib import Path

    files = sorted((Path(str(annocerv)) / "images").glob("case00[2-6]_aceto1.jpg"))
    looks = [look_of(decode_picture(file.read_bytes(), file.name).pixels) for file in files]
    assert len(looks) >= 3
    assert not any(alike(first, second) for first, second in combinations(looks, 2))
