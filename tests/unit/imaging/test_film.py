"""The film of a phantom woman: what moves, what whitens, and that both are as the film says they are."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.quality import Verdict
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.colour import lightness
from pfm_desktop.imaging.film import PhantomFilm
from pfm_desktop.imaging.quality import assess
from pfm_desktop.imaging.registration import register

pytestmark = pytest.mark.slow

WIDTH, HEIGHT = 480, 270


@cache
def film(seed: int = 8, grade: Grade | None = Grade.HIGH, *, still: bool = False) -> PhantomFilm:
    return PhantomFilm(seed, grade=grade, width=WIDTH, height=HEIGHT, still=still)


def test_the_same_seed_gives_the_same_bytes_and_every_picture_is_a_new_array() -> None:
    again = PhantomFilm(8, grade=Grade.HIGH, width=WIDTH, height=HEIGHT)
    one, two = (one.picture(Light.WHITE, acid_s=40.0, at=7.5) for one in (film(), again))
    assert one.tobytes() == two.tobytes()
    assert one.shape == (HEIGHT, WIDTH, 3)
    assert one.dtype == np.uint8
    one[:] = 0
    assert film().picture(Light.WHITE, acid_s=40.0, at=7.5).tobytes() == two.tobytes()


def test_without_light_it_is_black() -> None:
    assert not film().picture(Light.OFF, acid_s=40.0, at=1.0).any()


@pytest.mark.parametrize("seed", [8, 9, 21])
def test_motion_begins_at_nothing_and_is_smooth_and_small(seed: int) -> None:
    moving = PhantomFilm(seed, width=128, height=72)
    share = 72 / 1080
    corners = np.array([[0, 128, 0, 128, 64], [0, 0, 72, 72, 36], [1] * 5], np.float64)
    times = np.arange(0, 180, 1 / 30)
    places = np.array([(moving.motion(at) @ corners)[:2] for at in times])
    apart = np.hypot(*np.moveaxis(places - corners[:2], 1, 0)) / share  # pixels of 1080
    assert moving.motion(0.0) == pytest.approx(np.eye(3), abs=1e-9)
    assert 5 < apart[:, 4].max() < 80
    assert np.hypot(*np.moveaxis(np.diff(places, axis=0), 1, 0)).max() / share < 6
    assert 0.95 < np.linalg.det(moving.motion(90.0)[:2, :2]) < 1.05


def test_a_still_woman_stays_where_she_is() -> None:
    still = film(still=True)
    assert (still.motion(55.0) == np.eye(3)).all()
    assert (
        still.picture(Light.WHITE, acid_s=None, at=3.0).tobytes()
        == still.picture(Light.WHITE, acid_s=None, at=99.0).tobytes()
    )


@pytest.mark.parametrize("light", [Light.WHITE, Light.FLUORESCENCE])
def test_a_picture_lies_where_the_motion_says(light: Light) -> None:
    moving, still = film(), film(still=True)
    at = 61.3
    size = (WIDTH, HEIGHT)
    moved = moving.picture(light, acid_s=30.0, at=at)
    matrix = moving.motion(at)
    if light is Light.FLUORESCENCE:
        # the offset comes after the motion; in an unmoved picture it is in there already
        before, after = np.eye(3), np.eye(3)
        before[:2, 2], after[:2, 2] = -np.array(moving.offset), moving.offset
        matrix = after @ matrix @ before
    expected = cv2.warpAffine(still.picture(light, acid_s=30.0, at=0.0), matrix[:2], size)
    inner = slice(40, -40), slice(140, -140)
    apart = np.abs(moved.astype(int) - expected)[inner]
    unmoved = np.abs(still.picture(light, acid_s=30.0, at=0.0).astype(int) - expected)[inner]
    assert apart.mean() < 1.0
    assert unmoved.mean() > 2 * apart.mean()


def test_whitening_follows_its_kinetics() -> None:
    one = film()
    known = one.kinetics
    assert 5 <= known.onset_s <= 25
    assert 40 <= known.peak_s <= 90
    assert one.gain(None) == one.gain(0.0) == one.gain(known.onset_s) == 0
    assert 0 < one.gain(known.onset_s + 1) < one.gain(known.peak_s - 1) < one.gain(known.peak_s) == 1
    assert one.gain(known.half_s) == pytest.approx(0.5)


def test_the_lesion_whitens_by_what_the_truth_says_and_normal_tissue_does_not() -> None:
    still, peak = film(still=True), film().kinetics.peak_s
    before, after = (still.picture(Light.WHITE, acid_s=seconds, at=0.0) for seconds in (None, peak))
    seen = (lightness(after) - lightness(before))[still.lesion & ~still.glare].mean()
    (said,) = still.truth(still.lesion, [peak])
    assert said == pytest.approx(seen, abs=0.1)
    assert said > 4
    assert abs(still.truth(still.normal, [peak])[0]) < 0.5
    assert still.normal.sum() > 500
    assert not (still.normal & still.lesion).any()


def test_the_truth_of_a_polygon_is_that_of_its_pixels_and_of_nothing_is_unknown() -> None:
    still = film(still=True)
    corner = np.array([[230.0, 120.0], [250.0, 120.0], [250.0, 140.0], [230.0, 140.0]])
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[120:141, 230:251] = True
    assert still.truth(corner, [30.0, 60.0]) == pytest.approx(still.truth(mask, [30.0, 60.0]))
    assert np.isnan(still.truth(np.zeros((HEIGHT, WIDTH), np.bool_), [30.0])).all()


def test_a_normal_woman_has_no_lesion() -> None:
    assert not film(9, Grade.NORMAL).lesion.any()
    assert film(9, Grade.NORMAL).grade is Grade.NORMAL


def test_the_gate_finds_her_cervix_and_a_pair_is_registered() -> None:
    """At half of full size, which the gate asks for."""
    large = PhantomFilm(8, grade=Grade.HIGH, width=960, height=540)
    white = large.picture(Light.WHITE, acid_s=60.0, at=20.0)
    glow = large.picture(Light.FLUORESCENCE, acid_s=60.4, at=20.4)
    for picture, source in ((white, Source.WHITE), (glow, Source.FLUORESCENCE)):
        said = assess(picture, source)
        assert said.anatomy.cervix
        assert said.verdict is not Verdict.UNUSABLE, said.problems
    found = register(white, glow)
    assert found.status is RegistrationStatus.OK
    moved = large.motion(20.4) @ np.linalg.inv(large.motion(20.0))
    places = np.argwhere(large.normal)[::500, ::-1].astype(np.float64)
    true = places @ moved[:2, :2].T + moved[:2, 2] + np.array(large.offset)
    assert np.median(np.hypot(*(found.white_to_fluorescence(places) - true).T)) < 2


@pytest.mark.parametrize(("width", "height"), [(96, 128), (128, 128), (700, 100)])
def test_any_shape_of_frame_can_be_had(width: int, height: int) -> None:
    one = PhantomFilm(8, width=width, height=height)
    assert one.picture(Light.FLUORESCENCE, acid_s=30.0, at=5.0).shape == (height, width, 3)
    assert one.lesion.shape == one.normal.shape == (height, width)


def test_a_frame_too_small_to_draw_her_in_is_refused() -> None:
    with pytest.raises(ValueError, match="64"):
        PhantomFilm(8, width=64, height=36)
