"""Fields as they are called where they are out of sight: whose, and which."""

from __future__ import annotations

from pfm_desktop.domain.case import Patient
from pfm_desktop.viewmodels import unkept_names as named

ANNA = Patient("p", "H-7", "Adler", "Anna", None)
NAMELESS = Patient("q", "H-8", "", "", None)


def test_a_field_says_whose_it_is_and_where_it_stands() -> None:
    assert named.in_result(ANNA, "B", "Reported") == "Adler, Anna, result of pot B: Reported"
    assert named.in_follow_up(ANNA, "Letter sent") == "Adler, Anna, follow-up: Letter sent"
    assert named.in_referral(ANNA, "HPV test of") == "Adler, Anna, referral card: HPV test of"
    assert named.in_lesion(ANNA, 2, "Of the cervix") == "Adler, Anna, lesion 2: Of the cervix"
    assert named.in_examination(ANNA, "Length") == "Adler, Anna, examination: Length"
    assert named.in_taking(ANNA, "pin B", "Of lesion") == "Adler, Anna, how pin B was taken: Of lesion"


def test_a_woman_without_a_name_is_called_by_her_number() -> None:
    assert named.in_referral(NAMELESS, "Parity") == "ID H-8, referral card: Parity"
