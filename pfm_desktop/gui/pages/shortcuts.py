"""The list of all keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QLineEdit, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from pfm_desktop.gui.actions import ActionBook, native
from pfm_desktop.gui.widgets.panel_parts import LeavesOnEscape
from pfm_desktop.support.language import tr


class ShortcutsPage(LeavesOnEscape, QWidget):
    """All keys in one table with a filter; `closed` on Escape."""

    closed = Signal()
    title = tr("Keyboard shortcuts")

    def __init__(self, book: ActionBook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._book = book
        heading = QLabel(tr("Keyboard shortcuts"), self)
        heading.setProperty("role", "title")
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText(tr("Filter; Escape goes back"))
        self.filter.setAccessibleName(tr("Filter shortcuts"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(lambda _text: self._fill())
        self.table = QTableWidget(0, 3, self)
        self.table.setHorizontalHeaderLabels((tr("Keys"), tr("What they do"), tr("Where")))
        self.table.setAccessibleName(tr("Keyboard shortcuts"))
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setTabKeyNavigation(False)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.horizontalHeader().resizeSection(0, 220)
        self.table.horizontalHeader().resizeSection(1, 420)
        self.table.horizontalHeader().setStretchLastSection(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        for widget in (heading, self.filter, self.table):
            column.addWidget(widget)

    def page_actions(self) -> Sequence[QAction]:
        """None of its own."""
        return ()

    def entered(self) -> None:
        """The page comes into sight."""
        self._fill()
        self.filter.setFocus()

    def left(self) -> None:
        """Nothing is kept running."""

    def _fill(self) -> None:
        from pfm_desktop.gui.widgets.stage_keys import STAGE_KEYS
        from pfm_desktop.viewmodels.page_keys import PICTURES

        lines = [(native(row.shortcut), row.text, row.group) for row in self._book.rows() if row.shortcut]
        said = {what.casefold() for _, what, _ in lines}
        lines += [(keys, what, PICTURES) for keys, what in STAGE_KEYS if what.casefold() not in said]
        words = self.filter.text().casefold().split()
        shown = [line for line in lines if all(word in " ".join(line).casefold() for word in words)]
        self.table.setRowCount(len(shown))
        for place, line in enumerate(shown):
            for column, text in enumerate(line):
                self.table.setItem(place, column, QTableWidgetItem(text))
