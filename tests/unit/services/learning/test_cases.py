"""What can be learned from, where each grade comes from, and what is left out and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.domain.labelling import Labelled, Open, Origin
from pfm_desktop.domain.learning import Case, Found, Group, LeftOut, Run, Said, State, Why, counts_by
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.source import Source
from pfm_desktop.pfm.training.split import TooFewError
from pfm_desktop.services import accounts, cases, labelling, pairing, review
from pfm_desktop.services.capture import unassigned
from pfm_desktop.services.learning.cases import (
    Wish,
    check_enough,
    find_cases,
    missing_women,
    said_of,
    seconds_for,
)
from pfm_desktop.storage import answers
from pfm_desktop.storage.access import NotAllowedError
from pfm_desktop.storage.library import Library

from .conftest import CTX, MOMENT, Ward

pytestmark = pytest.mark.slow


def test_each_case_says_woman_grade_origin_device_and_sources(ward: Ward) -> None:
    ward.add(Grade.HIGH, device="Cam 7")
    ward.add(Grade.LOW, fluorescence=False, histology=False)
    ward.read([Grade.LOW], pairs=ward.pairs[1:])
    found = find_cases(CTX, ward.lib)
    first, second = sorted(found.cases, key=lambda case: ward.pairs.index(case.pair_id))
    assert (first.patient_id, first.grade, first.said, first.device) == (
        ward.women[0], Grade.HIGH, Said.HISTOLOGY, "Cam 7",
    )  # fmt: skip
    assert first.sources == (Source.WHITE, Source.FLUORESCENCE)
    assert (second.grade, second.said, second.sources) == (Grade.LOW, Said.MAJORITY, (Source.WHITE,))
    assert found.left_out == ()


def test_histology_outranks_and_adjudication_decides(ward: Ward) -> None:
    for _ in range(2):
        ward.add(Grade.LOW, histology=False)
    task = ward.read([Grade.LOW, Grade.LOW])
    ward.again(task, [Grade.HIGH, Grade.HIGH], reader="Berta")
    assert {one.why for one in find_cases(CTX, ward.lib).left_out} == {Why.CONTRADICTORY}
    labelling.set_histology(ward.lib, ward.visits[0], Grade.CANCER)
    labelling.give(ward.lib, task, labelling.Turn(ward.pairs[1]), grade=Grade.HIGH, adjudicates=True)
    by_pair = {case.pair_id: case for case in find_cases(CTX, ward.lib).cases}
    assert (by_pair[ward.pairs[0]].grade, by_pair[ward.pairs[0]].said) == (Grade.CANCER, Said.HISTOLOGY)
    assert (by_pair[ward.pairs[1]].grade, by_pair[ward.pairs[1]].said) == (Grade.HIGH, Said.ADJUDICATED)


def test_what_has_no_label_or_cannot_be_graded_is_left_out_with_the_reason(ward: Ward) -> None:
    for _ in range(3):
        ward.add(None)
    ward.read([None, Grade.LOW], pairs=ward.pairs[:2])
    found = find_cases(CTX, ward.lib)
    assert [case.pair_id for case in found.cases] == [ward.pairs[1]]
    assert set(found.left_out) == {LeftOut(ward.pairs[0], Why.NOT_GRADABLE), LeftOut(ward.pairs[2], Why.NO_LABEL)}


def test_a_case_that_waits_for_another_reader_is_left_out_and_told_so(ward: Ward) -> None:
    ward.add(None)
    task = labelling.make_task(ward.lib, labelling.Wish("by two", repeats=0.0, readers=2), ward.pairs)
    ward.again(task.id, [Grade.LOW], reader="Anna")
    assert find_cases(CTX, ward.lib) == Found((), (LeftOut(ward.pairs[0], Why.WAITING),))
    ward.again(task.id, [Grade.LOW], reader="Berta")
    assert [case.grade for case in find_cases(CTX, ward.lib).cases] == [Grade.LOW]


@pytest.mark.parametrize("why_not", Open)
def test_each_reason_for_no_label_is_a_reason_to_leave_a_case_out(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, why_not: Open
) -> None:
    ward.add(None)
    ward.read([Grade.LOW])
    monkeypatch.setattr(labelling, "labels", lambda _lib, pairs: dict.fromkeys(pairs, Labelled(None, why_not)))
    assert [one.pair_id for one in find_cases(CTX, ward.lib).left_out] == ward.pairs


@pytest.mark.parametrize("origin", Origin)
def test_each_origin_of_a_label_is_told_of_a_case(origin: Origin) -> None:
    assert Said(origin.value).value == origin.value


def test_a_signed_impression_is_used_only_where_it_is_asked_for_and_nothing_better_is_there(ward: Ward) -> None:
    for _ in range(3):
        ward.add(None)
    for number in range(2):
        review.set_impression(ward.lib, ward.visits[number], Grade.HIGH)
        review.sign(ward.lib, ward.visits[number], "Dr. Test", "Read by me")
    ward.read([Grade.LOW], pairs=ward.pairs[1:2])
    assert [case.said for case in find_cases(CTX, ward.lib).cases] == [Said.MAJORITY]
    found = find_cases(CTX, ward.lib, Wish(impressions=True))
    assert {case.pair_id: (case.grade, case.said) for case in found.cases} == {
        ward.pairs[0]: (Grade.HIGH, Said.IMPRESSION),
        ward.pairs[1]: (Grade.LOW, Said.MAJORITY),
    }
    assert found.left_out == (LeftOut(ward.pairs[2], Why.NO_LABEL),)


def test_a_signed_impression_after_the_ai_is_told_as_such(ward: Ward) -> None:
    ward.add(None)
    review.reveal(ward.lib, ward.visits[0], "Dr. Test", lock=False)
    review.set_impression(ward.lib, ward.visits[0], Grade.HIGH)
    review.sign(ward.lib, ward.visits[0], "Dr. Test", "Read by me")
    (case,) = find_cases(CTX, ward.lib, Wish(impressions=True)).cases
    assert case.said is Said.IMPRESSION_AFTER_AI


def test_an_impression_does_not_settle_what_readers_dispute(ward: Ward) -> None:
    ward.add(None)
    review.set_impression(ward.lib, ward.visits[0], Grade.HIGH)
    review.sign(ward.lib, ward.visits[0], "Dr. Test", "Read by me")
    task = ward.read([Grade.LOW])
    ward.again(task, [Grade.HIGH], reader="Berta")
    assert find_cases(CTX, ward.lib, Wish(impressions=True)).left_out == (LeftOut(ward.pairs[0], Why.CONTRADICTORY),)


def test_a_visit_gives_one_pair_the_graded_one_before_the_one_that_opens(ward: Ward) -> None:
    ward.add(None)
    ward.read([Grade.LOW])
    case = cases.visit_case(ward.lib, ward.visits[0])
    white = next(picture.id for picture in case.pictures if picture.source is Source.WHITE)
    other = pairing.make_pair(ward.lib, ward.visits[0], white, None).key
    assert [one.pair_id for one in find_cases(CTX, ward.lib).cases] == [ward.pairs[0]]
    labelling.set_histology(ward.lib, ward.visits[0], Grade.HIGH)
    assert [one.pair_id for one in find_cases(CTX, ward.lib).cases] == [ward.pairs[0]] != [other]


def test_pictures_that_are_gone_and_sources_that_are_not_read_are_told(ward: Ward) -> None:
    for _ in range(3):
        ward.add(Grade.LOW)
    missing = find_cases(CTX, ward.lib).cases[0]
    place = ward.lib.pictures.find(missing.pictures[Source.WHITE])
    assert place is not None
    place.unlink()
    assert LeftOut(missing.pair_id, Why.NO_PICTURE) in find_cases(CTX, ward.lib).left_out
    glow = find_cases(CTX, ward.lib, Wish(sources=(Source.FLUORESCENCE,)))
    assert len(glow.cases) == 3, "what the model does not read need not be there"
    assert all(case.sources == (Source.FLUORESCENCE,) for case in glow.cases)
    ward.add(Grade.LOW, fluorescence=False)
    other = find_cases(CTX, ward.lib, Wish(sources=(Source.FLUORESCENCE,)))
    assert other.left_out == (LeftOut(ward.pairs[3], Why.OTHER_SOURCES),)


def test_a_refused_registration_leaves_a_pair_out_but_not_one_source_of_it(ward: Ward) -> None:
    ward.add(Grade.LOW)
    answers.put_registration(ward.lib, ward.pairs[0], summary={"status": "refused"}, data=b"x")
    assert find_cases(CTX, ward.lib).left_out == (LeftOut(ward.pairs[0], Why.NOT_REGISTERED),)
    assert len(find_cases(CTX, ward.lib, Wish(sources=(Source.WHITE,))).cases) == 1


def test_an_empty_library_holds_nothing_and_says_what_is_missing(lib: Library) -> None:
    found = find_cases(CTX, lib)
    assert (found.cases, found.left_out, found.women) == ((), (), 0)
    with pytest.raises(TooFewError, match=r"normal 10 more \(has 0\), low 10 more .*, high 10 more .*, cancer 10 more"):
        check_enough(found.cases)


def test_one_grade_missing_is_named_with_the_number(full_ward: Ward) -> None:
    found = find_cases(CTX, full_ward.lib)
    check_enough(found.cases, enough=6)
    without = [case for case in found.cases if case.grade is not Grade.CANCER]
    with pytest.raises(TooFewError, match=r"missing: cancer 6 more \(has 0\)") as error:
        check_enough(without, enough=6)
    assert "model in use stays" in error.value.safe
    assert missing_women(found.cases, enough=8) == dict.fromkeys(GRADES, 2)


def test_all_cases_of_one_woman_are_one_woman_with_her_worst_grade(ward: Ward) -> None:
    ward.add(Grade.LOW)
    for grade in (Grade.HIGH, Grade.NORMAL):
        ward.add(grade, woman=ward.women[0])
    found = find_cases(CTX, ward.lib)
    assert (len(found.cases), found.women) == (3, 1)
    assert missing_women(found.cases, enough=1) == {Grade.NORMAL: 1, Grade.LOW: 1, Grade.CANCER: 1}


def test_women_of_one_group_count_as_one(full_ward: Ward) -> None:
    found = find_cases(CTX, full_ward.lib)
    lows = [case.patient_id for case in found.cases if case.grade is Grade.LOW]
    assert missing_women(found.cases, [Group(tuple(lows), ())], enough=6) == {Grade.LOW: 5}


def test_who_does_not_see_what_others_read_learns_from_nothing(tmp_path: object) -> None:
    from pathlib import Path

    lib, _ = accounts.make_library(Path(str(tmp_path)) / "sealed", "Anna", "five small brown hens")
    with lib:
        accounts.add(lib, "Berta", {Role.ANNOTATOR}, "five small brown hens")
        lib.account = replace(lib.account, roles=frozenset({Role.ANNOTATOR}))  # type: ignore[type-var]
        with pytest.raises(NotAllowedError):
            find_cases(CTX, lib)


def test_the_lines_for_a_person_tell_grades_devices_and_origins(full_ward: Ward) -> None:
    full_ward.add(Grade.LOW, device="")
    first, *others = said_of(find_cases(CTX, full_ward.lib))
    assert first == "25 cases of 25 women"
    assert others[0] == "grade: normal 6 (6 women), low 7 (7 women), high 6 (6 women), cancer 6 (6 women)"
    assert "C1 24 (24 women)" in others[1]
    assert "not known 1 (1 women)" in others[1]
    assert others[2] == "origin: histology 25 (25 women)"
    assert counts_by(find_cases(CTX, full_ward.lib).cases, "device")["C1"].women == 24


@pytest.fixture
def past() -> Callable[..., Run]:
    def make(**counts: object) -> Run:
        return Run("1" * 32, MOMENT, "A", "p", "", "m", "", {}, counts, State.LEARNED)

    return make


def test_the_time_is_that_of_the_last_whole_run_at_this_size(past: Callable[..., Run]) -> None:
    runs = [
        past(seconds=10.0, pairs_prepared=50, size=224, resumed=True),
        past(),
        past(seconds=90.0, pairs_prepared=30, size=384),
        past(seconds=80.0, pairs_prepared=200, size=224),
    ]
    assert seconds_for(100, runs, size=224) == pytest.approx(40)
    assert seconds_for(100, runs, size=384) == pytest.approx(300)
    assert seconds_for(100, runs, size=512) is None
    assert seconds_for(100, [], size=224, measured=0.5) == pytest.approx(50)
    assert datetime.now(UTC) > MOMENT


def test_a_case_is_told_by_its_pair_alone() -> None:
    assert Case("p", "w", Grade.LOW, Said.MAJORITY, "", {}).sources == ()


def test_nothing_is_learned_of_a_woman_of_whom_nobody_has_said_who_she_is(ward: Ward) -> None:
    ward.add(Grade.HIGH)
    visit = unassigned.begin_unassigned(ward.lib, "Dr. Test")
    ward.add(Grade.LOW, woman=visit.patient_id)
    found = find_cases(CTX, ward.lib)
    assert [case.pair_id for case in found.cases] == ward.pairs[:1]
    assert found.left_out == (LeftOut(ward.pairs[1], Why.UNASSIGNED),)
    unassigned.assign_new(ward.lib, ward.visits[1], identifier="K-99")
    found = find_cases(CTX, ward.lib)
    assert {case.pair_id for case in found.cases} == set(ward.pairs)
    assert found.left_out == ()
