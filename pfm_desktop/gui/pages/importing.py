"""Bringing in pictures: choose, look, correct what was guessed, bring in, report; on one page behind Today."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.import_choose import ImportChoose
from pfm_desktop.gui.widgets.import_preview import ImportPreviewView
from pfm_desktop.gui.widgets.import_report import ImportReportView
from pfm_desktop.gui.widgets.import_work import ImportWork
from pfm_desktop.gui.widgets.panel_parts import LeavesOnEscape, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.import_page import bring_in, look, made_by, new_key

if TYPE_CHECKING:
    from pfm_desktop.jobs import Handle
    from pfm_desktop.services.importing.report import ImportReport
    from pfm_desktop.viewmodels.importing import ImportPreview
    from pfm_desktop.viewmodels.session import Session

NOTHING = tr("No picture was found there. Choose another folder, zip or file.")
FINISHED_IS_IN = tr("What was finished before is in the library.")
STOPPED = tr("Stopped. What was finished is in the library; Import goes on with the rest.")
BUSY = tr("An import is under way. Stop it, or drop these again when it is done.")
OTHER = tr("There is a plan that was not imported yet. Throw it away, and look at what was dropped now?")
KEPT = tr("The import is not done. Its plan is kept: Import pictures in Today shows it again.")
_WAIT = 3.0  # seconds at most for the picture in hand, when the library is closed


class ImportPage(LeavesOnEscape, QWidget):
    """`closed` when Today is to be shown; `brought_in` when the library has more than before, or may have.

    The plan stays while other pages are shown, until it was brought in or is thrown away.
    """

    closed = Signal()
    brought_in = Signal()
    said = Signal(str)
    undo_changed = Signal()
    title = tr("Import")

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._handle: Handle | None = None
        self._key = ""  # of the import that runs, or ran last
        self._asking = Background(self)
        self._detached = False
        self._offered: list[Path] = []  # dropped while there is a plan
        self.choose, self.work = ImportChoose(self), ImportWork(self)
        self.preview, self.report = ImportPreviewView(session, self), ImportReportView(session, self)
        self.back = QPushButton(tr("Back to Today"), self)
        self.question = QFrame(self)
        self.asked = words(self.question, text=OTHER)
        self.yes, self.no = QPushButton(tr("Throw the old plan away"), self), QPushButton(tr("Keep the old plan"), self)
        self._lay_out()
        self._connect()
        self._show(self.choose)

    @property
    def busy(self) -> bool:
        """Whether pictures are being looked at or brought in."""
        return self._handle is not None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self.busy and self.preview.idle and not self._asking.busy

    @property
    def shown(self) -> QWidget:
        """The step that is shown."""
        return self._steps.currentWidget() or self.choose

    def page_actions(self) -> Sequence[QAction]:
        """Commands of the preview."""
        return self.preview.page_actions()

    def entered(self) -> None:
        """The page comes into sight."""
        reason = self._session.library.no_editing
        self.choose.close_for(reason)
        self._take_keys()

    def left(self) -> None:
        """The page goes out of sight; what was planned stays, and what runs goes on."""
        self.preview.tree.rows.small.pause()
        if self.shown is self.preview and not self._detached:
            self.said.emit(KEPT)

    def detach(self) -> None:
        """The library is about to be closed: what runs is stopped, at a place from which it can go on."""
        self._detached = True
        self._asking.drop()
        if self._handle is not None:
            self._handle.cancel()
            self._handle.wait(_WAIT)
            self._handle = None
        self.preview.show_plan(None)

    def take(self, paths: Sequence[Path]) -> None:
        """Folders, zips or files were dropped: they are looked at, unless there is a plan that would be lost."""
        if self._session.library.no_editing or not paths:
            return
        if self.busy:
            self.said.emit(BUSY)
        elif self.shown is self.preview:
            self._offered = list(paths)
            self._ask_other(True)
        else:
            self.choose.clear()
            self.choose.add(paths)
            self._look(list(paths))

    @property
    def own_undo_text(self) -> str:
        """What undo would take back on this page; "" for nothing: it is of the plan, not of what is on record."""
        preview = self.preview.preview
        return preview.undo_text if preview is not None and self.shown is self.preview else ""

    def own_undo(self) -> None:
        """Take the last change of the plan back."""
        if self.shown is self.preview:
            self.preview.undo()

    @property
    def own_redo_text(self) -> str:
        """What redo would do again on this page; "" for nothing."""
        preview = self.preview.preview
        return preview.redo_text if preview is not None and self.shown is self.preview else ""

    def own_redo(self) -> None:
        """Do the change of the plan that was taken back last again."""
        if self.shown is self.preview:
            self.preview.redo()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped."""
        if not self._session.library.no_editing and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Where nothing is planned yet they go on the list; else see `take`."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if self.shown is self.choose:
            self.choose.add(paths)
        else:
            self.take(paths)

    # steps

    @property
    def _here(self) -> bool:
        """Whether there is still a library to which an answer belongs."""
        return isValid(self) and not self._detached

    def _look(self, paths: list[Path]) -> None:
        self.work.begin(
            tr("Looking at the pictures"), tr("Nothing is brought in yet. You can go on working meanwhile.")
        )
        self._show(self.work)
        self._handle = self._jobs.start(
            look, self._session.library, paths, title=tr("Looking at the pictures"), done=self._looked,
            failed=self._to_choose,
            stopped=lambda: self._to_choose(tr("Stopped. Nothing was brought in.")), step=self.work.step,
        )  # fmt: skip

    def _looked(self, preview: ImportPreview) -> None:
        self._handle = None
        if not self._here:
            return
        if not preview.plan.pictures and not preview.skipped():
            self._to_choose(NOTHING)
            return
        self.preview.show_plan(preview)
        self._show(self.preview)

    def _to_choose(self, problem: str = "") -> None:
        self._handle = None
        if self._here:
            self.choose.say(problem)
            self._show(self.choose)

    def _import(self) -> None:
        preview = self.preview.preview
        if preview is None or self.busy or not preview.counts().ready:
            return
        self.work.begin(
            tr("Bringing in the pictures"), tr("You can go on working meanwhile. Stopped, it keeps what is done.")
        )
        self._show(self.work)
        self._key = new_key()
        self._handle = self._jobs.start(
            bring_in, self._session.library, preview.plan, self._key, title=tr("Bringing in pictures"),
            done=self._imported,
            failed=lambda message: self._ended(f"{message} {FINISHED_IS_IN}"),
            stopped=lambda: self._ended(STOPPED), step=self.work.step, missed=True,
        )  # fmt: skip

    def _imported(self, report: ImportReport) -> None:
        self._handle = None
        if not self._here:
            return
        waiting = self.preview.preview.counts().waiting if self.preview.preview is not None else 0
        self.report.show_report(report, waiting)
        if waiting and self.preview.preview is not None:
            self.preview.preview.ask_again()  # what waits stays planned
        else:
            self.preview.show_plan(None)
        self._show(self.report)
        self._tell()

    def _ended(self, note: str) -> None:
        """It ended early: the plan stays, and the library is asked what it has of it now."""
        self._handle = None
        if not self._here:
            return
        if self.preview.preview is not None:
            self.preview.preview.ask_again()
        self.preview.say(note)
        self._show(self.preview)
        self._tell()

    def _tell(self) -> None:
        self._session.refresh()  # the visit on the desk may have got pictures
        made = made_by, self._session.library, self._key
        self._asking.start(*made, done=self._session.tell_imported, failed=self.said.emit)
        self.brought_in.emit()

    def _throw_away(self) -> None:
        self.preview.show_plan(None)
        self.choose.clear()
        self._to_choose()

    def _stop(self) -> None:
        if self._handle is not None:
            self._jobs.cancel(self._handle.name)
            self.work.stopping()

    def _ask_other(self, asked: bool) -> None:
        self.question.setVisible(asked)
        if asked:
            self.no.setFocus()

    def _take_other(self) -> None:
        paths, self._offered = self._offered, []
        self._throw_away()
        self.take(paths)

    def _keep(self) -> None:
        self._offered = []
        self._ask_other(False)
        self._take_keys()

    def _show(self, step: QWidget) -> None:
        self._ask_other(False)
        self._steps.setCurrentWidget(step)
        self._take_keys()
        self.undo_changed.emit()

    def _take_keys(self) -> None:
        """Only where the page can be seen: behind the locked window, or another page, the keys are not its own."""
        if not self.isVisible() or not self.question.isHidden():
            return
        if self.shown is self.work:
            self.work.setFocus()  # not its button: Enter pressed twice would stop what it began
        else:
            self.shown.take_keys()  # type: ignore[attr-defined]  # each step has it

    # making

    def _connect(self) -> None:
        self.back.clicked.connect(lambda _checked=False: self.closed.emit())
        self.choose.wanted.connect(self._look)
        self.work.stop_wanted.connect(self._stop)
        self.preview.import_wanted.connect(self._import)
        self.preview.thrown_away.connect(self._throw_away)
        self.preview.changed.connect(self.undo_changed)
        self.report.closed.connect(self.closed)
        self.report.again.connect(self._throw_away)
        self.report.rest.connect(lambda: self._show(self.preview))
        self.yes.clicked.connect(lambda _checked=False: self._take_other())
        self.no.clicked.connect(lambda _checked=False: self._keep())

    def _lay_out(self) -> None:
        heading = QLabel(tr("Import pictures"), self)
        heading.setProperty("role", "title")
        self.back.setToolTip(tr("Back to Today (Escape); the plan stays"))
        top = QHBoxLayout()
        top.addWidget(heading)
        top.addStretch(1)
        top.addWidget(self.back)
        self.question.setProperty("role", "warning")
        row = QHBoxLayout(self.question)
        row.addWidget(self.asked, 1)
        row.addWidget(self.yes)
        row.addWidget(self.no)
        held = QWidget(self)
        self._steps = QStackedLayout(held)
        for step in (self.choose, self.work, self.preview, self.report):
            self._steps.addWidget(step)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(10)
        column.addLayout(top)
        column.addWidget(self.question)
        column.addWidget(held, 1)
        self.setAcceptDrops(True)
