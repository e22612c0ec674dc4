"""One writer a library: the file `lock`, held through the operating system and telling who holds it.

The operating system's lock ends with the process that holds it, so a crash leaves no stale lock behind, only a stale
text, which the next opener overwrites.
"""

from __future__ import annotations

import contextlib
import errno
import getpass
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from pfm_desktop.support.language import tr
from pfm_desktop.support.moments import moment
from pfm_desktop.support.os_lock import lock as _lock
from pfm_desktop.support.os_lock import unlock as _unlock

# what shares without locks answer
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
_AGAIN = 0.02  # seconds until a lock that is held is tried again


class HeldElsewhereError(Exception):
    """Somebody else holds the lock; `holder` is None when the lock does not say who."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(str(holder) if holder else "held elsewhere")
        self.holder = holder


class UnknownHolderError(OSError):
    """The lock cannot be asked, so that somebody else may hold it; `str()` says why it cannot."""


@dataclass(frozen=True)
class Holder:
    """Who has a library open for writing, and since when (ISO 8601, UTC)."""

    user: str
    host: str
    pid: int
    since: str

    def __str__(self) -> str:
        since = moment(datetime.fromisoformat(self.since))
        return tr(
            "{user} on {host} (process {pid}, since {since})", user=self.user, host=self.host, pid=self.pid, since=since
        )


def this_process() -> Holder:
    """This program as a holder."""
    return Holder(user_name(), socket.gethostname(), os.getpid(), datetime.now(UTC).isoformat(timespec="seconds"))


def user_name() -> str:
    """Login name, or "unknown" where the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no entry for this user, no pwd module
        return "unknown"


class LibraryLock:
    """A held lock; `take` it, `release` it. `left_behind` tells that the last holder never released it."""

    def __init__(self, stream: IO[bytes], *, left_behind: bool) -> None:
        self.left_behind = left_behind
        self._stream: IO[bytes] | None = stream

    @classmethod
    def take(cls, path: Path) -> LibraryLock:
        """Take the lock; `HeldElsewhereError` when another program has it, `OSError` when it cannot be written.

        Of the latter, `UnknownHolderError` when another user made it or the disk knows no locks.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError as error:
            if not path.exists():  # then nobody holds it: the folder itself may not be written
                raise
            raise UnknownHolderError(tr("its lock may not be opened ({why})", why=error.strerror)) from error
        stream = _locked(descriptor, path)
        try:
            left_behind = bool(stream.read().strip())
            stream.seek(0)
            # in its place: what a program that ended has left there needs no new room on a full disk, and stays if
            # that cannot be written
            stream.truncate(os.write(stream.fileno(), json.dumps(vars(this_process())).encode()))
        except OSError:
            stream.close()  # closing ends the lock too
            raise
        return cls(stream, left_behind=left_behind)

    @classmethod
    def ask(cls, path: Path) -> None:
        """Whether the lock could be taken: raises as `take` does. What the file says stays.

        For a moment it is taken indeed; who opens the library in that very moment finds it in use by another program.
        """
        try:
            descriptor = os.open(path, os.O_RDWR)
        except PermissionError as error:
            raise UnknownHolderError(tr("its lock may not be opened ({why})", why=error.strerror)) from error
        _locked(descriptor, path).close()

    def stands(self, path: Path) -> bool:
        """Whether `path` is still the file that is locked: not once its folder was moved, or another took its name."""
        if self._stream is None:
            return False
        try:
            return os.path.samestat(os.fstat(self._stream.fileno()), path.stat())
        except OSError:
            return False

    def release(self) -> None:
        """Give the lock back; the file stays, empty (removing it would race with the next opener)."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        with contextlib.suppress(OSError):  # a folder that went away must not keep the program from closing
            stream.seek(0)
            stream.truncate()
            _unlock(stream)
        with contextlib.suppress(OSError):
            stream.close()


@contextlib.contextmanager
def in_turn(path: Path, *, patience: float) -> Iterator[bool]:
    """Wait for one's turn among all programs that use `path`, made where it is missing; whether it came.

    It does not within `patience` seconds, or where the file cannot be made or the disk knows no locks.
    """
    stream, end = None, time.monotonic() + patience
    while stream is None:
        try:
            stream = _locked(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), path)
        except HeldElsewhereError:
            if time.monotonic() > end:
                break
            time.sleep(_AGAIN)
        except OSError:
            break
    try:
        yield stream is not None
    finally:
        if stream is not None:
            with contextlib.suppress(OSError):
                _unlock(stream)
            stream.close()


def _locked(descriptor: int, path: Path) -> IO[bytes]:
    """The opened file, locked; closed where that cannot be."""
    stream = os.fdopen(descriptor, "r+b", buffering=0)
    try:
        _lock(stream)
    except (BlockingIOError, PermissionError) as error:
        stream.close()
        raise HeldElsewhereError(read_holder(path)) from error
    except OSError as error:
        stream.close()
        if error.errno in _NO_LOCKS:
            raise UnknownHolderError(tr("the disk does not lock files ({why})", why=error.strerror)) from error
        raise
    return stream


def read_holder(path: Path) -> Holder | None:
    """Who the lock file names; None when it names nobody in a readable way."""
    try:
        fields = json.loads(path.read_bytes())
        since = str(fields["since"])
        datetime.fromisoformat(since)  # a holder is told with it
        return Holder(str(fields["user"]), str(fields["host"]), int(fields["pid"]), since)
    except (OSError, ValueError, KeyError, TypeError):
        return None
