"""Key files of before a changed password: what opened the library then opens it again where one is put back.

Kept in the encrypted database, so that it is seen: to shut it off nobody can, for who has such a file and the library
has both. A change that was cut short before the new file took its place is none (`pending`).
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

RETIRED = "retired_key_files"  # among the facts of the library
_MOST = 500
SAID = (
    "the key file is one of before a password or the recovery key was changed, and what opened the library then opens "
    "it now: an older one was put back. Set all passwords anew (Settings, People), and make a new recovery key"
)
BOTH_OPEN = "the password before and the new one open the library"


def retire(lib: Library) -> None:
    """The present key file is about to be replaced; called before the new one counts. `replaced` says that it was."""
    now = list(keys.fingerprints(lib.path))
    lib.change_meta(RETIRED, lambda said: _text([*_listed(said, "old"), *now], now))


def replaced(lib: Library) -> None:
    """The new key file is in its place. Where that cannot be kept, the files themselves tell as well."""
    with suppress(StorageError):
        lib.change_meta(RETIRED, lambda said: _text(_listed(said, "old"), []))


def put_right(lib: Library) -> None:
    """A change that ended before the new file was in its place: the present one is none that was replaced."""
    said = lib.meta(RETIRED)
    cut_short = _listed(said, "pending")
    if cut_short and set(keys.fingerprints(lib.path)) <= set(cut_short):
        old = [one for one in _listed(said, "old") if one not in cut_short]
        lib.change_meta(RETIRED, lambda _said: _text(old, []))


def problem(lib: Library) -> str:
    """What is to be said where the key file and its copy are ones that were replaced; "" where one of them is not:
    a repair then takes that one."""
    old = fingerprints(lib)
    return SAID if lib.keys is not None and old and old.issuperset(keys.fingerprints(lib.path)) else ""


def warning(lib: Library) -> str:
    """What who signs in is told, where the key file or its copy is one that was replaced; "" where neither is."""
    if lib.keys is None or fingerprints(lib).isdisjoint(keys.fingerprints(lib.path)):
        return ""
    said = "key file and copy differ: a password was being changed, or an older file was put back"
    return problem(lib) or f"{said}; {BOTH_OPEN}, and pfm library repair keeps the newer one"


def fingerprints(lib: Library) -> frozenset[str]:
    """Of the key files that were replaced, without those of a change that was cut short before."""
    said = lib.meta(RETIRED)
    pending = frozenset(_listed(said, "pending"))
    there = frozenset(keys.fingerprints(lib.path)) if pending else frozenset()
    return frozenset(_listed(said, "old")) - (pending if there <= pending else frozenset())


def _text(old: Sequence[str], pending: Sequence[str]) -> str:
    return json.dumps({"old": list(dict.fromkeys(old))[-_MOST:], "pending": list(pending)})


def _listed(said: str | None, which: str) -> list[str]:
    try:
        found = json.loads(said or "{}")
        return [str(one) for one in found[which]]
    except (ValueError, KeyError, TypeError):
        return []
