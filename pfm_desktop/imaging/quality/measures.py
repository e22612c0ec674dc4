"""Readings of one picture, on which the verdict of the quality gate rests.

Measured on the picture reduced to 400 pixels, where sensor noise is averaged away and readings do not depend on the
camera's resolution.
"""

from __future__ import annotations

from functools import reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.compose import fit

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]

SIDE = 400  # pixels
EVERY = 2  # pixels: of colours and profiles every second one tells as much
_NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
_FINEST, _HALVED = 0.7, 2  # pixels; octaves after which the picture is halved each time
BLOWN, CLIPPED = 250, 245  # of 255
_BLOCK = 16  # pixels
_FLOOR = 0.02  # of full light, under the logarithm
_FLAT, _AROUND = 1, np.ones((11, 11), np.uint8)  # 255ths between darkest and brightest; larger than a block of JPEG
_BLACK = 28  # of 255: what masks a field of view, also in video, whose black is 16, is as flat as a screen
_MARGIN, _INSIDE = 1.0, 0.4  # 255ths (standard deviation) within a line of a margin; of a side that is left at least
_COLOURS = 3  # of a screen's panels, its margins and its buttons
_LEAST = 40  # pixels a side, from which a picture can be looked at in quarters
_SLOW = 0.06  # of the side: what changes more slowly is light that falls off
_BLOB = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))  # smaller than a lesion, larger than a glint


def measure(pixels: Pixels) -> dict[str, float]:
    """Readings behind a verdict; shares are of the picture's area, without margins of one colour around it.

    `side` shorter side in pixels, `shape` the longer one over it; `bright` 95th percentile of L*; `colour` 95th
    percentile of chroma; `tint` by how much the strongest channel exceeds the weakest in the brightest quarter, of the
    strongest (0: grey, 1: pure); `blown` share of clipped blobs; `glare` share of clipped white; `tissue` share of
    mucosal colours; `green` share of fluorescence colours; `focus` finest over next structure, `detail` finer over
    coarse, `noise` finest over coarse, `relief` coarse structure (all of log intensity); `speckle` noise in 255ths
    where the picture is smoothest; `flat` share of even areas in the three colours that most of them have, black and
    white apart; `bands` strength of bars that run across the whole picture, in log intensity.
    """
    small = _content(fit(pixels, SIDE))
    some = small[::EVERY, ::EVERY]
    lab = cv2.cvtColor(some.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    light, a, b = lab[:, :, 0], lab[:, :, 1], lab[:, :, 2]
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a))
    mucosal = (hue > -35) & (hue < 70) & (chroma > 6) & (light > 6)
    most, least = _highest(small), _lowest(small)
    red, green = (some[:, :, channel].astype(np.int16) for channel in (0, 1))
    return {
        "side": float(min(pixels.shape[:2])),
        "shape": max(pixels.shape[:2]) / min(pixels.shape[:2]),
        "bright": float(np.percentile(light, 95)),
        "blown": float(_opened(most >= BLOWN).mean()),
        "glare": float((least >= CLIPPED).mean()),
        "colour": float(np.percentile(chroma, 95)),
        "tint": _tint(most[::EVERY, ::EVERY], least[::EVERY, ::EVERY]),
        "tissue": float(mucosal.mean()),
        "green": float(((green > 1.15 * red) & (green > 8)).mean()),
        "speckle": _speckle(small),
        "flat": _flat(small, most, least),
        **_structure(small),
    }


def blown(small: Pixels) -> NDArray[np.bool_]:
    """Where a channel is clipped over more than specks."""
    return _opened(_highest(small) >= BLOWN)


def clipped(small: Pixels) -> NDArray[np.bool_]:
    """Where all channels are clipped: glare is white."""
    return np.asarray(_lowest(small) >= CLIPPED)


def _highest(small: Pixels) -> Pixels:
    """Of the channels; a tenth of the time of `small.max(axis=2)`."""
    return np.asarray(reduce(np.maximum, cv2.split(small)), np.uint8)


def _lowest(small: Pixels) -> Pixels:
    """Of the channels."""
    return np.asarray(reduce(np.minimum, cv2.split(small)), np.uint8)


