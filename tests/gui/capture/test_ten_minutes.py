"""What must not happen in the ten minutes: a good picture gone, a mixture of lights, undo of what nobody did."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.source import Stage
from pfm_desktop.gui.pages.capture.moments import BEGUN_HELD
from pfm_desktop.gui.pages.capture.page import CapturePage
from pfm_desktop.gui.undo import Undo
from pfm_desktop.services import cases
from pfm_desktop.services.capture import records
from pfm_desktop.storage.schema import DATABASE
from pfm_desktop.support.errors import StorageError
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels.session import Session
from pfm_desktop.viewmodels.timeline import ASK_ALLERGY

from .conftest import Room

pytestmark = pytest.mark.slow

K = Qt.Key
Press = Callable[..., None]
Passes = Callable[[float], None]
Taken = Callable[[], list[tuple[str, float | None]]]


def test_a_retake_that_fails_leaves_the_picture_that_was_there(
    page: CapturePage, press: Press, taken: Taken, room: Room, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(K.Key_Space)
    assert session.case is not None
    before = session.case.pictures[0].id

    def fails(*, pair: bool) -> object:
        raise RuntimeError("the camera is gone")

    monkeypatch.setattr(room.device, "take", fails)
    monkeypatch.setattr("pfm_desktop.services.capture.live.log.exception", lambda *_args: None)
    press(K.Key_Backspace)
    assert taken() == [("saline", None)]
    assert [one.id for one in session.case.pictures] == [before]


def test_a_mark_that_has_passed_is_not_retaken(
    page: CapturePage, press: Press, passes: Passes, taken: Taken, heard: list[str]
) -> None:
    press(K.Key_A)
    passes(0.1)
    passes(15.0)
    there = taken()
    ((stage, seconds),) = there
    assert stage == "acetic_acid"
    assert seconds is not None
    assert 15.0 <= seconds < 20.0  # a busy computer takes it a moment late
    passes(14.0)
    press(K.Key_Backspace)
    assert taken() == there
    assert heard[-1] == say.MARK_OVER


def test_undo_is_of_what_a_person_did_and_not_of_a_mark_that_took_itself(
    page: CapturePage, press: Press, passes: Passes, taken: Taken, undo: Undo
) -> None:
    press(K.Key_Space)
    done = undo.undo_text
    press(K.Key_A)
    started = undo.undo_text
    passes(0.1)
    passes(15.0)
    assert len(taken()) == 2
    assert undo.undo_text == started != done


def test_what_is_not_in_white_light_is_not_frozen(
    page: CapturePage, press: Press, heard: list[str], monkeypatch: pytest.MonkeyPatch, room: Room
) -> None:
    monkeypatch.setattr(room.device, "lit_white", lambda _frame: False)
    press(K.Key_F)
    assert page.looking.frozen is None
    assert heard == [say.NOT_WHITE]


def test_iodine_waits_until_an_allergy_was_asked_for_and_one_key_answers(
    page: CapturePage, press: Press, session: Session, taken: Taken
) -> None:
    for _ in range(len(page.examining.facts.plan)):
        press(K.Key_A if page.timeline.headline.text().startswith("Acetic acid:") else K.Key_K)
        if page.timeline.warning.text() == ASK_ALLERGY:
            break
    assert page.timeline.warning.text() == ASK_ALLERGY
    press(K.Key_Space)
    assert not [one for one in taken() if one[0] == "lugol"]
    press(K.Key_N)
    assert session.case is not None
    assert records.iodine_allergy(session.library, session.case.patient.id) is False
    press(K.Key_Space)
    assert [one[0] for one in taken()] == ["lugol"]


def test_from_the_list_it_is_asked_whose_examination_it_is(
    qtbot: QtBot, page: CapturePage, press: Press, session: Session, visits: dict[str, str], taken: Taken
) -> None:
    page.ask_whose(visits["Brandt"], "Brandt, ID K-2")
    assert page.whose.isVisible()
    press(K.Key_Space)
    assert taken() == []
    qtbot.mouseClick(page.whose.offer, Qt.MouseButton.LeftButton)
    assert session.case is not None
    assert session.case.visit.id == visits["Brandt"]
    press(K.Key_Space)
    assert taken() == [("saline", None)]


def test_the_visit_that_is_open_can_be_kept_to_and_one_under_way_is_not_asked_about(
    qtbot: QtBot, page: CapturePage, press: Press, session: Session, visits: dict[str, str], taken: Taken
) -> None:
    page.ask_whose(visits["Brandt"], "Brandt, ID K-2")
    qtbot.mouseClick(page.whose.this, Qt.MouseButton.LeftButton)
    press(K.Key_Space)
    assert session.case is not None
    assert session.case.visit.id == visits["Adler"]
    assert taken() == [("saline", None)]
    page.ask_whose(visits["Brandt"], "Brandt, ID K-2")
    assert page.whose.asks, "one picture is soon taken of the wrong woman"
    page.ask_whose(visits["Adler"], "Adler, ID K-1")
    assert not page.whose.asks
    press(K.Key_A)
    page.ask_whose(visits["Brandt"], "Brandt, ID K-2")
    assert not page.whose.asks, "the clock of this one runs"


def test_who_was_asked_about_is_not_any_more_once_another_woman_was_opened(
    page: CapturePage, session: Session, visits: dict[str, str]
) -> None:
    session.close_visit()
    page.ask_whose(visits["Adler"], "Adler, ID K-1")
    assert page.whose.asks
    assert session.open_visit(visits["Brandt"])
    assert not page.whose.asks
    assert not page.whose.offer.isVisible()


def test_the_clock_runs_from_the_key_press_though_the_library_is_locked_just_then(
    qtbot: QtBot, page: CapturePage, press: Press, session: Session, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    press(K.Key_Space)
    locked = [True]
    real = records.start_acid

    def refused(*args: object, **more: object) -> object:
        if locked[0]:
            raise StorageError("the library is in use by another program")
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(records, "start_acid", refused)
    qtbot.keyClick(page.view, K.Key_A)
    assert page.timeline.clock.text() == "0:00"
    qtbot.waitUntil(lambda: bool(heard))
    assert "in use by another program" in heard[0]
    assert session.case is not None
    visit = session.case.visit.id
    session.refresh()
    assert page.timeline.clock.text() == "0:00", "what is read anew does not stop it"
    locked[0] = False
    page.examining.moments._again.timeout.emit()
    qtbot.waitUntil(lambda: page.examining.moments.idle)
    found = records.examination(session.library, visit)
    assert found is not None
    assert found.acid_at is not None


@pytest.fixture
def elsewhere(session: Session) -> Iterator[sqlite3.Connection]:
    """Another program's hold on the database of the library: nothing can be written meanwhile."""
    holder = sqlite3.connect(session.library.path / DATABASE, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield holder
    if holder.in_transaction:
        holder.execute("ROLLBACK")
    holder.close()


def test_an_examination_begins_though_another_program_holds_the_database(
    qtbot: QtBot,
    page: CapturePage,
    session: Session,
    visits: dict[str, str],
    heard: list[str],
    elsewhere: sqlite3.Connection,
    settle: Callable[[], None],
) -> None:
    qtbot.keyClick(page.view, K.Key_Space)
    live = page.examining.live
    assert live is not None
    qtbot.waitUntil(lambda: len(page.examining.outcome.waiting) == 1)
    assert any(BEGUN_HELD in one for one in heard)
    qtbot.keyClick(page.view, K.Key_A)
    assert page.timeline.clock.text() == "0:00"
    session.refresh()
    assert page.examining.live is live, "what is read anew does not end it"
    assert session.open_visit(visits["Brandt"])
    assert session.open_visit(visits["Adler"])
    assert page.timeline.clock.text().startswith("0:0"), "it goes on when she is opened again"
    elsewhere.execute("ROLLBACK")
    page.examining.moments._again.timeout.emit()
    qtbot.waitUntil(lambda: page.examining.moments.idle)
    settle()
    found = records.examination(session.library, visits["Adler"])
    assert found is not None
    assert found.acid_at is not None
    assert found.started_at <= found.acid_at
    assert [one.stage for one in cases.visit_case(session.library, visits["Adler"]).pictures] == [Stage.SALINE]


def test_a_busy_library_does_not_stop_the_live_picture_for_long(
    page: CapturePage, elsewhere: sqlite3.Connection, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm_desktop.storage.engine.BUSY_SECONDS", 10_000.0)  # the test ends before
    page.examining.answer_allergy(True)
    assert "busy" in heard[0]
    settled: list[str] = []
    page.unsaid.connect(settled.append)
    elsewhere.execute("ROLLBACK")
    page.examining.answer_allergy(True)
    assert page.examining.iodine
    assert len(heard) == 1
    assert settled == heard, "what was refused is not said any more"


def test_a_step_is_passed_over_once_the_beginning_can_be_put_on_record_too(
    page: CapturePage, session: Session, visits: dict[str, str], elsewhere: sqlite3.Connection
) -> None:
    assert page.examining.begin()
    elsewhere.execute("ROLLBACK")
    step = page.examining.step("green")
    assert step is not None
    page.examining.skip(step)
    found = records.examination(session.library, visits["Adler"])
    assert found is not None
    assert found.skipped == {"green"}


def test_the_beginnings_of_two_visits_are_both_held(
    qtbot: QtBot, page: CapturePage, session: Session, visits: dict[str, str], elsewhere: sqlite3.Connection
) -> None:
    for name in ("Adler", "Brandt"):
        assert session.open_visit(visits[name])
        page.examining.start_acid()
    elsewhere.execute("ROLLBACK")
    page.examining.moments._again.timeout.emit()
    qtbot.waitUntil(lambda: page.examining.moments.idle)
    for name in ("Adler", "Brandt"):
        found = records.examination(session.library, visits[name])
        assert found is not None
        assert found.acid_at is not None


def test_closing_while_another_program_holds_the_database_asks_about_the_moment_of_acid(
    qtbot: QtBot, page: CapturePage, session: Session, visits: dict[str, str], elsewhere: sqlite3.Connection
) -> None:
    page.examining.start_acid()
    assert session.unkept == ("1 moment of acetic acid",)
    assert session.keep_typed(quiet=True) == ("1 moment of acetic acid",)
    elsewhere.execute("ROLLBACK")
    assert session.keep_typed() == ()
    found = records.examination(session.library, visits["Adler"])
    assert found is not None
    assert found.acid_at is not None


def test_what_is_said_of_a_library_that_holds_up_goes_once_it_takes_everything(
    qtbot: QtBot,
    page: CapturePage,
    session: Session,
    visits: dict[str, str],
    heard: list[str],
    elsewhere: sqlite3.Connection,
    settle: Callable[[], None],
) -> None:
    settled: list[str] = []
    page.unsaid.connect(settled.append)
    qtbot.keyClick(page.view, K.Key_Space)
    qtbot.waitUntil(lambda: len(page.examining.outcome.waiting) == 1)
    before = list(heard)
    assert session.open_visit(visits["Brandt"])
    assert set(heard[len(before) :]) & set(before), "it is said of the other visit too while it holds"
    settled.clear()
    elsewhere.execute("ROLLBACK")
    page.examining.moments._again.timeout.emit()
    settle()
    qtbot.waitUntil(lambda: set(heard) <= set(settled) | set(before))
    assert not page._heard


def test_undo_and_retake_wait_until_what_was_taken_last_is_on_record(
    qtbot: QtBot, page: CapturePage, heard: list[str], elsewhere: sqlite3.Connection, settle: Callable[[], None]
) -> None:
    page.examining.moments._again.setInterval(10)
    qtbot.keyClick(page.view, K.Key_Space)
    qtbot.waitUntil(lambda: page.examining.outcome.last is not None)
    asks = page.own_undo
    assert asks is not None
    asks()
    assert heard[-1] == say.UNDO_WHEN_KEPT
    page.retake()
    assert heard[-1] == say.RETAKE_WHEN_KEPT
    elsewhere.execute("ROLLBACK")
    settle()
    assert page.own_undo is None
