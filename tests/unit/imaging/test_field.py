"""The lit field of a frame, and registering by what lies in it."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.field import dark_surround, lit_box, register_lit
from pfm_desktop.imaging.film import PhantomFilm
from pfm_desktop.imaging.phantom import render
from pfm_desktop.imaging.registration import register

pytestmark = pytest.mark.slow

WIDTH, HEIGHT = 480, 270
Pixels = NDArray[np.uint8]


@cache
def film(seed: int) -> PhantomFilm:
    return PhantomFilm(seed, width=WIDTH, height=HEIGHT)


def white(seed: int, at: float = 0.0) -> Pixels:
    return film(seed).picture(Light.WHITE, acid_s=20.0, at=at)


@pytest.mark.parametrize("seed", [300, 303, 305])
def test_the_box_lies_within_the_round_field_and_is_most_of_it(seed: int) -> None:
    left, top, right, bottom = lit_box(white(seed))
    corners = np.array([(x - WIDTH / 2, y - HEIGHT / 2) for x in (left, right) for y in (top, bottom)])
    assert np.hypot(*corners.T).max() < 0.6 * HEIGHT
    assert (right - left) * (bottom - top) > 0.35 * HEIGHT * HEIGHT


def test_a_picture_that_is_lit_all_over_is_taken_whole() -> None:
    picture = render(23000, size=256).white
    assert lit_box(np.full((90, 120, 3), 120, np.uint8)) == (0, 0, 120, 90)
    left, top, right, bottom = lit_box(picture)
    assert (right - left) * (bottom - top) > 0.5 * 256 * 256


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (300, 2), (64, 64)])
@pytest.mark.parametrize("level", [0, 5, 255])
def test_any_picture_has_a_box(shape: tuple[int, int], level: int) -> None:
    assert lit_box(np.full((*shape, 3), level, np.uint8)) == (0, 0, shape[1], shape[0])


def test_a_spot_of_light_still_leaves_a_box_with_pixels() -> None:
    spot = np.zeros((120, 200, 3), np.uint8)
    cv2.circle(spot, (190, 5), 6, (255, 255, 255), -1)
    left, top, right, bottom = lit_box(spot)
    assert 0 <= left < right <= 200
    assert 0 <= top < bottom <= 120


@pytest.mark.parametrize(("one", "other"), [(300, 301), (302, 303), (304, 306), (8, 21)])
def test_two_women_in_the_same_round_field_are_not_registered(one: int, other: int) -> None:
    assert register_lit(white(one), white(other, 3.0)).status is not RegistrationStatus.OK


@pytest.mark.parametrize("seed", [300, 302])
def test_the_map_is_one_of_the_whole_pictures(seed: int) -> None:
    moving = film(seed)
    pair = white(seed), moving.picture(Light.FLUORESCENCE, acid_s=20.5, at=30.0)
    found = register_lit(*pair)
    assert found.white_size == found.fluorescence_size == (WIDTH, HEIGHT)
    places = np.argwhere(moving.normal)[::100, ::-1].astype(np.float64)
    moved = moving.motion(30.0)
    true = places @ moved[:2, :2].T + moved[:2, 2] + np.array(moving.offset)
    assert found.status is RegistrationStatus.OK
    assert np.median(np.hypot(*(found.white_to_fluorescence(places) - true).T)) < 1.0
    again = register_lit(*pair, start=found.matrix)
    assert np.median(np.hypot(*(again.white_to_fluorescence(places) - true).T)) < 1.0


def test_pictures_of_two_sizes_are_each_cut_by_their_own_field() -> None:
    moving = film(300)
    larger = np.asarray(cv2.resize(moving.picture(Light.FLUORESCENCE, acid_s=20.5, at=0.0), (960, 540)), np.uint8)
    found = register_lit(white(300), larger)
    assert found.fluorescence_size == (960, 540)
    assert found.status is RegistrationStatus.OK
    (there,) = found.white_to_fluorescence(np.array([[240.0, 135.0]]))
    assert there == pytest.approx((480 + 2 * moving.offset[0], 270 + 2 * moving.offset[1]), abs=4)


def test_what_is_refused_keeps_its_sizes_and_its_reason() -> None:
    found = register_lit(white(300), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    assert found.status is RegistrationStatus.REFUSED
    assert found.reason
    assert np.isnan(found.white_to_fluorescence(np.array([[10.0, 10.0]]))).all()
    assert found.warp_to_white(white(300)).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("seed", [300, 303, 305])
def test_a_round_field_lies_in_a_dark_surround(seed: int) -> None:
    assert dark_surround(white(seed))


@pytest.mark.parametrize("seed", [23000, 23001, 23006])
def test_a_shade_towards_the_corners_is_no_dark_surround_and_whole_pictures_are_registered(seed: int) -> None:
    drawn = render(seed, size=256)
    assert not dark_surround(drawn.white)
    found, whole = (one(drawn.white, drawn.fluorescence) for one in (register_lit, register))
    assert found.status is whole.status
    assert np.array_equal(found.matrix, whole.matrix)
    assert np.array_equal(found.nodes, whole.nodes)


@pytest.mark.parametrize("level", [0, 5, 255])
def test_a_picture_of_one_level_has_no_surround(level: int) -> None:
    assert not dark_surround(np.full((64, 90, 3), level, np.uint8))


@pytest.mark.parametrize("gamma", [0.8, 0.65])
@pytest.mark.parametrize("stray", [0, 18])
def test_a_surround_that_is_not_quite_dark_joins_no_two_women_either(gamma: float, stray: int) -> None:
    def camera(pixels: Pixels) -> Pixels:
        brighter = np.round(255 * (pixels / 255.0) ** gamma) + stray
        return np.clip(brighter, 0, 255).astype(np.uint8)

    seen = camera(white(300))
    assert not dark_surround(seen)
    for seed, joined in ((300, True), (301, False), (303, False)):
        lit = camera(film(seed).picture(Light.FLUORESCENCE, acid_s=20.5, at=0.3))
        assert (register_lit(seen, lit).status is not RegistrationStatus.REFUSED) is joined
