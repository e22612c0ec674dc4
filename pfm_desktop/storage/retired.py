"""Passwords of before a change, and recovery keys: they open the library again where an older key file is put back.

What stood for them in the key file is kept in the encrypted database, so that it is seen: to shut it off nobody can,
for who has such a file and the library has both. A change that was cut short before the new file took its place is
none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pfm_desktop.storage import keys
from pfm_desktop.support.errors import StorageError

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

RETIRED = "retired_passwords"  # among the facts of the library
_MOST = 2000
SAID = (
    "a password or a recovery key of before a change opens the library again: an older key file was put back. Set all "
    "passwords anew (Settings, People), and make a new recovery key"
)
BOTH_OPEN = "the password before and the new one open the library"


def retire(lib: Library, slot_id: str) -> None:
    """The password of this account (or the recovery key) is about to be replaced; called before the new one counts.
    `replaced` says that it was."""
    put_right(lib)  # of a change before that failed
    before = set(_listed(lib.meta(RETIRED), "old"))
    now = sorted({one for file in keys.slots_of(lib.path, slot_id) for one in file} - before)
    lib.change_meta(RETIRED, lambda said: _text([*_listed(said, "old"), *now], now, slot_id))


def replaced(lib: Library) -> None:
    """The new key file is in its place. Where that cannot be kept, the files themselves tell as well."""
    with suppress(StorageError):
        lib.change_meta(RETIRED, lambda said: _text(_listed(said, "old")))


def put_right(lib: Library) -> None:
    """After a change that was cut short: what is there was not replaced, or was, where the new file is in its place."""
    said = lib.meta(RETIRED)
    pending = _listed(said, "pending")
    if lib.keys is not None and pending:
        taken_back = pending if _cut_short(lib, said) else []
        old = [one for one in _listed(said, "old") if one not in taken_back]
        lib.change_meta(RETIRED, lambda _said: _text(old))


def problem(lib: Library) -> str:
    """What is to be said where key file and copy both hold what was replaced; "" where one of them does not: a repair
    then takes that one."""
    if lib.keys is None or not (old := of(lib)):
        return ""
    return SAID if all(file & old for file in keys.slots_of(lib.path)) else ""


def warning(lib: Library) -> str:
    """What who signs in is told, where the key file or its copy holds what was replaced; "" where neither does."""
    if lib.keys is None or not (old := of(lib)) or not any(file & old for file in keys.slots_of(lib.path)):
        return ""
    said = "key file and copy differ: a password was being changed, or an older file was put back"
    return problem(lib) or f"{said}; {BOTH_OPEN}, and pfm library repair keeps the newer one"


def of(lib: Library) -> frozenset[str]:
    """What was replaced (`keys.slots_of`), without a change that was cut short before the new file counted."""
    said = lib.meta(RETIRED)
    pending = _listed(said, "pending")
    return frozenset(_listed(said, "old")).difference(pending if pending and _cut_short(lib, said) else ())


def _cut_short(lib: Library, said: str | None) -> bool:
    """Whether what was about to be replaced still stands there, and nothing newer for the same person."""
    known = frozenset(_listed(said, "old"))
    own = frozenset[str]().union(*keys.slots_of(lib.path, "".join(_listed(said, "slot"))))
    return own <= known and not own.isdisjoint(_listed(said, "pending"))


def _text(old: Sequence[str], pending: Sequence[str] = (), slot_id: str = "") -> str:
    return json.dumps({"old": list(dict.fromkeys(old))[-_MOST:], "pending": list(pending), "slot": [slot_id]})


def _listed(said: str | None, which: str) -> list[str]:
    try:
        found = json.loads(said or "{}")
        return [str(one) for one in found[which]]
    except (ValueError, KeyError, TypeError):
        return []
