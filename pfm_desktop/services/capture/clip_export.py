"""A clip as a video file that other programs play. Only here the clock is drawn into it, and never a name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pfm_desktop.jobs import Context
from pfm_desktop.services.capture.clip_reader import ClipReader
from pfm_desktop.services.capture.clips import acid_offset, seconds_since_acid
from pfm_desktop.services.export.folder import Begun
from pfm_desktop.services.export.single_file import export_file
from pfm_desktop.services.export.visits import NOTHING, check_may_leave
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pfm_desktop.capture.clip_segment import Pixels
    from pfm_desktop.capture.video_file import Coding, VideoFile, Written
    from pfm_desktop.domain.clip import Segment


@dataclass(frozen=True)
class ClipExport:
    """What was written: a video of `seconds`, `rate` frames a second. Of the clip `left_out` frames had no place in it,
    and `problems` says which parts could not be read: there the picture stands still."""

    path: Path
    seconds: float
    rate: int
    left_out: int
    problems: tuple[str, ...]


def export_clip(ctx: Context, lib: Library, clip_id: str, out: Path, *, coding: str, clock: bool) -> ClipExport:
    """Job: write a clip to the file `out`, whole or not at all. `coding`: `mjpg` (`out` ends with .avi) or `ffv1`
    (.mkv), which loses nothing of what was kept. `clock`: draw into each frame its seconds since acetic acid, or since
    the clip began where acid was not on.

    Raises `NotAllowedError`, `StorageError` (read-only library, full disk), `BadInputError` (nothing to write, another
    ending, too long) and `Cancelled`; nothing is left then, and what stood at `out` is as it was.
    """
    from pfm_desktop.capture.video_file import Coding

    check_may_leave(lib)
    way, out = Coding(coding), Path(out)
    if out.suffix.lower() != way.suffix:
        raise BadInputError(
            tr("a video of this kind has a name that ends with {ending}", ending=way.suffix), safe=NOTHING
        )
    reader = ClipReader(lib, clip_id)
    if not reader.frames:
        raise BadInputError(tr("there is no frame in this clip"), safe=NOTHING, remedy=tr("choose another one"))
    visit = reader.clip.visit_id
    details = {"format": way.value, "clip_id": clip_id, "clock": clock, "visits": 1, "visit_ids": [visit]}
    begun = Begun(visit, "a clip as a video", details)
    with export_file(lib, out, begun, said="Exported a clip as a video") as unfinished:
        written = _Writing(ctx, lib, reader, unfinished, way, clock=clock).write()
    return ClipExport(out, written.seconds, written.rate, written.left_out, tuple(reader.problems.values()))


class _Writing:
    """One clip on its way into a file."""

    def __init__(
        self, ctx: Context, lib: Library, reader: ClipReader, path: Path, coding: Coding, *, clock: bool
    ) -> None:
        self.ctx, self.reader, self.path, self.coding, self.clock = ctx, reader, path, coding, clock
        self.offset = acid_offset(lib, reader.clip)
        self.video: VideoFile | None = None

    def write(self) -> Written:
        """Frame by frame; a part that cannot be read is left out."""
        try:
            for place, index in self.reader.parts(self.ctx, tr("Writing the video")):
                if self.video is None:
                    self.video = self._begun((index.width, index.height))
                self._add_part(self.video, place)
            if self.video is None:
                raise BadInputError(
                    tr("no frame of this clip can be read"), safe=NOTHING, remedy=tr("put its parts back from a backup")
                )
            return self.video.close()
        finally:
            if self.video is not None:
                self.video.release()

    def _begun(self, size: tuple[int, int]) -> VideoFile:
        from pfm_desktop.capture.video_file import VideoFile, rate_of

        rate = rate_of(_about_when(self.reader.segments))
        return VideoFile(self.path, size=size, rate=rate, coding=self.coding, check=self.ctx.check)

    def _add_part(self, video: VideoFile, place: int) -> None:
        for number in self.reader.numbers_in(place):
            self.ctx.check()
            try:
                pixels, seconds = self.reader.pixels(number), self.reader.seconds_of(number)
            except UserError as error:  # of a single frame
                self.reader.problems[place] = error.what
                continue
            video.add(self._with_clock(pixels, seconds) if self.clock else pixels, seconds)

    def _with_clock(self, pixels: Pixels, seconds: float) -> Pixels:
        from pfm_desktop.capture.video_file import clock_words, with_clock

        since = seconds_since_acid(self.offset, seconds)
        return with_clock(pixels, clock_words(seconds if since is None else since, since_acid=since is not None))


def _about_when(segments: Sequence[Segment]) -> list[float]:
    """When the frames were taken, as nearly as the lines on record tell without reading the clip."""
    times: list[float] = []
    for one in segments:
        times += np.linspace(one.first_s, one.last_s, one.frames).tolist() if one.frames else []
    return times
