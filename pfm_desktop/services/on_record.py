"""Events for the audit trail, also where the library is open for reading only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pfm_desktop.storage import attempts
from pfm_desktop.storage.library import Library


def note(lib: Library, what: str, key: str, text: str, details: Mapping[str, Any] | None = None) -> bool:
    """Put an event on record; False where a library without accounts is open for reading only, and takes none.

    One with accounts notes it beside the library, and the next who signs in puts it on record, without its details.
    """
    if not lib.read_only:
        lib.record_event(what, key, text, details)
        return True
    if lib.account is None:
        return False
    attempts.later(lib.path, f"{text} (the library was open for reading only)", lib.account.id)
    return True
