"""The laboratory's result, entered below the findings, pot by pot where there are any; also of a visit that is
signed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QTimer
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from pfm_desktop.domain.grade import GRADES, Grade
from pfm_desktop.gui.widgets.follow_up_panel import FollowUpPanel
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, LineField, grade_icon, keep_while_typing, say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import histology as model
from pfm_desktop.viewmodels.follow_up import followed_of, pots_lines
from pfm_desktop.viewmodels.grades import grade_words
from pfm_desktop.viewmodels.histology import Entered
from pfm_desktop.viewmodels.unkept_names import in_histology
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session


PAUSE_MS = 800  # the keys go through grades on the way to one; only where they rest is kept


class HistologyPanel(QWidget):
    """Follows `show_case`. A grade is kept a moment after it is chosen, day and words when the keys leave them.

    Of a visit with pots the result is the worst of theirs: each is entered by itself.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._visit_id, self._kept = "", Entered()
        self._waiting: dict[str, Entered] = {}  # by visit, what could not be kept yet
        self._called: dict[str, str] = {}  # by visit, what its result is called far from here
        self.grade, self.day, self.text = CalmComboBox(self), LineField(self), LineField(self)
        self.note, self.problem = words(self, "quiet"), words(self, "problem")
        self.pots: FollowUpPanel | None = None  # made for the first visit that has any
        self.summary = words(self)
        self._lay_out()
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.save)
        self.grade.activated.connect(lambda _index: self._pause.start())
        for field in (self.day, self.text):
            field.let_go.connect(self.save)
            field.returnPressed.connect(self.save)
        keep_while_typing(self.text, self.save)
        session.drafts.append(self)

    @property
    def names(self) -> tuple[str, ...]:
        """Whose result was typed and is not on disk (`Session.drafts`)."""
        return tuple(self._called[visit_id] for visit_id in self._waiting)

    def drop(self) -> None:
        """What could not be kept is not wanted any more."""
        self._waiting.clear()
        self._fill(self._kept)
        say(self.problem, "")

    def show_case(self, case: VisitCase | None) -> None:
        """A visit, with what is on disk of it; what is being typed stays."""
        visit_id = "" if case is None else case.visit.id
        if visit_id != self._visit_id:
            self.save()
        typing = visit_id == self._visit_id and (self.day.hasFocus() or self.text.hasFocus() or self._pause.isActive())
        self._visit_id = visit_id
        if case is not None:
            self._called[visit_id] = in_histology(case.patient)
        self._kept, said = model.kept_in(self._session, visit_id) if visit_id else (Entered(), "")
        if not typing:
            self._fill(self._waiting.get(visit_id, self._kept))
        self._say(said)
        self._show_pots(case)
        editable = bool(visit_id) and not self._session.library.no_editing
        for part in (self.grade, self.day, self.text):
            part.setEnabled(editable)

    def save(self) -> bool:
        """Bring what stands in the fields to disk, as far as it can be kept; whether all of it is there."""
        self._pause.stop()
        if self.pots is not None:
            self.pots.save()
        if self._visit_id and not self._session.library.no_editing:
            self._keep(self._visit_id, self._entered())
        return not self._waiting

    def _keep(self, visit_id: str, entered: Entered) -> None:
        self._waiting.pop(visit_id, None)
        edit = model.edit_of(visit_id, entered, self._kept)
        if edit is not None:
            self._kept = entered  # the refresh that follows asks again
            if self._session.perform(edit) is None:
                self._kept = model.kept_in(self._session, visit_id)[0]
                self._waiting[visit_id] = entered
        elif not model.same(entered, self._kept):
            self._waiting[visit_id] = entered
        say(self.problem, model.problem_of(entered))

    def _show_pots(self, case: VisitCase | None) -> None:
        pots = [] if case is None else [one for one in case.specimens if one.pot or one.result.answers]
        for part in (self.fields, self.note):
            part.setVisible(not pots)
        self.summary.setVisible(bool(pots))
        if self.pots is not None:
            self.pots.setVisible(bool(pots))
        if not pots or case is None:
            if self.pots is not None:
                self.pots.show_visit(None)
            return
        if self.pots is None:
            self.pots = FollowUpPanel(self._session, self, here=True)
            self._session.drafts.append(self.pots)
            self._column.addWidget(self.pots)
        self.summary.setText(pots_lines(case.specimens, case.visit.day, date.today()))
        self.pots.show_visit(followed_of(case))

    def _entered(self) -> Entered:
        chosen = self.grade.currentData()
        return Entered(Grade(chosen) if chosen else None, self.day.text(), self.text.text())

    def _fill(self, entered: Entered) -> None:
        with QSignalBlocker(self.grade):
            self.grade.setCurrentIndex(0 if entered.grade is None else 1 + entered.grade.rank)
        self.day.show_text(entered.day)
        self.text.show_text(entered.text)

    def _say(self, said: str) -> None:
        self.note.setText(" ".join(part for part in (said, model.OUTRANKS) if part))
        say(self.problem, model.problem_of(self._entered()) if self._visit_id else "")

    def _lay_out(self) -> None:
        self.grade.addItem(tr("No result"), "")
        for grade in GRADES:
            self.grade.addItem(grade_icon(grade), capital(grade_words(grade)), grade.value)
        self.day.show_hint(tr("Day of the report, 14 Mar 2026"))
        self.text.show_hint(tr("Words of the report, CIN 2"))
        self.fields = QWidget(self)
        form = QFormLayout(self.fields)
        form.setContentsMargins(0, 0, 0, 0)
        for title, spoken, field in (
            (tr("Grade"), tr("Histology: grade"), self.grade),
            (tr("Reported"), tr("Histology: reported"), self.day),
            (tr("Words"), tr("Histology: words"), self.text),
        ):
            field.setAccessibleName(spoken)
            form.addRow(title, field)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(words(self, "heading", tr("Histology")))
        column.addWidget(self.summary)
        column.addWidget(self.fields)
        column.addWidget(self.problem)
        column.addWidget(self.note)
