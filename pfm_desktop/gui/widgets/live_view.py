"""The live picture, painted as it comes, with what helps to aim: grid, ghost of an earlier picture, what is said."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from pfm_desktop.gui.widgets.ink import (
    DARK,
    FAINT,
    LIGHT,
    SURROUND_COLOUR,
    TEXT,
    draw_middle,
    fill_plate,
    plate,
    stage_font,
    twice,
)
from pfm_desktop.gui.widgets.legend import ramp
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.viewmodels.whitening import MapLegend

GRID = 4  # cells across the shorter side
MARGIN = 10.0
CROSS = 5.0  # from the middle of a cross to its ends
LEGEND_BAR = QSize(140, 12)
LEGEND_MAP = "inferno"  # the colours of `imaging.whitening.maps.overlay`


@dataclass(frozen=True, eq=False)
class Shown:
    """A frame made ready for the screen: `image` in device pixels, `at` when it was exposed (seconds of
    `time.monotonic`), `box` which part of the frame it is (left, top, right, bottom in its pixels). `keeps` is the
    memory that the image lies in."""

    image: QImage
    at: float
    box: tuple[float, float, float, float]
    keeps: object = None


class LiveView(QWidget):
    """Shows the last frame that it was given. `clicked(x, y)` in pixels of the frame; `zoomed(steps, x, y)` from 0 to 1
    of the frame; `resized` when frames are wanted in another size."""

    clicked = Signal(float, float)
    dragged = Signal(object)  # list of (x, y), when a region was drawn to its end
    zoomed = Signal(float, float, float)
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Live picture"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 180)
        self.shown: Shown | None = None
        self.ghost: QImage | None = None  # as large as a frame
        self.ghost_strength = 0.35
        self.over: QImage | None = None  # a map over the frozen frame, as large as it
        self.legend: MapLegend | None = None  # of that map; never the one without the other
        self.grid = False
        self.mm_per_px: float | None = None  # of the frame
        self.said = ""  # instead of a picture, or where the camera gives none
        self.badges: tuple[str, ...] = ()  # short words on plates, from the top left
        self.region: tuple[tuple[float, float], ...] = ()
        self.normal: tuple[tuple[float, float], ...] = ()  # normal tissue, drawn in dashes
        self.points: tuple[tuple[float, float], ...] = ()  # crosses, in pixels of the frame
        self.draws = False  # a stroke draws a region
        self.painted: Callable[[float, float], None] | None = None  # told when a frame is painted: its `at`, and now
        self._told = -1.0
        self._stroke: list[tuple[float, float]] = []

    def sizeHint(self) -> QSize:
        """Of a small window."""
        return QSize(800, 450)

    @property
    def room(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def show_frame(self, shown: Shown | None) -> None:
        """Show this one; None for an empty view."""
        self.shown = shown
        self.update()

    def show_map(self, over: QImage | None, legend: MapLegend | None) -> None:
        """Show a map over the frozen frame, with its legend on the picture; None: no map."""
        self.over, self.legend = over, legend if over is not None else None
        self.setAccessibleDescription(tr("Map, {words}", words=self.legend.words) if self.legend is not None else "")
        self.update()

    def say(self, text: str, badges: tuple[str, ...], *, mm_per_px: float | None) -> None:
        """What stands on the picture: words in its middle ("" for none) and on plates; the scale bar's scale."""
        if (text, badges, mm_per_px) != (self.said, self.badges, self.mm_per_px):
            self.said, self.badges, self.mm_per_px = text, badges, mm_per_px
            self.update()

    def frame_point(self, at: QPointF) -> tuple[float, float] | None:
        """Pixel of the frame under a point of the widget; None beside the picture."""
        if self.shown is None:
            return None
        target, (left, top, right, bottom) = self._target(self.shown), self.shown.box
        if not target.contains(at):
            return None
        x = left + (at.x() - target.left()) / target.width() * (right - left)
        y = top + (at.y() - target.top()) / target.height() * (bottom - top)
        return x, y

    def widget_point(self, x: float, y: float) -> QPointF:
        """The reverse of `frame_point`, also beyond the picture."""
        assert self.shown is not None
        target, (left, top, right, bottom) = self._target(self.shown), self.shown.box
        return QPointF(
            target.left() + (x - left) / (right - left) * target.width(),
            target.top() + (y - top) / (bottom - top) * target.height(),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """See the class. The image has the size of its place, so that painting is copying."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), SURROUND_COLOUR)
        shown = self.shown
        if shown is None:
            draw_middle(painter, QRectF(self.rect()), self.said)
            return
        target = self._target(shown)
        painter.drawImage(target.topLeft(), shown.image)
        self._paint_layers(painter, shown, target)
        if self.grid:
            self._paint_grid(painter, target)
        self._paint_region(painter)
        self._paint_scale(painter, shown, target)
        if self.legend is not None:
            self._paint_legend(painter, self.legend, target)
        self._paint_words(painter, target)
        painter.end()
        if self.painted is not None and shown.at > self._told:
            self._told = shown.at
            self.painted(shown.at, time.monotonic())

    def _target(self, shown: Shown) -> QRectF:
        """Where the picture lies, logical pixels, on whole device pixels."""
        ratio = self.devicePixelRatioF()
        size = shown.image.deviceIndependentSize()
        left = round((self.width() - size.width()) / 2 * ratio) / ratio
        top = round((self.height() - size.height()) / 2 * ratio) / ratio
        return QRectF(QPointF(left, top), size)

    def _paint_layers(self, painter: QPainter, shown: Shown, target: QRectF) -> None:
        left, top, right, bottom = shown.box
        part = QRectF(left, top, right - left, bottom - top)
        if self.over is not None:
            painter.drawImage(target, self.over, part)
        if self.ghost is not None:
            painter.setOpacity(self.ghost_strength)
            painter.drawImage(target, self.ghost, part)
            painter.setOpacity(1.0)

    def _paint_grid(self, painter: QPainter, target: QRectF) -> None:
        cell = min(target.width(), target.height()) / GRID
        middle = target.center()

        def lines() -> None:
            for step in range(-GRID, GRID + 1):
                x, y = middle.x() + step * cell, middle.y() + step * cell
                if target.left() < x < target.right():
                    painter.drawLine(QPointF(x, target.top()), QPointF(x, target.bottom()))
                if target.top() < y < target.bottom():
                    painter.drawLine(QPointF(target.left(), y), QPointF(target.right(), y))

        painter.setOpacity(0.45)
        twice(painter, lines, width=1.0, colour=FAINT, smooth=False)
        painter.setOpacity(1.0)
        twice(painter, lambda: painter.drawEllipse(middle, cell / 6, cell / 6), width=1.2)

    def _paint_region(self, painter: QPainter) -> None:
        for points, closed, dash in ((self._stroke, False, 0.0), (self.region, True, 0.0), (self.normal, True, 6.0)):
            if len(points) > 1:
                there = [self.widget_point(*one) for one in points]
                line = [*there, there[0]] if closed else there
                twice(painter, partial(painter.drawPolyline, line), width=1.8, dash=dash)
        for point in self.points:
            at = self.widget_point(*point)
            arms = [
                QPointF(at.x() - CROSS, at.y()), QPointF(at.x() + CROSS, at.y()),
                QPointF(at.x(), at.y() - CROSS), QPointF(at.x(), at.y() + CROSS),
            ]  # fmt: skip
            twice(painter, partial(painter.drawLines, arms), width=1.2)

    def _paint_scale(self, painter: QPainter, shown: Shown, target: QRectF) -> None:
        if self.mm_per_px is None:
            return
        across = target.width() / (shown.box[2] - shown.box[0])  # logical pixels for one of the frame
        length_mm = 5.0
        length = length_mm / self.mm_per_px * across
        if not 8.0 < length < target.width():
            return
        y, x = target.bottom() - 16.0, target.right() - MARGIN
        line = QPointF(x - length, y), QPointF(x, y)
        twice(painter, lambda: painter.drawLine(*line), width=2.5)
        plate(painter, QPointF(x, y - 28.0), f"{length_mm:g} mm", align_right=True)

    def _paint_legend(self, painter: QPainter, legend: MapLegend, target: QRectF) -> None:
        """Title, colours and both ends on a plate at the bottom left of the picture, clear of the scale bar."""
        font, bold = stage_font(), stage_font(bold=True)
        metrics, title = QFontMetricsF(font), QFontMetricsF(bold).horizontalAdvance(legend.title)
        low, high = (metrics.horizontalAdvance(one) for one in (legend.low, legend.high))
        gap, line = 6.0, metrics.height()
        width = max(title, low + gap + LEGEND_BAR.width() + gap + high) + 2 * MARGIN
        left, bottom = max(target.left(), 0.0) + MARGIN, min(target.bottom(), float(self.height())) - MARGIN
        box = QRectF(left, bottom - 2 * line - MARGIN, width, 2 * line + MARGIN)
        fill_plate(painter, box)
        painter.setPen(TEXT)
        painter.setFont(bold)
        inner = box.adjusted(MARGIN, MARGIN / 2, -MARGIN, -MARGIN / 2)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, legend.title)
        painter.setFont(font)
        row = QRectF(inner.left(), inner.bottom() - line, inner.width(), line)
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(row, middle, legend.low)
        bar = QRectF(row.left() + low + gap, row.center().y() - LEGEND_BAR.height() / 2, *LEGEND_BAR.toTuple())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(bar, ramp(LEGEND_MAP))
        painter.drawText(row.adjusted(bar.right() + gap - row.left(), 0, 0, 0), middle, legend.high)

    def _paint_words(self, painter: QPainter, target: QRectF) -> None:
        y = max(target.top(), 0.0) + MARGIN
        for text in self.badges:
            y = (
                plate(painter, QPointF(max(target.left(), 0.0) + MARGIN, y), text, font=stage_font(bold=True)).bottom()
                + 6
            )
        if self.said:
            area = QRectF(self.rect())
            font = stage_font(17, bold=True)
            painter.setFont(font)
            box = painter.boundingRect(
                area.adjusted(40, 40, -40, -40), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.said
            ).adjusted(-16, -10, 16, 10)
            painter.fillRect(box, DARK)
            painter.setPen(QPen(LIGHT))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.said)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See the class."""
        super().resizeEvent(event)
        self.resized.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begins a stroke, or a click."""
        point = self.frame_point(event.position())
        self._stroke = [point] if point is not None and event.button() is Qt.MouseButton.LeftButton else []

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Goes on with a stroke."""
        point = self.frame_point(event.position())
        if self.draws and self._stroke and point is not None:
            self._stroke.append(point)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A stroke of some length is a region, anything else a click."""
        stroke, self._stroke = self._stroke, []
        if not stroke:
            return
        xs, ys = [x for x, _ in stroke], [y for _, y in stroke]
        if self.draws and len(stroke) > 5 and max(max(xs) - min(xs), max(ys) - min(ys)) > 12:
            self.dragged.emit(stroke)
        else:
            self.clicked.emit(*stroke[0])
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms about the cursor."""
        point = self.frame_point(event.position())
        if point is None or self.shown is None:
            return
        event.accept()
        self.zoomed.emit(event.angleDelta().y() / 120.0, *point)
