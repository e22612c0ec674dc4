"""Contours of lesions, the SCJ line and the brush, on the stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.ink import CHOSEN, plate, plate_rect, stage_font, twice
from pfm_desktop.viewmodels.arrangement import Pane
from pfm_desktop.viewmodels.drawings import Drawn, drawn_in
from pfm_desktop.viewmodels.found import Stroke
from pfm_desktop.viewmodels.pair_view import PairRegistration

CONTOUR, JUNCTION = QColor("#FFD54A"), QColor("#A9F5A0")  # told apart by dashes and words as well
DASH = 3.0
SCALE_ROOM = (190.0, 52.0)  # what the scale bar takes at most of the lower right corner
PAINT, TAKE_AWAY = QColor(255, 213, 74, 110), QColor(0, 0, 0, 130)
Placed = tuple[Drawn, QPainterPath]


class DrawnLines:
    """What was drawn as it was given, and as it stands in each pane: worked out once, not in every frame."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self.given: tuple[Drawn, ...] = ()
        self.selected, self.hint = "", ""  # what is chosen; what the tool in hand does, at the foot of the pictures
        self.hidden = False
        self._registration: PairRegistration | None = None
        self._placed: dict[tuple[Source, tuple[Source, ...]], tuple[Placed, ...]] = {}

    def replace(self, drawings: Sequence[Drawn]) -> None:
        """Other drawings; what was chosen stays chosen while it is there."""
        self.given = tuple(drawings)
        self.selected = self.selected if any(one.id == self.selected for one in self.given) else ""
        self._placed.clear()

    def show(self, drawings: Sequence[Drawn]) -> None:
        """Show these, and have the stage painted where they are others."""
        if tuple(drawings) != self.given:
            self.replace(drawings)
            self._changed()

    def say(self, hint: str) -> None:
        """Another tool, or another lesion that is drawn."""
        if hint != self.hint:
            self.hint = hint
            self._changed()

    def place(self, registration: PairRegistration | None) -> None:
        """Another registration."""
        self._registration = registration
        self._placed.clear()

    def placed(self, pane: Pane) -> tuple[Placed, ...]:
        """Those that a pane shows, with their paths in pixels of its frame."""
        if self.hidden:
            return ()
        key = pane.frame, pane.sources
        if key not in self._placed:
            shown = drawn_in(pane.frame, pane.sources, self.given, self._registration)
            self._placed[key] = tuple((one, _path(one)) for one in shown)
        return self._placed[key]

    def in_pane(self, pane: Pane) -> tuple[Drawn, ...]:
        """Those that a pane shows, in its pixels."""
        return tuple(one for one, _ in self.placed(pane))


def _path(drawn: Drawn) -> QPainterPath:
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.OddEvenFill)
    for edge in drawn.edges:
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in edge]))
        if drawn.closed:
            path.closeSubpath()
    return path


def draw_drawings(painter: QPainter, pane: Pane, placed: Sequence[Placed], selected: str) -> None:
    """Contours whole, the SCJ line in short dashes, what is chosen thicker and in another colour; words above all."""
    origin, zoom = pane.lens.to_stage(0.0, 0.0), pane.lens.zoom
    way = QTransform(zoom, 0.0, 0.0, zoom, *origin)
    for drawn, path in placed:
        chosen = drawn.id == selected
        colour = CHOSEN if chosen else CONTOUR if drawn.closed else JUNCTION
        line = partial(painter.drawPath, way.map(path))
        twice(painter, line, colour=colour, width=3.0 if chosen else 1.5, dash=0.0 if drawn.closed else DASH)
    for drawn, _ in placed:
        _draw_words(painter, pane, drawn)


def _draw_words(painter: QPainter, pane: Pane, drawn: Drawn) -> None:
    """Beside the highest point of a contour; of a line at its right end."""
    lens, font = pane.lens, stage_font(13)
    points = drawn.edges[0]
    spot = QPointF(*lens.to_stage(*(min(points, key=lambda at: at[1]) if drawn.closed else max(points))))
    rect = plate_rect(spot + QPointF(4, -26), drawn.words, font)
    x = max(lens.left, min(rect.left(), lens.left + lens.width - rect.width()))
    y = max(lens.top, min(rect.top(), lens.top + lens.height - rect.height()))
    plate(painter, QPointF(x, y), drawn.words, font=font)


def draw_brush_stroke(painter: QPainter, pane: Pane, stroke: Stroke) -> None:
    """As wide as the brush, so that the tissue below is seen."""
    line = QPolygonF([QPointF(*pane.lens.to_stage(x, y)) for x, y in stroke.points])
    colour = TAKE_AWAY if stroke.erases else PAINT
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    width = 2 * stroke.radius * pane.lens.zoom
    if line.size() == 1:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(line.first(), width / 2, width / 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        return
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    painter.drawPolyline(line)


def brush_rect(at: QPointF, radius: float) -> QRectF:
    """What has to be painted anew when the brush moves; `radius` in stage pixels."""
    reach = radius + 4
    return QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach)


def draw_brush(painter: QPainter, at: QPointF, radius: float) -> None:
    """The ring of the brush where the cursor is; `radius` in stage pixels."""
    twice(painter, lambda: painter.drawEllipse(at, radius, radius), colour=CHOSEN, width=1.0)


def draw_hint(painter: QPainter, area: QRectF, words: str) -> None:
    """What the tool in hand does, at the foot of the left pane; above the scale bar where it would reach under it."""
    font = stage_font(13)
    rect = plate_rect(QPointF(area.left() + 10, 0), words, font)
    lift = SCALE_ROOM[1] if rect.right() > area.right() - SCALE_ROOM[0] else 10.0
    plate(painter, QPointF(rect.left(), area.bottom() - rect.height() - lift), words, font=font)
