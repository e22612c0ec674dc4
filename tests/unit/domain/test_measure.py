"""How large a lesion is, and where, against shapes whose figures are known."""

from __future__ import annotations

import math

import pytest

from pfm_desktop.domain.drawing import Shape
from pfm_desktop.domain.measure import Bearings, answers, measure, swede_size

from .test_shapes import disc, turned

CERVIX = disc(500, 400, 300)
OS = (500.0, 400.0)


def test_a_calibrated_disc_has_its_area_and_diameter_in_millimetres() -> None:
    made = measure([Shape(disc(600, 300, 50))], Bearings(OS, (CERVIX,), 0.05))
    assert made.area_mm2 == pytest.approx(math.pi * 2.5**2, rel=1e-3)
    assert made.diameter_mm == pytest.approx(5.0, rel=1e-3)
    assert made.cervix_share == pytest.approx(50**2 / 300**2, rel=1e-3)
    assert made.quadrants == ("anterior left",)
    assert made.hours == (1, 2)
    assert answers(made) == {"hours": ["1", "2"], "quadrants": 1, "percent": 3}


@pytest.mark.parametrize("scale", [None, 0.0, -1.0, math.nan])
def test_without_a_calibration_there_are_no_millimetres_and_no_points(scale: float | None) -> None:
    made = measure([Shape(disc(600, 300, 50))], Bearings(OS, (CERVIX,), scale))
    assert (made.area_mm2, made.diameter_mm, swede_size(made)) == (None, None, None)
    assert made.cervix_share == pytest.approx(1 / 36, rel=1e-3), "a share needs no scale"


def test_without_os_or_cervix_nothing_is_said_that_rests_on_them() -> None:
    made = measure([Shape(disc(600, 300, 50))], Bearings(mm_per_px=0.05))
    assert (made.cervix_share, made.quadrants, made.hours) == (None, None, None)
    assert answers(made) == {}


def test_several_parts_add_up_and_the_longest_diameter_is_that_of_one_part() -> None:
    made = measure([Shape(disc(600, 300, 50)), Shape(disc(350, 400, 20))], Bearings(OS, (), 0.1))
    assert made.parts == 2
    assert made.area_mm2 == pytest.approx(math.pi * 29, rel=1e-3)
    assert made.diameter_mm == pytest.approx(10, rel=1e-3)
    assert made.quadrants == ("anterior left", "posterior right", "anterior right")
    assert made.hours == (1, 2, 9)


def test_a_ring_about_the_os_is_in_all_quadrants_and_its_hole_does_not_count() -> None:
    ring = Shape(disc(*OS, 100), (disc(*OS, 60),))
    made = measure([ring], Bearings(OS, (CERVIX,), 0.05))
    assert made.area_mm2 == pytest.approx(math.pi * (25 - 9), rel=1e-3)
    assert made.hours == (12, *range(1, 12))
    assert answers(made)["quadrants"] == 4


def test_what_hardly_reaches_over_a_border_is_not_in_the_next_quadrant() -> None:
    box = Shape(((499.5, 300.0), (560.0, 300.0), (560.0, 350.0), (499.5, 350.0)))
    assert measure([box], Bearings(OS)).quadrants == ("anterior left",)
    box = Shape(((480.0, 300.0), (560.0, 300.0), (560.0, 350.0), (480.0, 350.0)))
    assert measure([box], Bearings(OS)).quadrants == ("anterior left", "anterior right")


def test_in_a_tilted_picture_quadrants_and_hours_are_those_of_the_woman() -> None:
    tilted = Shape(turned(disc(600, 300, 50), 40, OS))
    straight = measure([Shape(disc(600, 300, 50))], Bearings(OS))
    made = measure([tilted], Bearings(OS), rotation_degrees=40)
    assert (made.quadrants, made.hours) == (straight.quadrants, straight.hours)
    assert measure([tilted], Bearings(OS)).quadrants != straight.quadrants


@pytest.mark.parametrize(("radius", "points"), [(20, 0), (49.9, 0), (50.1, 1), (149, 1), (151, 2)], ids=str)
def test_points_for_the_size_are_those_of_the_swede_score(radius: float, points: int) -> None:
    small = measure([Shape(disc(900, 100, radius))], Bearings((900.0, 2000.0), (), 0.05))
    assert swede_size(small) == points


def test_three_quadrants_make_two_points_and_two_none_by_themselves() -> None:
    bearings = Bearings(OS, (), 0.01)
    assert swede_size(measure([Shape(disc(500, 300, 40))], bearings)) == 0
    assert swede_size(measure([Shape(disc(510, 390, 60))], bearings)) == 2


def test_a_lesion_drawn_larger_than_the_cervix_gives_no_percentage() -> None:
    made = measure([Shape(disc(500, 400, 400))], Bearings(OS, (CERVIX,)))
    assert made.cervix_share is not None
    assert made.cervix_share > 1
    assert "percent" not in answers(made)
    with pytest.raises(ValueError, match="nothing is drawn"):
        measure([], Bearings())
