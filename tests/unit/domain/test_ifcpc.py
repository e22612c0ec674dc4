from __future__ import annotations

from typing import Any

import pytest

from pfm_desktop.domain import ifcpc


@pytest.mark.parametrize("items", [ifcpc.VISIT, ifcpc.LESION])
def test_keys_are_one_each_and_what_an_item_depends_on_stands_before_it(items: tuple[Any, ...]) -> None:
    keys = [item.key for item in items]
    assert len(set(keys)) == len(keys)
    by_key = {item.key: item for item in items}
    for item in items:
        assert len({choice.key for choice in item.choices}) == len(item.choices)
        if item.only_if is not None:
            assert keys.index(item.only_if[0]) < keys.index(item.key)
            assert all(by_key[item.only_if[0]].choice(key) for key in item.only_if[1])


def test_the_terms_of_the_nomenclature_are_all_there() -> None:
    assert [len(item.choices) for item in (ifcpc.GRADE_1, ifcpc.GRADE_2, ifcpc.INVASION)] == [4, 8, 7]
    assert len(ifcpc.MISCELLANEOUS.choices) == 9
    assert [choice.key for choice in ifcpc.TZ.choices] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("visit", "lesions", "said"),
    [
        ({"tz_type": "1", "scj": "partially"}, [], "type 1, and the junction is not completely visible"),
        ({"tz_type": "2", "scj": "not_visible"}, [], "type 2, and the junction is not completely visible"),
        ({"tz_type": "3", "scj": "completely"}, [], "type 3, and the junction is completely visible"),
        ({"adequacy": "inadequate"}, [], "without a reason"),
        ({"acetowhite": "no"}, [{}, {"grade_1": ["thin_acetowhite"]}], "lesion 2 shows it"),
        ({"excision_type": "1", "tz_type": "3"}, [], "Excision type 1 of a transformation zone type 3"),
        ({}, [{"grade_2": ["inner_border"]}], "inner border"),
        ({}, [{"quadrants": 1, "hours": ["1", "5"]}], "more than 1 quadrant"),
    ],
)
def test_what_contradicts_itself_is_said(visit: dict[str, Any], lesions: list[dict[str, Any]], said: str) -> None:
    doubts = ifcpc.doubts(visit, dict(enumerate(lesions, start=1)))
    assert len(doubts) == 1
    assert said in doubts[0]


def test_deciduosis_is_of_pregnant_women_only() -> None:
    visit = {"normal_findings": ["deciduosis"]}
    assert ifcpc.doubts(visit, {}, pregnant=True) == ()
    for pregnant in (False, None):
        assert ifcpc.doubts(visit, {}, pregnant=pregnant) == ("Deciduosis, and she is not known to be pregnant",)


def test_rapid_whitening_agrees_with_what_was_measured() -> None:
    lesion = {"grade_2": ["rapid_acetowhitening"]}
    assert ifcpc.doubts({}, {1: lesion}, first_whitening_s=12.0) == ()
    assert ifcpc.doubts({}, {1: lesion}) == ()
    assert "measured at 95 s" in ifcpc.doubts({}, {1: lesion}, first_whitening_s=95.0)[0]


@pytest.mark.parametrize(
    "visit",
    [
        {"tz_type": "1", "scj": "completely"},
        {"tz_type": "2", "scj": "completely"},
        {"tz_type": "3", "scj": "partially"},
        {"tz_type": "3", "scj": "not_visible"},
        {"tz_type": "1"},
        {"excision_type": "3", "tz_type": "2"},
        {"adequacy": "inadequate", "inadequate_for": ["bleeding"]},
        {"acetowhite": "yes"},
    ],
)
def test_what_agrees_is_in_no_doubt(visit: dict[str, Any]) -> None:
    lesion = {
        "grade_1": ["thin_acetowhite"],
        "grade_2": ["inner_border", "dense_acetowhite"],
        "quadrants": 2,
        "hours": ["12", "1", "5"],
    }
    assert ifcpc.doubts(visit, {1: lesion}) == ()


def test_a_lesion_is_named_by_its_own_number_also_after_others_went() -> None:
    said = ifcpc.doubts({"acetowhite": "no"}, {3: {"grade_1": ["thin_acetowhite"]}, 4: {"grade_2": ["inner_border"]}})
    assert said[0].endswith("lesion 3 shows it")
    assert said[1].startswith("Lesion 4: ")
