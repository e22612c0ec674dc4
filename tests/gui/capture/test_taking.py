"""Taking pictures at a key: what comes next is taken, is in the library before it shows, and can be taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.capture.status import StreamState, StreamStatus
from pfm_desktop.domain.capture import Gap, Light
from pfm_desktop.gui.pages.capture import side
from pfm_desktop.gui.pages.capture.actions import actions_of
from pfm_desktop.gui.pages.capture.page import CapturePage
from pfm_desktop.gui.undo import Undo
from pfm_desktop.services import cases
from pfm_desktop.services.capture import config as devices
from pfm_desktop.services.capture import lots, records
from pfm_desktop.services.capture.config import Kind
from pfm_desktop.services.capture.verdict import PairVerdict
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels import taken as words
from pfm_desktop.viewmodels.session import Session

from . import conftest
from .conftest import FakeStream, Room, keys_of

pytestmark = pytest.mark.slow

K = Qt.Key
Press = Callable[..., None]
Settle = Callable[[], None]
Taken = Callable[[], list[tuple[str, float | None]]]


def test_space_takes_what_comes_next_one_step_after_the_other(page: CapturePage, press: Press, taken: Taken) -> None:
    assert page.timeline.headline.text() == "Saline"
    press(K.Key_Space)
    assert taken() == [("saline", None)]
    assert page.timeline.headline.text() == "Green filter"
    press(K.Key_Space)
    assert page.timeline.headline.text() == "Fluorescence before acid"
    press(K.Key_Space)
    assert [stage for stage, _ in taken()] == ["saline", "green", "saline", "fluorescence_before_acid"]
    assert page.timeline.large.text().startswith("Acid is on")


def test_a_held_key_takes_one_picture(page: CapturePage, press: Press, taken: Taken, settle: Settle) -> None:
    press(K.Key_Space)
    for _ in range(20):
        held = QKeyEvent(QEvent.Type.KeyPress, K.Key_Space, Qt.KeyboardModifier.NoModifier, " ", True)
        QApplication.sendEvent(page.window(), held)
    settle()
    assert len(taken()) == 1


def test_a_held_key_takes_one_picture_though_a_button_has_the_keys(
    qtbot: QtBot, page: CapturePage, press: Press, taken: Taken, settle: Settle
) -> None:
    press(K.Key_Space)
    page.cards.taken.retake_button.setFocus()
    target = keys_of(page)
    assert target is page.cards.taken.retake_button
    qtbot.keyPress(target, K.Key_Space)
    for _ in range(5):
        for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):
            QApplication.sendEvent(target, QKeyEvent(kind, K.Key_Space, Qt.KeyboardModifier.NoModifier, " ", True))
    qtbot.keyRelease(target, K.Key_Space)
    settle()
    assert [stage for stage, _ in taken()] == ["saline", "green"]


def test_a_picture_is_in_the_library_before_its_thumbnail_shows(
    qtbot: QtBot, page: CapturePage, monkeypatch: pytest.MonkeyPatch, session: Session, room: Room, taken: Taken
) -> None:
    seen: list[tuple[bool, int]] = []
    show = page.cards.taken.show_card

    def watched(card: object, pictures: object = (), **more: object) -> None:
        seen.append((bool(pictures), len(taken())))
        show(card, pictures, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(page.cards.taken, "show_card", watched)
    qtbot.keyClick(page.view, K.Key_Space)
    qtbot.waitUntil(lambda: any(thumbnail for thumbnail, _ in seen), timeout=10_000)
    assert all(on_disk for thumbnail, on_disk in seen if thumbnail)
    assert page.cards.taken.kept.text() == words.KEPT
    assert not page.cards.taken.thumbs[0].pixmap().isNull()


def test_all_of_a_picture_that_is_higher_than_wide_is_in_its_thumbnail(
    page: CapturePage, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest, "HEIGHT", 100)
    press(K.Key_W)
    thumb = page.cards.taken.thumbs[0]
    size = thumb.pixmap().deviceIndependentSize()
    assert (size.width(), size.height()) == (round(64 / 100 * thumb.height()), thumb.height())


def test_a_pair_is_a_pair_with_its_verdict_its_gap_and_how_it_was_taken(
    qtbot: QtBot, page: CapturePage, press: Press, session: Session
) -> None:
    press(K.Key_P)
    qtbot.waitUntil(lambda: page.cards.taken.headline.text() == "✓  Keep", timeout=10_000)
    case = session.case
    assert case is not None
    (pair,) = case.pairs
    how = records.acquisitions(session.library, case.visit.id)
    white, glow = how[pair.white_id], how[pair.fluorescence_id]
    assert (white.light, glow.light) == (Light.WHITE, Light.FLUORESCENCE)
    assert (white.gap_s, glow.gap_s) == (-0.25, 0.25)
    assert (white.exposure_ms, glow.exposure_ms, glow.excitation_nm) == (10.0, 300.0, 405.0)
    assert white.camera == "Fake 1"
    assert [thumb.isHidden() for thumb in page.cards.taken.thumbs] == [False, False]


def test_a_pair_that_cannot_be_judged_says_so_and_can_be_retaken(
    qtbot: QtBot, page: CapturePage, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(_lot: object) -> object:
        raise UserError("the finder is not there")

    monkeypatch.setattr(lots, "judge_with", lambda _device: judge)
    press(K.Key_P)
    qtbot.waitUntil(lambda: page.cards.taken.headline.text() == "Look at it yourself", timeout=10_000)
    assert "finder is not there" in page.cards.taken.reasons.text()
    assert page.cards.taken.retake_button.isVisible()


def test_a_picture_that_was_undone_is_asked_for_again_and_not_said_to_be_in_the_library(
    page: CapturePage, press: Press, undo: Undo, taken: Taken
) -> None:
    press(K.Key_Space)
    assert page.timeline.headline.text() == "Green filter"
    assert undo.undo()
    assert taken() == []
    assert page.timeline.headline.text() == "Saline"
    card = page.cards.taken
    assert card.kept.text() == words.OFF_RECORD
    assert not card.retake_button.isVisible()
    press(K.Key_Backspace)
    assert taken() == [], "there is nothing to retake"
    assert undo.redo()
    assert card.kept.text() == words.KEPT
    assert page.timeline.headline.text() == "Green filter"


def test_retake_takes_the_last_one_off_the_record_and_a_new_one_for_the_same_step(
    page: CapturePage, press: Press, session: Session, undo: Undo, taken: Taken
) -> None:
    press(K.Key_Space)
    assert session.case is not None
    before = session.case.pictures[0]
    press(K.Key_Backspace)
    assert taken() == [("saline", None)]
    assert session.case.pictures[0].id != before.id
    assert page.timeline.headline.text() == "Green filter"
    undo.undo()
    undo.undo()
    assert [one.id for one in session.case.pictures] == [before.id]


def test_retake_while_a_picture_stands_still_shows_what_is_taken(page: CapturePage, press: Press) -> None:
    press(K.Key_Space, K.Key_F)
    assert page.looking.frozen is not None
    press(K.Key_Backspace)
    assert page.looking.frozen is None
    assert "FROZEN" not in page.view.badges


def test_a_second_retake_while_the_first_one_is_under_way_takes_nothing_more(
    qtbot: QtBot, page: CapturePage, press: Press, room: Room, taken: Taken, settle: Settle, refused: list[str]
) -> None:
    press(K.Key_Space)
    room.device.hold.clear()
    qtbot.keyClick(page.view, K.Key_Backspace)
    qtbot.keyClick(page.view, K.Key_Backspace)
    room.device.hold.set()
    settle()
    assert taken() == [("saline", None)]
    assert not refused


def test_frozen_the_frame_that_is_seen_is_taken(
    page: CapturePage, press: Press, settle: Settle, room: Room, session: Session
) -> None:
    frozen = room.device.stream.push(200)
    settle()
    page.feed._last = frozen
    press(K.Key_F)
    room.device.stream.push(10)
    press(K.Key_Space)
    assert room.device.asked == [], "the camera is not asked for another one"
    case = session.case
    assert case is not None
    pixels = cases.load_picture(session.library, case.pictures[0].id)
    assert pixels[0, 0, 0] == 200
    assert page.looking.frozen is None, "it goes on"


def test_green_grid_and_zoom_are_for_looking_and_change_nothing_that_is_kept(
    page: CapturePage, press: Press, session: Session
) -> None:
    press(K.Key_Space)
    press(K.Key_G, K.Key_H, K.Key_Plus, K.Key_Plus, K.Key_W)
    assert any("Green" in badge for badge in page.view.badges)
    assert any("Zoom" in badge for badge in page.view.badges)
    assert page.view.grid
    case = session.case
    assert case is not None
    one, other = (cases.load_picture(session.library, picture.id) for picture in case.pictures)
    assert one.shape == other.shape
    assert (other[0, 0] == (102, 51, 51)).all()
    press(K.Key_0)
    assert page.feed.look.zoom == 1.0


def test_what_cannot_be_taken_is_said_and_asked_for_again(
    qtbot: QtBot, page: CapturePage, press: Press, room: Room, heard: list[str], taken: Taken
) -> None:
    room.device.broken = UserError("no picture came from the camera", safe="nothing was taken")
    press(K.Key_Space)
    qtbot.waitUntil(lambda: bool(heard))
    assert "No picture came from the camera" in heard[0].capitalize()
    assert taken() == []
    assert page.timeline.headline.text() == "Saline"
    room.device.broken = None
    press(K.Key_Space)
    assert taken() == [("saline", None)]


@pytest.mark.expects_logged_error
def test_an_error_of_the_device_that_nobody_foresaw_ends_nothing(
    qtbot: QtBot, page: CapturePage, press: Press, room: Room, heard: list[str], taken: Taken
) -> None:
    room.device.broken = RuntimeError("not foreseen")
    press(K.Key_Space)
    qtbot.waitUntil(lambda: bool(heard))
    assert "Take it again" in heard[0]
    room.device.broken = None
    press(K.Key_Space)
    assert taken() == [("saline", None)]


def test_of_a_pair_that_broke_off_the_white_light_picture_is_kept(
    qtbot: QtBot, page: CapturePage, press: Press, room: Room, heard: list[str], taken: Taken
) -> None:
    error = UserError("the lamp is silent", safe="the white-light picture is kept")
    error.taken = (room.device.exposed(room.device.stream.push()),)  # type: ignore[attr-defined]
    room.device.broken = error
    press(K.Key_P)
    qtbot.waitUntil(lambda: bool(heard))
    assert "lamp is silent" in heard[0]
    assert taken() == [("saline", None)]


def test_only_what_was_taken_last_is_held_in_memory(page: CapturePage, press: Press) -> None:
    import gc

    from pfm_desktop.services.capture.keeping import Lot

    press(*[K.Key_W] * 6)
    gc.collect()
    held = [one for one in gc.get_objects() if isinstance(one, Lot)]
    assert len(held) <= 2


def test_keys_pressed_faster_than_the_camera_are_each_taken(
    qtbot: QtBot, page: CapturePage, room: Room, settle: Settle, taken: Taken
) -> None:
    room.device.hold.clear()
    for _ in range(4):
        qtbot.keyClick(page.view, K.Key_W)
    room.device.hold.set()
    settle()
    assert len(taken()) == 4


def test_once_lugols_iodine_is_on_white_light_is_one_of_it_and_a_pair_is_asked_about(
    page: CapturePage, press: Press, taken: Taken, heard: list[str], session: Session
) -> None:
    press(K.Key_N, K.Key_A)
    while page.timeline.headline.text() != "Lugol's iodine":
        press(K.Key_K)
    press(K.Key_Space, K.Key_W)
    assert [stage for stage, _ in taken()] == ["lugol", "lugol"]
    press(K.Key_P)
    assert heard[-1] == say.PAIR_IN_IODINE
    assert len(taken()) == 2
    press(K.Key_P)
    assert [stage for stage, _ in taken()] == ["lugol", "lugol", "lugol", "fluorescence_after_acid"]
    assert session.case is not None
    assert session.case.pairs == ()  # for a model to read


def test_a_press_that_bounces_takes_one_step(
    page: CapturePage, press: Press, taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm_desktop.gui.pages.capture.page.BOUNCE_S", 30.0)
    press(K.Key_Space, K.Key_Space, K.Key_W, K.Key_K)
    assert [stage for stage, _ in taken()] == ["saline"]
    assert page.timeline.headline.text() == "Green filter"


@pytest.mark.parametrize("id_", ["go", "acid", "retake", "record", "skip"])
def test_a_key_or_a_pedal_that_is_held_does_one_thing_also_where_qt_does_not_mark_its_repeats(
    page: CapturePage, id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    action = next(one for one in page.page_actions() if one.objectName() == f"capture.{id_}")
    key = K(action.shortcut()[0].key())
    for name in ("_take", "_start_acid", "retake", "toggle_record", "skip"):
        monkeypatch.setattr(page, name, lambda *_args, **_more: done.append(id_))
    fresh = actions_of(page)[id_]  # on what was put in place

    def event(kind: QEvent.Type, moment: int) -> None:
        made = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier)
        made.setTimestamp(moment)
        QApplication.sendEvent(page.view, made)

    event(QEvent.Type.ShortcutOverride, 1000)
    fresh.trigger()
    for moment in range(1660, 3000, 33):
        event(QEvent.Type.KeyRelease, moment)
        event(QEvent.Type.ShortcutOverride, moment)
        fresh.trigger()
    assert done == [id_]
    event(QEvent.Type.KeyRelease, 3010)
    event(QEvent.Type.ShortcutOverride, 3090)
    fresh.trigger()
    assert done == [id_, id_], "the same key again, as quick as can be"


def test_presses_one_after_the_other_are_one_until_there_is_a_pause(
    page: CapturePage, press: Press, taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("pfm_desktop.gui.pages.capture.page.BOUNCE_S", 0.5)
    monkeypatch.setattr("pfm_desktop.gui.pages.capture.page.time", SimpleNamespace(monotonic=lambda: now[0]))
    for _ in range(8):
        press(K.Key_Space)
        now[0] += 0.3
    assert [stage for stage, _ in taken()] == ["saline"]
    now[0] += 0.5
    press(K.Key_Space)
    assert [stage for stage, _ in taken()] == ["saline", "green"]


def test_the_clock_is_not_started_anew_by_a_key_that_bounces(
    page: CapturePage, press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfm_desktop.gui.pages.capture.page.BOUNCE_S", 30.0)
    begun: list[bool] = []
    real = page.examining.start_acid
    monkeypatch.setattr(page.examining, "start_acid", lambda *, again=False: (begun.append(again), real(again=again)))
    press(K.Key_A, K.Key_A, K.Key_A)
    assert begun == [False]


def test_while_the_fluorescence_camera_gives_nothing_that_is_said_and_no_pair_is_offered(
    qtbot: QtBot, page: CapturePage, press: Press, room: Room, heard: list[str], taken: Taken
) -> None:
    second = FakeStream(room.clock)
    room.device.second = second
    page._refresh()
    assert page.examining.gives_pairs
    second.status = StreamStatus(StreamState.STALLED, "The camera gives no pictures.", None)
    page._refresh()
    assert any("No fluorescence" in badge for badge in page.view.badges)
    press(K.Key_P)
    assert heard[-1].startswith("No fluorescence: The camera gives no pictures.")
    assert taken() == []
    press(K.Key_W)
    assert len(taken()) == 1
    press(K.Key_P)
    unsaid: list[str] = []
    page.unsaid.connect(unsaid.append)
    second.status = room.device.stream.status
    room.device.stream.becomes(StreamState.LIVE, "It gives pictures.")
    qtbot.waitUntil(lambda: heard[-1] in unsaid)


def test_with_white_light_only_the_large_button_says_what_is_taken(
    qtbot: QtBot, page: CapturePage, press: Press, passes: Callable[[float], None], taken: Taken
) -> None:
    devices.save(replace(conftest.CONFIG, kind=Kind.ONE))
    press(K.Key_F5, K.Key_K, K.Key_K)
    qtbot.waitUntil(lambda: page.view.shown is not None)
    panel = page.timeline
    assert (panel.headline.text(), panel.large.isEnabled()) == ("Fluorescence before acid", False)
    press(K.Key_K)
    assert (panel.large.text().split("  ")[0], panel.large.isEnabled()) == ("Acid is on: start clock", True)
    press(K.Key_A)
    passes(50.0)
    assert panel.headline.text() == "1:00  white + fluorescence"
    assert (panel.large.text().split("  ")[0], panel.large.isEnabled()) == ("Take picture", True)
    assert not panel.pair_button.isEnabled()
    qtbot.mouseClick(panel.large, Qt.MouseButton.LeftButton)
    passes(0.0)
    assert [stage for stage, _ in taken()] == ["acetic_acid"]


def test_what_went_wrong_though_the_pair_is_there_is_said(page: CapturePage, qtbot: QtBot, heard: list[str]) -> None:
    device = page.examining.device
    assert device is not None
    assert device.tell is not None
    device.tell("Excitation light may still be on.")
    qtbot.waitUntil(lambda: heard == ["Excitation light may still be on."])


def test_a_camera_that_sends_the_same_picture_again_and_again_is_told(
    page: CapturePage, room: Room, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr("pfm_desktop.gui.pages.capture.helping.STANDS_S", 0.2)

    def told() -> bool:
        page._refresh()
        return say.STANDS in page.view.badges

    def pushed(shade: int) -> bool:
        room.device.stream.push(shade)
        return told()

    qtbot.waitUntil(lambda: pushed(90), timeout=10_000)
    qtbot.waitUntil(lambda: not pushed(91 + len(room.device.stream._frames) % 90), timeout=10_000)


# thumbnails, which are drawn on another thread


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """`drawing.go` lets thumbnails be drawn, `drawing.broken` is why they cannot be."""
    made, drawn = SimpleNamespace(go=threading.Event(), broken=None), side._thumbnails

    def drawing(*args: Any) -> Any:
        assert made.go.wait(20)
        if made.broken is not None:
            raise made.broken
        return drawn(*args)

    monkeypatch.setattr(side, "_thumbnails", drawing)
    return made


def test_while_thumbnails_are_drawn_the_card_says_one_thing_of_the_library(
    qtbot: QtBot, page: CapturePage, drawing: SimpleNamespace, settle: Settle
) -> None:
    card = page.cards.taken
    qtbot.keyClick(page.view, K.Key_P)
    qtbot.waitUntil(lambda: card.kept.text() == words.KEPT)
    assert [thumb.text() for thumb in card.thumbs] == ["", ""]
    drawing.go.set()
    settle()
    assert all(not thumb.pixmap().isNull() for thumb in card.thumbs)


def test_a_thumbnail_that_cannot_be_drawn_is_said_once_and_is_in_the_library_all_the_same(
    page: CapturePage, press: Press, drawing: SimpleNamespace, heard: list[str], taken: Taken, session: Session
) -> None:
    card = page.cards.taken
    drawing.broken = UserError("there is no memory left")
    drawing.go.set()
    press(K.Key_W)
    session.refresh()
    page.cards._show_last()
    assert taken() == [("saline", None)]
    assert [text for text in heard if "no memory" in text] == ["There is no memory left."]
    assert (card.kept.text(), card.thumbs[0].text()) == (words.KEPT, "")
    assert card.thumbs[0].pixmap().isNull()
    drawing.broken = None
    press(K.Key_W)
    assert not card.thumbs[0].pixmap().isNull(), "the next one has one again"


def test_what_the_library_has_not_taken_yet_says_so_in_place_of_its_thumbnail(
    qtbot: QtBot, page: CapturePage, disk: SimpleNamespace, settle: Settle
) -> None:
    disk.full = True
    qtbot.keyClick(page.view, K.Key_W)
    qtbot.waitUntil(lambda: bool(page.cards.taken.problem.text()))
    assert "library" in page.cards.taken.thumbs[0].text()
    disk.full = False
    settle()
    assert page.cards.taken.thumbs[0].text() == ""


# where nothing came


LAMP = UserError("the lamp lit another light", safe="nothing was taken", remedy="take the pair again")


def shown_thumbs(page: CapturePage) -> int:
    return sum(not thumb.isHidden() for thumb in page.cards.taken.thumbs)


def test_where_nothing_came_of_a_pair_the_card_says_so_and_does_not_show_the_one_before(
    page: CapturePage, press: Press, room: Room, taken: Taken, heard: list[str], qtbot: QtBot
) -> None:
    card = page.cards.taken
    press(K.Key_P)
    qtbot.waitUntil(lambda: card.headline.text() == "✓  Keep", timeout=10_000)
    before = taken()
    room.device.broken = LAMP
    press(K.Key_P)
    assert (card.headline.text(), card.alarm.text()) == (words.NOTHING, LAMP.sentences)
    assert (shown_thumbs(page), card.reasons.text(), card.kept.text()) == (0, "", "")
    assert not card.retake_button.isVisible()
    assert heard == [LAMP.sentences]
    press(K.Key_Backspace)
    assert taken() == before, "the pair before is not seen, and is not retaken"
    assert heard[-1] == words.NOTHING
    room.device.broken = None
    press(K.Key_W)
    assert card.headline.text() == "White light, saline"
    assert (shown_thumbs(page), card.alarm.text()) == (1, "")


def test_that_nothing_came_is_not_said_in_the_visit_of_another_woman(
    page: CapturePage, press: Press, room: Room, session: Session, visits: dict[str, str], qtbot: QtBot, settle: Settle
) -> None:
    card = page.cards.taken
    room.device.broken = LAMP
    press(K.Key_P)
    assert card.headline.text() == words.NOTHING
    session.open_visit(visits["Brandt"])
    assert (card.headline.text(), card.alarm.text()) == ("Nothing taken yet", "")
    room.device.hold.clear()
    qtbot.keyClick(page.view, K.Key_P)
    session.open_visit(visits["Adler"])
    room.device.hold.set()
    qtbot.waitUntil(lambda: not any(one.busy for one in page.examining._all))
    settle()
    assert card.headline.text() == "Nothing taken yet", "it was not of this visit"


def test_of_half_a_pair_the_card_shows_what_came(page: CapturePage, press: Press, room: Room, taken: Taken) -> None:
    error = UserError("the lamp is silent")
    error.taken = (room.device.exposed(room.device.stream.push()),)  # type: ignore[attr-defined]
    room.device.broken = error
    press(K.Key_P)
    assert taken() == [("saline", None)]
    assert page.cards.taken.headline.text() == "White light, saline"
    assert (shown_thumbs(page), page.cards.taken.alarm.text()) == (1, "")


def test_a_retake_of_which_nothing_came_can_be_asked_for_again(
    qtbot: QtBot, page: CapturePage, press: Press, room: Room, taken: Taken, session: Session
) -> None:
    card = page.cards.taken
    press(K.Key_W)
    assert session.case is not None
    before = session.case.pictures[0].id
    room.device.broken = LAMP
    press(K.Key_Backspace)
    assert (card.headline.text(), shown_thumbs(page)) == (words.NOTHING, 0)
    assert card.retake_button.isVisible()
    room.device.broken = None
    press(K.Key_Backspace)
    assert taken() == [("saline", None)]
    assert session.case.pictures[0].id != before
    assert card.headline.text() == "White light, saline"


def test_where_nothing_came_what_waits_for_the_library_is_said_all_the_same(
    qtbot: QtBot, page: CapturePage, room: Room, disk: SimpleNamespace, settle: Settle
) -> None:
    card = page.cards.taken
    disk.full = True
    qtbot.keyClick(page.view, K.Key_W)
    qtbot.waitUntil(lambda: bool(card.problem.text()))
    room.device.broken = LAMP
    qtbot.keyClick(page.view, K.Key_W)
    qtbot.waitUntil(lambda: card.headline.text() == words.NOTHING)
    assert "A picture that was taken is not in the library yet" in card.problem.text()
    assert card.retry_button.isVisible()
    disk.full = False
    settle()
    assert (card.headline.text(), card.problem.text()) == (words.NOTHING, "")


def test_a_bad_verdict_on_the_pair_before_is_said_where_the_card_says_that_nothing_came(
    qtbot: QtBot, page: CapturePage, room: Room, heard: list[str], monkeypatch: pytest.MonkeyPatch, settle: Settle
) -> None:
    go = threading.Event()

    def judge(_lot: object) -> PairVerdict:
        assert go.wait(20)
        return PairVerdict(False, "Retake: too dark", ("Come nearer.",), Gap.GOOD, 0.25)

    monkeypatch.setattr(lots, "judge_with", lambda _device: judge)
    qtbot.keyClick(page.view, K.Key_P)
    settle()
    room.device.broken = LAMP
    qtbot.keyClick(page.view, K.Key_P)
    qtbot.waitUntil(lambda: page.cards.taken.headline.text() == words.NOTHING)
    go.set()
    qtbot.waitUntil(lambda: "Retake: too dark (the last pair)" in heard)
    assert page.cards.taken.alarm.text() == LAMP.sentences
