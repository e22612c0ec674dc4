"""The shortcut editor: each action with its keys; a conflict is said before it can happen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.gui.actions import PORTABLE, ActionBook, ShortcutRow, native
from pfm_desktop.support.language import tr

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
NO_KEYS = tr("none", "no keys")
_TITLES = (tr("Action"), tr("Where"), tr("Shortcut"), "")


class ShortcutEditor(QWidget):
    """`wanted(own)` carries all shortcuts that differ from the defaults, by action id. `used` when keys are looked at:
    the commands of every page should be known by then."""

    wanted = Signal(dict)
    used = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._book: ActionBook | None = None
        self._rows: tuple[ShortcutRow, ...] = ()
        self.table = QTableWidget(0, len(_TITLES), self)
        self.table.setHorizontalHeaderLabels(_TITLES)
        self.table.setAccessibleName(tr("Shortcuts"))
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setDefaultAlignment(LEFT)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.table.setMinimumHeight(300)
        self.table.currentCellChanged.connect(lambda *_: self._show_current())
        self.keys = QKeySequenceEdit(self)
        self.keys.setMaximumSequenceLength(1)
        self.keys.setAccessibleName(tr("New shortcut"))
        for field in self.keys.findChildren(QLineEdit):  # a screen reader meets the field inside
            field.setAccessibleName(tr("New shortcut"))
        for part in (self.table, self.keys):
            part.installEventFilter(self)
        self.keys.keySequenceChanged.connect(lambda _keys: self._judge())
        self.said = QLabel(self)
        self.said.setWordWrap(True)
        self.assign = QPushButton(tr("Use these keys"), self)
        self.none = QPushButton(tr("No keys"), self)
        self.default = QPushButton(tr("Back to default"), self)
        self.none.clicked.connect(self._no_keys)
        self.assign.clicked.connect(self._assign)
        self.default.clicked.connect(self._back)
        self._lay_out()

    def use(self, book: ActionBook) -> None:
        """Show the actions of a book."""
        if self._book is not None:
            self._book.changed.disconnect(self._fill)
        self._book = book
        book.changed.connect(self._fill)
        self._fill()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Somebody comes to choose."""
        if event.type() is QEvent.Type.FocusIn:
            self.used.emit()
        return super().eventFilter(watched, event)

    def in_order(self) -> tuple[QWidget, ...]:
        """What takes the keys, as it is read."""
        return self.table, self.keys, self.assign, self.none, self.default

    def _fill(self) -> None:
        if self._book is None:
            return
        current, before = max(0, self.table.currentRow()), self._current()
        self._rows = self._book.rows()
        self.table.setRowCount(len(self._rows))
        for place, row in enumerate(self._rows):
            cells = (row.text, row.group, native(row.shortcut) or NO_KEYS, tr("changed") if row.changed else "")
            for column, text in enumerate(cells):
                self.table.setItem(place, column, QTableWidgetItem(text))
        self.table.setCurrentCell(min(current, len(self._rows) - 1), 0)
        if self._current() == before:
            self._judge()  # keys that were typed stay
        else:
            self._show_current()

    def _current(self) -> ShortcutRow | None:
        place = self.table.currentRow()
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def _show_current(self) -> None:
        row = self._current()
        for widget in (self.keys, self.assign, self.none, self.default):
            widget.setEnabled(row is not None)
        if row is not None:
            self.keys.setKeySequence(QKeySequence(row.shortcut.split(" or ")[0], PORTABLE))
            self.default.setEnabled(row.changed)
            self.none.setEnabled(bool(row.shortcut))
        self._judge()

    def _judge(self) -> None:
        """Say whether the keys are free."""
        row, typed = self._current(), self._typed()
        if row is None or self._book is None:
            return
        other = self._book.conflict(row.id, typed)
        same = typed in row.shortcut.split(" or ")
        self.assign.setEnabled(bool(typed) and not other and not same)
        if other:
            self.said.setText(self._why_not(self._book, row, typed, other))
        elif not typed:
            self.said.setText(tr("Press the keys you want."))
        else:
            self.said.setText("" if same else tr("{keys} is free.", keys=native(typed)))

    def _why_not(self, book: ActionBook, row: ShortcutRow, typed: str, other: str) -> str:
        keys, fixed = native(typed), book.fixed(row.id, typed)
        if book.needed_in_fields(row.id, typed):
            return tr(
                "{keys} is needed in text fields and lists, and this acts on every page. Choose other keys.", keys=keys
            )
        if fixed is None:
            return tr(
                '{keys} already belongs to "{command}". Choose other keys, or change that first.',
                keys=keys,
                command=other,
            )
        if fixed.group in ("", row.group):
            return tr('{keys} always means "{command}" there. Choose other keys.', keys=keys, command=fixed.text)
        return tr(
            '{keys} always means "{command}" on the page {page}. Choose other keys.',
            keys=keys,
            command=fixed.text,
            page=fixed.group,
        )

    def _typed(self) -> str:
        return self.keys.keySequence().toString(PORTABLE)

    def _assign(self) -> None:
        row = self._current()
        if row is not None:
            self.wanted.emit({**self._own(), row.id: self._typed()})

    def _no_keys(self) -> None:
        row = self._current()
        if row is not None:
            self.wanted.emit({**self._own(), row.id: ""})

    def _back(self) -> None:
        row = self._current()
        if row is not None:
            self.wanted.emit({id_: keys for id_, keys in self._own().items() if id_ != row.id})

    def _own(self) -> dict[str, str]:
        return {row.id: row.shortcut for row in self._rows if row.changed}

    def _lay_out(self) -> None:
        edit = QHBoxLayout()
        edit.addWidget(QLabel(tr("New keys"), self))
        edit.addWidget(self.keys)
        edit.addWidget(self.assign)
        edit.addWidget(self.none)
        edit.addWidget(self.default)
        edit.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        column.addLayout(edit)
        column.addWidget(self.said)
