"""How a run of the window ended. While it runs it holds a file of its own, locked; a clean end removes that.

Into it the interpreter writes where each thread was as the program dies (`faulthandler`). A file that nobody holds any
more was left by a run that crashed, was killed, or went down with the computer. Several windows each have their own.
"""

from __future__ import annotations

import contextlib
import enum
import faulthandler
import json
import os
import platform
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from pfm_desktop.support import os_lock
from pfm_desktop.support.build import this_build
from pfm_desktop.support.paths import log_dir
from pfm_desktop.support.quiet import FRAME, LEFT_OUT, frame_of, places_of

ENDING = ".run"
_LARGEST = 200_000  # bytes of one that are read
# told to end, by the desktop or the terminal: no crash; the second one is unknown to Windows
TOLD = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name))
_EXCEPTION = "Ended by an exception"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_SAME_BOOT_S = 120.0  # clocks are set meanwhile
_SIGNALS = "Segmentation fault|Aborted|Bus error|Illegal instruction|Floating point exception|Stack overflow"
_FATAL = re.compile(rf"(Fatal Python error: )(?:({_SIGNALS})$|.*)")
_FATAL_WINDOWS = re.compile(r"(Windows fatal exception: )(?:([a-z ]{,40}|code 0x[0-9a-f]{1,16})$|.*)")
_THREAD = re.compile(r"((?:Current thread|Thread) 0x[0-9a-f]+).*\(most recent call first\):$|(Stack) \(most recent.*")
_FRAME = re.compile(r'  File "(.*)", line (\d+) in (\S+)$')
_NAME = re.compile(r"[A-Za-z_]\w*$", re.ASCII)
_MODULES = re.compile(r"Extension modules: ([\w., ]{,4000}).*", re.ASCII)
_WORDS = re.compile(r"[\w .,:+()~#-]{,120}", re.ASCII)
_BARE = ("  ...", "  <no Python frame>", "  Garbage-collecting")


class How(enum.Enum):
    """How a run ended that did not end as it should."""

    CRASHED = "it crashed"
    FAILED = "an exception that nobody had foreseen ended it"
    KILLED = "it was ended from outside, or the system took it away"
    WENT_DOWN = "the computer went down or was started anew while it ran"
    TOLD = "it was told to end"


@dataclass(frozen=True)
class Left:
    """What a run left behind; `stack` are lines that name places in the program only. `ended`: its last sign of life,
    None where it left none in this file."""

    how: How
    version: str
    system: str
    pid: int
    started: datetime
    ended: datetime | None
    stack: tuple[str, ...]


