"""Runners: the same job inline (tests, command line), on a thread (inference), in a spawned process (fine-tuning)."""

from __future__ import annotations

import itertools
import multiprocessing
import threading
import traceback
from collections.abc import Callable
from typing import Any, Protocol

from pfm_desktop.jobs.context import CallbackContext, Cancelled
from pfm_desktop.jobs.events import Event, Failed, Finished, Progress, Stopped
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.threads import give_way

Job = Callable[..., Any]
Listener = Callable[[Event], None]

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
    except UserError as error:
        return Failed(name, str(error), "", error)
    except Exception as error:  # noqa: BLE001 - the worker's boundary: a failure must become an event, never silence
        return Failed(name, f"unexpected error: {type(error).__name__}: {error}", traceback.format_exc(), error)


class InlineRunner:
    """Runs the job before `start` returns."""

    def start(self, job: Job, *args: Any, listener: Listener, name: str = "") -> Handle:
        """See `Runner.start`."""
        handle = Handle(name or f"{getattr(job, '__name__', 'job')}-{next(_numbers)}")
        _run(handle, job, args, listener)
        return handle


class ThreadRunner:
    """Runs each job on its own daemon thread, which lets the window go first."""

    def start(self, job: Job, *args: Any, listener: Listener, name: str = "") -> Handle:
        """See `Runner.start`."""
        handle = Handle(name or f"{getattr(job, '__name__', 'job')}-{next(_numbers)}")
        thread = threading.Thread(
            target=_run_politely, args=(handle, job, args, listener), name=handle.name, daemon=True
        )
        thread.start()
        return handle


def _run_politely(handle: Handle, job: Job, args: tuple[Any, ...], listener: Listener) -> None:
    give_way()
    _run(handle, job, args, listener)


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
        here, there = spawn.Pipe(duplex=False)
        stop = spawn.Event()
        process = spawn.Process(
            target=_child, args=(there, stop, job, args, handle.name), name=handle.name, daemon=True
        )
        process.start()
        there.close()
        threading.Thread(
            target=_pump, args=(handle, process, here, stop, listener), name=f"{handle.name}-events", daemon=True
        ).start()
        return handle


def _child(pipe: Any, stop: Any, job: Job, args: tuple[Any, ...], name: str) -> None:
    ctx = CallbackContext(lambda done, total, text: pipe.send(Progress(name, done, total, text)), stop.is_set)
    event = run_to_event(job, args, name, ctx)
    if isinstance(event, Failed):
        event = Failed(event.job, event.message, event.details)  # the exception itself may not pickle
    pipe.send(event)
    pipe.close()


def _pump(handle: Handle, process: Any, pipe: Any, stop: Any, listener: Listener) -> None:
    last: Event | None = None
    try:
        while not isinstance(last, Finished | Failed | Stopped):
            if handle.cancelled:
                stop.set()
            if not pipe.poll(0.1):
                if process.is_alive() or pipe.poll(0):
                    continue
                raise EOFError
            last = pipe.recv()
            if last is not None:
                listener(last)
    except EOFError:
        process.join()
        if handle.cancelled:
            listener(Stopped(handle.name))
        else:
            listener(Failed(handle.name, f"the worker ended unexpectedly (exit code {process.exitcode})", ""))
    finally:
        pipe.close()
        process.join(5)
        handle._ended.set()
