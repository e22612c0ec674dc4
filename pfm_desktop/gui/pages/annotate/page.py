"""The Annotate page: tasks, reading one of them, and deciding where readers differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QStackedLayout, QWidget

from pfm_desktop.gui.actions import page_action
from pfm_desktop.gui.pages.annotate.ai_answer import Site
from pfm_desktop.gui.pages.annotate.keys import FIXED
from pfm_desktop.gui.pages.annotate.making import NewTask
from pfm_desktop.gui.pages.annotate.reading import ReadingView
from pfm_desktop.gui.pages.annotate.shelf import Load
from pfm_desktop.gui.pages.annotate.tasks import TaskList
from pfm_desktop.services import labelling
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import annotate, annotate_words
from pfm_desktop.viewmodels.annotate_tasks import make_job, rights_in

if TYPE_CHECKING:
    from pfm_desktop.domain.labelling import Task
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.jobs import Handle
    from pfm_desktop.services.labelling import Wish
    from pfm_desktop.viewmodels.session import Session

Made = TypeVar("Made")
UNKEPT = tr("What was said of pairs without a grade is not kept. Stay, or leave the task once more to throw it away.")


class AnnotatePage(QWidget):
    """`said(text)` for what went well; `undo_changed` when undo would take back another thing.

    Undo is the page's own: the last read, of whichever pair, and never an edit of the visit that is open in Review.
    """

    title = tr("Annotate")
    fixed_keys = FIXED
    hides_names = True
    said = Signal(str)
    undo_changed = Signal()

    def __init__(
        self, session: Session, jobs: QtJobs, parent: QWidget | None = None, *, load: Load | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        site = Site(choice=lambda: session.ai_shown, model=session.settle_model)
        self.tasks = TaskList(session.library, self, site=site)
        self.making = NewTask(session.library, self, site=site)
        self.view = ReadingView(session.library, self, load=load, site=site)
        session.drafts.append(annotate.Unkept(lambda: self.view.reading))
        self._told = False  # that what was said would be lost
        self._job: Handle | None = None  # makes a task
        self._later = QTimer(self, singleShot=True, interval=0)  # after the pictures are painted
        self._later.timeout.connect(self.undo_changed)
        self._new = self._action("new_task", tr("&New task..."), "Ctrl+N", self.make_task)
        self._again = self._action(
            "reread", tr("&Look again: for tasks, or for the pictures of the pair"), "F5", self.look_again
        )
        self._steps = QStackedLayout(self)
        for step in (self.tasks, self.making, self.view):
            self._steps.addWidget(step)
        for action, where in ((self._new, self.tasks), (self._again, self)):
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            where.addAction(action)
        self._new.setEnabled(rights_in(session.library).make)
        self._connect()

    # ---- the window

    def page_actions(self) -> Sequence[QAction]:
        """Commands for the menu and the shortcut editor."""
        return (self._new, self._again, *self.view.actions_by_id.values())

    def entered(self) -> None:
        """The page is in front: the keys go to what is shown."""
        if self._steps.currentWidget() is self.view:
            self.view.look_on()
        elif self._steps.currentWidget() is self.making:
            self.making.name.setFocus()
        else:
            self.tasks.read_again()
            self.tasks.take_keys()

    def left(self) -> None:
        """Another page is in front; what was typed goes with its pair."""
        self.view.let_go()

    def detach(self) -> None:
        """The library is about to be closed."""
        self.view.end()

    @property
    def reads(self) -> bool:
        """Whether a task is being read here."""
        return self._steps.currentWidget() is self.view

    @property
    def idle(self) -> bool:
        """Whether nothing is still loading."""
        return self.tasks.idle and self.making.idle and self.view.idle

    @property
    def own_undo_text(self) -> str:
        """What undo would take back here."""
        if len(self.view.stage.commands.corners):
            return tr("Corner of a lesion")
        return self.view.reading.undo_text if self.view.reading is not None else ""

    @property
    def own_redo_text(self) -> str:
        """What would be done again here."""
        return self.view.reading.redo_text if self.view.reading is not None else ""

    def own_undo(self) -> None:
        """Take the last read back."""
        self.view.undo()

    def own_redo(self) -> None:
        """Do it again."""
        self.view.redo()

    def own_keys(self) -> bool:
        """Show the keys of reading; False where none is being read."""
        if self._steps.currentWidget() is not self.view:
            return False
        self.view.show_keys()
        return True

    # ---- steps

    def read_task(self, task_id: str) -> None:
        """Begin reading a task, where it was left."""
        if (reading := self._tried(lambda: annotate.opened(self._session.library, task_id, say=self._say))) is not None:
            self.view.begin(reading)
            self._show(self.view)

    def decide(self, task_id: str) -> None:
        """Go through the pairs on which readers of a task differ."""
        found = self._tried(lambda: annotate.opened_to_decide(self._session.library, task_id, say=self._say))
        if found is not None:
            self.view.begin(*found)
            self._show(self.view)

    def make_task(self) -> None:
        """Show the form for a new task."""
        if rights_in(self._session.library).make:
            self._show(self.making)
            self.making.begin()

    def look_again(self) -> None:
        """What is shown is read once more."""
        if self.reads:
            self.view.retry()
        else:
            self.tasks.read_again()

    def show_tasks(self, stand_on: str = "") -> None:
        """Back to the list; where something would be lost with that, it is said first."""
        if not self._may_leave():
            return
        task = self.view.reading.task.id if self.view.reading is not None else ""
        self.view.end()
        self._show(self.tasks)
        self.tasks.read_again(stand_on or task)
        self.tasks.take_keys()

    def _may_leave(self) -> bool:
        """Whether all that was said of pairs is on disk; once it was told that it is not, it may go."""
        self.view.keep_said()
        reading = self.view.reading
        before, self._told = self._told, reading is not None and not reading.keep_drafts()
        if self._told and not before:
            self.said.emit(UNKEPT)
            return False
        self._told = False
        return True

    def _show(self, step: QWidget) -> None:
        self._steps.setCurrentWidget(step)
        if step is self.view:
            self.view.take_keys()
        self._later.start()

    def _make(self, wish: Wish) -> None:
        self.making.work(True)
        self._job = self._jobs.start(
            make_job,
            self._session.library,
            wish,
            self._session.settle_model(),
            title=tr("Making the task"),
            done=self._made,
            failed=self.making.show_problem,
            stopped=lambda: self.making.show_problem(tr("Stopped. No task was made.")),
        )

    def _give_up(self) -> None:
        """Back to the list; while a task is being made that is stopped, and the form stays."""
        if self.making.working and self._job is not None:
            self._job.cancel()
        else:
            self.show_tasks()

    def _made(self, task: Task) -> None:
        self.said.emit(tr("Task made: {task}.", task=task.name))
        self.show_tasks(task.id)

    def _close(self, task_id: str, closed: bool) -> None:
        line = self.tasks.line
        if self._tried(lambda: labelling.close_task(self._session.library, task_id, closed=closed)) is not None:
            if line is not None and (text := annotate_words.closed_words(line, closed=closed)):
                self.said.emit(text)
            self.tasks.read_again(task_id)

    def _tried(self, act: Callable[[], Made]) -> Made | None:
        try:
            return act()
        except UserError as error:
            self._say(error)
            return None

    def _say(self, problem: UserError) -> None:
        self._session.say(problem)

    def _action(self, id_: str, text: str, shortcut: str, slot: Callable[[], object]) -> QAction:
        return page_action(self, f"annotate.{id_}", text, shortcut, slot)

    def _connect(self) -> None:
        self.tasks.opened.connect(self.read_task)
        self.tasks.deciding.connect(self.decide)
        self.tasks.making.connect(self.make_task)
        self.tasks.closing.connect(self._close)
        self.tasks.said.connect(self.said)
        self.making.wanted.connect(self._make)
        self.making.given_up.connect(self._give_up)
        self.view.tasks_wanted.connect(self.show_tasks)
        self.view.moved.connect(self._later.start)
        self._session.on_settings.append(lambda _settings: self._follow_settings())

    def _end_of_another(self) -> None:
        """Another reader was named: the reading of the one before ends, as it does by signing out."""
        reading, now = self.view.reading, self._session.reader
        if reading is None or reading.reader == now:
            return
        self.view.end()
        self._show(self.tasks)
        self.tasks.read_again(reading.task.id)
        self.said.emit(
            tr(
                "{reader} no longer reads {task}: the reader is {now} now.",
                reader=reading.reader,
                task=reading.task.name,
                now=now,
            )
        )

    def _follow_settings(self) -> None:
        """Other keys, another model, another reader, or when the site shows what the model says."""
        self._end_of_another()
        self.view.name_keys()
        self.making.follow_site()
