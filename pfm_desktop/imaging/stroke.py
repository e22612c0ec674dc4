"""A line drawn by hand around something: what it encloses."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.anatomy import Outline

_SIDE = 2048  # pixels of the longer side in which a line that crosses itself is filled
_APART = 0.5  # pixels
_LEAST, _MOST = 3, 1000  # points of a line that cannot cross itself, and of one that is a scribble


def enclosed(line: Outline) -> Outline:
    """The outer edge of all that a closed line (N x 2 pixels) encloses; a line that never crosses itself as it is.

    A hand that closes a round runs past its start, and loops on its way: such a line has no inside and outside.
    """
    points = np.array(line, np.float64).reshape(-1, 2)
    few = _few(points) if len(points) > _LEAST else points
    if len(points) <= _LEAST or (len(few) <= _MOST and not _crosses(few)):
        return line
    low, high = points.min(0), points.max(0)
    scale = (_SIDE - 1) / max(1.0, float((high - low).max()))
    corners = np.round((points - low) * scale).astype(np.int32)
    drawn = np.zeros(corners.max(0)[::-1] + 1, np.uint8)
    cv2.fillPoly(drawn, [corners], (1,))
    cv2.polylines(drawn, [corners], isClosed=True, color=(1,))  # what lies within two rounds is left out of the filling
    edges, _ = cv2.findContours(drawn, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    around = _few(max(edges, key=cv2.contourArea)[:, 0] / scale + low)
    return tuple((float(x), float(y)) for x, y in np.clip(around, low, high))


def _few(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """The same line by as few points as tell it apart."""
    return np.asarray(cv2.approxPolyDP(points.astype(np.float32), _APART, closed=True)[:, 0], np.float64)


def _crosses(points: NDArray[np.float64]) -> bool:
    """Whether two pieces of a closed line cross other than where they follow each other."""
    start, end = points, np.roll(points, -1, axis=0)
    one, other = np.triu_indices(len(points), 2)

    def side(of: NDArray[np.float64], a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.float64]:
        """On which side of piece `a` the points `of` of `b` lie."""
        along, to = end[a] - start[a], of[b] - start[a]
        return np.asarray(np.sign(along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0]))

    apart = side(start, one, other) * side(end, one, other) < 0
    return bool((apart & (side(start, other, one) * side(end, other, one) < 0)).any())
