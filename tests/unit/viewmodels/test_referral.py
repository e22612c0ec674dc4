from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pfm_desktop.domain.case import Patient, Visit
from pfm_desktop.domain.findings import Findings, Signature
from pfm_desktop.domain.referral import COMPREHENSIVE, Referral
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.viewmodels import forms
from pfm_desktop.viewmodels.iodine import IODINE
from pfm_desktop.viewmodels.referral import SHOWN, ReferralView, answer_edit, in_short, referral_view
from pfm_desktop.viewmodels.report_form import sign_view


def case(answers: dict[str, Any], *, indication: str = "", born: date | None = date(1988, 2, 29)) -> VisitCase:
    visit = Visit("v", "p", datetime(2026, 3, 14, 12, tzinfo=UTC), indication=indication)
    woman = Patient("p", "K-1", "Adler", "Anna", born)
    return VisitCase(woman, visit, (), (), Findings("v"), (), (), (), referral=Referral("v", answers))


def test_without_a_visit_nothing_is_asked() -> None:
    assert referral_view(None) == ReferralView()
    assert in_short(None) == ""


def test_age_and_the_indication_as_it_was_written_stand_above() -> None:
    view = referral_view(case({}, indication="HSIL, see letter"))
    assert view.about == "38 years old at this visit. Indication as it was written: HSIL, see letter"
    assert referral_view(case({}, born=None)).about == "Her age is not known"


def test_an_indication_in_words_counts() -> None:
    assert "Missing: Pregnant" in referral_view(case({}, indication="HSIL")).missing[0]
    assert "Missing: Indication, Pregnant" in referral_view(case({})).missing[0]


def test_the_bar_counts_the_comprehensive_set() -> None:
    full = dict.fromkeys(COMPREHENSIVE, "x")
    view = referral_view(case(full))
    assert (view.complete, view.wanted) == (len(COMPREHENSIVE), len(COMPREHENSIVE))
    assert view.missing == ("Minimum set (ASCCP): complete.", "Comprehensive set: complete.")
    assert referral_view(case({})).complete == 0


def test_what_is_signed_or_read_only_says_so() -> None:
    at = datetime(2026, 3, 14, 13, tzinfo=UTC)
    signed = replace(case({}), findings=Findings("v", signature=Signature("Dr. A", at, "reviewed")))
    assert referral_view(signed).locked.startswith("Signed by Dr. A")
    assert "elsewhere" in referral_view(case({}), "open elsewhere").locked
    assert referral_view(case({})).locked == ""


@pytest.mark.parametrize(("known", "said"), [(None, None), (True, "yes"), (False, "no")])
def test_the_allergy_stands_among_the_answers(known: bool | None, said: str | None) -> None:
    assert IODINE in SHOWN
    assert referral_view(replace(case({}), iodine_allergy=known)).answers.get(IODINE.key) == said


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({}, ""),
        ({"pregnancy": "no", "immune": "normal", "anticoagulants": "none", "treatment": ["none"]}, ""),
        ({"cytology": "hsil", "hpv": "positive", "hpv_types": ["16", "33"]}, "Referral: HSIL; HPV 16, 33"),
        ({"hpv": "negative"}, "Referral: HPV negative"),
        ({"hpv": "positive"}, "Referral: HPV positive"),
        (
            {"pregnancy": "yes", "immune": "hiv", "treatment": ["leep"], "anticoagulants": "doac"},
            "Referral: pregnant: yes; living with HIV; treated: LEEP / LLETZ; DOAC",
        ),
    ],
)
def test_what_bears_on_the_findings_in_one_line(answers: dict[str, Any], line: str) -> None:
    assert in_short(case(answers)) == line


def test_an_allergy_to_iodine_comes_first_in_that_line_and_stands_alone_where_nothing_else_is_known() -> None:
    allergic = replace(case({"hpv": "positive"}), iodine_allergy=True)
    assert in_short(allergic) == "Referral: \u26a0 Iodine allergy on record; HPV positive"
    assert in_short(replace(case({}), iodine_allergy=True)) == "Referral: \u26a0 Iodine allergy on record"
    assert in_short(replace(case({}), iodine_allergy=False)) == ""


def test_the_same_answer_is_no_edit() -> None:
    assert answer_edit(case({"parity": 2}), "parity", 2) is None
    assert answer_edit(case({"parity": 2}), "parity", 3) is not None
    assert answer_edit(case({}), "parity", None) is None


def test_fields_show_days_as_everywhere_and_hints_say_what_is_taken() -> None:
    by_key = {item.key: item for item in SHOWN}
    assert forms.field_text(by_key["hpv_on"], "2026-03-14") == "14 Mar 2026"
    assert forms.hint(by_key["parity"]) == "0 to 25"
    assert forms.hint(by_key["hpv_on"]) == "as 14 Mar 2026"
    assert "no day" in forms.problem_of(by_key["hpv_on"], "soon")
    assert forms.problem_of(by_key["hpv_on"], "03/04/2020"), "either figure could be the month"


def test_what_is_missing_and_in_doubt_stands_beside_the_signature() -> None:
    visit = replace(case({"pregnancy": "yes", "menopause": "after"}), assessment={"tz_type": "3", "scj": "completely"})
    gaps = sign_view(visit, "Dr. A").gaps
    assert gaps.startswith("Missing: impression")
    assert "Acetowhite, Lesions. In doubt: Transformation zone type 3" in gaps
    assert gaps.endswith("Pregnant and postmenopausal")
