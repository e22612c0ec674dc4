"""Findings of the visit on the desk: impression, Swede score, words, plan, and what is still missing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.domain.findings import SWEDE_ITEMS
from pfm_desktop.domain.grade import GRADE_WORDS, GRADES, Grade
from pfm_desktop.gui.actions import page_action
from pfm_desktop.gui.widgets.answer_parts import DifferForm
from pfm_desktop.gui.widgets.drawing_panel import DrawingPanel
from pfm_desktop.gui.widgets.histology_panel import HistologyPanel
from pfm_desktop.gui.widgets.lesions_panel import LesionChooser, LesionsPanel
from pfm_desktop.gui.widgets.panel_parts import LONGEST_MS, TextField, grade_icon, say, words
from pfm_desktop.gui.widgets.score_panel import ScorePanel
from pfm_desktop.services.bands import site_bands
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import findings as model
from pfm_desktop.viewmodels.answer import Asked, differ_edit, needs_reason
from pfm_desktop.viewmodels.drafts import Drafts
from pfm_desktop.viewmodels.grades import DETAILS, TITLES
from pfm_desktop.viewmodels.iodine import allergy_words
from pfm_desktop.viewmodels.referral import in_short

if TYPE_CHECKING:
    from pfm_desktop.domain.bands import Bands
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.engine import PairAnswer
    from pfm_desktop.viewmodels.session import Session

PAUSE_MS = 800  # typing that pauses so long is one edit
REASON = tr("This is your second read. One that differs from the AI needs a reason.")


class FindingsPanel(QWidget):
    """Follows `show_case` and `show_answer`. `commands` are the page's actions for the four grades.

    `asks`: a grade was chosen, here or by key, that needs a reason; the panel has to be in sight. Call `left()` before
    the page is left for good; hiding the panel and taking the focus away save as well.
    """

    asks = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._case: VisitCase | None = None
        self._bands: Bands | None = None
        self._asked = Asked()
        self.setAccessibleName(tr("Findings"))
        self.lock, self.note = words(self, "badge"), words(self, "quiet")
        self.referral = words(self)
        self.grades = {grade: self._grade_button(grade) for grade in GRADES}
        self.clear = self._clear_button()
        self.form = DifferForm(self)
        chooser = LesionChooser(self)  # its keys come before those of the score
        self.swede = ScorePanel(tr("Swede score"), SWEDE_ITEMS, self)
        self.band = words(self)
        self.lesions = LesionsPanel(session, chooser, self)
        self.drawing = DrawingPanel(session, lambda: self.lesions.chosen, self)
        self.text = TextField(tr("Findings in words"), tr("What you see"), self)
        self.plan = TextField(tr("Plan"), tr("Biopsy, treatment, recall, referral"), self, lines=3)
        self.histology = HistologyPanel(session, self)
        self.bar, self.gaps = QProgressBar(self), words(self)
        self._drafts = {
            self.text: Drafts(session, model.save_text, tr("Findings in words")),
            self.plan: Drafts(session, model.save_plan, tr("Plan")),
        }
        self._pause, self._longest = self._timer(PAUSE_MS), self._timer(LONGEST_MS)
        self.commands = tuple(self._command(number, grade) for number, grade in enumerate(GRADES, start=1))
        self._lay_out()
        self._connect()
        self.show_case(session.case)

    def show_case(self, case: VisitCase | None) -> None:
        """Show a visit as it is on disk; what is being typed in it stays."""
        if (case.visit.id if case else "") != (self._case.visit.id if self._case else ""):
            self.save()
            self.form.close_form()
        self._case = case
        self.lesions.show_case(case)
        self.drawing.show_case(case)
        view = self._view(case)
        say(self.lock, view.locked)
        say(self.note, view.note)
        say(self.referral, in_short(case))
        for grade, button in self.grades.items():
            button.setChecked(grade is view.impression)
            button.setText(_grade_text(grade, chosen=grade is view.impression))
            button.setEnabled(not view.locked)
        for command in self.commands:
            command.setEnabled(not view.locked)
        self.clear.setVisible(view.clearable)
        if view.locked:
            self.form.close_form()
        self._show_swede(view)
        for field, kept in ((self.text, view.text), (self.plan, view.plan)):
            field.show_text(self._drafts[field].shown(view.visit_id, kept))
            field.setReadOnly(bool(view.locked))
        self.histology.show_case(case)
        self.bar.setRange(0, view.parts)
        self.bar.setValue(view.complete)
        self.bar.setVisible(case is not None)
        self.gaps.setText(view.gaps)

    def show_answer(self, answer: PairAnswer | None, *, pending: bool, problem: str = "") -> None:
        """What the engine has, or why it has nothing: nothing of it is shown here, but a grade may depart from it."""
        self._asked = Asked(answer, pending, problem)

    def _view(self, case: VisitCase | None) -> model.FindingsView:
        if self.isVisible():
            with suppress(UserError):  # a library that cannot be read says so elsewhere
                self._bands = site_bands(self._session.library)
        return model.findings_view(case, self._session.library.no_editing, self.lesions.chosen, self._bands)

    def showEvent(self, event: QShowEvent) -> None:
        """The site may have chosen other bands meanwhile."""
        super().showEvent(event)
        say(self.band, self._view(self._case).swede_band)

    def _show_swede(self, view: model.FindingsView) -> None:
        warned = {"iodine": allergy_words(self._case)}
        self.swede.show_score(view.swede_status, asdict(view.swede), locked=bool(view.locked), warned=warned)
        say(self.band, view.swede_band)

    def _lesion_changed(self) -> None:
        self.drawing.follow()
        self._show_swede(self._view(self._case))

    def save(self) -> None:
        """Bring what was typed to disk now."""
        self._pause.stop()
        self._longest.stop()
        self.lesions.save()
        for drafts in self._drafts.values():
            drafts.save()
        self.histology.save()

    def left(self) -> None:
        """The page goes out of sight."""
        self.save()

    def hideEvent(self, event: QHideEvent) -> None:
        """Another tab or page, or the window closes."""
        super().hideEvent(event)
        self.save()

    def changeEvent(self, event: QEvent) -> None:
        """Icons are drawn in the colours of the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            for grade, button in getattr(self, "grades", {}).items():
                button.setIcon(grade_icon(grade))

    # ---- edits

    def _press(self, grade: Grade) -> None:
        if self._case is None:
            return
        if needs_reason(self._case, self._asked, grade):
            self._ask(self._case, grade)
            return
        edit = model.impression_edit(self._case, grade)
        if edit is None:  # a press too many: the button has switched itself off meanwhile
            self.show_case(self._case)
            return
        self.form.close_form()
        if self._session.perform(edit) is None:
            self.show_case(self._case)

    def _clear(self) -> None:
        grade = self._case.findings.impression if self._case is not None else None
        if self._case is None or grade is None or not model.findings_view(self._case).clearable:
            return
        edit = model.impression_edit(self._case, None)
        if edit is not None and self._session.perform(edit) is not None:
            self.grades[grade].setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask(self, case: VisitCase, grade: Grade) -> None:
        """The reason comes first: until it is given the impression stays."""
        self.show_case(case)
        self.asks.emit()
        self.form.open_form(grade)
        self.form.grade.setCurrentIndex(grade.rank)  # also where it was open for another one
        say(self.form.missing, REASON)
        self.form.reason.setFocus(Qt.FocusReason.OtherFocusReason)

    def _differ(self, grade: Grade, reason: str) -> None:
        if self._case is None:
            return
        edit = differ_edit(self._case, self._session.reader, grade, reason)
        if self._session.perform(edit) is not None:
            self.form.close_form()
            self.grades[grade].setFocus(Qt.FocusReason.OtherFocusReason)

    def _give_up(self) -> None:
        self.grades[Grade(self.form.grade.currentData())].setFocus(Qt.FocusReason.OtherFocusReason)

    def _score(self, key: str, value: int | None) -> None:
        case, lesion = self._case, self.lesions.chosen
        edit = model.swede_edit(case, key, value, lesion, by=self._session.reader) if case is not None else None
        if edit is not None and self._session.perform(edit) is None:
            self.show_case(self._case)

    def _typed(self, field: TextField) -> None:
        case = self._case
        if case is None or field.isReadOnly():
            return
        kept = case.findings.text if field is self.text else case.findings.plan
        self._drafts[field].type(case.visit.id, case.visit.id, field.toPlainText(), kept=kept)
        self._pause.start()
        if not self._longest.isActive():
            self._longest.start()

    # ---- building

    def _grade_button(self, grade: Grade) -> QPushButton:
        button = QPushButton(_grade_text(grade, chosen=False), self)
        button.setCheckable(True)
        button.setIcon(grade_icon(grade))
        button.setIconSize(QSize(28, 22))
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        named = f"{TITLES[grade]} {DETAILS.get(grade, '')}".strip()
        button.setAccessibleName(tr("Impression: {grade}", grade=named))
        button.setToolTip(tr("Ctrl+Shift+{number}; undo takes it back", number=grade.rank + 1))
        button.clicked.connect(lambda _checked=False: self._press(grade))
        return button

    def _clear_button(self) -> QPushButton:
        button = QPushButton(tr("Clear"), self)
        button.setAccessibleName(tr("Clear the impression"))
        button.setToolTip(tr("Take the impression away; it can be undone"))
        keeps = button.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)  # nothing moves when it comes and goes
        button.setSizePolicy(keeps)
        button.setStyleSheet("QPushButton { padding: 2px 10px; min-height: 16px; }")
        button.clicked.connect(lambda _checked=False: self._clear())
        return button

    def _command(self, number: int, grade: Grade) -> QAction:
        id_, text = f"review.impression_{grade.value}", tr("Impression: {grade}", grade=GRADE_WORDS[grade])
        return page_action(self, id_, text, f"Ctrl+Shift+{number}", partial(self._press, grade), repeat=False)

    def _timer(self, milliseconds: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(self.save)
        return timer

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.lock)
        column.addWidget(self.referral)
        column.addWidget(self.bar)
        column.addWidget(self.gaps)
        head = QHBoxLayout()
        head.addWidget(words(self, "heading", tr("Impression")), 1)
        head.addWidget(self.clear)
        column.addLayout(head)
        grid = QGridLayout()
        grid.setSpacing(8)
        for place, button in enumerate(self.grades.values()):
            grid.addWidget(button, place // 2, place % 2)
            grid.setRowMinimumHeight(place // 2, 2 * button.fontMetrics().height() + 22)
        column.addLayout(grid)
        for one, next_ in pairwise((*self.grades.values(), self.clear)):
            self.setTabOrder(one, next_)
        column.addWidget(self.form)
        column.addWidget(self.note)
        column.addSpacing(6)
        column.addWidget(self.lesions.chooser)
        column.addWidget(self.drawing)
        self.setTabOrder(self.lesions.chooser.remove, self.drawing.take)  # the lesions come between them
        column.addWidget(self.swede)
        column.addWidget(self.band)
        column.addWidget(self.lesions)
        column.addWidget(self.drawing.of_diagram)
        for title, field in ((tr("Findings in words"), self.text), (tr("Plan"), self.plan)):
            label = QLabel(title, self)
            label.setProperty("role", "heading")
            label.setBuddy(field)
            column.addSpacing(6)
            column.addWidget(label)
            column.addWidget(field)
        column.addSpacing(6)
        for part in (self.lesions.of_visit, self.lesions.doubts, self.lesions.of_others, self.histology):
            column.addWidget(part)
        column.addStretch(1)
        self.bar.setTextVisible(False)  # no text colour reads on both halves of a bar; the words stand below
        self.bar.setStyleSheet("QProgressBar { min-height: 6px; max-height: 6px; }")
        self.bar.setAccessibleName(tr("How complete the findings are"))

    def _connect(self) -> None:
        self.swede.chosen.connect(self._score)
        self.lesions.chosen_changed.connect(self._lesion_changed)
        self.form.decided.connect(self._differ)
        self.form.given_up.connect(self._give_up)
        for field in (self.text, self.plan):
            field.typed.connect(partial(self._typed, field))
            field.let_go.connect(self.save)


def _grade_text(grade: Grade, *, chosen: bool) -> str:
    tick = "\u2713 " if chosen else ""
    return "\n".join(part for part in (tick + TITLES[grade], DETAILS.get(grade, "")) if part)
