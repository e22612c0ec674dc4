"""The diagram of two circles: from the picture by angle and by how far out towards the edge of the cervix."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pfm_desktop.domain.diagram import FARTHEST, Diagram, Way, fill, signs_of
from pfm_desktop.domain.drawing import Shape
from pfm_desktop.domain.shapes import contains

from .test_shapes import disc, turned

OS = (520.0, 380.0)


def test_the_edge_of_the_cervix_becomes_the_outer_circle_wherever_the_os_is() -> None:
    for outline in (disc(500, 400, 300), ((300.0, 200.0), (900.0, 250.0), (800.0, 700.0), (350.0, 650.0))):
        way = Way(OS, outline)
        edge = np.array(way.line(outline, closed=True))
        assert np.hypot(edge[:, 0], edge[:, 1]) == pytest.approx(np.ones(len(edge)), abs=2e-3)
        assert way.points((OS,)) == pytest.approx(np.zeros((1, 2)))


def test_hours_stay_hours_and_half_way_out_is_half_way_out() -> None:
    way = Way((500.0, 400.0), disc(500, 400, 300, 3600))
    spots = ((500.0, 250.0), (650.0, 400.0), (500.0, 700.0), (425.0, 400.0))
    assert way.points(spots) == pytest.approx(np.array([(0, -0.5), (0.5, 0), (0, 1), (-0.25, 0)]), abs=1e-3)
    off = Way((400.0, 400.0), disc(500, 400, 300, 3600))
    assert off.points(((600.0, 400.0), (300.0, 400.0))) == pytest.approx(np.array([(0.5, 0), (-0.5, 0)]), abs=1e-3)


def test_a_tilted_picture_is_set_upright() -> None:
    spot = turned(((500.0, 250.0),), 25, (500, 400))
    way = Way((500.0, 400.0), disc(500, 400, 300, 3600), 25)
    assert way.points(spot) == pytest.approx(np.array([(0, -0.5)]), abs=1e-3)


def test_what_lies_beyond_the_cervix_stays_beside_it() -> None:
    way = Way((500.0, 400.0), disc(500, 400, 100))
    assert way.points(((500.0, 100.0), (500.0, 290.0))) == pytest.approx(
        np.array([(0, -FARTHEST), (0, -1.1)]), abs=2e-3
    )


def test_an_os_outside_of_the_cervix_makes_no_diagram() -> None:
    with pytest.raises(ValueError, match="outside"):
        Way((10.0, 10.0), disc(500, 400, 100))


def test_straight_lines_bend_as_they_have_to_and_a_ring_keeps_its_hole() -> None:
    way = Way((500.0, 400.0), disc(500, 400, 300))
    box = ((400.0, 300.0), (600.0, 300.0), (600.0, 500.0), (400.0, 500.0))
    made = fill(
        way, [("1 AW", Shape(box, (disc(500, 400, 40),)))], [("A", 500.0, 330.0)], [((300.0, 400.0), (700.0, 400.0))]
    )
    (area,) = made.areas
    shape = Shape(area.edges[0], area.edges[1:])
    assert len(area.edges[0]) > 40
    assert not contains(shape, 0.0, 0.0)
    assert contains(shape, *area.at), "its number stands in it, not in its hole"
    (biopsy,) = made.biopsies
    assert (biopsy.letter, biopsy.x, biopsy.y) == ("A", pytest.approx(0), pytest.approx(-70 / 300, abs=1e-3))
    (line,) = made.junctions
    assert np.ptp(np.array(line), axis=0) == pytest.approx((400 / 300, 0), abs=2e-2)


def test_the_letters_of_the_legend_come_from_the_signs() -> None:
    assert signs_of({}) == ""
    assert signs_of({"grade_1": ["thin_acetowhite", "fine_mosaic"], "grade_2": ["dense_acetowhite"]}) == "AW M"
    assert (
        signs_of({"grade_2": ["coarse_punctation"], "invasion": ["atypical_vessels"], "lugol": "non_stained"})
        == "P AV I"
    )
    assert signs_of({"lugol": "stained", "grade_1": ["geographic_border"]}) == ""


def test_a_diagram_says_all_that_is_in_it_and_what_is_not() -> None:
    assert "Nothing is drawn" in Diagram().words
    assert Diagram(missing=("The os is not marked",)).words.startswith("The os is not marked. ")
    way = Way((500.0, 400.0), disc(500, 400, 300))
    made = fill(way, [("2 P", Shape(disc(600, 400, 30)))], [("B", 510.0, 410.0)], [((300.0, 400.0), (700.0, 400.0))])
    assert made.words.startswith("lesion 2 P, biopsy B, SCJ line. ")
    assert math.isfinite(made.areas[0].at[0])
