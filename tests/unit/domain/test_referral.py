from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pfm_desktop.domain import form
from pfm_desktop.domain.referral import BY_KEY, COMPREHENSIVE, ITEMS, MINIMUM, Referral, age_on

FULL = {
    "indication": ["cytology"],
    "pregnancy": "no",
    "menopause": "before",
    "hysterectomy": "none",
    "consent": "written",
}


def test_keys_are_one_each_and_what_an_item_depends_on_stands_before_it() -> None:
    keys = [item.key for item in ITEMS]
    assert len(set(keys)) == len(keys)
    for item in ITEMS:
        assert len({choice.key for choice in item.choices}) == len(item.choices)
        if item.only_if is not None:
            assert keys.index(item.only_if[0]) < keys.index(item.key)
            assert all(BY_KEY[item.only_if[0]].choice(key) for key in item.only_if[1])


def test_the_sets_are_of_items_that_are_always_asked() -> None:
    always = {item.key for item in form.asked(ITEMS, {})}
    assert set(MINIMUM) < set(COMPREHENSIVE) <= always


def test_what_is_missing_is_named() -> None:
    assert Referral("v").missing(MINIMUM) == ("Indication", "Pregnant", "Menopause", "Hysterectomy", "Consent")
    assert Referral("v").missing(MINIMUM, indication="HSIL")[0] == "Pregnant"
    assert Referral("v", FULL).missing(MINIMUM) == ()
    left = Referral("v", FULL).missing(COMPREHENSIVE)
    assert "HPV, high risk" in left
    assert len(left) == len(COMPREHENSIVE) - len(MINIMUM)
    assert Referral("v", {"parity": 0}).missing(("parity",)) == (), "none is an answer"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"pregnancy": "yes", "menopause": "after"}, "postmenopausal"),
        ({"pregnancy": "yes", "hysterectomy": "subtotal"}, "hysterectomy"),
        ({"hysterectomy": "total"}, "vaginal vault"),
        ({"indication": ["after_treatment"], "treatment": ["none"]}, "no earlier treatment"),
        ({"indication": ["hpv"], "hpv": "negative"}, "no positive test"),
        ({"consent": "refused"}, "not given"),
        ({"cytology": "hsil", "cytology_on": "1979-12-31"}, "before her birth"),
        ({"hpv": "positive", "hpv_on": "2026-12-24"}, "after this visit"),
    ],
)
def test_what_contradicts_itself_is_said(answers: dict[str, Any], said: str) -> None:
    card = Referral("v", answers)
    doubts = card.doubts(birth_date=date(1980, 1, 1), on=date(2026, 11, 30))
    assert len(doubts) == 1
    assert said in doubts[0]


def test_a_plain_card_is_in_no_doubt() -> None:
    assert Referral("v", FULL).doubts(birth_date=date(1980, 1, 1), on=date(2026, 11, 30)) == ()
    assert Referral("v").doubts() == ()


@pytest.mark.parametrize(
    ("birth", "on", "years"),
    [
        (date(1980, 11, 30), date(2026, 11, 30), 46),
        (date(1980, 12, 1), date(2026, 11, 30), 45),
        (date(2000, 2, 29), date(2026, 2, 28), 25),
        (date(2027, 1, 1), date(2026, 11, 30), None),
        (date(2026, 11, 30), date(2026, 11, 30), 0),
    ],
)
def test_age_in_full_years(birth: date, on: date, years: int | None) -> None:
    assert age_on(birth, on) == years
