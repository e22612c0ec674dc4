"""How a place of the cervix whitened, from frames that lie over each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.examination import Whitening
from pfm_desktop.imaging.whitening.kinetics import course
from pfm_desktop.imaging.whitening.stabilise import LEVELS, UNKNOWN, Steadied
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

Polygon = Sequence[tuple[float, float]]
Floats = NDArray[np.float64]
Values = NDArray[np.float32]
Mask = NDArray[np.bool_]

START_S = 4.0  # seconds since acid up to which nothing has whitened yet (7 s in high grades, n = 300)
START_FRAMES = 3  # at least that many count as the start
SEEN = 0.5  # of what is mostly seen of a region, that a frame must show to say something of it
_SEEN_AT_ALL = 0.1  # of the region: much of wet tissue is glare in every frame
CORNERS = 48  # of a disc
BLACK, _WHITE = 16.0, 116.0  # of L*: L* + 16 is 116 times the cube root of the light (CIE 1976)
_RED = 0.2126  # share of full light in a pixel whose red is full (sRGB)
_OFTEN, _ENOUGH, _FEWEST = 0.1, 0.3, 30  # share of the frames; share of a region, and its pixels, that have to remain
_MOST_PIXELS = 20_000  # of a region that are followed; more tell no more
_REMEDY = tr("choose a place on the cervix that the first frame shows")


def disc(centre: tuple[float, float], radius: float) -> tuple[tuple[float, float], ...]:
    """The region that a click at `centre` means: a disc of `radius`, both in pixels of the first frame."""
    turns = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    return tuple((float(centre[0] + radius * np.cos(one)), float(centre[1] + radius * np.sin(one))) for one in turns)


def whitening(frames: Sequence[Steadied], region: Polygon, normal: Polygon | None = None) -> Whitening:
    """How `region` whitened, and how much of that is not what `normal` did as well.

    Both are polygons in full-size pixels of the first frame. Of each pixel the lightness is compared with its own at
    the start, and the mean over those that a frame shows without glare is taken. Where `normal` tissue is named, each
    frame is first set to the light of the start by how light that tissue is in it, so that lamp and exposure cancel:
    L* + 16 grows by the same factor everywhere. Onset, peak and half are those of `against_normal` where there is one.

    `facts`: `frames` that count, `noise` (dL*, standard deviation of one frame), `first_s` of the first frame,
    `longest_gap_s`, `area_px` of the region in full-size pixels, `clipped` (share of the region in which a channel is
    at its end, in the frames with most of it: what is clipped whitens less than it should), `drift` (dL* by which
    normal tissue itself changed at most). Raises `BadInputError` for a region of which no frame shows enough.
    """
    ordered = sorted(frames, key=lambda one: one.seconds)
    if not ordered:
        raise BadInputError(
            tr("there are no frames to look at yet"), remedy=tr("wait until frames were taken after acid")
        )
    place = mask_of(ordered[0], region)
    seconds, stack, clipped = _followed(ordered, place)
    light = np.ones(len(ordered))
    drift = 0.0
    if normal is not None:
        light, drift = light_of(ordered, mask_of(ordered[0], normal))
    begin = starts(seconds)
    plain = _change(stack, begin)
    even = _change(_in_light(stack, clipped, light), begin)
    kept = np.isfinite(plain) & np.isfinite(even)
    if not kept.any():
        raise BadInputError(tr("the frames do not show this place without glare"), remedy=_REMEDY)
    seconds, plain, even = seconds[kept], plain[kept], even[kept]
    found = course(seconds, even)
    start = found.start
    return Whitening(
        region=tuple((float(x), float(y)) for x, y in region),
        seconds=tuple(seconds.tolist()),
        change=tuple((plain - (start if normal is None else 0.0)).tolist()),
        against_normal=None if normal is None else tuple((even - start).tolist()),
        onset_s=found.onset_s,
        peak=found.peak,
        peak_s=found.peak_s,
        half_s=found.half_s,
        facts={
            "frames": float(len(seconds)),
            "noise": found.noise,
            "first_s": float(seconds[0]),
            "longest_gap_s": max((float(after - before) for before, after in pairwise(seconds)), default=0.0),
            "area_px": float(place.sum()) * ordered[0].scale ** 2,
            "clipped": float(np.percentile(clipped.mean(axis=1), 90)),
            "drift": drift,
        },
    )


def mask_of(frame: Steadied, polygon: Polygon) -> Mask:
    """h x w of the frame's plane. Raises `BadInputError` for what is no polygon or has no pixel in the picture."""
    corners = np.asarray(polygon, np.float64)
    if corners.ndim != 2 or corners.shape[1:] != (2,) or len(corners) < 3 or not np.isfinite(corners).all():
        raise BadInputError(tr("a region needs at least three corners"), remedy=_REMEDY)
    height, width = frame.light.shape
    reduced = np.clip((corners + 0.5) / frame.scale - 0.5, -width - height, 2 * (width + height))
    drawn = np.zeros((height, width), np.uint8)
    cv2.fillPoly(drawn, [np.round(reduced).astype(np.int32)], (1,))
    if not drawn.any():
        raise BadInputError(tr("this place lies outside of the picture"), remedy=_REMEDY)
    return drawn > 0


