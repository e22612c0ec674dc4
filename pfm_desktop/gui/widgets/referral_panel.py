"""The referral card of the visit on the desk."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.form_view import FormView
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import referral as model
from pfm_desktop.viewmodels import unkept_names

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session


class ReferralPanel(QWidget):
    """Follows `show_case`. Each answer is on disk as it is given, and undo takes it back."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._case: VisitCase | None = None
        self._stale = False  # the fields show less than the record
        self.setAccessibleName(tr("Referral card"))
        self.lock, self.about = words(self, "badge"), words(self, "quiet")
        self.bar = QProgressBar(self)
        self.missing, self.doubts = words(self), words(self, "problem")
        self.form = FormView(model.SHOWN, self)
        self._lay_out()
        self.form.answered.connect(self._answer)
        session.drafts.append(self)
        self.show_case(session.case)

    def show_case(self, case: VisitCase | None) -> None:
        """Show a visit as it is on disk; what is being typed in it stays."""
        if (case.visit.id if case else "") != (self._case.visit.id if self._case else ""):
            self.form.save()  # of the visit before
        self._case = case
        self._stale = not self.isVisible()
        if not self._stale:
            self._show(case)

    def showEvent(self, event: QShowEvent) -> None:
        """The fields are filled once they are seen, not for each picture that Capture takes meanwhile."""
        super().showEvent(event)
        if self._stale:
            self.show_case(self._case)

    def _show(self, case: VisitCase | None) -> None:
        view = model.referral_view(case, self._session.library.no_editing)
        say(self.lock, view.locked)
        say(self.about, view.about)
        say(self.missing, "\n".join(part for part in view.missing if part))
        say(self.doubts, view.doubts)
        self.bar.setVisible(case is not None)
        self.bar.setRange(0, view.wanted)
        self.bar.setValue(view.complete)
        self.form.setVisible(case is not None)
        named = partial(unkept_names.in_referral, case.patient) if case is not None else str
        self.form.show_answers(view.visit_id, view.answers, locked=bool(view.locked), named=named)

    def left(self) -> None:
        """The page goes out of sight."""
        self.form.save()

    # what was typed and is not on disk (`session.Typed`)

    @property
    def names(self) -> tuple[str, ...]:
        """What cannot be kept, by the names of the woman and of the field."""
        return self.form.unkept

    def save(self) -> bool:
        """Try once more."""
        self.form.save()
        return not self.form.unkept

    def drop(self) -> None:
        """It is not wanted any more."""
        self.form.drop()

    def _answer(self, of: str, key: str, answer: Any) -> None:
        case = self._case
        edit = model.answer_edit(case, key, answer) if case is not None and case.visit.id == of else None
        if edit is not None and self._session.perform(edit) is None:
            self.show_case(self._case)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        for part in (self.lock, self.bar, self.missing, self.doubts, self.about, self.form):
            column.addWidget(part)
        column.addStretch(1)
        self.bar.setTextVisible(False)
        self.bar.setStyleSheet("QProgressBar { min-height: 6px; max-height: 6px; }")
        self.bar.setAccessibleName(tr("How complete the referral card is"))
