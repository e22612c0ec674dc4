"""What was done, in a few words: for undo's menu, and for what the window says after it. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pfm_desktop.domain.change import Change


def said_of(changes: Sequence[Change]) -> str:
    """A step in a few words; what hangs on a picture or on a new patient goes without saying."""
    pictures = [change for change in changes if change.what == "picture"]
    visits = sum(change.what == "visit" for change in changes)
    if len(pictures) > 1:
        return _said_of_pictures(len(pictures), visits, pictures[0])
    if pictures:
        return pictures[0].text
    if len(changes) == 1 or changes[0].what in ("patient", "visit"):
        return changes[0].text
    return tr("{change} (and {more} more)", change=changes[0].text, more=len(changes) - 1)


def _said_of_pictures(count: int, visits: int, picture: Change) -> str:
    several = visits > 1
    if picture.old is not None and picture.new is not None:
        said = tr("{pictures} pictures in {visits} visits moved") if several else tr("{pictures} pictures moved")
    elif picture.new is None:
        said = tr("{pictures} pictures in {visits} visits removed") if several else tr("{pictures} pictures removed")
    else:
        said = tr("{pictures} pictures in {visits} visits added") if several else tr("{pictures} pictures added")
    return said.format(pictures=count, visits=visits)
