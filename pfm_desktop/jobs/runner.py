"""Runners: the same job inline (tests, command line), on a thread (inference), in a spawned process (fine-tuning)."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import pickle
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any, Protocol

from pfm_desktop.jobs.context import CallbackContext, Cancelled
from pfm_desktop.jobs.events import Event, Failed, Finished, Progress, Stopped
from pfm_desktop.support.errors import for_a_person
from pfm_desktop.support.language import tr
from pfm_desktop.support.memory import stay_out_of_crash_files
from pfm_desktop.support.threads import give_way

Job = Callable[..., Any]
Listener = Callable[[Event], None]

FREE = "free for a job"  # name of a thread that waits

_numbers = itertools.count(1)


class Handle:
    """A started job: its name, a way to stop it, a way to wait for its end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._stop = threading.Event()
        self._ended = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop; it ends at its next `ctx.progress` or `ctx.check` with a `Stopped` event."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether the job was asked to stop."""
        return self._stop.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the last event; False when `timeout` seconds passed first."""
        return self._ended.wait(timeout)


class Runner(Protocol):
    """Starts jobs; every job ends in exactly one of `Finished`, `Failed`, `Stopped`."""

    def start(self, job: Job, *args: Any, listener: Listener, name: str = "") -> Handle:
        """Run `job(ctx, *args)`; `listener` gets each event, on whatever thread the runner uses."""


def run_to_event(job: Job, args: tuple[Any, ...], name: str, ctx: CallbackContext) -> Event:
    """Run a job to its last event; any error becomes a `Failed`."""
    try:
        return Finished(name, job(ctx, *args))
    except Cancelled:
        return Stopped(name)
    except Exception as error:  # noqa: BLE001 - the worker's boundary: a failure must become an event, never silence
        known = for_a_person(error)
        if known is not None:
            return Failed(name, str(known), "", known)
        return Failed(
            name,
            tr("unexpected error: {kind}: {error}", kind=type(error).__name__, error=error),
            traceback.format_exc(),
            error,
        )


class InlineRunner:
    """Runs the job before `start` returns."""

    def start(self, job: Job, *args: Any, listener: Listener, name: str = "") -> Handle:
        """See `Runner.start`."""
        handle = Handle(name or f"{getattr(job, '__name__', 'job')}-{next(_numbers)}")
        _run(handle, job, args, listener)
        return handle


class ThreadRunner:
    """Runs each job on a daemon thread of its own, which lets the window go first."""

    def start(self, job: Job, *args: Any, listener: Listener, name: str = "") -> Handle:
        """See `Runner.start`."""
        handle = Handle(name or f"{getattr(job, '__name__', 'job')}-{next(_numbers)}")
        _crew.do(partial(_run, handle, job, args, listener), handle.name)
        return handle


class _Crew:
    """Threads that wait for the next job once theirs has ended; one more than was ever needed at once.

    Starting a thread holds its starter up until the new one has had the interpreter: 5 to 14 ms of the window's time
    while the engine works. The pool of the standard library would not do: it bounds how many jobs run, and waits for
    them when the program ends.
    """

    def __init__(self) -> None:
        self._free: list[SimpleQueue[tuple[Callable[[], None], str]]] = []
        self._lock = threading.Lock()
        self._working = 0
        self._idle = threading.Condition(self._lock)

    def do(self, work: Callable[[], None], name: str) -> None:
        """Have `work` done at once, on a thread called `name` meanwhile."""
        with self._lock:
            self._working += 1
            inbox = self._free.pop() if self._free else None  # the last to come free: its memory is still warm
        (inbox or self._one_more()).put((work, name))

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is worked on; False when `seconds` passed first."""
        with self._idle:
            return self._idle.wait_for(lambda: self._working == 0, seconds)

    def _one_more(self) -> SimpleQueue[tuple[Callable[[], None], str]]:
        inbox: SimpleQueue[tuple[Callable[[], None], str]] = SimpleQueue()
        threading.Thread(target=self._serve, args=(inbox,), name=FREE, daemon=True).start()
        return inbox

    def _serve(self, inbox: SimpleQueue[tuple[Callable[[], None], str]]) -> None:
        give_way()
        me = threading.current_thread()
        while True:
            work, me.name = inbox.get()
            if not self._free:
                self._rest(self._one_more())  # here it is not the window that waits for its start
            try:
                work()
            except Exception:  # noqa: BLE001 - of a listener; a thread of its own would have ended this way
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), me)))
            del work  # what the job was given must not live until the next
            me.name = FREE
            with self._idle:
                self._working -= 1
                self._idle.notify_all()
            self._rest(inbox)

    def _rest(self, inbox: SimpleQueue[tuple[Callable[[], None], str]]) -> None:
        with self._lock:
            self._free.append(inbox)


