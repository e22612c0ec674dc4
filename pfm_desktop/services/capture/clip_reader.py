"""Looking into a clip: where its frames lie, and their pixels. One segment at a time is in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from pfm_desktop.domain.clip import Clip, Moment, Segment
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.storage import clips as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, StorageError, UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.capture.clip_segment import Pixels, SegmentIndex

_SILENT = SilentContext()


class ClipReader:
    """A clip as it is on record now, also while it is recorded. Usable from one thread at a time.

    Frames are counted from 0 over all segments, so that a part that is missing shifts none of the others. `problems`
    says by number of segment what was found missing or altered so far.
    """

    def __init__(self, lib: Library, clip_id: str) -> None:
        with lib.read() as session:
            clip, segments = stored.clip(session, clip_id), stored.segments_of(session, clip_id)
        if clip is None:
            raise StorageError(
                tr("this clip is not in the library"), remedy=tr("go back to Today and open the visit again")
            )
        self.clip: Clip = clip
        self.segments: tuple[Segment, ...] = segments
        self.problems: dict[int, str] = {}
        self._lib = lib
        self._ends = tuple(accumulate(one.frames for one in segments))
        self._last: tuple[int, bytes, SegmentIndex] | None = None

    @property
    def frames(self) -> int:
        """How many there are, those that cannot be read as well."""
        return self._ends[-1] if self._ends else 0

    def pixels(self, number: int) -> Pixels:
        """A frame, H x W x 3 uint8 RGB.

        Raises `BadInputError` where there is no such frame, `StorageError` or `SegmentError` where its part of the clip
        is missing or altered.
        """
        from pfm_desktop.capture import clip_segment

        place, within = self._place_of(number)
        data, index = self._segment(place)
        return clip_segment.frame(data, within, known=index)

    def seconds_of(self, number: int) -> float:
        """Seconds from the beginning of the clip to a frame. Raises as `pixels`."""
        place, within = self._place_of(number)
        return self._segment(place)[1].frames[within].seconds

    def nearest(self, seconds: float) -> int:
        """The number of the frame that was taken nearest to so many seconds after the beginning, of those in the part
        that was recorded then. Raises as `pixels`; `BadInputError` for a clip without frames."""
        if not self.frames:
            raise _no_frame(0)
        starts = [one.first_s for one in self.segments]
        place = max(0, bisect_right(starts, seconds) - 1)
        index = self._segment(place)[1]
        within = min(range(len(index.frames)), key=lambda one: abs(index.frames[one].seconds - seconds))
        return self._start_of(place) + within

    def moments(self, ctx: Context = _SILENT) -> tuple[Moment, ...]:
        """All frames that can be read, in order; what cannot is in `problems` then. Raises `Cancelled`."""
        found: list[Moment] = []
        for place, index in self.parts(ctx, tr("Reading the clip")):
            start = self._start_of(place)
            found += (Moment(start + within, one.seconds) for within, one in enumerate(index.frames))
        return tuple(found)

    def parts(self, ctx: Context, words: str) -> Iterator[tuple[int, SegmentIndex]]:
        """The place of each segment that can be read, and what is in it; the others come into `problems`."""
        for place in range(len(self.segments)):
            ctx.progress(place, len(self.segments), words)
            try:
                yield place, self._segment(place)[1]
            except UserError as error:
                self.problems[place] = error.what
        ctx.progress(len(self.segments), len(self.segments), words)

    def numbers_in(self, place: int) -> range:
        """The frames of a segment."""
        return range(self._start_of(place), self._ends[place])

    def _start_of(self, place: int) -> int:
        return self._ends[place] - self.segments[place].frames

    def _place_of(self, number: int) -> tuple[int, int]:
        if not 0 <= number < self.frames:
            raise _no_frame(number)
        place = bisect_right(self._ends, number)
        return place, number - self._start_of(place)

    def _segment(self, place: int) -> tuple[bytes, SegmentIndex]:
        from pfm_desktop.capture import clip_segment

        if self._last is not None and self._last[0] == place:
            return self._last[1:]
        segment = self.segments[place]
        data = self._lib.pictures.get(segment.sha256)
        index = clip_segment.index(data)
        if len(index.frames) != segment.frames:
            raise clip_segment.SegmentError(tr("it has not the frames that are on record"))
        self._last = place, data, index
        return data, index


def _no_frame(number: int) -> BadInputError:
    return BadInputError(tr("this clip has no frame {number}", number=number), remedy=tr("choose one that it has"))
