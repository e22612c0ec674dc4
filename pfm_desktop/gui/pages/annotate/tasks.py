"""The tasks: which there are, how far one is, and for who may see reads how far readers agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStackedLayout,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.gui.pages.annotate.agreement import AgreementPanel
from pfm_desktop.gui.pages.annotate.ai_answer import Site
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.plain_table import plain_table, show_rows
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.annotate_tasks import lines_job, report_job, rights_in
from pfm_desktop.viewmodels.annotate_words import COLUMNS, TaskLine, empty_text

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library

LOOKING = tr("Looking for tasks ...")
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
NAME, _PAIRS, _DONE, DIFFER, _MADE = range(len(COLUMNS))


class TaskList(QWidget):
    """`opened(id)` to read a task, `deciding(id)` to decide in it, `making` for a new one, `closing(id, closed)`."""

    opened = Signal(str)
    deciding = Signal(str)
    making = Signal()
    closing = Signal(str, bool)
    said = Signal(str)

    def __init__(self, library: Library, parent: QWidget | None = None, *, site: Site | None = None) -> None:
        super().__init__(parent)
        self._library, self._site = library, site or Site()
        self._lines: tuple[TaskLine, ...] = ()
        self._wanted = ""  # the task on which the list is to stand
        self._keys_wait = False  # for the list to come
        self._reading, self._asking = Background(self), Background(self)
        self.table, self.empty = self._make_table(), QLabel(self)
        self.agreement = AgreementPanel(self)
        self.read = self._button(tr("Read (Enter)"), lambda: self._with_task(self.opened.emit))
        self.decide = self._button(tr("Decide between readers"), lambda: self._with_task(self.deciding.emit))
        self.new = self._button(tr("New task..."), self.making.emit)
        self.close_task = self._button(tr("Close the task"), self._close_or_open)
        self._lay_out()
        self._show(())
        self.empty.setText(LOOKING)

    @property
    def idle(self) -> bool:
        """Whether all that is to be shown is."""
        return not (self._reading.busy or self._asking.busy)

    def read_again(self, stand_on: str = "") -> None:
        """Read the tasks once more, on a thread."""
        self._wanted = stand_on or self._wanted or self.task_id
        self._reading.start(lines_job, self._library, self._site.choice(), done=self._show, failed=self.said.emit)

    def take_keys(self) -> None:
        """The keys go to the list."""
        self._keys_wait = not self._lines
        (self.table if self._lines else self.new if self.new.isVisible() else self).setFocus()

    @property
    def line(self) -> TaskLine | None:
        """The task on which the list stands."""
        row = self.table.currentRow()
        return self._lines[row] if 0 <= row < len(self._lines) else None

    @property
    def task_id(self) -> str:
        """Its id; "" where there is none."""
        return "" if self.line is None else self.line.task_id

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter opens."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and event.key() in ENTER:
            self._with_task(self.opened.emit)
            return True
        return super().eventFilter(watched, event)

    def _show(self, lines: Sequence[TaskLine]) -> None:
        rights = rights_in(self._library)
        wanted, self._wanted = self._wanted, ""
        self._lines = tuple(lines)
        show_rows(self.table, [line.cells for line in lines])
        self.table.setColumnHidden(DIFFER, not rights.see_reads)
        place = next((row for row, line in enumerate(lines) if line.task_id == wanted), 0)
        if lines:
            self.table.setCurrentCell(place, NAME)
        choice = self._site.choice()
        self.empty.setText(empty_text(may_make=rights.make, read_only=rights.read_only, choice=choice))
        self._stack.setCurrentIndex(0 if lines else 1)
        self._follow()
        if self._keys_wait and lines and self.isVisible():
            self.take_keys()

    def _follow(self) -> None:
        """Another task, or the same one as it is now."""
        line, rights = self.line, rights_in(self._library)
        self.read.setEnabled(line is not None)
        self.decide.setVisible(rights.decide)
        why_not = "" if line is None else line.why_not_decide
        self.decide.setEnabled(line is not None and not why_not)
        self.decide.setToolTip(why_not)
        differing = "" if line is None or not line.differing else f" ({line.differing:,})"
        self.decide.setText(tr("Decide between readers") + differing)
        self.new.setVisible(rights.make)
        self.close_task.setVisible(rights.make)
        self.close_task.setEnabled(line is not None)
        self.close_task.setText(tr("Open it again") if line is not None and line.closed else tr("Close the task"))
        self.agreement.setVisible(rights.see_reads and bool(self._lines))
        self._asking.drop()
        self.agreement.show_report(None)
        if rights.see_reads and line is not None:
            self._asking.start(
                report_job,
                self._library,
                line.task_id,
                done=self.agreement.show_report,
                failed=self.agreement.show_problem,
            )

    def _with_task(self, act: Callable[[str], object]) -> None:
        if self.line is not None:
            act(self.line.task_id)

    def _close_or_open(self) -> None:
        if self.line is not None:
            self.closing.emit(self.line.task_id, not self.line.closed)

    # making

    def _button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self)
        button.clicked.connect(lambda _checked=False: slot())
        return button

    def _make_table(self) -> QTableWidget:
        table = plain_table(self, COLUMNS, tr("Tasks"), row=34)
        table.setAlternatingRowColors(True)
        header = table.horizontalHeader()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        table.installEventFilter(self)
        table.doubleClicked.connect(lambda _index: self._with_task(self.opened.emit))
        table.currentCellChanged.connect(lambda row, _c, before, _b: self._follow() if row != before else None)
        return table

    def _lay_out(self) -> None:
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setTextFormat(Qt.TextFormat.PlainText)
        self.empty.setWordWrap(True)
        self.empty.setAccessibleName(tr("Empty list"))
        heading = QLabel(tr("Tasks"), self)
        heading.setProperty("role", "title")
        buttons = QHBoxLayout()
        buttons.addWidget(heading, 1)
        for button in (self.read, self.decide, self.close_task, self.new):
            buttons.addWidget(button)
        held = QWidget(self)
        self._stack = QStackedLayout(held)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.addLayout(buttons)
        column.addWidget(held, 3)
        column.addWidget(self.agreement, 2)
