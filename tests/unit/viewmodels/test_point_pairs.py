"""Points that register a pair by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.viewmodels.point_pairs import (
    PointPairs,
    add_point,
    every_prompt,
    fit_lines,
    fit_words,
    long_fits,
    move_point,
    remove_pair,
    undo_point,
)

WHITE, LIT = Source.WHITE, Source.FLUORESCENCE
SIZE = (100, 100)
SPOTS = ((10.0, 10.0), (90.0, 15.0), (50.0, 80.0), (30.0, 60.0))


def paired(count: int, *, off: float = 0.0) -> PointPairs:
    """Pairs that lie (5, 3) apart; the last one is `off` pixels more to the right."""
    points = PointPairs()
    for number, (x, y) in enumerate(SPOTS[:count], start=1):
        points = add_point(points, WHITE, x, y)
        points = add_point(points, LIT, x + 5 + (off if number == count else 0), y + 3)
    return points


def test_points_pair_in_the_order_they_were_placed() -> None:
    white, lit = paired(3).arrays()
    assert white.tolist() == [list(spot) for spot in SPOTS[:3]]
    assert (lit - white).tolist() == [[5.0, 3.0]] * 3


def test_the_first_point_of_a_pair_may_be_in_either_picture() -> None:
    points = add_point(add_point(PointPairs(), LIT, 1, 2), WHITE, 3, 4)
    white, lit = points.arrays()
    assert (white.tolist(), lit.tolist()) == ([[3, 4]], [[1, 2]])


def test_a_second_click_in_the_same_picture_corrects_the_first() -> None:
    points = add_point(add_point(PointPairs(), WHITE, 1, 1), WHITE, 9, 9)
    assert [(p.x, p.y) for p in points.placed] == [(9, 9)]
    assert points.waiting is LIT


def test_a_point_without_a_partner_is_left_out() -> None:
    points = add_point(paired(2), WHITE, 40, 40)
    white, lit = points.arrays()
    assert len(white) == len(lit) == points.count == 2


def test_undo_takes_points_in_reverse_order_and_nothing_more() -> None:
    points = undo_point(paired(2))
    assert points.waiting is LIT
    assert undo_point(PointPairs()) == PointPairs()


def test_a_pair_that_is_removed_goes_from_both_pictures_and_the_later_ones_move_up() -> None:
    points = remove_pair(paired(3), "white/2")
    white, lit = points.arrays()
    assert white.tolist() == [list(SPOTS[0]), list(SPOTS[2])]
    assert lit.tolist() == [[15, 13], [55, 83]]
    assert [p.number for p in points.of(WHITE)] == [1, 2]


def test_a_moved_point_keeps_its_partner() -> None:
    points = move_point(paired(1), "fluorescence/1", 70, 71)
    white, lit = points.arrays()
    assert (white.tolist(), lit.tolist()) == ([[10, 10]], [[70, 71]])


def test_marks_carry_the_number_and_stay_in_their_own_picture() -> None:
    marks = paired(1).pins()
    assert [(mark.frame, mark.letter) for mark in marks] == [(WHITE, "1"), (LIT, "1")]
    assert len({mark.id for mark in marks}) == 2


def test_no_error_is_claimed_where_every_point_fits() -> None:
    lines, said = fit_lines(paired(3), SIZE, SIZE)
    assert lines == ("1", "2", "3")
    assert "always fit" in said


def test_a_fourth_pair_shows_the_error_of_each() -> None:
    lines, said = fit_lines(paired(4, off=8.0), SIZE, SIZE)
    errors = np.array([float(line.split(": ")[1].removesuffix(" px")) for line in lines])
    assert errors.max() > 1
    assert said.startswith("Middle error")
    assert said.endswith(f"worst pair {int(errors.argmax()) + 1}")


def test_three_spots_on_one_line_and_one_beside_it_have_no_error() -> None:
    points = PointPairs()
    for x, y in ((10, 10), (50, 50), (90, 90), (20, 60)):
        points = add_point(add_point(points, WHITE, x, y), LIT, x, y)
    lines, said = fit_lines(points, SIZE, SIZE)
    assert lines[3] == "4: not known"
    assert "error is not known" in said


@pytest.mark.parametrize(("count", "enough"), [(0, False), (1, True), (2, True), (3, True), (4, True)])
def test_without_a_pair_there_is_nothing_to_apply(count: int, enough: bool) -> None:
    assert paired(count).enough is enough


def test_points_on_one_line_are_said_to_be_so() -> None:
    points = PointPairs()
    for x in (10, 50, 90):
        points = add_point(add_point(points, WHITE, x, x), LIT, x, x)
    lines, said = fit_lines(points, SIZE, SIZE)
    assert "one line" in said
    assert lines == ("1", "2", "3")


@pytest.mark.parametrize(
    ("count", "word"),
    [(0, "both pictures"), (1, "shift the picture only"), (2, "turn and scale"), (3, "fourth"), (4, "from six on")],
)
def test_the_prompt_says_what_comes_next(count: int, word: str) -> None:
    assert word in paired(count).prompt


def test_room_is_kept_for_every_prompt_and_for_what_is_said_of_six_pairs() -> None:
    points, prompts = PointPairs(), set()
    for spot in ((10, 10), (90, 15), (40, 70), (80, 60), (20, 50), (50, 20)):
        for frame in (Source.FLUORESCENCE, Source.WHITE):
            prompts.add(points.prompt)
            points = add_point(points, frame, *spot)
    prompts.add(points.prompt)
    assert prompts <= set(every_prompt())
    longest = max(len(text) for text in long_fits())
    assert len(fit_words(*fit_lines(points, SIZE, SIZE))) <= longest
    line = PointPairs()
    for number in range(3):
        for frame in PLACES:
            line = add_point(line, frame, 10.0 * number, 10)
    assert len(fit_words(*fit_lines(line, SIZE, SIZE))) <= longest


def test_the_prompt_names_the_second_picture_by_its_source() -> None:
    points = add_point(PointPairs(second=Source.GREEN), Source.WHITE, 1, 1)
    assert points.prompt == "Now the same spot in the green filter picture."
    assert add_point(points, Source.FLUORESCENCE, 1, 1).second is Source.GREEN
