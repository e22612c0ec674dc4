"""Whether a library holds what it held when it was last used on this computer.

The chain of the audit trail shows what is missing within a database. A whole copy from before, put in its place, has a
whole chain as well; only somebody outside who remembers its end can tell.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pfm_desktop.services import on_record
from pfm_desktop.storage import chain
from pfm_desktop.support import moments
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.files import write_text
from pfm_desktop.support.language import tr
from pfm_desktop.support.paths import last_seen_file

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

log = logging.getLogger(__name__)
MOST = 100  # libraries that are remembered, the latest
EVENT = "Opened older than when it was last used on this computer"


def look(lib: Library) -> str:
    """What is to be said of a library that has lost what it had; "" for one that has not. Goes on record."""
    seen: Any = _read().get(_key(lib))
    try:
        seq, end, at = int(seen["seq"]), str(seen["chain"]), datetime.fromisoformat(seen["at"])
    except (TypeError, KeyError, ValueError, OverflowError):
        return ""  # never seen, or noted by another version
    with lib.read() as session:
        if chain.has_line(session, seq, end):
            return ""
    on_record.note(lib, "library", lib.id, f"{EVENT}, {at:%Y-%m-%d %H:%M} UTC: line {seq} of the audit trail is gone")
    return tr(
        "this library is older than when it was last used on this computer ({when}): what was "
        "done since is not in it, as if a copy from before had been put in its place. Look for "
        "the newer one, in a backup or another folder, before you go on here",
        when=moments.moment(at),
    )


def remember(lib: Library) -> None:
    """Note the end of the audit trail as it is now. Where that cannot be kept, nothing is lost but the warning.

    Not of one that is only read: what is to be told of it goes on record once somebody may write.
    """
    if lib.read_only:
        return
    try:
        with lib.read() as session:
            seq, end = chain.end(session)
        known = _read()
        known.pop(_key(lib), None)
        known[_key(lib)] = {"seq": seq, "chain": end, "at": datetime.now(UTC).isoformat(timespec="seconds")}
        latest = dict(list(known.items())[-MOST:])
        write_text(last_seen_file(), json.dumps(latest, indent=1, ensure_ascii=False) + "\n")
    except StorageError as error:
        log.warning("what was last seen of a library could not be noted: %s", error.what)


def _key(lib: Library) -> str:
    """The same library at the same place: a copy that was restored elsewhere begins anew."""
    return f"{lib.id} {lib.path}"


def _read() -> dict[str, Any]:
    try:
        kept = json.loads(last_seen_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}
