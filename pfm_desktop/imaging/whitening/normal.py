"""A place of normal tissue to compare with, where nobody has named one: tissue that did not whiten."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.imaging.whitening.curve import Polygon, disc, mask_of
from pfm_desktop.imaging.whitening.maps import Maps
from pfm_desktop.imaging.whitening.stabilise import UNKNOWN, Steadied

Mask = NDArray[np.bool_]

LARGEST, SMALLEST = 0.07, 0.012  # radius, of the shorter side of the frame
_QUIET = 0.5  # dL* that is none
_AS_BRIGHT = (0.75, 1.35)  # of the lightness of the region that is compared: of like light, neither os nor blood
_CLIPPED = 0.25  # share of the frames
_APART = 0.02  # of the shorter side, that is left about the region


def normal_place(frames: Sequence[Steadied], found: Maps, region: Polygon, within: Polygon | None = None) -> Polygon:
    """A disc of tissue, in full-size pixels of the first frame, that whitened by less than 0.5 and lies near `region`;
    () where there is none.

    `found` are the maps of the same frames, `within` the outline of the cervix, where it is known. It is a suggestion:
    where most of the view whitens, what whitens less is taken for normal, and whoever sees it has to say so.
    """
    ordered = sorted(frames, key=lambda one: one.seconds)
    first = ordered[0]
    height, width = found.peak.shape
    up = first.light.shape[1] * first.scale / width
    quiet = np.abs(np.nan_to_num(found.peak, nan=np.inf)) < _QUIET
    quiet &= _bright_enough(first, mask_of(first, region), (width, height)) & ~_clipped(ordered, (width, height))
    reach = 2 * round(_APART * min(width, height)) + 1
    taken = cv2.dilate(_reduced(mask_of(first, region), (width, height)), np.ones((reach, reach), np.uint8)) > 0
    quiet &= ~taken
    if within is not None:
        quiet &= _reduced(mask_of(first, within), (width, height)) > 0
    # specks in tissue that is quiet all about them are noise
    closed = cv2.morphologyEx(quiet.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    closed[taken] = 0
    away = cv2.distanceTransform(np.pad(closed, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    side = min(width, height)
    radius = np.minimum(0.9 * away, LARGEST * side)
    if float(radius.max()) < SMALLEST * side:
        return ()
    rows, columns = np.nonzero(taken)
    y, x = np.mgrid[0:height, 0:width]
    near = np.hypot(x - columns.mean(), y - rows.mean()) / side if len(rows) else np.zeros_like(away)
    row, column = np.unravel_index(int(np.argmax(radius / (LARGEST * side) - 0.5 * near)), radius.shape)
    centre = ((float(column) + 0.5) * up - 0.5, (float(row) + 0.5) * up - 0.5)
    return disc(centre, float(radius[row, column]) * up)


def _bright_enough(first: Steadied, region: Mask, size: tuple[int, int]) -> Mask:
    known = first.light[region & (first.light != UNKNOWN)]
    usual = float(np.median(known)) if known.size else float(np.median(first.light[first.light != UNKNOWN]))
    level = cv2.resize(first.light.astype(np.float32), size, interpolation=cv2.INTER_AREA) / max(usual, 1.0)
    return np.asarray((level > _AS_BRIGHT[0]) & (level < _AS_BRIGHT[1]))


def _clipped(frames: Sequence[Steadied], size: tuple[int, int]) -> Mask:
    """Where red is at its end in too many of some frames spread over all."""
    shape = frames[0].light.shape
    some = frames[:: max(1, len(frames) // 12)]
    total = np.zeros(shape, np.float32)
    for frame in some:
        total += np.unpackbits(frame.clipped, count=frame.light.size).reshape(shape)
    return np.asarray(cv2.resize(total / len(some), size, interpolation=cv2.INTER_AREA) > _CLIPPED)


def _reduced(mask: Mask, size: tuple[int, int]) -> NDArray[np.uint8]:
    share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(share > 0.5, np.uint8)
