"""Which passwords count, and which recovery key: known in the encrypted database, beside the key file that opens it.

Where an older key file is put back, what was replaced opens the library again. To shut that off nobody can, for who has
such a file and the library has both; so it is seen and told, and of two key files that differ the newer slot is kept.

A change stands here before its key file takes its place, as `next`; it counts from the day on which the file is seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from pfm_desktop.storage import access, keys
from pfm_desktop.support.errors import StorageError

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

_FACT = "passwords"  # among the facts of the library
BOTH_OPEN = "the password before and the new one open the library"


def current(lib: Library) -> dict[str, str]:
    """What stands for each account, and for the recovery key, in the key file of today (`keys.slots_of`)."""
    return _counting(_read(lib.meta(_FACT)), _files(lib))[0]


def about_to_count(lib: Library, slot_id: str, fingerprint: str) -> None:
    """A new password of this account (or recovery key) is on disk, and about to take its place."""
    files = _files(lib)

    def with_next(said: str | None) -> str:
        now, later = _counting(_read(said), files)
        return _text(_with_unknown(now, files), {**later, slot_id: fingerprint})

    lib.change_meta(_FACT, with_next)


def settle(lib: Library) -> None:
    """Keep that what was about to count does, where it stands in a key file; and of whom nothing is known, what both
    say. Where that cannot be kept, it is seen at the next sign-in."""
    files = _files(lib)

    def settled(said: str | None) -> str:
        now, later = _counting(_read(said), files)
        return _text(_with_unknown(now, files), later)

    with suppress(StorageError):
        if settled(said := lib.meta(_FACT)) != said:
            lib.change_meta(_FACT, settled)


def take_over(lib: Library) -> None:
    """What the key file says counts, whatever counted before: that of a library which is made of a backup."""
    files = _files(lib)
    lib.change_meta(_FACT, lambda _said: _text(_with_unknown({}, files), {}))


def problem(lib: Library) -> str:
    """What is to be said where something that was replaced opens the library, and what replaced it does not; "" where
    there is no such thing, or where one of key file and copy is right: a repair then takes that one."""
    files, now = _files(lib), current(lib)
    again = {slot_id for file in files for slot_id in file if slot_id in now}
    again -= {slot_id for file in files for slot_id, what in file.items() if now.get(slot_id) == what}
    with lib.read() as session:
        whose = [one.name for one in access.accounts(session) if one.active and one.id in again]
    return _said(whose, recovery=keys.RECOVERY in again)


def warning(lib: Library) -> str:
    """What who signs in is told: `problem`, or that key file and copy differ; "" where there is nothing."""
    said = "key file and copy differ: a password was being changed, or an older file was put back"
    differ = f"{said}; {BOTH_OPEN}, and pfm library repair keeps the newer one" if len(_files(lib)) > 1 else ""
    return problem(lib) or differ


def _files(lib: Library) -> tuple[dict[str, str], ...]:
    """() where the library has none, or none that is whole: a check says that."""
    if lib.keys is not None:
        with suppress(StorageError):
            return keys.slots_of(lib.path, lib.keys)
    return ()


def _said(whose: list[str], *, recovery: bool) -> str:
    if not whose and not recovery:
        return ""
    parts = [f"the password of {name}" for name in whose] + ["the recovery key"] * recovery
    listed = ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]
    anew = "make a new recovery key (Settings)"
    if whose:
        it = "that password" if len(whose) == 1 else "those passwords"
        anew = f"set {it} anew (Settings, People)" + (", and make a new recovery key" if recovery else "")
    how = "opens the library is not the one" if len(parts) == 1 else "open the library are not those"
    return (
        f"an older key file was put back, or an older database: {listed} that {how} that the database knows. To end "
        f"that, {anew}"
    )


def _counting(
    said: tuple[dict[str, str], dict[str, str]], files: tuple[Mapping[str, str], ...]
) -> tuple[dict[str, str], dict[str, str]]:
    """What counts, and what may still come: a file that is not in its place now may be put there."""
    now, later = said
    come = {slot_id: what for slot_id, what in later.items() if any(file.get(slot_id) == what for file in files)}
    return {**now, **come}, {slot_id: what for slot_id, what in later.items() if slot_id not in come}


def _with_unknown(now: Mapping[str, str], files: tuple[Mapping[str, str], ...]) -> dict[str, str]:
    first = files[0] if files else {}
    shared = {slot_id: what for slot_id, what in first.items() if all(one.get(slot_id) == what for one in files)}
    return {**shared, **now}


def _text(now: Mapping[str, str], later: Mapping[str, str]) -> str:
    return json.dumps({"now": now, "next": later}, sort_keys=True)


def _read(said: str | None) -> tuple[dict[str, str], dict[str, str]]:
    try:
        found = json.loads(said or "{}")
        now, later = dict(found.get("now", {})), dict(found.get("next", {}))
    except (ValueError, TypeError, AttributeError):
        return {}, {}
    return now, later
