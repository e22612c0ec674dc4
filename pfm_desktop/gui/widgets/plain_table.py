"""A table that is read and chosen from, and never written in."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

ROW = 30  # pixels


def plain_table(parent: QWidget, columns: Sequence[str], name: str, *, row: int = ROW) -> QTableWidget:
    """An empty one; columns are as wide as their words, and the last one takes the rest."""
    table = QTableWidget(0, len(columns), parent)
    table.setHorizontalHeaderLabels(list(columns))
    table.setAccessibleName(name)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(row)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setStretchLastSection(True)
    return table


def show_rows(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
    """Show these; what is cut off is said by the mouse."""
    table.setRowCount(len(rows))
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            table.setItem(row, column, item)


def as_high_as_its_rows(table: QTableWidget, *, most: int | None = None) -> None:
    """So that nothing of it has to be scrolled to; with `most` rows at most."""
    shown = table.rowCount() if most is None else min(max(table.rowCount(), 1), most)
    height = table.verticalHeader().defaultSectionSize() * shown
    table.setFixedHeight(table.horizontalHeader().sizeHint().height() + height + 4)
