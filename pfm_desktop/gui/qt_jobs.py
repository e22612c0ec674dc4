"""Jobs of the window. The one Qt signal that carries job events is here; it is queued, so callbacks run in the GUI."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from pfm_desktop.jobs import Event, Failed, Finished, Handle, ProcessRunner, Progress, Runner, ThreadRunner
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.logs import calm_words
from pfm_desktop.support.quiet import places_in, places_of
from pfm_desktop.viewmodels.jobs import JobBoard, JobRow
from pfm_desktop.viewmodels.words import spoken

log = logging.getLogger(__name__)

Done = Callable[[Any], None]
Told = Callable[[str], None]
Step = Callable[[Progress], None]


@dataclass(frozen=True)
class _Work:
    handle: Handle
    done: Done
    failed: Told | None
    stopped: Callable[[], None] | None
    step: Step | None
    ask_stop: Callable[[], None] | None
    title: str
    thrown_away: bool
    missed: bool


class QtJobs(QObject):
    """Starts jobs and brings what they tell to the GUI thread. All of them show in the jobs strip.

    `jobs_changed` tells that `rows` differ. `failed_unheard` carries the failure of a job that was started without
    `failed`; the window shows it.
    """

    jobs_changed = Signal()
    failed_unheard = Signal(str)
    _arrived = Signal(str)

    def __init__(
        self, parent: QObject | None = None, *, threads: Runner | None = None, processes: Runner | None = None
    ) -> None:
        super().__init__(parent)
        self._runners = {False: threads or ThreadRunner(), True: processes or ProcessRunner()}
        self._board = JobBoard()
        self._works: dict[str, _Work] = {}
        self._numbers = itertools.count(1)
        self._mailbox: dict[str, list[Event]] = {}
        self._mailbox_lock = threading.Lock()
        self._arrived.connect(self._receive, Qt.ConnectionType.QueuedConnection)

    @property
    def rows(self) -> tuple[JobRow, ...]:
        """The running jobs, as the strip shows them."""
        return self._board.rows

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._works)

    @property
    def thrown_away(self) -> Mapping[str, str]:
        """Titles of running jobs of which nothing would stay if they were stopped, by name."""
        return {name: work.title for name, work in self._works.items() if work.thrown_away}

    @property
    def missed(self) -> Mapping[str, str]:
        """Titles of running jobs that somebody waits for, and that end with the library, by name."""
        return {name: work.title for name, work in self._works.items() if work.missed}

    def start(
        self,
        job: Callable[..., Any],
        *args: Any,
        title: str,
        done: Done,
        failed: Told | None = None,
        stopped: Callable[[], None] | None = None,
        step: Step | None = None,
        process: bool = False,
        ask_stop: Callable[[], None] | None = None,
        thrown_away: bool = False,
        missed: bool = False,
    ) -> Handle:
        """Run `job(ctx, *args)` on a thread, or with `process` in a spawned process.

        Exactly one of `done(result)`, `failed(message)`, `stopped()` is called later, on the GUI thread; `step` gets
        the latest progress now and then. `ask_stop` is done instead of cancelling when a person stops the job, and not
        when the window closes. `thrown_away`: what it made is removed when it is stopped, which is said before the
        window closes. `missed`: somebody waits for it, and hears before the library is closed that it would be stopped.
        """
        name = f"{getattr(job, '__name__', 'job')}-{next(self._numbers)}"
        self._board.started(name, title)
        handle = self._runners[process].start(job, *args, listener=self._hear, name=name)
        self._works[name] = _Work(handle, done, failed, stopped, step, ask_stop, title, thrown_away, missed)
        self.jobs_changed.emit()
        return handle

    def cancel(self, name: str) -> None:
        """A person asks one job to stop."""
        work = self._works.get(name)
        if work is not None:
            (work.ask_stop or work.handle.cancel)()
            self._board.stopping(name)
            self.jobs_changed.emit()

    def cancel_all(self) -> None:
        """Every job is to end: the window closes."""
        for name, work in self._works.items():
            work.handle.cancel()
            self._board.stopping(name)
        self.jobs_changed.emit()

    def end_missed(self, seconds: float) -> tuple[str, ...]:
        """Those that end with the library are to end before it is closed, so that they can put that on record; titles
        of those that did not within `seconds`."""
        ending = {name: self._works[name] for name in self.missed}
        for name, work in ending.items():
            work.handle.cancel()
            self._board.stopping(name)
        self.jobs_changed.emit()
        deadline = time.monotonic() + seconds
        return tuple(
            work.title for work in ending.values() if not work.handle.wait(max(0.0, deadline - time.monotonic()))
        )

    def wait_all(self, seconds: float) -> bool:
        """Wait until the jobs have ended and their callbacks were called; False when `seconds` passed first."""
        deadline = time.monotonic() + seconds
        while self._works:
            work = next(iter(self._works.values()))
            if not work.handle.wait(max(0.0, deadline - time.monotonic())):
                return False
            self._deliver(work.handle.name)
        return True

    def _hear(self, event: Event) -> None:
        """On the job's thread. Of progress only the latest waits in the mailbox, so that a busy job floods nobody."""
        with self._mailbox_lock:
            waiting = self._mailbox.setdefault(event.job, [])
            told = bool(waiting)
            if waiting and isinstance(waiting[-1], Progress):
                waiting.pop()
            waiting.append(event)
        if not told and isValid(self):
            with contextlib.suppress(RuntimeError):  # the window may close between these two lines
                self._arrived.emit(event.job)

    def _receive(self, name: str) -> None:
        self._deliver(name)

    def _deliver(self, name: str) -> None:
        with self._mailbox_lock:
            events = self._mailbox.pop(name, [])
        work = self._works.get(name)
        for event in events:
            if work is not None:
                self._act(work, event)

    def _act(self, work: _Work, event: Event) -> None:
        if isinstance(event, Progress):
            self._board.heard(event)
            self.jobs_changed.emit()
            if work.step is not None:
                work.step(event)
            return
        self._works.pop(event.job, None)
        self._board.ended(event.job)
        self.jobs_changed.emit()
        if isinstance(event, Finished):
            work.done(event.result)
        elif isinstance(event, Failed):
            self._fail(work, event)
        elif work.stopped is not None:
            work.stopped()

    def _fail(self, work: _Work, event: Failed) -> None:
        message = spoken(event.error) if isinstance(event.error, UserError) else event.message
        if event.details:
            places = places_of(event.error) if event.error is not None else places_in(event.details)
            log.error("a job failed unexpectedly: %s\n%s", event.job, places)
            message = calm_words(type(event.error).__name__ if event.error is not None else tr("in a worker process"))
        if work.failed is not None:
            work.failed(message)
        else:
            self.failed_unheard.emit(message)
