"""A visit with a pair in a small library, and panels that follow it as the Review page makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.gui.undo import Undo
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.services import cases, pairing, review
from pfm_desktop.services.cases import VisitCase
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.settings import Settings
from pfm_desktop.viewmodels.session import Session

Panel = TypeVar("Panel", bound=QWidget)


@dataclass(frozen=True)
class Room:
    """Two visits of one woman; the first one, with the pair, is on the desk."""

    session: Session
    visit: str
    other: str
    pair: str
    problems: list[UserError]

    @property
    def lib(self) -> Library:
        return self.session.library

    @property
    def case(self) -> VisitCase:
        """The first visit as it is on disk."""
        return cases.visit_case(self.lib, self.visit)

    def pin(self, x: float = 48, y: float = 4, frame: Source = Source.WHITE, note: str = "") -> str:
        """Place a pin as the stage does; its id."""
        self.session.perform(lambda lib: review.place_pin(lib, self.pair, frame, x, y, note=note))
        return self.case.pins[-1].id


@pytest.fixture
def room(tmp_path: Path, library_from: Callable[..., tuple[str, str, str]]) -> Iterator[Room]:
    visit, other, pair = library_from(tmp_path / "clinic", _one_woman)
    with Library.open(tmp_path / "clinic") as lib:
        session = Session(lib, Settings(reader="Dr. Test"))
        problems: list[UserError] = []
        session.on_problem.append(problems.append)
        session.open_visit(visit)
        yield Room(session, visit, other, pair, problems)


def _one_woman(lib: Library) -> tuple[str, str, str]:
    patient = cases.add_patient(
        lib, identifier="P-1", family_name="O'Brien <b>", given_name="Ana & 李娜", birth_date=date(1988, 2, 29)
    )
    visit = cases.add_visit(lib, patient.id, started_at=datetime(2026, 3, 14, 9, 30, tzinfo=UTC))
    other = cases.add_visit(lib, patient.id, started_at=datetime(2025, 3, 14, 9, 30, tzinfo=UTC))
    for stage, grey in ((Stage.ACETIC_ACID, 180), (Stage.FLUORESCENCE_AFTER_ACID, 60)):
        cases.add_picture(lib, visit.id, encode_png(np.full((48, 64, 3), grey, np.uint8)), stage=stage)
    pair = pairing.ensure_pair(lib, visit.id)
    assert pair is not None
    return visit.id, other.id, pair.id


Hosted = Callable[[Panel], Panel]


@pytest.fixture
def host(qtbot: QtBot, room: Room) -> Iterator[Hosted]:
    """Shows a panel in a scrolling column that follows the session, with undo on Ctrl+Z as in the window."""
    undo = Undo(room.session)
    columns: list[QScrollArea] = []

    def hosted(panel: Panel) -> Panel:
        column = QScrollArea()
        column.setWidgetResizable(True)
        column.setWidget(panel)
        column.resize(360, 620)
        action = QAction(column)
        action.setShortcut("Ctrl+Z")
        action.triggered.connect(undo.undo)
        column.addAction(action)
        room.session.on_case.append(panel.show_case)  # type: ignore[attr-defined]
        columns.append(column)
        column.show()
        column.activateWindow()
        qtbot.waitExposed(column)
        return panel

    yield hosted
    for column in columns:  # not qtbot.addWidget: its widgets are gone before a fixture can wait for their work
        room.session.on_case.remove(column.widget().show_case)  # type: ignore[attr-defined]
        column.hide()
        column.deleteLater()
