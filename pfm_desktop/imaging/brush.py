"""A brush on a mask: what is painted or taken away is kept as outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.drawing import Shape

_FINEST, _SIDE = 4.0, 2048  # mask pixels in a pixel of the picture, and in its longer side
_APART = 0.4  # pixels of the picture between an outline and the fewest points that tell it
_DUST = 9.0  # square pixels: smaller crumbs and holes are none
_SHIFT = 4  # bits after the point, as OpenCV draws

Mask = NDArray[np.uint8]
Size = tuple[int, int]  # width, height


@dataclass(frozen=True)
class Reshaped:
    """`touched`: which of the shapes are replaced by `made`, by their place in what was given."""

    touched: tuple[int, ...]
    made: tuple[Shape, ...]


def painted(shapes: Sequence[Shape], line: Outline, radius: float, size: Size) -> Reshaped:
    """What a round brush of `radius` pixels leaves that goes along `line` (N x 2) on a picture of `size`: the shapes
    that it touches become one with it. Where that adds nothing, the shape is given back as it was."""
    grid = _grid(shapes, line, radius, size)
    return _joined(grid, shapes, grid.stroke(line, radius))


def erased(shapes: Sequence[Shape], line: Outline, radius: float, size: Size) -> Reshaped:
    """What is left of the shapes where such a brush takes away; none of them is `touched` where it meets nothing."""
    grid = _grid(shapes, line, radius, size)
    stroke = grid.stroke(line, radius)
    touched, masks = _touched(grid, shapes, stroke)
    if not touched:
        return Reshaped((), ())
    made = [left for mask in masks for left in grid.shapes(np.where(stroke, np.uint8(0), mask))]
    return Reshaped(touched, tuple(made))


def joined(shapes: Sequence[Shape], outline: Outline, size: Size) -> Reshaped:
    """The inside of a closed line that does not cross itself becomes one with the shapes that it touches; the line
    stays as it is where it touches none."""
    grid = _grid(shapes, outline, 0.0, size)
    mask = grid.filled(Shape(outline))
    made = _joined(grid, shapes, mask)
    return made if made.touched else Reshaped((), (Shape(outline),))


def _joined(grid: _Grid, shapes: Sequence[Shape], added: Mask) -> Reshaped:
    touched, masks = _touched(grid, shapes, added)
    whole = added.copy()
    for mask in masks:
        whole |= mask
    if len(masks) == 1 and not (added > masks[0]).any():
        return Reshaped(touched, (shapes[touched[0]],))  # as it was, to the point
    return Reshaped(touched, grid.shapes(whole))


def _touched(grid: _Grid, shapes: Sequence[Shape], added: Mask) -> tuple[tuple[int, ...], list[Mask]]:
    found = [(number, grid.filled(shape)) for number, shape in enumerate(shapes) if grid.reaches(shape)]
    met = [(number, mask) for number, mask in found if (mask & added).any()]
    return tuple(number for number, _ in met), [mask for _, mask in met]


@dataclass(frozen=True)
class _Grid:
    """A mask over a part of the picture: mask = (picture - low) * scale. `near`: the box in which the hand worked."""

    low: NDArray[np.float64]
    scale: float
    shape: tuple[int, int]
    near: tuple[NDArray[np.float64], NDArray[np.float64]]

    def reaches(self, shape: Shape) -> bool:
        """Whether the box about a shape meets the box in which the hand worked."""
        points = np.asarray(shape.outline)
        return bool((points.min(0) <= self.near[1]).all() and (points.max(0) >= self.near[0]).all())

    def _points(self, line: Outline) -> NDArray[np.int32]:
        at = (np.asarray(line, np.float64).reshape(-1, 2) - self.low) * self.scale
        return np.round(at * (1 << _SHIFT)).astype(np.int32)

    def filled(self, shape: Shape) -> Mask:
        """Its edges count to it: what `shapes` makes of this is the same shape again."""
        mask = np.zeros(self.shape, np.uint8)
        cv2.fillPoly(mask, [self._points(edge) for edge in shape.edges], (1,), shift=_SHIFT)
        return mask

    def stroke(self, line: Outline, radius: float) -> Mask:
        mask = np.zeros(self.shape, np.uint8)
        points = self._points(_fewer(line, _APART + radius / 50))  # a wide brush is drawn once for each point
        reach = max(1, round(radius * self.scale * (1 << _SHIFT)))
        for start, end in pairwise(points):
            across = np.array([start[1] - end[1], end[0] - start[0]], np.float64)
            length = float(np.hypot(*across))
            if length:
                side = np.round(across / length * reach).astype(np.int32)
                corners = np.stack([start + side, end + side, end - side, start - side])
                cv2.fillConvexPoly(mask, corners, (1,), shift=_SHIFT)
        for x, y in points:
            cv2.circle(mask, (int(x), int(y)), reach, (1,), cv2.FILLED, shift=_SHIFT)
        return mask

    def shapes(self, mask: Mask) -> tuple[Shape, ...]:
        """Outlines of what is set in a mask, each with its holes; crumbs are left out."""
        edges, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        if not edges:
            return ()
        holes: dict[int, list[Outline]] = {}
        outer: dict[int, Outline] = {}
        for number, (edge, (_, _, _, parent)) in enumerate(zip(edges, tree[0], strict=True)):
            if cv2.contourArea(edge) < _DUST * self.scale**2:
                continue
            at = edge[:, 0].astype(np.float32) / np.float32(self.scale)
            few = cv2.approxPolyDP(at, _APART, closed=True)[:, 0].astype(np.float64) + self.low
            line = tuple((float(x), float(y)) for x, y in few)
            if len(line) < 3:
                continue
            if parent < 0:
                outer[number] = line
            else:
                holes.setdefault(int(parent), []).append(line)
        return tuple(Shape(line, tuple(holes.get(number, ()))) for number, line in outer.items())


def _fewer(line: Outline, apart: float) -> Outline:
    points = np.asarray(line, np.float32).reshape(-1, 1, 2)
    few = cv2.approxPolyDP(points, apart, closed=False) if len(points) > 2 else points
    return tuple((float(x), float(y)) for x, y in few[:, 0])


def _grid(shapes: Sequence[Shape], line: Outline, radius: float, size: Size) -> _Grid:
    """Over the line and the shapes that it may touch, within the picture; as fine as there is room.

    Steps of two, on whole pixels: a shape that is drawn into many masks stays where it is.
    """
    points = np.asarray(line, np.float64).reshape(-1, 2)
    edge = np.array([size[0] - 1, size[1] - 1], np.float64)
    low, high = np.clip(points.min(0) - radius, 0.0, edge), np.clip(points.max(0) + radius, 0.0, edge)
    near = low.copy(), high.copy()
    for shape in shapes:
        outline = np.asarray(shape.outline)
        if (outline.min(0) <= near[1]).all() and (outline.max(0) >= near[0]).all():
            low, high = np.minimum(low, outline.min(0)), np.maximum(high, outline.max(0))
    low, high = np.floor(np.maximum(low, 0.0)), np.ceil(np.minimum(high, edge))
    scale, longest = _FINEST, float((high - low).max())
    while scale * longest > _SIDE:
        scale /= 2
    width, height = np.floor((high - low) * scale).astype(int) + 1
    return _Grid(low, scale, (int(height), int(width)), near)
