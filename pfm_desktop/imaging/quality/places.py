"""Readings of what the finder saw: where the cervix lies, how much of it is seen, what lies over it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.anatomy import Anatomy, Outline, Region
from pfm_desktop.imaging.finder import Found
from pfm_desktop.imaging.quality.measures import blown, clipped

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
THERE = 0.35  # `present` from which the rest is read
OS_SURE = 0.15  # `os_sure` from which the os is named
_SMOOTH = 0.004  # of the longer side: how far an outline is simplified
_LEAST = 0.002  # of the picture: what is smaller is no region
_TOGETHER = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))  # of 400 pixels
_ABOUT_OS = 0.1  # of the cervix's diameter: the disc that counts as the os


def readings(found: Found) -> dict[str, float]:
    """What the rules ask.

    `present`, `turned` as in `Found`, `present` 0 where no place of the picture is cervix; `cervix` diameter of a disc
    of its area, of the shorter side; `off` how far its os (where none is sure, its middle) lies from the middle of the
    picture, of half of the shorter side, `aside` the same of its middle; `stretch` width over height; `blocked` share
    of its convex hull that a foreign body covers; `film` share of the os that mucus or blood covers.
    """
    seen = float(found.cervix.mean()) >= _LEAST  # whatever the answer about the whole picture says
    said = {"present": found.present if seen else 0.0, "turned": found.turned}
    if found.present < THERE or not seen:
        return {**said, "cervix": 0.0, "off": 0.0, "aside": 0.0, "stretch": 1.0, "blocked": 0.0, "film": 0.0}
    height, width = found.cervix.shape
    shorter = min(height, width)
    diameter = 2 * float(np.sqrt(found.cervix.sum() / np.pi))
    rows, columns = np.nonzero(found.cervix)
    x, y = middle = float(columns.mean()), float(rows.mean())
    if found.os_sure >= OS_SURE:
        x, y = found.os[0] * width - 0.5, found.os[1] * height - 0.5
    off, aside = (
        float(np.hypot(at[0] - (width - 1) / 2, at[1] - (height - 1) / 2)) / (shorter / 2) for at in ((x, y), middle)
    )
    hull = _hull(found.cervix)
    disc = np.zeros(found.cervix.shape, np.uint8)
    cv2.circle(disc, (round(x), round(y)), max(2, round(_ABOUT_OS * diameter)), 1, -1)
    return {
        **said,
        "cervix": diameter / shorter,
        "off": off,
        "aside": aside,
        "stretch": float(columns.std() + 0.5) / float(rows.std() + 0.5),
        "blocked": float(found.foreign[hull].mean()),
        "film": float(found.film[disc > 0].mean()) if disc.any() else 0.0,
    }


def anatomy_of(found: Found, size: tuple[int, int]) -> Anatomy:
    """Outlines and os in pixels of a picture of `size` (width, height)."""
    cervix = outlines(found.cervix, size)
    if found.present < THERE or not cervix:
        return Anatomy()
    seen = found.os_sure >= OS_SURE and all(0 <= at <= 1 for at in found.os)
    # half a pixel of the edge lies beyond the middle of the last one
    x, y = (min(max(at * whole - 0.5, 0.0), whole - 1.0) for at, whole in zip(found.os, size, strict=True))
    return Anatomy(cervix, (round(x, 1), round(y, 1)) if seen else None)


def regions_of(found: Found, small: Pixels, size: tuple[int, int], problems: tuple[str, ...]) -> tuple[Region, ...]:
    """The parts of a picture of `size` that show the problems, where a problem has a place. `small` is the picture
    reduced for the readings."""
    masks: dict[str, Callable[[], Mask]] = {
        "obstructed": lambda: found.foreign,
        "os_covered": lambda: found.film,
        "glare": lambda: grown(clipped(small)),
        "overexposed": lambda: blown(small),
    }
    placed = [problem for problem in problems if problem in masks]
    return tuple(Region(problem, line) for problem in placed for line in outlines(masks[problem](), size))


def grown(mask: Mask) -> Mask:
    """Glints that lie together as one part."""
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, _TOGETHER) > 0)


def outlines(mask: Mask, size: tuple[int, int]) -> tuple[Outline, ...]:
    """Outer outlines of a mask (h x w) over a picture of `size`, in its pixels, largest first."""
    height, width = mask.shape
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    large = sorted((one for one in found if cv2.contourArea(one) >= _LEAST * mask.size), key=cv2.contourArea)[::-1]
    scale = np.array([size[0] / width, size[1] / height])
    made = []
    for one in large:
        line = cv2.approxPolyDP(one, _SMOOTH * max(height, width), closed=True)[:, 0].astype(np.float64)
        points = (line + 0.5) * scale - 0.5
        made.append(tuple((float(x), float(y)) for x, y in np.round(points, 1)))
    return tuple(made)


def _hull(mask: Mask) -> Mask:
    """Convex hull of the largest part."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(filled, [cv2.convexHull(max(found, key=cv2.contourArea))], (1,))
    return filled > 0
