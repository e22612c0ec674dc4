"""What the long lists share: rows of words for Qt's item views, of which more are asked for as one scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont

from pfm_desktop.support.listing import titled

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
Role = Qt.ItemDataRole


class Words(Protocol):
    """A row: what its cells show, and say where there is room."""

    @property
    def cells(self) -> tuple[str, ...]:
        """A text for each column."""

    def full(self, column: int) -> str:
        """The whole of it, for the tooltip and the screen reader."""


class PagedRows(QAbstractTableModel):
    """`more_wanted` once the view comes to the end of rows behind which there are more."""

    more_wanted = Signal()

    def __init__(self, columns: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._asked = False  # more rows are on their way

    def shown(self) -> Sequence[Words]:
        """The rows as they stand."""
        raise NotImplementedError

    def has_more(self) -> bool:
        """Whether there are rows behind them."""
        raise NotImplementedError

    def bold(self, row: int, column: int) -> bool:
        """Whether a cell stands out."""
        raise NotImplementedError

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Rows that were read."""
        return 0 if parent.isValid() else len(self.shown())

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """Columns."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """Words, and more of them where there is room."""
        if not index.isValid():
            return None
        row, column = self.shown()[index.row()], index.column()
        if role == Role.DisplayRole:
            return row.cells[column]
        if role == Role.ToolTipRole:
            return row.full(column) or None
        if role == Role.AccessibleTextRole:
            return titled(self._columns[column], row.full(column))
        if role == Role.FontRole and self.bold(index.row(), column):
            font = QFont()
            font.setBold(True)
            return font
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Titles of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return self._columns[section]
        if orientation is Qt.Orientation.Horizontal and role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def canFetchMore(self, parent: Index = NOWHERE) -> bool:
        """Whether there are more rows, and none are on their way."""
        return not (parent.isValid() or self._asked) and self.has_more()

    def fetchMore(self, parent: Index = NOWHERE) -> None:
        """The view has come to the end of what there is."""
        if self.canFetchMore(parent):
            self._asked = True
            self.more_wanted.emit()
