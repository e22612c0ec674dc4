"""What the Findings panel says, and drafts of what is typed there."""

from __future__ import annotations

import pytest

from pfm_desktop.domain.change import Change
from pfm_desktop.domain.findings import SWEDE_ITEMS, SwedeScore
from pfm_desktop.domain.grade import Grade
from pfm_desktop.services import cases, documenting, review
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels import findings
from pfm_desktop.viewmodels.drafts import Drafts
from pfm_desktop.viewmodels.findings import choice_words, findings_view, impression_edit, stepped, swede_edit
from pfm_desktop.viewmodels.session import Session


@pytest.fixture
def session(lib: Library) -> Session:
    """Two visits of one woman, the first on the desk."""
    patient = cases.add_patient(lib, identifier="A-1")
    first = cases.add_visit(lib, patient.id)
    cases.add_visit(lib, patient.id)
    session = Session(lib, Settings(reader="Dr. A"))
    session.open_visit(first.id)
    return session


def on_desk(session: Session) -> VisitCase:
    assert session.case is not None
    return session.case


def other_visit(session: Session) -> str:
    here = on_desk(session).visit.id
    return next(row.visit.id for row in session.today() if row.visit.id != here)


# ---- the view


def test_without_a_visit_the_view_says_what_to_do() -> None:
    assert findings_view(None).locked == "No visit is open. Choose one in Today."


def test_the_gaps_are_named_until_nothing_is_missing(session: Session) -> None:
    visit = on_desk(session).visit.id
    view = findings_view(session.case)
    assert (view.complete, view.gaps) == (
        0,
        "0 of 6. Missing: impression, Swede score (5 of 5 items), plan, Junction (SCJ), Acetowhite, Lesions",
    )
    session.perform(lambda lib: review.set_plan(lib, visit, "recall"))
    session.perform(lambda lib: review.set_impression(lib, visit, Grade.LOW))
    assert findings_view(session.case).gaps == (
        "2 of 6. Missing: Swede score (5 of 5 items), Junction (SCJ), Acetowhite, Lesions"
    )
    session.perform(lambda lib: review.set_swede(lib, visit, SwedeScore(0, 1, 2, 0, 1)))
    session.perform(lambda lib: documenting.set_assessment(lib, visit, "scj", "completely"))
    session.perform(lambda lib: documenting.set_assessment(lib, visit, "acetowhite", "no"))
    view = findings_view(session.case)
    assert (view.complete, view.gaps) == (5, "5 of 6. Missing: Lesions"), "an impression of low is of a lesion"
    session.perform(lambda lib: documenting.add_lesion(lib, visit))
    view = findings_view(session.case)
    assert (view.complete, view.gaps) == (6, "Complete: nothing is missing")


def test_the_reason_of_an_inadequate_examination_is_missing_until_it_is_given(session: Session) -> None:
    visit = on_desk(session).visit.id
    session.perform(lambda lib: documenting.set_assessment(lib, visit, "adequacy", "inadequate"))
    view = findings_view(session.case)
    assert (view.complete, view.parts) == (0, 7)
    assert view.gaps.startswith("0 of 7. Missing: impression, ")
    assert view.gaps.endswith(", Lesions, reason why it is inadequate")
    session.perform(lambda lib: documenting.set_assessment(lib, visit, "inadequate_for", ["bleeding"]))
    view = findings_view(session.case)
    assert (view.complete, view.parts) == (1, 7)
    assert "inadequate" not in view.gaps
    session.perform(lambda lib: documenting.set_assessment(lib, visit, "adequacy", "adequate"))
    assert findings_view(session.case).parts == 6


def test_of_a_normal_examination_no_lesion_is_missing(session: Session) -> None:
    visit = on_desk(session).visit.id
    session.perform(lambda lib: review.set_impression(lib, visit, Grade.NORMAL))
    assert "Lesions" not in findings_view(session.case).gaps


def test_where_none_was_seen_and_the_impression_is_another_that_is_an_answer(session: Session) -> None:
    visit = on_desk(session).visit.id
    session.perform(lambda lib: review.set_impression(lib, visit, Grade.HIGH))
    assert "Lesions" in findings_view(session.case).gaps
    session.perform(lambda lib: documenting.set_assessment(lib, visit, "lesions", "none"))
    assert "Lesions" not in findings_view(session.case).gaps


def test_a_low_score_never_says_that_no_biopsy_is_needed(session: Session) -> None:
    visit = on_desk(session).visit.id
    session.perform(lambda lib: review.set_swede(lib, visit, SwedeScore(0, 0, 0, 0, 0)))
    view = findings_view(session.case)
    assert view.swede_status == "Swede score: 0 of 10"
    assert "biopsy" not in repr(view).lower()


def test_after_the_reveal_the_first_read_is_named_and_a_change_is_the_second_read(session: Session) -> None:
    visit = on_desk(session).visit.id
    session.perform(lambda lib: review.set_impression(lib, visit, Grade.HIGH))
    assert findings_view(session.case).note == ""
    session.perform(lambda lib: review.reveal(lib, visit, "Dr. A"), undoable=False)
    note = findings_view(session.case).note
    assert note.startswith("First read: high (HSIL, CIN2-3) (Dr. A, ")
    assert note.endswith("It stays as it was. Another impression is your second read.")
    performed(session, Grade.LOW)
    note = findings_view(session.case).note
    assert note.startswith("First read: high (HSIL, CIN2-3) (Dr. A, ")
    assert "It stays as it was. Second read: low (LSIL, CIN1) (Dr. A, " in note


