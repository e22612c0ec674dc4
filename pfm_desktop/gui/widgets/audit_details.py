"""The chosen line of the audit trail: its fields, before and after side by side, and a long value whole."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.audit import AuditRow, Details, FieldRow, details

NAME_WIDTH, WHOLE_HEIGHT = 210, 40  # pixels
NAME, BEFORE, AFTER = range(3)


class AuditDetails(QWidget):
    """`left_with_escape` when the keys are to go back to the list."""

    left_with_escape = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = Details()
        self.heading, self.about = words(self, "heading"), words(self, "quiet")
        for label in (self.heading, self.about):
            let_copy(label)
        self.table = self._make_table()
        self.before, self.after = self._make_whole(), self._make_whole()
        self._titles = {box: words(self, "quiet") for box in (self.before, self.after)}
        self.whole = QWidget(self)
        row = QHBoxLayout(self.whole)
        row.setContentsMargins(0, 0, 0, 0)
        for box, title in self._titles.items():
            side = QVBoxLayout()
            side.setSpacing(2)
            side.addWidget(title)
            side.addWidget(box, 1)
            row.addLayout(side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.about)
        column.addWidget(self.table, 3)
        column.addWidget(self.whole, 2)
        column.addStretch(0)
        self.show_row(None)

    def show_row(self, row: AuditRow | None) -> None:
        """Show a line; None empties this part."""
        self._shown = shown = details(row)
        say(self.heading, shown.heading)
        say(self.about, shown.about)
        alone = len(shown.fields) == 1 and shown.fields[0].is_long  # then the boxes below say all of it
        self.table.setVisible(bool(shown.fields) and not alone)
        self.table.setHorizontalHeaderLabels((tr("Field"), shown.before, shown.after))
        self.table.setColumnHidden(BEFORE, not shown.before)
        self.table.setColumnHidden(AFTER, not shown.after)
        self.table.setRowCount(len(shown.fields))
        for place, field in enumerate(shown.fields):
            for column, text in enumerate(field.cells):
                item = QTableWidgetItem(text)
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                self.table.setItem(place, column, item)
        self.table.setCurrentCell(0 if shown.fields else -1, 0)
        self.table.resizeRowsToContents()
        self._show_whole()
        self.table.scrollToTop()

    def take_keys(self) -> None:
        """The keys go to the fields."""
        for part in self.in_order():
            if part.isVisible():
                part.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def in_order(self) -> tuple[QWidget, ...]:
        """What takes the keys, as it is read."""
        return self.table, self.before, self.after

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape goes back to the list."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self.left_with_escape.emit()
            return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Values wrap into as many lines as they need."""
        super().resizeEvent(event)
        self.table.resizeRowsToContents()

    def _field(self) -> FieldRow | None:
        place = self.table.currentRow()
        return self._shown.fields[place] if 0 <= place < len(self._shown.fields) else None

    def _show_whole(self) -> None:
        """What the table has no room for."""
        field = self._field()
        self.whole.setVisible(field is not None and field.is_long)
        if field is None or not field.is_long:
            return
        for box, text, title in (
            (self.before, field.before, tr("before", "a change")),
            (self.after, field.after, tr("after", "a change")),
        ):
            box.setPlainText(text)
            box.verticalScrollBar().setValue(0)
            box.setVisible(bool(text))
            box.setAccessibleName(tr("{name}, {title}, whole", name=field.name, title=title))
            self._titles[box].setText(f"{field.name}, {title}")
            self._titles[box].setVisible(bool(text))

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, 3, self)
        table.setAccessibleName(tr("Fields of the chosen line, before and after"))
        table.verticalHeader().hide()
        table.setShowGrid(True)
        table.setWordWrap(True)
        table.setTabKeyNavigation(False)
        table.setTextElideMode(Qt.TextElideMode.ElideNone)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.resizeSection(NAME, NAME_WIDTH)
        for column in (BEFORE, AFTER):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        table.currentCellChanged.connect(lambda *_: self._show_whole())
        table.installEventFilter(self)
        return table

    def _make_whole(self) -> QPlainTextEdit:
        box = QPlainTextEdit(self)
        box.setReadOnly(True)
        box.setMinimumHeight(WHOLE_HEIGHT)
        box.setTabChangesFocus(True)
        box.installEventFilter(self)
        return box
