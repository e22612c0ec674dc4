"""The referral card, the examination by IFCPC and its lesions, as they are put on record."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from pfm_desktop.domain.findings import SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.reid import ReidIndex
from pfm_desktop.services import cases, documenting, review
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.support.language import VARIABLE

FULL = SwedeScore(1, 1, 1, 1, 1)


@pytest.fixture
def visit(lib: Library) -> str:
    return cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id).id


def scored(lib: Library, lesion: str, score: SwedeScore) -> None:
    for key in ("aceto_uptake", "margins_surface", "vessels", "lesion_size", "iodine"):
        documenting.score_swede(lib, lesion, key, getattr(score, key), by="Dr. Test")


def lesions(lib: Library, visit: str) -> tuple[Any, ...]:
    return cases.visit_case(lib, visit).lesions


def test_a_card_is_filled_in_item_by_item_and_undone(lib: Library, visit: str) -> None:
    assert cases.visit_case(lib, visit).referral.answers == {}
    documenting.set_referral(lib, visit, "hpv", "positive")
    documenting.set_referral(lib, visit, "hpv_types", ["18", "16"])
    change = documenting.set_referral(lib, visit, "parity", 0)
    assert change.text == "Referral: Parity: 0"
    card = cases.visit_case(lib, visit).referral
    assert dict(card.answers) == {"hpv": "positive", "hpv_types": ["16", "18"], "parity": 0}
    review.undo(lib, change)
    assert "parity" not in cases.visit_case(lib, visit).referral.answers


def test_what_is_not_asked_any_more_goes_along_and_comes_back_by_undo(lib: Library, visit: str) -> None:
    documenting.set_referral(lib, visit, "hpv", "positive")
    documenting.set_referral(lib, visit, "hpv_types", ["16"])
    change = documenting.set_referral(lib, visit, "hpv", "negative")
    assert dict(cases.visit_case(lib, visit).referral.answers) == {"hpv": "negative"}
    review.undo(lib, change)
    assert cases.visit_case(lib, visit).referral.answers["hpv_types"] == ["16"]
    documenting.set_referral(lib, visit, "hpv", None)
    assert cases.visit_case(lib, visit).referral.answers == {}


@pytest.mark.parametrize(("key", "answer"), [("hpv", "maybe"), ("parity", -1), ("parity", 26), ("name", "x")])
def test_what_a_form_does_not_take_is_refused_and_nothing_is_kept(
    lib: Library, visit: str, key: str, answer: Any
) -> None:
    with pytest.raises(BadInputError) as error:
        documenting.set_referral(lib, visit, key, answer)
    assert error.value.safe == "nothing was changed"
    assert cases.visit_case(lib, visit).referral.answers == {}


def test_a_visit_that_is_not_there_has_no_card(lib: Library) -> None:
    for fill_in in (documenting.set_referral, documenting.set_assessment):
        with pytest.raises((StorageError, BadInputError)):
            fill_in(lib, "f" * 32, "scj", "completely")
    with pytest.raises(StorageError):
        documenting.set_referral(lib, "f" * 32, "hpv", "negative")
    with pytest.raises(StorageError):
        documenting.add_lesion(lib, "f" * 32)
    with pytest.raises(StorageError):
        documenting.set_lesion(lib, "f" * 32, "place", "inside")


def test_the_examination_as_a_whole(lib: Library, visit: str) -> None:
    documenting.set_assessment(lib, visit, "tz_type", "3")
    documenting.set_assessment(lib, visit, "endocervical_mm", 12)
    documenting.set_assessment(lib, visit, "scj", "not_visible")
    case = cases.visit_case(lib, visit)
    assert dict(case.assessment) == {"scj": "not_visible", "tz_type": "3", "endocervical_mm": 12}


def test_the_first_lesion_takes_the_score_that_there_is(lib: Library, visit: str) -> None:
    review.set_swede(lib, visit, replace(FULL, iodine=None))
    (made, *others) = documenting.add_lesion(lib, visit)
    assert not others
    (lesion,) = lesions(lib, visit)
    assert lesion.id == made.key
    assert lesion.swede == replace(FULL, iodine=None)
    documenting.add_lesion(lib, visit)
    assert [one.number for one in lesions(lib, visit)] == [1, 2]
    assert lesions(lib, visit)[1].swede == SwedeScore()


def test_the_examination_has_the_highest_score_of_its_lesions_once_all_are_scored(lib: Library, visit: str) -> None:
    def total() -> int | None:
        return cases.visit_case(lib, visit).findings.swede.total

    for _ in range(2):
        documenting.add_lesion(lib, visit)
    first, second = (one.id for one in lesions(lib, visit))
    scored(lib, first, replace(FULL, vessels=2))
    assert total() is None, "the other one might have more"
    scored(lib, second, FULL)
    assert total() == 6
    documenting.score_swede(lib, second, "vessels", None, by="Dr. Test")
    assert total() is None
    documenting.remove_lesion(lib, second)
    assert total() == 6
    removed = documenting.remove_lesion(lib, first)
    assert cases.visit_case(lib, visit).findings.swede == SwedeScore()
    review.undo_all(lib, removed)
    assert total() == 6
    assert [one.number for one in lesions(lib, visit)] == [1]


def test_numbers_are_not_given_twice(lib: Library, visit: str) -> None:
    for _ in range(3):
        documenting.add_lesion(lib, visit)
    documenting.remove_lesion(lib, lesions(lib, visit)[1].id)
    documenting.add_lesion(lib, visit)
    assert [one.number for one in lesions(lib, visit)] == [1, 3, 4]


def test_who_scored_a_lesion_and_whether_the_ai_was_revealed_by_then_is_kept(lib: Library, visit: str) -> None:
    documenting.add_lesion(lib, visit)
    lesion = lesions(lib, visit)[0].id
    documenting.score_swede(lib, lesion, "vessels", 1, by="Dr. Test")
    said = lesions(lib, visit)[0].scored
    assert said is not None
    assert (said.by, said.after_reveal) == ("Dr. Test", False)
    review.set_impression(lib, visit, Grade.LOW)
    review.reveal(lib, visit, "Dr. Test")
    documenting.score_reid(lib, lesion, "colour", 2, by="Dr. Other")
    said = lesions(lib, visit)[0].scored
    assert said is not None
    assert (said.by, said.after_reveal) == ("Dr. Other", True)


def test_iodine_of_the_reid_index_is_not_free(lib: Library, visit: str) -> None:
    documenting.add_lesion(lib, visit)
    lesion = lesions(lib, visit)[0].id
    with pytest.raises(BadInputError, match="depends on the other three"):
        documenting.score_reid(lib, lesion, "iodine", 0, by="x")
    for key, value in (("colour", 2), ("margin", 2), ("vessels", 0), ("iodine", 2)):
        documenting.score_reid(lib, lesion, key, value, by="x")
    assert lesions(lib, visit)[0].reid.total == 6
    documenting.score_reid(lib, lesion, "margin", 0, by="x")
    assert lesions(lib, visit)[0].reid == ReidIndex(2, 0, 0)
    for score, key, value in ((documenting.score_swede, "vessels", 3), (documenting.score_reid, "size", 1)):
        with pytest.raises(BadInputError):
            score(lib, lesion, key, value, by="x")


def test_signs_of_a_lesion(lib: Library, visit: str) -> None:
    documenting.add_lesion(lib, visit)
    lesion = lesions(lib, visit)[0].id
    change = documenting.set_lesion(lib, lesion, "grade_2", ["ridge_sign", "dense_acetowhite"])
    assert change.text == "Lesion 1: Grade 2 (major): dense acetowhite epithelium, ridge sign"
    documenting.set_lesion(lib, lesion, "hours", ["11", "12", "1"])
    assert lesions(lib, visit)[0].answers["hours"] == ["12", "1", "11"]


def test_the_record_is_english_in_another_language_too(
    lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesion = documenting.add_lesion(lib, visit)[0].key
    monkeypatch.setenv(VARIABLE, "fr")
    for key, answer, said in (
        ("hpv", "positive", "hpv: positive"),
        ("hpv_types", ["18", "16"], "hpv types: 16, 18"),
        ("parity", 0, "parity: 0"),
        ("parity", None, "parity: no answer"),
    ):
        assert documenting.set_referral(lib, visit, key, answer).text == f"Referral: {said}"
    change = documenting.set_lesion(lib, lesion, "grade_2", ["ridge_sign", "dense_acetowhite"])
    assert change.text == "Lesion 1: grade 2: dense acetowhite, ridge sign"


def test_a_program_that_speaks_french_writes_no_french_into_the_record(lib: Library, visit: str) -> None:
    lesion = documenting.add_lesion(lib, visit)[0].key
    said = """
