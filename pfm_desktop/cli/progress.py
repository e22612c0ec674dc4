"""Progress of jobs on the terminal: the events that the window draws, drawn with rich."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

SILENT_SECONDS = 1.0  # what ends sooner needs no bar


class Bar:
    """A `Context` that draws a bar on stderr once a job has taken over a second; Ctrl+C ends the job."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or Console(stderr=True)
        self._clock = clock
        self._begun = clock()
        self._bar: Progress | None = None
        self._task: Any = None

    def progress(self, done: float, total: float, text: str = "") -> None:
        """See `jobs.Context.progress`."""
        if self._bar is None:
            if self._clock() - self._begun < SILENT_SECONDS or not self._console.is_terminal:
                return
            columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.start()
            self._task = self._bar.add_task(text, total=total or None)
        self._bar.update(self._task, completed=done, total=total or None, description=text)

    def check(self) -> None:
        """Nothing to check: Ctrl+C raises by itself."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def say(text: str) -> None:
    """One line for a person on stdout, never wrapped or coloured."""
    Console().print(text, highlight=False, markup=False, soft_wrap=True)
