"""Contours of lesions, the SCJ line and the brush, on the stage."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from pfm_desktop.domain.source import PLACES, Source
from pfm_desktop.gui.widgets.ink import CHOSEN, plate, plate_rect, stage_font, twice
from pfm_desktop.viewmodels.arrangement import Pane
from pfm_desktop.viewmodels.drawings import Drawn, drawn_in
from pfm_desktop.viewmodels.found import Stroke
from pfm_desktop.viewmodels.pair_view import PairRegistration

CONTOUR, JUNCTION = QColor("#FFD54A"), QColor("#A9F5A0")  # told apart by dashes and words as well
DASH = 5.0
HANDLE, MOST_CORNERS = 3.5, 40  # radius of what a corner is taken by; more corners than that have none
FINE, MOST_SPRITES = 16, 64  # parts of a pixel in which a line that is kept is placed; how many are kept
SCALE_ROOM = (190.0, 52.0)  # what the scale bar takes at most of the lower right corner
PAINT, TAKE_AWAY = QColor(255, 213, 74, 110), QColor(0, 0, 0, 130)
NEAR = 2.0  # stage pixels: points that lie nearer to each other are not told apart
LARGEST = 2000.0  # stage pixels: what is larger is drawn in each frame, not kept as pixels
Placed = tuple[Drawn, QPainterPath, tuple[float, float]]  # the last is where its words begin, in the picture


@dataclass(frozen=True)
class _Sprite:
    """A line as it looks at one zoom; its corner lies `corner` stage pixels from where the picture begins."""

    pixels: QPixmap
    corner: QPointF


class DrawnLines:
    """What was drawn as it was given, and as it stands in each pane: worked out once, not in every frame."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self.given: tuple[Drawn, ...] = ()
        self.selected, self.hint = "", ""  # what is chosen; what the tool in hand does, at the foot of the pictures
        self.hidden = False
        self.fixed = False  # nothing can be moved, as in a signed visit
        self._registration: PairRegistration | None = None
        self._shown: dict[tuple[Source, tuple[Source, ...]], tuple[Drawn, ...]] = {}
        self._placed: dict[tuple[Hashable, ...], tuple[Placed, ...]] = {}
        self._sprites: dict[Hashable, _Sprite] = {}
        self._last: dict[tuple[Source, ...], float] = {}  # zoom of each pane when it was painted last

    def replace(self, drawings: Sequence[Drawn]) -> None:
        """Other drawings; what was chosen stays chosen while it is there."""
        self.given = tuple(drawings)
        self.selected = self.selected if any(one.id == self.selected for one in self.given) else ""
        self._forget()

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
        self._forget()

    def like(self, other: DrawnLines) -> DrawnLines:
        """As `other` stands: what is kept of it at another size is kept here."""
        if self.given is not other.given or self._registration is not other._registration:
            self._registration = other._registration
            self.replace(other.given)
        self.selected, self.hidden, self.fixed = other.selected, other.hidden, other.fixed
        return self

    def in_pane(self, pane: Pane) -> tuple[Drawn, ...]:
        """Those that a pane shows, in its pixels."""
        if self.hidden:
            return ()
        key = pane.frame, pane.sources
        if key not in self._shown:
            self._shown[key] = drawn_in(pane.frame, pane.sources, self.given, self._registration)
        return self._shown[key]

    @property
    def chosen_with_corners(self) -> Drawn | None:
        """What is chosen, where its corners are so few that a hand can take each; none of a contour with holes."""
        chosen = next((one for one in self.given if one.id == self.selected and not self.hidden), None)
        if self.fixed or chosen is None or len(chosen.edges) > 1 or len(chosen.edges[0]) > MOST_CORNERS:
            return None
        return chosen

    def paint(self, painter: QPainter, pane: Pane) -> None:
        """Contours whole, the SCJ line in short dashes, what is chosen thicker and in another colour; words above all.

        A line is kept as pixels while the zoom stays: stroking thousands of points costs more than the pictures.
        """
        origin, zoom = QPointF(*pane.lens.to_stage(0.0, 0.0)), pane.lens.zoom
        kept = self._last.get(pane.sources) == zoom
        if not kept:
            self._sprites.clear()
        self._last[pane.sources] = zoom
        paths = self._paths(pane)
        for drawn, path, _ in paths:
            whole = path.boundingRect()
            if not kept or max(whole.width(), whole.height()) > LARGEST:
                painter.save()
                painter.translate(origin)
                _draw_line(painter, path, drawn, chosen=drawn.id == self.selected)
                painter.restore()
                continue
            ratio = painter.device().devicePixelRatioF()
            whole_px = QPointF(math.floor(origin.x() * ratio) / ratio, math.floor(origin.y() * ratio) / ratio)
            sprite = self._sprite(drawn, path, pane, origin - whole_px, ratio)
            painter.drawPixmap(whole_px + sprite.corner, sprite.pixels)
        if (chosen := self.chosen_with_corners) is not None and chosen.frame is pane.frame:
            for corner in chosen.edges[0] if any(one.id == chosen.id for one in self.in_pane(pane)) else ():
                at = QPointF(*pane.lens.to_stage(*corner))
                twice(painter, partial(painter.drawEllipse, at, HANDLE, HANDLE), colour=CHOSEN)
        for drawn, _, spot in paths:
            _draw_words(painter, pane, drawn.words, spot)

    def _paths(self, pane: Pane) -> tuple[Placed, ...]:
        """Paths in stage pixels from where the picture begins."""
        key = pane.frame, pane.sources, pane.lens.zoom
        if self.hidden:
            return ()
        if key not in self._placed:
            if len(self._placed) > len(PLACES):
                self._placed.clear()  # of another zoom
            self._placed[key] = tuple((one, _path(one, pane.lens.zoom), _words_at(one)) for one in self.in_pane(pane))
        return self._placed[key]

    def _sprite(self, drawn: Drawn, path: QPainterPath, pane: Pane, beside: QPointF, ratio: float) -> _Sprite:
        """`beside`: how far the picture begins beside a whole pixel; a drag moves it by whole ones."""
        chosen = drawn.id == self.selected
        part = round(beside.x() * ratio * FINE), round(beside.y() * ratio * FINE)
        key = drawn.id, chosen, pane.frame, part, ratio
        if key not in self._sprites:
            if len(self._sprites) > MOST_SPRITES:
                self._sprites.clear()
            self._sprites[key] = _sprite(drawn, path.translated(beside), ratio, chosen=chosen)
        return self._sprites[key]

    def _forget(self) -> None:
        for kept in (self._shown, self._placed, self._sprites):
            kept.clear()


