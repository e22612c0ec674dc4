"""Key files of before a changed password: what opened the library then opens it again where one is put back.

Kept in the encrypted database, so that it is seen: to shut it off nobody can, for who has such a file and the library
has both. A change that was cut short before the new file took its place is seen as well.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pfm_desktop.storage import keys

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

RETIRED = "retired_key_files"  # among the facts of the library
_MOST = 500
SAID = (
    "the key file is one of before a password or the recovery key was changed, and what opened the library then opens "
    "it now: an older one was put back, or a change was cut short. Set all passwords anew (Settings, People), and make "
    "a new recovery key"
)
BOTH_OPEN = "the password before and the new one open the library"


def retire(lib: Library) -> None:
    """The present key file is about to be replaced; called before the new one counts."""
    old = keys.fingerprints(lib.path)

    def added(said: str | None) -> str:
        before = [one for one in _listed(said) if one not in old]
        return json.dumps([*before, *old][-_MOST:])

    lib.change_meta(RETIRED, added)


def problem(lib: Library) -> str:
    """What is to be said where the key file and its copy are ones that were replaced; "" where one of them is not:
    a repair then takes that one."""
    old = fingerprints(lib)
    return SAID if lib.keys is not None and old and old.issuperset(keys.fingerprints(lib.path)) else ""


def warning(lib: Library) -> str:
    """What who signs in is told, where the key file or its copy is one that was replaced; "" where neither is."""
    if lib.keys is None or old_free(lib):
        return ""
    said = "key file and copy differ: a password was being changed, or an older file was put back"
    return problem(lib) or f"{said}; {BOTH_OPEN}, and pfm library repair keeps the newer one"


def old_free(lib: Library) -> bool:
    """Whether neither key file nor copy is one that was replaced."""
    return fingerprints(lib).isdisjoint(keys.fingerprints(lib.path))


def fingerprints(lib: Library) -> frozenset[str]:
    """Of the key files that were replaced."""
    return frozenset(_listed(lib.meta(RETIRED)))


def _listed(said: str | None) -> list[str]:
    try:
        found = json.loads(said or "[]")
    except ValueError:
        return []
    return [str(one) for one in found] if isinstance(found, list) else []
