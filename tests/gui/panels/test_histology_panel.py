"""The laboratory's result: kept when it is said, also after the signature, undone, and never lost while typed."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.labelling import Histology
from pfm_desktop.gui.widgets import panel_parts
from pfm_desktop.gui.widgets.findings_panel import FindingsPanel
from pfm_desktop.gui.widgets.histology_panel import HistologyPanel
from pfm_desktop.services import cases, labelling, review
from pfm_desktop.support.errors import StorageError
from pfm_desktop.viewmodels.histology import NO_GRADE

from .conftest import Hosted, Room

pytestmark = pytest.mark.slow

Key = Qt.Key


@pytest.fixture
def findings(room: Room, host: Hosted) -> FindingsPanel:
    return host(FindingsPanel(room.session))


@pytest.fixture
def panel(findings: FindingsPanel) -> HistologyPanel:
    return findings.histology


def kept(room: Room) -> Histology | None:
    return labelling.histology_of(room.lib, room.case.visit.id)


def choose(panel: HistologyPanel, grade: Grade | None) -> None:
    """As with the keys in the list of grades."""
    index = 0 if grade is None else 1 + grade.rank
    panel.grade.setFocus()
    step = Key.Key_Down if index > panel.grade.currentIndex() else Key.Key_Up
    while panel.grade.currentIndex() != index:
        QTest.keyClick(panel.grade, step)
    panel.save()  # as after a moment, or when the keys go elsewhere


def test_a_result_is_kept_with_day_and_words(panel: HistologyPanel, room: Room, qtbot: QtBot) -> None:
    choose(panel, Grade.HIGH)
    qtbot.keyClicks(panel.day, "14 Mar 2026")
    qtbot.keyClick(panel.day, Key.Key_Return)
    qtbot.keyClicks(panel.text, "CIN 2")
    qtbot.keyClick(panel.text, Key.Key_Return)
    found = kept(room)
    assert found is not None
    assert (found.grade, found.reported_on, found.text) == (Grade.HIGH, date(2026, 3, 14), "CIN 2")
    assert found.entered_by in panel.note.text()


def test_it_is_entered_after_the_signature(panel: HistologyPanel, findings, room: Room, qtbot: QtBot) -> None:
    room.session.perform(lambda lib: review.set_impression(lib, room.case.visit.id, Grade.LOW))
    room.session.perform(lambda lib: review.sign(lib, room.case.visit.id, "Dr. Test", "Read by me"))
    findings.show_case(room.case)
    assert not findings.grades[Grade.LOW].isEnabled()
    choose(panel, Grade.LOW)
    found = kept(room)
    assert found is not None
    assert found.grade is Grade.LOW


def test_no_result_takes_it_away_and_undo_brings_it_back(
    panel: HistologyPanel, findings: FindingsPanel, room: Room
) -> None:
    done: list[tuple[object, ...]] = []
    room.session.on_done.append(done.append)
    choose(panel, Grade.LOW)
    choose(panel, None)
    assert kept(room) is None
    room.session.perform(lambda lib: review.undo_all(lib, done[-1]), undoable=False)  # type: ignore[arg-type]
    findings.show_case(room.case)
    found = kept(room)
    assert found is not None
    assert panel.grade.currentData() == "low"


def test_words_without_a_grade_wait_and_are_not_lost(
    panel: HistologyPanel, findings: FindingsPanel, room: Room, qtbot: QtBot
) -> None:
    qtbot.keyClicks(panel.text, "CIN 3")
    findings.left()
    assert kept(room) is None
    assert panel.problem.text() == NO_GRADE
    case = room.case
    other = cases.add_visit(room.lib, case.patient.id)
    findings.show_case(cases.visit_case(room.lib, other.id))
    assert panel.text.text() == ""
    findings.show_case(case)
    assert panel.text.text() == "CIN 3"
    choose(panel, Grade.HIGH)
    found = kept(room)
    assert found is not None
    assert found.text == "CIN 3"


def test_words_without_a_grade_are_asked_about_before_they_go(panel: HistologyPanel, room: Room, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.text, "CIN 3")
    assert room.session.keep_typed() == (f"{room.case.patient.display_name}, result of histology",)
    room.session.drop_typed()
    assert panel.text.text() == ""
    assert room.session.keep_typed() == ()


def test_words_are_kept_while_they_are_typed_and_the_typing_goes_on(
    monkeypatch: pytest.MonkeyPatch, room: Room, host: Hosted, qtbot: QtBot
) -> None:
    monkeypatch.setattr(panel_parts, "LONGEST_MS", 30)
    panel = host(FindingsPanel(room.session)).histology
    choose(panel, Grade.HIGH)
    panel.text.setFocus()
    qtbot.waitUntil(panel.text.hasFocus)
    qtbot.keyClicks(panel.text, "CIN 3 ")
    qtbot.waitUntil(lambda: (found := kept(room)) is not None and found.text == "CIN 3")
    assert panel.text.text() == "CIN 3 ", "the blank stays in front of the next word"
    qtbot.keyClicks(panel.text, "in a biopsy")
    qtbot.waitUntil(lambda: (found := kept(room)) is not None and found.text == "CIN 3 in a biopsy")


@pytest.mark.parametrize("typed", ["yesterday", "1 Jan 2999", "03/04/2026"])
def test_what_is_no_day_is_said_and_stays_in_the_field(
    panel: HistologyPanel, room: Room, qtbot: QtBot, typed: str
) -> None:
    choose(panel, Grade.LOW)
    qtbot.keyClicks(panel.day, typed)
    qtbot.keyClick(panel.day, Key.Key_Return)
    found = kept(room)
    assert found is not None
    assert found.reported_on is None
    assert typed in panel.problem.text()
    assert panel.day.text() == typed


def test_a_result_that_could_not_be_kept_is_said_and_stays_typed(
    panel: HistologyPanel, findings: FindingsPanel, room: Room, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise StorageError("the disk is full")

    qtbot.keyClicks(panel.text, "CIN 3")
    with monkeypatch.context() as patched:
        patched.setattr(labelling, "set_histology", full)
        choose(panel, Grade.NORMAL)
    assert room.session.last_problem is not None
    assert panel.text.text() == "CIN 3"
    findings.left()
    found = kept(room)
    assert found is not None
    assert (found.grade, found.text) == (Grade.NORMAL, "CIN 3")


def test_showing_a_visit_is_no_edit(panel: HistologyPanel, findings: FindingsPanel, room: Room) -> None:
    choose(panel, Grade.LOW)
    done: list[object] = []
    room.session.on_done.append(done.append)
    findings.show_case(room.case)
    findings.left()
    assert done == []


def test_only_the_grade_on_which_the_keys_rest_is_kept(panel: HistologyPanel, room: Room, qtbot: QtBot) -> None:
    done: list[object] = []
    room.session.on_done.append(done.append)
    panel.grade.setFocus()
    for _ in range(3):
        qtbot.keyClick(panel.grade, Key.Key_Down)
    qtbot.waitUntil(lambda: kept(room) is not None)
    assert len(done) == 1
    assert panel.grade.currentData() == "high"
