"""A job that waits while a file lies in its folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from pfm_desktop.jobs import Context

SECONDS = 0.2  # between two looks at the file
WAITING = "Paused"


def _rest() -> None:
    time.sleep(SECONDS)


class Pausable:
    """A `Context` that holds the job up while `flag` is there; it can be cancelled meanwhile."""

    def __init__(self, ctx: Context, flag: Path, *, rest: Callable[[], None] = _rest) -> None:
        self._ctx, self._flag, self._rest = ctx, flag, rest
        self._said: tuple[float, float] = (0.0, 1.0)

    def progress(self, done: float, total: float, text: str = "") -> None:
        """See `Context.progress`."""
        self._said = (done, total)
        self._ctx.progress(done, total, text)
        self._wait()

    def check(self) -> None:
        """See `Context.check`."""
        self._ctx.check()
        self._wait()

    def _wait(self) -> None:
        while self._flag.exists():
            self._ctx.progress(*self._said, WAITING)
            self._rest()
