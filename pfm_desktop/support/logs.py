"""The log and the crash file. They never hold names, numbers of patients, or names of pictures.

Messages of exceptions may quote any of these, so only their types and the places in the code are written.
"""

from __future__ import annotations

import copy
import faulthandler
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import IO

from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import log_dir

LOG_FILE = "pfm-desktop.log"
CRASH_FILE = "crash.txt"
_BYTES, _KEPT = 1_000_000, 3

log = logging.getLogger(__name__)
Tell = Callable[[str], None]
_crash_stream: IO[str] | None = None


class QuietFormatter(logging.Formatter):
    """Writes an exception as its type and where it came from, without its message."""

    def format(self, record: logging.LogRecord) -> str:
        """As usual, but never with the text that another handler's formatter left on the record."""
        own = copy.copy(record)
        own.exc_text = None
        return super().format(own)

    def formatException(self, ei: object) -> str:
        """See the class."""
        error = ei[1] if isinstance(ei, tuple) else None
        return places_of(error) if isinstance(error, BaseException) else ""


def places_of(error: BaseException) -> str:
    """Type of an exception and the places it passed, the cause first; no message, no values."""
    lines = []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        lines.append(places_of(before))
    lines.append(type(error).__name__)
    lines += [
        f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    return "\n".join(lines)


def places_in(details: str) -> str:
    """The same for a traceback that arrived as text from another process."""
    return "\n".join(line for line in details.splitlines() if line.startswith('  File "'))


def start_logging(level: int = logging.INFO) -> Path | None:
    """Write the log and, on a hard crash, the crash file; returns the log, None where the disk does not take one."""
    root = logging.getLogger()
    root.setLevel(level)
    path = log_dir() / LOG_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True)
        _write_crashes_to(path.with_name(CRASH_FILE))
    except OSError:
        return None  # a full or read-only disk must not keep the program from starting
    handler.setFormatter(QuietFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    return path


def stop_logging() -> None:
    """Close what `start_logging` opened."""
    global _crash_stream  # noqa: PLW0603 - faulthandler itself is one a process
    root = logging.getLogger()
    for handler in [item for item in root.handlers if isinstance(item.formatter, QuietFormatter)]:
        root.removeHandler(handler)
        handler.close()
    if _crash_stream is not None:
        faulthandler.disable()
        _crash_stream.close()
        _crash_stream = None


def catch_unexpected(tell: Tell) -> Callable[[], None]:
    """Log what nobody caught, on any thread, and `tell` a calm sentence; returns what puts the old hooks back."""
    old, old_thread = sys.excepthook, threading.excepthook

    def hook(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, None)
            return
        log.error("unexpected error\n%s", places_of(error))
        tell(calm_words(kind.__name__))

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            hook(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook, threading.excepthook = hook, thread_hook

    def restore() -> None:
        sys.excepthook, threading.excepthook = old, old_thread

    return restore


def calm_words(kind: str) -> str:
    """What the user reads about an error that nobody foresaw."""
    return tr(
        "Something unexpected happened ({kind}). Everything you entered until then is saved. You "
        "can go on; if it happens again, restart the program. Details: {file}",
        kind=kind,
        file=log_dir() / LOG_FILE,
    )


def _write_crashes_to(path: Path) -> None:
    global _crash_stream  # noqa: PLW0603 - see stop_logging
    if _crash_stream is None:
        _crash_stream = path.open("a", encoding="utf-8")
        faulthandler.enable(_crash_stream)
