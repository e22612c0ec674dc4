"""What a job sees of the outside: progress out, cancel in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Cancelled(Exception):
    """Raised inside a job when it was asked to stop."""


class Context(Protocol):
    """Handed to every job as its first argument."""

    def progress(self, done: float, total: float, text: str = "") -> None:
        """Tell how far the job is; raises `Cancelled` once the job was asked to stop."""

    def check(self) -> None:
        """Raise `Cancelled` once the job was asked to stop."""


class SilentContext:
    """For calls outside any runner: tells nobody, is never cancelled."""

    def progress(self, done: float, total: float, text: str = "") -> None:
        """Ignored."""

    def check(self) -> None:
        """Never cancelled."""


class CallbackContext:
    """Hands progress to `report(done, total, text)` and asks `cancelled()` before each step."""

    def __init__(self, report: Callable[[float, float, str], None], cancelled: Callable[[], bool]) -> None:
        self._report = report
        self._cancelled = cancelled

    def progress(self, done: float, total: float, text: str = "") -> None:
        """See `Context.progress`."""
        self.check()
        self._report(done, total, text)

    def check(self) -> None:
        """See `Context.check`."""
        if self._cancelled():
            raise Cancelled
