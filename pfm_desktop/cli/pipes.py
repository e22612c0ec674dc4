"""What reads our output may stop reading, as `head` does, or know few letters; the work is done all the same."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from pfm_desktop.support.errors import StorageError


class _Forgiving:
    """A text stream that throws away what nobody reads any more, and puts `?` where it has no such letter.

    Not left to the libraries: rich ends the program with 1 at the first line that is not read, click reports an error.
    """

    def __init__(self, stream: TextIO, name: str = "") -> None:
        """`name` is said when the stream takes no more; without one, as for errors, that is nowhere to be said."""
        self._stream = stream
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except UnicodeEncodeError:  # nothing was written yet
            known = self._stream.encoding or "ascii"
            return self.write(text.encode(known, "replace").decode(known))
        except OSError as error:
            self._lost(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._lost(error)

    def _lost(self, error: OSError) -> None:
        self._let_go()
        if self._name and not isinstance(error, BrokenPipeError):  # such as a full disk behind `> file`
            raise StorageError(
                f"could not write {self._name}: {error.strerror or error}",
                safe="files named on the command line are written",
                remedy="free some space or send the output elsewhere, then try again",
            ) from error

    def _let_go(self) -> None:
        """Nobody listens: also what is still in the buffer, which the interpreter flushes at its end, goes nowhere."""
        with contextlib.suppress(OSError, ValueError):  # a stream without a file has nothing to flush at the end
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextlib.contextmanager
def output_is_no_error() -> Iterator[None]:
    """A closed pipe at stdout or stderr, or letters unknown there, neither end the program nor change its exit code."""
    before = sys.stdout, sys.stderr
    names = "the standard output (what this command says)", ""
    guarded: list[Any] = [
        None if stream is None else _Forgiving(stream, name) for stream, name in zip(before, names, strict=True)
    ]
    sys.stdout, sys.stderr = guarded
    try:
        yield
    finally:
        for stream in guarded:
            if stream is not None:
                stream.flush()
        sys.stdout, sys.stderr = before
