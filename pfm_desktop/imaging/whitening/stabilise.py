"""Frames after acetic acid, each laid over the first one, so that a place of the cervix can be followed in time."""

from __future__ import annotations

import threading
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.geometry import Matrix
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.imaging.compose import fit
from pfm_desktop.imaging.field import chained, lit_box, of_whole
from pfm_desktop.imaging.pixels import checked_pixels
from pfm_desktop.imaging.registration import Registration, register
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]
Plane = NDArray[np.uint8]
SIDE = 640  # pixels of the longer side of what is kept
MOST = 480  # frames; eight minutes at one a second, some 35 MB at 640 x 360
RECENT_S = 5.0  # seconds after which a frame gives way to a newer one that others may be laid over the first by
UNKNOWN = 0  # of a plane
LEVELS = 2.55  # a plane's values for one of L*
_GLARE = 235  # of the least channel, at full size: the lamp, not tissue
_GLARE_SHARE, _RIM = 0.02, 5  # of a kept pixel that is glare; pixels about it that are left out with it
_CLIPPED = 250  # of the highest channel: how bright it is cannot be said, only that it is bright
_DARK = 20  # of a plane: darker is what no light reaches, the surround of the picture above all
_SAME = tr("the frame is of another size")


@dataclass(frozen=True, eq=False)
class Steadied:
    """A frame laid over the first one.

    `seconds` since acid. `light` h x w uint8 over the first frame: L* times `LEVELS`, `UNKNOWN` where this frame does
    not show the place, glare hides it or no light reaches it. `clipped`: where a channel is at its end, so that more
    light shows less than it should, as bits (`numpy.packbits` over the raveled plane). `registration` is the map from
    the first frame (its `white`) to this one, in full-size pixels, `scale` the full-size pixels for one of `light`.
    """

    seconds: float
    light: Plane
    clipped: NDArray[np.uint8]
    registration: Registration
    scale: float

    @property
    def matrix(self) -> Matrix:
        """3 x 3: full-size pixels of the first frame to those of this one, without the bending of the tissue."""
        return self.registration.matrix


@dataclass(frozen=True, eq=False)
class _Packed:
    """A `Steadied` in a quarter of its memory: its planes without loss as PNG and zlib."""

    seconds: float
    light: bytes
    clipped: bytes
    registration: Registration
    scale: float

    def unpacked(self) -> Steadied:
        """As it was; two milliseconds."""
        light = cv2.imdecode(np.frombuffer(self.light, np.uint8), cv2.IMREAD_GRAYSCALE)
        clipped = np.frombuffer(zlib.decompress(self.clipped), np.uint8)
        return Steadied(self.seconds, np.asarray(light, np.uint8), clipped, self.registration, self.scale)


