"""Statements that can be stopped, and that give signs of life, while the database is at them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from pfm_desktop.jobs import Context

EVERY = 0.1  # seconds between two signs of life
_STEPS = 100_000  # of SQLite's machine between two questions: about a hundredth of a second


@contextlib.contextmanager
def interruptible(session: Session, check: Callable[[], None]) -> Iterator[None]:
    """Statements of `session` inside the block end when `check` raises; what it raised then leaves the block.

    `check` is called often, on this thread; a database that cannot be asked meanwhile is asked about at the start only.
    """
    check()
    driver = session.connection().connection.driver_connection
    watch = getattr(driver, "set_progress_handler", None)
    if watch is None:
        yield
        return
    raised: list[BaseException] = []

    def step() -> int:
        try:
            check()
        except BaseException as error:  # noqa: BLE001 - it goes on below, past the driver
            raised.append(error)
            return 1
        return 0

    watch(step, _STEPS)
    try:
        yield
    except Exception:
        if raised:
            raise raised[0] from None
        raise
    finally:
        watch(None, 0)


def telling(ctx: Context, words: str) -> Callable[[], None]:
    """For `interruptible`: tells `ctx` every tenth of a second that work goes on, how far is not known."""
    told = time.monotonic()

    def tell() -> None:
        nonlocal told
        ctx.check()
        if time.monotonic() - told >= EVERY:
            told = time.monotonic()
            ctx.progress(0, 0, words)

    return tell


def told_rows(session: Session, statement: str, ctx: Context, words: str) -> Sequence[Sequence[Any]]:
    """All rows of a statement that SQLite does in few long steps, while `ctx` is told and asked.

    The statement runs on a thread of its own: within a step SQLite asks nobody, but can be told to end.
    """
    ctx.progress(0, 0, words)
    driver: Any = session.connection().connection.driver_connection
    found: list[Sequence[Any]] = []
    raised: list[Exception] = []

    def work() -> None:
        try:
            found.extend(tuple(row) for row in session.execute(text(statement)))
        except Exception as error:  # noqa: BLE001 - it goes on below, on the thread that asked
            raised.append(error)

    thread = threading.Thread(target=work, name="a check of the database", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(EVERY)
            ctx.progress(0, 0, words)
    except BaseException:
        while thread.is_alive():  # again and again: told before it has begun, it would not hear
            driver.interrupt()
            thread.join(EVERY)
        raise
    if raised:
        raise raised[0]
    return found
