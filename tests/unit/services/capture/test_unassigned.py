"""An examination may begin without a patient, and is not signed before it has one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pfm_desktop.domain.case import Patient
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.examination import DEFAULT_PLAN, Whitening
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import SilentContext
from pfm_desktop.services import accounts, cases, moving, review
from pfm_desktop.services.capture import records, unassigned
from pfm_desktop.storage.access import NotAllowedError
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import UnassignedError
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.viewmodels.moving import women_for

from .conftest import lit, taken

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.fixture
def nobody(lib: Library) -> str:
    """A visit without a patient, with an examination and a pair."""
    visit = unassigned.begin_unassigned(lib, "Dr. Test")
    records.begin(lib, visit.id, DEFAULT_PLAN)
    records.keep_shots(lib, visit.id, [taken(1), lit()], pair=True)
    return visit.id


def everything(lib: Library, visit: str) -> tuple[Any, ...]:
    women = cases.find_patients(lib)
    allergies = {woman.id: records.iodine_allergy(lib, woman.id) for woman in women}
    return cases.visit_case(lib, visit), women, allergies, records.examination(lib, visit)


def test_visits_without_a_patient_are_told_apart(lib: Library) -> None:
    visits = [unassigned.begin_unassigned(lib, "Dr. Test") for _ in range(3)]
    women = [cases.visit_case(lib, visit.id).patient for visit in visits]
    assert len({woman.identifier for woman in women}) == 3
    assert all(woman.unassigned and woman.display_name == "" for woman in women)
    assert all(unassigned.is_unassigned(lib, visit.id) for visit in visits)
    assert visits[0].examiner == "Dr. Test"


@pytest.mark.parametrize(
    ("identifier", "family", "yes"),
    [
        ("Unassigned 2026-11-29 12:30:05", "", True),
        ("unassigned  2026-11-29", "", True),
        ("Unassigned 2026-11-29 12:30:05", "Li", False),
        ("K-17", "", False),
        ("K Unassigned", "", False),
    ],
)
def test_a_name_or_a_number_says_who_she_is(identifier: str, family: str, yes: bool) -> None:
    assert Patient("1", identifier, family, "", None).unassigned is yes


def test_it_is_not_signed_whatever_way_the_signature_comes(lib: Library, nobody: str) -> None:
    review.set_impression(lib, nobody, Grade.LOW)
    signature = {"name": lib.who, "signed_at": "2026-03-14T12:00:00+00:00", "meaning": "read"}
    for sign in (
        lambda: review.sign(lib, nobody, "Dr. Test", "read"),
        lambda: lib.apply(Change("findings", nobody, {"signature": None}, {"signature": signature}, "Signed")),
    ):
        with pytest.raises(UnassignedError, match="nobody has said who the woman is") as refused:
            sign()
        assert "assign it" in refused.value.remedy
    assert not cases.visit_case(lib, nobody).signed


def test_findings_that_arrive_with_their_signature_are_refused_too(lib: Library) -> None:
    visit = unassigned.begin_unassigned(lib, "").id
    signature = {"name": lib.who, "signed_at": "2026-03-14T12:00:00+00:00", "meaning": "read"}
    with pytest.raises(UnassignedError):
        lib.apply(Change("findings", visit, None, {"impression": "low", "signature": signature}, "Signed"))


def test_assigned_to_a_woman_all_of_it_is_hers_and_it_can_be_signed(lib: Library, nobody: str, patient: str) -> None:
    before = everything(lib, nobody)
    made = unassigned.assign(lib, nobody, patient)
    case = cases.visit_case(lib, nobody)
    assert (case.patient.identifier, case.pictures, case.pairs) == ("K-17", before[0].pictures, before[0].pairs)
    assert [woman.identifier for woman in cases.find_patients(lib)] == ["K-17"]
    assert records.examination(lib, nobody) == before[3]
    back = review.undo_all(lib, made)
    assert everything(lib, nobody) == before
    review.undo_all(lib, back)
    review.set_impression(lib, nobody, Grade.LOW)
    review.sign(lib, nobody, "Dr. Test", "read")


def test_assigned_to_a_new_woman_both_come_about_or_neither(lib: Library, nobody: str) -> None:
    records.set_iodine_allergy(lib, cases.visit_case(lib, nobody).patient.id, True)
    before = everything(lib, nobody)
    made = unassigned.assign_new(
        lib, nobody, identifier=" K-18 ", family_name="Wu", given_name="Mei", birth_date=date(1980, 2, 29)
    )
    (woman,) = cases.find_patients(lib)
    assert (woman.identifier, woman.display_name) == ("K-18", "Wu, Mei")
    assert records.iodine_allergy(lib, woman.id) is True
    assert [change.what for change in made] == ["patient", "visit", "allergies", "allergies", "patient"]
    review.undo_all(lib, review.undo_all(lib, review.undo_all(lib, made)))
    assert everything(lib, nobody) == before


@pytest.mark.parametrize("identifier", ["", "k-17", "Unassigned 7"])
def test_a_woman_who_cannot_be_put_on_record_leaves_the_visit_as_it_was(
    lib: Library, nobody: str, patient: str, identifier: str
) -> None:
    before = everything(lib, nobody)
    with pytest.raises(BadInputError):
        unassigned.assign_new(lib, nobody, identifier=identifier)
    assert everything(lib, nobody) == before


def test_nobody_is_made_or_left_by_hand(lib: Library, nobody: str, patient: str) -> None:
    with pytest.raises(BadInputError, match="is kept for visits"):
        cases.add_patient(lib, identifier="Unassigned 12")
    with pytest.raises(BadInputError, match="is kept for visits"):
        cases.edit_patient(lib, patient, identifier="Unassigned 12")
    cases.edit_patient(lib, patient, identifier="Unassigned 12", family_name="Li")
    woman = cases.visit_case(lib, nobody).patient
    cases.edit_patient(lib, woman.id, identifier=woman.identifier, birth_date=date(1980, 2, 29))
    assert unassigned.is_unassigned(lib, nobody)
    cases.edit_patient(lib, woman.id, identifier="K-20")  # says who she is, as assigning does
    assert not unassigned.is_unassigned(lib, nobody)


@pytest.mark.parametrize(
    ("told", "known", "after"),
    [
        (True, None, True),
        (True, False, True),
        (False, None, False),
        (False, True, True),
        (None, True, True),
        (None, None, None),
    ],
)
def test_what_was_told_of_iodine_before_goes_to_her_record_and_an_allergy_outranks_none(
    lib: Library, nobody: str, patient: str, told: bool | None, known: bool | None, after: bool | None
) -> None:
    if told is not None:
        records.set_iodine_allergy(lib, cases.visit_case(lib, nobody).patient.id, told)
    if known is not None:
        records.set_iodine_allergy(lib, patient, known)
    before = everything(lib, nobody)
    made = unassigned.assign(lib, nobody, patient)
    assert records.iodine_allergy(lib, patient) is after
    review.undo_all(lib, made)
    assert everything(lib, nobody) == before


@pytest.mark.parametrize(
    ("known", "told", "lugol", "words"),
    [
        (True, None, True, "pictures after Lugol's iodine"),
        (True, True, True, "pictures after Lugol's iodine"),
        (True, False, False, "no allergy"),
        (True, True, False, ""),
        (True, None, False, ""),
        (False, True, True, ""),
        (None, None, True, ""),
    ],
)
def test_what_was_done_or_told_with_iodine_speaks_against_a_woman_who_does_not_bear_it(
    lib: Library, nobody: str, patient: str, known: bool | None, told: bool | None, lugol: bool, words: str
) -> None:
    if known is not None:
        records.set_iodine_allergy(lib, patient, known)
    if lugol:  # before anybody was asked
        records.keep_shots(lib, nobody, [taken(5, stage=Stage.LUGOL)], pair=False)
    if told is not None:
        records.set_iodine_allergy(lib, cases.visit_case(lib, nobody).patient.id, told)
    doubt = unassigned.doubt(lib, nobody, patient)
    assert (words in doubt) if words else not doubt


def test_only_what_is_nobodys_is_assigned_and_only_to_somebody(lib: Library, nobody: str, visit: str) -> None:
    other = unassigned.begin_unassigned(lib, "")
    with pytest.raises(BadInputError, match="a woman's already"):
        unassigned.assign(lib, visit, cases.visit_case(lib, nobody).patient.id)
    with pytest.raises(BadInputError, match="nobody has said who this woman is either"):
        unassigned.assign(lib, nobody, other.patient_id)
    for patient in (cases.visit_case(lib, nobody).patient.id, "gone"):
        with pytest.raises(UserError):
            unassigned.assign(lib, nobody, patient)


# what goes off the record with what


def test_a_visit_that_was_begun_and_has_no_picture_goes_with_its_examination_and_comes_back(lib: Library) -> None:
    visit = unassigned.begin_unassigned(lib, "Dr. Test").id
    records.begin(lib, visit, DEFAULT_PLAN)
    records.set_iodine_allergy(lib, cases.visit_case(lib, visit).patient.id, True)
    before = everything(lib, visit)
    made = moving.remove_visit(lib, visit)
    assert (cases.today(lib), cases.find_patients(lib), records.examination(lib, visit)) == ((), (), None)
    review.undo_all(lib, made)
    assert everything(lib, visit) == before


def test_a_visit_with_a_picture_a_clip_or_a_curve_stays(lib: Library, nobody: str, visit: str) -> None:
    with pytest.raises(UserError, match="there are pictures in the visit"):
        moving.remove_visit(lib, nobody)
    clip = {"visit_id": visit, "kind": "video", "started_at": "2026-03-14T12:00:00+00:00", "width": 4, "height": 4}
    lib.apply(Change("clip", "c" * 32, None, clip, "Clip recorded"))
    with pytest.raises(UserError, match="there are clips in the visit"):
        moving.remove_visit(lib, visit)
    curve = Whitening(region=(), seconds=(0.0,), change=(0.0,))
    made = records.keep_whitening(lib, visit, "c" * 32, curve)
    with pytest.raises(UserError, match="whitening was measured in it"):
        review.undo(lib, cases.change_that_made(lib, "clip", "c" * 32, "Clip recorded"))
    with pytest.raises(UserError, match="there are curves of whitening in the visit"):
        moving.remove_visit(lib, visit)
    review.undo(lib, made)
    review.undo(lib, cases.change_that_made(lib, "clip", "c" * 32, "Clip recorded"))
    moving.remove_visit(lib, visit)


def test_what_goes_along_does_not_go_alone_past_the_services(lib: Library, nobody: str, visit: str) -> None:
    case = cases.visit_case(lib, nobody)
    picture = case.pictures[0]
    records.begin(lib, visit, DEFAULT_PLAN)
    woman = cases.add_patient(lib, identifier="K-19").id
    records.set_iodine_allergy(lib, woman, False)
    for what, key, why in (
        ("visit", visit, "an examination has begun"),
        ("patient", woman, "her allergies are on record"),
        ("picture", picture.id, "pair|how it was taken"),
    ):
        made = cases.change_that_made(lib, what, key, "added")
        with pytest.raises(UserError, match=why):
            lib.apply(made.reversed())


def test_a_picture_that_moves_to_another_visit_keeps_how_it_was_taken(lib: Library, nobody: str, visit: str) -> None:
    before = records.acquisitions(lib, nobody)
    made = moving.move_pictures(lib, [picture.id for picture in cases.visit_case(lib, nobody).pictures], visit)
    assert (records.acquisitions(lib, visit), records.acquisitions(lib, nobody)) == (before, {})
    review.undo_all(lib, made)
    assert records.acquisitions(lib, nobody) == before


def test_who_sees_no_names_sees_no_moment_in_place_of_one(tmp_path: Path) -> None:
    made, _ = accounts.make_library(tmp_path / "clinic", "Ada", "four words that differ")
    with made as lib:
        visit = unassigned.begin_unassigned(lib, "Dr. Test")
        called = cases.visit_case(lib, visit.id).patient.identifier
        accounts.add(lib, "Reader", {Role.ANNOTATOR}, "quite another sentence")
    with accounts.sign_in(made.path, "Reader", "quite another sentence") as lib:
        case = cases.visit_case(lib, visit.id)
        assert case.patient.identifier.startswith("Woman ")
        assert called not in repr((case, cases.today(lib), cases.today(lib, search="Unassigned")))
        assert case.visit.examiner == ""
        with pytest.raises(NotAllowedError):
            unassigned.begin_unassigned(lib, "")


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize("before", [None, False])
def test_what_was_said_of_iodine_goes_on_to_the_woman_whose_visit_it_turns_out_to_be(
    lib: Library, answer: bool, before: bool | None
) -> None:
    wrong, right = (cases.add_patient(lib, identifier=name, family_name=name) for name in ("B-1", "K-1"))
    cases.add_visit(lib, wrong.id, started_at=NOON)
    if before is not None:
        records.set_iodine_allergy(lib, wrong.id, before)
    nobody = unassigned.begin_unassigned(lib, "Dr. Test").id
    records.set_iodine_allergy(lib, cases.visit_case(lib, nobody).patient.id, answer)
    unassigned.assign(lib, nobody, wrong.id)
    assert records.iodine_allergy(lib, wrong.id) is (answer or before or False)
    changes = moving.move_visit(lib, nobody, right.id, why="the wrong one")
    assert records.iodine_allergy(lib, wrong.id) is before
    if answer or before is None:
        assert records.iodine_allergy(lib, right.id) is answer
    review.undo_all(lib, changes)
    assert records.iodine_allergy(lib, right.id) is None


def test_an_answer_from_before_the_visit_stays_with_the_woman_who_gave_it(lib: Library) -> None:
    one, other = (cases.add_patient(lib, identifier=name, family_name=name) for name in ("B-1", "K-1"))
    cases.add_visit(lib, one.id, started_at=NOON)
    records.set_iodine_allergy(lib, one.id, True)
    visit = cases.add_visit(lib, one.id, started_at=datetime.now(UTC))
    moving.move_visit(lib, visit.id, other.id, why="the wrong one")
    assert (records.iodine_allergy(lib, one.id), records.iodine_allergy(lib, other.id)) == (True, None)


def test_a_visit_with_iodine_is_doubted_for_a_woman_who_does_not_bear_it_also_where_it_is_a_womans(
    lib: Library, visit: str
) -> None:
    records.keep_shots(lib, visit, [taken(1, Stage.LUGOL)], pair=False)
    other = cases.add_patient(lib, identifier="K-1", family_name="K-1")
    cases.add_visit(lib, other.id, started_at=NOON)
    records.set_iodine_allergy(lib, other.id, True)
    (choice,) = (one for one in women_for(SilentContext(), lib, "", visit) if "K-1" in one.words)
    assert "does not bear iodine" in choice.question
