"""The list of pins by mouse and key."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.gui.widgets.pins_panel import PinsPanel
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.services import cases, pairing, review
from pfm_desktop.support.errors import StorageError

from .conftest import Hosted, Room

Key, Left = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture
def panel(room: Room, host: Hosted) -> PinsPanel:
    return host(PinsPanel(room.session))


def cards(panel: PinsPanel) -> list:
    return [panel._list.itemAt(place).widget() for place in range(panel._list.count())]


def mark_os(room: Room, frame: Source = Source.WHITE) -> None:
    room.session.perform(lambda lib: review.mark_os(lib, room.pair, frame, 32, 24))


def test_without_pins_it_says_how_to_place_one(panel) -> None:
    assert "Press P on the stage" in panel.note.text()


def test_pins_stand_by_letter_with_hour_and_quadrant(panel, room) -> None:
    mark_os(room)
    room.pin(52, 12)
    room.pin(30, 40)
    assert [(card.letter.text(), card.place.text()) for card in cards(panel)] == [
        ("A", "2 o'clock, anterior left"),
        ("B", "6 o'clock, posterior right"),
    ]


def test_an_hour_is_not_guessed_without_the_os(panel, room) -> None:
    room.pin()
    assert cards(panel)[0].place.text() == "Mark the os first (O on the stage)"
    mark_os(room)
    assert "o'clock" in cards(panel)[0].place.text()


def test_an_os_on_the_other_picture_counts_once_the_pair_is_registered(panel, room) -> None:
    mark_os(room)
    room.pin(52, 12, Source.FLUORESCENCE)
    assert "not registered" in cards(panel)[0].place.text()
    same = SimpleNamespace(status=RegistrationStatus.OK, for_looking_only=False, white_to_fluorescence=np.asarray)
    panel.set_registration("another pair", same)
    assert "not registered" in cards(panel)[0].place.text()
    panel.set_registration(room.pair, SimpleNamespace(status=RegistrationStatus.REFUSED))
    assert "not registered" in cards(panel)[0].place.text()
    panel.set_registration(room.pair, SimpleNamespace(status=RegistrationStatus.CHECK, for_looking_only=True))
    assert "not registered" in cards(panel)[0].place.text()
    panel.set_registration(room.pair, same)
    assert cards(panel)[0].place.text() == "2 o'clock, anterior left"


def test_a_pin_names_its_picture_and_says_when_that_is_not_on_the_stage(panel, room) -> None:
    timed = cases.add_picture(
        room.lib,
        room.visit,
        encode_png(np.full((48, 64, 3), 90, np.uint8)),
        stage=Stage.ACETIC_ACID,
        seconds_since_acid=60,
    )
    room.pin()
    later = room.session.perform(lambda lib: pairing.make_pair(lib, room.visit, timed.id, None))[0].key
    room.session.perform(lambda lib: review.place_pin(lib, later, Source.WHITE, 10, 10))
    assert [card.frame.text() for card in cards(panel)] == [
        "on white light, acetic acid",
        "on white light, acetic acid, 60 s",
    ]
    panel.set_registration(later, None)
    assert [card.frame.text() for card in cards(panel)] == [
        "on white light, acetic acid (not on the stage now)",
        "on white light, acetic acid, 60 s",
    ]


def test_the_hour_is_that_of_the_pair_on_the_stage(panel, room) -> None:
    room.pin(52, 12, Source.FLUORESCENCE)
    lit = next(picture for picture in room.case.pictures if picture.source is Source.FLUORESCENCE)
    alone = room.session.perform(lambda lib: pairing.make_pair(lib, room.visit, None, lit.id))[0].key
    panel.set_registration(alone, None)
    room.session.perform(lambda lib: review.mark_os(lib, alone, Source.FLUORESCENCE, 32, 24))
    assert cards(panel)[0].place.text() == "2 o'clock, anterior left"


def test_a_click_chooses_a_pin(panel, room, qtbot: QtBot) -> None:
    ids = [room.pin(), room.pin(10, 10)]
    with qtbot.waitSignal(panel.pin_chosen) as told:
        qtbot.mouseClick(cards(panel)[1], Left)
    assert told.args == [ids[1]]


def test_arrow_keys_choose_the_next_pin(panel, room, qtbot) -> None:
    ids = [room.pin(), room.pin(10, 10)]
    first, second = cards(panel)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(panel.pin_chosen) as told:
        qtbot.keyClick(first, Key.Key_Down)
    assert told.args == [ids[1]]
    assert second.hasFocus()
    qtbot.keyClick(second, Key.Key_Down)
    assert second.hasFocus(), "it stays at the end"
    qtbot.keyClick(second, Key.Key_Up)
    assert first.hasFocus()


def test_a_note_is_saved_when_typing_pauses(panel, room, qtbot) -> None:
    room.pin()
    field = cards(panel)[0].field
    field.setFocus()
    qtbot.keyClicks(field, "densest")
    assert room.case.pins[0].note == ""
    qtbot.waitUntil(lambda: room.case.pins[0].note == "densest", timeout=5000)


def test_a_note_is_saved_when_the_focus_leaves_and_when_the_visit_changes(panel, room, qtbot) -> None:
    room.pin()
    room.pin(10, 10)
    first, second = (card.field for card in cards(panel))
    first.setFocus()
    qtbot.keyClicks(first, "one")
    second.setFocus()
    assert room.case.pins[0].note == "one"
    qtbot.keyClicks(second, "two")
    room.session.open_visit(room.other)
    assert room.case.pins[1].note == "two"
    assert cards(panel) == []


def test_a_note_being_typed_survives_another_edit(panel, room, qtbot) -> None:
    room.pin()
    field = cards(panel)[0].field
    field.setFocus()
    qtbot.keyClicks(field, "hal")
    room.pin(10, 10)
    assert field.text() == "hal"
    assert field.hasFocus()


def test_the_delete_button_removes_its_pin_and_undo_brings_it_back_with_its_note(panel, room, qtbot) -> None:
    room.pin()
    room.pin(10, 10)
    qtbot.keyClicks(cards(panel)[0].field, "densest")
    qtbot.mouseClick(cards(panel)[0].delete, Left)
    assert [pin.letter for pin in room.case.pins] == ["B"]
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [(card.letter.text(), card.field.text()) for card in cards(panel)] == [("A", "densest"), ("B", "")]


def test_the_delete_key_removes_the_chosen_pin_and_goes_on_to_its_neighbour(panel, room, qtbot) -> None:
    room.pin()
    room.pin(10, 10)
    qtbot.waitUntil(cards(panel)[0].isVisible)  # a new card is shown with the next turn of the event loop
    cards(panel)[0].setFocus()
    qtbot.keyClick(cards(panel)[0], Key.Key_Delete)
    assert [card.letter.text() for card in cards(panel)] == ["B"]
    assert cards(panel)[0].hasFocus()


def test_delete_in_a_note_deletes_a_letter_and_no_pin(panel, room, qtbot) -> None:
    room.pin(note="ab")
    field = cards(panel)[0].field
    field.setFocus()
    field.setCursorPosition(0)
    qtbot.keyClick(field, Key.Key_Delete)
    assert field.text() == "b"
    assert len(room.case.pins) == 1


def test_a_signed_visit_is_read_only_and_says_so(panel, room, qtbot) -> None:
    room.pin(note="a")
    review.set_impression(room.lib, room.visit, Grade.LOW)
    review.sign(room.lib, room.visit, "Dr. Test", "Reported by me")
    room.session.refresh()
    card = cards(panel)[0]
    assert panel.lock.text().startswith("Signed by Dr. Test")
    qtbot.keyClicks(card.field, "b")
    qtbot.keyClick(card, Key.Key_Delete)
    assert card.field.text() == "a"
    assert not card.delete.isEnabled()
    assert len(room.case.pins) == 1


def test_a_note_that_the_disk_refused_waits_while_another_visit_is_open(panel, room, qtbot, monkeypatch) -> None:
    room.pin()
    with monkeypatch.context() as patch:
        patch.setattr(review, "note_pin", lambda *_: (_ for _ in ()).throw(StorageError("the disk is full")))
        qtbot.keyClicks(cards(panel)[0].field, "densest")
        room.session.open_visit(room.other)
        room.session.open_visit(room.visit)
    assert cards(panel)[0].field.text() == "densest"
    assert room.session.unkept == ("Note on a pin of O'Brien <b>, Ana & 李娜",)
    panel.save()
    assert room.case.pins[0].note == "densest"


def test_a_note_typed_without_a_pause_is_kept_all_the_same(panel, room, qtbot) -> None:
    room.pin()
    panel._pause.setInterval(60_000)  # nobody pauses so long
    panel._longest.setInterval(0)
    field = cards(panel)[0].field
    field.setFocus()
    qtbot.keyClicks(field, "dens")
    qtbot.waitUntil(lambda: room.case.pins[0].note == "dens", timeout=5000)
    qtbot.keyClicks(field, "est")
    qtbot.waitUntil(lambda: room.case.pins[0].note == "densest", timeout=5000)
    assert field.hasFocus()
