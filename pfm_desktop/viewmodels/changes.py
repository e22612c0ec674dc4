"""What was done, in a few words: for undo's menu, and for what the window says after it. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pfm_desktop.domain.change import Change


def said_of(changes: Sequence[Change]) -> str:
    """A step in a few words; what hangs on a picture or on a new patient goes without saying."""
    pictures = [change for change in changes if change.what == "picture"]
    visits = sum(change.what == "visit" for change in changes)
    if len(pictures) > 1:
        of = f" in {visits} visits" if visits > 1 else ""
        return f"{len(pictures)} pictures{of} {_done_to(pictures[0])}"
    if pictures:
        return pictures[0].text
    if len(changes) == 1 or changes[0].what in ("patient", "visit"):
        return changes[0].text
    return f"{changes[0].text} (and {len(changes) - 1} more)"


def _done_to(picture: Change) -> str:
    if picture.old is not None and picture.new is not None:
        return "moved"
    return "removed" if picture.new is None else "added"
