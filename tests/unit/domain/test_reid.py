from __future__ import annotations

import itertools

import pytest

from pfm_desktop.domain.reid import REID_ENGLISH, REID_ITEMS, ReidIndex


def test_vessels_that_are_absent_count_one() -> None:
    vessels = next(item for item in REID_ITEMS if item.key == "vessels")
    assert vessels.wording[1] == "Absent"


def test_the_record_has_the_titles_of_the_screen_in_english() -> None:
    assert {item.key: item.title for item in REID_ITEMS} == REID_ENGLISH


def test_iodine_is_conditional_on_the_other_three() -> None:
    for colour, margin, vessels in itertools.product((0, 1, 2), repeat=3):
        index = ReidIndex(colour, margin, vessels)
        assert index.iodine_choices == ((0, 1, 2) if colour + margin + vessels >= 4 else (0, 1))
        if colour + margin + vessels < 4:
            with pytest.raises(ValueError, match="depends on the other three"):
                ReidIndex(colour, margin, vessels, 2)
    assert ReidIndex(2, 2).iodine_choices == ()
    with pytest.raises(ValueError, match="depends on the other three"):
        ReidIndex(2, 2, None, 1)


def test_a_part_is_never_summed_silently() -> None:
    assert ReidIndex().status == "not scored"
    assert ReidIndex(2, 2).total is None
    assert ReidIndex(2, 2).status == "2 of 4 items, 4 points so far"
    assert ReidIndex(2, 2, 1).total is None
    assert ReidIndex(2, 2, 1, 1).total == 6
    assert ReidIndex(2, 2, 2, 2).status == "8 of 8"
    assert ReidIndex(0, 0, 0, 0).status == "0 of 8"


def test_iodine_is_assessed_again_once_the_others_weigh_differently() -> None:
    index = ReidIndex(2, 2, 0, 2)
    assert index.having("vessels", 1).iodine == 2, "still significant"
    assert index.having("margin", 1).iodine is None
    assert ReidIndex(1, 1, 1, 0).having("vessels", 2).iodine is None, "yellow would now count 2"
    assert index.having("colour", None) == ReidIndex(None, 2, 0)
    assert index.having("iodine", 1).total == 5


@pytest.mark.parametrize("value", [3, -1, 1.5, "1"])
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="colour must be"):
        ReidIndex(colour=value)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no Reid item"):
        ReidIndex().having("size", 1)
