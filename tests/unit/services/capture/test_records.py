"""The clock of acetic acid, the plan, allergies and whitening are on record, and come back with undo."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.examination import DEFAULT_PLAN, Step, Whitening, plan_to_json
from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.people import Role
from pfm_desktop.domain.source import Stage
from pfm_desktop.services import accounts, cases, review
from pfm_desktop.services.capture import records
from pfm_desktop.storage import access
from pfm_desktop.storage import capture as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import IodineAllergyError, SignedError
from pfm_desktop.support.errors import BadInputError, StorageError, UserError

from .conftest import NOON, taken

OWN_PLAN = (Step(Stage.SALINE), Step(Stage.ACETIC_ACID, starts_clock=True), Step(Stage.ACETIC_ACID, 45.0))
HUGE = [{"stage": "acetic_acid", "seconds": 10**400, "pair": True, "automatic": True, "starts_clock": False}]
CURVE = Whitening(
    region=((1.0, 2.0), (5.5, 2.0), (5.5, 7.0)),
    seconds=(0.0, 1.0, 2.5),
    change=(0.0, 1 / 3, 4.0),
    against_normal=(0.0, 0.1, 3.0),
    onset_s=1.0,
    peak=4.0,
    peak_s=2.5,
    facts={"frames": 3.0},
)


# the examination


def test_an_examination_goes_on_where_it_was_after_a_crash(lib: Library, visit: str) -> None:
    assert records.examination(lib, visit) is None
    begun = records.begin(lib, visit, OWN_PLAN)
    assert (begun.plan, begun.acid_at, begun.skipped) == (OWN_PLAN, None, frozenset())
    records.start_acid(lib, visit, NOON)
    records.skip(lib, visit, "saline")
    lib.close()
    with Library.open(lib.path) as again:
        there = records.begin(again, visit, DEFAULT_PLAN)
        assert there.started_at == begun.started_at
        assert (there.plan, there.acid_at, there.skipped) == (OWN_PLAN, NOON, {"saline"})


def test_acid_starts_the_clock_once_and_anew_only_where_that_is_said(lib: Library, visit: str) -> None:
    records.begin(lib, visit, DEFAULT_PLAN)
    first = records.start_acid(lib, visit, NOON)
    with pytest.raises(UserError, match="on already") as refused:
        records.start_acid(lib, visit, NOON + timedelta(seconds=30))
    assert refused.value.remedy
    records.start_acid(lib, visit, NOON + timedelta(seconds=200), again=True)
    assert records._begun(lib, visit).acid_at == NOON + timedelta(seconds=200)
    records.clear_acid(lib, visit)
    assert records._begun(lib, visit).acid_at is None
    with pytest.raises(UserError, match="does not run"):
        records.clear_acid(lib, visit)
    assert first.what == "examination"


def test_the_clock_and_a_step_passed_over_are_undone_and_done_again(lib: Library, visit: str) -> None:
    records.begin(lib, visit, DEFAULT_PLAN)
    acid = records.start_acid(lib, visit, NOON)
    passed = records.skip(lib, visit, "acetic_acid@15")
    assert passed.text == "Step passed over (acetic acid, 15 s)"
    back = review.undo_all(lib, (acid, passed))
    assert (records._begun(lib, visit).acid_at, records._begun(lib, visit).skipped) == (None, frozenset())
    review.undo_all(lib, back)
    assert (records._begun(lib, visit).acid_at, records._begun(lib, visit).skipped) == (NOON, {"acetic_acid@15"})


def test_what_was_never_begun_or_planned_is_refused_in_words(lib: Library, visit: str) -> None:
    for act in (
        lambda: records.start_acid(lib, visit, NOON),
        lambda: records.clear_acid(lib, visit),
        lambda: records.skip(lib, visit, "saline"),
        lambda: records.allow_iodine(lib, visit, "tested"),
        lambda: records.begin(lib, "0" * 32, DEFAULT_PLAN),
    ):
        with pytest.raises(StorageError):
            act()
    with pytest.raises(BadInputError, match="cannot be followed"):
        records.begin(lib, visit, ())
    records.begin(lib, visit, DEFAULT_PLAN)
    with pytest.raises(BadInputError, match="does not stand in the plan"):
        records.skip(lib, visit, "coffee")
    with pytest.raises(ValueError, match="time zone"):
        records.start_acid(lib, visit, datetime(2026, 3, 14, 12))


def sealed_acts(lib: Library, visit: str) -> list[Callable[[], object]]:
    return [
        lambda: records.start_acid(lib, visit, NOON, again=True),
        lambda: records.skip(lib, visit, "saline"),
        lambda: records.allow_iodine(lib, visit, "tested since"),
        lambda: records.keep_whitening(lib, visit, "c" * 32, CURVE),
        lambda: records.keep_shots(lib, visit, [taken(1)], pair=False),
        lambda: lib.apply(
            Change("clip", "c" * 32, None, {"visit_id": visit, "kind": "video", "started_at": NOON.isoformat(),
                   "width": 4, "height": 4}, "Clip")
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("place", range(6))
def test_nothing_is_added_to_the_examination_of_a_signed_visit(lib: Library, visit: str, place: int) -> None:
    records.begin(lib, visit, DEFAULT_PLAN)
    review.set_impression(lib, visit, Grade.LOW)
    review.sign(lib, visit, "Dr. Test", "read")
    files = len(list(lib.pictures.files()))
    with pytest.raises(SignedError):
        sealed_acts(lib, visit)[place]()
    assert len(list(lib.pictures.files())) == files


# the plan of the site


def test_the_plan_of_the_site_is_chosen_kept_and_undone(lib: Library, visit: str) -> None:
    assert records.site_plan(lib) == DEFAULT_PLAN
    changed = records.change_site_plan(lib, OWN_PLAN)
    records.change_site_plan(lib, OWN_PLAN[:1])
    assert records.site_plan(lib) == OWN_PLAN[:1]
    records.change_site_plan(lib, OWN_PLAN)
    assert records.site_plan_problem(lib) == ""
    with pytest.raises(BadInputError, match="cannot be followed: a plan needs at least one step"):
        records.change_site_plan(lib, ())
    assert records.site_plan(lib) == OWN_PLAN
    review.undo(lib, changed)
    assert records.site_plan(lib) == DEFAULT_PLAN


@pytest.mark.parametrize("kept", [[], None, {"stage": 1}, [{"stage": "tea"}], "saline", [3], HUGE])
def test_a_damaged_plan_gives_the_default_one_and_says_so(
    lib: Library, visit: str, kept: object, caplog: pytest.LogCaptureFixture
) -> None:
    lib.apply(Change("site_choice", stored.PLAN, None, {"value": kept}, "damaged"))
    with caplog.at_level(logging.WARNING):
        assert records.site_plan(lib) == DEFAULT_PLAN
    assert "the plan of the site" in caplog.text
    assert "The default plan does" in records.site_plan_problem(lib)
    records.begin(lib, visit, DEFAULT_PLAN)
    old = {"plan": plan_to_json(DEFAULT_PLAN)}
    lib.apply(Change("examination", visit, old, {"plan": kept if kept is not None else 3}, "damaged"))
    assert records._begun(lib, visit).plan == DEFAULT_PLAN


@pytest.mark.parametrize(("role", "may"), [(Role.CLINICIAN, True), (Role.ADMINISTRATOR, True), (Role.ANNOTATOR, False)])
def test_clinicians_and_administrators_change_the_plan_and_annotators_do_not(
    tmp_path: Path, role: Role, may: bool
) -> None:
    made, _ = accounts.make_library(tmp_path / "clinic", "Ada", "four words that differ")
    with made as lib:
        accounts.add(lib, "Other", {role}, "quite another sentence")
    with accounts.sign_in(lib.path, "Other", "quite another sentence") as lib:
        if may:
            assert records.change_site_plan(lib, OWN_PLAN).what == "site_choice"
            return
        with pytest.raises(access.NotAllowedError, match="change the plan of examinations"):
            records.change_site_plan(lib, OWN_PLAN)
        assert records.site_plan(lib) == DEFAULT_PLAN


# allergies and iodine


def test_an_allergy_is_kept_changed_and_undone(lib: Library, patient: str) -> None:
    assert records.iodine_allergy(lib, patient) is None
    first = records.set_iodine_allergy(lib, patient, True)
    second = records.set_iodine_allergy(lib, patient, False)
    assert records.iodine_allergy(lib, patient) is False
    review.undo_all(lib, (first, second))
    assert records.iodine_allergy(lib, patient) is None
    with pytest.raises(StorageError, match="not in the library"):
        records.set_iodine_allergy(lib, "0" * 32, True)


def test_no_picture_after_iodine_is_taken_on_an_allergy_unless_a_reason_is_given(
    lib: Library, patient: str, visit: str
) -> None:
    records.begin(lib, visit, DEFAULT_PLAN)
    records.set_iodine_allergy(lib, patient, True)
    with pytest.raises(IodineAllergyError) as refused:
        records.keep_shots(lib, visit, [taken(2, Stage.LUGOL)], pair=False)
    assert refused.value.remedy
    assert cases.visit_case(lib, visit).pictures == ()
    records.keep_shots(lib, visit, [taken(2)], pair=False)  # what needs no iodine
    allowed = records.allow_iodine(lib, visit, "  tested since:\nno reaction ")
    assert records._begun(lib, visit).iodine_override == "tested since: no reaction"
    kept = records.keep_shots(lib, visit, [taken(2, Stage.LUGOL)], pair=False)
    review.undo(lib, allowed)
    back = review.undo_all(lib, kept.changes)
    with pytest.raises(IodineAllergyError):
        records.keep_shots(lib, visit, [taken(3, Stage.LUGOL)], pair=False)
    review.undo_all(lib, back)  # it was taken: it is not refused any more
    assert len(cases.visit_case(lib, visit).pictures) == 2


def test_once_iodine_is_on_her_no_picture_of_it_is_lost_to_an_answer_that_came_late(
    lib: Library, patient: str, visit: str
) -> None:
    records.begin(lib, visit, DEFAULT_PLAN)
    records.keep_shots(lib, visit, [taken(1, Stage.LUGOL)], pair=False)
    records.set_iodine_allergy(lib, patient, True)
    records.keep_shots(lib, visit, [taken(2, Stage.LUGOL)], pair=False)
    assert len(cases.visit_case(lib, visit).pictures) == 2


def test_a_picture_after_iodine_that_was_taken_elsewhere_may_come_in(lib: Library, patient: str, visit: str) -> None:
    records.set_iodine_allergy(lib, patient, True)
    cases.add_picture(lib, visit, taken(1).data, stage=Stage.LUGOL)
    assert len(cases.visit_case(lib, visit).pictures) == 1


# whitening


def test_whitening_is_kept_with_its_map_and_comes_back(lib: Library, visit: str) -> None:
    normal = ((9.0, 9.0), (11.0, 9.0), (11.0, 12.0))
    made = records.keep_whitening(lib, visit, "c" * 32, CURVE, taken(1).data, normal)
    (kept,) = records.whitenings(lib, visit)
    assert (kept.id, kept.clip_id, kept.whitening, kept.normal) == (made.key, "c" * 32, CURVE, normal)
    assert kept.made_by == lib.who
    assert lib.pictures.get(kept.map_sha256) == taken(1).data
    gone = records.remove_whitening(lib, kept.id)
    assert records.whitenings(lib, visit) == ()
    review.undo(lib, gone)
    assert records.whitenings(lib, visit) == (kept,)


def test_a_place_that_did_not_whiten_is_kept_without_map_and_normal_tissue(lib: Library, visit: str) -> None:
    flat = Whitening(region=CURVE.region, seconds=(0.0, 1.0), change=(0.0, 0.1))
    records.keep_whitening(lib, visit, "c" * 32, flat)
    (kept,) = records.whitenings(lib, visit)
    assert (kept.whitening, kept.normal, kept.map_sha256) == (flat, None, "")


def test_a_curve_of_no_numbers_and_one_of_no_visit_are_refused(lib: Library, visit: str) -> None:
    for broken in (
        Whitening(region=CURVE.region, seconds=(0.0, math.nan), change=(0.0, 0.1)),
        Whitening(region=((math.inf, 0.0),), seconds=(0.0,), change=(0.0,)),
    ):
        with pytest.raises(BadInputError, match="no numbers"):
            records.keep_whitening(lib, visit, "c" * 32, broken)
    with pytest.raises(StorageError, match="not in the library"):
        records.keep_whitening(lib, "0" * 32, "c" * 32, CURVE)
    with pytest.raises(StorageError, match="not in the library"):
        records.remove_whitening(lib, "0" * 32)


@pytest.mark.parametrize("body", [{}, {"seconds": 3, "change": []}, [], {"seconds": [0.0]}])
def test_a_curve_that_somebody_altered_is_left_out_and_the_others_stay(
    lib: Library, visit: str, body: object, caplog: pytest.LogCaptureFixture
) -> None:
    records.keep_whitening(lib, visit, "c" * 32, CURVE)
    made = records.keep_whitening(lib, visit, "c" * 32, replace(CURVE, peak=9.0))
    old = {"body": (made.new or {})["body"]}
    lib.apply(Change("whitening", made.key, old, {"body": body}, "altered"))
    with caplog.at_level(logging.WARNING):
        assert [kept.whitening for kept in records.whitenings(lib, visit)] == [CURVE]
    assert "cannot be read" in caplog.text


def test_facts_of_a_curve_may_be_any_mapping(lib: Library, visit: str) -> None:
    curve = replace(CURVE, facts=MappingProxyType({"frames": 3}))
    records.keep_whitening(lib, visit, "c" * 32, curve)
    (kept,) = records.whitenings(lib, visit)
    assert kept.whitening.facts == {"frames": 3.0}


def test_who_sees_no_names_sees_no_allergies_reasons_and_curves(lib: Library, patient: str, visit: str) -> None:
    records.begin(lib, visit, DEFAULT_PLAN)
    records.allow_iodine(lib, visit, "Mrs. Li was tested")
    records.set_iodine_allergy(lib, patient, True)
    records.keep_whitening(lib, visit, "c" * 32, CURVE)
    with lib.read() as session:
        session.info[access._MASKED] = True
        masked = stored.examination(session, visit)
        assert masked is not None
        assert masked.iodine_override == ""
        assert stored.iodine_allergy(session, patient) is None
        assert stored.whitenings_of(session, visit) == ()


def test_moments_are_kept_in_utc(lib: Library, visit: str) -> None:
    records.begin(lib, visit, DEFAULT_PLAN)
    records.start_acid(lib, visit, NOON.astimezone())
    there = records._begun(lib, visit)
    assert there.acid_at == NOON
    assert there.started_at.tzinfo is UTC
