"""Progress of jobs on the terminal: the events that the window draws, drawn with rich."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

SILENT_SECONDS = 1.0  # what ends sooner needs no bar


class Bar:
    """A `Context` that draws a bar on stderr once a job has taken over a second; Ctrl+C ends the job.

    Used as `with Bar() as bar`, it shows also while one long step tells nothing.
    """

    def __init__(self, console: Console | None = None, seconds: float = SILENT_SECONDS) -> None:
        self._console = console or Console(stderr=True)
        self._bar: Progress | None = None
        self._task: Any = None
        self._told: tuple[float, float, str] = (0, 0, "Working")
        self._drawing = threading.Lock()
        self._timer = threading.Timer(seconds, self._show)
        self._timer.daemon = True

    def progress(self, done: float, total: float, text: str = "") -> None:
        """See `jobs.Context.progress`."""
        with self._drawing:
            self._told = done, total, text
            if self._bar is not None:
                self._bar.update(self._task, completed=done, total=total or None, description=text)

    def check(self) -> None:
        """Nothing to check: Ctrl+C raises by itself."""

    def _show(self) -> None:
        with self._drawing:
            done, total, text = self._told
            columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn()
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.start()
            self._task = self._bar.add_task(text, total=total or None, completed=int(done))

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._timer.is_alive():
            self._timer.join()
        if self._bar is not None:
            self._bar.stop()


def say(text: str) -> None:
    """One line for a person on stdout, never wrapped or coloured; brackets and colons in a path stay what they are."""
    Console().print(text, highlight=False, markup=False, emoji=False, soft_wrap=True)


def complain(text: str) -> None:
    """One line for a person on stderr, also where a name in it has a line break: that is shown as `\\n`."""
    shown = (letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    typer.echo("".join(shown), err=True)
