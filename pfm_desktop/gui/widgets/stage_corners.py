"""A lesion as a polygon, or the junction as a line: corners are clicked one after the other, until it is closed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF

from pfm_desktop.viewmodels.arrangement import Pane
from pfm_desktop.viewmodels.found import Stroke, moved
from pfm_desktop.viewmodels.pair_view import Cursor

if TYPE_CHECKING:
    from pfm_desktop.gui.widgets.stage import StageWidget

FEWEST, FEWEST_OPEN = 3, 2  # corners of an outline, and of a line
NEAR = 12.0  # stage pixels: a click so near to the first corner closes, to the last one sets none


class Corners:
    """What is clicked stays while the pictures are moved or looked at another way; `corners_changed` of the stage tells
    how many there are."""

    def __init__(self, stage: StageWidget) -> None:
        self._stage = stage
        self._line: Stroke | None = None

    @property
    def _open(self) -> bool:
        """Whether it is a line, whose ends do not meet."""
        return self._stage.tool == "scj"

    @property
    def enough(self) -> bool:
        """Whether what was clicked can be closed."""
        return len(self) >= (FEWEST_OPEN if self._open else FEWEST)

    def __len__(self) -> int:
        return 0 if self._line is None else len(self._line.points)

    @property
    def line(self) -> Stroke | None:
        """The corners, and where the mouse is: what is to be seen of them."""
        line, cursor = self._line, self._stage.view.cursor
        if line is None or cursor is None or cursor.frame is not line.frame:
            return line
        return replace(line, points=(*line.points, (cursor.x, cursor.y)))

    def click(self, pane: Pane, spot: Cursor, at: QPointF, *, again: bool = False) -> None:
        """Set a corner, or close by a click on the first one; `again`: the second click of two, which closes too."""
        line = self._line_in(pane)
        if line is None:
            self._put(Stroke(spot.frame, ((spot.x, spot.y),), corners=1, open=self._open))
            return
        first, last = (QLineF(QPointF(*pane.lens.to_stage(*line.points[end])), at).length() for end in (0, -1))
        if self.enough and ((first < NEAR and not self._open) or (again and last < NEAR)):
            self.close()
        elif last >= NEAR and (first >= NEAR or self._open):
            points = (*line.points, (spot.x, spot.y))
            self._put(replace(line, points=points, corners=len(points)))

    def close(self) -> bool:
        """The corners are the outline or the line; False where they are too few."""
        line = self._line
        if line is None or not self.enough:
            return False
        self._put(None)
        self._stage.draw.emit(line)
        return True

    def drop_last(self) -> bool:
        """Take the last corner back; False where there is none."""
        line = self._line
        if line is None:
            return False
        points = line.points[:-1]
        self._put(replace(line, points=points, corners=len(points)) if points else None)
        return True

    def give_up(self) -> bool:
        """Nothing comes of them; False where there are none."""
        there = self._line is not None
        if there:
            self._put(None)
        return there

    def _line_in(self, pane: Pane) -> Stroke | None:
        """The corners in the frame of a pane: the pictures may have been registered since the first one."""
        line = self._line
        if line is None or line.frame is pane.frame:
            return line
        points = moved(line.points, line.frame, pane.frame, self._stage.registration)
        return None if points is None else replace(line, frame=pane.frame, points=points)

    def _put(self, line: Stroke | None) -> None:
        self._line = line
        self._stage.update()
        self._stage.corners_changed.emit(len(self))
