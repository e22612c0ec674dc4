"""Pots, other specimens and results beside the pins, by mouse and key."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.specimen import LONGEST_POT, SpecimenKind
from pfm_desktop.gui.widgets.histology_panel import HistologyPanel
from pfm_desktop.gui.widgets.pins_panel import PinsPanel
from pfm_desktop.gui.widgets.pot_part import TOO_LONG
from pfm_desktop.services import documenting, labelling, review, specimens
from pfm_desktop.viewmodels import labels
from pfm_desktop.viewmodels.pins import Registered

from .conftest import Hosted, Room

Key, Left = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture
def panel(room: Room, host: Hosted[Any]) -> PinsPanel:
    return host(PinsPanel(room.session))


def test_a_pot_is_typed_and_one_that_is_taken_is_refused(qtbot: QtBot, panel: PinsPanel, room: Room) -> None:
    first, second = room.pin(), room.pin(20)
    pot = panel.cards[second].pot.pot
    assert pot.text() == "B"
    pot.setFocus()
    pot.selectAll()
    qtbot.keyClicks(pot, "26-17")
    qtbot.keyClick(pot, Key.Key_Return)
    assert room.case.specimens[1].pot == "26-17"
    pot.selectAll()
    qtbot.keyClicks(pot, "a")
    qtbot.keyClick(pot, Key.Key_Return)
    assert room.case.specimens[1].pot == "26-17"
    assert pot.text() == "26-17"
    assert "another pot of this visit is called a" in room.problems[-1].what
    panel.cards[first].pot.pot.clear()
    panel.cards[first].pot.pot.let_go.emit()
    assert room.case.specimens[0].pot == ""
    assert not panel.cards[first].pot.result.isVisible()


def test_how_it_was_taken_is_asked_once_it_is_unfolded(qtbot: QtBot, panel: PinsPanel, room: Room) -> None:
    pin = room.pin()
    room.session.perform(lambda lib: documenting.add_lesion(lib, room.visit))
    part = panel.cards[pin].pot
    assert part.form is None
    qtbot.keyClick(part.folding.title, Key.Key_Space)
    assert part.form is not None
    field: Any = part.form.rows["lesion"]
    field.field.setFocus()
    qtbot.keyClicks(field.field, "1")
    qtbot.keyClick(field.field, Key.Key_Return)
    assert dict(room.case.specimens[0].answers) == {"lesion": 1}
    field.field.selectAll()
    qtbot.keyClicks(field.field, "7")
    qtbot.keyClick(field.field, Key.Key_Return)
    assert "no lesion 7 is documented" in room.problems[-1].what
    assert dict(room.case.specimens[0].answers) == {"lesion": 1}


def test_endocervical_sampling_is_added_and_taken_away(qtbot: QtBot, panel: PinsPanel, room: Room) -> None:
    qtbot.mouseClick(panel.add_buttons[SpecimenKind.ENDOCERVICAL], Left)
    (card,) = panel.others.values()
    assert (card.name.text(), card.pot.pot.text()) == ("Endocervical sampling", "1")
    assert card.pot.pot.hasFocus()
    qtbot.mouseClick(card.remove, Left)
    assert panel.others == {}
    qtbot.keyClick(panel, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(panel.others) == 1


def test_once_it_is_signed_pots_stay_and_results_are_entered(qtbot: QtBot, room: Room, host: Hosted[Any]) -> None:
    pin = room.pin()
    review.set_impression(room.lib, room.visit, Grade.HIGH)
    room.session.perform(lambda lib: review.sign(lib, room.visit, "Dr. Test", "Read by me"), undoable=False)
    pins = host(PinsPanel(room.session))
    pins.show_case(room.session.case)
    assert pins.cards[pin].pot.pot.isReadOnly()
    assert not pins.adding.isVisible()
    panel = host(HistologyPanel(room.session))
    panel.show_case(room.session.case)
    assert not panel.fields.isVisible()
    assert panel.summary.text().startswith("Pot A: waiting ")
    assert panel.pots is not None
    box: Any = panel.pots.result.rows["diagnosis"]
    panel.window().activateWindow()
    box.box.setFocus()
    qtbot.waitUntil(box.box.hasFocus)
    qtbot.keyClick(box.box, Key.Key_Down)
    qtbot.keyClick(box.box, Key.Key_Tab)
    assert panel.summary.text() == "Pot A: normal or benign"
    assert "2 grades less than the impression" in panel.pots.doubt.text()
    found = labelling.histology_of(room.lib, room.visit)
    assert found is not None
    assert found.grade is Grade.NORMAL
    assert pins.cards[pin].pot.result.text() == "Histology: normal or benign"


def test_a_visit_without_pots_has_one_result_for_all(room: Room, host: Hosted[Any]) -> None:
    panel = host(HistologyPanel(room.session))
    assert panel.fields.isVisible()
    room.pin()
    assert not panel.fields.isVisible()
    room.session.perform(lambda lib: specimens.set_pot(lib, room.case.pins[0].id, ""))
    assert panel.fields.isVisible()


def test_a_label_says_whose_and_which_and_guesses_no_hour(room: Room) -> None:
    room.pin(52, 12)
    room.session.perform(lambda lib: specimens.add_specimen(lib, room.visit, SpecimenKind.ENDOCERVICAL))
    first, second = labels.pot_labels(room.case)
    assert (first.name, first.born, first.identifier) == ("O'Brien <b>, Ana & 李娜", "29 Feb 1988", "P-1")
    assert (first.pot, first.what) == ("A", f"biopsy A, {labels.NO_HOUR}")
    assert (second.pot, second.what, second.number, second.count) == ("1", "endocervical sampling", 2, 2)
    from pfm_desktop.domain.source import Source

    room.session.perform(lambda lib: review.mark_os(lib, room.pair, Source.WHITE, 32, 24))
    assert labels.pot_labels(room.case, Registered(room.pair))[0].what == "biopsy A, 2 o'clock, anterior left"


def test_what_is_too_long_for_a_label_is_said(qtbot: QtBot, panel: PinsPanel, room: Room) -> None:
    part = panel.cards[room.pin()].pot
    part.pot.setFocus()
    part.pot.selectAll()
    qtbot.keyClicks(part.pot, "x" * LONGEST_POT)
    assert part.result.text() != TOO_LONG
    qtbot.keyClick(part.pot, Key.Key_Y)
    assert part.result.text() == TOO_LONG
    assert not part.result.isHidden()
