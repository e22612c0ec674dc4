"""Sides: a woman keeps hers, women who may be one stand together, and shares come out by worst grade."""

from __future__ import annotations

from collections import Counter

import pytest

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.learning import (
    Case,
    Count,
    Found,
    Group,
    LeftOut,
    Part,
    Said,
    Sides,
    Why,
    counts_by,
    group_names,
    left_out_by,
    sides_of,
    worst_grades,
)
from pfm_desktop.domain.source import Source

SHARES = {Part.TRAIN: 0.65, Part.CALIBRATION: 0.20, Part.TEST: 0.15}


def case(woman: str, grade: Grade = Grade.NORMAL, *, pair: str = "", device: str = "C1") -> Case:
    return Case(pair or f"pair-{woman}", woman, grade, Said.MAJORITY, device, {Source.WHITE: "0" * 64})


def many(count: int, *, prefix: str = "w") -> Found:
    return Found(tuple(case(f"{prefix}{number:04d}", GRADES[number % 4]) for number in range(count)))


def sides(found: Found, groups: tuple[Group, ...] = (), known: dict[str, Part] | None = None) -> Sides:
    return sides_of(found, groups, known or {}, shares=SHARES, seed="library")


def test_every_woman_gets_a_part_and_the_shares_come_out_in_each_grade() -> None:
    found = many(400)
    made = sides(found)
    for rank in range(4):
        parts = Counter(made.part(one) for one in found.cases if one.grade.rank == rank)
        for part, share in SHARES.items():
            assert parts[part] == pytest.approx(100 * share, abs=1.5)
    assert set(made.new) == {one.patient_id for one in found.cases}


@pytest.mark.parametrize(("women", "calibrate"), [(200, 12), (144, 12), (120, 10), (40, 3)])
def test_few_women_still_calibrate_so_many_that_a_grade_can_be_left_out(women: int, calibrate: int) -> None:
    found = many(women)
    made = sides(found)
    for rank in range(4):
        parts = Counter(made.part(one) for one in found.cases if one.grade.rank == rank)
        assert parts[Part.CALIBRATION] == pytest.approx(calibrate, abs=1)
        assert parts[Part.TEST] == pytest.approx(women / 4 * SHARES[Part.TEST], abs=1.5)


def test_the_same_seed_gives_the_same_sides_however_the_cases_were_found() -> None:
    found = many(60)
    assert sides(found).part_of == sides(Found(found.cases[::-1])).part_of
    other = sides_of(found, (), {}, shares=SHARES, seed="another library")
    assert other.part_of != sides(found).part_of


def test_who_has_a_part_keeps_it_and_new_women_bring_the_shares_about() -> None:
    first = sides(many(80))
    both = Found((*many(80).cases, *many(120, prefix="x").cases))
    second = sides(both, known=dict(first.new))
    assert all(second.part_of[woman] is part for woman, part in first.new.items())
    assert not set(second.new) & set(first.new)
    parts = Counter(second.part(one) for one in both.cases)
    assert parts[Part.TEST] == pytest.approx(30, abs=3)


def test_a_worse_grade_found_later_moves_nobody() -> None:
    first = sides(many(40))
    later = Found(tuple(case(one.patient_id, Grade.CANCER) for one in many(40).cases))
    assert sides(later, known=dict(first.new)).part_of == first.part_of


def test_women_of_one_group_stand_on_one_side() -> None:
    found = many(100)
    groups = tuple(Group((f"w{n:04d}", f"w{n + 1:04d}"), ((f"pair-{n}", f"pair-{n + 1}"),)) for n in range(0, 100, 2))
    made = sides(found, groups)
    by_woman = {one.patient_id: made.part(one) for one in found.cases}
    assert all(by_woman[first] is by_woman[second] for first, second in (group.women for group in groups))
    assert len(set(by_woman.values())) == 3


@pytest.mark.parametrize("part", list(Part))
def test_who_joins_a_group_takes_its_part(part: Part) -> None:
    made = sides(many(8), (Group(("w0000", "w0005"), ()),), {"w0000": part})
    assert made.part_of["w0000"] is part
    assert made.new["w0005"] is part
    assert made.left_out == ()


@pytest.mark.parametrize(
    ("first", "second", "holds", "out"),
    [
        (Part.TEST, Part.TRAIN, Part.TEST, "w0001"),
        (Part.TRAIN, Part.TEST, Part.TEST, "w0000"),
        (Part.CALIBRATION, Part.TRAIN, Part.CALIBRATION, "w0001"),
        (Part.TEST, Part.CALIBRATION, Part.TEST, "w0001"),
    ],
)
def test_of_two_sides_the_stricter_holds_and_the_other_woman_is_left_out(
    first: Part, second: Part, holds: Part, out: str
) -> None:
    made = sides(many(8), (Group(("w0000", "w0001"), ()),), {"w0000": first, "w0001": second})
    assert made.part_of["w0000"] is holds
    assert made.left_out == (LeftOut(f"pair-{out}", Why.OTHER_SIDE),)
    assert not {"w0000", "w0001"} & set(made.new), "their parts stay on record as they are"


def test_a_woman_of_a_group_who_has_no_case_now_still_decides() -> None:
    made = sides(many(4), (Group(("w0000", "gone"), ()),), {"gone": Part.TEST})
    assert made.part(many(4).cases[0]) is Part.TEST


def test_a_small_stratum_does_not_starve_the_locked_test() -> None:
    found = Found(tuple(case(f"w{n}", GRADES[n % 4]) for n in range(12)))
    parts = Counter(sides(found).part_of.values())
    assert parts[Part.TEST] >= 1
    assert parts[Part.CALIBRATION] >= 1


def test_counts_tell_cases_and_women_by_grade_and_device() -> None:
    cases = (case("a", Grade.LOW, pair="1"), case("a", Grade.LOW, pair="2"), case("b", Grade.HIGH, device="C2"))
    assert counts_by(cases, "grade") == {
        "normal": Count(), "low": Count(2, 1), "high": Count(1, 1), "cancer": Count(),
    }  # fmt: skip
    assert counts_by(cases, "device") == {"C1": Count(2, 1), "C2": Count(1, 1)}
    assert counts_by(cases, "said") == {"majority": Count(3, 2)}


def test_what_is_left_out_is_counted_by_reason() -> None:
    out = (LeftOut("1", Why.QUALITY, "blurred"), LeftOut("2", Why.QUALITY), LeftOut("3", Why.NO_LABEL))
    assert left_out_by(out) == {Why.QUALITY: 2, Why.NO_LABEL: 1}
    found = many(4).without([LeftOut("pair-w0001", Why.NO_PICTURE)])
    assert found.women == 3
    assert found.left_out == (LeftOut("pair-w0001", Why.NO_PICTURE),)


def test_a_group_is_called_after_its_first_woman_and_counts_with_its_worst_grade() -> None:
    names = group_names([Group(("b", "a"), ())])
    assert names == {"a": "a", "b": "a"}
    cases = (case("a", Grade.LOW), case("b", Grade.CANCER), case("c"))
    assert worst_grades(cases, names) == {"a": 3, "c": 0}
    assert worst_grades(cases) == {"a": 1, "b": 3, "c": 0}


def test_a_case_names_its_sources_in_order() -> None:
    both = Case("p", "w", Grade.LOW, Said.HISTOLOGY, "", {Source.FLUORESCENCE: "1", Source.WHITE: "2"})
    assert both.sources == (Source.WHITE, Source.FLUORESCENCE)