def _opened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask without specks that are smaller than a lesion."""
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _BLOB) > 0)


def _tint(most: Pixels, least: Pixels) -> float:
    """Where a picture is darker, the channels say little."""
    bright = most >= np.percentile(most, 75)
    return 1.0 - float(least[bright].sum(dtype=np.int64)) / max(1, int(most[bright].sum(dtype=np.int64)))


def _structure(small: Pixels) -> dict[str, float]:
    """Strength of structure in four octaves of log intensity (sd 0.7-1.4, 1.4-2.8, 2.8-5.6, 5.6-11 pixels)."""
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255)
    log = np.log(grey + np.float32(_FLOOR))
    bands, smooth = [], cv2.GaussianBlur(log, (0, 0), _FINEST)
    for octave in range(4):
        # a blur of a blur: the wider ones of a picture that is small by then
        spread = _FINEST * np.sqrt(3) * (2**octave if octave < _HALVED else 2**_HALVED / 2)
        if octave >= _HALVED:
            smooth = smooth[::2, ::2]
        coarse = cv2.GaussianBlur(smooth, (0, 0), float(spread))
        bands.append(smooth - coarse)
        smooth = coarse
    rms = [float(np.sqrt(np.mean(band**2))) + 1e-6 for band in bands]
    return {
        "focus": rms[1] / rms[2],
        "detail": rms[1] / rms[3],
        "noise": rms[0] / rms[2],
        "relief": rms[3],
        "bands": max(_bands(log, axis) for axis in (0, 1)),
    }


def _speckle(small: Pixels) -> float:
    """Standard deviation of noise by Immerkaer (1996), in the fifth of the blocks that have the least of it.

    What is smooth there is tissue between vessels and glints, so that fine structure is not taken for noise.
    """
    if min(small.shape[:2]) < _BLOCK:
        return 0.0
    grey = cv2.transform(small.astype(np.float32), np.full((1, 3), 1 / 3, np.float32))
    response = np.abs(cv2.filter2D(grey, -1, _NOISE_KERNEL))
    blocks = cv2.blur(response, (_BLOCK, _BLOCK))[_BLOCK // 2 :: _BLOCK, _BLOCK // 2 :: _BLOCK]
    return float(np.sqrt(np.pi / 2) * np.percentile(blocks, 20))


def _content(small: Pixels) -> Pixels:
    """A picture without the even bars that fill a frame of another shape, as long as enough of it is left."""
    values = small.astype(np.float32)
    for axis in (1, 0):
        mean, squares = (cv2.reduce(part, axis, cv2.REDUCE_AVG).reshape(-1, 3) for part in (values, values * values))
        inside = np.flatnonzero(((squares - mean * mean) > _MARGIN**2).any(axis=1))
        if len(inside) and inside[-1] + 1 - inside[0] >= _INSIDE * len(mean):
            cut = slice(inside[0], inside[-1] + 1)
            small, values = (small[cut], values[cut]) if axis else (small[:, cut], values[:, cut])
    return np.ascontiguousarray(small)


def _flat(small: Pixels, most: Pixels, least: Pixels) -> float:
    """A camera sees no even area twice in the very same colour; the panels of a program have few colours."""
    even = np.asarray(cv2.subtract(cv2.dilate(small, _AROUND), cv2.erode(small, _AROUND)), np.uint8)
    whole = cv2.dilate((_highest(even) <= _FLAT).astype(np.uint8), _AROUND) > 0
    there = whole & (most > _BLACK) & (least < BLOWN)
    colours = small[there].astype(np.int32) @ np.array([65536, 256, 1], np.int32)
    counts = np.unique(colours, return_counts=True)[1]
    return float(np.sort(counts)[-_COLOURS:].sum()) / there.size


def _bands(log: Plane, axis: int) -> float:
    """Strength of bars along `axis` that all four quarters of the picture show alike: a lamp, not tissue."""
    if min(log.shape) < _LEAST:
        return 0.0
    log = _lit(log, axis)
    whole, *quarters = (_fast(part, axis) for part in (log, *np.array_split(log, 4, axis=axis)))
    alike = np.array([(one - one.mean()) / (one.std() + 1e-6) for one in quarters])
    return float(whole.std()) * max(0.0, float((alike @ alike.T / len(whole)).min()))


def _lit(log: Plane, axis: int) -> Plane:
    """Without what is black at both ends, as a bar with the date is: its edge is the same in all quarters."""
    inside = np.flatnonzero(_profile(log, axis) > np.log(_BLACK / 255 + _FLOOR))
    if not len(inside) or inside[-1] + 1 - inside[0] < _INSIDE * log.shape[1 - axis]:
        return log
    cut = slice(inside[0], inside[-1] + 1)
    return log[:, cut] if axis == 0 else log[cut]


def _profile(log: Plane, axis: int) -> Plane:
    return np.median(log[::EVERY] if axis == 0 else log[:, ::EVERY], axis=axis).astype(np.float32)


def _fast(log: Plane, axis: int) -> Plane:
    """The middle 80 % of the profile across bars along `axis`, without the light that falls off slowly."""
    profile = _profile(log, axis)[:, None]
    slow = cv2.GaussianBlur(profile, (0, 0), _SLOW * len(profile), borderType=cv2.BORDER_REFLECT)
    edge = len(profile) // 10
    return np.asarray((profile - slow)[edge : len(profile) - edge, 0], np.float32)
