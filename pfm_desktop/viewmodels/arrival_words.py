"""What is said of pictures that a device saves into a folder. No Qt."""

from __future__ import annotations

from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA

LAST = tr("LAST PICTURE, not live")
LEFT = tr("They stay in the folder. Import brings them in later.")
BY_ITSELF = tr("This device takes its pictures itself: press its own button, and they come into the visit.")
AGAIN = tr("It is off the record. Take it again with the device's own button.")
LONGEST = 56  # letters of a folder on the picture
NAMED = 3


def waits_in(folder: str) -> str:
    """`Waiting for pictures in /share/colposcope`; a long path without its beginning."""
    shown = folder if len(folder) <= LONGEST else f"…{folder[-LONGEST:]}"
    return tr("Waiting for pictures in {folder}", folder=shown)


def waiting_words(count: int, *, visit: bool) -> str:
    """How many pictures wait."""
    if visit:
        return tr("%n new picture(s) (waits|wait)", "", count)
    return tr("%n new picture(s) (waits|wait): open her visit", "", count)


def waiting_hint(names: tuple[str, ...], *, visit: bool, why: str) -> str:
    """Why they wait, and which they are."""
    which, more = f"{COMMA.join(names[:NAMED])}.", len(names) - NAMED
    if more > 0:
        which = tr("{files} and {more} more.", files=COMMA.join(names[:NAMED]), more=more)
    if why:
        return f"{why} {which}"
    if visit:
        why = tr("Not known to be hers: they came before this visit was open here, or while nobody looked.")
        return f"{why} {which}"
    return tr("No visit is open.") + f" {which}"
