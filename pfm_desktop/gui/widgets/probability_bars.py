"""Four probabilities as bars, each with its spread as a whisker and its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from pfm_desktop.domain.grade import GRADE_WORDS
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.answer import Bar
from pfm_desktop.viewmodels.grades import COLOURS, TITLES

GAP = 8
POSSIBLE, RULED_OUT = "\u25cf", "\u25cb"  # filled and empty circle


class ProbabilityBars(QWidget):
    """Draws `Bar`s in the colours of the palette; the grades have their own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[Bar, ...] = ()
        self.setAccessibleName(tr("Probability of each grade"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """What is drawn."""
        return self._bars

    def show_bars(self, bars: Sequence[Bar]) -> None:
        """Draw these, from top to bottom."""
        self._bars = tuple(bars)
        self.setAccessibleDescription("; ".join(_spoken(bar) for bar in self._bars))
        self.setVisible(bool(self._bars))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As high as its lines."""
        return QSize(300, len(self._bars) * self._line() + 2)

    def minimumSizeHint(self) -> QSize:
        """Room for names and numbers and a short bar."""
        return QSize(self._names() + self._numbers() + 2 * GAP + 60, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """See the class."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, bar in enumerate(self._bars):
            self._draw(painter, bar, QRectF(0, number * self._line(), self.width(), self._line()))
        painter.end()

    def _draw(self, painter: QPainter, bar: Bar, line: QRectF) -> None:
        palette, middle = self.palette(), Qt.AlignmentFlag.AlignVCenter
        text = palette.color(QPalette.ColorRole.WindowText)
        painter.setPen(text)
        painter.setFont(self._font(bold=bar.first))
        mark = POSSIBLE if bar.possible else RULED_OUT
        painter.drawText(line, middle | Qt.AlignmentFlag.AlignLeft, f"{mark} {TITLES[bar.grade]}")
        painter.drawText(line, middle | Qt.AlignmentFlag.AlignRight, bar.numbers)
        left = self._names() + GAP
        room = QRectF(left, line.top() + 5, line.width() - left - self._numbers() - GAP, line.height() - 10)
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Mid), 1))
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRect(room)
        filled = QRectF(room.left(), room.top(), room.width() * min(1.0, max(0.0, bar.share)), room.height())
        painter.setBrush(QColor(COLOURS[bar.grade]))
        painter.drawRect(filled)
        self._whisker(painter, bar, room, text)

    def _whisker(self, painter: QPainter, bar: Bar, room: QRectF, text: QColor) -> None:
        """One standard deviation to each side; with a halo, so that it shows on every bar and in both themes."""
        low, high = max(0.0, bar.share - bar.spread), min(1.0, bar.share + bar.spread)
        x0, x1, y = room.left() + room.width() * low, room.left() + room.width() * high, room.center().y()
        strokes = ((QPointF(x0, y), QPointF(x1, y)), *((QPointF(x, y - 4), QPointF(x, y + 4)) for x in (x0, x1)))
        for colour, width in ((self.palette().color(QPalette.ColorRole.Base), 4.0), (text, 1.6)):
            painter.setPen(QPen(colour, width))
            for start, end in strokes:
                painter.drawLine(start, end)

    def _font(self, *, bold: bool) -> QFont:
        font = QFont(self.font())
        font.setBold(bold)
        return font

    def _line(self) -> int:
        return self.fontMetrics().height() + 10

    def _names(self) -> int:
        metrics = QFontMetrics(self._font(bold=True))
        return max(metrics.horizontalAdvance(f"{POSSIBLE} {title}") for title in TITLES.values())

    def _numbers(self) -> int:
        return QFontMetrics(self._font(bold=True)).horizontalAdvance("0.00 \u00b1 0.00")


def _spoken(bar: Bar) -> str:
    grade = GRADE_WORDS[bar.grade]
    if bar.possible:
        return tr("{grade} {numbers}, in the prediction set", grade=grade, numbers=bar.numbers)
    return f"{grade} {bar.numbers}"
