"""Whose examination it is, where that is not settled: no visit, an unassigned one, or one that cannot be added to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.viewmodels import capture_words as say

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session


class Whose(QFrame):
    """In sight only where something about it is to be said. `today_wanted` to choose her in the list; `assign_wanted`
    for an unassigned visit."""

    today_wanted = Signal()
    assign_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setProperty("role", "card")
        self.setAccessibleName("Whose examination")
        self.heading, self.text = words(self, "heading"), words(self, "quiet")
        self.choose = QPushButton("Choose in Today", self)
        self.begin = QPushButton("Begin without a patient", self)
        self.assign = QPushButton("Give it to a woman ...", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(6)
        for part in (self.heading, self.text, self.choose, self.begin, self.assign):
            column.addWidget(part)
        for button in (self.choose, self.begin, self.assign):
            button.setAutoDefault(True)
        self.choose.clicked.connect(self.today_wanted)
        self.begin.clicked.connect(self._begin)
        self.assign.clicked.connect(self.assign_wanted)

    def show_case(self, case: VisitCase | None) -> None:
        """The visit on the desk is another one, or none."""
        unassigned = case is not None and case.patient.unassigned and not case.signed
        signed = case is not None and case.signed
        self.setVisible(case is None or unassigned or signed)
        self.choose.setVisible(case is None or signed)
        self.begin.setVisible(case is None and not self._session.library.no_editing)
        self.assign.setVisible(unassigned)
        if case is None:
            self.heading.setText(say.NOBODY)
            self.text.setText(say.BEGIN_HINT)
        elif signed:
            self.heading.setText("Signed")
            self.text.setText(say.SIGNED)
        else:
            self.heading.setText(say.UNASSIGNED)
            self.text.setText(say.UNASSIGNED_HINT)

    def _begin(self) -> None:
        self.begin_unassigned()

    def begin_unassigned(self) -> bool:
        """Begin a visit of nobody known; False (and the problem said) where it cannot be."""
        from pfm_desktop.services.capture import unassigned

        made: list[str] = []

        def begin(lib: Library) -> tuple[()]:
            made.append(unassigned.begin_unassigned(lib, self._session.reader).id)
            return ()

        if self._session.perform(begin, undoable=False) is None or not made:
            return False
        return self._session.open_visit(made[0])
