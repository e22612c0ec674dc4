"""What must not wait for the library: that an examination began, and the moment of acetic acid.

Both count from the key press. A library that does not take them just now is asked again until it does, off the thread
of the window; the examination goes on meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.domain.change import Change
    from pfm_desktop.domain.examination import Examination
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Edit, Session

AGAIN_MS = 1000
WAITS_S = 0.3  # for a library that is busy: the live picture stands still meanwhile
BEGUN_HELD = tr("The examination goes on. That it began is not on record yet, and is tried again.")
ACID_HELD = tr("The clock of acetic acid runs. It is not on record yet, and is tried again.")


@dataclass(frozen=True, eq=False)
class _Held:
    examination: Examination
    acid: bool  # its moment is to be put on record, not only that it began
    again: bool


class Moments(QObject):
    """`said(text)` for a person, `over(text)` once that is settled."""

    said = Signal(str)
    over = Signal(str)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._held: dict[str, _Held] = {}  # by visit
        self._told = ""
        self._work = Background(self)
        self._again = QTimer(self, singleShot=True, interval=AGAIN_MS)
        self._again.timeout.connect(self._try)

    def begin(self, new: Examination, problem: str) -> None:
        """It has begun, and the library did not take that for the reason `problem`."""
        self._held[new.visit_id] = held = _Held(new, acid=False, again=False)
        self._not_yet(held, problem)

    def start_acid(self, examination: Examination, *, again: bool) -> None:
        """Acetic acid was applied at its `acid_at`."""
        self._held[examination.visit_id] = _Held(examination, acid=True, again=again)
        self._take_back()
        self._try()

    def with_held(self, visit_id: str, found: Examination | None) -> Examination | None:
        """The examination of a visit as it was found on record, and what is not there yet."""
        held = self._held.get(visit_id)
        if held is None:
            return found
        return held.examination if found is None else replace(found, acid_at=held.examination.acid_at or found.acid_at)

    def make_sure(self, lib: Library, visit_id: str) -> None:
        """That an examination of this visit is on record, before something else of it is put there."""
        if (held := self._held.get(visit_id)) is not None:
            _begun(lib, held.examination)

    @property
    def idle(self) -> bool:
        """Whether all is on record."""
        return not self._held

    @property
    def names(self) -> tuple[str, ...]:
        """What is not on record yet, for a person who closes the library."""
        acid = sum(held.acid for held in self._held.values())
        begun = len(self._held) - acid
        moments = (tr("%n moment(s) of acetic acid", "", acid),) if acid else ()
        return (*moments, tr("That %n examination(s) began", "", begun)) if begun else moments

    def settle(self) -> bool:
        """Try once more, on this thread; whether all is on record."""
        self._again.stop()
        self._work.drop()
        for _ in range(3):  # both may be under way on the other thread just now
            for visit_id, held in tuple(self._held.items()):
                if not performed(self._session, partial(_put, held), undoable=False):
                    del self._held[visit_id]
        if self._held:
            self._again.start()
        else:
            self._take_back()
        return self.idle

    def say_again(self) -> None:
        """Another visit is on the desk, and something is not on record all the same."""
        if self._told:
            self.said.emit(self._told)

    def drop(self) -> None:
        """It is not wanted on record any more: a person was asked."""
        self._again.stop()
        self._work.drop()
        self._held.clear()
        self._take_back()

    def _take_back(self) -> None:
        told, self._told = self._told, ""
        if told:
            self.over.emit(told)

    def _try(self) -> None:
        if self._held and not self._work.busy:
            held = next(iter(self._held.values()))
            self._work.start(
                _put_in_background,
                self._session.library,
                held,
                done=lambda changes: self._on_record(held, changes),
                failed=lambda problem: self._not_yet(held, problem),
            )

    def _on_record(self, held: _Held, changes: tuple[Change, ...]) -> None:
        visit_id = held.examination.visit_id
        if self._held.get(visit_id) is held:  # not of a later moment
            del self._held[visit_id]
        if not self._held:
            self._take_back()
        self._session.tell_changed(changes, undoable=held.acid)
        self._try()

    def _not_yet(self, held: _Held, problem: str) -> None:
        if not self._told:
            self._told = f"{ACID_HELD if held.acid else BEGUN_HELD} {problem}"
            self.said.emit(self._told)
        visit_id = held.examination.visit_id
        if len(self._held) > 1 and visit_id in self._held:
            self._held[visit_id] = self._held.pop(visit_id)  # one that is refused is in the way of no other
        self._again.start()


def performed(session: Session, edit: Edit, *, undoable: bool = True) -> UserError | None:
    """Carry out an edit while the live picture waits for it, no longer than `WAITS_S`; why not, None where it was done.
    Nothing is said."""
    problems: list[UserError] = []

    def tried(lib: Library) -> Any:
        try:
            return edit(lib)
        except UserError as error:
            problems.append(error)
            raise

    done = session.perform(tried, undoable=undoable, quiet=True, waits_s=WAITS_S) is not None
    return None if done else (problems or [UserError(tr("not now: {why}", why=session.written_by))])[0]


def _put_in_background(ctx: Context, lib: Library, held: _Held) -> tuple[Change, ...]:
    """As a job."""
    ctx.check()
    return _put(held, lib)


def _put(held: _Held, lib: Library) -> tuple[Change, ...]:
    from pfm_desktop.services.capture import records

    one = held.examination
    there = _begun(lib, one)
    if not held.acid or one.acid_at is None or there.acid_at == one.acid_at:
        return ()
    return (records.start_acid(lib, one.visit_id, one.acid_at, again=held.again),)


def _begun(lib: Library, one: Examination) -> Examination:
    from pfm_desktop.services.capture import records

    return records.begin(lib, one.visit_id, one.plan, at=one.started_at)
