"""Whether a treatment lies between two visits, as far as it is on record."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pfm_desktop.domain.referral import Referral
from pfm_desktop.domain.treatment import Treated, treated_between

THEN, NOW = date(2025, 10, 16), date(2026, 11, 20)


def card(**answers: Any) -> Referral:
    return Referral("v", answers)


def between(earlier: Referral, later: Referral) -> Treated | None:
    return treated_between(earlier, later, THEN, NOW)


def test_a_treatment_on_a_day_between_the_visits_is_between_them() -> None:
    found = between(card(), card(treatment=["leep"], treated_on="2026-03-02"))
    assert found == Treated("LEEP / LLETZ", date(2026, 3, 2), between=True)


@pytest.mark.parametrize("day", ["2025-10-16", "2026-11-20"])
def test_of_the_day_of_a_visit_itself_it_is_not_told_which_came_first(day: str) -> None:
    found = between(card(), card(treatment=["cold_knife"], treated_on=day))
    assert found is not None
    assert not found.between
    assert found.on == date.fromisoformat(day)


@pytest.mark.parametrize("day", ["2020-01-01", "2027-01-01"])
def test_a_treatment_before_or_after_both_visits_is_none_between_them(day: str) -> None:
    assert between(card(), card(treatment=["leep"], treated_on=day)) is None


def test_indications_that_say_before_and_after_treatment_are_enough() -> None:
    before, after = card(indication=["before_treatment"]), card(indication=["after_treatment", "hpv"])
    assert between(before, after) == Treated("", None, between=True)
    assert between(after, before) is None
    assert between(before, card()) is None
    assert between(card(), after) is None


def test_a_treatment_without_a_day_is_no_reason_to_say_before_and_after() -> None:
    assert between(card(), card(treatment=["leep"])) is None
    assert between(card(), card(treatment=["none"])) is None


def test_a_day_that_cannot_be_read_says_nothing() -> None:
    assert between(card(), card(treatment=["leep"], treated_on="soon")) is None


def test_what_is_no_treatment_is_not_named() -> None:
    found = between(card(treatment=["not_known"], treated_on="2026-03-02"), card())
    assert found == Treated("", date(2026, 3, 2), between=True)
