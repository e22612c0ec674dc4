"""What was found in the pictures, ready for the stage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pfm_desktop.domain.anatomy import Anatomy, Region
from pfm_desktop.domain.annotation import OsMark
from pfm_desktop.domain.prediction import Analysis, ModelInfo
from pfm_desktop.domain.quality import Quality, Refusal, Verdict
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.imaging.registration import from_points
from pfm_desktop.viewmodels.found import CERVIX, DRAWN, Found, Line, found_in, lines_in, suggested_os

WHITE, GLOW = Source.WHITE, Source.FLUORESCENCE
SQUARE = ((10.0, 10.0), (50.0, 10.0), (50.0, 50.0), (10.0, 50.0))
ROUND = Anatomy((SQUARE,), (30.0, 31.0))
SWAB = Region("obstructed", ((20.0, 20.0), (30.0, 20.0), (25.0, 30.0)))


def analysis(**quality: Quality) -> Analysis:
    model = ModelInfo("pfm-test", "1", "ab" * 32, PLACES, "T0", "channel", 224)
    return Analysis(model, quality, None, None, Refusal("", ""), WHITE)


def shifted() -> object:
    points = np.array([[0.0, 0.0], [90.0, 0.0], [0.0, 90.0], [90.0, 90.0]])
    return from_points(points, np.add(points, (5, 3)), white_size=(100, 100), fluorescence_size=(100, 100))


def test_each_picture_has_its_problems_its_cervix_and_an_os_to_confirm() -> None:
    limited = Quality(Verdict.LIMITED, ("obstructed",), "Take it away.", {}, (SWAB,), ROUND)
    found = found_in(analysis(white=limited, pair=Quality(Verdict.GOOD)))
    assert set(found) == {WHITE}
    assert [(line.words, line.problem) for line in found[WHITE].lines] == [("in the way", True), (CERVIX, False)]
    assert found[WHITE].os == (30.0, 31.0)


def test_no_os_is_suggested_in_a_picture_that_cannot_be_used() -> None:
    poor = Quality(Verdict.UNUSABLE, ("out_of_focus",), "Focus.", {}, (), ROUND)
    assert found_in(analysis(white=poor))[WHITE].os is None


def test_an_answer_from_before_has_found_nothing() -> None:
    assert found_in(analysis(white=Quality(Verdict.GOOD)))[WHITE] == Found()
    assert found_in(None) == {}


def test_the_os_is_that_of_white_light_and_what_the_user_marks_comes_first() -> None:
    found = {WHITE: Found((), (1.0, 2.0)), GLOW: Found((), (3.0, 4.0))}
    assert suggested_os(found, "p", None) == OsMark("p", WHITE, 1.0, 2.0)
    assert suggested_os({GLOW: found[GLOW]}, "p", None) == OsMark("p", GLOW, 3.0, 4.0)
    assert suggested_os(found, "p", OsMark("p", GLOW, 9, 9)) is None
    assert suggested_os({WHITE: Found()}, "p", None) is None


def test_outlines_of_the_other_picture_go_where_the_registration_puts_them_or_nowhere() -> None:
    line = Line("glare", SQUARE, problem=True)
    registration = shifted()
    (moved,) = lines_in(WHITE, {GLOW: Found((line,))}, (WHITE, GLOW), registration)  # type: ignore[arg-type]
    assert np.array(moved.points) == pytest.approx(np.array(SQUARE) - [5, 3], abs=0.1)
    assert lines_in(WHITE, {GLOW: Found((line,))}, (WHITE, GLOW), None) == ()
    assert lines_in(GLOW, {GLOW: Found((line,))}, (GLOW,), None) == (line,)
    assert lines_in(WHITE, {GLOW: Found((line,))}, (WHITE,), registration) == ()  # type: ignore[arg-type]


def test_the_cervix_is_drawn_once_and_every_problem() -> None:
    own, other = (Line(CERVIX, SQUARE, problem=False) for _ in range(2))
    wrong = Line("glare", SQUARE, problem=True)
    found = {WHITE: Found((own, wrong)), GLOW: Found((replace(other), wrong))}
    lines = lines_in(WHITE, found, (WHITE, GLOW), shifted())  # type: ignore[arg-type]
    assert sum(not line.problem for line in lines) == 1
    assert sum(line.problem for line in lines) == 2


def test_a_cervix_in_parts_is_drawn_in_all_of_them_and_named_once() -> None:
    other = tuple((x + 100, y) for x, y in SQUARE)
    across = Quality(Verdict.LIMITED, ("obstructed",), "", {}, (), Anatomy((SQUARE, other)))
    found = found_in(analysis(white=across, fluorescence=across), {})
    lines = lines_in(WHITE, found, (WHITE, GLOW), shifted())  # type: ignore[arg-type]
    assert [(line.points, line.named) for line in lines] == [(SQUARE, True), (other, False)]


def test_a_drawn_cervix_comes_before_the_one_found_and_is_seen_on_both_pictures() -> None:
    limited = Quality(Verdict.LIMITED, ("obstructed",), "", {}, (SWAB,), ROUND)
    found = found_in(analysis(white=limited, fluorescence=limited), {WHITE: SQUARE[:3]})
    assert [line.words for line in found[WHITE].lines] == ["in the way", DRAWN]
    assert [line.words for line in found[GLOW].lines] == ["in the way", CERVIX]
    for shown in ((WHITE,), (GLOW,), (WHITE, GLOW)):
        cervix = [line for line in lines_in(WHITE, found, shown, shifted()) if not line.problem]  # type: ignore[arg-type]
        assert [(line.words, line.points) for line in cervix] == [(DRAWN, SQUARE[:3])]
    (own,) = (line for line in lines_in(GLOW, found, (GLOW,), None) if not line.problem)
    assert own.words == CERVIX, "without a registration each picture has its own"


def test_a_cervix_can_be_drawn_where_nothing_was_found_yet() -> None:
    assert [line.words for line in found_in(None, {GLOW: SQUARE})[GLOW].lines] == [DRAWN]
