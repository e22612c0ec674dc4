"""A statement that can be stopped while the database is at it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

_STEPS = 10_000  # of SQLite's machine between two questions: well under a hundredth of a second


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
