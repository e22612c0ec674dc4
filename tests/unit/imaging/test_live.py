"""Meters for the live screen."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pfm_desktop.domain.capture import Light
from pfm_desktop.domain.quality import Verdict
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging import live
from pfm_desktop.imaging.film import PhantomFilm
from pfm_desktop.imaging.finder import Found
from pfm_desktop.imaging.live import against_best, centring, meters
from pfm_desktop.imaging.phantom import Defect, render
from pfm_desktop.imaging.quality import assess
from pfm_desktop.support.errors import BadInputError

pytestmark = pytest.mark.slow

Pixels = NDArray[np.uint8]
LIT = (Light.WHITE, Light.FLUORESCENCE)


@cache
def frame(light: Light, seed: int = 300) -> Pixels:
    film = PhantomFilm(seed, width=960, height=540)
    return film.picture(light, acid_s=60.0, at=3.0)


@cache
def spoiled(defect: Defect) -> Pixels:
    return render(23000, size=400, defects=frozenset({defect})).white


def blurred(pixels: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


@pytest.mark.parametrize("light", LIT)
def test_a_good_frame_is_good_in_all_and_the_gate_agrees(light: Light) -> None:
    read = meters(frame(light), light=light)
    assert {read.focus.level, read.exposure.level, read.glare.level} == {Verdict.GOOD}
    assert (read.focus.words, read.exposure.words) == ("sharp", "well exposed")
    assert assess(frame(light), Source(light.value)).verdict is Verdict.GOOD


@pytest.mark.parametrize("light", LIT)
def test_focus_falls_the_more_a_frame_is_blurred(light: Light) -> None:
    read = [meters(blurred(frame(light), sigma), light=light) for sigma in (0.5, 2.0, 4.0, 7.0)]
    raw = [one.focus_raw for one in read]
    assert raw == sorted(raw, reverse=True)
    assert read[0].focus.value > 0.8
    assert read[-1].focus.value < 0.3
    assert read[-1].focus.level is Verdict.UNUSABLE
    assert read[-1].focus.words == "out of focus"


def test_focus_is_compared_with_the_best_of_the_session() -> None:
    assert against_best(0.8, 0.8) == 1
    assert against_best(0.6, 0.8) == pytest.approx(0.5)
    assert against_best(0.3, 0.8) == 0
    assert against_best(0.9, 0.8) == 1
    assert against_best(0.5, 0.0) == 0


def test_too_little_and_too_much_light_are_said() -> None:
    light = frame(Light.WHITE)
    dark = meters((light * 0.25).astype(np.uint8), light=Light.WHITE)
    bright = meters(np.clip(light * 1.7, 0, 255).astype(np.uint8), light=Light.WHITE)
    assert (dark.exposure.level, dark.exposure.words) == (Verdict.UNUSABLE, "too dark")
    assert (bright.exposure.level, bright.exposure.words) == (Verdict.UNUSABLE, "too bright")
    assert dark.exposure.value < 0.35
    assert bright.exposure.value > 0.7
    assert bright.clipped > 0.4
    assert dark.dark > meters(light, light=Light.WHITE).dark


def test_noise_in_the_dark_is_not_sharp() -> None:
    noise = np.random.default_rng(1).integers(0, 8, (270, 480, 3), dtype=np.uint8)
    read = meters(noise, light=Light.WHITE)
    assert read.focus.value == read.focus_raw == 0
    assert read.focus.words == "too dark to tell"


@pytest.mark.parametrize("light", LIT)
@pytest.mark.parametrize("level", [0, 120, 255])
def test_a_frame_of_one_colour_has_nothing_to_focus_on(light: Light, level: int) -> None:
    read = meters(np.full((90, 160, 3), level, np.uint8), light=light)
    assert read.focus.level is Verdict.UNUSABLE
    assert read.focus_raw == 0


def test_glare_is_said() -> None:
    wet = frame(Light.WHITE).copy()
    for x in range(300, 680, 40):
        cv2.circle(wet, (x, 270 + (x % 3) * 40), 30, (255, 255, 255), -1)
    assert meters(wet, light=Light.WHITE).glare.level is not Verdict.GOOD
    assert meters(wet, light=Light.WHITE).glare.value > meters(frame(Light.WHITE), light=Light.WHITE).glare.value


def test_with_the_light_off_nothing_is_measured() -> None:
    read = meters(frame(Light.WHITE), light=Light.OFF)
    assert read.focus.words == read.exposure.words == "the light is off"


@pytest.mark.parametrize(
    ("across", "down", "arrow"),
    [(180, 0, "move right"), (-180, 0, "move left"), (0, 130, "move down"), (-140, -130, "move left and up")],
)
def test_the_arrow_points_to_where_the_cervix_lies(across: int, down: int, arrow: str) -> None:
    # moved by hand: the middle of this woman's cervix is the middle of the frame
    shifted = np.roll(frame(Light.WHITE, 303), (down, across), (0, 1))
    read = centring(shifted)
    assert read.arrow == arrow
    assert read.level is not Verdict.GOOD
    assert np.sign(round(read.x, 1)) == np.sign(across)
    assert np.sign(round(read.y, 1)) == np.sign(down)


def test_a_cervix_in_the_middle_needs_no_arrow() -> None:
    read = centring(frame(Light.WHITE, 303))
    assert (read.arrow, read.level, read.words) == ("", Verdict.GOOD, "in the middle")
    assert read.diameter > 0.5


@pytest.mark.parametrize(
    ("radius", "across", "level", "words"),
    [
        (50, 0, Verdict.GOOD, "in the middle"),
        (30, 0, Verdict.LIMITED, "move closer"),
        (12, 0, Verdict.UNUSABLE, "move closer"),
        (30, 60, Verdict.UNUSABLE, "move right, and closer"),
    ],
)
def test_a_cervix_far_away_is_to_be_come_closer_to(
    radius: int, across: int, level: Verdict, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cervix = np.zeros((144, 256), np.uint8)
    cv2.circle(cervix, (128 + across, 72), radius, 1, -1)
    nothing = np.zeros((144, 256), np.bool_)
    seen = Found(0.9, 0.1, cervix > 0, nothing, nothing, (0.5, 0.5), 0.0)
    monkeypatch.setattr(live, "find", lambda _: seen)
    read = centring(np.zeros((270, 480, 3), np.uint8))
    assert (read.level, read.words) == (level, words)


def test_where_no_cervix_is_seen_that_is_said() -> None:
    read = centring(spoiled(Defect.NO_CERVIX))
    assert (read.level, read.arrow) == (Verdict.UNUSABLE, "")
    assert "no cervix" in read.words


@pytest.mark.parametrize("shape", [(1, 1), (2, 500), (500, 2), (40, 40)])
def test_frames_of_any_shape_can_be_read(shape: tuple[int, int]) -> None:
    odd = np.full((*shape, 3), 90, np.uint8)
    for light in Light:
        assert 0 <= meters(odd, light=light).focus.value <= 1
    assert centring(odd).level is Verdict.UNUSABLE


def test_a_frame_is_left_as_it_was() -> None:
    one = frame(Light.WHITE).copy()
    one.setflags(write=False)
    meters(one, light=Light.WHITE)
    centring(one)


@pytest.mark.parametrize("bad", [None, np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3), np.float32)])
def test_what_is_no_frame_is_refused(bad: Pixels) -> None:
    for reading in (centring, lambda pixels: meters(pixels, light=Light.WHITE)):
        with pytest.raises(BadInputError):
            reading(bad)
