"""A library that refuses, and a device that is not there: said, held, tried again, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QListWidget, QScrollBar
from pytestqt.qtbot import QtBot

from pfm_desktop.capture.status import StreamState
from pfm_desktop.gui.pages.capture import examining
from pfm_desktop.gui.pages.capture.page import CapturePage
from pfm_desktop.services import cases
from pfm_desktop.services.capture import config as devices
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels import taken as words
from pfm_desktop.viewmodels.session import Session

from .conftest import Room

pytestmark = pytest.mark.slow

K = Qt.Key
LEFT = Qt.MouseButton.LeftButton
Press = Callable[..., None]
Settle = Callable[[], None]
Taken = Callable[[], list[tuple[str, float | None]]]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is awaited in vain is awaited shortly."""
    monkeypatch.setattr(examining, "SETTLE_S", 0.2)


@pytest.fixture
def waits(qtbot: QtBot, page: CapturePage, disk: SimpleNamespace) -> CapturePage:
    """A picture was taken that the library refuses."""
    disk.full = True
    qtbot.keyClick(page.view, K.Key_Space)
    qtbot.waitUntil(lambda: bool(page.cards.taken.problem.text()))
    return page


def test_what_the_library_refuses_is_said_on_the_card_held_and_tried_until_it_is_in(
    qtbot: QtBot, waits: CapturePage, disk: SimpleNamespace, taken: Taken, settle: Settle, session: Session
) -> None:
    card = waits.cards.taken
    assert words.UNKEPT in card.problem.text()
    assert "disk is full" in card.problem.text().lower()
    assert card.thumbs[0].pixmap().isNull(), "no thumbnail of what is not in the library"
    assert taken() == []
    assert session.unkept == ("1 picture of the examination",)
    tries = disk.tries
    qtbot.waitUntil(lambda: disk.tries > tries + 1)
    disk.full = False
    settle()
    assert taken() == [("saline", None)]
    assert card.kept.text() == words.KEPT
    assert card.problem.text() == ""
    assert session.unkept == ()


def test_a_step_whose_picture_waits_is_not_asked_for_again(waits: CapturePage) -> None:
    assert waits.timeline.headline.text() == "Green filter"


def test_what_is_taken_after_it_waits_too_and_says_so(
    qtbot: QtBot, waits: CapturePage, disk: SimpleNamespace, taken: Taken, settle: Settle, session: Session
) -> None:
    qtbot.keyClick(waits.view, K.Key_P)
    qtbot.waitUntil(lambda: session.unkept == ("3 pictures of the examination",))
    qtbot.waitUntil(lambda: words.UNKEPT in waits.cards.taken.problem.text())
    disk.full = False
    settle()
    assert [stage for stage, _ in taken()] == ["saline", "saline", "fluorescence_before_acid"]


def test_try_again_on_the_card_tries_again(
    qtbot: QtBot, waits: CapturePage, disk: SimpleNamespace, taken: Taken, settle: Settle
) -> None:
    disk.full = False
    qtbot.mouseClick(waits.cards.taken.retry_button, LEFT)
    settle()
    assert taken() == [("saline", None)]


def test_what_waits_for_one_woman_is_said_in_the_visit_of_another_and_goes_to_the_first(
    qtbot: QtBot,
    waits: CapturePage,
    disk: SimpleNamespace,
    settle: Settle,
    session: Session,
    visits: dict[str, str],
) -> None:
    session.open_visit(visits["Brandt"])
    assert waits.cards.taken.headline.text() == "Nothing taken yet"
    assert waits.timeline.headline.text() == "Saline"
    qtbot.keyClick(waits.view, K.Key_Space)
    qtbot.waitUntil(lambda: session.unkept == ("2 pictures of the examination",))
    disk.full = False
    settle()
    for visit in visits.values():
        assert [one.stage.value for one in cases.visit_case(session.library, visit).pictures] == ["saline"]


def test_of_what_waits_pictures_are_counted_both_of_a_pair(
    qtbot: QtBot,
    waits: CapturePage,
    disk: SimpleNamespace,
    settle: Settle,
    session: Session,
    visits: dict[str, str],
    heard: list[str],
) -> None:
    qtbot.keyClick(waits.view, K.Key_P)
    qtbot.waitUntil(lambda: session.unkept == ("3 pictures of the examination",))
    qtbot.keyClick(waits.view, K.Key_W)
    qtbot.waitUntil(lambda: session.unkept == ("4 pictures of the examination",))
    session.open_visit(visits["Brandt"])
    assert any(text.startswith("4 pictures that were taken are not") for text in heard)
    disk.full = False
    settle()


def test_given_up_it_waits_no_more_and_is_said_to_be_given_up(
    qtbot: QtBot, waits: CapturePage, session: Session, taken: Taken
) -> None:
    session.drop_typed()
    assert session.unkept == ()
    qtbot.waitUntil(lambda: waits.cards.taken.kept.text() == words.DROPPED)
    assert taken() == []


def test_a_picture_that_is_being_taken_when_the_library_is_closed_is_kept(
    qtbot: QtBot, page: CapturePage, room: Room, session: Session, monkeypatch: pytest.MonkeyPatch, taken: Taken
) -> None:
    monkeypatch.setattr(examining, "SETTLE_S", 10.0)
    room.device.hold.clear()
    qtbot.keyClick(page.view, K.Key_P)
    assert session.unkept == ("A picture that is being taken",)
    room.device.hold.set()
    assert session.keep_typed() == (), "closing waits for it"
    assert [stage for stage, _ in taken()] == ["saline", "fluorescence_before_acid"]


