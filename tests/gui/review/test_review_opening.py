"""Opening visits: what shows when, and whose pictures they are."""

from __future__ import annotations

import threading

from pytestqt.qtbot import QtBot

from pfm_desktop.gui.pages.review import ReviewPage
from pfm_desktop.viewmodels.session import Session

from .conftest import BLUE, GREEN, RED, Clinic, FakeEngine, Opened, close_to, colour_at, settle


def test_a_visit_shows_both_its_pictures_side_by_side(page: ReviewPage, clinic: Clinic, opened: Opened) -> None:
    opened(clinic.adler)
    assert not page.notice.isVisible()
    assert close_to(colour_at(page, 0), RED)
    assert close_to(colour_at(page, 1), GREEN)


def test_the_pictures_are_on_the_stage_before_the_answer_comes(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    engine.held["answer"] = threading.Event()
    session.open_visit(clinic.adler)
    qtbot.waitUntil(lambda: page.loader.desk.pictures is not None)
    assert close_to(colour_at(page, 0), RED)
    assert not page.idle
    assert page.bar.chip.text() == "registering ..."
    engine.held["answer"].set()
    settle(qtbot, page)
    assert page.bar.chip.text() == "0.8 px"
    assert page.stage.registration is not None


def test_pictures_of_a_visit_that_was_left_while_loading_never_show(
    page: ReviewPage, clinic: Clinic, session: Session, engine: FakeEngine, qtbot: QtBot
) -> None:
    slow = engine.held[f"load {clinic.adler}"] = threading.Event()
    session.open_visit(clinic.adler)
    qtbot.waitUntil(lambda: ("load", clinic.adler) in engine.calls)
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
    slow = engine.held[f"answer {clinic.adler}"] = threading.Event()
    session.open_visit(clinic.adler)
    qtbot.waitUntil(lambda: ("answer", clinic.adler) in engine.calls)
    session.open_visit(clinic.brandt)
    settle(qtbot, page)
    before = page.loader.desk
    slow.set()
    qtbot.waitUntil(lambda: not page._jobs.busy)
    assert page.loader.desk is before
    assert before.answer is not None
    assert before.answer.pair_id == before.pair.id
