"""The pictures of a visit as the filmstrip shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.source import TIMED, Source, Stage, goes_second
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    import numpy as np  # the window stands before numpy loads
    from numpy.typing import NDArray

THUMBNAIL_SIDE = 512  # pixels of the longer side that a thumbnail is made from: enough for any screen
NEEDS_BOTH = (
    "A pair needs one white-light and one fluorescence picture, or beside plain white light one through a green filter "
    "or after Lugol's iodine."
)


@dataclass(frozen=True)
class FilmstripEntry:
    """A picture of the visit. `load` gives H x W x 3 uint8 RGB and is called off the GUI thread."""

    picture_id: str
    source: Source
    caption: str
    detail: str
    load: Callable[[], NDArray[np.uint8]]
    stage: Stage | None = None

    @property
    def spoken(self) -> str:
        """For the screen reader."""
        light = "white light" if self.source is Source.WHITE else ""  # fluorescence is the caption
        return ", ".join(part for part in (self.caption, self.detail, light) if part)


def entry_of(picture: Picture, load: Callable[[], NDArray[np.uint8]]) -> FilmstripEntry:
    """Caption: stage of a white-light picture, else the source; detail: before or how long after acetic acid.

    The time of day (of this computer) comes first where it is known: of a file it is the moment of adding.
    """
    lit = picture.source is Source.FLUORESCENCE
    seconds, timed = picture.seconds_since_acid, picture.stage in TIMED
    when = picture.stage.words if lit else ""
    if seconds is not None:
        when = f"{seconds:.0f} s after acid"
    elif timed:
        when = "after acid, not timed" if lit else "not timed"
    caption = "Fluorescence" if lit else capital(picture.stage.words)
    clock = f"{picture.taken_at.astimezone():%H:%M}" if picture.time_known else ""
    detail = ", ".join(part for part in (clock, when) if part)
    return FilmstripEntry(picture.id, picture.source, caption, detail, load, picture.stage)


def pair_of(entries: Sequence[FilmstripEntry]) -> tuple[str | None, str | None] | None:
    """Ids for the first and the second place out of one or two entries; None where they do not make a pair."""
    by_source = {entry.source: entry.picture_id for entry in entries}
    if len(entries) == 2 and set(by_source) == {Source.WHITE}:
        found = (two for two in permutations(entries) if goes_second(two[1].source, two[1].stage, beside=two[0].stage))
        white, second = next(found, (None, None))
        return (white.picture_id, second.picture_id) if white is not None and second is not None else None
    if not entries or len(entries) > 2 or len(by_source) != len(entries):
        return None
    return by_source.get(Source.WHITE), by_source.get(Source.FLUORESCENCE)
