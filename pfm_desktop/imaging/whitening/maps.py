"""Whitening over the whole cervix: how far each place went, and how long it stayed white."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.prediction import HEAT_OPACITY
from pfm_desktop.imaging.compose import inferno, spread
from pfm_desktop.imaging.whitening.curve import BLACK, Floats, Polygon, light_of, mask_of, starts
from pfm_desktop.imaging.whitening.kinetics import LEAST
from pfm_desktop.imaging.whitening.stabilise import LEVELS, UNKNOWN, Steadied
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr

Pixels = NDArray[np.uint8]
Values = NDArray[np.float32]

SIDE = 320  # pixels of the longer side of a map
BIN_S = 4.0  # seconds whose median counts as one moment
KNOWN = 0.5  # of the moments that a place must be seen at
SHORTEST_S = 20.0  # since the first frame: before that there is nothing to map
_BLUR = 1.2  # map pixels
_FADE = 0.15  # of the legend, over which the colours fade in
_LIMITS = (5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 90.0, 120.0, 180.0, 240.0, 300.0, 480.0, 600.0)


@dataclass(frozen=True, eq=False)
class Maps:
    """Over the first frame, each h x w float32 with NaN where it is not known.

    `peak` is the most that L* rose against the start, `persistence` for how many seconds it stayed over half of that
    (NaN also where less than `LEAST` was reached), counted up to the last frame, `until_s` seconds after acid.
    """

    peak: Values
    persistence: Values
    until_s: float


def maps(frames: Sequence[Steadied], normal: Polygon | None = None) -> Maps:
    """Of frames that lie over each other, by any order; `normal` as for the curve.

    Where no normal tissue is named, what most of the view does is taken for the lamp and taken out. Raises
    `BadInputError` for frames that say nothing yet.
    """
    ordered = sorted(frames, key=lambda one: one.seconds)
    if len(ordered) < 4 or ordered[-1].seconds - ordered[0].seconds < SHORTEST_S:
        raise BadInputError(
            tr("a map needs frames over {least:g} seconds", least=SHORTEST_S),
            remedy=tr("wait until more frames were taken after acid"),
        )
    seconds, light = _light(ordered, normal)
    planes = [_reduced(frame, factor) for frame, factor in zip(ordered, light, strict=True)]
    begin = _middle(np.stack([plane for plane, first in zip(planes, starts(seconds), strict=True) if first]))
    moments = np.floor((seconds - seconds[0]) / BIN_S).astype(int)
    levels = np.full((moments[-1] + 1, *begin.shape), np.nan, np.float32)
    for moment in np.unique(moments):
        of_it = [plane for plane, one in zip(planes, moments, strict=True) if one == moment]
        levels[moment] = _blurred(_middle(np.stack(of_it).astype(np.float32)) - begin)
    known = np.isfinite(levels).sum(axis=0) >= KNOWN * len(np.unique(moments))
    filled = _filled(levels)
    # of three moments the middle one: a peak of one alone is none
    filled[1:-1] = np.median(np.stack([filled[:-2], filled[1:-1], filled[2:]]), axis=0)
    peak = filled.max(axis=0)
    lasted = (filled >= peak / 2).sum(axis=0) * np.float32(BIN_S)
    nothing = np.float32(np.nan)
    return Maps(
        np.where(known, peak, nothing).astype(np.float32),
        np.where(known & (peak >= LEAST), lasted, nothing).astype(np.float32),
        float(seconds[-1]),
    )


def limit(values: Values) -> float:
    """A round number that hardly any of the values exceeds, for the upper end of a legend that begins at 0."""
    known = values[np.isfinite(values)]
    most = float(np.percentile(known, 99)) if known.size else 0.0
    return next((one for one in _LIMITS if one >= most), _LIMITS[-1])


def overlay(values: Values, size: tuple[int, int], *, high: float, opacity: float = HEAT_OPACITY) -> Pixels:
    """H x W x 4 uint8 RGBA at `size` (width, height): inferno from 0 to `high`, fading in, as little whitening should
    not hide the tissue; transparent where nothing is known."""
    full = spread(values, (size[1], size[0]))
    share = np.clip(np.nan_to_num(full, nan=0.0) / max(high, 1e-6), 0, 1)
    cover = np.where(np.isfinite(full), opacity * np.clip(share / _FADE, 0, 1), 0.0)
    drawn = np.empty((*share.shape, 4), np.uint8)
    drawn[..., :3] = inferno()[(share * 255).astype(np.uint8)]
    drawn[..., 3] = np.round(255 * cover).astype(np.uint8)
    return drawn


def _light(frames: Sequence[Steadied], normal: Polygon | None) -> tuple[Floats, Floats]:
    """Seconds of the frames, and by which factor L* + 16 of normal tissue, or of most of the view, differs from that at
    the start; as in the frame before where it is not seen."""
    place = frames[0].light != UNKNOWN if normal is None else mask_of(frames[0], normal)
    factors, _ = light_of(frames, place, of_most=normal is None)
    known = np.isfinite(factors)
    at = np.arange(len(factors))
    return np.array([frame.seconds for frame in frames]), np.interp(at, at[known], factors[known])


def _reduced(frame: Steadied, light: float) -> NDArray[np.float16]:
    """L* + 16 in the light of the start, at the map's size; NaN where the frame does not show a place."""
    height, width = frame.light.shape
    factor = max(1.0, max(height, width) / SIDE)
    size = max(1, round(width / factor)), max(1, round(height / factor))
    known = (frame.light != UNKNOWN).astype(np.float32)
    level = cv2.resize(frame.light.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    raised = (level / np.maximum(share, 1e-6) / LEVELS + BLACK) / np.float32(light)
    return np.asarray(np.where(share > 0.5, raised, np.float32(np.nan)), np.float16)


def _middle(values: Values) -> Values:
    """Median over the first axis of what is known; NaN where nothing is."""
    ordered = np.sort(values, axis=0)  # NaN comes last
    count = np.isfinite(values).sum(axis=0)
    low, high = (np.maximum(count - 1, 0) // 2)[None], (count // 2)[None]
    high = np.minimum(high, np.maximum(count - 1, 0)[None])
    ends = [np.nan_to_num(np.take_along_axis(ordered, at, 0)[0], nan=0.0) for at in (low, high)]
    return np.asarray(np.where(count > 0, (ends[0] + ends[1]) / np.float32(2), np.nan), np.float32)


def _blurred(values: Values) -> Values:
    known = np.isfinite(values).astype(np.float32)
    share = cv2.GaussianBlur(known, (0, 0), _BLUR)
    level = cv2.GaussianBlur(np.where(known > 0, values, 0).astype(np.float32), (0, 0), _BLUR)
    return np.asarray(np.where(known > 0, level / np.maximum(share, 1e-6), np.nan), np.float32)


def _filled(levels: Values) -> Values:
    """Straight between the moments at which a place is known, as the nearest one before the first and after the last
    of them, 0 where it never is."""
    count = len(levels)
    before, after = np.zeros_like(levels), np.zeros_like(levels)
    since, until = np.full(levels.shape, np.inf, np.float32), np.full(levels.shape, np.inf, np.float32)
    for filled, away, order in ((before, since, range(count)), (after, until, range(count - 1, -1, -1))):
        value, steps = np.zeros(levels.shape[1:], np.float32), np.full(levels.shape[1:], np.inf, np.float32)
        for moment in order:
            known = np.isfinite(levels[moment])
            value = np.where(known, levels[moment], value)
            steps = np.where(known, np.float32(0), steps + 1)
            filled[moment], away[moment] = value, steps
    first, last = np.isinf(since), np.isinf(until)
    since[first | last], until[first | last] = 0, 1
    share = since / np.maximum(since + until, 1)
    between = before * (1 - share) + after * share
    return np.asarray(np.where(first, after, np.where(last, before, between)), np.float32)