class Run:
    """The run of this process."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path, self._stream = path, stream
        faulthandler.enable(stream)
        self._heard = TOLD if hasattr(faulthandler, "register") else ()
        for number in self._heard:
            faulthandler.register(number, file=stream, all_threads=False, chain=True)

    def failed(self, error: BaseException) -> None:
        """It ends by an exception, and its file stays."""
        with contextlib.suppress(OSError):
            self._stream.write(f"{_EXCEPTION}\n{places_of(error)}\n".encode())
        self._let_go()

    def ended(self) -> None:
        """It ends as it should."""
        self._let_go()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _let_go(self) -> None:
        faulthandler.disable()
        for number in self._heard:
            faulthandler.unregister(number)
        self._stream.close()


def begin() -> Run | None:
    """From here on this run is noted; None where the disk does not take that, which keeps nobody from working."""
    now = datetime.now(UTC)
    path = runs_dir() / f"{now:%Y%m%d-%H%M%S}-{os.getpid()}{ENDING}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = os.fdopen(
            os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600), "r+b", buffering=0
        )
    except OSError:
        return None
    try:
        os_lock.lock(stream)
        stream.write((json.dumps(_said_of_this(now)) + "\n").encode())
    except OSError:  # a disk that knows no locks cannot tell a run that ended from one that goes on
        stream.close()
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return None
    return Run(path, stream)


def claim(take: Callable[[Left], None]) -> None:
    """`take` what each run left behind that did not end as it should; its file is then removed. One that another
    window claims, or that still runs, is left alone. What `take` raises leaves the file for the next time."""
    for path in sorted(runs_dir().glob(f"*{ENDING}")):
        with contextlib.suppress(OSError), path.open("r+b", buffering=0) as stream:
            os_lock.lock(stream)
            data = stream.read(_LARGEST)
            if not data or not path.exists():  # it begins at this moment, or somebody else was first
                continue
            left = _left(data, datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime, UTC))
            if left.how is not How.TOLD:
                take(left)
            stream.truncate(0)  # Windows removes no file that is open
            stream.close()
            path.unlink()


def is_running() -> bool:
    """Whether a window of this user runs, other than one that this process has begun."""
    for path in runs_dir().glob(f"*{ENDING}"):
        try:
            with path.open("r+b", buffering=0) as stream:
                os_lock.lock(stream)
        except (BlockingIOError, PermissionError):
            return True
        except OSError:
            continue
    return False


def runs_dir() -> Path:
    """Where the files of runs are."""
    return log_dir() / "runs"


def _said_of_this(now: datetime) -> dict[str, Any]:
    return {
        "version": str(this_build()), "system": platform.platform(), "pid": os.getpid(),
        "started": now.isoformat(timespec="seconds"), "boot": _boot(),
    }  # fmt: skip


def _boot() -> str:
    """Of the system that runs: Linux has a name for it, elsewhere it is the second at which it began."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return str(round(time.time() - time.monotonic()))


def _is_this_boot(boot: str) -> bool:
    now = _boot()
    if now.isdigit() and boot.isdigit():
        return abs(int(now) - int(boot)) < _SAME_BOOT_S
    return now == boot


def _left(data: bytes, written: datetime) -> Left:
    head, _, rest = data.decode("utf-8", errors="replace").partition("\n")
    try:
        said = json.loads(head)
        version, system, boot = (str(said[name]) for name in ("version", "system", "boot"))
        pid, started = int(said["pid"]), datetime.fromisoformat(said["started"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError, OverflowError):
        version, system, boot, pid, started = "", "", _boot(), 0, written
    stack = stack_of(rest)
    return Left(_how(rest, boot), _words(version), _words(system), pid, started, written if stack else None, stack)


def _how(text: str, boot: str) -> How:
    if "Fatal Python error: " in text or "Windows fatal exception: " in text:
        return How.CRASHED
    if text.startswith(_EXCEPTION):
        return How.FAILED
    if text.startswith(("Stack (most recent", "Current thread", "Thread")):
        return How.TOLD
    return How.KILLED if _is_this_boot(boot) else How.WENT_DOWN


def stack_of(text: str) -> tuple[str, ...]:
    """The lines that the interpreter writes as it dies, and those of `Run.failed`; anything else is dropped."""
    return tuple(kept for kept in map(_kept, text.splitlines()) if kept)


def _kept(line: str) -> str:
    if (fatal := _FATAL.fullmatch(line) or _FATAL_WINDOWS.fullmatch(line)) is not None:
        return fatal[1] + (fatal[2] or LEFT_OUT)
    if (thread := _THREAD.fullmatch(line)) is not None:
        return f"{thread[1] or thread[2]} (most recent call first):"
    if (frame := _FRAME.fullmatch(line)) is not None:
        return frame_of(frame[1], frame[2], frame[3])
    if (modules := _MODULES.fullmatch(line)) is not None:
        return f"Extension modules: {modules[1]}"
    plain = line in _BARE or line == _EXCEPTION or FRAME.fullmatch(line) or _NAME.match(line)
    return line if plain else ""


def _words(text: str) -> str:
    return text if _WORDS.fullmatch(text) else LEFT_OUT
