"""Fine-tune on my cases: what there is to learn from, the runs, and what becomes of their models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from pfm_desktop.domain.learning import State
from pfm_desktop.gui.actions import page_action
from pfm_desktop.gui.pages.learning.cases import CasesPanel
from pfm_desktop.gui.pages.learning.runs import RunView
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.panel_parts import LeavesOnEscape, words
from pfm_desktop.gui.widgets.plain_table import as_high_as_its_rows, plain_table, show_rows
from pfm_desktop.services.learning import run as runs
from pfm_desktop.services.learning import steering
from pfm_desktop.services.learning.cases import ENOUGH, Wish
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels import learning as model
from pfm_desktop.viewmodels import learning_words
from pfm_desktop.viewmodels.words import spoken

new_settings = runs.Settings

if TYPE_CHECKING:
    from pfm_desktop.domain.learning import Run
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.jobs import Handle, Progress
    from pfm_desktop.services.learning.comparing import Question, Told
    from pfm_desktop.services.learning.run import Learned, Request
    from pfm_desktop.support.settings import Settings
    from pfm_desktop.viewmodels.learning import Counted, Runs, Signature
    from pfm_desktop.viewmodels.session import Session

_SETTLED_MS = 50  # after which words that are shown have the height that they need
CASES_WIDTH, RUNS_WIDTH = 430, 480
STOPPED_EARLY = "it was stopped before anything was learned"  # on record, in English
LEARNED = tr("A model was learned. It is in quarantine until it is compared and promoted in Fine-tune.")
ONE_AT_A_TIME = tr("A model is being learned")
LIST_ROWS = 4  # seen without scrolling


class LearningPage(LeavesOnEscape, QWidget):
    """`closed` when Models is to be shown again, `said(text)` for what went well, `visit_chosen(id)`."""

    closed = Signal()
    said = Signal(str)
    visit_chosen = Signal(str)
    title = tr("Fine-tune")

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._runs = model.Runs((), 0)
        self._going = ""  # the run that this window has learned now
        self._busy = False  # something else is done with a run
        self._handle: Handle | None = None
        self._epoch_text = ""
        self._keys: QWidget | None = None  # had the keys before its button was switched off; else they go to the rail
        self._wanted = ""  # the run on which the list is to stand
        self._counting, self._reading = Background(self), Background(self)
        self.cases = CasesPanel(self)
        self.table = plain_table(self, learning_words.RUN_COLUMNS, tr("Models that were learned here"))
        self.empty, self.refusal = words(self, "quiet", learning_words.NO_RUNS), words(self, "badge")
        self.view = RunView(session.library, self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.back = QPushButton(tr("Back to Models"), self)
        self._actions = (
            self._action("reread", tr("&Count the cases again"), "F5", self.entered),
            self._action("pause", tr("&Pause the run, or let it go on"), "Ctrl+P", self._pause_or_go_on),
        )
        self._lay_out()
        self._connect()

    # ---- the window

    def page_actions(self) -> Sequence[QAction]:
        """Commands for the menu and the shortcut editor."""
        return self._actions

    def entered(self) -> None:
        """The page comes into sight: everything is counted again."""
        self._read_runs()
        self._count()
        if not self.cases.name.hasFocus():
            self.back.setFocus(Qt.FocusReason.OtherFocusReason)

    def left(self) -> None:
        """Nothing is stopped: a run goes on while one works elsewhere."""

    def detach(self) -> None:
        """The library is about to be closed: what is being learned may go on later."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._going = None, ""
        self._counting.drop()
        self._reading.drop()

    @property
    def idle(self) -> bool:
        """Whether all that is shown is as it is now, and nothing is under way."""
        return not (self._counting.busy or self._reading.busy or self._busy or self._going)

    # ---- what there is

    def _count(self) -> None:
        rights = self._rights()
        self.refusal.setText(rights.why_not)
        self.refusal.setVisible(bool(rights.why_not))
        self.cases.setVisible(rights.learn)
        if not rights.learn:
            return
        self.cases.show_counting()
        wish = Wish(self.cases.sources, self.cases.impressions.isChecked(), ENOUGH)
        self._counting.start(
            model.count_job, self._session.library, wish, self.cases.parent_name or self._session.settings.model,
            done=self._counted, failed=self.cases.said.setText,
        )  # fmt: skip

    def _counted(self, counted: Counted) -> None:
        self.cases.show_counted(counted)

    def _read_runs(self, stand_on: str = "") -> None:
        self._wanted = stand_on or self._wanted or (self.view.run.id if self.view.run is not None else "")
        self._reading.start(model.runs_job, self._session.library, done=self._show_runs, failed=self._problem)

    def _show_runs(self, found: Runs) -> None:
        self._runs = found
        wanted, self._wanted = self._wanted, ""
        self.table.blockSignals(True)
        show_rows(self.table, [self._cells(one) for one in found.runs])
        as_high_as_its_rows(self.table, most=LIST_ROWS)
        place = next((row for row, one in enumerate(found.runs) if one.id == wanted), 0)
        if found.runs:
            self.table.setCurrentCell(place, 0)
        self.table.blockSignals(False)
        self._list.setCurrentIndex(0 if found.runs else 1)
        self._held.setFixedHeight(self.table.height())
        taken = [one.model_name for one in found.runs]
        parents = model.parents()
        used = self._session.settings.model
        self.cases.offer(parents, used=used, name=model.free_name([*taken, *(one.name for one in parents)]))
        self._follow()

    def _cells(self, run: Run) -> tuple[str, ...]:
        return learning_words.run_cells(run, going=run.id == self._going, in_use=self._session.settings.model)

    def _follow(self) -> None:
        """Another run, or the same one as it is now."""
        row = self.table.currentRow()
        run = self._runs.runs[row] if 0 <= row < len(self._runs.runs) else None
        going = run is not None and run.id == self._going
        paused = run is not None and going and steering.is_paused(self._session.library, run.id)
        looks = learning_words.looks_text(self._runs)
        self.view.show_run(
            run, self._rights(), going=going, paused=paused, busy=self._busy, looks=looks,
            in_use=self._session.settings.model,
        )  # fmt: skip
        self.cases.hold(ONE_AT_A_TIME if self._going else tr("Something is under way") if self._busy else "")
        if run is not None:
            self._draw(run)

    def _draw(self, run: Run) -> None:
        losses, training, planned = steering.curves(self._session.library, run.id)
        if not losses:
            losses, training = (tuple(run.counts.get(name, ())) for name in ("losses", "training_losses"))
            planned = int(run.settings.get("epochs", 0))
        self.view.show_curves(losses, training, planned)

    def _rights(self) -> model.Rights:
        return model.rights_in(self._session.library)

    # ---- learning

    def _begin(self) -> None:
        settings = new_settings(
            self.cases.name.text().strip(), parent=self.cases.parent_name,
            impressions=self.cases.impressions.isChecked(),
            sources=tuple(source.value for source in self.cases.sources),
        )  # fmt: skip
        self._do(model.begin_job, settings, title=model.COUNTING, done=self._begun, failed=self.cases.show_problem)

    def _begun(self, request: Request) -> None:
        self.cases.name.setModified(False)
        self._learn(request)
        self._read_runs(request.run_id)

    def _go_on(self, finish: bool) -> None:
        if (run := self.view.run) is not None:
            self._do(model.again_job, run.id, finish, title=model.COUNTING, done=self._goes_on)

    def _goes_on(self, request: Request) -> None:
        self._learn(request)
        self._read_runs(request.run_id)  # the list no longer says that it was cut short

    def _learn(self, request: Request) -> None:
        run_id = request.run_id
        self._going, self._epoch_text = run_id, ""
        self._handle = self._jobs.start(
            runs.learn, request, title=titled(model.LEARNING, request.settings.name), process=True, step=self._step,
            done=lambda made: self._ended(run_id, lambda: self._settle(made)),
            failed=lambda message: self._ended(run_id, lambda: self._problem(message)),
            stopped=lambda: self._ended(run_id, lambda: self._stopped(run_id)), ask_stop=self._stop, missed=True,
        )  # fmt: skip
        self._follow()

    def _step(self, step: Progress) -> None:
        if not isValid(self) or not self._going or self.view.run is None or self.view.run.id != self._going:
            return
        self.view.show_progress(step)
        if step.text != self._epoch_text:
            self._epoch_text = step.text
            self._draw(self.view.run)

    def _pause_or_go_on(self) -> None:
        if self._going:
            self._pause(not steering.is_paused(self._session.library, self._going))

    def _pause(self, on: bool) -> None:
        if self._going and self._tried(lambda: steering.pause(self._session.library, self._going, on=on)):
            self._follow()

    def _stop(self) -> None:
        if self._going and self._tried(lambda: steering.stop(self._session.library, self._going)):
            self.view.stop.setEnabled(False)

    def _ended(self, run_id: str, then: Callable[[], object]) -> None:
        """Of a run in another library, or after this page, nothing is heard: it is put on record when it is met."""
        if not isValid(self) or self._going != run_id:
            return
        self._going, self._handle = "", None
        self.view.stop.setEnabled(True)
        then()
        self._read_runs(run_id)
        self._count()

    def _settle(self, made: Learned) -> None:
        if self._tried(lambda: runs.settle(self._session.library, made)):
            self.said.emit(LEARNED)

    def _stopped(self, run_id: str) -> None:
        self._tried(lambda: runs.give_up_if_stopped(self._session.library, run_id, STOPPED_EARLY))

    def _give_up(self) -> None:
        if (run := self.view.run) is not None and run.state is State.RUNNING:
            self._tried(lambda: runs.give_up(self._session.library, run.id, "it was given up"))
            self._read_runs(run.id)
            self._count()

    # ---- comparing and promoting

    def _compare(self) -> None:
        if (run := self.view.run) is not None:
            self._do(model.question_job, run.id, title=model.COMPARING, done=self._ask)

    def _ask(self, question: Question) -> None:
        from pfm_desktop.services.learning import comparing

        self._do(comparing.compare, question, title=model.COMPARING, done=self._told, process=True, own=True)

    def _told(self, told: Told) -> None:
        from pfm_desktop.services.learning import comparing

        self._tried(lambda: comparing.record_look(self._session.library, told))
        self._read_runs(told.run_id)

    def _ask_to_promote(self) -> None:
        run, account = self.view.run, self._session.account
        if run is not None:
            self.view.promoting.ask(
                run.model_name, self._session.settings.model, who=self._session.reader, account=account is not None,
                against=bool(run.figures.get("against")), verdict=learning_words.verdict_text(run.figures),
            )  # fmt: skip
            self.view.promote.hide()
            QTimer.singleShot(_SETTLED_MS, self, self._bring_signature_into_sight)

    def _bring_signature_into_sight(self) -> None:
        if self.view.promoting.isVisible():
            self._right.ensureWidgetVisible(self.view.promoting)
            self._right.ensureWidgetVisible(self.view.promoting.now, 0, 20)  # of a long form its end

    def _do_not_promote(self) -> None:
        self.view.promoting.hide()
        self._follow()
        self.view.promote.setFocus(Qt.FocusReason.OtherFocusReason)

    def _promote(self, signature: Signature) -> None:
        if (run := self.view.run) is not None:
            self._do(
                model.promote_job, run.id, signature, title=tr("Promoting a model"), done=self._promoted,
                failed=self.view.promoting.refuse,
            )  # fmt: skip

    def _promoted(self, settings: Settings) -> None:
        self.view.promoting.hide()
        self._answers_now(settings)

    def _roll_back(self) -> None:
        if (run := self.view.run) is not None:
            self._do(model.roll_back_job, run.id, title=tr("Rolling back"), done=self._answers_now)

    def _bring(self) -> None:
        if (run := self.view.run) is not None:
            self._do(model.answer_here_job, run.id, title=tr("Bringing a model"), done=self._answers_now)

    def _answers_now(self, settings: Settings) -> None:
        self._session.change_settings(model=settings.model)
        self.said.emit(
            tr("From now on, {name} answers. Answers kept from other models stay in the library.", name=settings.model)
        )
        self._read_runs()

    # ---- helpers

    def _do(
        self, job: Callable[..., Any], *args: object, title: str, done: Callable[[Any], object],
        failed: Callable[[str], object] | None = None, process: bool = False, own: bool = False,
    ) -> None:  # fmt: skip
        """A job of the library; one at a time. `own`: the job has a way of its own to the library."""
        if self._busy:
            return

        def after(act: Callable[[], object]) -> None:
            if isValid(self):
                self._busy = False
                act()
                self._follow()
                if not self._busy:
                    self._give_keys_back()

        self._busy = True
        self._keys = self._keys or self.focusWidget()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self.view.show_problem("")
        self._jobs.start(
            job, *(args if own else (self._session.library, *args)), title=title, process=process,
            done=lambda result: after(lambda: done(result)),
            failed=lambda message: after(lambda: (failed or self._problem)(message)), stopped=lambda: after(_nothing),
        )  # fmt: skip
        self._follow()

    def _give_keys_back(self) -> None:
        keys, self._keys = self._keys, None
        if self.focusWidget() is self.table and keys is not None and keys.isVisible() and keys.isEnabled():
            keys.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tried(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except UserError as error:
            self._problem(spoken(error))
            return False
        return True

    def _problem(self, message: str) -> None:
        self.view.show_problem(message)

    def _action(self, id_: str, text: str, shortcut: str, slot: Callable[[], object]) -> QAction:
        action = page_action(self, f"learning.{id_}", text, shortcut, slot)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.addAction(action)
        return action

    def _connect(self) -> None:
        self.back.clicked.connect(lambda _checked=False: self.closed.emit())
        self.cases.changed.connect(self._count)
        self.cases.wanted.connect(self._begin)
        self.table.currentCellChanged.connect(lambda row, _c, before, _b: self._follow() if row != before else None)
        view = self.view
        view.pausing.connect(self._pause)
        view.stopping.connect(self._stop)
        view.going_on.connect(self._go_on)
        view.giving_up.connect(self._give_up)
        view.comparing.connect(self._compare)
        view.rolling_back.connect(self._roll_back)
        view.bringing.connect(self._bring)
        view.promote.clicked.connect(lambda _checked=False: self._ask_to_promote())
        view.promoting.signed.connect(self._promote)
        view.promoting.given_up.connect(self._do_not_promote)
        view.figures.visit_chosen.connect(self.visit_chosen)

    def _lay_out(self) -> None:
        heading = QLabel(tr("Fine-tune on my cases"), self)
        heading.setProperty("role", "title")
        self.back.setToolTip(tr("Back to Models (Escape)"))
        top = QHBoxLayout()
        top.addWidget(heading, 1)
        top.addWidget(self.back)
        self._held = held = QWidget(self)
        self._list = QStackedLayout(held)
        self._list.addWidget(self.table)
        self._list.addWidget(self.empty)
        right = QWidget(self)
        column = QVBoxLayout(right)
        column.setContentsMargins(8, 0, 8, 0)
        title = QLabel(tr("Models that were learned here"), right)
        title.setProperty("role", "heading")
        for part in (title, held, self.view):
            column.addWidget(part)
        column.addStretch(1)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        self._right = _scrolled(right, RUNS_WIDTH)
        for area, share in ((_scrolled(self.cases, CASES_WIDTH), 2), (self._right, 3)):
            split.addWidget(area)
            split.setStretchFactor(split.count() - 1, share)
        split.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(14, 12, 14, 10)
        whole.addLayout(top)
        whole.addWidget(self.refusal)
        whole.addWidget(split, 1)


def _scrolled(part: QWidget, width: int) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(part)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumSize(QSize(width, 0))
    return area


def _nothing() -> None:
    """Stopped by a person: what was there stays."""
