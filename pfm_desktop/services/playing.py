"""The pictures of a visit after acetic acid, and frames of its clips, as a sequence in which each lies on the first.

Nothing goes on record. Pixels are read anew for each frame that is shown: what is kept is where they lie.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.jobs import Context
from pfm_desktop.services import cases
from pfm_desktop.storage import repositories as stored
from pfm_desktop.storage.library import Library
from pfm_desktop.support.errors import StorageError, UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:  # loaded once something is played: whether anything can be is asked on the window's thread
    from pfm_desktop.imaging.registration import Registration
    from pfm_desktop.services.capture.clip_reader import ClipReader

Pixels = NDArray[np.uint8]
log = logging.getLogger(__name__)
MOST = 120  # frames that are aligned; each takes some tenths of a second
MOST_OF_CLIP = 60  # of them from one clip
PER_SECOND = 10.0  # frames of a clip that is played as it was recorded: as many as are shown at most
_PAIR = tr("the pair is on the stage as before")


class Lies(StrEnum):
    """How a frame lies on the first one. `CHECK` is aligned, and to be looked at; `AS_TAKEN`: nobody asked."""

    FIRST = "first"
    ALIGNED = "aligned"
    CHECK = "check"
    NOT = "not"
    AS_TAKEN = "as_taken"


@dataclass(frozen=True)
class Wanted:
    """A picture, by id, or a clip and the number of a frame of it; `since_acid` in seconds, None where it is not known.
    `reckoned`: by the clock. `at`: seconds from the beginning of its clip."""

    picture_id: str = ""
    clip_id: str = ""
    number: int = 0
    since_acid: float | None = None
    reckoned: bool = False
    at: float = 0.0


@dataclass(frozen=True, eq=False)
class Frame:
    """One of a sequence. `registration`: the map from the first one (its `white`) to this one, where it is aligned;
    `why` it is not."""

    wanted: Wanted
    lies: Lies
    registration: Registration | None = None
    why: str = ""


@dataclass(frozen=True, eq=False)
class Played:
    """Frames in order of time. `left_out`: what is not among them, and why, in sentences."""

    visit_id: str
    frames: tuple[Frame, ...]
    left_out: tuple[str, ...] = ()


@dataclass
class Reading:
    """Reads the pixels of frames, one after the other; for one thread at a time."""

    lib: Library
    _readers: dict[str, ClipReader] = field(default_factory=dict)

    def pixels(self, wanted: Wanted) -> Pixels:
        """As they were taken, H x W x 3 uint8 RGB. Raises `UserError` where they cannot be read."""
        if wanted.picture_id:
            return cases.load_picture(self.lib, wanted.picture_id)
        return self.reader(wanted.clip_id).pixels(wanted.number)

    def reader(self, clip_id: str) -> ClipReader:
        """A clip, opened once."""
        from pfm_desktop.services.capture.clip_reader import ClipReader

        if clip_id not in self._readers:
            self._readers[clip_id] = ClipReader(self.lib, clip_id)
        return self._readers[clip_id]


def acetic_sequence(
    ctx: Context, lib: Library, visit_id: str, pictures: Sequence[Wanted], clip_ids: Sequence[str] = ()
) -> Played:
    """The pictures, and frames of the clips after acid, by their seconds since acid, each laid on the first one.

    Of very many the aligned ones are chosen evenly, the first and the last among them. What cannot be read is left out,
    what cannot be aligned stays as it was taken; both are said. Raises `StorageError` where a picture is of another
    visit, or fewer than two can be shown.
    """
    _check_visit(lib, visit_id, pictures)
    source, left_out = Reading(lib), list[str]()
    wanted = [*pictures]
    for clip_id in clip_ids:
        wanted += _of_clip(ctx, source, clip_id, left_out)
    wanted.sort(key=lambda one: one.since_acid or 0.0)
    if len(wanted) > MOST:
        left_out.append(tr("{shown} of {there} are shown, chosen evenly.", shown=MOST, there=len(wanted)))
        wanted = _evenly(wanted, MOST)
    return _aligned(ctx, source, visit_id, wanted, left_out)


def clip_sequence(ctx: Context, lib: Library, visit_id: str, clip_id: str) -> Played:
    """A clip: one of whitening with its frames laid on the first one, another as it was recorded.

    Raises `StorageError` where it is of another visit or not in the library, or has no two frames that can be read.
    """
    source, left_out = Reading(lib), list[str]()
    clip = source.reader(clip_id).clip
    if clip.visit_id != visit_id:
        raise StorageError(
            tr("this clip is not of the visit that is open"), safe=_PAIR, remedy=tr("open the visit again")
        )
    if clip.kind is ClipKind.WHITENING:
        return _aligned(ctx, source, visit_id, _of_clip(ctx, source, clip_id, left_out, before=True), left_out)
    moments = _moments(ctx, source, clip_id, left_out)
    frames = tuple(Frame(one, Lies.AS_TAKEN) for one in _thinned(moments))
    if len(frames) < 2:
        raise _too_few(left_out)
    return Played(visit_id, frames, tuple(left_out))


def shown_pixels(source: Reading, frame: Frame) -> tuple[Pixels, NDArray[np.bool_] | None]:
    """A frame as it lies on the first one, and where it shows something (None: everywhere); as it was taken where it is
    not aligned. Raises `UserError` where it cannot be read."""
    pixels, registration = source.pixels(frame.wanted), frame.registration
    if registration is None:
        return pixels, None
    return registration.in_white_frame(pixels)


def _check_visit(lib: Library, visit_id: str, pictures: Sequence[Wanted]) -> None:
    with lib.read() as session:
        for one in pictures:
            picture = stored.picture(session, one.picture_id)
            if picture is None or picture.visit_id != visit_id:
                raise StorageError(
                    tr("a picture of the sequence is no longer in this visit"), safe=_PAIR, remedy=tr("play it again")
                )


def _moments(ctx: Context, source: Reading, clip_id: str, left_out: list[str]) -> list[Wanted]:
    """All frames of a clip that can be read, in order."""
    from pfm_desktop.services.capture.clips import acid_offset

    reader = source.reader(clip_id)
    offset = acid_offset(source.lib, reader.clip)
    found = []
    for one in reader.moments(ctx):
        since = None if offset is None else offset + one.seconds
        found.append(Wanted(clip_id=clip_id, number=one.number, at=one.seconds, since_acid=since))
    if reader.problems:
        problems = "; ".join(sorted(set(reader.problems.values())))
        left_out.append(
            tr("Parts of the whitening clip cannot be read: {problems}.", problems=problems)
            if reader.clip.kind is ClipKind.WHITENING
            else tr("Parts of the clip cannot be read: {problems}.", problems=problems)
        )
    return found


def _of_clip(ctx: Context, source: Reading, clip_id: str, left_out: list[str], *, before: bool = False) -> list[Wanted]:
    """Frames of a clip after acid, those `before` it too where that is asked for; of many some, chosen evenly."""
    moments = _moments(ctx, source, clip_id, left_out)
    if not before:
        moments = [one for one in moments if one.since_acid is not None and one.since_acid >= 0]
    if len(moments) > MOST_OF_CLIP:
        said = (
            tr("{shown} of {there} pictures of the whitening clip are shown, chosen evenly.")
            if source.reader(clip_id).clip.kind is ClipKind.WHITENING
            else tr("{shown} of {there} pictures of the clip are shown, chosen evenly.")
        )
        left_out.append(said.format(shown=MOST_OF_CLIP, there=len(moments)))
        moments = _evenly(moments, MOST_OF_CLIP)
    return moments


def _evenly(wanted: Sequence[Wanted], most: int) -> list[Wanted]:
    """First, last, and others between them at equal distances in their order; pictures before frames of clips."""
    pictures = [number for number, one in enumerate(wanted) if one.picture_id]
    if len(pictures) <= most // 2:  # all of them stay
        frames = [number for number, one in enumerate(wanted) if not one.picture_id]
        chosen = {*pictures, *(frames[at] for at in _spread(len(frames), most - len(pictures)))}
    else:
        chosen = set(_spread(len(wanted), most))
    return [wanted[number] for number in sorted(chosen)]


def _spread(count: int, most: int) -> list[int]:
    return sorted({round(at) for at in np.linspace(0, count - 1, min(count, most))}) if count else []


def _thinned(moments: Sequence[Wanted]) -> list[Wanted]:
    """No more than `PER_SECOND`."""
    kept: list[Wanted] = []
    for one in moments:
        if not kept or one.at - kept[-1].at >= 0.95 / PER_SECOND:
            kept.append(one)
    return kept


def _aligned(ctx: Context, source: Reading, visit_id: str, wanted: Sequence[Wanted], left_out: list[str]) -> Played:
    """Each laid on the first that can be read: straight, or by way of the one before it, which it may be more like."""
    frames: list[Frame] = []
    first: Pixels | None = None
    unread = 0
    for number, one in enumerate(wanted):
        ctx.progress(number, len(wanted), tr("Aligning {number} of {frames}", number=number + 1, frames=len(wanted)))
        try:
            pixels = source.pixels(one)
        except UserError as error:
            log.warning("a frame of a sequence is left out: %s", error)
            unread += 1
            continue
        if first is None:
            first = pixels
            recent: tuple[Pixels, Registration | None] = pixels, None
            frames.append(Frame(one, Lies.FIRST))
            continue
        frame = _laid(ctx, first, recent, pixels, one)
        frames.append(frame)
        if frame.registration is not None:
            recent = pixels, frame.registration
    ctx.progress(len(wanted), len(wanted), tr("Done"))
    if unread:
        left_out.append(tr("%n picture(s) cannot be read.", "", unread))
    if len(frames) < 2:
        raise _too_few(left_out)
    return Played(visit_id, tuple(frames), tuple(left_out))


def _laid(
    ctx: Context, first: Pixels, recent: tuple[Pixels, Registration | None], pixels: Pixels, wanted: Wanted
) -> Frame:
    """Where it is sure neither straight nor by way of the one before it, it stays as it was taken."""
    from pfm_desktop.imaging.field import chained, register_lit

    found = register_lit(first, pixels, ctx=ctx)
    if found.status is not RegistrationStatus.OK and recent[1] is not None:
        step = register_lit(recent[0], pixels, ctx=ctx)
        if step.status is not RegistrationStatus.REFUSED:
            way = chained(recent[1], step)
            if found.status is RegistrationStatus.REFUSED or way.status is RegistrationStatus.OK:
                found = way
    if found.status is RegistrationStatus.REFUSED:
        return Frame(wanted, Lies.NOT, why=found.cause or tr("no reliable match"))
    return Frame(wanted, Lies.ALIGNED if found.status is RegistrationStatus.OK else Lies.CHECK, found)


def _too_few(left_out: Sequence[str]) -> StorageError:
    if left_out:
        what = tr("there are no two pictures to play: {reasons}", reasons=" ".join(left_out))
    else:
        what = tr("there are no two pictures to play")
    return StorageError(what, safe=_PAIR, remedy=tr("look at the pictures one by one"))
