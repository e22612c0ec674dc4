"""Work of a widget off the GUI thread."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from pfm_desktop.jobs import Event, Failed, Finished, Handle, Progress, Runner, ThreadRunner
from pfm_desktop.support.errors import UserError, capital
from pfm_desktop.support.quiet import places_in

log = logging.getLogger(__name__)


Done = Callable[[Any], None]
Told = Callable[[str], None]
Step = Callable[[Progress], None]


@dataclass(frozen=True)
class _Work:
    job: Callable[..., Any]
    args: tuple[Any, ...]
    done: Done
    failed: Told
    step: Step | None


class _Post(QObject):
    """Carries events to the GUI thread. One for the program and never deleted: a thread may end after its widget."""

    _sent = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._sent.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def send(self, to: weakref.ref[Background], event: Event) -> None:
        """Called on any thread."""
        with suppress(RuntimeError):  # the program has left meanwhile: nobody hears it
            self._sent.emit(to, event)

    def _deliver(self, to: weakref.ref[Background], event: Event) -> None:
        background = to()
        if background is not None and isValid(background):
            background.receive(event)


@cache
def _post() -> _Post:
    return _Post()


class Background(QObject):
    """Runs jobs on a thread, one at a time, and hands their answers to the GUI thread.

    Work that is started while other work runs waits for its end; of several that wait only the latest is done. When
    the parent is deleted the work is asked to stop, and its answer reaches nobody.
    """

    def __init__(self, parent: QObject, *, runner: Runner | None = None) -> None:
        super().__init__(parent)
        self._runner = runner or ThreadRunner()
        self._handle: Handle | None = None
        self._running: _Work | None = None  # None while nothing runs, or what runs was dropped
        self._next: _Work | None = None
        self._handles: list[Handle] = []  # what runs; outlives this object for as long as `destroyed` needs it
        self.destroyed.connect(_stopper(self._handles))

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._running is not None or self._next is not None

    def start(self, job: Callable[..., Any], *args: Any, done: Done, failed: Told, step: Step | None = None) -> None:
        """Do `job(ctx, *args)` next; `done` or `failed` is called later, unless `drop` or a later start comes first."""
        self._next = _Work(job, args, done, failed, step)
        if self._handle is None:
            self._begin()

    def drop(self) -> None:
        """Forget all work: what runs is asked to stop, its answer is thrown away."""
        if self._handle is not None:
            self._handle.cancel()
        self._running = self._next = None

    def _begin(self) -> None:
        work, self._next = self._next, None
        if work is None:
            return
        self._running = work
        post, myself = _post(), weakref.ref(self)
        self._handle = self._runner.start(work.job, *work.args, listener=lambda event: post.send(myself, event))
        self._handles[:] = [self._handle]

    def receive(self, event: Event) -> None:
        """An event of the job, on the GUI thread."""
        work = self._running
        if isinstance(event, Progress):
            if work is not None and work.step is not None:
                work.step(event)
            return
        self._handle = self._running = None
        if work is not None and isinstance(event, Finished):
            work.done(event.result)
        elif work is not None and isinstance(event, Failed):
            if event.details:
                log.error("background work failed\n%s", places_in(event.details))
            work.failed(event.error.sentences if isinstance(event.error, UserError) else capital(event.message))
        if self._handle is None:
            self._begin()


def _stopper(handles: list[Handle]) -> Callable[[], None]:
    def stop() -> None:
        for handle in handles:
            handle.cancel()

    return stop
