"""What was drawn of lesions, as the stage shows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pfm_desktop.domain.registration import DISAGREE
from pfm_desktop.domain.source import Source
from pfm_desktop.imaging.registration import from_points
from pfm_desktop.viewmodels.drawings import LOOKING_ONLY, TOOLS, Drawn, drawing_at, drawn_in, hint, why_not_here

WHITE, GLOW = Source.WHITE, Source.FLUORESCENCE
SQUARE = ((10.0, 10.0), (50.0, 10.0), (50.0, 50.0), (10.0, 50.0))
INNER = ((20.0, 20.0), (40.0, 20.0), (40.0, 40.0), (20.0, 40.0))
LESION = Drawn("a", WHITE, (SQUARE,), "lesion 1", "l1")
RING = Drawn("r", WHITE, (SQUARE, INNER), "lesion 3", "l3")
SMALL = Drawn("b", WHITE, (INNER,), "lesion 2", "l2")
LINE = Drawn("j", WHITE, (((10.0, 70.0), (50.0, 70.0)),), "SCJ")


def shifted() -> object:
    points = np.array([[0.0, 0.0], [90.0, 0.0], [0.0, 90.0], [90.0, 90.0]])
    return from_points(points, np.add(points, (5, 3)), white_size=(100, 100), fluorescence_size=(100, 100))


def test_what_was_drawn_goes_where_the_registration_puts_it_with_its_holes_or_nowhere() -> None:
    assert drawn_in(WHITE, (WHITE,), (RING,), None) == (RING,)
    assert drawn_in(GLOW, (GLOW,), (RING,), None) == ()
    (moved,) = drawn_in(GLOW, (GLOW,), (RING,), shifted())
    assert moved.frame is GLOW
    assert np.allclose(np.array(moved.edges) - np.array(RING.edges), (5, 3), atol=1e-6)
    (seen,) = drawn_in(WHITE, (GLOW,), (RING,), shifted())
    assert seen == RING, "the fluorescence picture lies in the white-light frame"


def test_across_a_registration_for_looking_only_nothing_is_seen_or_drawn() -> None:
    looking = replace(shifted(), reason=DISAGREE)
    assert drawn_in(WHITE, (WHITE,), (RING,), looking) == (RING,)
    assert drawn_in(WHITE, (GLOW,), (RING,), looking) == ()
    assert drawn_in(WHITE, (WHITE,), (replace(RING, frame=GLOW),), looking) == ()
    assert drawn_in(WHITE, (WHITE, GLOW), (RING,), looking) == (RING,), "blended: the white-light picture is there"
    assert why_not_here(WHITE, (GLOW,), looking) == LOOKING_ONLY
    for sources, registration in (((WHITE,), looking), ((GLOW,), shifted()), ((GLOW,), None)):
        assert why_not_here(WHITE, sources, registration) == ""


def test_a_line_under_the_hand_comes_first_then_the_smallest_contour_about_it() -> None:
    all_of_them = (LESION, SMALL, LINE)
    assert drawing_at(all_of_them, 30, 30, 4) == "b"
    assert drawing_at(all_of_them, 15, 30, 4) == "a"
    assert drawing_at(all_of_them, 30, 72, 4) == "j"
    assert drawing_at(all_of_them, 52, 30, 4) == "a", "just outside its line"
    assert drawing_at(all_of_them, 80, 30, 4) == ""
    assert drawing_at((RING,), 30, 30, 4) == "", "not in its hole"
    assert drawing_at((RING,), 22, 30, 4) == "r"
    assert drawing_at((), 30, 30, 4) == ""


def test_a_hint_says_which_lesion_is_drawn_and_other_tools_have_none() -> None:
    assert hint("pan", 2) == hint("cervix", 2) == ""
    assert all("Lesion 2" in hint(tool, 2) for tool in TOOLS if tool != "scj")
    assert all("Lesion 1 (new)" in hint(tool, None) for tool in TOOLS if tool != "scj")
    assert "Lesion" not in hint("scj", 2)
