"""A warning that must not be missed beside what it warns of: a sign, what to do in bold, and why."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QFont, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.support.language import tr

_LINES = 2  # of text that the sign is high
_LARGER = 1.15  # than the text around it


class WarningNotice(QFrame):
    """Hidden while there is nothing to warn of. Its tooltip and its description for a screen reader say the details."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "warning")
        self.caution, self.why = words(self), words(self)
        self.sign = WarningSign(self.caution, self)
        lay_beside(self, self.sign, (self.caution, self.why), between=2, gap=10).setContentsMargins(8, 6, 8, 6)
        self.hide()

    def show_warning(self, caution: str, why: str, details: str = "") -> None:
        """Warn, or hide with "". A screen reader is told once, when the warning comes."""
        said = " ".join(part for part in (caution, why, details) if part) if caution else ""
        new = bool(caution) and said != self.accessibleDescription()
        self.caution.setText(caution)
        self.why.setText(why)
        self.setToolTip(said)
        self.setAccessibleName(tr("Warning") if caution else "")
        self.setAccessibleDescription(said)
        self._enlarge()
        self.setVisible(bool(caution))
        if new:
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def changeEvent(self, event: QEvent) -> None:
        """What to do stays larger than the rest, whatever letters the desktop uses."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange) and hasattr(self, "caution"):
            self._enlarge()

    def _enlarge(self) -> None:
        font = QFont(self.font())
        font.setBold(True)
        font.setPixelSize(round(_LARGER * self.fontInfo().pixelSize()))
        self.caution.setFont(font)


class WarningSign(QWidget):
    """A triangle with an exclamation mark, as high as two lines of `beside` and in its colour."""

    def __init__(self, beside: QLabel, parent: QWidget) -> None:
        super().__init__(parent)
        self._beside = beside
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A square."""
        side = _LINES * self._beside.fontMetrics().lineSpacing() - 4
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """See the class."""
        side, middle = float(min(self.width(), self.height())), self.width() / 2
        colour = self._beside.palette().color(QPalette.ColorRole.WindowText)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = side / 11
        painter.setPen(QPen(colour, line, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        corners = [QPointF(middle, line), QPointF(side - line, side - line), QPointF(line, side - line)]
        painter.drawPolygon(QPolygonF(corners))
        painter.drawLine(QPointF(middle, 0.40 * side), QPointF(middle, 0.60 * side))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(QRectF(middle - line / 1.6, 0.72 * side, line * 1.25, line * 1.25))
        painter.end()


def lay_beside(frame: QFrame, sign: WarningSign, lines: Sequence[QLabel], *, between: int, gap: int) -> QHBoxLayout:
    """The sign, and `gap` pixels beside it the lines, `between` pixels apart."""
    column = QVBoxLayout()
    column.setSpacing(between)
    for line in lines:
        column.addWidget(line)
    row = QHBoxLayout(frame)
    row.setSpacing(gap)
    row.addWidget(sign, 0, Qt.AlignmentFlag.AlignVCenter)
    row.addLayout(column, 1)
    return row