def _packed(one: Steadied) -> _Packed:
    _, light = cv2.imencode(".png", one.light, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    clipped = zlib.compress(one.clipped.tobytes(), 1)
    return _Packed(one.seconds, light.tobytes(), clipped, one.registration, one.scale)


@dataclass(frozen=True, eq=False)
class _Recent:
    """A frame by way of which later ones may be laid over the first: what is registered of it, and its own map."""

    part: Pixels
    registration: Registration
    seconds: float


class Stabiliser:
    """Lays frames over `first` (H x W x 3 uint8 RGB), taken `seconds` after acid (negative: before).

    A frame that cannot be registered surely is left out and counted by its reason in `refused`. Frames are kept
    reduced and in grey; beyond `most` of them the one that is missed least is let go, so that memory stays bounded.
    Frames may be added on one thread while another one reads.
    """

    def __init__(self, first: Pixels, seconds: float = 0.0, *, side: int = SIDE, most: int = MOST) -> None:
        first = checked_pixels(first, "first")
        self._size = first.shape[1], first.shape[0]
        self._side, self._most = side, max(2, most)
        small = fit(first, side)
        self._scale = self._size[0] / small.shape[1]
        self._box = lit_box(first)
        left, top, right, bottom = self._box
        self._first = first[top:bottom, left:right].copy()
        self._lock = threading.Lock()
        self._refused: Counter[str] = Counter()
        self._last: Matrix | None = None
        self._recent: _Recent | None = None
        self._by_way = False
        still = Registration(
            RegistrationStatus.OK, 0.0, np.eye(3), np.zeros((2, 2, 2), np.float32), self._size, self._size
        )
        planes = _planes(small, _glare(first, small))
        self._frames = [_packed(Steadied(float(seconds), *planes, still, self._scale))]

    @property
    def frames(self) -> tuple[Steadied, ...]:
        """All that are kept, the first one too, in the order in which they came; unpacked anew each time."""
        with self._lock:
            packed = tuple(self._frames)
        return tuple(one.unpacked() for one in packed)

    @property
    def count(self) -> int:
        """How many `frames` there are, without unpacking them."""
        with self._lock:
            return len(self._frames)

    @property
    def refused(self) -> Mapping[str, int]:
        """How many frames were left out, by reason."""
        with self._lock:
            return dict(self._refused)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the first frame."""
        return self._size

    def add(self, pixels: Pixels, seconds: float) -> Steadied | None:
        """The frame (H x W x 3 uint8 RGB) laid over the first one, or None where that is not sure."""
        pixels = checked_pixels(pixels, "added")
        if not np.isfinite(seconds):
            raise BadInputError(tr("the time of a frame is no number"), remedy=tr("give seconds since acid"))
        if (pixels.shape[1], pixels.shape[0]) != self._size:
            self._leave_out(_SAME)
            return None
        left, top, right, bottom = self._box
        part = self._laid(pixels[top:bottom, left:right], float(seconds))
        if part is None:
            return None
        whole = of_whole(part, self._box, self._box, self._size, self._size)
        small = fit(pixels, self._side)
        drawn = _scaled(whole, 1 / self._scale, (small.shape[1], small.shape[0]))
        over, hidden = drawn.warp_to_white(small), drawn.warp_to_white(_glare(pixels, small), fill=255)
        steadied = Steadied(float(seconds), *_planes(over, hidden), whole, self._scale)
        with self._lock:
            self._frames.append(_packed(steadied))
            if len(self._frames) > self._most:
                del self._frames[_least_missed(self._frames)]
        return steadied

    def _laid(self, part: Pixels, seconds: float) -> Registration | None:
        """The map from the first frame to this one, straight or by way of a recent one: what whitens much may no longer
        look like the first. None, and counted, where neither is sure."""
        reason = ""
        ways = [self._straight, self._by_recent]
        for way in ways[::-1] if self._by_way else ways:
            found = way(part)
            if found is not None and found.status is RegistrationStatus.OK:
                self._by_way = way == self._by_recent
                self._last = found.matrix
                if self._recent is None or not 0 <= seconds - self._recent.seconds < RECENT_S:
                    self._recent = _Recent(part.copy(), found, seconds)
                return found
            reason = reason or ("" if found is None else found.cause)
        self._leave_out(reason)
        return None

    def _straight(self, part: Pixels) -> Registration:
        return register(self._first, part, start=self._last)

    def _by_recent(self, part: Pixels) -> Registration | None:
        if self._recent is None:
            return None
        found = register(self._recent.part, part)
        return found if found.status is not RegistrationStatus.OK else chained(self._recent.registration, found)

    def _leave_out(self, reason: str) -> None:
        with self._lock:
            self._refused[reason] += 1


def _scaled(found: Registration, factor: float, size: tuple[int, int]) -> Registration:
    """The same map between frames of another `size` (width, height), `factor` times as large."""
    half = (factor - 1) / 2
    larger = np.array([[factor, 0, half], [0, factor, half], [0, 0, 1.0]])
    return replace(
        found,
        matrix=larger @ found.matrix @ np.linalg.inv(larger),
        nodes=(found.nodes * factor).astype(np.float32),
        white_size=size,
        fluorescence_size=size,
    )


def _glare(pixels: Pixels, small: Pixels) -> Plane:
    """h x w of the reduced picture: 255 where the lamp is seen and not the tissue. Looked for at full size, as a small
    glint is no longer white once reduced."""
    red, green, blue = cv2.split(pixels)
    _, white = cv2.threshold(cv2.min(cv2.min(red, green), blue), _GLARE - 1, 255, cv2.THRESH_BINARY)
    share = cv2.resize(white, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    found = (share > 255 * _GLARE_SHARE).astype(np.uint8) * np.uint8(255)
    return np.asarray(cv2.dilate(found, np.ones((_RIM, _RIM), np.uint8)), np.uint8)


def _planes(over: Pixels, hidden: Plane) -> tuple[Plane, NDArray[np.uint8]]:
    """`light` and `clipped`."""
    level = np.asarray(cv2.cvtColor(over, cv2.COLOR_RGB2LAB)[:, :, 0], np.uint8)
    level = np.where((hidden > 0) | (level < _DARK), np.uint8(UNKNOWN), level)
    red, green, blue = cv2.split(over)
    return np.asarray(level, np.uint8), np.packbits(cv2.max(cv2.max(red, green), blue) >= _CLIPPED)


def _least_missed(frames: list[_Packed]) -> int:
    """The frame whose neighbours are nearest in time; never the first or the last one."""
    seconds = np.array([frame.seconds for frame in frames])
    return 1 + int(np.argmin(seconds[2:] - seconds[:-2]))
