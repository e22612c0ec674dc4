"""The AI answer: hidden until the first read is made, then with all its doubts beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from pfm_desktop.domain.grade import Grade
from pfm_desktop.domain.prediction import DISTANCE
from pfm_desktop.gui.actions import page_action
from pfm_desktop.gui.widgets.answer_parts import CheckList, DifferForm, FactRows, ReadList
from pfm_desktop.gui.widgets.panel_parts import grade_icon, say, tall, words
from pfm_desktop.gui.widgets.probability_bars import ProbabilityBars
from pfm_desktop.gui.widgets.warning_notice import WarningNotice
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import answer as model
from pfm_desktop.viewmodels.answer import Answer, AnswerView, Asked, SecondRead, State
from pfm_desktop.viewmodels.grades import percent

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.services.engine import PairAnswer
    from pfm_desktop.viewmodels.session import Edit, Session

_ICON = QSize(44, 34)
_SIDE = 12  # pixels to the left and right of all parts


class AnswerPanel(QWidget):
    """Follows `show_case` and `show_answer`. `revealed` after a reveal; `command` is the page's action for it."""

    revealed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._case: VisitCase | None = None
        self._asked = Asked()
        self._view = AnswerView(State.EMPTY)
        self._refused: UserError | None = None  # why nothing was revealed, as the message bar says
        self._changing = False  # a second read is on record, and another is being chosen
        self.setAccessibleName(tr("AI answer"))
        self.banner, self.status = words(self, "badge"), words(self)
        self.reveal, self.why_not = QPushButton(tr("Reveal the AI answer"), self), words(self, "quiet")
        self.icon, self.headline = QLabel(self), words(self, "title")
        self.possible, self.advice, self.one_source = words(self, "heading"), words(self), words(self, "badge")
        self.bars, self.passes = ProbabilityBars(self), words(self, "quiet")
        self.unlike, self.familiarity = WarningNotice(self), FactRows(DISTANCE, self)
        self.evidence, self.alone = FactRows(tr("Share of evidence"), self), FactRows(tr("Each source alone"), self)
        self.agree, self.differ = QPushButton(self), QPushButton(self)
        self.said, self.change = words(self, "badge"), QPushButton(tr("Change ..."), self)
        self.account = words(self, "quiet")
        self._answers = QBoxLayout(QBoxLayout.Direction.TopToBottom)  # where agree and differ are
        self.form, self.no_second = DifferForm(self), words(self, "quiet")
        self.reads, self.checks, self.model = ReadList(self), CheckList(self), words(self, "quiet")
        self.other_model = words(self, "badge")
        self.command = self._command()
        self._lay_out()
        self._connect()
        self.show_case(session.case)

    @property
    def state(self) -> State:
        """What is shown now."""
        return self._view.state

    def show_case(self, case: VisitCase | None) -> None:
        """Show a visit as it is on disk."""
        if (case.visit.id if case else "") != (self._case.visit.id if self._case else ""):
            self.form.close_form()
            self._changing = False
        self._case = case
        self._refresh()

    def show_answer(self, answer: PairAnswer | None, *, pending: bool, problem: str = "") -> None:
        """What the engine has, or why it has nothing."""
        self._asked = Asked(answer, pending, problem)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """The site's lock may have been switched on another page."""
        super().showEvent(event)
        self._refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wider or narrower: see `_arrange`."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """The icon is drawn in the colours of the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "icon"):
            self._show_icon(self._view.answer)

    # ---- edits

    def _reveal(self) -> None:
        if self._case is None or self._view.reveal is None:
            return
        if self._view.reveal:
            self._refused = UserError(self._view.reveal)
            self._session.say(self._refused)
            return
        lock = self._session.settings.first_read_lock
        edit = model.reveal_edit(self._case, self._session.reader, lock=lock, answer=self._asked.answer)
        if self._session.perform(edit, undoable=False) is not None:
            self.revealed.emit()

    def _agree(self) -> None:
        second = self._view.second
        if self._case is not None and second is not None and second.grade is not None:
            self._keep(model.agree_edit(self._case, self._session.reader, second.grade))

    def _differ(self, grade: Grade, reason: str) -> None:
        if self._case is not None:
            self._keep(model.differ_edit(self._case, self._session.reader, grade, reason))

    def _keep(self, edit: Edit) -> None:
        """Record a second read; what was recorded then stands in place of the buttons."""
        if self._session.perform(edit) is not None:
            self.form.close_form()
            self._changing = False
            self._show_second(self._view.second)
            self.change.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose_again(self) -> None:
        self._changing = True
        self._show_second(self._view.second)
        first = self.differ if self.agree.isHidden() else self.agree
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    # ---- what is shown

    def _refresh(self) -> None:
        settings, library = self._session.settings, self._session.library
        view = model.answer_view(
            self._case, self._asked, lock=settings.first_read_lock, read_only_reason=library.no_editing,
            unnamed=self._session.unnamed,
        )  # fmt: skip
        self._view = view
        say(self.status, view.status)
        self.reveal.setVisible(view.reveal is not None and self._case is not None)
        self.reveal.setEnabled(view.reveal == "")
        self.command.setEnabled(view.reveal is not None and self._case is not None)  # it says why not
        if self._refused is not None and self._refused.what != UserError(view.reveal or "").what:
            self._session.take_back(self._refused)
            self._refused = None
        say(self.why_not, view.reveal or "")
        self._show_answer(view.answer)
        self._show_second(view.second)
        self.reads.show_lines(view.reads)
        self.checks.show_checks(view.checks)

    def _show_answer(self, answer: Answer | None) -> None:
        shown = answer or Answer("", None, "", "", (), "", "", (), (), "", "")
        say(self.banner, shown.banner)
        say(self.headline, shown.headline)
        self.unlike.show_warning(shown.caution, shown.unlike, shown.distances)
        said = self.unlike.toolTip()
        for part in (self.headline, self.agree):  # also for who only comes past these
            part.setToolTip(said)
            part.setAccessibleDescription(said)
        self.bars.setToolTip(said)  # a screen reader reads its numbers
        say(self.possible, shown.possible)
        say(self.advice, shown.advice)
        say(self.one_source, shown.one_source)
        say(self.passes, shown.passes)
        say(self.model, shown.model)
        say(self.other_model, shown.other_model)
        self.bars.show_bars(shown.bars)
        self.evidence.show_rows([(name, percent(share)) for name, share in shown.evidence])
        self.alone.show_rows(shown.alone)
        self.familiarity.show_rows(shown.familiarity)
        self._show_icon(answer)

    def _show_icon(self, answer: Answer | None) -> None:
        grade = answer.grade if answer is not None else None
        self.icon.setVisible(grade is not None)
        if grade is not None:
            self.icon.setPixmap(grade_icon(grade, _ICON).pixmap(_ICON, self.devicePixelRatioF()))

    def _show_second(self, second: SecondRead | None) -> None:
        allowed = second is not None and not second.blocked
        said = second.said if second is not None else ""
        self._changing = self._changing and bool(said) and allowed
        asks = second is not None and (not said or self._changing)
        say(self.said, said)
        self.change.setVisible(bool(said) and allowed and not self._changing)
        self.agree.setVisible(second is not None and asks and bool(second.agree))
        self.differ.setVisible(asks)
        for button in (self.agree, self.differ):
            button.setEnabled(allowed)
        say(self.no_second, second.blocked if second else "")
        say(self.account, self._view.recorded_as if asks or self._view.reveal == "" else "")
        if second is not None:
            self.agree.setText(second.agree)
            self.agree.setAccessibleName(second.agree.replace("\n", " "))
            self.differ.setText(second.differ)
            self._arrange()
        if not allowed:
            self.form.close_form()

    def _arrange(self) -> None:
        """Agree and differ side by side where both fit: what can be said stays in sight below a warning."""
        widths = [button.sizeHint().width() for button in (self.agree, self.differ)]
        beside = sum(widths) <= self.width() - 2 * _SIDE - self._answers.spacing()
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        self._answers.setDirection(way)
        for index, width in enumerate(widths):
            self._answers.setStretch(index, width if beside else 0)

    # ---- building

    def _command(self) -> QAction:
        return page_action(
            self, "review.reveal", tr("Reveal the AI answer"), "Ctrl+Shift+R", self._reveal, repeat=False
        )

    def _lay_out(self) -> None:
        self.reveal.setToolTip(tr("Ctrl+Shift+R. It is put on record and cannot be taken back."))
        self.icon.setAccessibleName("")
        self.headline.setAccessibleName(tr("AI answer"))
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(self.icon)
        top.addWidget(self.headline, 1)
        tall(self.reveal, 54)
        for button in (self.agree, self.differ, self.change):
            tall(button, 40)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)  # one as high as the other
        self._answers.setSpacing(8)
        for button in (self.agree, self.differ):
            self._answers.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(_SIDE, 10, _SIDE, 12)
        column.setSpacing(8)
        for part in (
            self.banner, self.model, self.other_model, self.status, self.reveal, self.why_not, self.unlike, top,
            self.possible, self.advice, self.one_source, self.bars, self.said, self.change, self._answers, self.form,
            self.account, self.no_second, self.passes, self.evidence, self.alone, self.familiarity, self.reads,
            self.checks,
        ):  # fmt: skip
            if isinstance(part, QLayout):
                column.addLayout(part)
            else:
                column.addWidget(part)
        column.addStretch(1)

    def _connect(self) -> None:
        self.reveal.clicked.connect(lambda _checked=False: self._reveal())
        self.agree.clicked.connect(lambda _checked=False: self._agree())
        self.change.clicked.connect(lambda _checked=False: self._choose_again())
        self.differ.clicked.connect(lambda _checked=False: self.form.open_form(self._own_grade()))
        self.form.decided.connect(self._differ)
        self.form.given_up.connect(self.differ.setFocus)

    def _own_grade(self) -> Grade | None:
        return self._case.findings.impression if self._case is not None else None
