"""Wrong passwords: how long the next attempt must wait, and what of them still has to go on record.

They happen while the database is closed, so they stand in a small file until somebody signs in; then the audit trail
takes them over. Whoever can write to the folder can remove the file: it slows down hands at the keyboard, and Argon2id
slows down those who took the files away.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.support.files import json_bytes, write_bytes

FILE = "sign-ins.json"
FREE, LONGEST = 3, 60.0  # wrong passwords without waiting; seconds of the longest wait
_KEPT = 500  # of those that still have to go on record
_lock = threading.Lock()
_unwritten: dict[Path, _Attempts] = {}  # of libraries on disks that cannot be written


class TooSoonError(UserError):
    """After wrong passwords the next attempt has to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            "too many wrong passwords",
            safe="nothing was opened",
            remedy=f"wait {max(1, round(seconds))} seconds, then try again",
        )


@dataclass(frozen=True)
class Waiting:
    """What has to go on record: what happened when (ISO 8601, UTC), and to which account ("": not known).

    By its id: the file can be read by everybody.
    """

    at: str
    what: str
    account_id: str = ""


@dataclass(frozen=True)
class _Attempts:
    wrong: int = 0  # since the last right one
    last: str = ""  # moment of the last wrong one
    waiting: tuple[Waiting, ...] = ()
    left_out: int = 0


def seconds_to_wait(library: Path, now: datetime | None = None) -> float:
    """How long the next attempt has to wait. Where the clock was set back since the last one, it waits from now on."""
    with _lock:
        kept, now = _read(library), now or datetime.now(UTC)
        if kept.wrong < FREE or not kept.last:
            return 0.0
        wait = min(LONGEST, 2.0 ** min(kept.wrong - FREE, 10))
        since = (now - datetime.fromisoformat(kept.last)).total_seconds()
        if since < 0:
            _write(library, replace(kept, last=now.isoformat()))
        return max(0.0, wait - max(0.0, since))


def check(library: Path) -> None:
    """Raise `TooSoonError` where the next attempt has to wait."""
    seconds = seconds_to_wait(library)
    if seconds > 0:
        raise TooSoonError(seconds)


def failed(library: Path, what: str, account_id: str = "") -> None:
    """Note a wrong password; `what` is said in the audit trail, and names nobody."""
    with _lock:
        now = datetime.now(UTC).isoformat()
        kept = _with(_read(library), Waiting(now, what, account_id))
        _write(library, replace(kept, wrong=kept.wrong + 1, last=now))


def later(library: Path, what: str, account_id: str) -> None:
    """Note something that cannot go on record now, since the library is open for reading only."""
    with _lock:
        _write(library, _with(_read(library), Waiting(datetime.now(UTC).isoformat(), what, account_id)))


def succeeded(library: Path) -> None:
    """Somebody was let in: the next attempt need not wait."""
    with _lock:
        kept = _read(library)
        if kept.wrong:
            _write(library, replace(kept, wrong=0, last=""))


def waiting(library: Path) -> tuple[tuple[Waiting, ...], int]:
    """What has to go on record, oldest first, and how many were too many to be kept."""
    kept = _read(library)
    return kept.waiting, kept.left_out


def recorded(library: Path, up_to: int) -> None:
    """The first `up_to` of those are on record now."""
    with _lock:
        kept = _read(library)
        _write(library, replace(kept, waiting=kept.waiting[up_to:], left_out=0))


def _with(kept: _Attempts, one: Waiting) -> _Attempts:
    if len(kept.waiting) >= _KEPT:
        return replace(kept, left_out=kept.left_out + 1)
    return replace(kept, waiting=(*kept.waiting, one))


def _read(library: Path) -> _Attempts:
    if library in _unwritten:
        return _unwritten[library]
    try:
        said = json.loads((library / FILE).read_bytes())
        found = _Attempts(
            wrong=max(0, int(said["wrong"])),
            last=str(said["last"]),
            waiting=tuple(Waiting(str(one["at"]), str(one["what"]), str(one["account_id"])) for one in said["waiting"]),
            left_out=max(0, int(said["left_out"])),
        )
        for at in (found.last, *(one.at for one in found.waiting)):
            if at and datetime.fromisoformat(at).tzinfo is None:
                return _Attempts()
    except (OSError, ArithmeticError, ValueError, KeyError, TypeError, RecursionError):
        return _Attempts()
    return found


def _write(library: Path, kept: _Attempts) -> None:
    try:
        if not os.path.isdir(library):  # noqa: PTH112 - moved, or its share is gone: writing would make another folder
            raise StorageError(f"there is no folder {library}")
        write_bytes(library / FILE, json_bytes(asdict(kept)))
        _unwritten.pop(library, None)
    except StorageError:
        _unwritten[library] = kept
