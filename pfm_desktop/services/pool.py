"""Spreading many small independent calls over a few processes, with progress and cancel."""

from __future__ import annotations

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

Item = TypeVar("Item")
Result = TypeVar("Result")

_POLL_SECONDS = 0.1


def spread(
    ctx: Context, function: Callable[[Item], Result], items: Sequence[Item], *, workers: int = 2, text: str = ""
) -> Iterator[tuple[Item, Result]]:
    """Yield `(item, function(item))` as the answers come, in any order.

    `function` and items must be picklable. Runs in this process for one worker, for one item, and inside a process
    that may not have children. Cancelling lets the calls under way end and starts no others. An error of `function` is
    raised here; a process that dies is a `UserError`.
    """
    if workers < 2 or len(items) < 2 or multiprocessing.current_process().daemon:
        for done, item in enumerate(items):
            ctx.progress(done, len(items), text)
            yield item, function(item)
    else:
        yield from _in_processes(ctx, function, items, workers=workers, text=text)
    ctx.progress(len(items), len(items), text)


def _in_processes(
    ctx: Context, function: Callable[[Item], Result], items: Sequence[Item], *, workers: int, text: str
) -> Iterator[tuple[Item, Result]]:
    waiting = iter(items)
    running: dict[Future[Result], Item] = {}
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_settle)
    done = 0
    try:
        while True:
            while len(running) < 2 * workers and (item := next(waiting, None)) is not None:
                with _unheard_by_workers():
                    running[pool.submit(function, item)] = item
            if not running:
                return
            ctx.progress(done, len(items), text)
            for future in wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED).done:
                done += 1
                yield running.pop(future), future.result()
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process ended unexpectedly",
            safe="what was finished is kept",
            remedy="close other programs to free memory, then start it again",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _unheard_by_workers() -> Iterator[None]:
    """Workers started in here never hear Ctrl+C, not even while they import; this program hears it afterwards.

    A signal that is blocked here is blocked from the first moment in what is started here. Windows has no such thing:
    there a worker is deaf from `_settle` on only.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    heard: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    # another thread may be given the signal, and it would break into the start of a worker here
    before: Any = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number)) if main else None
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
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
