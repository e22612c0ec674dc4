"""What the readings say of masks that are drawn by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pfm_desktop.imaging.finder import Found
from pfm_desktop.imaging.quality.places import anatomy_of, outlines, readings, regions_of

HEIGHT, WIDTH = 192, 256
NOTHING: NDArray[np.bool_] = np.zeros((HEIGHT, WIDTH), np.bool_)


def disc(x: float, y: float, rx: float, ry: float | None = None) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.asarray(((columns - x) / rx) ** 2 + ((rows - y) / (ry or rx)) ** 2 <= 1)


def found(cervix: NDArray[np.bool_], **changed: object) -> Found:
    plain = Found(0.99, 0.1, cervix, NOTHING, NOTHING, (0.5, 0.5), 0.9)
    return replace(plain, **changed)  # type: ignore[arg-type]


def test_a_cervix_in_the_middle_is_large_round_and_centred() -> None:
    said = readings(found(disc(127.5, 95.5, 60)))
    assert said["cervix"] == pytest.approx(120 / HEIGHT, rel=0.02)
    assert said["off"] == pytest.approx(0, abs=0.01)
    assert said["stretch"] == pytest.approx(1, abs=0.03)
    assert said["blocked"] == said["film"] == 0


def test_off_counts_from_the_os_and_without_one_from_the_middle_of_the_cervix() -> None:
    at_the_edge = disc(200, 95.5, 40)
    by_os = readings(found(at_the_edge, os=(0.5, 0.75)))["off"]
    by_middle = readings(found(at_the_edge, os=(0.5, 0.75), os_sure=0.01))["off"]
    assert by_os == pytest.approx(0.5, abs=0.01)
    assert by_middle == pytest.approx(72.5 / 96, abs=0.01)
    assert readings(found(at_the_edge))["aside"] == pytest.approx(72.5 / 96, abs=0.01)


def test_a_squeezed_cervix_shows_in_its_stretch() -> None:
    assert readings(found(disc(128, 96, 90, 45)))["stretch"] == pytest.approx(2, rel=0.05)


def test_blocked_counts_what_lies_before_the_cervix_also_where_the_cervix_is_not_seen_behind_it() -> None:
    whole, swab = disc(128, 96, 60), disc(128, 96, 30)
    assert readings(found(whole, foreign=swab))["blocked"] == pytest.approx(0.25, rel=0.05)
    assert readings(found(whole & ~swab, foreign=swab))["blocked"] == pytest.approx(0.25, rel=0.05)
    assert readings(found(whole, foreign=disc(20, 96, 15)))["blocked"] == 0, "a speculum beside it is in nobody's way"


def test_film_counts_at_the_os_only() -> None:
    cervix = disc(128, 96, 60)
    assert readings(found(cervix, film=disc(128, 96, 20)))["film"] == 1
    assert readings(found(cervix, film=disc(170, 96, 10)))["film"] == 0


def test_without_a_cervix_nothing_else_is_said() -> None:
    said = readings(found(disc(128, 96, 60), present=0.1, foreign=disc(128, 96, 60)))
    assert (said["cervix"], said["off"], said["blocked"], said["stretch"]) == (0, 0, 0, 1)
    assert anatomy_of(found(disc(128, 96, 60), present=0.1), (WIDTH, HEIGHT)).cervix == ()
    assert readings(found(NOTHING))["cervix"] == 0
    assert readings(found(NOTHING))["present"] == 0, "whatever was said of the whole picture"
    assert anatomy_of(found(NOTHING), (WIDTH, HEIGHT)).os is None, "an os without a cervix is none"


def test_an_outline_is_in_pixels_of_the_picture_and_closed_around_the_mask() -> None:
    mask = NOTHING.copy()
    mask[48:96, 64:128] = True
    (outline,) = outlines(mask, (4 * WIDTH, 4 * HEIGHT))
    x, y = np.array(outline).T
    assert (x.min(), x.max()) == pytest.approx((64 * 4, 128 * 4 - 1), abs=3)
    assert (y.min(), y.max()) == pytest.approx((48 * 4, 96 * 4 - 1), abs=3)


def test_the_largest_part_comes_first_and_specks_are_left_out() -> None:
    mask = disc(60, 60, 10) | disc(180, 120, 40) | disc(5, 5, 1)
    first, *rest = outlines(mask, (WIDTH, HEIGHT))
    assert len(rest) == 1
    assert np.array(first)[:, 0].min() > 130


@pytest.mark.parametrize(("os", "seen"), [((0.5, 0.25), True), ((1.0, 0.0), True), ((1.2, 0.5), False)])
def test_an_os_is_named_only_within_the_picture(os: tuple[float, float], seen: bool) -> None:
    spot = anatomy_of(found(disc(128, 96, 60), os=os), (1000, 800)).os
    assert (spot is not None) is seen
    if spot is not None:
        assert 0 <= spot[0] <= 999
        assert 0 <= spot[1] <= 799
    assert anatomy_of(found(disc(128, 96, 60), os=os, os_sure=0.01), (1000, 800)).os is None


GREY = np.full((300, 400, 3), 90, np.uint8)


def test_only_problems_that_have_a_place_have_regions() -> None:
    seen = found(disc(128, 96, 60), foreign=disc(128, 96, 30), film=disc(60, 60, 10))
    what = [region.what for region in regions_of(seen, GREY, (WIDTH, HEIGHT), ("obstructed", "out_of_focus"))]
    assert what == ["obstructed"]
    assert [region.what for region in regions_of(seen, GREY, (WIDTH, HEIGHT), ("os_covered",))] == ["os_covered"]
    assert regions_of(seen, GREY, (WIDTH, HEIGHT), ()) == ()


@pytest.mark.parametrize(("problem", "colour"), [("glare", (255, 255, 255)), ("overexposed", (255, 120, 120))])
def test_glare_and_overexposure_are_outlined_where_they_are(problem: str, colour: tuple[int, int, int]) -> None:
    picture = GREY.copy()
    picture[60:120, 200:300] = colour
    (region,) = regions_of(found(NOTHING), picture, (4000, 3000), (problem,))
    x, y = np.array(region.outline).T
    assert (x.min(), x.max(), y.min(), y.max()) == pytest.approx((2000, 3000, 600, 1200), abs=60)
