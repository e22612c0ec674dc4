"""Wrong passwords: how long the next attempt must wait, and what of them still has to go on record.

They happen while the database is closed, so they stand in a small file until somebody signs in; then the audit trail
takes them over. Whoever can write to the folder can remove the file: it slows down hands at the keyboard, and Argon2id
slows down those who took the files away.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pfm_desktop.storage.lock import in_turn
from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.support.files import json_bytes, write_bytes
from pfm_desktop.support.language import tr

FILE, TURN = "sign-ins.json", "sign-ins.lock"
FREE, LONGEST = 3, 60.0  # wrong passwords without waiting; seconds of the longest wait
_LETTERS, _SEALED = 200, 20_000  # of a text in the file, and of one that is sealed
_KEPT = 500  # of those that still have to go on record
_PATIENCE = 6.0  # seconds for the attempts of others that go first; Argon2id takes a quarter of one
_lock = threading.RLock()
_ours: set[Path] = set()  # libraries at which it is this program's turn
_unwritten: dict[Path, _Attempts] = {}  # of libraries on disks that cannot be written


class TooSoonError(UserError):
    """After wrong passwords the next attempt has to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            tr("too many wrong passwords"),
            safe=tr("nothing was opened"),
            remedy=tr("wait {seconds} seconds, then try again", seconds=max(1, round(seconds))),
        )


@dataclass(frozen=True)
class Waiting:
    """What has to go on record: what happened when (ISO 8601, UTC), and to which account ("": not known).

    By its id: the file can be read by everybody. `sealed`: the whole of it, which only the library's keys open
    (hexadecimal digits), where `what` must not say it.
    """

    at: str
    what: str
    account_id: str = ""
    sealed: str = ""


REFUSED = "Refused"  # how a note begins of what a role may not do


@dataclass(frozen=True)
class _Wrong:
    """Wrong passwords of one account ("": of names that nobody has) since its last right one."""

    count: int
    last: str


@dataclass(frozen=True)
class _Attempts:
    wrong: Mapping[str, _Wrong] = field(default_factory=dict)  # by account
    waiting: tuple[Waiting, ...] = ()
    left_out: int = 0


def seconds_to_wait(library: Path, now: datetime | None = None, *, account_id: str | None = None) -> float:
    """How long the next attempt at an account has to wait; None: at the one that waits longest.

    Where the clock was set back since the last attempt, it waits from now on.
    """
    with _lock:
        kept, now = _read(library), now or datetime.now(UTC)
        asked = kept.wrong if account_id is None else {account_id} & set(kept.wrong)
        longest = 0.0
        for one in asked:
            wrong = kept.wrong[one]
            since = (now - datetime.fromisoformat(wrong.last)).total_seconds()
            if since < 0:
                kept = replace(kept, wrong={**kept.wrong, one: replace(wrong, last=now.isoformat())})
                _write(library, kept)
            if wrong.count >= FREE:
                wait = min(LONGEST, 2.0 ** min(wrong.count - FREE, 10))
                longest = max(longest, wait - max(0.0, since))
        return longest


@contextmanager
def one_at_a_time(library: Path) -> Iterator[None]:
    """Around one attempt, from `check` to `failed` or `succeeded`: those of all programs come one after another.

    Else many at once would all be free of waiting, and some of them would not be counted.
    """
    with _lock:
        if library in _ours:
            yield
            return
        with in_turn(library / TURN, patience=_PATIENCE):  # where turns cannot be kept it goes on as if alone
            _ours.add(library)
            try:
                yield
            finally:
                _ours.discard(library)


def check(library: Path, account_id: str) -> None:
    """Raise `TooSoonError` where the next attempt at this account has to wait."""
    seconds = seconds_to_wait(library, account_id=account_id)
    if seconds > 0:
        raise TooSoonError(seconds)


def failed(library: Path, what: str, account_id: str = "") -> None:
    """Note a wrong password; `what` is said in the audit trail, and names nobody."""
    with one_at_a_time(library):
        now = datetime.now(UTC).isoformat()
        kept = _with(_read(library), Waiting(now, what, account_id))
        before = kept.wrong.get(account_id)
        wrong = _Wrong(1 if before is None else before.count + 1, now)
        _write(library, replace(kept, wrong={**kept.wrong, account_id: wrong}))


def later(library: Path, what: str, account_id: str, sealed: str = "") -> None:
    """Note something that cannot go on record now, since the library is open for reading only."""
    with one_at_a_time(library):
        _write(library, _with(_read(library), Waiting(datetime.now(UTC).isoformat(), what, account_id, sealed)))


def succeeded(library: Path, account_id: str) -> None:
    """This account was let in: its next attempt need not wait. Those at other accounts wait as before."""
    with one_at_a_time(library):
        kept = _read(library)
        left = {one: wrong for one, wrong in kept.wrong.items() if one not in (account_id, "")}
        if len(left) < len(kept.wrong):
            _write(library, replace(kept, wrong=left))


def waiting(library: Path) -> tuple[tuple[Waiting, ...], int]:
    """What has to go on record, oldest first, and how many were too many to be kept."""
    kept = _read(library)
    return kept.waiting, kept.left_out


def recorded(library: Path, up_to: int) -> None:
    """The first `up_to` of those are on record now."""
    with one_at_a_time(library):
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
        wrong = {str(one): _Wrong(max(0, int(of["count"])), str(of["last"])) for one, of in said["wrong"].items()}
        kept = [_waiting(one) for one in said["waiting"]]
        for at in (*(one.last for one in wrong.values()), *(one.at for one in kept)):
            if datetime.fromisoformat(at).tzinfo is None:
                return _Attempts()
        return _Attempts(wrong, tuple(kept), max(0, int(said["left_out"])))
    except (OSError, ArithmeticError, ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return _Attempts()


def _waiting(one: Mapping[str, Any]) -> Waiting:
    sealed = str(one.get("sealed", ""))
    return Waiting(
        str(one["at"]), _clean(one["what"]), _clean(one["account_id"]), sealed if len(sealed) <= _SEALED else ""
    )


def _clean(text: object) -> str:
    """What anybody can have written into the file, fit to be kept and shown."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text)[:_LETTERS])


def _write(library: Path, kept: _Attempts) -> None:
    try:
        if not os.path.isdir(library):  # noqa: PTH112 - moved, or its share is gone: writing would make another folder
            raise StorageError(tr("there is no folder {library}", library=library))
        write_bytes(library / FILE, json_bytes(asdict(kept)))
        _unwritten.pop(library, None)
    except StorageError:
        _unwritten[library] = kept
