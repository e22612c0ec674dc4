"""What keys, buttons and the mouse do with contours of lesions, the SCJ line and the brush."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from pfm_desktop.domain.source import Source
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.drawings import BRUSHES, TOOLS, drawing_at
from pfm_desktop.viewmodels.found import Stroke
from pfm_desktop.viewmodels.pair_view import Cursor

if TYPE_CHECKING:
    from pfm_desktop.gui.widgets.stage import StageWidget
    from pfm_desktop.gui.widgets.stage_mouse import StageMouse
    from pfm_desktop.viewmodels.arrangement import Pane

BRUSH, BRUSH_STEP = 0.025, 1.25  # radius of the brush as a share of the picture's shorter side, and one step of it
LEAST_BRUSH, MOST_BRUSH = 0.004, 0.15
TOO_FEW = tr(
    "Too few corners to close: a contour takes 3 and a line 2. Move the cursor away from the last one and set the next."
)
REACH = 8.0  # stage pixels: how near a click comes to a line


class DrawCommands:
    """Each command works on the stage as it is shown now, and does nothing where there is nothing to do."""

    def __init__(self, stage: StageWidget, mouse: StageMouse) -> None:
        self._stage, self._mouse = stage, mouse
        self.brush = BRUSH

    # ---- the brush

    def slide_or_size(self, step: float) -> None:
        """With a brush in hand its size, else the blend or the curtain."""
        if self._stage.tool in BRUSHES:
            self.size_brush(1 if step > 0 else -1)
        else:
            self._stage.commands.slide(step)

    def size_brush(self, steps: int) -> None:
        """A larger brush, or with a negative number a smaller one."""
        self.brush = min(MOST_BRUSH, max(LEAST_BRUSH, self.brush * BRUSH_STEP**steps))
        self._stage.update()

    def brush_radius(self, frame: Source) -> float:
        """Radius of the brush in pixels of a picture; 0 while another tool is in hand."""
        size = self._stage.shown.size(frame)
        return self.brush * min(size) if size is not None and self._stage.tool in BRUSHES else 0.0

    # ---- drawing

    def at_cursor(self) -> None:
        """A corner where the cursor is, or a dab of the brush."""
        cursor, tool = self._stage.view.cursor, self._stage.tool
        panes = self._stage.arrangement.panes
        pane = next((one for one in panes if cursor is not None and one.frame is cursor.frame and not one.absent), None)
        if cursor is None or pane is None or tool not in TOOLS or self._mouse.declines(pane):
            return
        if tool in BRUSHES:
            spot, radius = ((cursor.x, cursor.y),), self.brush_radius(cursor.frame)
            self.emit(Stroke(cursor.frame, spot, radius=radius, erases=tool == "eraser"))
        else:
            at, corners = QPointF(*pane.lens.to_stage(cursor.x, cursor.y)), self._mouse.corners
            before = len(corners)
            corners.click(pane, cursor, at, again=True)
            if before and len(corners) == before and not corners.enough:
                self._stage.declined.emit(TOO_FEW)

    def emit(self, line: Stroke) -> None:
        """Say what was drawn with the tool in hand."""
        stage = self._stage
        if line.radius:
            stage.brushed.emit(line.frame, line.points, line.radius, line.erases)
            return
        drawn = {
            "cervix": stage.cervix_drawn,
            "region": stage.region_drawn,
            "lesion": stage.lesion_drawn,
            "scj": stage.junction_drawn,
        }[stage.tool]
        drawn.emit(line.frame, line.points)

    def take_back(self) -> None:
        """The last corner goes; with a tool that draws nothing else does."""
        if not self._mouse.corners.drop_last() and self._stage.tool not in TOOLS:
            self._stage.commands.remove_pin()

    # ---- what is drawn

    def choose(self, drawing_id: str) -> None:
        """Choose what is drawn ("": nothing), and say so."""
        if drawing_id:
            self._stage.select_pin("")
        if drawing_id != self._stage.drawings.selected:
            self._stage.drawings.selected = drawing_id
            self._stage.update()
            self._stage.drawing_selected.emit(drawing_id)

    def choose_at(self, frame: Source, x: float, y: float) -> None:
        """Choose what is drawn at a point; nothing where nothing is."""
        panes = [one for one in self._stage.arrangement.panes if one.frame is frame and not one.absent]
        shown = {one.id: one for pane in panes for one in self._stage.drawings.in_pane(pane)}
        self.choose(drawing_at([*shown.values()], x, y, REACH / panes[0].lens.zoom) if panes else "")

    def corner_near(self, pane: Pane, x: float, y: float, reach: float) -> int | None:
        """The corner of what is chosen that lies within `reach` stage pixels of a stage point; None where none does."""
        chosen = self._stage.drawings.chosen_with_corners
        if chosen is None or chosen.frame is not pane.frame:
            return None
        if chosen.id not in {one.id for one in self._stage.drawings.in_pane(pane)}:
            return None
        away = [math.dist(pane.lens.to_stage(*corner), (x, y)) for corner in chosen.edges[0]]
        nearest = min(range(len(away)), key=away.__getitem__)
        return nearest if away[nearest] < reach else None

    def with_corner(self, corner: int, spot: Cursor) -> Stroke | None:
        """What is chosen, with a corner elsewhere."""
        chosen = self._stage.drawings.chosen_with_corners
        if chosen is None or corner >= len(chosen.edges[0]) or spot.frame is not chosen.frame:
            return None
        points = list(chosen.edges[0])
        points[corner] = (spot.x, spot.y)
        closing = points[:1] if chosen.closed else []
        return Stroke(spot.frame, (*points, *closing), open=True)

    def put_corner(self, corner: int, spot: Cursor) -> None:
        """Ask to move a corner of what is chosen."""
        chosen = self._stage.drawings.chosen_with_corners
        if chosen is not None and spot.frame is chosen.frame:
            self._stage.corner_moved.emit(chosen.id, corner, spot.x, spot.y)

    def show(self, shown: bool) -> None:
        """Show contours and the SCJ line, or not."""
        self._stage.drawings.hidden = not shown
        if not shown:
            self.choose("")
        self._stage.update()

    def remove_chosen(self) -> None:
        """Ask to remove the chosen pin, or what is chosen of what was drawn."""
        if self._stage.marks.selected:
            self._stage.commands.remove_pin()
        elif self._stage.drawings.selected:
            self._stage.drawing_removed.emit(self._stage.drawings.selected)
