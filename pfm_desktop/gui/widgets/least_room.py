"""Pages on a screen that is too small for them: they keep the room that they need, and scroll."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QScrollArea, QWidget


class LeastRoom(QScrollArea):
    """Shows `pages`, which are never smaller than that: parts would lie over each other, or beyond the window's edge.

    The tab key brings what it reaches into sight.
    """

    def __init__(self, pages: QWidget, width: int, height: int) -> None:
        super().__init__()
        self.setWidget(_Held(pages, width, height))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def focusNextPrevChild(self, next_: bool) -> bool:
        """See the class."""
        went = super().focusNextPrevChild(next_)
        QTimer.singleShot(0, self, self._bring)  # once what scrolls inside has brought it into its own sight
        return went

    def _bring(self) -> None:
        if (now := QApplication.focusWidget()) is not None and self.isAncestorOf(now):
            self.ensureWidgetVisible(now)


def bring_row_into_sight(view: QAbstractItemView) -> None:
    """The row that was chosen by a key, where the page scrolls around the view: another one may be all that is seen."""
    area = view.parentWidget()
    while area is not None and not isinstance(area, LeastRoom):
        area = area.parentWidget()
    held = area.widget() if area is not None else None
    if area is not None and held is not None:
        row, left = view.visualRect(view.currentIndex()), area.horizontalScrollBar().value()
        middle = view.viewport().mapTo(held, row.center()).y()
        area.ensureVisible(left, middle, 0, row.height())


class _Held(QWidget):
    """Without a layout: pages would ask for the height in which nothing of them scrolls, on every screen."""

    def __init__(self, pages: QWidget, width: int, height: int) -> None:
        super().__init__()
        self._pages = pages
        pages.setParent(self)
        self.setMinimumSize(width, height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See the class."""
        super().resizeEvent(event)
        self._pages.resize(self.size())
