"""A signed report is amended: why is asked, the report that was signed is kept, and saved again on request."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import isValid

from pfm_desktop.gui.widgets.file_dialog import ask_where
from pfm_desktop.gui.widgets.panel_parts import LineField, say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import amending as model

if TYPE_CHECKING:
    from pfm_desktop.domain.amendment import Amendment
    from pfm_desktop.domain.change import Change
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.report_form import MakeContent, ReportSources, Saved
    from pfm_desktop.viewmodels.session import Session


class AmendPart(QWidget):
    """Follows `show_case`. `opened` once the visit can be changed again; `said(text)` what became of saving."""

    opened = Signal()
    said = Signal(str)

    def __init__(
        self,
        session: Session,
        jobs: QtJobs,
        make: MakeContent,
        sources: Callable[[VisitCase], ReportSources],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._make, self._sources = session, jobs, make, sources
        self._case: VisitCase | None = None
        self._handle: object = None
        self.begin, self.now, self.back = (
            QPushButton(text, self) for text in (tr("Amend..."), tr("Amend now"), tr("Back"))
        )
        self.why, self.reason, self.problem = words(self, "", model.ASK), LineField(self), words(self, "problem")
        self.reason.show_hint(tr("Why the signed report is amended"))
        self.reason.setAccessibleName(tr("Why the signed report is amended"))
        self._asked = QWidget(self)
        self._originals = QVBoxLayout()
        self.buttons: dict[str, QPushButton] = {}
        self._lay_out()
        self.begin.clicked.connect(lambda _checked=False: self._ask(on=True))
        self.back.clicked.connect(lambda _checked=False: self._give_up())
        self.now.clicked.connect(lambda _checked=False: self._amend())
        self.reason.returnPressed.connect(self._amend)
        self._ask(on=False)

    def show_case(self, case: VisitCase | None) -> None:
        """A visit as it is on disk."""
        if (case.visit.id if case else "") != (self._case.visit.id if self._case else ""):
            self.reason.clear()
            self._ask(on=False)
        self._case = case
        self.begin.setVisible(case is not None and case.signed and self._asked.isHidden())
        self.begin.setEnabled(not self._session.library.no_editing)
        if case is None or not case.signed:
            self._ask(on=False)
        self._show_originals(case.amendments if case is not None else ())

    def in_order(self) -> tuple[QWidget, ...]:
        """The parts as the tab key goes through them."""
        return (self.begin, self.reason, self.now, self.back, *self.buttons.values())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up."""
        if event.key() == Qt.Key.Key_Escape and self._asked.isVisible():
            self._give_up()
        else:
            super().keyPressEvent(event)

    def _ask(self, *, on: bool) -> None:
        self._asked.setVisible(on)
        self.begin.setVisible(not on and self._case is not None and self._case.signed)
        say(self.problem, "")
        if on:
            self.reason.setFocus(Qt.FocusReason.OtherFocusReason)

    def _give_up(self) -> None:
        self._ask(on=False)
        self.begin.setFocus(Qt.FocusReason.OtherFocusReason)

    def _amend(self) -> None:
        case, reason = self._case, self.reason.text()
        if case is None or not case.signed or self._handle is not None:
            return
        if (wrong := model.why_not(reason)) != "":
            say(self.problem, wrong)
            return
        say(self.problem, "")
        self.now.setEnabled(False)
        self._handle = self._jobs.start(
            model.amend, self._session.library, self._sources(case), reason, self._make,
            title=tr("Keeping the signed report"), done=lambda changes: self._done(case.visit.id, changes),
            failed=self._not_done, stopped=lambda: self._not_done(model.STOPPED),
        )  # fmt: skip

    def _done(self, visit_id: str, changes: tuple[Change, ...]) -> None:
        self._session.tell_changed(changes)
        if not isValid(self):
            return
        self._ended()
        if self._case is not None and self._case.visit.id == visit_id:
            self.reason.clear()
            self._ask(on=False)
            self.opened.emit()

    def _not_done(self, message: str) -> None:
        if isValid(self):
            self._ended()
            say(self.problem, message)

    def _ended(self) -> None:
        self._handle = None
        self.now.setEnabled(True)

    def _show_originals(self, amendments: tuple[Amendment, ...]) -> None:
        ids = [one.id for one in amendments]
        for id_ in [id_ for id_ in self.buttons if id_ not in ids]:
            gone = self.buttons.pop(id_)
            self._originals.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for one in amendments:
            if one.id not in self.buttons:
                button = QPushButton(model.original_words(one), self)
                button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # the column stays as it is
                button.setToolTip(tr("Amended by {who}: {reason}", who=one.who, reason=one.reason))
                button.clicked.connect(lambda _checked=False, one=one: self._ask_where(one))
                self.buttons[one.id] = button
                self._originals.addWidget(button)
        for part, next_ in pairwise(self.in_order()):
            self.setTabOrder(part, next_)

    def _ask_where(self, one: Amendment) -> None:
        name = model.original_name(one)
        title = tr("Save the report as it was signed")
        ask_where(self, "save_original", title, name, lambda path: self.save_to(one, path))

    def save_to(self, one: Amendment, path: str) -> None:
        """Write an earlier report as it was signed."""
        self.said.emit(tr("Saving {file} ...", file=Path(path).name))
        self._jobs.start(
            model.save_original, self._session.library, one, path,
            title=tr("Saving the report as it was signed"), done=self._saved, failed=self._not_saved,
            stopped=lambda: self._not_saved(tr("It was stopped. No report was saved.")),
        )  # fmt: skip

    def _saved(self, saved: Saved) -> None:
        if isValid(self):
            self.said.emit(saved.said)

    def _not_saved(self, message: str) -> None:
        if isValid(self):
            self.said.emit(tr("Not saved. {message}", message=message))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.now)
        row.addWidget(self.back)
        inside = QVBoxLayout(self._asked)
        inside.setContentsMargins(0, 0, 0, 0)
        for part in (self.why, self.reason, self.problem):
            inside.addWidget(part)
        inside.addLayout(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.begin)
        column.addWidget(self._asked)
        column.addLayout(self._originals)
