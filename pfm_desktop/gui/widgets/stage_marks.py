"""Pins, os, cursor, curtain, scale bar and focus frame, painted over the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from pfm_desktop.gui.widgets.ink import (
    CHOSEN,
    DARK,
    LIGHT,
    PLATE,
    PROBLEM,
    TEXT,
    fill_plate,
    plate,
    plate_rect,
    stage_font,
    twice,
)
from pfm_desktop.gui.widgets.scene import Marks
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.arrangement import Pane
from pfm_desktop.viewmodels.found import TAKE_KEY, Line, Stroke
from pfm_desktop.viewmodels.marks import PlacedPin
from pfm_desktop.viewmodels.overlay import scale_bar

PIN_RADIUS = 8.0
CURSOR_REACH = 13.0
CORNER = 3.5  # radius
SCALE_LONGEST = 150.0
MARGIN = 10.0
DASH = 6.0
MAYBE_OS, OS = tr("os? ({key})", key=TAKE_KEY), tr("os")


def pin_point(pane: Pane, pin: PlacedPin) -> QPointF:
    """Where a pin stands on the stage."""
    return QPointF(*pane.lens.to_stage(pin.x, pin.y))


def draw_marks(painter: QPainter, pane: Pane, marks: Marks) -> None:
    """Os and pins of a pane."""
    centre = marks.os_in(pane.frame)
    if centre is not None:
        _draw_os(painter, QPointF(*pane.lens.to_stage(centre.x(), centre.y())), sure=marks.os_is_sure)
    for pin in marks.pins_in(pane.frame):
        _draw_pin(painter, pin_point(pane, pin), pin, chosen=pin.id == marks.selected)


def _draw_pin(painter: QPainter, at: QPointF, pin: PlacedPin, *, chosen: bool) -> None:
    # a ring, so that the tissue to be taken stays visible; a chosen pin has a second ring, not only another colour
    colour = CHOSEN if chosen else LIGHT
    twice(painter, lambda: painter.drawEllipse(at, PIN_RADIUS, PIN_RADIUS), width=2.0, colour=colour)
    if chosen:
        twice(painter, lambda: painter.drawEllipse(at, PIN_RADIUS + 5, PIN_RADIUS + 5), colour=colour)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(at, 1.5, 1.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    plate(painter, at + QPointF(PIN_RADIUS + 7, -PIN_RADIUS - 12), pin.label, font=stage_font(13, bold=True))


def draw_found(painter: QPainter, pane: Pane, lines: Sequence[Line]) -> None:
    """Outlines with their names: dashed where the program found them, whole where a person drew them."""
    for line in lines:
        corners = _on_stage(pane, line.points)
        colour, dash = PROBLEM if line.problem else LIGHT, 0.0 if line.drawn else DASH
        twice(painter, partial(painter.drawPolygon, corners), colour=colour, dash=dash)
    for line in (one for one in lines if one.named):  # above all lines: a problem at its top, the cervix at its foot
        place = min if line.problem else max
        spot = QPointF(*pane.lens.to_stage(*place(line.points, key=lambda point: point[1])))
        corner, font, lens = spot + QPointF(4, 4 if line.problem else -30), stage_font(13), pane.lens
        rect = plate_rect(corner, line.words, font)
        x = max(lens.left, min(rect.left(), lens.left + lens.width - rect.width()))
        y = max(lens.top, min(rect.top(), lens.top + lens.height - rect.height()))
        plate(painter, QPointF(x, y), line.words, font=font)


def draw_stroke(painter: QPainter, pane: Pane, stroke: Stroke) -> None:
    """What is being drawn around the cervix or a lesion, its corners, and the line that would close it."""
    line = _on_stage(pane, stroke.points)
    twice(painter, lambda: painter.drawPolyline(line), colour=CHOSEN)
    for place, corner in enumerate(line.toList()[: stroke.corners]):
        reach = CORNER if place else CORNER + 2  # a click on the first one closes
        twice(painter, partial(painter.drawEllipse, corner, reach, reach), colour=CHOSEN)
    if len(stroke.points) > 2 and not stroke.open:
        painter.setPen(QPen(CHOSEN, 1, Qt.PenStyle.DotLine))
        painter.drawLine(line.last(), line.first())


def _on_stage(pane: Pane, points: Sequence[tuple[float, float]]) -> QPolygonF:
    return QPolygonF([QPointF(*pane.lens.to_stage(x, y)) for x, y in points])


def _draw_os(painter: QPainter, at: QPointF, *, sure: bool) -> None:
    if not sure:  # a ring in dashes and a question: nobody has said that this is the os
        twice(painter, lambda: painter.drawEllipse(at, 9, 9), dash=DASH / 2)
        plate(painter, at + QPointF(14, 2), MAYBE_OS, font=stage_font(13))
        return

    def shape() -> None:
        painter.drawEllipse(at, 5, 5)
        for dx, dy in ((1, 0), (-1, 0), (0, 1)):
            painter.drawLine(at + QPointF(5 * dx, 5 * dy), at + QPointF(12 * dx, 12 * dy))
        painter.drawLine(at + QPointF(0, -5), at + QPointF(0, -20))  # twelve o'clock: the long hand

    twice(painter, shape)
    plate(painter, at + QPointF(14, 2), OS, font=stage_font(13))


def cursor_rect(at: QPointF) -> QRectF:
    """What has to be painted anew when the cursor moves."""
    reach = CURSOR_REACH + 3
    return QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach)


def draw_cursor(painter: QPainter, at: QPointF) -> None:
    """A cross with an open middle."""

    def shape() -> None:
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(at + QPointF(4 * dx, 4 * dy), at + QPointF(CURSOR_REACH * dx, CURSOR_REACH * dy))

    twice(painter, shape)


def draw_curtain(painter: QPainter, pane: Pane, x: float) -> None:
    """The curtain of swipe and its handle."""
    top, bottom = pane.lens.top, pane.lens.top + pane.lens.height
    middle = QPointF(x, (top + bottom) / 2)
    twice(painter, lambda: painter.drawLine(QLineF(x, top, x, bottom)), smooth=False)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(PLATE)
    painter.setPen(LIGHT)
    painter.drawEllipse(middle, 14, 14)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for side in (-1, 1):
        tip = middle + QPointF(9 * side, 0)
        painter.drawLine(tip, tip + QPointF(-5 * side, -5))
        painter.drawLine(tip, tip + QPointF(-5 * side, 5))


def draw_scale_bar(painter: QPainter, area: QRectF, zoom: float, mm_per_px: float) -> None:
    """A round number of millimetres in the lower right corner of `area`."""
    longest = min(SCALE_LONGEST, area.width() / 4)
    length, pixels = scale_bar(mm_per_px, zoom, longest=longest)
    right, bottom = area.right() - MARGIN, area.bottom() - MARGIN
    box = QRectF(right - max(pixels, 56.0) - 16, bottom - 34, max(pixels, 56.0) + 16, 34)
    fill_plate(painter, box)
    start = box.center().x() - pixels / 2
    y = box.bottom() - 8
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(TEXT, 2))
    painter.drawLine(QLineF(start, y, start + pixels, y))
    for x in (start, start + pixels):
        painter.drawLine(QLineF(x, y - 3, x, y + 3))
    painter.setFont(stage_font(13))
    painter.drawText(box.adjusted(0, 2, 0, -12), Qt.AlignmentFlag.AlignCenter, f"{length:g} mm")


def draw_focus(painter: QPainter, stage: QRectF) -> None:
    """The frame that shows that the keys go to the stage."""
    for colour, out, wide in ((LIGHT, 0.0, 2.0), (DARK, 2.0, 1.0)):
        # filled bars: stroking a rectangle as large as the stage costs two milliseconds
        frame = stage.adjusted(out, out, -out, -out)
        painter.fillRect(QRectF(frame.left(), frame.top(), frame.width(), wide), colour)
        painter.fillRect(QRectF(frame.left(), frame.bottom() - wide, frame.width(), wide), colour)
        painter.fillRect(QRectF(frame.left(), frame.top(), wide, frame.height()), colour)
        painter.fillRect(QRectF(frame.right() - wide, frame.top(), wide, frame.height()), colour)