def test_signed_and_read_only_visits_are_locked_with_the_reason(session: Session) -> None:
    visit = on_desk(session).visit.id
    assert findings_view(session.case).locked == ""
    assert findings_view(session.case, "in use by Dr. B").locked == "Read only: in use by Dr. B."
    session.perform(lambda lib: review.set_impression(lib, visit, Grade.LOW))
    session.perform(lambda lib: review.sign(lib, visit, "Dr. A", "Reported by me"), undoable=False)
    assert findings_view(session.case).locked.startswith("Signed by Dr. A, ")


# ---- edits


def performed(session: Session, grade: Grade | None) -> None:
    edit = impression_edit(on_desk(session), grade)
    assert edit is not None
    session.perform(edit)


def test_pressing_the_same_grade_again_is_no_edit_and_clearing_is_one_of_its_own(session: Session) -> None:
    assert not findings_view(session.case).clearable
    assert impression_edit(on_desk(session), None) is None
    performed(session, Grade.HIGH)
    assert impression_edit(on_desk(session), Grade.HIGH) is None
    assert findings_view(session.case).clearable
    assert not findings_view(session.case, "in use by Dr. B").clearable
    performed(session, None)
    assert on_desk(session).findings.impression is None


def test_after_the_reveal_an_impression_is_replaced_and_never_cleared(session: Session) -> None:
    visit = on_desk(session).visit.id
    performed(session, Grade.HIGH)
    session.perform(lambda lib: review.reveal(lib, visit, "Dr. A"), undoable=False)
    assert not findings_view(session.case).clearable


def test_one_item_of_the_score_changes_and_the_others_stay(session: Session) -> None:
    for key, value in (("vessels", 1), ("iodine", 2), ("vessels", None)):
        edit = swede_edit(on_desk(session), key, value)
        assert edit is not None
        session.perform(edit)
    assert on_desk(session).findings.swede == SwedeScore(iodine=2)
    assert swede_edit(on_desk(session), "iodine", 2) is None, "nothing to change is no edit"


def test_an_unknown_item_is_an_error(session: Session) -> None:
    with pytest.raises(ValueError, match="no Swede item"):
        swede_edit(on_desk(session), "colour", 1)


@pytest.mark.parametrize(
    ("value", "step", "expected"),
    [(None, 1, 0), (0, 1, 1), (2, 1, 2), (2, -1, 1), (0, -1, None), (None, -1, None)],
)
def test_arrow_keys_step_through_the_choices_and_stop_at_the_ends(value, step, expected) -> None:
    assert stepped(value, step) == expected


def test_one_point_for_vessels_is_said_to_be_absent() -> None:
    vessels = next(item for item in SWEDE_ITEMS if item.key == "vessels")
    assert choice_words(vessels, 1) == "1, Absent"
    assert choice_words(vessels, None) == "not assessed"


# ---- drafts


def test_a_draft_is_shown_instead_of_what_is_on_disk_and_saved_as_one_undoable_edit(session: Session) -> None:
    drafts, visit, done = Drafts(session, findings.save_text), on_desk(session).visit.id, []
    session.on_done.append(done.append)
    for text in ("d", "de", "dense"):
        drafts.type(visit, visit, text, kept="")
    assert drafts.shown(visit, "") == "dense"
    assert on_desk(session).findings.text == ""
    assert drafts.save()
    assert on_desk(session).findings.text == "dense"
    assert len(done) == 1
    assert not drafts.waiting
    assert drafts.save(), "nothing waits: nothing is done"
    assert len(done) == 1


def test_text_that_is_as_it_was_is_no_edit(session: Session) -> None:
    drafts, visit = Drafts(session, findings.save_text), on_desk(session).visit.id
    drafts.type(visit, visit, "x", kept="")
    drafts.type(visit, visit, "", kept="")
    assert not drafts.waiting


def test_a_draft_of_a_visit_that_left_the_desk_is_saved_but_not_undoable_there(session: Session) -> None:
    drafts, visit, done = Drafts(session, findings.save_plan), on_desk(session).visit.id, []
    drafts.type(visit, visit, "recall", kept="")
    session.open_visit(other_visit(session))
    session.on_done.append(done.append)
    assert drafts.save()
    assert cases.visit_case(session.library, visit).findings.plan == "recall"
    assert on_desk(session).findings.plan == ""
    assert done == []


def test_what_the_disk_refuses_stays_a_draft_until_it_is_taken(session: Session) -> None:
    visit, problems, full = on_desk(session).visit.id, [], [True]
    session.on_problem.append(problems.append)

    def save(lib: Library, key: str, text: str) -> Change:
        if full:
            raise StorageError("the disk is full")
        return review.set_text(lib, key, text)

    drafts = Drafts(session, save)
    drafts.type(visit, visit, "kept", kept="")
    assert not drafts.save()
    assert drafts.shown(visit, "") == "kept"
    assert [problem.what for problem in problems] == ["the disk is full"]
    full.clear()
    assert drafts.save()
    assert on_desk(session).findings.text == "kept"


def test_views_that_refresh_during_the_edit_do_not_take_it_for_unsaved(session: Session) -> None:
    drafts, visit, waiting = Drafts(session, findings.save_text), on_desk(session).visit.id, []
    session.on_case.append(lambda _case: waiting.append(drafts.waiting))
    drafts.type(visit, visit, "x", kept="")
    drafts.save()
    assert waiting == [False]
