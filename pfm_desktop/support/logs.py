"""The log. It never holds names, numbers of patients, names of pictures, or where the user keeps things.

Messages of exceptions and paths may tell any of these, so only what `quiet` lets through is written.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import re
import sys
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from pfm_desktop.support.errors import for_a_person
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import log_dir, make_user_data_dir
from pfm_desktop.support.quiet import FRAME, message_of, places_of

LOG_FILE = "pfm-desktop.log"
LINE = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
_BYTES, _KEPT = 1_000_000, 3
_LINE = re.compile(r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} (?P<pid>\d+) [A-Z]+ [\w.]+: ", re.ASCII)
_KIND = re.compile(r"[A-Za-z_]\w*", re.ASCII)  # of an exception

log = logging.getLogger(__name__)
Tell = Callable[[str], None]


class QuietFormatter(logging.Formatter):
    """Writes of a message what `quiet` lets through, and an exception as its type and where it came from."""

    def format(self, record: logging.LogRecord) -> str:
        """As usual, but never with the text that another handler's formatter left on the record."""
        own = copy.copy(record)
        own.exc_text = own.stack_info = None
        own.msg, own.args = message_of(record), None
        return super().format(own)

    def formatException(self, ei: object) -> str:
        """See the class."""
        error = ei[1] if isinstance(ei, tuple) else None
        return places_of(error) if isinstance(error, BaseException) else ""


class _Rotating(RotatingFileHandler):
    """Windows renames no file that another window has open: it then goes on in the same one, and nothing is lost."""

    def doRollover(self) -> None:
        """See the class."""
        try:
            super().doRollover()
        except OSError:
            if self.stream is None:
                self.stream = self._open()


def start_logging(level: int = logging.INFO) -> Path | None:
    """Write the log; returns where, None where the disk does not take one. See `runs` for what is noted of a crash."""
    root = logging.getLogger()
    root.setLevel(level)
    path = log_dir() / LOG_FILE
    make_user_data_dir()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _Rotating(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True)
    except OSError:
        return None  # a full or read-only disk must not keep the program from starting
    handler.setFormatter(QuietFormatter(LINE))
    root.addHandler(handler)
    return path


def stop_logging() -> None:
    """Close what `start_logging` opened."""
    root = logging.getLogger()
    for handler in [item for item in root.handlers if isinstance(item.formatter, QuietFormatter)]:
        root.removeHandler(handler)
        handler.close()


def catch_unexpected(tell: Tell) -> Callable[[], None]:
    """Log what nobody caught, on any thread, and `tell` a calm sentence; returns what puts the old hooks back."""
    old, old_thread = sys.excepthook, threading.excepthook

    def hook(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, None)
            return
        log.error("unexpected error\n%s", places_of(error))
        known = for_a_person(error)
        tell(known.sentences if known is not None else calm_words(kind.__name__))

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


def lines_of(pid: int, since: datetime, most: int) -> tuple[str, ...]:
    """The last `most` lines that a process wrote into the log since then, those of exceptions with them."""
    kept: deque[str] = deque(maxlen=most)
    own = False
    for number in range(_KEPT, -1, -1):
        path = log_dir() / (f"{LOG_FILE}.{number}" if number else LOG_FILE)
        with contextlib.suppress(OSError), path.open(encoding="utf-8", errors="replace") as lines:
            for line in map(str.rstrip, lines):
                if (found := _LINE.match(line)) is not None:
                    own = int(found["pid"]) == pid and found["at"] >= f"{since.astimezone():%Y-%m-%d %H:%M:%S}"
                    if own:
                        kept.append(line)
                elif own and (_KIND.fullmatch(line) or FRAME.fullmatch(line)):
                    kept.append(line)
    return tuple(kept)
