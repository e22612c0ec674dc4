"""Point mode: the same spots clicked in both pictures register the pair by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.gui.widgets.points_bar import PointsBar
from pfm_desktop.gui.widgets.stage import StageWidget, Tool
from pfm_desktop.viewmodels.pair_view import Mode
from pfm_desktop.viewmodels.point_pairs import (
    PointPairs,
    add_point,
    fit_lines,
    move_point,
    remove_pair,
    start_points,
    undo_point,
)
from pfm_desktop.viewmodels.review import Desk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pfm_desktop.imaging.registration import Registration

    Pixels = NDArray[np.uint8]


class PointMode(QObject):
    """While active the stage shows each picture in its own frame, and clicks place points instead of pins."""

    applied = Signal(object)  # (white, fluorescence) N x 2 pixels, or None for automatic
    ended = Signal()  # also after `applied`: the page shows its pair again

    def __init__(self, stage: StageWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self.bar = PointsBar()
        self.bar.asked.connect(self._asked)
        self.active = False
        self.points = PointPairs()
        self._mode = Mode.SIDE_BY_SIDE
        self._white: Pixels | None = None
        self._map: Registration | None = None

    def begin(self, desk: Desk) -> None:
        """Start with no points, on the pictures of the desk."""
        pictures = desk.pictures
        if pictures is None or self.active:
            return
        self.active, self.points = True, PointPairs(second=pictures.second)
        self._white, self._map = pictures.white, desk.registration
        self.bar.has_map = self._map is not None and self._map.status is not RegistrationStatus.REFUSED
        self._mode = self._stage.view.mode
        self._stage.commands.set_mode(Mode.SIDE_BY_SIDE)
        self._stage.set_pair(pictures.white, pictures.fluorescence, None)
        self._stage.set_heatmaps({})
        self._stage.tool = Tool.PIN.value
        self.bar.show()
        self._show()
        self._stage.setFocus()

    def place(self, frame: Source, x: float, y: float) -> None:
        """A click on a picture."""
        self._become(add_point(self.points, frame, x, y))

    def move(self, key: str, x: float, y: float) -> None:
        """A point was dragged."""
        self._become(move_point(self.points, key, x, y))

    def remove(self, key: str) -> None:
        """A point and its partner go."""
        self._become(remove_pair(self.points, key))

    def start(self) -> None:
        """Put spots where the pictures are registered now; only while there are none."""
        if self.active and not self.points.placed:
            self._become(replace(start_points(self._white, self._map), second=self.points.second))

    def undo(self) -> None:
        """The last point goes."""
        if self.active:
            self._become(undo_point(self.points))

    def apply(self) -> None:
        """Register by the complete pairs, once there are enough."""
        if self.active and self.points.enough:
            points = self.points.arrays()
            self.leave()
            self.applied.emit(points)

    def leave(self) -> None:
        """Back to the pair as it was."""
        if not self.active:
            return
        self.active = False
        self.bar.hide()
        self._stage.tool = Tool.PAN.value
        self._stage.commands.set_mode(self._mode)
        self.ended.emit()

    def _asked(self, name: str) -> None:
        if name == "automatic":
            self.leave()
            self.applied.emit(None)
        else:
            {"start": self.start, "undo": self.undo, "apply": self.apply, "leave": self.leave}[name]()

    def _become(self, points: PointPairs) -> None:
        self.points = points
        self._show()

    def _show(self) -> None:
        white, lit = (self._stage.shown.size(source) or (1, 1) for source in PLACES)
        lines, said = fit_lines(self.points, (int(white[0]), int(white[1])), (int(lit[0]), int(lit[1])))
        self._stage.set_marks(self.points.pins(), None)
        placed = len(self.points.placed)
        self.bar.show_points(self.points.prompt, lines, said, enough=self.points.enough, placed=placed)