# the device


def test_a_device_that_cannot_be_opened_is_said_and_f5_tries_again(
    qtbot: QtBot, page: CapturePage, room: Room, press: Press, heard: list[str], taken: Taken
) -> None:
    room.refuses = UserError("the lamp does not answer", safe="nothing was changed", remedy="look at its cable")
    press(K.Key_F5)
    assert "The lamp does not answer" in page.view.said
    assert page.view.shown is None
    assert not page.timeline.large.isEnabled()
    press(K.Key_Space)
    assert heard == [say.NO_CAMERA]
    assert taken() == []
    room.refuses = None
    press(K.Key_F5)
    qtbot.waitUntil(lambda: page.view.shown is not None)
    assert page.view.said == ""
    press(K.Key_Space)
    assert taken() == [("saline", None)]


def test_that_no_picture_comes_is_said_no_more_once_one_comes(
    qtbot: QtBot, page: CapturePage, room: Room, press: Press, heard: list[str]
) -> None:
    unsaid: list[str] = []
    page.unsaid.connect(unsaid.append)
    room.device.stream.becomes(StreamState.STALLED, "It stalls.")
    qtbot.waitUntil(lambda: page.view.said == "It stalls.")
    press(K.Key_Space)
    assert heard == [say.NO_CAMERA]
    room.device.stream.becomes(StreamState.LIVE, "It gives pictures.")
    qtbot.waitUntil(lambda: say.NO_CAMERA in unsaid)


def test_buffers_of_pictures_are_kept_for_the_next_ones_only_while_a_device_is_open(
    page: CapturePage, press: Press, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bool] = []
    monkeypatch.setattr(examining.memory, "keep_large_buffers", lambda *, streaming: kept.append(streaming))
    press(K.Key_F5)
    assert kept[-1:] == [True]
    room.refuses = UserError("the lamp does not answer", safe="nothing was changed", remedy="look at its cable")
    press(K.Key_F5)
    assert kept[-1:] == [False]
    room.refuses = None
    press(K.Key_F5)
    page.examining.close_device()
    assert kept[-2:] == [True, False]


def test_a_phantom_does_not_get_among_pictures_of_women(page: CapturePage, press: Press, room: Room) -> None:
    devices.save(devices.DeviceConfig())
    press(K.Key_F5)
    assert page.view.said == say.NO_DEVICE
    assert len(room.devices) == 1
    assert room.device.stream.stopped


def test_f5_pressed_again_and_again_leaves_one_device_open(
    qtbot: QtBot, page: CapturePage, room: Room, settle: Settle
) -> None:
    for _ in range(6):
        qtbot.keyClick(page.view, K.Key_F5)
    settle()
    assert [one.stream.stopped for one in room.devices].count(False) == 1
    assert not room.device.stream.stopped


def test_a_camera_that_stalls_is_said_on_the_picture_until_it_comes_back(
    qtbot: QtBot, page: CapturePage, room: Room
) -> None:
    text = "The camera gives no pictures since 2 s. Trying again."
    room.device.stream.becomes(StreamState.STALLED, text)
    qtbot.waitUntil(lambda: page.view.said == text)
    room.device.stream.becomes(StreamState.LIVE, "The camera gives pictures.")
    qtbot.waitUntil(lambda: page.view.said == "")


def test_what_a_camera_does_not_take_is_said_once_and_no_more_once_it_is_let_go(
    qtbot: QtBot, page: CapturePage, room: Room, press: Press, heard: list[str]
) -> None:
    unsaid: list[str] = []
    page.unsaid.connect(unsaid.append)
    text = "This camera does not let its gain be set. Leave it as it is."
    for _ in range(2):
        room.device.stream.becomes(StreamState.LIVE, text, note=text)
    qtbot.waitUntil(lambda: heard == [text])
    room.device.stream.becomes(StreamState.STALLED, "It stalls.", note=text)
    qtbot.waitUntil(lambda: page.view.said == "It stalls.")
    assert (heard, text in unsaid) == ([text], False)
    press(K.Key_F5)
    assert text in unsaid


def test_a_device_that_was_let_go_says_nothing_any_more(
    qtbot: QtBot, page: CapturePage, room: Room, press: Press, settle: Settle
) -> None:
    before = room.device
    press(K.Key_F5)
    before.stream.becomes(StreamState.FAILED, "The camera is gone.")
    settle()
    assert page.view.said == ""


def test_a_switch_that_cannot_be_switched_does_not_stand_as_if_it_were(
    qtbot: QtBot, page: CapturePage, room: Room, press: Press
) -> None:
    room.refuses = UserError("no lamp")
    press(K.Key_F5)
    for name in ("record", "freeze"):
        qtbot.mouseClick(page.tools.buttons[name], LEFT)
        assert not page.tools.buttons[name].isChecked(), name


def test_every_control_has_words_for_the_screen_reader(page: CapturePage) -> None:
    silent = [
        f"{type(part).__name__} {part.objectName()}"
        for kind in (QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QListWidget)
        for part in page.examine.findChildren(kind)
        if not isinstance(part, QScrollBar)
        and not part.objectName().startswith("qt_")
        and not (part.accessibleName() or (part.text() if hasattr(part, "text") else ""))
        and not isinstance(part.parent(), QComboBox)
        and part not in (page.whose.this, page.whose.offer)  # have their words once they are shown
    ]
    assert not silent
    assert all(action.text() for action in page.page_actions())
