"""The audit trail: filters, lines, details of the chosen line; its check and its signed export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.audit_details import AuditDetails
from pfm_desktop.gui.widgets.audit_filters import AuditFilters
from pfm_desktop.gui.widgets.audit_model import AuditModel
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.column_room import BESIDE, widest_day
from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.file_dialog import ask_where
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.services.audit_words import KIND_NAMES
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import audit as model
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from pfm_desktop.services.audit import Told
    from pfm_desktop.services.audit_export import Exported
    from pfm_desktop.viewmodels.audit import Verdict
    from pfm_desktop.viewmodels.session import Session

EXPORT, EXPORT_FOUND = tr("Export signed..."), tr("Export found lines signed...")
READ_ONLY = tr("This library is open for reading only, and an export must go on record.")
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_WIDTHS = {model.WHEN: 188, model.WHO: 150, model.WHAT: 104, model.ABOUT: 210}
_NARROW = {model.WHEN: 188, model.WHO: 116, model.WHAT: 0, model.ABOUT: 150}  # half of a 1920 x 1080 screen
_ROOM = 1000  # pixels, with which there is room for all columns
_MOST = 200  # pixels for the kind of a line
_LOW, _TWO_LINES = 450, 96  # pixels; below the first, the details get all but two lines


class AuditView(QWidget):
    """`closed` on Escape, once there is nothing nearer to go back from."""

    closed = Signal()

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._folder = ""  # where the last export went
        self._checking = False
        self._unread = ""  # why the last page did not come
        self._widths: dict[int, int] = {}
        self._low = False
        self._background = Background(self)
        self.model = AuditModel(self)
        self.model.more_wanted.connect(self._read_on)
        self.filters = AuditFilters(self)
        self.filters.changed.connect(self.read_again)
        self.count, self.said = QLabel(self), words(self)
        self.warning = QFrame(self)
        self.warned = words(self.warning)
        self.check, self.export = QPushButton(tr("Check the trail"), self), QPushButton(EXPORT, self)
        self.table, self.empty = self._make_table(), self._make_empty()
        self.details = AuditDetails(self)
        self.details.left_with_escape.connect(self._back_to_lines)
        self._lay_out()
        for watched in (self.table, *self.filters.in_order()):
            watched.installEventFilter(self)
        self._say("")

    @property
    def idle(self) -> bool:
        """Whether the list shows what the filters say."""
        return self.filters.idle and not self._background.busy and not self._checking

    def entered(self) -> None:
        """The page comes into sight: the trail is read anew."""
        self.export.setEnabled(not self._session.library.read_only)
        self.export.setToolTip(READ_ONLY if self._session.library.read_only else "")
        self.read_again()
        self._find()

    def left(self) -> None:
        """The page goes out of sight: what is still read is not needed."""
        self.filters.stop()
        self._background.drop()
        self.model.gave_up()

    def read_again(self) -> None:
        """Read the newest lines that the filters ask for."""
        self._background.drop()
        self.model.ask(self.filters.asked)
        self.details.show_row(None)
        self._show_lines()
        self._read()

    def check_trail(self) -> None:
        """Check every line of the trail, whatever the filters say."""
        self._checking = True
        self.check.setEnabled(False)
        self._say(tr("Checking the whole trail ..."))
        self._jobs.start(
            model.check_trail, self._session.library, title=tr("Checking the audit trail"), done=self._checked,
            failed=lambda message: self._not_checked(tr("Not checked. {message}", message=message)),
            stopped=lambda: self._not_checked(tr("The check was stopped; nothing is known of the trail.")),
        )  # fmt: skip

    def ask_where(self) -> None:
        """Ask for the file of a signed export of the lines that are filtered, as the fields say it now."""
        if not self.filters.settle():
            return
        title = (
            tr("Export the audit trail")
            if self.filters.asked.all
            else tr("Export the filtered part of the audit trail")
        )
        name = model.default_name(self.filters.asked, date.today())
        ask_where(
            self, "export_audit", title, name, self.export_to, kind=tr("JSON Lines (*.jsonl)"), folder=self._folder
        )

    def export_to(self, path: str) -> None:
        """Write the lines that are filtered to a file, signed."""
        self._folder = str(Path(path).parent)
        self._say(tr("Exporting ..."))
        self._jobs.start(
            model.export, self._session.library, path, self.filters.asked, title=tr("Exporting the audit trail"),
            done=self._exported,
            failed=lambda message: self._say_if_there(tr("Not exported. {message}", message=message)),
            stopped=lambda: self._say_if_there(tr("The export was stopped. No file was written.")),
        )  # fmt: skip

    # keys

    def event(self, event: QEvent) -> bool:
        """Ctrl+F belongs to this page while it has the keys, and not to the window."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _finds(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+F goes to the words, F5 reads again, Escape goes back."""
        if _finds(event):
            self._find()
        elif event.key() == Qt.Key.Key_F5:
            self.read_again()
        elif event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window what happened comes first, in a low one the details."""
        super().resizeEvent(event)
        low = self.height() < _LOW
        if low != self._low:
            self._low = low
            self._split.setSizes([_TWO_LINES, self.height()] if low else [self.height(), self.height()])
        widths = _WIDTHS if self.width() >= _ROOM else _NARROW
        if widths is not self._widths:
            self._widths = widths
            needed = _needed(self.table.fontMetrics())
            for column, least in widths.items():
                width = max(least, needed.get(column, 0)) if least else 0
                self.table.setColumnHidden(column, not width)
                self.table.setColumnWidth(column, width)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows in a filter move the list, Enter goes to it and from there to the details; Escape empties a field."""
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._takes(watched, event):
            return True
        return super().eventFilter(watched, event)

    def _takes(self, watched: QObject, event: QKeyEvent) -> bool:
        """Whether a key was for the whole view, and not for the part that has the keys."""
        field = next((one for one in self.filters.fields.values() if one is watched), None)
        enters = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if _finds(event):
            self._find()
        elif enters and watched is self.table:
            self.details.take_keys()
        elif enters and field is not None:
            self._back_to_lines()
        elif field is not None and event.key() in _MOVES:
            self.table.keyPressEvent(event)
        elif field is not None and event.key() == Qt.Key.Key_Escape and field.text():
            field.clear()
        else:
            return False
        return True

    def _find(self) -> None:
        field = self.filters.fields["words"]
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def _back_to_lines(self) -> None:
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    # reading

    def _read(self) -> None:
        asked = self.model.list
        self._background.start(
            model.read_page, self._session.library, asked.wanted, asked.before, done=self._came, failed=self._failed
        )

    def _read_on(self) -> None:
        self._read()
        self.count.setText(tr("{count}; reading older ones ...", count=self.model.list.count))

    def _came(self, page: Sequence[Told]) -> None:
        first = not self.model.list.rows
        if self._unread and self.warned.text() == self._unread:  # it can be read again
            self._say("")
        self.model.add(page)
        self._show_lines()
        if first and page:
            self.table.setCurrentIndex(self.model.index(0, 0))

    def _failed(self, message: str) -> None:
        self.model.gave_up()
        self._unread = capital(message)
        self.count.setText(tr("Not all was read. F5 reads again."))
        self.empty.setText(self._unread)
        self._say(self._unread, bad=True)

    def _show_lines(self) -> None:
        shown = self.model.list
        waiting = not shown.rows and not shown.complete
        self.count.setText(model.READING if waiting else shown.count)
        self.empty.setText(model.READING if waiting else shown.empty)
        self._stack.setCurrentIndex(0 if shown.rows else 1)
        self.export.setText(EXPORT if shown.wanted.all else EXPORT_FOUND)

    # check and export

    def _checked(self, verdict: Verdict) -> None:
        if isValid(self):
            self._checking = False
            self.check.setEnabled(True)
            self._say(verdict.text, bad=verdict.bad)

    def _not_checked(self, message: str) -> None:
        if isValid(self):
            self._checking = False
            self.check.setEnabled(True)
            self._say(message)

    def _exported(self, made: Exported) -> None:
        if isValid(self):
            self._say(model.exported_words(made))
            self.said.setToolTip(str(made.path))

    def _say_if_there(self, message: str) -> None:
        if isValid(self):
            self._say(message)

    def _say(self, text: str, *, bad: bool = False) -> None:
        say(self.said, "" if bad else text)
        self.said.setToolTip("")
        self.warned.setText(text if bad else "")
        self.warning.setVisible(bad)

    # making

    def _make_table(self) -> QTableView:
        table = QTableView(self)
        table.setModel(self.model)
        table.setAccessibleName(tr("Lines of the audit trail"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(30)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setStretchLastSection(True)
        table.selectionModel().currentRowChanged.connect(
            lambda now, _before: self.details.show_row(self.model.row(now.row()))
        )
        table.doubleClicked.connect(lambda _index: self.details.take_keys())
        return table

    def _make_empty(self) -> QLabel:
        label = QLabel(self)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setAccessibleName(tr("Empty list"))
        return label

    def _lay_out(self) -> None:
        self.warning.setProperty("role", "warning")
        QVBoxLayout(self.warning).addWidget(self.warned)
        let_copy(self.said)
        let_copy(self.warned)
        self.count.setProperty("role", "quiet")
        bar = QHBoxLayout()
        bar.addWidget(self.count, 1)
        for button, slot in ((self.check, self.check_trail), (self.export, self.ask_where)):
            button.clicked.connect(lambda _checked=False, slot=slot: slot())
            bar.addWidget(button)
        lines = QWidget(self)
        self._stack = QStackedLayout(lines)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        lines.setMinimumHeight(_TWO_LINES)
        self._split = split = QSplitter(Qt.Orientation.Vertical, self)
        split.addWidget(lines)
        split.addWidget(self.details)
        for place in (0, 1):
            split.setStretchFactor(place, 1)
        split.setChildrenCollapsible(False)
        split.setSizes([300, 300])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.filters)
        column.addLayout(bar)
        column.addWidget(self.said)
        column.addWidget(self.warning)
        column.addWidget(split, 1)
        order = (*self.filters.in_order(), self.check, self.export, self.table, *self.details.in_order())
        for one, next_ in pairwise(order):
            self.setTabOrder(one, next_)


def _finds(event: QKeyEvent) -> bool:
    return event.matches(QKeySequence.StandardKey.Find)


def _needed(metrics: QFontMetrics) -> dict[int, int]:
    """Pixels of the words of the language: when, and what kind of line it is."""
    when = f"{widest_day(metrics)} 00:00:00"
    widest = max(KIND_NAMES.values(), key=metrics.horizontalAdvance)
    return {
        model.WHEN: metrics.horizontalAdvance(when) + BESIDE,
        model.WHAT: min(metrics.horizontalAdvance(widest) + BESIDE, _MOST),
    }
