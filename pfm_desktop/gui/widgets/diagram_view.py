"""The classic diagram of a colposcopy, two circles, on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.diagram import FARTHEST, LEGEND, OS_RADIUS, VIEW, Diagram
from pfm_desktop.support.language import tr

ROUND = 2 * FARTHEST + 0.25  # of the outer circle's radius: what the drawing takes, hours included
MOST = 300  # pixels
HOW = tr(
    "It fills itself once the os is marked (O, or Shift+O: as found) and the cervix drawn (C, or Shift+C: as found)."
)
HOURS = ((0.0, -1.0, "12"), (1.0, 0.0, "3"), (0.0, 1.0, "6"), (-1.0, 0.0, "9"))


@dataclass(frozen=True)
class Inks:
    """Colours of lines, words, and of the areas' filling."""

    line: QColor
    words: QColor
    fill: QColor


class DiagramView(QWidget):
    """Draws a `Diagram` in the colours of the palette, with its legend and what is missing below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._diagram: Diagram | None = None
        self.setAccessibleName(tr("Diagram of the cervix"))
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def diagram(self) -> Diagram | None:
        """What is drawn."""
        return self._diagram

    def show_diagram(self, diagram: Diagram | None) -> None:
        """Draw this; hidden where there is none."""
        if diagram == self._diagram:
            return
        self._diagram = diagram
        self.setAccessibleDescription("" if diagram is None else diagram.words)
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Words below the circles take as many lines as they need."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Circles and words."""
        return round(self._side(width) + self._words_height(width) + 8)

    def sizeHint(self) -> QSize:
        """As wide as a column."""
        return QSize(MOST, self.heightForWidth(MOST))

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(200, self.heightForWidth(200))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """See the class."""
        if self._diagram is None:
            return
        painter = QPainter(self)
        side = float(self._side(self.width()))
        inks = _inks(self.palette(), QPalette.ColorRole.WindowText)
        if side:
            paint_diagram(painter, QRectF((self.width() - side) / 2, 0, side, side), self._diagram, inks, self.font())
        painter.setPen(inks.words)
        painter.setFont(self.font())
        below = QRectF(0, side + 4, self.width(), self.height() - side - 4)
        painter.drawText(below, int(Qt.TextFlag.TextWordWrap), self._words())
        painter.end()

    def _side(self, width: int) -> int:
        """Of the circles; none where there is nothing in them."""
        return 0 if self._diagram is None or self._diagram.empty else min(width, MOST)

    def _words(self) -> str:
        missing = self._diagram.missing if self._diagram is not None else ()
        legend = (f"{LEGEND}.", VIEW) if self._side(MOST) else (HOW,)
        return "\n".join((*(f"{one}." for one in missing), *legend))

    def _words_height(self, width: int) -> int:
        flags = int(Qt.TextFlag.TextWordWrap)
        return self.fontMetrics().boundingRect(0, 0, max(1, width), 10_000, flags, self._words()).height()


def diagram_image(diagram: Diagram, palette: QPalette, font: QFont, side: int) -> QImage:
    """The circles alone, on clear ground, sharp on a screen of twice the pixels."""
    image = QImage(2 * side, 2 * side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.scale(2, 2)
    paint_diagram(painter, QRectF(0, 0, side, side), diagram, _inks(palette, QPalette.ColorRole.Text), font)
    painter.end()
    return image


def _inks(palette: QPalette, role: QPalette.ColorRole) -> Inks:
    fill = QColor(palette.color(QPalette.ColorRole.Highlight))
    fill.setAlpha(70)
    return Inks(palette.color(role), palette.color(role), fill)


def paint_diagram(painter: QPainter, rect: QRectF, diagram: Diagram, inks: Inks, font: QFont) -> None:
    """Two circles, four quadrants, and what is drawn in them, within a square."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    middle, unit = rect.center(), rect.width() / ROUND
    _paint_form(painter, middle, unit, inks, font)
    for area in diagram.areas:
        path = QPainterPath()
        for edge in area.edges:
            path.addPolygon(_on(edge, middle, unit))
            path.closeSubpath()
        painter.setPen(QPen(inks.line, 1.6))
        painter.setBrush(inks.fill)
        painter.drawPath(path)  # odd and even: holes stay open
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(inks.line, 1.6, Qt.PenStyle.DashLine))
    for line in diagram.junctions:
        painter.drawPolyline(_on(line, middle, unit))
    bold = QFont(font)
    bold.setBold(True)
    painter.setFont(bold)
    painter.setPen(QPen(inks.line, 2.0))
    for one in diagram.biopsies:
        at, reach = middle + QPointF(one.x, one.y) * unit, 4.0
        painter.drawLine(at + QPointF(-reach, -reach), at + QPointF(reach, reach))
        painter.drawLine(at + QPointF(-reach, reach), at + QPointF(reach, -reach))
        _word(painter, at + QPointF(6, -6), one.letter)
    for area in diagram.areas:
        _word(painter, middle + QPointF(*area.at) * unit, area.label, centred=True)


def _paint_form(painter: QPainter, middle: QPointF, unit: float, inks: Inks, font: QFont) -> None:
    faint = QColor(inks.line)
    faint.setAlpha(110)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(faint, 1.0))
    circle = partial(painter.drawEllipse, middle)
    for x, y, _ in HOURS:
        painter.drawLine(middle + QPointF(x, y) * OS_RADIUS * unit, middle + QPointF(x, y) * unit)
    painter.setPen(QPen(inks.line, 1.8))
    circle(unit, unit)
    circle(OS_RADIUS * unit, OS_RADIUS * unit)
    painter.setFont(font)
    painter.setPen(faint)
    for x, y, hour in HOURS:
        _word(painter, middle + QPointF(x, y) * unit * 1.12, hour, centred=True)


def _word(painter: QPainter, at: QPointF, words: str, *, centred: bool = False) -> None:
    metrics = painter.fontMetrics()
    width = metrics.horizontalAdvance(words)
    painter.drawText(at + QPointF(-width / 2 if centred else 0.0, metrics.ascent() / 2 - 1), words)


def _on(line: Outline, middle: QPointF, unit: float) -> QPolygonF:
    return QPolygonF([middle + QPointF(x, y) * unit for x, y in line])
