"""Undo over weeks of work: the steps of old visits are let go of, those of the one in front never."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QUndoStack
from pytestqt.qtbot import QtBot

from pfm_desktop.gui import undo as of_undo
from pfm_desktop.gui.undo import Undo
from pfm_desktop.services import cases, review
from pfm_desktop.viewmodels.session import Session

pytestmark = pytest.mark.slow


def test_steps_of_visits_long_ago_are_let_go_of_and_those_in_front_are_kept(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_undo, "_VISITS", 3)
    undo, lib = Undo(session), session.library
    patient = cases.add_patient(lib, identifier="U-1", family_name="Undo")
    visits = [cases.add_visit(lib, patient.id).id for _ in range(6)]
    for number, visit in enumerate(visits):
        session.open_visit(visit)
        session.perform(lambda lib, visit=visit, number=number: review.set_text(lib, visit, f"text {number}"))
    assert len(undo._stacks) == 3
    qtbot.waitUntil(lambda: len([one for one in undo._group.stacks() if isinstance(one, QUndoStack)]) == 4)  # the list
    session.open_visit(visits[5])
    assert undo.undo()
    assert session.case.findings.text == ""
    session.open_visit(visits[3])
    assert undo.undo_text
    session.open_visit(visits[0])
    assert undo.undo_text == ""
    assert not undo.undo()
    undo.detach()
