"""The Today list as Qt's item views want it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont

from pfm_desktop.viewmodels.worklist import COLUMNS, IMPRESSION, NAME, WHEN, WorkRow, ordered

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
Role = Qt.ItemDataRole


class WorklistModel(QAbstractTableModel):
    """Rows of the list. Sorting keeps the newest-first order among equals.

    `more_wanted` once the view comes to the end of rows behind which there are more; `add_rows` answers it.
    """

    more_wanted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._given: tuple[WorkRow, ...] = ()
        self._rows: tuple[WorkRow, ...] = ()
        self._sorted_by: tuple[int, bool] | None = None  # column, descending
        self._more = self._asked = False

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Visits shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """See `worklist.COLUMNS`."""
        return 0 if parent.isValid() else len(COLUMNS)

    def canFetchMore(self, parent: Index = NOWHERE) -> bool:
        """Whether there are more rows, and nobody has been asked for them yet."""
        return self._more and not self._asked and not parent.isValid()

    def fetchMore(self, parent: Index = NOWHERE) -> None:
        """The view has come to the end of what there is."""
        if self.canFetchMore(parent):
            self._asked = True
            self.more_wanted.emit()

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """Words, with the zone of a time where it is asked for; visits of today are bold."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Role.DisplayRole:
            return row.cells[index.column()]
        if role == Role.ToolTipRole:
            return row.full(index.column()) or None
        if role == Role.AccessibleTextRole:
            return f"{COLUMNS[index.column()]}: {row.full(index.column())}"
        if role == Role.FontRole and row.today and index.column() in (WHEN, NAME):
            font = QFont()
            font.setBold(True)
            return font
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Titles of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Role.DisplayRole:
            return COLUMNS[section]
        if orientation is Qt.Orientation.Horizontal and role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role == Role.ToolTipRole and section == IMPRESSION:
            return "The clinician's grade: normal, low, high, cancer"
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 is the order in which the visits came, newest first."""
        self._sorted_by = None if column < 0 else (column, order is Qt.SortOrder.DescendingOrder)
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        kept = [(self._rows[index.row()].visit_id, index.column()) for index in before]
        self._rows = self._in_order()
        after = [self.index(self.place_of(visit_id), column) for visit_id, column in kept]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def show_rows(self, rows: Sequence[WorkRow], *, more: bool = False) -> None:
        """Show other rows; whether there are `more` behind them."""
        self.beginResetModel()
        self._given, self._more, self._asked = tuple(rows), more, False
        self._rows = self._in_order()
        self.endResetModel()

    def add_rows(self, rows: Sequence[WorkRow], *, more: bool) -> None:
        """Rows that come behind those that were given last; they go where they are sorted to."""
        known = {row.visit_id for row in self._given}
        new = tuple(row for row in rows if row.visit_id not in known)
        self._more, self._asked = more, False
        if not new:
            return
        first = len(self._rows)
        self.beginInsertRows(NOWHERE, first, first + len(new) - 1)
        self._given += new
        self._rows += new
        self.endInsertRows()
        if self._sorted_by is not None:
            column, descending = self._sorted_by
            self.sort(column, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)

    def row(self, number: int) -> WorkRow | None:
        """A row by its place; None beyond the ends."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def place_of(self, visit_id: str) -> int:
        """Where a visit stands; -1 when it is not shown."""
        return next((place for place, row in enumerate(self._rows) if row.visit_id == visit_id), -1)

    def _in_order(self) -> tuple[WorkRow, ...]:
        if self._sorted_by is None:
            return self._given
        column, descending = self._sorted_by
        return ordered(self._given, column, descending=descending)
