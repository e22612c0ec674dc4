"""The line of time above the filmstrip: parts of the examination, and how long nothing was taken in between."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from pfm_desktop.viewmodels.filmstrip import FilmstripEntry

ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
GAP_WIDTH = 58  # pixels of a gap: its length is written, not drawn, as a visit of an hour would not fit
APART = 22  # before a part of the examination that begins without a gap that is known
TICK = 5
TALLER = 6  # what letters of another script may be taller than those of the font, of two lines
_Index = QModelIndex | QPersistentModelIndex


def band_height(metrics: QFontMetrics) -> int:
    """Pixels that the line takes above the pictures."""
    return metrics.height() + TICK + TALLER // 2 - 1


class TimelineDelegate(QStyledItemDelegate):
    """Draws each item below the line, right of the gap before it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """With the line and the gap."""
        hint, entry = super().sizeHint(option, index), index.data(ENTRY_ROLE)
        if not isinstance(entry, FilmstripEntry):
            return hint
        metrics = QFontMetrics(option.font)
        width = hint.width() + _lead(entry, index, metrics)
        if entry.begins:  # the name of the part is read whole, also where it has one picture
            width = max(width, _lead(entry, index, metrics) + _bold(option.font).horizontalAdvance(entry.group) + 10)
        return QSize(width, hint.height() + TALLER + band_height(metrics))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """The line, and the picture with its words."""
        entry = index.data(ENTRY_ROLE)
        if not isinstance(entry, FilmstripEntry):
            super().paint(painter, option, index)
            return
        whole = QRect(option.rect)
        metrics = QFontMetrics(option.font)
        lead, band = _lead(entry, index, metrics), band_height(metrics)
        _draw_line(painter, whole, lead, band, entry, option)
        own = QStyleOptionViewItem(option)
        own.rect = whole.adjusted(lead, band, 0, 0)
        super().paint(painter, own, index)


def _lead(entry: FilmstripEntry, index: _Index, metrics: QFontMetrics) -> int:
    """Pixels left free before an item."""
    if entry.gap:
        return max(GAP_WIDTH, metrics.horizontalAdvance(f"+ {entry.gap}") + 8)
    return APART if entry.begins and index.row() > 0 else 0


def _bold(font: QFont) -> QFontMetrics:
    made = QFont(font)
    made.setBold(True)
    return QFontMetrics(made)


def _draw_line(
    painter: QPainter, whole: QRect, lead: int, band: int, entry: FilmstripEntry, option: QStyleOptionViewItem
) -> None:
    """A part's line begins with a tick at its first picture and goes on over the others; in a gap it is dotted."""
    colours = option.palette
    text, line = colours.color(QPalette.ColorRole.Text), colours.color(QPalette.ColorRole.PlaceholderText)
    y = whole.top() + band - TICK
    left = whole.left() + lead
    painter.save()
    painter.setPen(QPen(line, 2))
    painter.drawLine(QPointF(left, y), QPointF(whole.right() + (1 if entry.begins else 5), y))
    if entry.begins:
        painter.drawLine(QPointF(left, y), QPointF(left, y + TICK))
        font = QFont(option.font)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(text)
        words = QRect(left, whole.top(), whole.right() - left, band - TICK - 2)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, entry.group)
    if lead:
        painter.setFont(option.font)
        painter.setPen(QPen(line, 2, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(whole.left() + 2, y), QPointF(left - 4, y))
    if entry.gap:
        painter.setPen(text)
        below = QRect(whole.left(), y + TICK, lead - 2, whole.height() - band)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, f"+ {entry.gap}")
    painter.restore()
