"""Whether the clock of this computer was set back since the library was last written.

Nothing depends on it: lines of the audit trail have numbers and a chain, and backups an order of their own. But what is
done by a wrong clock is dated wrongly, and a person is told before that happens.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pfm_desktop.services import on_record
from pfm_desktop.storage import journal
from pfm_desktop.support import moments
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

EVENT = "Opened by a clock that was set back"
SLACK = timedelta(minutes=5)  # clocks of two workstations differ, and clocks are set by a little


def look(lib: Library) -> str:
    """What is to be said where the clock is behind the last entry; "" where it is not. Goes on record, and is said
    again only where the clock is set back once more. (Where nothing can be put on record, it is said each time.)"""
    now = moment_now()
    with lib.read() as session:
        last = journal.latest_moment(session, since=EVENT)
    if last is None or last - now <= SLACK:
        return ""
    on_record.note(lib, "library", lib.id, f"{EVENT}: {now:%Y-%m-%d %H:%M} UTC, after {last:%Y-%m-%d %H:%M} UTC")
    return tr(
        "when this library was opened the clock of the computer said {now}, and the last "
        "entry was of {last}: check the clock. The order in which all was done is kept, and "
        "nothing is lost",
        now=moments.moment(now),
        last=moments.moment(last),
    )


def moment_now() -> datetime:
    """What the clock says, in UTC."""
    return datetime.now(UTC)
