from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pfm_desktop.domain import form
from pfm_desktop.domain.form import Choice

TODAY = date(2026, 11, 30)
COLOUR = form.one("colour", "Colour", Choice("red", "red"), Choice("blue", "light blue"))
SIGNS = form.several(
    "signs", "Signs", Choice("none", "none", alone=True), Choice("fine", "fine mosaic"), Choice("coarse", "coarse")
)
WEEKS = form.number("weeks", "Weeks", 0, 45, "weeks", only_if=("signs", ["fine"]))
DEEPER = form.text("deeper", "Deeper", only_if=("colour", ["red"]))
DEEPEST = form.one("deepest", "Deepest", Choice("x", "x"), only_if=("colour", ["red"]))
SEEN = form.day_of("seen", "Seen on")
ITEMS = (COLOUR, SIGNS, WEEKS, DEEPER, DEEPEST, SEEN)


@pytest.mark.parametrize("item", ITEMS)
@pytest.mark.parametrize("nothing", [None, "", [], ()])
def test_nothing_is_no_answer(item: form.Item, nothing: Any) -> None:
    assert form.checked(item, nothing, today=TODAY) is None


@pytest.mark.parametrize(
    ("item", "given", "kept"),
    [
        (COLOUR, "blue", "blue"),
        (SIGNS, ["coarse", "fine", "fine"], ["fine", "coarse"]),
        (SIGNS, ("none",), ["none"]),
        (WEEKS, 12, 12),
        (WEEKS, "7", 7),
        (WEEKS, 0, 0),
        (DEEPER, "  as before ", "as before"),
        (DEEPER, "   ", None),
        (SEEN, "2026-11-30", "2026-11-30"),
        (SEEN, date(1900, 1, 1), "1900-01-01"),
    ],
)
def test_an_answer_is_kept_in_one_way(item: form.Item, given: Any, kept: Any) -> None:
    assert form.checked(item, given, today=TODAY) == kept
    assert form.checked(item, kept, today=TODAY) == kept


@pytest.mark.parametrize(
    ("item", "given"),
    [
        (COLOUR, "green"),
        (SIGNS, "fine"),
        (SIGNS, ["none", "fine"]),
        (SIGNS, ["unknown"]),
        (SIGNS, 3),
        (WEEKS, 46),
        (WEEKS, -1),
        (WEEKS, 1.5),
        (WEEKS, True),
        (WEEKS, "ten"),
        (WEEKS, float("nan")),
        (WEEKS, float("inf")),
        (WEEKS, 10**400),
        (SEEN, "2026-12-01"),
        (SEEN, "1899-12-31"),
        (SEEN, "31.12.2020"),
        (SEEN, 20200101.5),
        (DEEPER, "x" * (form.LONGEST + 1)),
    ],
)
def test_what_an_item_does_not_take_is_refused_by_its_title(item: form.Item, given: Any) -> None:
    with pytest.raises(ValueError, match=item.title):
        form.checked(item, given, today=TODAY)


def test_an_item_is_asked_only_where_what_it_depends_on_was_answered_so() -> None:
    assert form.asked(ITEMS, {}) == (COLOUR, SIGNS, SEEN)
    assert WEEKS in form.asked(ITEMS, {"signs": ["fine", "coarse"]})
    assert DEEPER in form.asked(ITEMS, {"colour": "red"})
    assert DEEPER not in form.asked(ITEMS, {"colour": "blue"})


def test_answers_of_what_is_not_asked_any_more_go_along() -> None:
    before = {"deeper": "x", "colour": "blue", "weeks": 3, "signs": ["coarse"], "unknown": 1}
    assert form.answered(ITEMS, before) == {"colour": "blue", "signs": ["coarse"]}
    assert list(form.answered(ITEMS, {"deeper": "x", "colour": "red"})) == ["colour", "deeper"]


def test_a_choice_that_stands_alone_puts_the_others_away_and_goes_with_any_other() -> None:
    assert form.with_choice(SIGNS, ("coarse",), "fine") == ("fine", "coarse")
    assert form.with_choice(SIGNS, ("fine", "coarse"), "none") == ("none",)
    assert form.with_choice(SIGNS, ("none",), "coarse") == ("coarse",)
    assert form.with_choice(SIGNS, ("fine", "coarse"), "fine") == ("coarse",)


def test_answers_in_words() -> None:
    assert form.answer_words(COLOUR, "blue") == "light blue"
    assert form.answer_words(SIGNS, ["fine", "of a later version"]) == "fine mosaic, of a later version"
    assert form.answer_words(WEEKS, 12) == "12 weeks"
    assert form.answer_words(DEEPER, "as it is") == "as it is"
