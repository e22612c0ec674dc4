"""Lines of the audit trail as Qt's item views want them; more are asked for as one scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from pfm_desktop.gui.widgets.paged_rows import NOWHERE, PagedRows
from pfm_desktop.viewmodels.audit import COLUMNS, AuditList, AuditRow

if TYPE_CHECKING:
    from pfm_desktop.services.audit import Told, Wanted


class AuditModel(PagedRows):
    """See `PagedRows`; a line that cannot be read is bold."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(COLUMNS, parent)
        self.list = AuditList()

    def shown(self) -> Sequence[AuditRow]:
        """Lines that were read."""
        return self.list.rows

    def has_more(self) -> bool:
        """Whether there are older lines."""
        return not self.list.complete

    def bold(self, row: int, column: int) -> bool:
        """One that cannot be read."""
        return not self.list.rows[row].told.readable

    def ask(self, wanted: Wanted) -> None:
        """Another question; its first page is on its way."""
        self.beginResetModel()
        self.list.ask(wanted)
        self._asked = True
        self.endResetModel()

    def add(self, page: Sequence[Told]) -> None:
        """The next page came."""
        self._asked = False
        first = len(self.list.rows)
        if not page:
            self.list.add(page)
            return
        self.beginInsertRows(NOWHERE, first, first + len(page) - 1)
        self.list.add(page)
        self.endInsertRows()

    def gave_up(self) -> None:
        """The next page did not come; scrolling asks again."""
        self._asked = False

    def row(self, number: int) -> AuditRow | None:
        """A line by its place; None beyond the ends."""
        return self.list.rows[number] if 0 <= number < len(self.list.rows) else None
