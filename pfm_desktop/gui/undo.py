"""Undo and redo. One stack a visit and one for the list in Today: nothing changes that is not in front."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoGroup, QUndoStack

from pfm_desktop.jobs import SilentContext
from pfm_desktop.services.amending import AMENDMENT
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.changes import said_of

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.jobs import Context, Handle
    from pfm_desktop.services.at_work import LeftBehind
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session

_LIMIT = 500
_VISITS = 200  # whose steps are known; of a day's work and more, and not of weeks without an end
LONG = 200  # changes: what takes longer to be taken back is done as a job
STOPPED = tr("Stopped: nothing was undone.")
_WAIT = 3.0  # seconds at most, when the library is closed
CONFIRM_S = 3.0
STOPS_ACID = tr("This would stop the clock of acetic acid. Undo again within 3 seconds to take it back.")
UNDER_WAY = tr("Something is being undone; the next step can be undone when that has ended.")
_UNDO, _REDO = "Undo: ", "Redo: "  # as the journal says it


class _Done(QUndoCommand):
    """Changes that are on disk. `back` takes them back (or does them again, once taken back).

    The command itself does nothing when the stack moves over it: `Undo` has done the work by then, and could refuse.
    """

    def __init__(self, changes: tuple[Change, ...], *, done: tuple[Change, ...] = ()) -> None:
        """`done`: what the step did, where `changes` have taken it back."""
        super().__init__(said_of(done or changes).removeprefix(_UNDO).removeprefix(_REDO))
        self.back = changes


class Undo(QObject):
    """Undo of a session. `changed` tells that texts or possibilities differ; `said` carries what was undone.

    A step of very many changes, as an import is, is taken back as a job: `ended` when it was, or was not.
    """

    changed = Signal()
    said = Signal(str)
    ended = Signal()
    not_done = Signal(str)  # why a long step was not taken back

    def __init__(self, session: Session, parent: QObject | None = None, *, jobs: QtJobs | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._handle: Handle | None = None
        self._group = QUndoGroup(self)
        self._stacks: dict[str, QUndoStack] = {}
        self._list = self._made_stack()  # patients and visits
        self._list_in_front = False
        self._asked: tuple[_Done, float] | None = None  # what was asked about, and when
        self._group.indexChanged.connect(self.changed)
        self._group.activeStackChanged.connect(self.changed)
        session.on_done.append(self._push)
        session.on_imported.append(self._push_import)
        session.on_changed.append(self._forget_signed)
        session.on_case.append(self._follow)
        self._follow(session.case)

    @property
    def undo_text(self) -> str:
        """What undo would take back; "" when there is nothing."""
        return self._group.undoText()

    @property
    def redo_text(self) -> str:
        """What redo would do again; "" when there is nothing."""
        return self._group.redoText()

    def restore(self, left: LeftBehind) -> None:
        """Know again what was known when the program ended without closing the library."""
        for step in left.done:
            self._stack_at(step.visit_id).push(_Done(step.changes))
        for step in reversed(left.undone):
            self._stack_at(step.visit_id).push(_Done(step.changes, done=_turned(step.changes)))
        for step in left.undone:
            self._stack_at(step.visit_id).undo()

    def show_list(self, in_front: bool) -> None:
        """Today comes to the front, or another page: undo is of the list, or of the visit on the desk."""
        self._list_in_front = in_front
        self._follow(self._session.case)

    def undo(self) -> bool:
        """Take the last step back; False when there is none or it was refused (the reason is said, it stays)."""
        return self._step(back=True)

    def redo(self) -> bool:
        """Do the last step that was taken back again; False as for `undo`."""
        return self._step(back=False)

    def detach(self) -> None:
        """Hear no more of the session; its library is about to be closed."""
        if self._handle is not None:  # nothing of it is done then
            self._handle.cancel()
            self._handle.wait(_WAIT)
        self._session.on_done.remove(self._push)
        self._session.on_imported.remove(self._push_import)
        self._session.on_changed.remove(self._forget_signed)
        self._session.on_case.remove(self._follow)

    def _step(self, *, back: bool) -> bool:
        stack = self._group.activeStack()
        if self._handle is not None:
            self.said.emit(UNDER_WAY)
            return False
        if stack is None or not (stack.canUndo() if back else stack.canRedo()):
            return False
        command = stack.command(stack.index() - 1 if back else stack.index())
        assert isinstance(command, _Done)
        if back and _stops_acid(command.back) and not self._confirmed(command):
            self.said.emit(STOPS_ACID)
            return False
        if self._jobs is not None and len(command.back) > LONG:
            self._begin(self._jobs, stack, command, back=back)
            return False
        changes = self._taken_back(command.back)
        if changes is None:
            return False
        self._move(stack, command, changes, back=back)
        return True

    def _confirmed(self, command: _Done) -> bool:
        """Whether this was asked for a moment ago as well."""
        now = time.monotonic()
        asked, self._asked = self._asked, (command, now)
        return asked is not None and asked[0] is command and now - asked[1] < CONFIRM_S

    def _move(self, stack: QUndoStack, command: _Done, changes: tuple[Change, ...], *, back: bool) -> None:
        """The step was taken back, or done again; the stack follows."""
        command.back = changes
        text = command.text()
        if stack.command(stack.index() - 1 if back else stack.index()) is not command:
            stack.clear()  # something was done meanwhile: what lies below cannot be told apart any more
        elif back:
            stack.undo()
        else:
            stack.redo()
        self.said.emit(tr("Undone: {step}", step=text) if back else tr("Done again: {step}", step=text))

    def _begin(self, jobs: QtJobs, stack: QUndoStack, command: _Done, *, back: bool) -> None:
        """A long step, as a job; where it is refused or stopped everything stays."""
        left = self._cleared(command.back)

        def done(changes: tuple[Change, ...]) -> None:
            self._handle, self._session.written_by = None, ""
            self._session.tell_changed(changes)
            self._move(stack, command, changes, back=back)
            self.ended.emit()

        def not_done(message: str) -> None:
            self._handle, self._session.written_by = None, ""
            if left:
                self._session.open_visit(left)
            self.not_done.emit(message)
            self.ended.emit()

        text = command.text()
        title = tr("Undoing: {step}", step=text) if back else tr("Doing again: {step}", step=text)
        self._session.written_by = title
        self._handle = jobs.start(
            _take_back_all, self._session.library, command.back, title=title, done=done,
            failed=not_done, stopped=lambda: not_done(STOPPED),
        )  # fmt: skip

    def _taken_back(self, changes: tuple[Change, ...]) -> tuple[Change, ...] | None:
        """A visit that goes off the record goes off the desk first, and comes back where that is refused."""
        left = self._cleared(changes)
        done = self._session.perform(lambda lib: _take_back(lib, changes), undoable=False)
        if done is None and left:
            self._session.open_visit(left)
        return done

    def _cleared(self, changes: tuple[Change, ...]) -> str:
        """The visit that was on the desk and is not any more, as these changes put it on record; "" for none."""
        case = self._session.case
        goes = case is not None and any(
            change.what == "visit" and change.key == case.visit.id and change.old is None for change in changes
        )
        if not goes or case is None:
            return ""
        self._session.close_visit()
        return case.visit.id

    def _forget_signed(self, changes: tuple[Change, ...]) -> None:
        """A signed report was opened again: what was signed is altered by hand, and not by a key too many."""
        for change in changes:
            if change.what == AMENDMENT and change.new is not None:
                self._stack_of_visit(str(change.new["visit_id"])).clear()

    def _push_import(self, changes: tuple[Change, ...]) -> None:
        """All that an import made is one step of the list, also pictures that went to a visit that was there."""
        if changes:
            self._list.push(_Done(changes))

    def _push(self, changes: tuple[Change, ...]) -> None:
        if not changes:
            return
        step = _Done(changes)
        self._stack_of(changes).push(step)
        if any(change.what in ("picture", "visit") and change.new is None for change in changes):
            self.said.emit(tr("{done}. Undo brings it back.", done=step.text()))
        elif any(change.what in ("picture", "visit") and change.old is not None for change in changes):
            self.said.emit(tr("{done}. Undo takes it back.", done=step.text()))

    def _stack_of(self, changes: tuple[Change, ...]) -> QUndoStack:
        """Where undo looks for a step, whichever page was in front when it was done."""
        first, case = changes[0], self._session.case
        if case is not None and not self._list_in_front and any(_of_visit(one, case) for one in changes):
            return self._stack_of_visit(case.visit.id)
        if first.what in ("patient", "visit") or (self._list_in_front and first.what in ("result", "follow_up")):
            return self._list
        if (
            first.what == "picture" and first.new is not None and first.old is None
        ):  # they may go to a visit that is not on the desk
            return self._stack_of_visit(str(first.new["visit_id"]))
        return self._list if case is None else self._stack_of_visit(case.visit.id)

    def _follow(self, case: VisitCase | None) -> None:
        on_desk = None if case is None or self._list_in_front else case.visit.id
        self._group.setActiveStack(self._stack_of_visit(on_desk) if on_desk else self._list)

    def _stack_at(self, visit_id: str) -> QUndoStack:
        return self._stack_of_visit(visit_id) if visit_id else self._list

    def _stack_of_visit(self, visit_id: str) -> QUndoStack:
        stack = self._stacks.pop(visit_id, None)
        if stack is None:
            stack = self._made_stack()
        self._stacks[visit_id] = stack  # the last one is the one that was asked for last
        if len(self._stacks) > _VISITS:
            in_front = self._group.activeStack()
            oldest = self._stacks.pop(next(key for key, old in self._stacks.items() if old is not in_front))
            self._group.removeStack(oldest)
            oldest.deleteLater()
        return stack

    def _made_stack(self) -> QUndoStack:
        stack = QUndoStack(self._group)
        stack.setUndoLimit(_LIMIT)
        return stack


def _stops_acid(changes: tuple[Change, ...]) -> bool:
    """Whether the clock of acetic acid would not run any more, or from another moment."""
    return any(change.what == "examination" and "acid_at" in (change.new or {}) for change in changes)


def _of_visit(change: Change, case: VisitCase) -> bool:
    """Whether it altered the visit on the desk itself, as one that was given to a woman."""
    return change.what == "visit" and change.key == case.visit.id and change.old is not None and change.new is not None


def _turned(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """What was done before `changes` took it back."""
    return tuple(
        replace(change, old=change.new, new=change.old, text=change.text.removeprefix(_UNDO))
        for change in reversed(changes)
    )


def _take_back(lib: object, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    return _take_back_all(SilentContext(), lib, changes)


def _take_back_all(ctx: Context, lib: object, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """As a job."""
    from pfm_desktop.services import taking_back

    return taking_back.take_back(ctx, lib, changes)  # type: ignore[arg-type]  # a Library; its module is loaded late
