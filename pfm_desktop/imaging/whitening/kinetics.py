"""When a curve of whitening begins to rise, how far it goes, and when it has faded to half.

Nothing is assumed of how tissue whitens but that it is still at first, rises once and does not jump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST = 1.5  # dL* that is whitening at all; 9.6 +- 4.2 in CIN1, 11.3 +- 6.8 in CIN2/3 of 75 photographs
SURE = 5.0  # times the noise of the curve
_REACH, _NEAREST = 9.0, 9  # seconds, and frames at least, over which the curve is smoothed to either side
_RISEN = 0.6  # of the peak: up to there the rise is looked at for its beginning
_LASTING_S = 4.0  # it has to go on for so long
_STEP = 0.25  # seconds between beginnings that are tried
_LATE_S = 2.0  # a rise that begins so soon after the first frame may have begun before it
_OUTLIER = 3.0  # times the noise
_ROUNDS = 3
_COUNTS = 0.1  # of the trust in a frame: what is trusted less bounds nothing
_LEAST_REST = 0.3  # dL* by which a frame always may be off


@dataclass(frozen=True)
class Course:
    """As `domain.examination.Whitening` has them; `start` is the level before the rise, `smooth` the curve at its
    times without noise, `noise` the standard deviation of one frame about it."""

    onset_s: float | None
    peak: float | None
    peak_s: float | None
    half_s: float | None
    start: float
    smooth: Floats
    noise: float


def course(seconds: Floats, values: Floats) -> Course:
    """Of a curve (N each, seconds rising, all finite)."""
    smooth = smoothed(seconds, values)
    noise = spread_of(values - smooth)
    top = int(np.argmax(smooth))
    start = float(np.median(values[: max(1, min(3, top))]))
    height = float(smooth[top]) - start
    if len(values) < 4 or height < max(LEAST, SURE * noise / np.sqrt(_NEAREST)):
        return Course(None, None, None, None, start, smooth, noise)
    onset, start = _onset(seconds, values, smooth, top, start)
    height = float(smooth[top]) - start
    return Course(onset, height, float(seconds[top]), _half(seconds, smooth - start, top), start, smooth, noise)


def smoothed(seconds: Floats, values: Floats) -> Floats:
    """The curve by a parabola about each of its times, in which frames that lie far off do not count (Cleveland's
    loess, 1979, with his robust weights, which here begin with the median of neighbours)."""
    out = _of_neighbours(values)
    for _ in range(_ROUNDS):
        rest = np.abs(values - out)
        trust = np.clip(1 - (rest / max(6 * float(np.median(rest)), _LEAST_REST)) ** 2, 0, 1) ** 2
        out = np.array([_local(seconds, values, trust, at) for at in seconds])
    return out


def spread_of(rest: Floats) -> float:
    """Standard deviation, as the median says it."""
    return float(1.4826 * np.median(np.abs(rest - np.median(rest)))) if len(rest) else 0.0


def _of_neighbours(values: Floats) -> Floats:
    """Of each value and three to either side the median."""
    around = np.pad(values.astype(np.float64), 3, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(around, 7), axis=1), np.float64)


def _local(seconds: Floats, values: Floats, trust: Floats, at: float) -> float:
    away = np.abs(seconds - at)
    nearest = np.sort(away)[min(_NEAREST, len(away)) - 1]
    reach = max(_REACH, float(nearest) * 1.01)
    near = away < reach
    weight = (1 - (away[near] / reach) ** 3) ** 3 * (trust[near] + 1e-6)
    x = (seconds[near] - at) / reach
    # a parabola needs points on both sides; at the ends a line is steadier
    sides = min(int((x < 0).sum()), int((x > 0).sum()))
    basis = np.vander(x, 3 if sides >= 3 else 2, increasing=True)
    root = np.sqrt(weight)[:, None]
    found, *_ = np.linalg.lstsq(basis * root, values[near] * root[:, 0], rcond=None)
    # where frames are missing beside a bend the parabola may rise above all that was seen
    seen = values[near][trust[near] > _COUNTS] if bool((trust[near] > _COUNTS).any()) else values[near]
    return float(np.clip(found[0], seen.min(), seen.max()))


def _onset(seconds: Floats, values: Floats, smooth: Floats, top: int, start: float) -> tuple[float | None, float]:
    """The beginning of the first lasting rise, and the level before it.

    Where a level that turns into a parabola fits the curve best, up to where it has come most of the way.
    """
    height = smooth[top] - start
    reached = np.flatnonzero(smooth[: top + 1] < start + _RISEN * height)
    last = min(top, int(reached[-1]) + 1) if len(reached) else top
    t, y = seconds[: last + 1], values[: last + 1]
    trust = _trusted(y - smooth[: last + 1])
    tried = np.arange(t[0], max(t[-1] - _LASTING_S, t[0]) + _STEP, _STEP)
    fits = [_bent(t, y, trust, float(one)) for one in tried]
    best = int(np.argmin([error for error, _ in fits]))
    onset, level = float(tried[best]), fits[best][1]
    if onset < t[0] + _LATE_S:
        return None, start
    return onset, level


def _trusted(rest: Floats) -> Floats:
    noise = spread_of(rest) + 1e-6
    return np.asarray(np.abs(rest) < _OUTLIER * noise, np.float64) + 1e-6


def _bent(t: Floats, y: Floats, trust: Floats, onset: float) -> tuple[float, float]:
    """Squared error and level of the best curve that begins to rise at `onset` and never falls within the fit."""
    since = np.maximum(t - onset, 0.0)
    scale = max(float(since[-1]), 1e-6)
    x = since / scale
    # rises of growing bend; each of them rises, so with shares of 0 and more does their sum
    basis = np.column_stack([np.ones_like(x), x, x * (2 - x)])
    root = np.sqrt(trust)
    found, *_ = np.linalg.lstsq(basis * root[:, None], y * root, rcond=None)
    rest = y - basis @ found
    return float((trust * rest * rest).sum()), float(found[0])


def _half(seconds: Floats, above: Floats, top: int) -> float | None:
    """When the curve has fallen to half of its peak, for good."""
    low = above[top:] <= above[top] / 2
    if not low.any():
        return None
    first = top + int(np.argmax(low))
    before, after = above[first - 1], above[first]
    share = (before - above[top] / 2) / max(before - after, 1e-9)
    return float(seconds[first - 1] + share * (seconds[first] - seconds[first - 1]))
