"""Whose examination it is: begun without a patient, another woman's visit, signed, read only; iodine and an allergy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from pfm_desktop.capture.status import StreamState
from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.examination import DEFAULT_PLAN
from pfm_desktop.domain.grade import Grade
from pfm_desktop.gui.enter_key import EnterKey
from pfm_desktop.gui.pages.capture.page import SIDE_WIDTH, CapturePage
from pfm_desktop.gui.undo import Undo
from pfm_desktop.services import cases, review
from pfm_desktop.services.capture import clips, records
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels import taken as taken_words
from pfm_desktop.viewmodels.session import Session
from pfm_desktop.viewmodels.timeline import ASK_ALLERGY, BLOCKED, FADES_NOW, OVERRIDDEN, Facts, timeline

from .conftest import Room, keys_of

pytestmark = pytest.mark.slow

K = Qt.Key
LEFT = Qt.MouseButton.LeftButton
Press = Callable[..., None]
Passes = Callable[[float], None]
Settle = Callable[[], None]
Taken = Callable[[], list[tuple[str, float | None]]]


def pictures_of(session: Session, visit: str) -> list[str]:
    return [one.stage.value for one in cases.visit_case(session.library, visit).pictures]


# nobody


def test_without_a_patient_space_begins_an_unassigned_visit_and_takes(
    nobody: CapturePage, press: Press, session: Session, taken: Taken
) -> None:
    assert nobody.whose.heading.text() == say.NOBODY
    press(K.Key_Space)
    assert session.case is not None
    assert session.case.patient.unassigned
    assert taken() == [("saline", None)]
    assert nobody.whose.heading.text() == say.UNASSIGNED
    press(K.Key_Space)
    assert len(taken()) == 2, "the second press goes on with the same visit"


def test_a_dark_frame_needs_no_patient_and_makes_no_visit(
    qtbot: QtBot, nobody: CapturePage, session: Session, room: Room
) -> None:
    nobody._actions["dark"].trigger()
    qtbot.waitUntil(lambda: room.device.darks == 1)
    assert session.case is None


def test_an_unassigned_visit_is_given_to_a_woman_on_record_with_the_keys_alone(
    qtbot: QtBot, nobody: CapturePage, press: Press, session: Session, taken: Taken
) -> None:
    press(K.Key_Space)
    qtbot.mouseClick(nobody.whose.assign, LEFT)
    form = nobody.forms.assign
    assert nobody.steps.currentWidget() is form
    assert form.search.hasFocus()
    qtbot.keyClicks(keys_of(nobody), "brandt")
    assert taken() == [("saline", None)], "letters are letters here"
    qtbot.keyClick(keys_of(nobody), K.Key_Return)
    assert nobody.steps.currentWidget() is nobody.examine
    assert session.case is not None
    assert session.case.patient.family_name == "Brandt"
    assert not nobody.whose.isVisible()
    assert nobody.view.hasFocus()
    press(K.Key_Space)
    assert [stage for stage, _ in taken()] == ["saline", "green"], "the examination goes on"


def test_a_visit_with_iodine_is_given_to_a_woman_who_does_not_bear_it_only_when_asked_twice(
    qtbot: QtBot, nobody: CapturePage, press: Press, session: Session, visits: dict[str, str]
) -> None:
    brandt = cases.visit_case(session.library, visits["Brandt"]).patient
    records.set_iodine_allergy(session.library, brandt.id, True)
    press(K.Key_Space, K.Key_N)
    nobody.forms.ask_whose()
    form = nobody.forms.assign
    qtbot.keyClicks(form.search, "brandt")
    qtbot.keyClick(form.search, K.Key_Return)
    assert nobody.steps.currentWidget() is form
    assert form.problem.text().startswith("She does not bear iodine")
    qtbot.keyClicks(form.search, "x")
    assert form.problem.text() == "", "it was asked of her alone"
    form.search.setText("adler")
    form.search.setText("brandt")
    qtbot.keyClick(form.search, K.Key_Return)
    assert form.problem.text().startswith("She does not bear iodine"), "another woman was looked at between"
    qtbot.keyClick(form.search, K.Key_Return)
    assert session.case is not None
    assert session.case.patient.id == brandt.id


def test_an_unassigned_visit_is_given_to_a_new_woman_and_undo_takes_that_back(
    qtbot: QtBot, nobody: CapturePage, press: Press, session: Session, undo: Undo
) -> None:
    press(K.Key_Space)
    nobody.forms.ask_whose()
    form = nobody.forms.assign
    for name, text in (("identifier", "K-77"), ("family_name", "Novak"), ("birth_date", "1985-03-14")):
        form.person[name].setFocus()
        qtbot.keyClicks(form.person[name], text)
    qtbot.mouseClick(form.new, LEFT)
    assert session.case is not None
    assert session.case.patient.identifier == "K-77"
    assert undo.undo()
    assert session.case is not None
    assert session.case.patient.unassigned


@pytest.mark.parametrize(
    ("identifier", "birth", "why"), [("K-0", "", "K-0"), ("", "", "identifier"), ("K-9", "soon", "date")]
)
def test_a_new_woman_that_cannot_be_is_refused_in_the_form_and_the_visit_stays(
    qtbot: QtBot, nobody: CapturePage, press: Press, session: Session, identifier: str, birth: str, why: str, undo: Undo
) -> None:
    press(K.Key_Space)
    before = undo.undo_text
    nobody.forms.ask_whose()
    form = nobody.forms.assign
    form.person["identifier"].setText(identifier)
    form.person["birth_date"].setText(birth)
    qtbot.mouseClick(form.new, LEFT)
    assert why in form.problem.text()
    assert nobody.steps.currentWidget() is form
    assert session.case is not None
    assert session.case.patient.unassigned
    assert undo.undo_text == before, "nothing was done that could be undone"
    qtbot.keyClick(form.search, K.Key_Escape)
    assert nobody.steps.currentWidget() is nobody.examine


def test_another_visit_closes_the_question_whose_the_one_before_is(
    nobody: CapturePage, press: Press, session: Session, visits: dict[str, str]
) -> None:
    press(K.Key_Space)
    nobody.forms.ask_whose()
    session.open_visit(visits["Adler"])
    assert nobody.steps.currentWidget() is nobody.examine


# another woman


def test_nothing_of_a_woman_is_seen_or_taken_once_the_visit_of_another_one_is_open(
    qtbot: QtBot,
    page: CapturePage,
    press: Press,
    session: Session,
    visits: dict[str, str],
    passes: Passes,
    taken: Taken,
) -> None:
    press(K.Key_Space, K.Key_A, K.Key_R)
    passes(3.0)
    page.view.ghost = QImage(8, 8, QImage.Format.Format_RGB888)
    press(K.Key_F)
    assert page.looking.frozen is not None
    session.open_visit(visits["Brandt"])
    assert page.looking.frozen is None
    assert page.view.ghost is None
    assert page.recording.words == ""
    assert not page.recording.runs(ClipKind.VIDEO)
    assert not page.recording.runs(ClipKind.WHITENING)
    assert page.recording.followed is None
    assert page.cards.taken.headline.text() == "Nothing taken yet"
    assert page.timeline.clock.text() == "-:--"
    passes(12.5)
    assert taken() == [], "the clock of the other one takes nothing here"
    press(K.Key_Space)
    assert taken() == [("saline", None)]
    assert pictures_of(session, visits["Adler"]) == ["saline"]
    assert clips.clips_of(session.library, visits["Brandt"]) == ()


def test_a_ghost_that_is_being_fetched_does_not_come_over_another_woman(
    qtbot: QtBot, page: CapturePage, press: Press, session: Session, visits: dict[str, str]
) -> None:
    qtbot.keyClick(page.view, K.Key_V)
    session.open_visit(visits["Brandt"])
    qtbot.waitUntil(lambda: page.help._ghost._handle is None)
    assert page.view.ghost is None


def test_the_ghost_is_the_picture_of_her_visit_before_and_goes_by_the_same_key(
    qtbot: QtBot, page: CapturePage, press: Press
) -> None:
    press(K.Key_V)
    qtbot.waitUntil(lambda: page.view.ghost is not None)
    assert page.tools.buttons["ghost"].isChecked()
    assert page.view.ghost is not None
    assert (page.view.ghost.width(), page.view.ghost.height()) == (64, 36)
    press(K.Key_V)
    assert page.view.ghost is None


def test_where_she_has_no_earlier_visit_that_is_said_and_the_switch_stays_off(
    qtbot: QtBot, page: CapturePage, session: Session, visits: dict[str, str], heard: list[str]
) -> None:
    session.open_visit(visits["Brandt"])
    qtbot.mouseClick(page.tools.buttons["ghost"], LEFT)
    assert heard == [say.NO_EARLIER]
    assert not page.tools.buttons["ghost"].isChecked()


def test_without_a_live_picture_there_is_nothing_to_lay_it_over_and_that_is_said(
    page: CapturePage, press: Press, heard: list[str]
) -> None:
    page.examining.close_device()
    press(K.Key_V)
    assert heard == [say.NO_LIVE]
    assert not page.tools.buttons["ghost"].isChecked()


def test_what_is_taken_while_another_visit_is_opened_goes_to_its_own_and_is_not_shown_there(
    qtbot: QtBot, page: CapturePage, session: Session, visits: dict[str, str], room: Room, settle: Settle, press: Press
) -> None:
    room.device.hold.clear()
    qtbot.keyClick(page.view, K.Key_P)
    session.open_visit(visits["Brandt"])
    room.device.hold.set()
    settle()
    assert pictures_of(session, visits["Adler"]) == ["saline", "fluorescence_before_acid"]
    assert pictures_of(session, visits["Brandt"]) == []
    assert page.cards.taken.headline.text() == "Nothing taken yet"
    press(K.Key_Backspace)
    assert pictures_of(session, visits["Adler"]) == ["saline", "fluorescence_before_acid"], "it is not hers to retake"


def test_a_visit_that_is_closed_leaves_an_empty_desk(
    page: CapturePage, press: Press, session: Session, visits: dict[str, str]
) -> None:
    press(K.Key_Space)
    session.close_visit()
    assert page.whose.heading.text() == say.NOBODY
    assert page.examining.live is None
    assert page.cards.taken.headline.text() == "Nothing taken yet"


# signed, read only


def sign(session: Session, visit: str) -> None:
    review.set_impression(session.library, visit, Grade.LOW)
    review.sign(session.library, visit, "Dr. Test", "I have read this")


def test_in_a_signed_visit_nothing_is_taken_and_that_is_said(
    page: CapturePage, press: Press, session: Session, visits: dict[str, str], heard: list[str], passes: Passes
) -> None:
    press(K.Key_A)
    passes(2.0)
    sign(session, visits["Adler"])
    session.refresh()
    assert page.whose.heading.text() == "Signed"
    for key in (K.Key_Space, K.Key_P, K.Key_W, K.Key_R, K.Key_A, K.Key_K):
        press(key)
    assert set(heard) - {say.NO_CAMERA} >= {say.SIGNED}
    passes(13.5)
    assert pictures_of(session, visits["Adler"]) == [], "marks take nothing either"
    assert not page.recording.runs(ClipKind.WHITENING)
    assert page.examining.names == ()


def test_in_a_signed_visit_what_would_change_nothing_is_switched_off(
    page: CapturePage, press: Press, session: Session, visits: dict[str, str]
) -> None:
    panel = page.timeline
    changing = (panel.skip_button, panel.allergy_no, panel.allergy_yes)
    press(K.Key_Space)
    assert all(button.isVisible() and button.isEnabled() for button in changing)
    sign(session, visits["Adler"])
    session.refresh()
    assert panel.headline.text() == "Green filter"
    assert all(button.isVisible() and not button.isEnabled() for button in changing)
    assert not panel.large.isEnabled()
    session.open_visit(visits["Brandt"])
    assert all(button.isEnabled() for button in changing)


def test_in_a_signed_visit_no_clock_is_offered(
    page: CapturePage, press: Press, session: Session, visits: dict[str, str]
) -> None:
    press(*[K.Key_K] * 3)
    large = page.timeline.large
    assert large.text().startswith("Acid is on")
    assert large.isEnabled()
    sign(session, visits["Adler"])
    session.refresh()
    assert not large.isEnabled()


def test_in_a_signed_visit_no_reason_for_iodine_is_asked_for(page: CapturePage) -> None:
    panel, at = page.timeline, timeline(Facts(plan=DEFAULT_PLAN[-1:], iodine=True))
    for signed in (False, True):
        panel.show_timeline(at, can_take=not signed, can_pair=True, asked=True, signed=signed)
        assert panel.use.isVisible() is not signed


def test_in_a_library_that_is_open_for_reading_nothing_is_taken_and_that_is_said(
    page: CapturePage, press: Press, session: Session, monkeypatch: pytest.MonkeyPatch, heard: list[str], taken: Taken
) -> None:
    monkeypatch.setattr(type(session.library), "no_editing", property(lambda _lib: "the library is read only"))
    for key in (K.Key_Space, K.Key_P, K.Key_W, K.Key_R, K.Key_A, K.Key_K):
        press(key)
    assert heard == ["Nothing can be taken: the library is read only."] * 6
    assert taken() == []
    assert page.view.shown is not None, "the live picture is seen all the same"


def test_without_the_right_to_edit_no_unassigned_visit_is_offered(
    nobody: CapturePage, press: Press, session: Session, monkeypatch: pytest.MonkeyPatch, heard: list[str]
) -> None:
    monkeypatch.setattr(type(session.library), "no_editing", property(lambda _lib: "readers take nothing"))
    nobody.whose.show_case(None)
    assert not nobody.whose.begin.isVisible()
    press(K.Key_Space)
    assert session.case is None
    assert heard == ["Nothing can be taken: readers take nothing."]


# iodine


def at_iodine(press: Press, passes: Passes) -> None:
    press(K.Key_A)
    passes(200.0)
    press(K.Key_K)


def test_iodine_is_blocked_on_an_allergy_until_a_reason_is_given(
    qtbot: QtBot, page: CapturePage, press: Press, passes: Passes, session: Session, taken: Taken, heard: list[str]
) -> None:
    at_iodine(press, passes)
    assert page.timeline.warning.text() == f"{ASK_ALLERGY}\n{FADES_NOW}"
    qtbot.mouseClick(page.timeline.allergy_yes, LEFT)
    assert page.timeline.warning.text() == f"{BLOCKED}\n{FADES_NOW}"
    assert not page.timeline.large.isVisible()
    before = taken()
    press(K.Key_Space)
    assert taken() == before
    assert heard == [BLOCKED]
    reason = page.timeline.reason
    reason.setFocus()
    qtbot.keyClicks(reason, "   ")
    assert not page.timeline.use.isEnabled()
    reason.clear()
    qtbot.keyClicks(keys_of(page), "asked again, wpkfa grl")
    assert reason.text() == "asked again, wpkfa grl", "letters and spaces are those of the reason"
    assert taken() == before
    qtbot.keyClick(reason, K.Key_Return)
    lasts = OVERRIDDEN.format(reason="asked again, wpkfa grl")
    assert page.timeline.warning.text() == f"{lasts}\n{FADES_NOW}"
    page.take_keys()
    press(K.Key_Space)
    assert taken()[-1][0] == "lugol"
    assert session.case is not None
    found = records.examination(session.library, session.case.visit.id)
    assert found is not None
    assert found.iodine_override == "asked again, wpkfa grl"


def test_a_reason_typed_for_one_woman_is_not_there_for_the_next_one(
    qtbot: QtBot, page: CapturePage, press: Press, passes: Passes, session: Session, visits: dict[str, str]
) -> None:
    for visit in visits.values():
        records.set_iodine_allergy(session.library, cases.visit_case(session.library, visit).patient.id, True)
    session.open_visit(visits["Brandt"])
    session.open_visit(visits["Adler"])
    at_iodine(press, passes)
    field, use = page.timeline.reason, page.timeline.use
    field.setFocus()
    qtbot.keyClicks(field, "asked ag")
    passes(1.0)
    session.refresh()
    assert field.text() == "asked ag", "one who types is not disturbed"
    qtbot.keyClicks(field, "ain")
    session.open_visit(visits["Brandt"])
    at_iodine(press, passes)
    assert use.isVisible()
    assert (field.text(), use.isEnabled()) == ("", False)


def test_a_reason_that_was_used_and_undone_has_to_be_given_again(
    qtbot: QtBot, page: CapturePage, press: Press, passes: Passes, undo: Undo
) -> None:
    at_iodine(press, passes)
    press(K.Key_Y)
    qtbot.waitUntil(lambda: page.idle)  # while the library is written to, an edit is refused after 0.3 s
    field, use = page.timeline.reason, page.timeline.use
    field.setFocus()
    qtbot.keyClicks(field, "asked again")
    qtbot.keyClick(field, K.Key_Return)
    assert page.examining.facts.iodine_override == "asked again"
    assert undo.undo()
    assert use.isVisible()
    assert (field.text(), use.isEnabled()) == ("", False)


def test_a_reason_that_could_not_be_put_on_record_stays_to_be_used(
    qtbot: QtBot, page: CapturePage, press: Press, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise UserError("the library is busy")

    at_iodine(press, passes)
    press(K.Key_Y)
    qtbot.keyClicks(page.timeline.reason, "asked again")
    monkeypatch.setattr(records, "allow_iodine", refuse)
    qtbot.mouseClick(page.timeline.use, LEFT)
    assert page.examining.facts.iodine_override == ""
    assert page.timeline.reason.text() == "asked again"


def test_while_iodine_is_blocked_a_frozen_picture_is_none_of_iodine(
    qtbot: QtBot, page: CapturePage, press: Press, passes: Passes, taken: Taken, room: Room
) -> None:
    at_iodine(press, passes)
    qtbot.mouseClick(page.timeline.allergy_yes, LEFT)
    page.take_keys()
    seen = room.device.stream.push()
    qtbot.waitUntil(lambda: page.feed.last is seen)
    press(K.Key_F, K.Key_W)
    assert taken()[-1][0] == "acetic_acid"
    assert page.examining.names == ()


def test_without_an_allergy_iodine_is_taken_and_the_question_is_gone(
    qtbot: QtBot, page: CapturePage, press: Press, passes: Passes, taken: Taken
) -> None:
    at_iodine(press, passes)
    qtbot.mouseClick(page.timeline.allergy_no, LEFT)
    assert page.timeline.warning.text() == FADES_NOW
    assert not page.timeline.allergy_no.isVisible()
    press(K.Key_Space)
    assert taken()[-1][0] == "lugol"


def test_after_an_answer_with_the_mouse_space_takes_the_next_picture(
    qtbot: QtBot, page: CapturePage, press: Press, taken: Taken
) -> None:
    qtbot.mouseClick(page.timeline.allergy_no, LEFT)
    press(K.Key_Space)
    assert taken() == [("saline", None)]


def test_thumbnails_are_those_of_the_picture_that_was_taken(page: CapturePage, press: Press) -> None:
    press(K.Key_Space)
    image = page.cards.taken.thumbs[0].pixmap().toImage()
    middle = image.pixelColor(image.width() // 2, image.height() // 2)
    assert np.allclose((middle.red(), middle.green(), middle.blue()), (101, 50, 50), atol=2)
    assert page.cards.taken.kept.text() == taken_words.KEPT


def test_pictures_of_today_go_into_a_visit_of_another_day_only_when_asked_twice(
    page: CapturePage, press: Press, session: Session, heard: list[str], taken: Taken
) -> None:
    assert session.case is not None
    long_ago = datetime.now(UTC) - timedelta(days=3)
    old = cases.add_visit(session.library, session.case.patient.id, started_at=long_ago)
    assert session.open_visit(old.id)
    press(K.Key_Space)
    assert taken() == []
    assert heard == [say.another_day(old.day)]
    press(K.Key_Space)
    assert taken() == [("saline", None)]
    press(K.Key_Space)
    assert [stage for stage, _ in taken()] == ["saline", "green"], "it was said"


def test_a_long_name_does_not_widen_the_column(page: CapturePage, visits: dict[str, str]) -> None:
    before = page.side.widget().minimumSizeHint().width()
    page.ask_whose(visits["Brandt"], "Very " * 30 + "long, ID " + "7" * 60)
    assert page.whose.offer.isVisible()
    assert page.side.widget().minimumSizeHint().width() <= max(before, SIDE_WIDTH)


def test_while_the_camera_stalls_nothing_is_offered_and_the_meters_are_empty(
    qtbot: QtBot, page: CapturePage, press: Press, room: Room, heard: list[str], taken: Taken
) -> None:
    room.device.stream.becomes(StreamState.STALLED, "The camera gives no pictures.")
    qtbot.waitUntil(lambda: not page.timeline.large.isEnabled())
    assert page.help.stale
    press(K.Key_Space)
    assert (taken(), heard) == ([], [say.NO_CAMERA])
    assert page.timeline.headline.text() == "Saline", "it was not ticked meanwhile"
    room.device.stream.becomes(StreamState.LIVE, "")
    qtbot.waitUntil(page.timeline.large.isEnabled)
    assert not page.help.stale


def test_another_visit_is_opened_in_mid_examination_only_when_asked_twice(
    page: CapturePage, press: Press, passes: Passes, visits: dict[str, str], heard: list[str]
) -> None:
    assert page.may_open(visits["Brandt"])
    press(K.Key_N, K.Key_A)
    passes(5.0)
    assert page.may_open(visits["Adler"])  # her own
    assert not page.may_open(visits["Brandt"])
    assert "Adler" in heard[-1]
    assert page.may_open(visits["Brandt"])


def test_once_no_step_is_left_it_is_asked_again_whose_examination_it_is(
    page: CapturePage, press: Press, passes: Passes, visits: dict[str, str]
) -> None:
    press(K.Key_N, K.Key_A)
    page.ask_whose(visits["Brandt"], "Brandt, Berta, ID 2")
    assert not page.whose.asks
    while page.examining.facts.seconds is not None and page._looked().step is not None:
        press(K.Key_K)
    page.ask_whose(visits["Brandt"], "Brandt, Berta, ID 2")
    assert page.whose.asks
    assert page.may_open(visits["Brandt"])


def test_an_examination_without_a_patient_begins_though_a_visit_is_open(page: CapturePage, session: Session) -> None:
    assert session.case is not None
    before = session.case.visit.id
    page._actions["nobody"].trigger()
    assert session.case.visit.id != before
    assert session.case.patient.unassigned


# where the keys are, once what had them is gone


@pytest.fixture
def pressed_by_enter() -> Iterator[None]:
    """Enter presses the button that has the keys, as in the whole program."""
    whole = QObject()
    made = EnterKey(whole)
    yield
    made.deleteLater()


@pytest.mark.usefixtures("pressed_by_enter")
def test_enter_twice_in_the_reason_records_the_reason_and_no_clip(
    qtbot: QtBot, page: CapturePage, press: Press, passes: Passes
) -> None:
    at_iodine(press, passes)
    press(K.Key_Y)
    page.timeline.reason.setFocus()
    qtbot.keyClicks(keys_of(page), "asked again")
    qtbot.keyClick(keys_of(page), K.Key_Return)
    assert page.view.hasFocus()
    qtbot.keyClick(keys_of(page), K.Key_Return)
    assert page.examining.facts.iodine_override == "asked again"
    assert not page.recording.runs(ClipKind.VIDEO)


@pytest.mark.usefixtures("pressed_by_enter")
@pytest.mark.parametrize("answer", ["allergy_no", "allergy_yes"])
def test_enter_twice_on_an_answer_about_an_allergy_starts_no_clip(qtbot: QtBot, page: CapturePage, answer: str) -> None:
    getattr(page.timeline, answer).setFocus()
    qtbot.keyClick(keys_of(page), K.Key_Return)
    assert page.examining.iodine is (answer == "allergy_yes")
    assert page.view.hasFocus()
    qtbot.keyClick(keys_of(page), K.Key_Return)
    assert not page.recording.runs(ClipKind.VIDEO)


@pytest.mark.usefixtures("pressed_by_enter")
@pytest.mark.parametrize("chosen", ["offer", "begin"])
def test_enter_twice_on_whose_examination_it_is_starts_no_clip(
    qtbot: QtBot, nobody: CapturePage, session: Session, visits: dict[str, str], chosen: str
) -> None:
    nobody.ask_whose(visits["Brandt"], "Brandt, ID K-2")
    getattr(nobody.whose, chosen).setFocus()
    qtbot.keyClick(keys_of(nobody), K.Key_Return)
    assert session.case is not None
    assert session.case.patient.unassigned is (chosen == "begin")
    assert nobody.view.hasFocus()
    qtbot.keyClick(keys_of(nobody), K.Key_Return)
    assert not nobody.recording.runs(ClipKind.VIDEO)


@pytest.mark.usefixtures("pressed_by_enter")
def test_enter_once_more_where_no_step_is_left_to_be_left_out_does_nothing(
    qtbot: QtBot, page: CapturePage, press: Press
) -> None:
    page.timeline.skip_button.setFocus()
    for _ in range(3):
        qtbot.keyClick(keys_of(page), K.Key_Return)
    assert page.timeline.large.text().startswith("Acid is on"), "acid is not left out"
    assert page.view.hasFocus()
