"""The pictures of a visit as the filmstrip shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations
from typing import TYPE_CHECKING

from pfm_desktop.domain.case import Picture
from pfm_desktop.domain.clip import Clip, ClipKind
from pfm_desktop.domain.source import Source, Stage, goes_second
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import COMMA
from pfm_desktop.viewmodels.visit_timeline import Place, arranged, gap_words, when_words
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np  # the window stands before numpy loads
    from numpy.typing import NDArray

    Load = Callable[[], NDArray[np.uint8]]

CLIP_SIGN = "▶ "
THUMBNAIL_SIDE = 512  # pixels of the longer side that a thumbnail is made from: enough for any screen
NEEDS_BOTH = tr(
    "A pair needs one white-light and one fluorescence picture, or beside plain white light one through a green filter "
    "or after Lugol's iodine."
)


@dataclass(frozen=True)
class FilmstripEntry:
    """A picture of the visit, or a clip (`clip_id`; `picture_id` is then a key that no picture has).

    `load` gives H x W x 3 uint8 RGB and is called off the GUI thread. `group`: the part of the examination, where it
    `begins` one; `gap`: how long after what stands before it, "" where they stand together.
    """

    picture_id: str
    source: Source
    caption: str
    detail: str
    load: Load
    stage: Stage | None = None
    clip_id: str = ""
    group: str = ""
    begins: bool = False
    gap: str = ""

    @property
    def spoken(self) -> str:
        """For the screen reader."""
        # fluorescence is the caption
        light = tr("white light") if self.source is Source.WHITE and not self.clip_id else ""
        return COMMA.join(part for part in (self.caption, self.detail, light) if part)

    @property
    def place(self) -> str:
        """Where it stands on the line of time, for the screen reader and the tooltip."""
        gap = tr("{gap} after what stands before it", gap=self.gap) if self.gap else ""
        return COMMA.join(part for part in (self.group, gap) if part)


def entries_of(
    pictures: Sequence[Picture],
    clips: Sequence[Clip],
    acid_at: datetime | None,
    load: Callable[[str], NDArray[np.uint8]],
    load_clip: Callable[[str], NDArray[np.uint8]],
) -> tuple[FilmstripEntry, ...]:
    """All of a visit in order of time; `load` by picture, `load_clip` the first frame by clip."""
    return tuple(_entry(place, load, load_clip) for place in arranged(pictures, clips, acid_at))


def _entry(
    place: Place, load: Callable[[str], NDArray[np.uint8]], load_clip: Callable[[str], NDArray[np.uint8]]
) -> FilmstripEntry:
    if place.clip is not None:
        made = _clip_entry(place, place.clip, partial(load_clip, place.clip.id))
    else:
        assert place.picture is not None
        made = entry_of(place.picture, partial(load, place.picture.id), place)
    return replace(made, group=place.group, begins=place.first, gap=gap_words(place.gap_s))


def entry_of(picture: Picture, load: Load, place: Place | None = None) -> FilmstripEntry:
    """Caption: stage of a white-light picture, else the source; detail: before or how long after acetic acid.

    The time of day (of this computer) comes first where it is known: of a file it is the moment of adding.
    """
    detail = when_words(place or Place(picture, since_acid=picture.seconds_since_acid))
    caption = tr("Fluorescence") if picture.source is Source.FLUORESCENCE else capital(picture.stage.words)
    return FilmstripEntry(picture.id, picture.source, caption, detail, load, picture.stage)


def clip_key(clip_id: str) -> str:
    """What stands for a clip in place of the id of a picture."""
    return f"clip {clip_id}"


def _clip_entry(place: Place, clip: Clip, load: Load) -> FilmstripEntry:
    caption = tr("Whitening clip") if clip.kind is ClipKind.WHITENING else tr("Clip")
    caption = f"{CLIP_SIGN}{caption}"
    return FilmstripEntry(clip_key(clip.id), Source.WHITE, caption, when_words(place), load, clip_id=clip.id)


def pair_of(entries: Sequence[FilmstripEntry]) -> tuple[str | None, str | None] | None:
    """Ids for the first and the second place out of one or two entries; None where they do not make a pair."""
    if any(entry.clip_id for entry in entries):
        return None
    by_source = {entry.source: entry.picture_id for entry in entries}
    if len(entries) == 2 and set(by_source) == {Source.WHITE}:
        found = (two for two in permutations(entries) if goes_second(two[1].source, two[1].stage, beside=two[0].stage))
        white, second = next(found, (None, None))
        return (white.picture_id, second.picture_id) if white is not None and second is not None else None
    if not entries or len(entries) > 2 or len(by_source) != len(entries):
        return None
    return by_source.get(Source.WHITE), by_source.get(Source.FLUORESCENCE)
