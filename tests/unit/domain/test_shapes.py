"""Areas, diameters and sectors, against shapes whose figures are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.drawing import Shape
from pfm_desktop.domain.shapes import (
    contains,
    distance_to,
    line_length,
    longest_diameter,
    polygon_area,
    radii,
    sector_areas,
    shape_area,
)

SQUARE: Outline = ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0))


def disc(x: float, y: float, radius: float, points: int = 360) -> Outline:
    turn = np.linspace(0, 2 * math.pi, points, endpoint=False)
    return tuple(
        (float(a), float(b)) for a, b in zip(x + radius * np.cos(turn), y + radius * np.sin(turn), strict=True)
    )


def turned(outline: Outline, degrees: float, about: tuple[float, float]) -> Outline:
    """Clockwise on the screen (y points down)."""
    turn = math.radians(degrees)
    way = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    points = (np.array(outline) - about) @ way.T + about
    return tuple((float(x), float(y)) for x, y in points)


def test_a_square_and_a_disc_have_the_area_and_the_diameter_that_they_have() -> None:
    assert polygon_area(SQUARE) == polygon_area(SQUARE[::-1]) == 400.0
    assert longest_diameter(SQUARE) == pytest.approx(20 * math.sqrt(2))
    assert polygon_area(disc(2000, 1500, 40)) == pytest.approx(math.pi * 1600, rel=1e-3)
    assert longest_diameter(disc(2000, 1500, 40)) == pytest.approx(80, rel=1e-6)
    assert shape_area(Shape(SQUARE, (disc(20, 20, 5),))) == pytest.approx(400 - math.pi * 25, rel=1e-3)


@pytest.mark.parametrize("few", [(), ((3.0, 4.0),), ((3.0, 4.0), (6.0, 8.0))])
def test_what_is_no_area_has_none(few: Outline) -> None:
    assert polygon_area(few) == 0.0
    assert longest_diameter(few) == line_length(few) == (5.0 if len(few) == 2 else 0.0)
    assert not contains(Shape(few), 3.0, 4.0)


def test_the_figures_do_not_depend_on_how_the_picture_is_turned() -> None:
    leaf = ((0.0, 0.0), (30.0, 4.0), (12.0, 10.0), (8.0, 40.0))
    for degrees in (17, 90, 211):
        other = turned(leaf, degrees, (50, 60))
        assert polygon_area(other) == pytest.approx(polygon_area(leaf))
        assert longest_diameter(other) == pytest.approx(longest_diameter(leaf))


def test_a_disc_about_the_os_lies_in_all_quadrants_alike_and_one_at_three_o_clock_in_two() -> None:
    about = sector_areas([Shape(disc(50, 40, 12))], (50, 40))
    assert about == pytest.approx([math.pi * 144 / 4] * 4, rel=1e-3)
    beside = sector_areas([Shape(disc(90, 40, 12))], (50, 40))
    assert beside == pytest.approx([math.pi * 72, math.pi * 72, 0, 0], rel=1e-3, abs=1e-6)
    ring = sector_areas([Shape(disc(50, 40, 12), (disc(50, 40, 6),))], (50, 40))
    assert ring == pytest.approx([math.pi * 108 / 4] * 4, rel=1e-3)


def test_quadrants_are_named_clockwise_from_twelve_and_the_left_is_hers() -> None:
    upper_right_of_the_picture = [Shape(((60.0, 10.0), (70.0, 10.0), (70.0, 20.0)))]
    assert [area > 0 for area in sector_areas(upper_right_of_the_picture, (50, 40))] == [True, False, False, False]


def test_hours_begin_half_an_hour_before_twelve() -> None:
    areas = sector_areas([Shape(disc(50, 10, 3))], (50, 40), sectors=12, first_degrees=-15)
    assert np.flatnonzero(areas).tolist() == [0]
    four = sector_areas([Shape(turned(disc(50, 10, 3), 120, (50, 40)))], (50, 40), sectors=12, first_degrees=-15)
    assert int(np.argmax(four)) == 4


def test_in_a_tilted_frame_the_rotation_is_taken_back() -> None:
    lesion = [Shape(((55.0, 10.0), (70.0, 12.0), (62.0, 30.0)))]
    tilted = [Shape(turned(lesion[0].outline, 30, (50, 40)))]
    for sectors in (4, 12):
        straight = sector_areas(lesion, (50, 40), sectors=sectors)
        assert sector_areas(tilted, (50, 40), sectors=sectors, rotation_degrees=30) == pytest.approx(straight, abs=1e-6)
        assert sum(straight) == pytest.approx(polygon_area(lesion[0].outline))


def test_a_concave_outline_is_cut_to_the_right_areas() -> None:
    horseshoe = (
        (10.0, 10.0),
        (90.0, 10.0),
        (90.0, 90.0),
        (70.0, 90.0),
        (70.0, 30.0),
        (30.0, 30.0),
        (30.0, 90.0),
        (10.0, 90.0),
    )
    areas = sector_areas([Shape(horseshoe)], (50, 50))
    assert areas == pytest.approx([40 * 20 + 20 * 20, 20 * 40, 20 * 40, 40 * 20 + 20 * 20])


def test_a_half_circle_is_no_sector() -> None:
    with pytest.raises(ValueError, match="degrees wide"):
        sector_areas([Shape(SQUARE)], (0, 0), sectors=2)


def test_radii_of_a_disc_off_its_middle() -> None:
    ways = np.array([[1.0, 0.0], [0.0, -1.0], [-1.0, 0.0]])
    assert radii(disc(10, 0, 30, 3600), (0, 0), ways) == pytest.approx([40, math.sqrt(800), 20], rel=1e-4)
    assert np.isnan(radii(disc(100, 0, 10), (0, 0), ways)).tolist() == [False, True, True]
    assert radii(disc(100, 0, 10), (0, 0), ways[:1]) == pytest.approx([110], rel=1e-4), "the far side counts"


def test_a_point_is_in_a_shape_and_not_in_its_hole() -> None:
    ring = Shape(disc(50, 50, 20), (disc(50, 50, 8),))
    assert [contains(ring, x, 50.0) for x in (50, 60, 69, 71, 29)] == [False, True, True, False, False]


def test_distances_from_open_and_closed_lines() -> None:
    assert distance_to(SQUARE, 20.0, 14.0, closed=True) == pytest.approx(4.0)
    assert distance_to(SQUARE, 8.0, 20.0, closed=True) == pytest.approx(2.0)
    assert distance_to(SQUARE, 8.0, 20.0, closed=False) == pytest.approx(math.hypot(2, 10))
    assert distance_to(((3.0, 4.0),), 0.0, 0.0, closed=False) == pytest.approx(5.0)
    assert distance_to((), 0.0, 0.0, closed=True) == math.inf