import sys
from pathlib import Path
from pfm_desktop.services import documenting
from pfm_desktop.storage.library import Library
with Library.open(Path(sys.argv[1])) as lib:
    print(documenting.score_swede(lib, sys.argv[3], "lesion_size", 1, by="x")[0].text)
    print(documenting.score_reid(lib, sys.argv[3], "colour", 2, by="x").text)
    print(documenting.set_referral(lib, sys.argv[2], "smoking", "never").text)
"""
    path = lib.path
    lib.close()
    asked = [sys.executable, "-c", said, str(path), visit, lesion]
    env = {**os.environ, VARIABLE: "fr"}
    found = subprocess.run(asked, capture_output=True, text=True, check=True, env=env)
    assert found.stdout.splitlines() == [
        "Lesion 1: Swede Lesion size 1",
        "Lesion 1: Reid Colour 2",
        "Referral: smoking: never",
    ]


def test_nothing_changes_once_the_visit_is_signed(lib: Library, visit: str) -> None:
    documenting.add_lesion(lib, visit)
    lesion = lesions(lib, visit)[0].id
    review.set_impression(lib, visit, Grade.LOW)
    review.sign(lib, visit, name="Dr. Test", meaning="I have reviewed")
    for edit in (
        lambda: documenting.set_referral(lib, visit, "parity", 1),
        lambda: documenting.set_assessment(lib, visit, "tz_type", "1"),
        lambda: documenting.add_lesion(lib, visit),
        lambda: documenting.set_lesion(lib, lesion, "place", "inside"),
        lambda: documenting.score_swede(lib, lesion, "vessels", 1, by="x"),
        lambda: documenting.remove_lesion(lib, lesion),
    ):
        with pytest.raises(SignedError):
            edit()
    assert cases.visit_case(lib, visit).referral.answers == {}


def test_a_card_goes_with_its_visit_and_a_lesion_keeps_it(lib: Library, visit: str) -> None:
    documenting.set_referral(lib, visit, "parity", 1)
    documenting.set_assessment(lib, visit, "tz_type", "1")
    documenting.add_lesion(lib, visit)
    made = cases.change_that_made(lib, "visit", visit, "Visit added")
    with pytest.raises(UserError, match="lesions"):
        review.undo(lib, made)
    documenting.remove_lesion(lib, lesions(lib, visit)[0].id)
    removed = review.undo_all(lib, (made,))
    with pytest.raises(StorageError):
        cases.visit_case(lib, visit)
    review.undo_all(lib, removed)
    case = cases.visit_case(lib, visit)
    assert dict(case.referral.answers) == {"parity": 1}
    assert dict(case.assessment) == {"tz_type": "1"}
