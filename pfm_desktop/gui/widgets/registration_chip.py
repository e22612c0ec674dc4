"""The registration chip: whether the two pictures lie on each other, in colour, shape and words."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from pfm_desktop.domain.registration import RegistrationSummary
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import titled
from pfm_desktop.viewmodels.registration_chip import ChipText, Light, chip_text

# dark grounds and near-white words: 7:1 and more
COLOURS = {
    Light.GREEN: QColor("#1E5B3A"),
    Light.AMBER: QColor("#6B4A00"),
    Light.RED: QColor("#7A1F1F"),
    Light.GREY: QColor("#474747"),
}
PRESS = tr("Press to place points by hand.")
LIGHT_WORDS = {
    Light.GREEN: tr("green", "light"),
    Light.AMBER: tr("amber", "light"),
    Light.RED: tr("red", "light"),
    Light.GREY: tr("grey", "light"),
}
WORDS = QColor("#F5F5F5")
ICON = 16
PAD = 9


class RegistrationChip(QAbstractButton):
    """A button; `clicked` asks for placing points by hand. One that does not `press` only says how it is."""

    def __init__(self, parent: QWidget | None = None, *, presses: bool = True) -> None:
        super().__init__(parent)
        self._says, self._presses = chip_text(None), presses
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if presses else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if presses else Qt.CursorShape.ArrowCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)  # painted anew when the mouse comes and goes
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Registration"))
        self._show(self._says)

    def set_summary(self, summary: RegistrationSummary | None) -> None:
        """What came of the registration; None while there is none."""
        self._show(chip_text(summary))

    def set_pending(self) -> None:
        """The registration is being worked out."""
        self._show(chip_text(None, pending=True))

    def set_text(self, says: ChipText) -> None:
        """What is said in other words than of a pair."""
        self._show(says)

    @property
    def light(self) -> Light:
        """Colour and shape shown now."""
        return self._says.light

    def _show(self, says: ChipText) -> None:
        self._says = says
        self.setText(says.text)
        self.setToolTip(says.explanation + (f" {PRESS}" if self._presses else ""))
        self.setAccessibleDescription(titled(LIGHT_WORDS[says.light], says.explanation))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the whole text."""
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self.text()) + ICON + 3 * PAD + 2, max(28, metrics.height() + 12))

    def minimumSizeHint(self) -> QSize:
        """Room for the icon and the first words; the rest is in the tooltip."""
        return QSize(min(110, self.sizeHint().width()), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ground, shape, words; two frames show the focus, one to be seen on the ground and one on the bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = COLOURS[self._says.light]
        lit = self._presses and (self.underMouse() or self.isDown())
        painter.setBrush(ground.lighter(118) if lit else ground)
        around = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(self.palette().highlight(), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(around, 6, 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.hasFocus():
            painter.setPen(QPen(WORDS, 1.5))
            painter.drawRoundedRect(around.adjusted(2, 2, -2, -2), 4, 4)
        painter.setPen(QPen(WORDS, 2))
        _draw_shape(painter, self._says.light, QPointF(PAD + ICON / 2, self.height() / 2))
        words = self.rect().adjusted(2 * PAD + ICON, 0, -PAD, 0)
        elided = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)
        painter.end()


def _draw_shape(painter: QPainter, light: Light, at: QPointF) -> None:
    if light is Light.GREEN:
        painter.drawPolyline(QPolygonF([at + QPointF(-6, 0), at + QPointF(-2, 5), at + QPointF(6, -5)]))
    elif light is Light.AMBER:
        painter.drawPolygon(QPolygonF([at + QPointF(0, -7), at + QPointF(7, 6), at + QPointF(-7, 6)]))
        painter.drawLine(at + QPointF(0, -2), at + QPointF(0, 1))
        painter.drawPoint(at + QPointF(0, 4))
    elif light is Light.RED:
        painter.drawLine(at + QPointF(-5, -5), at + QPointF(5, 5))
        painter.drawLine(at + QPointF(-5, 5), at + QPointF(5, -5))
    else:
        painter.drawEllipse(at, 5, 5)
