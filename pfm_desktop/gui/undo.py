"""Undo and redo of what was done to a visit. One stack a visit: nothing changes that is not on the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoGroup, QUndoStack

from pfm_desktop.domain.change import Change

if TYPE_CHECKING:
    from pfm_desktop.services.cases import VisitCase
    from pfm_desktop.viewmodels.session import Session

_LIMIT = 500


class _Done(QUndoCommand):
    """Changes that are on disk. `back` takes them back (or does them again, once taken back).

    The command itself does nothing when the stack moves over it: `Undo` has done the work by then, and could refuse.
    """

    def __init__(self, changes: tuple[Change, ...]) -> None:
        super().__init__(changes[-1].text if len(changes) == 1 else f"{changes[0].text} (and {len(changes) - 1} more)")
        self.back = changes


class Undo(QObject):
    """Undo of a session. `changed` tells that texts or possibilities differ; `said` carries what was undone."""

    changed = Signal()
    said = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._group = QUndoGroup(self)
        self._stacks: dict[str, QUndoStack] = {}
        self._empty = QUndoStack(self._group)  # while no visit is on the desk; never pushed to
        self._group.indexChanged.connect(self.changed)
        self._group.activeStackChanged.connect(self.changed)
        session.on_done.append(self._push)
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

    def undo(self) -> bool:
        """Take the last step back; False when there is none or it was refused (the reason is said, it stays)."""
        return self._step(back=True)

    def redo(self) -> bool:
        """Do the last step that was taken back again; False as for `undo`."""
        return self._step(back=False)

    def detach(self) -> None:
        """Hear no more of the session; its library is about to be closed."""
        self._session.on_done.remove(self._push)
        self._session.on_case.remove(self._follow)

    def _step(self, *, back: bool) -> bool:
        stack = self._group.activeStack()
        if stack is None or not (stack.canUndo() if back else stack.canRedo()):
            return False
        command = stack.command(stack.index() - 1 if back else stack.index())
        assert isinstance(command, _Done)
        text = command.text()
        changes = self._session.perform(lambda lib: _take_back(lib, command.back), undoable=False)
        if changes is None:
            return False
        command.back = changes
        if back:
            stack.undo()
        else:
            stack.redo()
        self.said.emit(f"{'Undone' if back else 'Done again'}: {text}")
        return True

    def _push(self, changes: tuple[Change, ...]) -> None:
        stack = self._group.activeStack()
        if stack is not None and stack is not self._empty and changes:
            stack.push(_Done(changes))

    def _follow(self, case: VisitCase | None) -> None:
        if case is None:
            self._group.setActiveStack(self._empty)
            return
        stack = self._stacks.get(case.visit.id)
        if stack is None:
            stack = self._stacks[case.visit.id] = QUndoStack(self._group)
            stack.setUndoLimit(_LIMIT)
        self._group.setActiveStack(stack)


def _take_back(lib: object, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    from pfm_desktop.services import review

    return review.undo_all(lib, changes)  # type: ignore[arg-type]  # a Library; its module is loaded late
