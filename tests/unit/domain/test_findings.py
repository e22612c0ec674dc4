import dataclasses

import pytest

from pfm_desktop.domain.findings import MEANING_WORDS, SWEDE_ITEMS, Findings, SwedeScore, meaning_words
from pfm_desktop.domain.grade import GRADES, Grade


def test_a_partial_swede_score_is_never_summed_silently() -> None:
    partial = SwedeScore(aceto_uptake=2, margins_surface=1, vessels=1, lesion_size=1)
    assert partial.total is None
    assert partial.status == "4 of 5 items, 5 points so far"


def test_a_full_swede_score_has_a_total() -> None:
    full = SwedeScore(2, 1, 1, 1, 2)
    assert (full.total, full.status) == (7, "7 of 10")


def test_nothing_scored_is_not_zero_points() -> None:
    assert SwedeScore().status == "not scored"
    assert SwedeScore(0, 0, 0, 0, 0).total == 0


@pytest.mark.parametrize("value", [-1, 3, 10])
def test_an_item_outside_its_range_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="vessels"):
        SwedeScore(vessels=value)


def test_absent_vessels_score_one() -> None:
    vessels = next(item for item in SWEDE_ITEMS if item.key == "vessels")
    assert vessels.wording[1] == "Absent"


def test_the_items_on_screen_are_the_fields_that_are_stored() -> None:
    assert [item.key for item in SWEDE_ITEMS] == [field.name for field in dataclasses.fields(SwedeScore)]


def test_the_completeness_bar_names_each_gap() -> None:
    assert Findings("v").gaps() == ("impression", "Swede score (5 of 5 items)", "plan")
    done = Findings("v", impression=Grade.LOW, swede=SwedeScore(0, 0, 0, 0, 0), plan="control in a year")
    assert done.gaps() == ()


def test_grades_are_ordered_by_severity() -> None:
    assert [grade.rank for grade in GRADES] == [0, 1, 2, 3]
    assert GRADES == (Grade.NORMAL, Grade.LOW, Grade.HIGH, Grade.CANCER)


def test_a_meaning_is_kept_in_english_and_read_in_the_language_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(kept == words for kept, words in MEANING_WORDS.items())
    monkeypatch.setitem(MEANING_WORDS, "Reported by me", "Rédigé par moi")
    assert meaning_words("Reported by me") == "Rédigé par moi"
    assert meaning_words("what somebody wrote") == "what somebody wrote"
