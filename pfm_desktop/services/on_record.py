"""Events for the audit trail, also where the library is open for reading only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pfm_desktop.domain.change import Change
from pfm_desktop.storage import attempts, journal
from pfm_desktop.storage.keys import LibraryKeys
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.sealed import NotSealedError, Seal

READ_ONLY = "(the library was open for reading only)"
_BOUND = (
    "a note beside the library"  # to what such a note is bound, so that nothing else that was sealed passes for one
)


def note(lib: Library, what: str, key: str, text: str, details: Mapping[str, Any] | None = None) -> bool:
    """Put an event on record; False where a library without accounts is open for reading only, and takes none.

    One with accounts notes it beside the library, sealed, and the next who signs in puts it on record.
    """
    if not lib.read_only:
        lib.record_event(what, key, text, details)
        return True
    if lib.account is None or lib.keys is None:
        return False
    said = {"what": what, "key": key, "text": text, "details": details, "account": lib.account.id}
    sealed = Seal(lib.keys).close(json.dumps(said, default=str).encode(), _BOUND).hex()
    attempts.later(lib.path, f"{what.capitalize()} {READ_ONLY}", lib.account.id, sealed)
    return True


def once(lib: Library, what: str, key: str, text: str, details: Mapping[str, Any]) -> None:
    """Put an event on record, one for each key and person; `done` tells whether it is. Raises `StorageError` where it
    cannot be kept, also in a library that is open for reading only."""
    if key not in done(lib, what, [key]):
        lib.record_event(what, key, text, details)


def done(lib: Library, what: str, keys: Sequence[str]) -> frozenset[str]:
    """Those of these keys of which such an event by `lib.who` is on record."""
    with lib.read() as session:
        return journal.keys_with(session, what=what, keys=keys, who=lib.who)


def noted(keys: LibraryKeys | None, sealed: str, *, at: str) -> tuple[Change, str] | None:
    """The event of a sealed note, and the account that it is of; None for what these keys did not seal."""
    if keys is None or not sealed:
        return None
    try:
        said = json.loads(Seal(keys).open(bytes.fromhex(sealed), _BOUND))
        details = {**(said["details"] or {}), "happened_at": at}
        return Change(said["what"], said["key"], None, details, f"{said['text']} {READ_ONLY}"), str(said["account"])
    except (NotSealedError, ValueError, KeyError, TypeError):
        return None
