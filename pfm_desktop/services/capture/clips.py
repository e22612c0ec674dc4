"""Clips of a visit: beginning and closing one, what a crash cut short, and looking into them. Why so: ADR 17."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pfm_desktop.domain.capture import Acquisition
from pfm_desktop.domain.change import Change
from pfm_desktop.domain.clip import Clip, ClipKind, Moment, Segment
from pfm_desktop.domain.people import Act
from pfm_desktop.domain.source import Stage
from pfm_desktop.jobs import Context, SilentContext
from pfm_desktop.services import cases
from pfm_desktop.services.capture.clip_reader import ClipReader
from pfm_desktop.services.capture.shots import Kept, Shot, keep_shots
from pfm_desktop.storage import capture, records
from pfm_desktop.storage import clips as stored
from pfm_desktop.storage import repositories as visits
from pfm_desktop.storage.library import Library
from pfm_desktop.storage.rules import SignedError
from pfm_desktop.support.errors import StorageError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.capture.clip_segment import Pixels, SegmentBytes
    from pfm_desktop.capture.recorder import Recorded

_SILENT = SilentContext()


@dataclass(frozen=True)
class ClipWriter:
    """A clip that is being recorded. `put` is for a `Recorder`, `began` the moment (`time.monotonic`) it starts at."""

    lib: Library
    clip: Clip
    began: float

    def put(self, segment: SegmentBytes) -> None:
        """Keep a segment; it survives a power cut once this returns. The same one twice is one.

        Raises `StorageError`: nothing of it counts then, and it may be tried again.
        """
        sha256 = self.lib.pictures.put(segment.data)
        with self.lib.write() as session:
            line = Segment(segment.number, sha256, segment.frames, segment.first_s, segment.last_s)
            stored.add_segment(session, self.clip.id, line)

    def finish(self, recorded: Recorded) -> Clip | None:
        """Close the clip; None where no segment was kept, so that there is none any more. Twice does no harm.

        Raises `StorageError` where that cannot go on record: all of it is there, and the next opening closes it.
        """
        return _close(self.lib, self.clip.id, cut_short=recorded.problem)


def begin_clip(
    lib: Library,
    visit_id: str,
    kind: ClipKind,
    *,
    size: tuple[int, int],
    camera: str = "",
    seconds_since_acid: float | None = None,
    began: float | None = None,
) -> ClipWriter:
    """Put on record that a clip is recorded, of frames of `size` (width, height) in pixels.

    It begins at `began` (`time.monotonic`; the `at` of its first frame, at best), else now; `seconds_since_acid` is
    that of this moment, None before acid. Raises `StorageError`, `SignedError`, `NotAllowedError`.
    """
    with lib.read() as session:
        if visits.visit(session, visit_id) is None:
            raise StorageError(tr("this visit is not in the library"), remedy=tr("go back to Today and open it again"))
        if visits.findings_of(session, visit_id).signature is not None:
            raise SignedError("Clip begun")
    now = time.monotonic()
    began = now if began is None else began
    started_at = datetime.now(UTC) - timedelta(seconds=max(0.0, now - began))
    clip = Clip(cases.new_id(), visit_id, kind, started_at, seconds_since_acid, camera[:200], *size)
    fields = {
        "visit_id": visit_id,
        "kind": kind.value,
        "started_at": started_at.isoformat(),
        "seconds_since_acid": seconds_since_acid,
        "camera": clip.camera,
        "width": clip.width,
        "height": clip.height,
        "frames": 0,
        "seconds": 0.0,
        "complete": False,
        "content_sha256": "",
    }
    lib.apply(Change("clip", clip.id, None, fields, f"Clip begun ({kind.value})"))
    return ClipWriter(lib, clip, began)


def recover(lib: Library) -> tuple[Clip, ...]:
    """Close the clips that a crash cut short, with what there is of them; those that have frames, each once.

    For a library that was just opened: nobody records into it. One that is open for reading only, and one for an
    account that may not edit, is left to the next.
    """
    if lib.read_only or not lib.may(Act.EDIT_VISITS):
        return ()
    with lib.read() as session:
        left = stored.unclosed(session)
    closed: list[Clip] = []
    for clip in left:
        try:
            whole = _close(lib, clip.id, cut_short="the program ended while it was recorded")
        except SignedError:  # what is there can be read all the same
            continue
        if whole is not None:
            closed.append(whole)
    return tuple(closed)


def _close(lib: Library, clip_id: str, *, cut_short: str) -> Clip | None:
    with lib.read() as session:
        clip, segments = stored.clip(session, clip_id), stored.segments_of(session, clip_id)
        fields = records.snapshot(session, "clip", clip_id)
    if clip is None or clip.closed:
        return clip
    if not segments:
        lib.apply(Change("clip", clip_id, fields, None, "Clip without a frame taken off the record"))
        return None
    new = {
        "frames": sum(one.frames for one in segments),
        "seconds": segments[-1].last_s,
        "complete": not cut_short,
        "content_sha256": stored.content_sha256(segments),
    }
    said = f"{new['frames']} frames, {segments[-1].last_s:.1f} s"
    said = f"Clip recorded: {said}" if not cut_short else f"Clip cut short: {said} are kept ({cut_short})"
    lib.apply(Change("clip", clip_id, {name: (fields or {}).get(name) for name in new}, new, said))
    with lib.read() as session:
        return stored.clip(session, clip_id)


def clips_of(lib: Library, visit_id: str) -> tuple[Clip, ...]:
    """Clips of a visit in the order they were begun."""
    with lib.read() as session:
        return stored.clips_of(session, visit_id)


def frames_of(lib: Library, clip_id: str, ctx: Context = _SILENT) -> tuple[Moment, ...]:
    """The frames of a clip that can be read, each with its number and its seconds since the clip began.

    All of its bytes are read for that; `ClipReader` finds single ones quickly. Raises `StorageError` for no such clip.
    """
    return ClipReader(lib, clip_id).moments(ctx)


def frame_pixels(lib: Library, clip_id: str, number: int) -> Pixels:
    """A frame of a clip, H x W x 3 uint8 RGB. Raises as `ClipReader.pixels`."""
    return ClipReader(lib, clip_id).pixels(number)


def pull_out(
    lib: Library,
    clip_id: str,
    number: int,
    stage: Stage,
    *,
    mm_per_px: float | None = None,
    by: ClipReader | None = None,
) -> Kept:
    """Put a frame of a clip into its visit as a picture (PNG), taken at the moment of the frame.

    The same frame at the same stage is one picture. `by`: a reader that has the clip open. Raises as
    `ClipReader.pixels` and `keep_shots`.
    """
    from pfm_desktop.imaging.io import encode_png
    from pfm_desktop.imaging.pixels import pixels_sha256

    reader = by or ClipReader(lib, clip_id)
    pixels, seconds = reader.pixels(number), reader.seconds_of(number)
    clip = reader.clip
    taken_at = clip.started_at + timedelta(seconds=seconds)
    height, width = pixels.shape[:2]
    shot = Shot(
        data=encode_png(pixels),
        width=width,
        height=height,
        pixels_sha256=pixels_sha256(pixels),
        stage=stage,
        taken_at=taken_at,
        seconds_since_acid=seconds_since_acid(acid_offset(lib, clip), seconds),
        mm_per_px=mm_per_px,
        acquisition=Acquisition(camera=clip.camera, clip_id=clip.id, frame=number),
    )
    return keep_shots(lib, clip.visit_id, [shot], pair=False)


def acid_offset(lib: Library, clip: Clip) -> float | None:
    """Seconds from acetic acid to the beginning of a clip, negative where it was applied while the clip ran; None where
    it is not on record. What the clip says comes first, then the examination's clock."""
    if clip.seconds_since_acid is not None:
        return clip.seconds_since_acid
    with lib.read() as session:
        examination = capture.examination(session, clip.visit_id)
    if examination is None or examination.acid_at is None:
        return None
    return (clip.started_at - examination.acid_at).total_seconds()


