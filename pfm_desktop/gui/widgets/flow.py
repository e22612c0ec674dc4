"""Widgets in a row; another begins where the row is full."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class FlowRow(QWidget):
    """Its parts keep the size they ask for, centred in a row as high as the highest; its height is that of its rows.

    No layout of Qt's: one that is written in Python is asked a hundred times for each change of a caption, and each
    time the window would wait for its turn at the interpreter while the engine works.
    """

    def __init__(self, parent: QWidget | None = None, *, gap: int = 8, margins: QMargins | None = None) -> None:
        super().__init__(parent)
        self._parts: list[QWidget] = []
        self._gap = gap
        self.setContentsMargins(margins or QMargins())
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def add(self, *parts: QWidget) -> None:
        """Put widgets behind those that are there; keys go through them in this order."""
        for part in parts:
            part.setParent(self)
            self._parts.append(part)
        reached = [one for part in self._parts for one in (part, *part.findChildren(QWidget)) if _takes_keys(one)]
        for first, second in pairwise(reached):
            self.setTabOrder(first, second)
        if self.testAttribute(Qt.WidgetAttribute.WA_Resized) or self.isVisible():
            self._place()
        else:  # its width is not known yet: one row, or a window would grow for many
            margins = self.contentsMargins()
            highest = max((_wanted(part).height() for part in self._parts), default=0)
            self.setFixedHeight(highest + margins.top() + margins.bottom())

    def replace(self, *parts: QWidget) -> None:
        """Put these in place of all that are there; those that are gone are the caller's to delete."""
        self._parts.clear()
        self.add(*parts)

    def event(self, event: QEvent) -> bool:
        """A part wants another size, came or went."""
        if event.type() is QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        """A caption that changed while nobody saw it asked for nothing."""
        super().showEvent(event)
        if not event.spontaneous():
            self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wider or narrower: other rows. Its own height, which placing sets, changes nothing."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._place()

    def _place(self) -> None:
        inner = self.contentsRect()
        shown = [(part, _wanted(part)) for part in self._parts if not part.isHidden()]
        widest, y = 0, inner.y()
        for row in _rows(shown, inner.width(), self._gap):
            height = max(size.height() for _, size in row)
            x = inner.x()
            for part, size in row:
                part.setGeometry(QRect(QPoint(x, y + (height - size.height()) // 2), size))
                x += size.width() + self._gap
            y += height + self._gap // 2
        for part, _ in shown:
            widest = max(widest, part.minimumSizeHint().width(), part.minimumWidth())
        margins = self.contentsMargins()
        self.setMinimumWidth(widest + margins.left() + margins.right())
        self.setFixedHeight(max(0, y - self._gap // 2 + margins.bottom()))


def _takes_keys(part: QWidget) -> bool:
    return bool(part.focusPolicy() & Qt.FocusPolicy.TabFocus)


def _wanted(part: QWidget) -> QSize:
    """The size that a layout of Qt's would give it where there is room."""
    return part.sizeHint().boundedTo(part.maximumSize()).expandedTo(part.minimumSize())


def _rows(shown: list[tuple[QWidget, QSize]], width: int, gap: int) -> list[list[tuple[QWidget, QSize]]]:
    """In order, as many in a row as fit into `width`; what is wider than that has a row of its own and is cut to it."""
    rows: list[list[tuple[QWidget, QSize]]] = []
    left = 0
    for part, wanted in shown:
        size = wanted.boundedTo(QSize(max(1, width), wanted.height())).expandedTo(part.minimumSize())
        if not rows or size.width() > left:
            rows.append([])
            left = width
        rows[-1].append((part, size))
        left -= size.width() + gap
    return rows
