"""A bar on anything over a second, and only then."""

from __future__ import annotations

import io
import threading

from rich.console import Console

from pfm_desktop.cli.progress import Bar


def terminal(stream: io.StringIO) -> Console:
    return Console(file=stream, force_terminal=True, width=80)


def test_what_ends_at_once_shows_no_bar() -> None:
    stream = io.StringIO()
    with Bar(terminal(stream)) as bar:
        bar.progress(1, 4, "Reading")
    assert stream.getvalue() == ""


def test_a_long_step_shows_a_bar_without_telling_anything() -> None:
    stream = io.StringIO()
    with Bar(terminal(stream), seconds=0) as bar:
        bar.progress(1, 4, "Grading")
        bar._timer.join()
        bar.progress(2, 4, "Writing")
    assert "ing" in stream.getvalue()
    assert "\u2501" in stream.getvalue()


def test_a_file_or_pipe_gets_no_bar_and_no_thread_is_started() -> None:
    stream = io.StringIO()
    before = threading.active_count()
    with Bar(Console(file=stream), seconds=0) as bar:
        bar.progress(1, 4, "Reading")
        assert threading.active_count() == before
    assert stream.getvalue() == ""


def test_brackets_in_the_name_of_a_step_are_no_markup() -> None:
    stream = io.StringIO()
    with Bar(terminal(stream), seconds=0) as bar:
        bar.progress(1, 4, "Reading [/x]")
        bar._timer.join()
        bar.progress(2, 4, "Reading [/x]")
    assert "[/x]" in stream.getvalue()