def starts(seconds: Floats) -> Mask:
    """Which frames (seconds since acid, rising) are the start: those until `START_S`, at least the first ones."""
    begin = seconds <= START_S
    begin[:START_FRAMES] = True
    return np.asarray(begin, np.bool_)


def _followed(frames: Sequence[Steadied], mask: Mask) -> tuple[Floats, Values, Mask]:
    """Seconds, L* + 16 of T frames by N pixels (NaN where a frame does not show one), and where these are clipped."""
    places = np.flatnonzero(mask)
    places = places[:: -(-len(places) // _MOST_PIXELS)]
    stack = np.stack([frame.light.ravel()[places] for frame in frames])
    clipped = np.stack([np.unpackbits(frame.clipped, count=mask.size)[places] for frame in frames]) > 0
    raised = np.where(stack == UNKNOWN, np.float32(np.nan), stack / np.float32(LEVELS) + np.float32(BLACK))
    return np.array([frame.seconds for frame in frames]), np.asarray(raised, np.float32), clipped


def _in_light(raised: Values, clipped: Mask, light: Floats) -> Values:
    """L* + 16 as it would be in the light of the start, `light` (L* + 16 over that at the start) of each frame taken
    out. Where red is clipped, as it is first in tissue, its share of the light stays as it is: only the rest grows."""
    factor = light.astype(np.float32)[:, None]
    rest = (raised / np.float32(_WHITE)) ** 3 - np.float32(_RED)
    less = np.float32(_WHITE) * np.cbrt(np.float32(_RED) + np.maximum(rest, 0) / factor**3)
    return np.where(clipped & (rest > 0), less, raised / factor)


def _change(raised: Values, begin: Mask) -> Floats:
    """Mean change of the pixels against their own start, by frame; NaN where too few are seen."""
    return _mean(raised - _start(raised, begin))


def light_of(frames: Sequence[Steadied], mask: Mask, *, of_most: bool = False) -> tuple[Floats, float]:
    """By which factor L* + 16 of a place differs from that at the start, by frame (NaN: not seen), and by how much its
    L* changed at most. `frames` in the order of time; `of_most`: the median, for a place that whitens in parts.

    Pixels that are often clipped are left out where others remain: they do not tell how the lamp goes.
    """
    seconds, raised, clipped = _followed(frames, mask)
    kept = clipped.mean(axis=0) <= _OFTEN
    if kept.sum() >= max(_FEWEST, _ENOUGH * len(kept)):
        raised = np.where(clipped, np.float32(np.nan), raised)[:, kept]
    before = _start(raised, starts(seconds))
    ratio = raised / before
    factor = _mean(ratio)
    if of_most:
        seen = np.isfinite(factor)
        factor[seen] = np.nanmedian(ratio[seen], axis=1)
    known = np.isfinite(factor)
    if not known.any():
        raise BadInputError(tr("the frames do not show this normal tissue without glare"), remedy=_REMEDY)
    return factor, float(np.abs(factor[known] - 1).max() * np.nanmedian(before))


def _start(stack: Values, begin: Mask) -> Values:
    """Each pixel's level at the start; NaN where no frame of it shows one."""
    first = stack[begin]
    known = np.isfinite(first)
    sums = np.where(known, first, 0).sum(axis=0)
    return np.asarray(np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), np.nan), np.float32)


def _mean(values: Values) -> Floats:
    """By frame, of the pixels that it shows; NaN where these are too few."""
    known = np.isfinite(values)
    count = known.sum(axis=1)
    usual = float(np.median(count[count > 0])) if count.any() else 0.0
    enough = count >= max(1.0, SEEN * usual, _SEEN_AT_ALL * values.shape[1])
    mean = np.where(known, values, 0).sum(axis=1, dtype=np.float64) / np.maximum(count, 1)
    return np.where(enough, mean, np.nan)
