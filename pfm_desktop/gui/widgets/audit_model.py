"""Lines of the audit trail as Qt's item views want them; more are asked for as one scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont

from pfm_desktop.viewmodels.audit import COLUMNS, AuditList, AuditRow

if TYPE_CHECKING:
    from pfm_desktop.services.audit import Told, Wanted

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
Role = Qt.ItemDataRole


class AuditModel(QAbstractTableModel):
    """`more_wanted` when the end of what was read comes into sight."""

    more_wanted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.list = AuditList()
        self._waiting = False  # a page is on its way

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Lines that were read."""
        return 0 if parent.isValid() else len(self.list.rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """See `viewmodels.audit.COLUMNS`."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """Words; a line that cannot be read is bold."""
        if not index.isValid():
            return None
        row = self.list.rows[index.row()]
        if role == Role.DisplayRole:
            return row.cells[index.column()]
        if role == Role.ToolTipRole:
            return row.full(index.column()) or None
        if role == Role.AccessibleTextRole:
            return f"{COLUMNS[index.column()]}: {row.full(index.column())}"
        if role == Role.FontRole and not row.told.readable:
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
        return None

    def canFetchMore(self, parent: Index) -> bool:
        """Whether there are older lines, and none are on their way."""
        return not (parent.isValid() or self._waiting or self.list.complete)

    def fetchMore(self, parent: Index) -> None:
        """The view has come to the end."""
        if self.canFetchMore(parent):
            self._waiting = True
            self.more_wanted.emit()

    def ask(self, wanted: Wanted) -> None:
        """Another question; its first page is on its way."""
        self.beginResetModel()
        self.list.ask(wanted)
        self._waiting = True
        self.endResetModel()

    def add(self, page: Sequence[Told]) -> None:
        """The next page came."""
        self._waiting = False
        first = len(self.list.rows)
        if not page:
            self.list.add(page)
            return
        self.beginInsertRows(NOWHERE, first, first + len(page) - 1)
        self.list.add(page)
        self.endInsertRows()

    def gave_up(self) -> None:
        """The next page did not come; scrolling asks again."""
        self._waiting = False

    def row(self, number: int) -> AuditRow | None:
        """A line by its place; None beyond the ends."""
        return self.list.rows[number] if 0 <= number < len(self.list.rows) else None
