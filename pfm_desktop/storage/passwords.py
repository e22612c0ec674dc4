"""Which passwords count, and which recovery key: known in the encrypted database, beside the key file that opens it.

Where an older key file is put back, what was replaced opens the library again. To shut that off nobody can, for who has
such a file and the library has both; so it is seen and told, and of two key files that differ the newer slot is kept.

A change stands here before its key file takes its place, as `next`; it counts from the day on which the file is seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pfm_desktop.storage import access, keys
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

_FACT = "passwords"  # among the facts of the library


def current(lib: Library) -> dict[str, str]:
    """What stands for each account, and for the recovery key, in the key file of today (`keys.slots_of`)."""
    return _counting(lib.meta(_FACT), _files(lib))[0]


def who_has_one(lib: Library) -> frozenset[str]:
    """Ids of accounts with a password; none in a library without accounts."""
    return keys.accounts_with_password(lib.path, lib.keys, current(lib)) if lib.keys is not None else frozenset()


def about_to_count(lib: Library, slot_id: str, fingerprint: str) -> None:
    """A new password of this account (or recovery key) is on disk, and about to take its place."""
    files = _files(lib)
    lib.change_meta(_FACT, lambda said: _brought_up(said, files, {slot_id: fingerprint}))


def settle(lib: Library) -> None:
    """Keep that what was about to count does, where it stands in a key file; and of whom nothing is known, what both
    say. Where that cannot be kept, it is seen at the next sign-in."""
    files = _files(lib)
    with suppress(StorageError):
        if _brought_up(before := lib.meta(_FACT), files) != before:
            lib.change_meta(_FACT, lambda said: _brought_up(said, files))
    remember(lib)


def remember(lib: Library) -> None:
    """Keep the key file as it is now in the open library: for a backup, where it is gone later."""
    if lib.keys is not None:
        with suppress(StorageError):
            lib.key_file = keys.content(lib.path, lib.keys, current(lib))


def key_file(lib: Library) -> bytes:
    """The key file for a backup; where it is gone (`keys.none_of`), as the library remembers it. Raises `StorageError`
    where it does not."""
    assert lib.keys is not None
    if keys.none_of(lib.path, lib.keys.library_id) and lib.key_file:
        return lib.key_file
    return keys.content(lib.path, lib.keys, current(lib))


def take_over(lib: Library) -> None:
    """What the key file says counts, whatever counted before: that of a library which is made of a backup."""
    files = _files(lib)
    lib.change_meta(_FACT, lambda _said: _brought_up(None, files))


def problem(lib: Library) -> str:
    """What is to be said where something that was replaced opens the library, and what replaced it does not, or where
    somebody's password is in no file any more; "" where there is no such thing, or where one of key file and copy is
    right: a repair then takes that one."""
    files = _files(lib)
    if not files:  # a check says that
        return ""
    now = _counting(lib.meta(_FACT), files)[0]
    wrong = {slot_id for slot_id in now if all(file.get(slot_id) != now[slot_id] for file in files)}
    again = {slot_id for slot_id in wrong if any(slot_id in file for file in files)}
    if not wrong:
        return ""
    with lib.read() as session:
        names = {one.id: one.name for one in access.accounts(session) if one.active}
    replaced = _said([name for key, name in names.items() if key in again], recovery=keys.RECOVERY in again)
    gone = _said_gone([name for key, name in names.items() if key in wrong - again])
    return ". ".join(part for part in (replaced, gone) if part)


def difference(lib: Library) -> str:
    """What is to be said where key file and copy are whole and differ; "" where they do not."""
    said = tr(
        "key file and copy differ: a password or the recovery key was being changed, or an older file was put back; "
        "what was before and what is new open the library, and pfm library repair keeps the newer one"
    )
    return said if len(_files(lib)) > 1 else ""


def _files(lib: Library) -> tuple[dict[str, str], ...]:
    """() where the library has none, or none that is whole: a check says that."""
    if lib.keys is not None:
        with suppress(StorageError):
            return keys.slots_of(lib.path, lib.keys)
    return ()


def _said_gone(whose: list[str]) -> str:
    if not whose:
        return ""
    return tr(
        "an older key file was put back: {names} (has|have) no password in it and cannot sign in. Set (that|their) "
        "(password|passwords) anew (Settings, People); where nobody can, the recovery key lets an administrator in",
        "",
        len(whose),
        names=_listed(whose),
    )


def _listed(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return parts[0]
    return tr("{these} and {last}", these=", ".join(parts[:-1]), last=parts[-1])


def _said(whose: list[str], *, recovery: bool) -> str:
    if not whose and not recovery:
        return ""
    parts = [tr("the password of {name}", name=name) for name in whose] + [tr("the recovery key")] * recovery
    said = tr(
        "an older key file was put back, or an older database: {one} that opens the library is not the one that the "
        "database knows",
        one=parts[0],
    )
    if len(parts) > 1:
        said = tr(
            "an older key file was put back, or an older database: {several} that open the library are not those that "
            "the database knows",
            several=_listed(parts),
        )
    if not whose:
        anew = tr("To end that, make a new recovery key (Settings)")
    elif recovery:
        anew = tr(
            "To end that, set (that|those) password(s) anew (Settings, People), and make a new recovery key",
            "",
            len(whose),
        )
    else:
        anew = tr("To end that, set (that|those) password(s) anew (Settings, People)", "", len(whose))
    return f"{said}. {anew}"


def _counting(said: str | None, files: Sequence[Mapping[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """What counts, and what may still come: a file that is not in its place now may be put there."""
    now, later = _read(said)
    come = {slot_id: what for slot_id, what in later.items() if any(file.get(slot_id) == what for file in files)}
    return {**now, **come}, {slot_id: what for slot_id, what in later.items() if slot_id not in come}


def _brought_up(said: str | None, files: Sequence[Mapping[str, str]], more: Mapping[str, str] | None = None) -> str:
    """The fact as the files make it, with what is about to count; of whom it knows nothing, what all of them say."""
    now, later = _counting(said, files)
    first = files[0] if files else {}
    shared = {slot_id: what for slot_id, what in first.items() if all(one.get(slot_id) == what for one in files)}
    return json.dumps({"now": {**shared, **now}, "next": {**later, **(more or {})}}, sort_keys=True)


def _read(said: str | None) -> tuple[dict[str, str], dict[str, str]]:
    try:
        found = json.loads(said or "{}")
        return dict(found.get("now", {})), dict(found.get("next", {}))
    except (ValueError, TypeError, AttributeError):
        return {}, {}
