"""Whose examination it is, where that is not settled: no visit, an unassigned one, or one that cannot be added to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.pages.capture.moments import WAITS_S
from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import capture_words as say
from pfm_desktop.viewmodels.words import woman_words

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session


NAME_PIXELS = 270  # of the side column's width


class Whose(QFrame):
    """In sight only where something about it is to be said. `today_wanted` to choose her in the list; `assign_wanted`
    for an unassigned visit, `settled` once it was said that it is the one that is open."""

    today_wanted = Signal()
    assign_wanted = Signal()
    settled = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Whose examination"))
        self.heading, self.text = words(self, "heading"), words(self, "quiet")
        self.offered: tuple[str, str] = ("", "")  # visit and woman that the list of Today stands on
        self._visit_id = ""  # of the visit that was open when it was asked
        self.this, self.offer = QPushButton(self), QPushButton(self)
        self.choose = QPushButton(tr("Choose in Today"), self)
        self.begin = QPushButton(tr("Begin without a patient"), self)
        self.assign = QPushButton(tr("Give it to a woman ..."), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(6)
        for part in (self.heading, self.text, self.offer, self.this, self.choose, self.begin, self.assign):
            column.addWidget(part)
        self.offer.clicked.connect(self._take_offer)
        self.this.clicked.connect(self._stay)
        self.choose.clicked.connect(self.today_wanted)
        self.begin.clicked.connect(self._begin)
        self.assign.clicked.connect(self.assign_wanted)

    def ask_between(self, visit_id: str, woman: str) -> None:
        """The list of Today stands on this visit, and another one, or none, is open: whose examination is it?"""
        self.offered = visit_id, woman
        self._visit_id = _id_of(self._session.case)
        self.show_case(self._session.case)

    def settle(self) -> None:
        """It needs not be asked any more."""
        if self.asks:
            self.offered = "", ""
            self.show_case(self._session.case)

    @property
    def asks(self) -> bool:
        """Whether it has to be said first whose examination it is."""
        return bool(self.offered[0])

    def show_case(self, case: VisitCase | None) -> None:
        """The visit on the desk is another one, or none."""
        if self.asks and _id_of(case) != self._visit_id:  # somebody opened one, or closed the one that was meant
            self.offered = "", ""
        offered = self.asks
        asks = offered and case is not None
        unassigned = case is not None and case.patient.unassigned and not case.signed
        signed = case is not None and case.signed
        self.setVisible(case is None or unassigned or signed or asks)
        self.offer.setVisible(offered)
        self._name(self.offer, self.offered[1], tr("(chosen in Today)"))
        self.this.setVisible(asks)
        self.choose.setVisible((case is None and not offered) or (signed and not asks))
        self.begin.setVisible(case is None and not self._session.library.no_editing)
        self.assign.setVisible(unassigned and not asks)
        if asks and case is not None:
            self._name(self.this, woman_words(case.patient), tr("(open in Review)"))
        self.heading.setText(say.whose_heading(case, asks=asks))
        self.text.setText(say.whose_text(case, asks=asks, offered=offered))

    def _name(self, button: QPushButton, woman: str, why: str) -> None:
        """On two lines, the name cut where it is longer than the column is wide."""
        cut = button.fontMetrics().elidedText(woman, Qt.TextElideMode.ElideMiddle, NAME_PIXELS)
        button.setText(f"{cut}\n{why}".replace("&", "&&"))
        button.setToolTip(woman)
        button.setAccessibleName(f"{woman} {why}")

    def _take_offer(self) -> None:
        visit_id, self.offered = self.offered[0], ("", "")
        if not self._session.open_visit(visit_id):
            self.show_case(self._session.case)

    def _stay(self) -> None:
        self.settle()
        self.settled.emit()

    def _begin(self) -> None:
        self.begin_unassigned()

    def begin_unassigned(self) -> bool:
        """Begin a visit of nobody known; False (and the problem said) where it cannot be."""
        from pfm_desktop.services.capture import unassigned

        self.offered = "", ""
        made: list[str] = []

        def begin(lib: Library) -> tuple[()]:
            made.append(unassigned.begin_unassigned(lib, self._session.reader).id)
            return ()

        if self._session.perform(begin, undoable=False, waits_s=WAITS_S) is None or not made:
            return False
        return self._session.open_visit(made[0])


def _id_of(case: VisitCase | None) -> str:
    return case.visit.id if case is not None else ""
