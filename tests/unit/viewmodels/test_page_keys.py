"""The keys of the page in front."""

from __future__ import annotations

import pytest

from pfm_desktop.viewmodels.page_keys import EVERYWHERE, NO_OWN, PICTURES, KeyGroup, KeyLine, groups_of, in_columns

OWN = [("Ctrl+R", "Register by points "), ("", "Export"), ("F", "Fit"), ("Z", "One to one")]
STAGE = [("F, double click", "Fit"), ("Z", "One picture pixel a screen pixel"), ("L (hold)", "Loupe")]
WINDOW = [("Ctrl+Z", "Undo"), ("", "Sign out")]


def test_own_keys_come_first_and_what_has_no_key_is_left_out() -> None:
    own, pictures, rest = groups_of("Review", OWN, STAGE, WINDOW)
    assert own == KeyGroup(
        "Review", (KeyLine("Ctrl+R", "Register by points"), KeyLine("F", "Fit"), KeyLine("Z", "One to one"))
    )
    assert rest == KeyGroup(EVERYWHERE, (KeyLine("Ctrl+Z", "Undo"),))
    assert pictures.title == PICTURES


def test_what_a_command_of_the_page_says_is_not_said_again_for_its_pictures() -> None:
    pictures = groups_of("Review", OWN, STAGE, ())[1]
    assert [line.what for line in pictures.lines] == ["Loupe"]


def test_a_page_without_keys_says_how_it_is_used() -> None:
    assert groups_of("Settings", (), (), ())[0].lines == (KeyLine("", NO_OWN),)


def test_keys_that_lists_take_by_themselves_are_among_those_of_the_page() -> None:
    assert ("Enter", "Open the visit on which the list stands") in [
        (line.keys, line.what) for line in groups_of("Today", (), (), ())[0].lines
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9])
def test_columns_hold_every_line_once_in_order_under_its_title(count: int) -> None:
    groups = groups_of("Review", [(f"K{n}", f"does {n}") for n in range(17)], STAGE, WINDOW)
    columns = in_columns(groups, count)
    assert 1 <= len(columns) <= count
    flat = [(group.title, line) for column in columns for group in column for line in group.lines]
    assert flat == [(group.title, line) for group in groups for line in group.lines]
    heights = [sum(1 + len(group.lines) for group in column) for column in columns]
    assert max(heights) <= -(-sum(1 + len(group.lines) for group in groups) // len(columns)) + 2


def test_no_groups_are_no_lines() -> None:
    assert in_columns((), 3) == ((),)
