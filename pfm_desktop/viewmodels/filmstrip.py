"""The pictures of a visit as the filmstrip shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.source import Source, Stage
from pfm_desktop.viewmodels.intake import TIMED

NEEDS_BOTH = "A pair needs one white-light and one fluorescence picture."

STAGE_TITLES = {
    Stage.SALINE: "Saline",
    Stage.GREEN: "Green filter",
    Stage.FLUORESCENCE_BEFORE_ACID: "Fluorescence",
    Stage.ACETIC_ACID: "Acetic acid",
    Stage.FLUORESCENCE_AFTER_ACID: "Fluorescence, acid",
    Stage.LUGOL: "Lugol's iodine",
}


@dataclass(frozen=True)
class FilmstripEntry:
    """A picture of the visit. `load` gives H x W x 3 uint8 RGB and is called off the GUI thread."""

    picture_id: str
    source: Source
    caption: str
    detail: str
    load: Callable[[], NDArray[np.uint8]]

    @property
    def spoken(self) -> str:
        """For the screen reader."""
        light = "white light" if self.source is Source.WHITE else "fluorescence"
        return ", ".join(part for part in (self.caption, self.detail, light) if part)


def entry_of(picture: Picture, load: Callable[[], NDArray[np.uint8]]) -> FilmstripEntry:
    """Caption: stage; detail: seconds since acetic acid where the stage has them.

    `taken_at` is no time of day to show: of a file that was added it is the moment of adding.
    """
    seconds = picture.seconds_since_acid
    detail = f"{seconds:.0f} s after acid" if seconds is not None else ""
    if seconds is None and picture.stage in TIMED:
        detail = "time not known"
    return FilmstripEntry(picture.id, picture.source, STAGE_TITLES[picture.stage], detail, load)


def pair_of(entries: Sequence[FilmstripEntry]) -> tuple[str | None, str | None] | None:
    """White-light and fluorescence picture id out of one or two entries; None where they do not make a pair."""
    by_source = {entry.source: entry.picture_id for entry in entries}
    if not entries or len(entries) > 2 or len(by_source) != len(entries):
        return None
    return by_source.get(Source.WHITE), by_source.get(Source.FLUORESCENCE)