_crew = _Crew()


def wait_for_threads(seconds: float) -> bool:
    """Wait until no job of any `ThreadRunner` runs; False when `seconds` passed first.

    For the end of the program: a thread that comes back from C++ code after the interpreter is gone ends the process
    with SIGABRT.
    """
    return _crew.wait(seconds)


def _run(handle: Handle, job: Job, args: tuple[Any, ...], listener: Listener) -> None:
    ctx = CallbackContext(
        lambda done, total, text: listener(Progress(handle.name, done, total, text)), lambda: handle.cancelled
    )
    event = run_to_event(job, args, handle.name, ctx)
    try:
        listener(event)
    finally:
        handle._ended.set()


class ProcessRunner:
    """Runs each job in a spawned process; a process that dies without a word is a `Failed`."""

    def start(self, job: Job, *args: Any, listener: Listener, name: str = "") -> Handle:
        """See `Runner.start`. `job`, its arguments and its result must be picklable."""
        handle = Handle(name or f"{getattr(job, '__name__', 'job')}-{next(_numbers)}")
        spawn = multiprocessing.get_context("spawn")
        # events come, a word to stop goes; an Event of its own would outlive `threads.leave`
        here, there = spawn.Pipe()
        # sent by the thread that listens: more than a pipe holds waits until the new process has loaded the program
        work = pickle.dumps((job, args))
        process = spawn.Process(target=_child, args=(there, handle.name), name=handle.name, daemon=True)
        process.start()
        there.close()
        threading.Thread(
            target=_pump, args=(handle, process, here, work, listener), name=f"{handle.name}-events", daemon=True
        ).start()
        return handle


def _child(pipe: Any, name: str) -> None:
    stay_out_of_crash_files()
    job, args = pickle.loads(pipe.recv_bytes())
    # whatever comes means stop, and so does a program that is gone
    ctx = CallbackContext(lambda done, total, text: pipe.send(Progress(name, done, total, text)), pipe.poll)
    event = run_to_event(job, args, name, ctx)
    if isinstance(event, Failed):
        event = Failed(event.job, event.message, event.details)  # the exception itself may not pickle
    pipe.send(event)
    pipe.close()


def _pump(handle: Handle, process: Any, pipe: Any, work: bytes, listener: Listener) -> None:
    last: Event | None = None
    told = False
    try:
        try:
            pipe.send_bytes(work)
        except OSError as error:  # it has died before it heard what to do
            raise EOFError from error
        while not isinstance(last, Finished | Failed | Stopped):
            if handle.cancelled and not told:
                told = True
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    pipe.send(None)
            if not pipe.poll(0.1):
                if process.is_alive() or pipe.poll(0):
                    continue
                raise EOFError
            try:
                last = pipe.recv()
            except OSError as error:  # it ended without having read that it should stop
                raise EOFError from error
            if last is not None:
                listener(last)
    except EOFError:
        process.join()
        if handle.cancelled:
            listener(Stopped(handle.name))
        else:
            listener(
                Failed(
                    handle.name,
                    tr("the worker ended unexpectedly (exit code {code})", code=process.exitcode),
                    "",
                )
            )
    finally:
        pipe.close()
        process.join(5)
        handle._ended.set()