def _path(drawn: Drawn, zoom: float) -> QPainterPath:
    path = QPainterPath()
    for edge in drawn.edges:
        points = thinned(np.asarray(edge, np.float64) * zoom, NEAR)
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in points.tolist()]))
        if drawn.closed:
            path.closeSubpath()
    return path


def thinned(points: NDArray[np.float64], apart: float) -> NDArray[np.float64]:
    """Of N x 2 points along a line the first in each piece of the length `apart`, and the last; far corners stay."""
    if len(points) < 3:
        return points
    pieces = np.floor(np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))]) / apart)
    kept = np.concatenate([[True], pieces[1:] != pieces[:-1]])
    kept[-1] = True
    return np.asarray(points[kept])


def _sprite(drawn: Drawn, path: QPainterPath, ratio: float, *, chosen: bool) -> _Sprite:
    around = path.boundingRect().adjusted(-4, -4, 4, 4).toAlignedRect()
    pixels = QPixmap(round(around.width() * ratio), round(around.height() * ratio))
    pixels.setDevicePixelRatio(ratio)
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    painter.translate(-around.topLeft())
    _draw_line(painter, path, drawn, chosen=chosen)
    painter.end()
    return _Sprite(pixels, QPointF(around.topLeft()))


def _draw_line(painter: QPainter, path: QPainterPath, drawn: Drawn, *, chosen: bool) -> None:
    colour = CHOSEN if chosen else CONTOUR if drawn.closed else JUNCTION
    line, width = partial(painter.drawPath, path), 3.0 if chosen else 1.5
    twice(painter, line, colour=colour, width=width, dash=0.0 if drawn.closed else DASH)


def _words_at(drawn: Drawn) -> tuple[float, float]:
    """The highest point of a contour; of a line its right end."""
    points = drawn.edges[0]
    return min(points, key=lambda at: at[1]) if drawn.closed else max(points)


def _draw_words(painter: QPainter, pane: Pane, said: str, at: tuple[float, float]) -> None:
    lens, font = pane.lens, stage_font(13)
    rect = plate_rect(QPointF(*lens.to_stage(*at)) + QPointF(4, -26), said, font)
    x = max(lens.left, min(rect.left(), lens.left + lens.width - rect.width()))
    y = max(lens.top, min(rect.top(), lens.top + lens.height - rect.height()))
    plate(painter, QPointF(x, y), said, font=font)


def draw_brush_stroke(painter: QPainter, pane: Pane, stroke: Stroke) -> None:
    """As wide as the brush, so that the tissue below is seen."""
    width = 2 * stroke.radius * pane.lens.zoom
    points = thinned(np.asarray(stroke.points, np.float64) * pane.lens.zoom, max(NEAR, width / 6))
    line = QPolygonF([QPointF(x, y) for x, y in points.tolist()])
    line.translate(*pane.lens.to_stage(0.0, 0.0))
    colour = TAKE_AWAY if stroke.erases else PAINT
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
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
