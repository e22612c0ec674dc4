"""The clock of acetic acid: it starts once, marks take themselves once, and what was missed is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.gui.pages.capture.page import CapturePage
from pfm_desktop.gui.undo import STOPS_ACID, Undo
from pfm_desktop.services.capture import clips, records
from pfm_desktop.services.capture.config import Kind
from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels.session import Session
from pfm_desktop.viewmodels.timeline import FADES

from .conftest import Room

pytestmark = pytest.mark.slow

K = Qt.Key
Press = Callable[..., None]
Passes = Callable[[float], None]
Settle = Callable[[], None]
Taken = Callable[[], list[tuple[str, float | None]]]


def rows(page: CapturePage) -> dict[str, str]:
    """By step, what its line says to the screen reader."""
    return {key: text.accessibleName() for key, _sign, text, _note in page.timeline._rows}


def marks(taken: Taken) -> list[float | None]:
    """When pictures after acetic acid were taken."""
    return [seconds for stage, seconds in taken() if stage == "acetic_acid"]


def test_a_starts_the_clock_once_and_anew_only_when_pressed_twice(
    page: CapturePage, press: Press, session: Session, passes: Passes, heard: list[str], room: Room
) -> None:
    press(K.Key_A)
    assert session.case is not None
    visit = session.case.visit.id
    first = records.examination(session.library, visit)
    assert first is not None
    assert first.acid_at is not None
    assert room.device.acid
    passes(5.0)
    assert page.timeline.clock.text() == "0:05"
    press(K.Key_A)
    assert heard == [say.ACID_AGAIN]
    again = records.examination(session.library, visit)
    assert again is not None
    assert again.acid_at == first.acid_at
    press(K.Key_A)
    anew = records.examination(session.library, visit)
    assert anew is not None
    assert anew.acid_at is not None
    assert (anew.acid_at - first.acid_at).total_seconds() == pytest.approx(5.0, abs=1.0)
    passes(0.0)
    assert page.timeline.clock.text() == "0:00"


def test_a_second_press_after_the_question_was_forgotten_asks_again(
    page: CapturePage, press: Press, heard: list[str]
) -> None:
    press(K.Key_A, K.Key_A)
    page.tools._forget.timeout.emit()
    press(K.Key_A)
    assert heard == [say.ACID_AGAIN, say.ACID_AGAIN]


def starts_clock(page: CapturePage) -> bool:
    step = page._looked().step
    return step is not None and step.starts_clock


def test_one_space_too_many_starts_no_clock_while_a_picture_is_taken_or_was_just_taken(
    qtbot: QtBot, page: CapturePage, press: Press, settle: Settle, room: Room, heard: list[str]
) -> None:
    press(K.Key_Space, K.Key_Space)
    room.device.hold.clear()
    qtbot.keyClick(page.view, K.Key_Space)
    qtbot.waitUntil(lambda: starts_clock(page))
    qtbot.waitUntil(lambda: not page._just_taken.isActive())  # it takes long
    qtbot.keyClick(page.view, K.Key_Space)
    room.device.hold.set()
    settle()
    assert heard == [say.ACID_SOON]
    assert page.timeline.clock.text() == "-:--"
    page._just_taken.start(300)
    qtbot.keyClick(page.view, K.Key_Space)
    assert heard == [say.ACID_SOON] * 2
    qtbot.waitUntil(lambda: not page._just_taken.isActive())
    press(K.Key_Space)
    assert page.timeline.clock.text() == "0:00"
    assert heard == [say.ACID_SOON] * 2


def test_space_at_the_step_of_acid_starts_the_clock_and_takes_nothing(
    page: CapturePage, press: Press, taken: Taken
) -> None:
    press(K.Key_K, K.Key_K, K.Key_K, K.Key_Space)
    assert taken() == []
    assert page.timeline.clock.text() == "0:00"
    assert page.timeline.headline.text().startswith("0:15")


def test_space_pressed_twice_at_acid_does_not_start_the_clock_anew(
    page: CapturePage, press: Press, taken: Taken, heard: list[str]
) -> None:
    press(K.Key_K, K.Key_K, K.Key_K, K.Key_Space, K.Key_Space)
    assert heard == []
    assert [stage for stage, _ in taken()] == ["acetic_acid"], "the second press takes a picture"


def test_marks_take_themselves_once(page: CapturePage, press: Press, passes: Passes, taken: Taken, room: Room) -> None:
    press(K.Key_A)
    for _ in range(16 * 4):
        passes(0.25)
    assert marks(taken) == [15.0]
    for _ in range(46 * 4):
        passes(0.25)
    assert marks(taken) == [15.0, 30.0, 60.0]
    assert room.device.asked == [False, False, True], "that of a minute is a pair"
    assert rows(page)["acetic_acid@60"].endswith("done, at 1:00")


def test_marks_take_themselves_while_another_page_is_in_front_and_the_camera_stays(
    page: CapturePage, press: Press, passes: Passes, taken: Taken, room: Room
) -> None:
    press(K.Key_A)
    page.hide()
    page.left()
    page._leaving.timeout.emit()
    passes(14.5)
    passes(0.6)
    assert marks(taken) == [15.0]
    assert len(room.devices) == 1
    assert not room.device.stream.stopped


def test_a_camera_that_nothing_needs_is_let_go_and_opened_again_on_coming_back(
    qtbot: QtBot, page: CapturePage, room: Room, settle: Callable[[], None]
) -> None:
    page.hide()
    page.left()
    page._leaving.timeout.emit()
    assert room.device.stream.stopped
    assert page.examining.device is None
    page.show()
    page.entered()
    settle()
    assert len(room.devices) == 2
    qtbot.waitUntil(lambda: page.view.shown is not None)
    assert page.view.said == ""


def test_a_mark_that_was_missed_is_said(page: CapturePage, press: Press, passes: Passes, room: Room) -> None:
    press(K.Key_A)
    room.device.broken = UserError("no picture came from the camera", safe="nothing was taken")
    passes(14.5)
    passes(0.6)
    assert rows(page)["acetic_acid@15"] == "0:15  white light, next, by itself"
    assert page.timeline.countdown.text() == "now"
    passes(13.0)
    assert "missed" in rows(page)["acetic_acid@15"]


def test_a_mark_whose_picture_could_not_be_taken_is_tried_again_while_it_counts(
    page: CapturePage, press: Press, passes: Passes, room: Room, taken: Taken, heard: list[str]
) -> None:
    press(K.Key_A)
    room.device.broken = UserError("no picture came from the camera", safe="nothing was taken")
    passes(14.5)
    passes(0.6)
    room.device.broken = None
    passes(2.5)
    assert len(marks(taken)) == 1
    assert len(heard) == 1
    passes(2.5)
    passes(2.5)
    assert len(marks(taken)) == 1


def test_a_mark_that_fails_again_and_again_is_said_once_and_given_up_when_it_no_longer_counts(
    page: CapturePage, press: Press, passes: Passes, room: Room, heard: list[str]
) -> None:
    press(K.Key_A)
    room.device.broken = UserError("no picture came from the camera", safe="nothing was taken")
    passes(14.5)
    for _ in range(14):
        passes(1.0)
    assert len(heard) == 1
    assert 4 <= len(room.device.asked) <= 7


def test_what_was_to_be_taken_before_acid_is_missed_once_it_is_on(
    page: CapturePage, press: Press, undo: Undo, taken: Taken, passes: Passes
) -> None:
    press(K.Key_A)
    assert page.timeline.headline.text().startswith("0:15")
    assert "missed" in rows(page)["saline"]
    passes(2.0)
    press(K.Key_Space)
    assert marks(taken) == [2.0], "no picture of a cervix under acid is called one of saline"
    assert undo.undo()
    assert not undo.undo()  # the clock is asked about
    assert undo.undo()
    assert page.timeline.headline.text() == "Saline"


def test_after_a_sleep_of_the_computer_one_mark_is_taken_and_those_before_are_missed(
    page: CapturePage, press: Press, passes: Passes, taken: Taken
) -> None:
    press(K.Key_A)
    passes(10.0)
    passes(52.0)
    assert marks(taken) == [62.0]
    said = rows(page)
    assert "missed" in said["acetic_acid@15"]
    assert "missed" in said["acetic_acid@30"]


def test_after_three_minutes_with_something_missing_it_is_said_large(
    page: CapturePage, press: Press, passes: Passes
) -> None:
    press(K.Key_A)
    passes(100.0)
    passes(100.0)
    assert page.timeline.warning.text() == FADES


def test_leaving_a_step_out_is_undone(page: CapturePage, press: Press, undo: Undo) -> None:
    press(K.Key_K)
    assert page.timeline.headline.text() == "Green filter"
    assert "left out" in rows(page)["saline"]
    assert undo.undo()
    assert page.timeline.headline.text() == "Saline"


def test_another_woman_before_a_simulated_camera_has_no_acid_on_and_the_first_one_since_when_she_had(
    page: CapturePage, press: Press, passes: Passes, session: Session, visits: dict[str, str], room: Room
) -> None:
    press(K.Key_A)
    passes(1.0)
    since = room.device.acid_since
    assert since is not None
    session.open_visit(visits["Brandt"])
    assert not room.device.acid
    session.open_visit(visits["Adler"])
    assert room.device.acid_since == pytest.approx(since, abs=0.5)
    session.close_visit()
    assert not room.device.acid


def test_acid_that_was_undone_stops_the_clock_its_marks_and_its_clip(
    page: CapturePage, press: Press, undo: Undo, passes: Passes, taken: Taken, room: Room
) -> None:
    press(K.Key_A)
    passes(1.0)
    assert page.recording.runs(ClipKind.WHITENING)
    said: list[str] = []
    undo.said.connect(said.append)
    assert not undo.undo()
    assert said == [STOPS_ACID]
    assert page.timeline.clock.text() != "-:--"
    assert undo.undo()
    assert page.timeline.clock.text() == "-:--"
    assert not page.recording.runs(ClipKind.WHITENING)
    assert not room.device.acid
    passes(14.0)
    passes(2.0)
    assert taken() == []
    press(K.Key_A)
    passes(1.0)
    assert page.recording.runs(ClipKind.WHITENING), "the second acid is followed"


def test_the_step_of_the_clock_cannot_be_left_out(page: CapturePage, press: Press) -> None:
    press(K.Key_K, K.Key_K, K.Key_K, K.Key_K, K.Key_K)
    assert page.timeline.large.text().startswith("Acid is on")
    assert not page.timeline.skip_button.isEnabled()


def test_whitening_is_recorded_by_itself_until_it_fades(
    qtbot: QtBot, page: CapturePage, press: Press, passes: Passes, session: Session, room: Room
) -> None:
    press(K.Key_A)
    passes(0.5)
    for _ in range(4):
        room.device.stream.push()
        passes(1.0)
    passes(200.0)
    assert not page.recording.runs(ClipKind.WHITENING)
    case = session.case
    assert case is not None
    qtbot.waitUntil(lambda: [one.closed for one in clips.clips_of(session.library, case.visit.id)] == [True])
    (clip,) = clips.clips_of(session.library, case.visit.id)
    assert clip.kind is ClipKind.WHITENING
    assert clip.frames >= 2


def test_an_examination_that_was_left_goes_on_where_it_was(
    page: CapturePage, press: Press, passes: Passes, session: Session, visits: dict[str, str], taken: Taken
) -> None:
    press(K.Key_Space, K.Key_A)
    passes(5.0)
    session.open_visit(visits["Brandt"])
    passes(5.0)
    assert page.timeline.clock.text() == "-:--"
    session.open_visit(visits["Adler"])
    assert page.timeline.clock.text() == "0:10"
    assert "done" in rows(page)["saline"]
    passes(0.0)
    assert page.recording.runs(ClipKind.WHITENING), "whitening is followed again"
    passes(5.5)
    assert marks(taken) == [15.0] or marks(taken) == [16.0]


def test_a_device_without_fluorescence_takes_the_white_light_picture_of_a_mark(
    page: CapturePage, press: Press, passes: Passes, taken: Taken, room: Room, heard: list[str]
) -> None:
    room.device.config = replace(room.device.config, kind=Kind.ONE)
    press(K.Key_Space, K.Key_Space, K.Key_Space)
    assert heard == [say.NO_FLUORESCENCE]
    assert [stage for stage, _ in taken()] == ["saline", "green"]
    press(K.Key_K, K.Key_Space)
    passes(59.0)
    passes(1.2)
    assert marks(taken) == pytest.approx([60.0], abs=1.0)  # whole seconds; the test itself takes some of one


def test_acid_that_was_undone_by_mistake_and_done_again_is_followed_again(
    page: CapturePage, press: Press, undo: Undo, passes: Passes
) -> None:
    press(K.Key_A)
    passes(1.0)
    undo.undo()
    assert undo.undo()
    passes(1.0)
    assert not page.recording.runs(ClipKind.WHITENING)
    assert undo.redo()
    passes(1.0)
    assert page.timeline.clock.text() == "0:03"
    assert page.recording.runs(ClipKind.WHITENING)


def test_the_second_press_for_undo_comes_too_late_after_some_seconds(
    page: CapturePage, press: Press, undo: Undo, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(K.Key_A)
    monkeypatch.setattr("pfm_desktop.gui.undo.CONFIRM_S", 0.0)
    assert not undo.undo()
    assert not undo.undo()
    assert page.timeline.clock.text() != "-:--"


def test_a_clock_that_is_set_changes_no_second_though_another_visit_was_opened_meanwhile(
    page: CapturePage, press: Press, passes: Passes, session: Session, visits: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    press(K.Key_A)
    passes(8.0)
    set_on = timedelta(minutes=2)

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + set_on

    monkeypatch.setattr("pfm_desktop.services.capture.times.datetime", Later)
    session.open_visit(visits["Brandt"])
    session.open_visit(visits["Adler"])
    passes(1.0)
    assert page.timeline.clock.text() == "0:09"


def test_whitening_that_could_not_be_recorded_is_begun_again(
    page: CapturePage, press: Press, passes: Passes, monkeypatch: pytest.MonkeyPatch, heard: list[str]
) -> None:
    refuse = [True]
    begin = clips.begin_clip

    def begun(*args: object, **named: object) -> object:
        if refuse[0]:
            raise StorageError("the library is busy")
        return begin(*args, **named)  # type: ignore[arg-type]

    settled: list[str] = []
    page.unsaid.connect(settled.append)
    monkeypatch.setattr(clips, "begin_clip", begun)
    press(K.Key_A)
    for _ in range(3):
        passes(6.0)
    assert not page.recording.runs(ClipKind.WHITENING)
    (said,) = [one for one in heard if one.startswith(say.WHITENING_WAITS)]  # once
    assert "busy" in said
    assert said not in settled
    refuse[0] = False
    passes(6.0)
    assert page.recording.runs(ClipKind.WHITENING)
    assert said in settled
