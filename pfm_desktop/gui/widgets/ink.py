"""Lines and letters that stay readable on any tissue: light on a dark outline, in neutral greys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from pfm_desktop.viewmodels.overlay import SURROUND

SURROUND_COLOUR = QColor(SURROUND, SURROUND, SURROUND)
PLATE = QColor(16, 16, 16, 242)  # letters of a label below must not shine through those above
TEXT = QColor(240, 240, 240)
FAINT = QColor(190, 190, 190)
DARK = QColor(0, 0, 0, 200)
LIGHT = QColor(255, 255, 255)
CHOSEN = QColor(90, 220, 255)  # apart from tissue and from the hot end of every colour map
PROBLEM = QColor(255, 176, 46)  # amber, as of a limited picture
PAD = 6.0


def stage_font(size: float = 13.0, *, bold: bool = False) -> QFont:
    """The stage's font; `size` in logical pixels."""
    font = QFont()
    font.setPixelSize(max(8, round(size)))
    font.setBold(bold)
    return font


def plate(painter: QPainter, at: QPointF, text: str, *, font: QFont | None = None, align_right: bool = False) -> QRectF:
    """Text on a dark plate with its top-left (or top-right) corner at `at`; gives back the plate."""
    font = font or stage_font()
    rect = plate_rect(at, text, font, align_right=align_right)
    fill_plate(painter, rect)
    painter.setFont(font)
    painter.setPen(TEXT)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    return rect


def plate_rect(at: QPointF, text: str, font: QFont, *, align_right: bool = False) -> QRectF:
    """Where `plate` lies."""
    metrics = QFontMetricsF(font)
    width, height = metrics.horizontalAdvance(text) + 2 * PAD, metrics.height() + PAD
    return QRectF(at.x() - (width if align_right else 0.0), at.y(), width, height)


def draw_middle(painter: QPainter, area: QRectF, text: str) -> None:
    """What is said in place of a picture."""
    painter.setFont(stage_font(15))
    painter.setPen(FAINT if area.width() > 200 else TEXT)
    inner = area.adjusted(12, 12, -12, -12)
    painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)


def fill_plate(painter: QPainter, rect: QRectF) -> None:
    """The dark plate itself."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(rect, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def twice(
    painter: QPainter,
    draw: Callable[[], None],
    *,
    width: float = 1.5,
    colour: QColor = LIGHT,
    smooth: bool = True,
    dash: float = 0.0,
) -> None:
    """Call `draw` with a dark wide pen, then with a light one; both in dashes of so many pixels, 0 for none."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen_colour, pen_width in ((DARK, width + 2.0), (colour, width)):
        pen = QPen(pen_colour, pen_width)  # logical pixels: as thick to the eye on any screen
        if dash:
            pen.setDashPattern([dash / pen_width, dash / pen_width])  # Qt counts in widths
        painter.setPen(pen)
        draw()
