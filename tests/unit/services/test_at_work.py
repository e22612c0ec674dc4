"""After a crash: the visit that was open, and what undo knew."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.examination import DEFAULT_PLAN
from pfm_desktop.domain.grade import Grade
from pfm_desktop.services import amending, at_work, cases, review
from pfm_desktop.services.at_work import Step, key_of
from pfm_desktop.services.capture import records
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError


@pytest.fixture
def visit(lib: Library) -> str:
    lib.who = "Dr. Test"
    return cases.add_visit(lib, cases.add_patient(lib, identifier="K-1").id).id


def crashed(lib: Library) -> Library:
    """As if the program had been killed: the next one, as the same person."""
    lib.close()
    again = Library.open(lib.path)
    again.who = "Dr. Test"
    return again


def texts(steps: tuple[Step, ...]) -> list[str]:
    return [step.changes[0].text for step in steps]


def test_a_library_that_was_closed_left_nothing_behind(lib: Library, visit: str) -> None:
    assert at_work.begin(lib) is None
    at_work.note_visit(lib, visit)
    review.set_text(lib, visit, "x")
    at_work.end(lib)
    assert lib.meta(key_of(lib)) is None
    with crashed(lib) as again:
        assert at_work.begin(again) is None


def test_after_a_crash_the_open_visit_and_each_step_since_the_opening_are_known(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    at_work.note_visit(lib, visit)
    review.set_impression(lib, visit, Grade.LOW)
    review.set_text(lib, visit, "white at 3")
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert left.visit_id == visit
        assert [step.visit_id for step in left.done] == [visit, visit]
        for step in reversed(left.done):
            review.undo_all(again, step.changes)
        found = cases.visit_case(again, visit).findings
        assert (found.impression, found.text) == (None, "")


def test_what_was_taken_back_can_be_done_again_after_a_crash(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    review.set_text(lib, visit, "one")
    second = review.set_text(lib, visit, "two")
    third = review.set_plan(lib, visit, "three")
    review.undo(lib, third)
    back = review.undo(lib, second)
    again_done = review.undo(lib, back)
    assert again_done.text.startswith(review.REDO)
    review.undo(lib, again_done)
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert len(left.done) == 1
        assert len(left.undone) == 2
        review.undo_all(again, left.undone[-1].changes)
        assert cases.visit_case(again, visit).findings.text == "two"


def test_a_new_step_after_undo_ends_what_could_be_done_again(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    review.undo(lib, review.set_text(lib, visit, "one"))
    review.set_plan(lib, visit, "another way")
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert (len(left.done), left.undone) == (1, ())


def test_what_stands_for_good_and_what_others_did_is_no_step(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    review.set_impression(lib, visit, Grade.LOW)
    review.reveal(lib, visit, "Dr. Test")
    lib.record_event("export", visit, "Report saved as PDF")
    lib.who = "Dr. Other"
    review.set_text(lib, visit, "not mine")
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert [set(step.changes[0].new or {}) for step in left.done] == [{"impression"}]


def test_a_patient_and_her_visit_belong_to_the_list_and_are_one_step(lib: Library) -> None:
    lib.who = "Dr. Test"
    at_work.begin(lib)
    woman = cases.add_patient(lib, identifier="K-2")
    cases.add_visit(lib, woman.id)
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert [step.visit_id for step in left.done] == ["", ""]


def test_after_a_second_crash_the_steps_of_before_the_first_are_known_as_well(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    at_work.note_visit(lib, visit)
    review.set_impression(lib, visit, Grade.HIGH)
    review.set_text(lib, visit, "white at 3")
    second = crashed(lib)
    at_work.begin(second)
    review.set_plan(second, visit, "biopsy")
    with crashed(second) as third:
        left = at_work.begin(third)
        assert left is not None
        assert left.visit_id == visit
        assert len(left.done) == 3
        for step in reversed(left.done):
            review.undo_all(third, step.changes)
        found = cases.visit_case(third, visit).findings
        assert (found.impression, found.text, found.plan) == (None, "", "")


def test_a_session_of_undo_and_redo_alone_leaves_both_possible_after_its_crash(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    review.set_impression(lib, visit, Grade.HIGH)
    review.set_text(lib, visit, "one")
    review.set_plan(lib, visit, "two")
    second = crashed(lib)
    left = at_work.begin(second)
    assert left is not None
    plan_back = review.undo_all(second, left.done[2].changes)
    text_back = review.undo_all(second, left.done[1].changes)
    review.undo_all(second, text_back)
    assert plan_back
    with crashed(second) as third:
        left = at_work.begin(third)
        assert left is not None
        assert len(left.done) == 2
        assert len(left.undone) == 1


def test_undo_in_one_visit_takes_nothing_from_what_is_known_of_another(lib: Library, visit: str) -> None:
    other = cases.add_visit(lib, cases.add_patient(lib, identifier="K-3").id).id
    at_work.begin(lib)
    first = review.set_text(lib, visit, "of the first")
    review.set_text(lib, other, "of the other")
    review.undo(lib, first)
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert [step.visit_id for step in left.done] == [other]
        assert [step.visit_id for step in left.undone] == [visit]


def test_a_note_that_the_disk_refuses_keeps_what_is_known(
    lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work.begin(lib)
    at_work.note_visit(lib, visit)
    review.set_impression(lib, visit, Grade.HIGH)
    with crashed(lib) as again:
        with monkeypatch.context() as patch:
            patch.setattr(Library, "change_meta", _refused)
            left = at_work.begin(again)
        assert left is not None
        assert (left.visit_id, len(left.done)) == (visit, 1)
        review.set_plan(again, visit, "biopsy")
        with crashed(again) as third:
            left = at_work.begin(third)
            assert left is not None
            assert (left.visit_id, len(left.done)) == (visit, 2)


def _refused(*_args: object) -> None:
    raise StorageError("the disk is full")


def test_what_the_disk_refused_when_work_began_is_noted_with_the_visit(
    lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Library, "set_meta", _refused)
        assert at_work.begin(lib) is None
    at_work.note_visit(lib, visit)
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert left.visit_id == visit


def test_what_the_disk_refused_is_not_noted_once_work_has_ended(
    lib: Library, visit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Library, "set_meta", _refused)
        at_work.begin(lib)
    at_work.end(lib)
    at_work.note_visit(lib, visit)
    with crashed(lib) as again:
        assert at_work.begin(again) is None


def test_once_closed_the_history_begins_anew(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    review.set_text(lib, visit, "one")
    second = crashed(lib)
    at_work.begin(second)
    at_work.end(second)
    second.close()
    third = crashed(second)
    assert at_work.begin(third) is None
    review.set_plan(third, visit, "two")
    with crashed(third) as fourth:
        left = at_work.begin(fourth)
        assert left is not None
        assert len(left.done) == 1


def test_somebody_else_finds_nothing_of_it(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    at_work.note_visit(lib, visit)
    lib.close()
    with Library.open(lib.path) as again:
        again.who = "Dr. Other"
        assert at_work.begin(again) is None


def test_a_visit_that_is_gone_is_not_opened(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    at_work.note_visit(lib, visit)
    at_work.note_visit(lib, "0" * 32)
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert left.visit_id == ""


@pytest.mark.parametrize("said", ["", "x", "[]", '{"since": "many"}', '{"since": 1e999, "visit": ""}'])
def test_a_note_that_cannot_be_read_is_none(lib: Library, said: str) -> None:
    lib.set_meta(key_of(lib), said)
    assert at_work.begin(lib) is None


def test_a_note_that_comes_after_the_end_brings_nothing_back(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    at_work.end(lib)
    at_work.note_visit(lib, visit)
    assert lib.meta(key_of(lib)) is None


def test_who_only_reads_along_notes_nothing(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    with Library.open(lib.path) as second:
        second.who = "Dr. Test"
        assert at_work.begin(second) is None
        at_work.note_visit(second, visit)
        at_work.end(second)
    assert lib.meta(key_of(lib)) is not None


def test_reads_for_labels_are_not_among_the_steps_of_a_visit(lib: Library, visit: str) -> None:
    from pfm_desktop.domain.labelling import Turn
    from pfm_desktop.jobs import SilentContext
    from pfm_desktop.services import labelling

    from .conftest import put_on_record

    put_on_record(lib, visit, b"a picture")
    at_work.begin(lib)
    pairs = labelling.pairs_for(SilentContext(), lib, [visit])
    task = labelling.make_task(lib, labelling.Wish("March"), pairs)
    review.set_text(lib, visit, "x")
    labelling.give(lib, task.id, Turn(pairs[0]), grade=Grade.LOW)
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert "Read for a label: low" not in texts(left.done)
        assert texts(left.done)[-1] != "Task made: March (1 pairs)"
        assert labelling.queue(again, task.id).next_open == 1, "the read itself is there"


def test_what_a_live_examination_does_by_itself_is_no_step_and_takes_none_away(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    records.begin(lib, visit, DEFAULT_PLAN)
    records.change_site_plan(lib, DEFAULT_PLAN)
    acid = records.start_acid(lib, visit, datetime(2026, 3, 14, 12, tzinfo=UTC))
    clip = {"visit_id": visit, "kind": "video", "started_at": "2026-03-14T12:00:00+00:00", "width": 4, "height": 4}
    lib.apply(Change("clip", "c" * 32, None, clip, "Clip begun"))
    lib.apply(Change("clip", "c" * 32, {"complete": False}, {"complete": True}, "Clip closed"))
    passed = records.skip(lib, visit, "green")
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert [step.changes for step in left.done] == [(acid,), (passed,)]


def test_a_step_that_was_undone_is_the_one_about_the_same(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    text = review.set_text(lib, visit, "white at 3")
    case = cases.visit_case(lib, visit)
    lib.apply(Change("visit", visit, {"note": ""}, {"note": "x"}, "by itself"))  # in the list's own stack
    histology = {"grade": "high", "reported_on": None, "text": "", "entered_by": "A"}
    lib.apply(Change("histology", visit, None, histology, "by itself"))
    review.undo(lib, text)
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        assert [step.changes[0].what for step in left.undone] == ["findings"]
        assert sorted(step.changes[0].what for step in left.done) == ["histology", "visit"]
        assert case.findings.text == "white at 3"


def test_what_was_signed_is_not_undone_after_it_was_opened_again(lib: Library, visit: str) -> None:
    at_work.begin(lib)
    review.set_impression(lib, visit, Grade.LOW)
    review.sign(lib, visit, "Dr. Test", "Read by me")
    amending.amend(lib, visit, "wrong side", b"%PDF-")
    review.set_text(lib, visit, "left")
    with crashed(lib) as again:
        left = at_work.begin(again)
        assert left is not None
        (step,) = left.done
        review.undo_all(again, step.changes)
        assert cases.visit_case(again, visit).findings.impression is Grade.LOW
        assert len(cases.visit_case(again, visit).amendments) == 1
