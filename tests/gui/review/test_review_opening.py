"""Opening visits: what shows when, and whose pictures they are."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.pages.review.page import ReviewPage
from pfm_desktop.services import pairing, review
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.answer import State
from pfm_desktop.viewmodels.pair_view import Mode
from pfm_desktop.viewmodels.session import Session

from .conftest import (
    BLUE,
    GREEN,
    RED,
    Clinic,
    FakeEngine,
    Opened,
    click_item,
    close_to,
    colour_at,
    reveal,
    settle,
)

pytestmark = pytest.mark.slow


def begin(qtbot: QtBot, session: Session, engine: FakeEngine, step: str, visit: str) -> threading.Event:
    """Open a visit and wait until the engine is at a step of it, which ends when the event is set."""
    gate = engine.held[f"{step} {visit}"] = threading.Event()
    session.open_visit(visit)
    qtbot.waitUntil(lambda: (step, visit) in engine.calls)
    return gate


def test_a_visit_shows_both_its_pictures_side_by_side(page: ReviewPage, clinic: Clinic, opened: Opened) -> None:
    opened(clinic.adler)
    assert not page.notice.isVisible()
    assert close_to(colour_at(page, 0), RED)
    assert close_to(colour_at(page, 1), GREEN)


def test_the_pictures_are_on_the_stage_before_the_answer_comes(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.held["align"] = threading.Event()
    session.open_visit(clinic.adler)
    qtbot.waitUntil(lambda: page.loader.desk.pictures is not None)
    assert close_to(colour_at(page, 0), RED)
    assert not page.idle
    assert page.bar.chip.text() == "registering ..."
    engine.held["align"].set()
    settle(qtbot, page)
    assert page.bar.chip.text() == "0.8 px"
    assert page.stage.registration is not None


def test_the_pair_shows_aligned_before_the_answer_comes(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    begin(qtbot, session, engine, "answer", clinic.adler)
    qtbot.waitUntil(lambda: page.stage.registration is not None)
    page.stage.commands.set_mode(Mode.BLEND)
    assert page.bar.modes["blend"].isChecked()
    assert page.bar.chip.text() == "0.8 px"
    assert page.loader.desk.answer is None
    assert not page.idle
    laid = page.loader.desk.registration
    engine.held[f"answer {clinic.adler}"].set()
    settle(qtbot, page)
    assert page.loader.desk.answer is not None
    assert page.loader.desk.registration is laid


def test_a_registration_of_a_pair_that_was_left_meanwhile_is_laid_on_no_other(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    slow = begin(qtbot, session, engine, "align", clinic.adler)
    gate = begin(qtbot, session, engine, "align", clinic.adler_before)
    pictures = page.loader.desk.pictures
    slow.set()
    qtbot.waitUntil(lambda: len(page._jobs.rows) == 1)  # that of the visit on the desk
    assert page.loader.desk.pictures is pictures
    assert page.stage.registration is None
    gate.set()
    settle(qtbot, page)


def test_pictures_of_a_visit_that_was_left_while_loading_never_show(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    slow = begin(qtbot, session, engine, "load", clinic.adler)
    session.open_visit(clinic.brandt)
    settle(qtbot, page)
    slow.set()
    qtbot.waitUntil(lambda: not page._jobs.busy)
    assert page.loader.desk.visit_id == clinic.brandt
    assert close_to(colour_at(page, 0), BLUE)
    assert ("answer", clinic.adler) not in engine.calls


def test_an_answer_about_a_visit_that_was_left_never_shows(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    slow = begin(qtbot, session, engine, "answer", clinic.adler)
    session.open_visit(clinic.brandt)
    settle(qtbot, page)
    before = page.loader.desk
    slow.set()
    qtbot.waitUntil(lambda: not page._jobs.busy)
    assert page.loader.desk is before
    assert before.answer is not None
    assert before.answer.pair_id == before.pair.id


def test_whatever_the_order_in_which_slow_visits_end_only_the_last_one_opened_shows(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    visits = (clinic.adler, clinic.adler_before, clinic.brandt)
    gates = [begin(qtbot, session, engine, "load", visit) for visit in visits]
    for gate in reversed(gates):
        gate.set()
    qtbot.waitUntil(lambda: not page._jobs.busy)
    settle(qtbot, page)
    assert page.loader.desk.visit_id == clinic.brandt
    assert page.stage.shown.fluorescence is None
    assert close_to(colour_at(page, 0), BLUE)


def test_opening_another_visit_empties_the_stage_at_once(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot, revealed: None
) -> None:
    assert page.stage.painting().heatmap is not None
    engine.held[f"load {clinic.brandt}"] = threading.Event()
    session.open_visit(clinic.brandt)
    assert page.stage.shown.sources == ()
    assert page.stage.marks.pins == ()
    assert page.stage.painting().heatmap is None
    assert page.notice.text.text() == "Loading the pictures ..."
    assert not page.banner.isVisible()
    engine.held[f"load {clinic.brandt}"].set()
    settle(qtbot, page)
    assert page.stage.painting().heatmap is None


def test_pictures_that_belong_to_another_visit_are_refused(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.stranger = True
    session.open_visit(clinic.adler)
    settle(qtbot, page)
    assert page.stage.shown.sources == ()
    assert "belonged to another visit" in page.notice.text.text()


def test_closing_the_visit_while_it_loads_leaves_an_empty_desk(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    slow = begin(qtbot, session, engine, "load", clinic.adler)
    session.close_visit()
    slow.set()
    qtbot.waitUntil(lambda: not page._jobs.busy)
    assert page.stage.shown.sources == ()
    assert page.notice.text.text() == "No visit is open. Choose one in Today."


def test_an_edit_does_not_load_the_pictures_again(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, opened: Opened
) -> None:
    opened(clinic.adler)
    calls, desk = list(engine.calls), page.loader.desk
    session.perform(lambda lib: review.set_impression(lib, clinic.adler, Grade.LOW))
    assert page.idle
    assert page.loader.desk is desk
    assert engine.calls == calls


def test_pictures_that_cannot_be_loaded_say_why_and_can_be_tried_again(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.broken["load"] = "the picture was altered on disk"
    session.open_visit(clinic.adler)
    settle(qtbot, page)
    assert "The picture was altered on disk." in page.notice.text.text()
    engine.broken.clear()
    qtbot.mouseClick(page.notice.button, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    assert close_to(colour_at(page, 0), RED)


def test_without_an_answer_the_pictures_stay_and_the_answer_can_be_tried_again(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.broken["answer"] = "there is no model pfm-test"
    session.open_visit(clinic.adler)
    settle(qtbot, page)
    assert close_to(colour_at(page, 0), RED)
    assert page.strip.text.text() == "There is no AI answer for this pair. There is no model pfm-test."
    qtbot.keyClick(page.stage, Qt.Key.Key_Plus)
    assert page.stage.view.zoom is not None
    engine.broken.clear()
    qtbot.mouseClick(page.strip.button, Qt.MouseButton.LeftButton)
    settle(qtbot, page)
    assert not page.strip.isVisible()
    assert page.loader.desk.answer is not None


def test_a_registration_that_was_made_before_the_answer_failed_is_used(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.broken["answer"] = "there is no model"
    session.open_visit(clinic.adler)
    settle(qtbot, page)
    assert page.strip.isVisible()
    assert page.bar.chip.text() == "0.8 px"
    assert page.stage.registration is not None


def test_stopping_the_answer_in_the_jobs_strip_says_so(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    slow = begin(qtbot, session, engine, "answer", clinic.adler)
    page._jobs.cancel_all()
    slow.set()
    settle(qtbot, page)
    assert "It was stopped before it was done." in page.strip.text.text()


def test_a_missing_source_is_said_on_the_stage_and_nothing_is_to_be_registered(
    page: ReviewPage, clinic: Clinic, opened: Opened
) -> None:
    opened(clinic.brandt)
    assert page.stage.arrangement.panes[1].absent == "No fluorescence picture in this pair"
    assert not page.bar.chip.isVisible()
    assert page.loader.desk.answer is not None


def test_a_refused_registration_leaves_the_pictures_side_by_side_and_the_chip_says_why(
    page: ReviewPage, unregistered: None
) -> None:
    assert page.bar.chip.text() == "not registered: too little overlap. Place 4 points"
    assert page.stage.registration is None
    assert close_to(colour_at(page, 0), RED)
    assert close_to(colour_at(page, 1), GREEN)


def test_an_empty_visit_asks_for_pictures(page: ReviewPage, clinic: Clinic, opened: Opened) -> None:
    opened(clinic.empty)
    assert page.notice.text.text() == "No pictures in this visit yet. Add pictures, or drop files here."
    assert page.notice.button.isVisible()


def test_an_earlier_visit_opens_on_a_click_and_there_is_a_way_back(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    visits = page.pictures.visits.list
    assert visits.count() == 1
    click_item(qtbot, visits, 0)
    settle(qtbot, page)
    assert session.case is not None
    assert session.case.visit.id == clinic.adler_before
    assert visits.item(0).text().startswith("Back to 20 Nov 2026")
    visits.setCurrentRow(0)
    qtbot.keyClick(visits, Qt.Key.Key_Return)
    settle(qtbot, page)
    assert session.case.visit.id == clinic.adler


def test_a_poor_picture_is_announced_above_the_stage_before_the_reveal(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, opened: Opened
) -> None:
    engine.refuse_answer = True
    opened(clinic.adler)
    assert session.case is not None
    assert not session.case.findings.revealed
    assert page.strip.isVisible()
    assert page.strip.text.text() == "The white-light picture is out of focus. Focus on the os, hold still, retake."
    assert not page.strip.button.isVisible()
    engine.refuse_answer = False
    opened(clinic.brandt)
    assert not page.strip.isVisible()


def test_a_model_that_may_not_answer_in_this_library_is_refused_before_it_is_asked(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    said: list[UserError] = []

    def quarantined(name: str) -> None:
        if name == "mine":
            raise UserError("mine is in quarantine")

    session.settings = replace(session.settings, model="mine")  # as chosen while another library was open
    monkeypatch.setattr(session, "_check_model", quarantined)
    session.on_problem.append(said.append)
    session.open_visit(clinic.adler)
    settle(qtbot, page)
    assert engine.models == [Settings().model]
    assert page.loader.desk.answer is not None
    assert [one.what for one in said] == ["mine is in quarantine"]
    session.settle_model()
    assert len(said) == 1


def test_an_unread_visit_opens_on_the_findings_and_one_that_was_read_stays_on_the_tab(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened
) -> None:
    opened(clinic.adler)
    session.perform(lambda lib: review.set_impression(lib, clinic.adler, Grade.LOW))
    page.side.go_to(3)
    session.perform(lambda lib: review.set_impression(lib, clinic.adler, None))
    assert page.side.currentIndex() == 3  # an edit is no other visit
    session.perform(lambda lib: review.set_impression(lib, clinic.adler, Grade.LOW))
    opened(clinic.brandt)
    assert page.side.currentIndex() == 0
    assert page.stage.hasFocus()
    page.side.go_to(1)
    opened(clinic.adler)
    assert page.side.currentIndex() == 1


@pytest.mark.slow
@pytest.mark.parametrize("first", ["answered", "failed", "still at work"])
def test_another_model_in_the_settings_answers_anew(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot, first: str
) -> None:
    gate = threading.Event()
    if first == "failed":
        engine.broken["answer"] = "there is no model"
    if first == "still at work":
        engine.held["answer"] = gate
    session.open_visit(clinic.adler)
    qtbot.waitUntil(lambda: page.idle if first != "still at work" else ("answer", clinic.adler) in engine.calls)
    engine.broken.clear()
    session.change_settings(model="another")
    gate.set()
    settle(qtbot, page)
    assert engine.models[-1] == "another"
    assert page.loader.desk.answer is not None
    assert page.loader.desk.answer.analysis.model.name == "another"
    assert not page.strip.isVisible()
    assert engine.calls.count(("load", clinic.adler)) == 1, "pictures and registration are at hand"


def test_other_settings_do_not_ask_the_model_again(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, opened: Opened
) -> None:
    opened(clinic.adler)
    session.change_settings(theme="light")
    assert page.idle
    assert len(engine.models) == 1


@pytest.mark.slow
def test_the_page_fits_into_the_smallest_window(page: ReviewPage, revealed: None) -> None:
    page.place_points()
    rail, bars = 116, 130
    assert page.minimumSizeHint().width() <= 1100 - rail
    assert page.minimumSizeHint().height() <= 640 - bars


def test_an_answer_that_counts_no_more_goes_from_stage_and_panel_at_once(
    page: ReviewPage, session: Session, engine: FakeEngine, qtbot: QtBot, revealed: None
) -> None:
    assert page.side.answer.state is State.GRADED
    engine.held["answer"] = threading.Event()
    session.change_settings(model="another")
    assert page.side.answer.state is State.PENDING
    assert page.stage.painting().heatmap is None
    engine.held["answer"].set()
    settle(qtbot, page)
    assert page.side.answer.state is State.GRADED
    assert page.stage.painting().heatmap is not None


def test_what_is_left_to_show_of_a_visit_is_forgotten_with_it(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    session.open_visit(clinic.adler)
    reveal(session)
    qtbot.waitUntil(lambda: page.loader.desk.answer is not None)  # the panel follows in a later turn
    engine.held[f"load {clinic.brandt}"] = threading.Event()
    session.open_visit(clinic.brandt)
    assert page.side.answer.state is not State.GRADED
    engine.held[f"load {clinic.brandt}"].set()
    settle(qtbot, page)
    assert page.side.answer.state is not State.GRADED
    assert page.stage.painting().heatmap is None


def test_pictures_that_come_after_their_page_harm_nobody(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    slow = begin(qtbot, session, engine, "load", clinic.adler)
    jobs = page._jobs
    delete(page)
    slow.set()
    qtbot.waitUntil(lambda: not jobs.busy)  # an exception in the callback would fail this test


def test_a_pair_that_took_itself_does_not_come_under_the_hand_in_place_of_the_one_that_is_looked_at(
    page: ReviewPage, clinic: Clinic, session: Session, opened: Opened, qtbot: QtBot
) -> None:
    opened(clinic.adler)
    shown = page.loader.desk.pictures
    assert shown is not None
    assert session.case is not None
    first = session.case.pairs[-1]
    change = pairing.make_pair(session.library, clinic.adler, first.white_id, None)
    session.tell_changed((change,), by_itself=True)
    settle(qtbot, page)
    assert page.loader.desk.pictures is not None
    assert page.loader.desk.pictures.pair.id == shown.pair.id
    assert not session.by_itself
    other = pairing.make_pair(session.library, clinic.adler, None, first.fluorescence_id)
    session.tell_changed((other,))  # a person made it
    settle(qtbot, page)
    assert page.loader.desk.pictures.pair.id == other.key