def seconds_since_acid(offset: float | None, seconds: float) -> float | None:
    """Of a moment of a clip with that `acid_offset`; None before acid, or where it is not on record."""
    return offset + seconds if offset is not None and offset + seconds >= 0 else None


def remove(lib: Library, clip_id: str) -> Change:
    """Take a clip off the record; undo brings it back. Pictures that were pulled out of it stay.

    Raises `StillNeededError` where whitening was measured in it, `SignedError`, `StorageError`.
    """
    clip = ClipReader(lib, clip_id).clip
    if not clip.closed:
        raise StorageError(
            tr("this clip is being recorded"), safe=tr("nothing was changed"), remedy=tr("end the recording first")
        )
    with lib.read() as session:
        fields = records.snapshot(session, "clip", clip_id)
    return lib.apply(Change("clip", clip_id, fields, None, f"Clip of {clip.seconds:.0f} s removed"))


def verify(lib: Library, clip_id: str, ctx: Context = _SILENT) -> tuple[str, ...]:
    """What is wrong with the bytes of a clip, in words; () where all of it is as it was recorded."""
    reader = ClipReader(lib, clip_id)
    reader.moments(ctx)
    wrong = list(reader.problems.values())
    if reader.clip.closed and stored.content_sha256(reader.segments) != reader.clip.content_sha256:
        wrong.append(tr("the parts of this clip are not those that were on record when it was closed"))
    return tuple(wrong)
