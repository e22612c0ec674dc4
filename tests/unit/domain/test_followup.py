"""What follows a visit: waiting, discordance, the letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from pfm_desktop.domain import form
from pfm_desktop.domain.followup import FOLLOW_UP, FollowUp, Letter
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.specimen import GRADE_OF, RESULT, Result, Specimen, SpecimenKind, checked_pot, worst

DAY = date(2026, 3, 2)
NEXT = next(item for item in FOLLOW_UP if item.key == "next_on")


def pot(name: str, diagnosis: str = "", **more: str) -> Specimen:
    result = Result({"diagnosis": diagnosis, **more} if diagnosis else {})
    return Specimen(name, "v", SpecimenKind.BIOPSY, name, name, {}, result)


def follow(*pots: Specimen, impression: Grade | None = None, **answers: str) -> FollowUp:
    return FollowUp("v", DAY, pots, impression, answers)


def test_the_worst_pot_counts_and_one_without_a_diagnosis_is_awaited() -> None:
    found = follow(pot("A", "cin1"), pot("B", "cin3"), pot("C"), pot("D", "inadequate"))
    assert found.histology is Grade.HIGH
    assert [one.name for one in found.awaited] == ["C"]
    assert follow(pot("A", "inadequate"), pot("B", "not_expected")).histology is None
    assert worst([]) is None


def test_a_pin_without_a_pot_is_waited_for_by_nobody() -> None:
    found = follow(replace(pot("A"), pot=""))
    assert (found.awaited, found.letter(DAY + timedelta(days=90))) == ((), Letter.NONE)


def test_it_is_overdue_after_the_days_and_not_before() -> None:
    found = follow(pot("A"))
    assert not found.overdue(DAY + timedelta(days=28))
    assert found.overdue(DAY + timedelta(days=29))
    assert found.overdue(DAY + timedelta(days=15), limit=14)
    assert not follow(pot("A", "normal")).overdue(DAY + timedelta(days=100))


@pytest.mark.parametrize(
    ("impression", "diagnosis", "discordant"),
    [
        (Grade.NORMAL, "cin1", False),
        (Grade.NORMAL, "cin2", True),
        (Grade.HIGH, "normal", True),
        (Grade.LOW, "scc", True),
        (Grade.LOW, "cin3", False),
        (Grade.HIGH, "inadequate", False),
    ],
)
def test_two_grades_apart_are_discordant_either_way(impression: Grade, diagnosis: str, discordant: bool) -> None:
    found = follow(pot("A", diagnosis), impression=impression)
    assert (found.discordant, found.to_discuss) == (discordant, discordant)


def test_what_is_discordant_is_to_be_discussed_until_somebody_decides() -> None:
    apart = follow(pot("A", "cin3"), impression=Grade.NORMAL)
    assert not replace(apart, answers={"mdt": "discussed"}).to_discuss
    assert not replace(apart, answers={"mdt": "not_needed"}).to_discuss
    assert follow(pot("A"), mdt="listed").to_discuss
    assert not follow(pot("A", "cin3")).discordant  # nobody gave an impression


@pytest.mark.parametrize(
    ("days", "diagnosis", "letter"),
    [
        (3, "", Letter.TOO_SOON),
        (3, "normal", Letter.DUE),
        (28, "normal", Letter.DUE),
        (29, "normal", Letter.LATE),
        (29, "", Letter.LATE),
        (57, "", Letter.TOO_LATE),
    ],
)
def test_the_letter_runs_from_the_visit(days: int, diagnosis: str, letter: Letter) -> None:
    today = DAY + timedelta(days=days)
    assert follow(pot("A", diagnosis)).letter(today) is letter
    assert follow(pot("A", diagnosis), letter_on="2026-03-20").letter(today) is Letter.SENT


def test_only_the_next_visit_may_be_a_day_to_come() -> None:
    reported = next(item for item in RESULT if item.key == "reported_on")
    assert form.checked(NEXT, "2027-01-31", today=DAY) == "2027-01-31"
    for item, day in ((NEXT, "2037-01-01"), (NEXT, "1899-12-31"), (reported, "2026-03-03")):
        with pytest.raises(ValueError, match="lies between"):
            form.checked(item, day, today=DAY)


def test_what_follows_a_visit_never_lies_before_it() -> None:
    asked = {item.key: item for item in FOLLOW_UP}
    today = DAY + timedelta(days=60)
    for key in ("letter_on", "mdt_on", "next_on"):
        assert form.checked(asked[key], "2026-03-02", today=today, visit=DAY) == "2026-03-02"
        with pytest.raises(ValueError, match="lies before this visit, which was on 02 Mar 2026"):
            form.checked(asked[key], "2026-03-01", today=today, visit=DAY)


def test_a_letter_says_since_when_it_does_not_count() -> None:
    late = replace(pot("A", "cin1"), result=Result({"diagnosis": "cin1"}, "Dr. L", date(2026, 3, 25)))
    told = follow(late, letter_on="2026-03-25")
    assert (told.letter(date(2026, 3, 26)), told.since_letter) == (Letter.SENT, None)
    early = follow(late, letter_on="2026-03-20")
    assert (early.letter(date(2026, 3, 26)), early.since_letter) == (Letter.DUE, date(2026, 3, 25))
    assert follow(late).since_letter is None


def test_every_diagnosis_has_a_grade_or_says_why_not() -> None:
    keys = {choice.key for choice in RESULT[0].choices}
    assert keys - set(GRADE_OF) == {"inadequate", "not_expected"}
    assert set(GRADE_OF) <= keys


def test_what_stands_on_a_pot_is_one_short_line() -> None:
    assert checked_pot("  26-\n 0017 ") == "26- 0017"
    with pytest.raises(ValueError, match="at most 40"):
        checked_pot("x" * 41)
