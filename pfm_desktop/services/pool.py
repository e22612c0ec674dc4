"""Spreading many small independent calls over a few processes, with progress and cancel."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from pfm_desktop.jobs import Context
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

Item = TypeVar("Item")
Result = TypeVar("Result")

log = logging.getLogger(__name__)
_POLL_SECONDS = 0.1


def spread(
    ctx: Context, function: Callable[[Item], Result], items: Sequence[Item], *, workers: int = 2, text: str = ""
) -> Iterator[tuple[Item, Result]]:
    """Yield `(item, function(item))` as the answers come, in any order.

    `function` and items must be picklable. Runs in this process for one worker, for one item, inside a process that may
    not have children, and where the system gives nothing to share between processes. Cancelling lets the calls under
    way end and starts no others. An error of `function` is raised here; a process that dies is a `UserError`.
    """
    alone = workers < 2 or len(items) < 2 or multiprocessing.current_process().daemon
    pool = None if alone else _pool(workers)
    if pool is None:
        for done, item in enumerate(items):
            ctx.progress(done, len(items), text)
            yield item, function(item)
    else:
        yield from _in_processes(ctx, function, items, pool, most=2 * workers, text=text)
    ctx.progress(len(items), len(items), text)


def _pool(workers: int) -> ProcessPoolExecutor | None:
    try:
        return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_settle)
    except OSError:  # on Linux, /dev/shm that is read only, full or not there
        log.warning("nothing to share between processes: all is done in this one")
        return None


def _in_processes(
    ctx: Context,
    function: Callable[[Item], Result],
    items: Sequence[Item],
    pool: ProcessPoolExecutor,
    *,
    most: int,
    text: str,
) -> Iterator[tuple[Item, Result]]:
    waiting = iter(items)
    running: dict[Future[Result], Item] = {}
    done = 0
    try:
        while True:
            while len(running) < most and (item := next(waiting, None)) is not None:
                with _ctrl_c_waits():
                    running[pool.submit(function, item)] = item
            if not running:
                return
            ctx.progress(done, len(items), text)
            for future in wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED).done:
                done += 1
                yield running.pop(future), future.result()
    except BrokenProcessPool as error:
        raise UserError(
            tr("a worker process ended unexpectedly"),
            safe=tr("what was finished is kept"),
            remedy=tr("close other programs to free memory, then start it again"),
        ) from error
    finally:
        with _ctrl_c_waits():  # a second one would leave workers that wait forever, and a program that waits for them
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Ctrl+C is heard at the end of this block; a process that is started in it never hears it, also while it imports.

    What is blocked here is blocked from the first moment in what is started here. Windows has no such thing: there a
    worker is deaf from `_settle` on only.
    """
    heard: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    # beside the block: another thread may be given the signal, and it would break in here
    before: Any = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number)) if main else None
    can_block = hasattr(signal, "pthread_sigmask")
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if can_block else set()
    try:
        yield
    finally:
        if can_block:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if main:
            signal.signal(signal.SIGINT, before)
            if heard:
                signal.raise_signal(signal.SIGINT)


def _settle() -> None:
    """One thread a process: the processes already fill the cores. Must run before the heavy libraries load.

    Ctrl+C reaches every process of a terminal; what it means is decided by the program, which then ends its workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ[name] = "1"
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose program was killed would wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
