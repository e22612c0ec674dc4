"""The classic diagram of a colposcopy, two circles, on paper."""

from __future__ import annotations

from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from pfm_desktop.domain.anatomy import Outline, Spot
from pfm_desktop.domain.diagram import FARTHEST, OS_RADIUS, Diagram
from pfm_desktop.interop.fonts import BOLD, SANS

SIDE = 66 * mm
UNIT = SIDE / (2 * FARTHEST + 0.25)  # the outer circle's radius
_HOURS = ((0.0, -1.0, "12"), (1.0, 0.0, "3"), (0.0, 1.0, "6"), (-1.0, 0.0, "9"))


class DiagramDrawing(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A `Diagram`; grey and black, so that any printer prints it."""

    def __init__(self, diagram: Diagram) -> None:
        super().__init__()
        self.diagram = diagram
        self.width = self.height = SIDE

    def draw(self) -> None:
        canvas = self.canv
        self._draw_form()
        canvas.setStrokeGray(0.0)
        canvas.setLineWidth(1.0)
        canvas.setFillGray(0.84)
        for area in self.diagram.areas:
            canvas.drawPath(self._path(area.edges, closed=True), stroke=1, fill=1, fillMode=0)  # even and odd
        self._draw_axes()
        canvas.setDash(3, 2)
        canvas.drawPath(self._path(self.diagram.junctions, closed=False), stroke=1, fill=0)
        canvas.setDash()
        canvas.setFillGray(0.0)
        canvas.setLineWidth(1.2)
        for one in self.diagram.biopsies:
            x, y = self._at((one.x, one.y))
            canvas.line(x - 2.6, y - 2.6, x + 2.6, y + 2.6)
            canvas.line(x - 2.6, y + 2.6, x + 2.6, y - 2.6)
            canvas.setFont(BOLD, 8)
            canvas.drawString(x + 4, y + 2, one.letter)
        canvas.setFont(BOLD, 8)
        for area in self.diagram.areas:
            x, y = self._at(area.at)
            canvas.drawCentredString(x, y - 3, area.label)

    def _draw_form(self) -> None:
        canvas = self.canv
        canvas.setStrokeGray(0.0)
        canvas.setLineWidth(1.2)
        for radius in (1.0, OS_RADIUS):
            canvas.circle(SIDE / 2, SIDE / 2, radius * UNIT, stroke=1, fill=0)
        canvas.setFillGray(0.35)
        canvas.setFont(SANS, 7)
        for x, y, hour in _HOURS:
            at = self._at((x * 1.12, y * 1.12))
            canvas.drawCentredString(at[0], at[1] - 2.5, hour)

    def _draw_axes(self) -> None:
        self.canv.setStrokeGray(0.55)
        self.canv.setLineWidth(0.5)
        for x, y, _ in _HOURS:
            self.canv.line(*self._at((x * OS_RADIUS, y * OS_RADIUS)), *self._at((x, y)))
        self.canv.setStrokeGray(0.0)
        self.canv.setLineWidth(1.0)

    def _path(self, lines: tuple[Outline, ...], *, closed: bool) -> object:
        path = self.canv.beginPath()
        for line in lines:
            path.moveTo(*self._at(line[0]))
            for spot in line[1:]:
                path.lineTo(*self._at(spot))
            if closed:
                path.close()
        return path

    @staticmethod
    def _at(spot: Spot) -> tuple[float, float]:
        """On paper y points up."""
        return SIDE / 2 + spot[0] * UNIT, SIDE / 2 - spot[1] * UNIT
