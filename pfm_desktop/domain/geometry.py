"""Points, frames and transforms between the pictures of a pair.

Points are N x 2 float arrays, x (right) then y (down), in pixels; the centre of the top-left pixel is (0, 0).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.domain.source import Source

Points = NDArray[np.float64]
Matrix = NDArray[np.float64]


class FrameError(ValueError):
    """A point or transform was used in a frame it does not belong to."""


@dataclass(frozen=True)
class Transform2D:
    """A 3 x 3 projective transform that names where its points come from and where they go."""

    from_frame: Source
    to_frame: Source
    matrix: Matrix = field(default_factory=lambda: np.eye(3))

    def apply(self, points: Points, *, frame: Source) -> Points:
        """Map N x 2 points given in `frame`; raises `FrameError` unless `frame` is `from_frame`."""
        if frame is not self.from_frame:
            raise FrameError(f"points in the {frame} frame given to a transform from {self.from_frame}")
        points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        mapped = np.column_stack([points, np.ones(len(points))]) @ self.matrix.T
        return np.asarray(mapped[:, :2] / mapped[:, 2:], dtype=np.float64)

    def inverse(self) -> Transform2D:
        """The way back."""
        return Transform2D(self.to_frame, self.from_frame, np.asarray(np.linalg.inv(self.matrix), dtype=np.float64))

    def then(self, after: Transform2D) -> Transform2D:
        """This transform followed by `after`; raises `FrameError` where the frames do not meet."""
        if after.from_frame is not self.to_frame:
            raise FrameError(f"cannot chain {self.to_frame} to {after.from_frame}")
        return Transform2D(self.from_frame, after.to_frame, after.matrix @ self.matrix)
