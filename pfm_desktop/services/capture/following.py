"""Whitening as it is followed: frames of a clip laid over its first one, live or from what was recorded."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.clip import ClipKind
from pfm_desktop.domain.examination import MAP_ENDS
from pfm_desktop.imaging.io import encode_png
from pfm_desktop.imaging.whitening import curve, maps
from pfm_desktop.imaging.whitening.normal import normal_place
from pfm_desktop.imaging.whitening.stabilise import Stabiliser
from pfm_desktop.services.capture.clip_reader import ClipReader
from pfm_desktop.services.capture.clips import acid_offset, clips_of
from pfm_desktop.support.errors import BadInputError, UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.threads import give_way

if TYPE_CHECKING:
    from pfm_desktop.capture.source import Frame
    from pfm_desktop.domain.examination import Whitening
    from pfm_desktop.imaging.whitening.stabilise import Steadied
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library

log = logging.getLogger(__name__)
RATE = 1.0  # frames a second
END_S = 3.0
SAME_ACID_S = 3.0  # clips whose clocks differ by less were recorded after the same acid
CLICK_MM, CLICK_SHARE = 1.0, 0.015  # radius of what a click means: millimetres, or a share of the frame's width
Polygon = tuple[tuple[float, float], ...]


@dataclass(eq=False)
class Followed:
    """Frames laid over `first` (H x W x 3 uint8 RGB). `clip_id` is where that one comes from."""

    clip_id: str
    first: NDArray[np.uint8]
    stabiliser: Stabiliser
    problems: dict[int, str] = field(default_factory=dict)

    @property
    def frames(self) -> tuple[Steadied, ...]:
        """What there is so far."""
        return self.stabiliser.frames

    @property
    def count(self) -> int:
        """How many there are so far."""
        return self.stabiliser.count

    def region_at(self, x: float, y: float, mm_per_px: float | None) -> Polygon:
        """What a click at a pixel of the first frame means."""
        radius = CLICK_SHARE * self.first.shape[1] if not mm_per_px else CLICK_MM / mm_per_px
        return curve.disc((x, y), radius)


class Following:
    """Follows a stream from acetic acid on: `take` is its sink, `followed` what there is of it (None before its first
    frame). At most `RATE` frames a second are looked at, on a thread of its own; those between are left out."""

    def __init__(self, clip_id: str, since_acid: Callable[[float], float | None]) -> None:
        self.followed: Followed | None = None
        self._clip_id, self._since_acid = clip_id, since_acid
        self._there = threading.Condition()
        self._next: tuple[NDArray[np.uint8], float] | None = None
        self._last = -1e9
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="whitening", daemon=True)
        self._thread.start()

    def take(self, frame: Frame) -> None:
        """A frame of the stream; returns at once."""
        seconds = self._since_acid(frame.at)
        if seconds is None or frame.at - self._last < 1 / RATE - 0.005:
            return
        with self._there:
            self._last = frame.at
            self._next = frame.pixels, seconds
            self._there.notify_all()

    def stop(self) -> None:
        """No more frames; what there is stays."""
        with self._there:
            self._ending = True
            self._there.notify_all()
        self._thread.join(END_S)

    def _work(self) -> None:
        give_way()  # to the live picture
        while True:
            with self._there:
                self._there.wait_for(lambda: self._next is not None or self._ending)
                if self._ending:
                    return
                taken, self._next = self._next, None
            assert taken is not None
            try:
                self._add(*taken)
            except Exception:  # one frame more or less must not end it
                log.exception("a frame of whitening could not be laid over the first one")

    def _add(self, pixels: NDArray[np.uint8], seconds: float) -> None:
        if self.followed is None:
            self.followed = Followed(self._clip_id, pixels, Stabiliser(pixels, seconds))
        else:
            self.followed.stabiliser.add(pixels, seconds)


def clips_since_acid(lib: Library, visit_id: str) -> tuple[str, ...]:
    """Clips of whitening of a visit that were recorded since acid was applied last, the earliest first. Raises
    `UserError`."""
    there = [one for one in clips_of(lib, visit_id) if one.kind is ClipKind.WHITENING and one.closed and one.frames]
    begun = {one.id: one.started_at - timedelta(seconds=acid_offset(lib, one) or 0.0) for one in there}
    last = max(begun.values(), default=None)
    same = [one for one in there if last is not None and abs((last - begun[one.id]).total_seconds()) < SAME_ACID_S]
    return tuple(one.id for one in sorted(same, key=lambda one: one.started_at))


def from_clips(ctx: Context, lib: Library, clip_ids: Sequence[str]) -> Followed:
    """Job: the same of clips that were recorded since acid was applied, the earliest first: one of them where nothing
    came between. About a tenth of a second a frame. Raises `UserError`, `Cancelled`."""
    readers = [ClipReader(lib, clip_id) for clip_id in clip_ids]
    frames = [(reader, number) for reader in readers for number in range(0, reader.frames, _step(reader))]
    offsets = {id(reader): acid_offset(lib, reader.clip) for reader in readers}
    if any(offset is None for offset in offsets.values()):
        raise BadInputError(
            tr("it is not on record when acetic acid was applied"), remedy=tr("start its clock in Capture")
        )
    followed: Followed | None = None
    problems: dict[int, str] = {}
    for done, (reader, number) in enumerate(frames):
        ctx.progress(done, len(frames), tr("Looking at whitening"))
        try:
            pixels, seconds = reader.pixels(number), (offsets[id(reader)] or 0.0) + reader.seconds_of(number)
        except UserError as error:
            problems[done] = error.what
            continue
        if followed is None:
            followed = Followed(reader.clip.id, pixels, Stabiliser(pixels, seconds), problems)
        else:
            followed.stabiliser.add(pixels, seconds)
    if followed is None:
        raise BadInputError(tr("no frame of this clip can be read"), remedy=tr("put its parts back from a backup"))
    return followed


def _step(reader: ClipReader) -> int:
    """Every how many frames one is looked at, for `RATE` a second."""
    seconds = reader.segments[-1].last_s if reader.segments else 0.0
    return max(1, round(reader.frames / max(1.0, seconds * RATE)))


def curve_of(_ctx: Context, followed: Followed, region: Polygon, normal: Polygon | None) -> Whitening:
    """Job: how a region whitened so far. Raises `BadInputError`."""
    return curve.whitening(followed.frames, region, normal)


def suggested_normal(_ctx: Context, followed: Followed, region: Polygon) -> Polygon:
    """Job: tissue near a region that did not whiten; () where none is seen. Whoever sees it has to say so. Raises
    `BadInputError`."""
    frames = followed.frames
    return tuple(normal_place(frames, maps.maps(frames), region))


@dataclass(frozen=True, eq=False)
class MapShown:
    """A map over the first frame: `rgba` H x W x 4 uint8, and the upper end of its legend, in `unit`."""

    rgba: NDArray[np.uint8]
    high: float
    unit: str


def map_of(_ctx: Context, followed: Followed, kind: str, normal: Polygon | None) -> MapShown:
    """Job: the map of `peak` or of `persistence`. Raises `BadInputError`."""
    made = maps.maps(followed.frames, normal)
    values, unit = (made.peak, "dL*") if kind == "peak" else (made.persistence, "s")
    high = maps.limit(values)
    return MapShown(maps.overlay(values, followed.stabiliser.size, high=high), high, unit)


def with_maps(ctx: Context, followed: Followed, one: Whitening, normal: Polygon | None) -> tuple[Whitening, bytes]:
    """Job: what goes on record: a curve that knows how far the legends of its maps reach, and the maps, where there are
    frames enough for any (else b""); see `KeptWhitening`."""
    shown: dict[str, MapShown] = {}
    for kind in MAP_ENDS:
        try:
            shown[kind] = map_of(ctx, followed, kind, normal)
        except BadInputError:  # too few frames for a map, which a curve may do without
            break
    ends = {MAP_ENDS[kind]: made.high for kind, made in shown.items()}
    return replace(one, facts={**one.facts, **ends}), map_png(followed, tuple(shown.values()))


def map_png(followed: Followed, shown: Sequence[MapShown]) -> bytes:
    """The first frame under each of these maps, side by side, for the record."""
    parts = []
    for one in shown:
        cover = one.rgba[:, :, 3:].astype(np.float32) / 255
        mixed = followed.first * (1 - cover) + one.rgba[:, :, :3] * cover
        parts.append(mixed.astype(np.uint8))
    return encode_png(np.concatenate(parts, axis=1)) if parts else b""
