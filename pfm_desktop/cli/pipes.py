"""What reads our output may stop reading, as `head` does; the work is done all the same."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO


class _Forgiving:
    """A text stream that throws away what nobody reads any more.

    Not left to the libraries: rich ends the program with 1 at the first line that is not read, click reports an error.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._let_go()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._let_go()

    def _let_go(self) -> None:
        """Nobody listens: also what is still in the buffer, which the interpreter flushes at its end, goes nowhere."""
        with contextlib.suppress(OSError, ValueError):  # a stream without a file has nothing to flush at the end
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextlib.contextmanager
def unread_output_is_no_error() -> Iterator[None]:
    """A closed pipe at stdout or stderr neither ends the program nor changes its exit code."""
    before = sys.stdout, sys.stderr
    guarded: list[Any] = [_Forgiving(stream) if stream is not None else None for stream in before]
    sys.stdout, sys.stderr = guarded
    try:
        yield
    finally:
        for stream in guarded:
            if stream is not None:
                stream.flush()
        sys.stdout, sys.stderr = before
