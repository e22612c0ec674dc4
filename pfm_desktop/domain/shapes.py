"""Geometry of what was drawn: areas, diameters, and where about the os something lies. Pixels; x right, y down."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.anatomy import Outline, Spot
from pfm_desktop.domain.drawing import Shape

Points = NDArray[np.float64]
HOURS = (12, *range(1, 12))


def polygon_area(outline: Outline | Points) -> float:
    """Area of a closed line (N x 2) that does not cross itself, in square pixels; 0 for fewer than three points."""
    points = np.asarray(outline, np.float64).reshape(-1, 2)
    if len(points) < 3:
        return 0.0
    x, y = (points - points[0]).T  # near zero: products of large numbers would lose digits
    return float(abs(x @ np.roll(y, -1) - np.roll(x, -1) @ y) / 2)


def shape_area(shape: Shape) -> float:
    """Area without its holes, in square pixels."""
    return max(0.0, polygon_area(shape.outline) - sum(map(polygon_area, shape.holes)))


def line_length(line: Outline) -> float:
    """Length of an open line, in pixels."""
    points = np.asarray(line, np.float64).reshape(-1, 2)
    return float(np.hypot(*np.diff(points, axis=0).T).sum()) if len(points) > 1 else 0.0


def longest_diameter(outline: Outline) -> float:
    """The longest distance between two points of a line, in pixels."""
    corners = _hull(outline)
    if len(corners) < 2:
        return 0.0
    apart = corners[:, None] - corners
    return float(np.hypot(apart[..., 0], apart[..., 1]).max())


def contains(shape: Shape, x: float, y: float) -> bool:
    """Whether a point lies in the shape (not in one of its holes)."""
    return _within(shape.outline, x, y) and not any(_within(hole, x, y) for hole in shape.holes)


def distance_to(line: Outline, x: float, y: float, *, closed: bool) -> float:
    """Distance of a point from a line, in pixels; infinite where the line has no points."""
    points = np.asarray(line, np.float64).reshape(-1, 2)
    if not len(points):
        return math.inf
    starts, ends = (points, np.roll(points, -1, axis=0)) if closed else (points[:-1], points[1:])
    if not len(starts):
        starts = ends = points
    along = ends - starts
    length = np.maximum((along**2).sum(1), 1e-12)
    part = np.clip(((np.array([x, y]) - starts) * along).sum(1) / length, 0.0, 1.0)
    nearest = starts + part[:, None] * along
    return float(np.hypot(nearest[:, 0] - x, nearest[:, 1] - y).min())


def sector_areas(
    shapes: Sequence[Shape], os: Spot, *, sectors: int = 4, first_degrees: float = 0.0, rotation_degrees: float = 0.0
) -> tuple[float, ...]:
    """How much of the shapes lies in each of `sectors` equal sectors about the os, in square pixels.

    Clockwise; the first begins `first_degrees` from 12 o'clock. `rotation_degrees` as for `domain.clock.clock_hour`.
    Raises `ValueError` for fewer than three sectors: a sector has to be convex.
    """
    if sectors < 3:
        raise ValueError("a sector is at most 120 degrees wide here")
    width = 360.0 / sectors
    found = []
    for number in range(sectors):
        start = math.radians(first_degrees + number * width + rotation_degrees)
        total = 0.0
        for shape in shapes:
            inside, *holes = (_sector(edge, os, start, start + math.radians(width)) for edge in shape.edges)
            total += inside - sum(holes)
        found.append(max(0.0, total))
    return tuple(found)


def radii(outline: Outline, about: Spot, directions: Points) -> Points:
    """How far `outline` lies from `about` along each of N x 2 unit vectors, in pixels; NaN where it is not met.

    Where a line is met more than once, the farthest point counts.
    """
    points = np.asarray(outline, np.float64).reshape(-1, 2) - np.asarray(about, np.float64)
    start, along = points, np.roll(points, -1, axis=0) - points
    ways = np.asarray(directions, np.float64).reshape(-1, 2)
    turn = ways[:, None, 0] * along[:, 1] - ways[:, None, 1] * along[:, 0]  # N x M
    safe = np.where(turn == 0.0, 1.0, turn)
    far = (start[:, 0] * along[:, 1] - start[:, 1] * along[:, 0]) / safe
    part = (start[:, 0] * ways[:, None, 1] - start[:, 1] * ways[:, None, 0]) / safe
    met = (turn != 0.0) & (far > 0.0) & (part >= -1e-9) & (part <= 1 + 1e-9)
    return np.asarray(np.where(met.any(1), np.where(met, far, -np.inf).max(1, initial=-np.inf), np.nan))


def _sector(edge: Outline, os: Spot, start: float, end: float) -> float:
    """Area of the part of a closed line's inside between two directions, radians clockwise from up."""
    points = np.asarray(edge, np.float64).reshape(-1, 2) - np.asarray(os, np.float64)
    for angle, sign in ((start, 1.0), (end, -1.0)):
        # the half plane clockwise of a direction (sin, -cos) has its normal at (cos, sin)
        points = _clipped(points, sign * np.array([math.cos(angle), math.sin(angle)]))
        if len(points) < 3:
            return 0.0
    return polygon_area(points)


def _clipped(points: Points, normal: Points) -> Points:
    """A polygon cut by the half plane `p . normal >= 0` (Sutherland and Hodgman); of a concave one the parts hang
    together by lines of no width, which have no area."""
    if not len(points):
        return points
    before, side = np.roll(points, 1, axis=0), points @ normal
    last = np.roll(side, 1)
    kept, crosses = side >= 0, (side >= 0) != (last >= 0)
    part = last / np.where(crosses, last - side, 1.0)
    both = np.stack([before + (points - before) * part[:, None], points], axis=1)  # where it is crossed, then the point
    return np.asarray(both[np.stack([crosses, kept], axis=1)])


def _within(outline: Outline, x: float, y: float) -> bool:
    points = np.asarray(outline, np.float64).reshape(-1, 2)
    if len(points) < 3:
        return False
    others = np.roll(points, -1, axis=0)
    spans = (points[:, 1] > y) != (others[:, 1] > y)
    rise = np.where(spans, others[:, 1] - points[:, 1], 1.0)
    at = points[:, 0] + (y - points[:, 1]) / rise * (others[:, 0] - points[:, 0])
    return bool(np.count_nonzero(spans & (at > x)) % 2)


def _hull(outline: Outline) -> Points:
    """The convex hull (Andrew's monotone chain)."""
    points = sorted({(float(x), float(y)) for x, y in outline})
    if len(points) < 3:
        return np.array(points, np.float64).reshape(-1, 2)

    def half(ordered: Sequence[Spot]) -> list[Spot]:
        chain: list[Spot] = []
        for x, y in ordered:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2:]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                chain.pop()
            chain.append((x, y))
        return chain[:-1]

    return np.array([*half(points), *half(points[::-1])], np.float64)
