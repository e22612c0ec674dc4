"""A brush on a mask: what is painted and taken away, as outlines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.drawing import Shape, points_from_json, points_to_json
from pfm_desktop.domain.shapes import longest_diameter, shape_area
from pfm_desktop.imaging.brush import erased, joined, painted

SIZE = (400, 300)
BOX = Shape(((100.0, 100.0), (200.0, 100.0), (200.0, 180.0), (100.0, 180.0)))


def test_one_press_of_the_brush_is_a_disc_and_a_stroke_is_a_bar_with_round_ends() -> None:
    (dot,) = painted([], ((50.0, 60.0),), 20.0, SIZE).made
    assert shape_area(dot) == pytest.approx(math.pi * 400, rel=0.01)
    assert np.mean(dot.outline, axis=0) == pytest.approx((50, 60), abs=1.0)
    (bar,) = painted([], ((50.0, 60.0), (90.0, 60.0), (150.0, 60.0)), 10.0, SIZE).made
    assert shape_area(bar) == pytest.approx(100 * 20 + math.pi * 100, rel=0.01)
    assert longest_diameter(bar.outline) == pytest.approx(120, abs=1)


def test_painting_adds_to_what_it_touches_and_leaves_the_rest_alone() -> None:
    far = Shape(((300.0, 200.0), (340.0, 200.0), (320.0, 240.0)))
    made = painted([far, BOX], ((200.0, 140.0),), 20.0, SIZE)
    assert made.touched == (1,)
    (whole,) = made.made
    assert shape_area(whole) == pytest.approx(8000 + math.pi * 200, rel=0.01)
    assert painted([far, BOX], ((20.0, 20.0),), 5.0, SIZE).touched == ()


def test_a_stroke_across_two_parts_makes_one_of_them() -> None:
    other = Shape(((240.0, 100.0), (300.0, 100.0), (300.0, 180.0), (240.0, 180.0)))
    made = painted([BOX, other], ((190.0, 140.0), (250.0, 140.0)), 10.0, SIZE)
    assert made.touched == (0, 1)
    assert len(made.made) == 1
    assert shape_area(made.made[0]) == pytest.approx(8000 + 4800 + 40 * 20, rel=0.01)


def test_erasing_cuts_off_makes_two_parts_makes_a_hole_and_takes_away() -> None:
    corner = erased([BOX], ((100.0, 100.0),), 20.0, SIZE)
    assert shape_area(corner.made[0]) == pytest.approx(8000 - math.pi * 100, rel=0.01)
    halves = erased([BOX], ((150.0, 80.0), (150.0, 200.0)), 10.0, SIZE)
    assert halves.touched == (0,)
    assert [shape_area(half) for half in halves.made] == pytest.approx([3200, 3200], rel=0.02)
    (ring,) = erased([BOX], ((150.0, 140.0),), 15.0, SIZE).made
    assert len(ring.holes) == 1
    assert shape_area(ring) == pytest.approx(8000 - math.pi * 225, rel=0.01)
    everything = erased([BOX], ((90.0, 140.0), (210.0, 140.0)), 60.0, SIZE)
    assert (everything.touched, everything.made) == ((0,), ())
    assert erased([BOX], ((20.0, 20.0),), 10.0, SIZE).touched == ()


def test_a_hole_stays_as_it_is_through_many_strokes_elsewhere_and_is_filled_by_one_over_it() -> None:
    (ring,) = erased([BOX], ((150.0, 140.0),), 15.0, SIZE).made
    shape = ring
    for _ in range(25):  # as it is kept between the strokes: to a tenth of a pixel
        (shape,) = painted([shape], ((199.0, 110.0),), 3.0, SIZE).made
        shape = Shape(_kept(shape.outline), (_kept(shape.holes[0]),))
        (shape,) = erased([shape], ((203.0, 110.0),), 3.0, SIZE).made
        shape = Shape(_kept(shape.outline), (_kept(shape.holes[0]),))
    assert shape_area(Shape(ring.holes[0])) == pytest.approx(math.pi * 225, rel=0.04)
    assert shape_area(Shape(shape.holes[0])) == pytest.approx(shape_area(Shape(ring.holes[0])), rel=0.02)
    assert shape_area(shape) == pytest.approx(shape_area(ring), rel=0.01), "nothing creeps"
    (filled,) = painted([ring], ((150.0, 140.0),), 16.0, SIZE).made
    assert filled.holes == ()


def _kept(line: Outline) -> Outline:
    return points_from_json(points_to_json(line))


def test_nothing_is_painted_beside_the_picture() -> None:
    (made,) = painted([], ((399.0, 299.0),), 30.0, SIZE).made
    assert np.max(made.outline, axis=0).tolist() == [399, 299]
    assert shape_area(made) == pytest.approx(math.pi * 900 / 4, rel=0.02)


def test_an_outline_that_touches_nothing_stays_to_the_point_and_one_that_overlaps_is_joined() -> None:
    alone = ((20.3, 20.7), (60.1, 22.2), (40.9, 70.4))
    assert joined([BOX], alone, SIZE).made == (Shape(alone),)
    over = ((150.0, 90.0), (260.0, 90.0), (260.0, 120.0), (150.0, 120.0))
    made = joined([BOX], over, SIZE)
    assert made.touched == (0,)
    assert shape_area(made.made[0]) == pytest.approx(8000 + 110 * 30 - 50 * 20, rel=0.01)


def test_a_huge_picture_is_painted_on_as_exactly_as_its_size_allows() -> None:
    line = tuple((float(x), 2000 + 900 * math.sin(x / 400)) for x in range(300, 7700, 40))
    (made,) = painted([], line, 150.0, (8000, 6000)).made
    length = float(np.hypot(*np.diff(line, axis=0).T).sum())
    assert shape_area(made) == pytest.approx(length * 300 + math.pi * 150**2, rel=0.02)


def test_what_adds_nothing_leaves_the_shape_as_it_was() -> None:
    assert painted([BOX], ((150.0, 140.0), (160.0, 140.0)), 9.0, SIZE).made == (BOX,)
    assert joined([BOX], ((120.0, 120.0), (150.0, 120.0), (130.0, 150.0)), SIZE).made == (BOX,)


def test_a_brush_smaller_than_a_crumb_leaves_nothing() -> None:
    assert painted([], ((50.0, 50.0),), 1.0, SIZE).made == ()
