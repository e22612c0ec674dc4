"""The Today list as Qt's item views want it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QGuiApplication

from pfm_desktop.gui.theme import alarm_colour
from pfm_desktop.gui.widgets.paged_rows import NOWHERE, Index, PagedRows, Role
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.worklist import COLUMNS, HISTOLOGY, IMPRESSION, NAME, WHEN, WorkRow, ordered


class WorklistModel(PagedRows):
    """See `PagedRows`; sorting keeps the newest-first order among equals. `add_rows` answers `more_wanted`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(COLUMNS, parent)
        self._given: tuple[WorkRow, ...] = ()
        self._rows: tuple[WorkRow, ...] = ()
        self._sorted_by: tuple[int, bool] | None = None  # column, descending
        self._more = False

    def shown(self) -> Sequence[WorkRow]:
        """Visits shown."""
        return self._rows

    def has_more(self) -> bool:
        """Whether there are older visits."""
        return self._more

    def bold(self, row: int, column: int) -> bool:
        """Visits of today, and what is overdue."""
        line = self._rows[row]
        return (line.today and column in (WHEN, NAME)) or (line.overdue and column == HISTOLOGY)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """See `PagedRows`; what is overdue is red as well."""
        if role == Role.ForegroundRole and index.isValid() and index.column() == HISTOLOGY:
            return QColor(alarm_colour(QGuiApplication.palette())) if self._rows[index.row()].overdue else None
        return super().data(index, role)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Titles of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Role.ToolTipRole and section == IMPRESSION:
            return tr("The clinician's grade: normal, low, high, cancer")
        return super().headerData(section, orientation, role)

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
