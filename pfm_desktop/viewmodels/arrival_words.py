"""What is said of pictures that a device saves into a folder. No Qt."""

from __future__ import annotations

LAST = "LAST PICTURE, not live"
LEFT = "They stay in the folder. Import brings them in later."
BY_ITSELF = "This device takes its pictures itself: press its own button, and they come into the visit."
AGAIN = "It is off the record. Take it again with the device's own button."
LONGEST = 56  # letters of a folder on the picture
NAMED = 3


def waits_in(folder: str) -> str:
    """`Waiting for pictures in /share/colposcope`; a long path without its beginning."""
    shown = folder if len(folder) <= LONGEST else f"…{folder[-LONGEST:]}"
    return f"Waiting for pictures in {shown}"


def waiting_words(count: int, *, visit: bool) -> str:
    """How many pictures wait."""
    what = "1 new picture waits" if count == 1 else f"{count} new pictures wait"
    return what if visit else f"{what}: open her visit"


def waiting_hint(names: tuple[str, ...], *, visit: bool, why: str) -> str:
    """Why they wait, and which they are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    which = f"{', '.join(names[:NAMED])}{more}."
    if why:
        return f"{why} {which}"
    if visit:
        return f"Not known to be hers: they came before this visit was open here, or while nobody looked. {which}"
    return f"No visit is open. {which}"
