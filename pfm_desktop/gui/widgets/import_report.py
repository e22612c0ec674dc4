"""What became of an import: counts, each file that was left out with its reason, and all of it as CSV."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.file_dialog import ask_where
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.import_page import report_heading, report_rows, save_report
from pfm_desktop.viewmodels.importing import report_lines

if TYPE_CHECKING:
    from pfm_desktop.services.importing.report import ImportReport
    from pfm_desktop.viewmodels.session import Session

MOST = 2000  # lines that are shown
_TITLES = (tr("File"), tr("What became of it"), tr("Why"))


class ImportReportView(QWidget):
    """`closed` when Today is to be shown, `again` for another import, `rest` for what still waits in the plan."""

    closed = Signal()
    rest = Signal()
    again = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._report: ImportReport | None = None
        self._saving = Background(self)
        self.heading, self.told, self.said = words(self, "heading"), words(self), words(self, "quiet")
        self.everything = QCheckBox(tr("Also what was added"), self)
        self.everything.toggled.connect(lambda _on: self._fill())
        self.table = self._make_table()
        self.cut = words(self, "quiet", tr("These are the first {count}; the CSV has all.", count=MOST))
        self.save, self.more = QPushButton(tr("Save as CSV..."), self), QPushButton(tr("Import more..."), self)
        self.left, self.done = QPushButton(self), QPushButton(tr("To Today"), self)
        self.left.hide()
        self._lay_out()

    def show_report(self, report: ImportReport, waiting: int) -> None:
        """Show what became of all files; `waiting` pictures of the plan wait for somebody to say something."""
        self._report = report
        self.left.setText(tr("Go on with the %n that (waits|wait)", "", waiting))
        self.left.setVisible(waiting > 0)
        self.heading.setText(report_heading(report))
        self.told.setText("\n".join(list(report_lines(report))[1:]))
        self.told.setVisible(bool(self.told.text()))
        say(self.said, "")
        self._fill()

    def take_keys(self) -> None:
        """Enter goes on to Today."""
        self.done.setFocus()

    def ask_where(self) -> None:
        """Ask for the file that the report goes to."""
        name = f"import {date.today().isoformat()}.csv"
        ask_where(
            self, "import_report", tr("Save the report of the import"), name, self.save_to, kind=tr("CSV (*.csv)")
        )

    def save_to(self, path: str) -> None:
        """Write the report."""
        if self._report is not None:
            self._saving.start(
                save_report, self._session.library, self._report, Path(path),
                done=lambda where: say(
                    self.said, tr("Saved as {where}. It names files and identifiers: keep it safe.", where=where)
                ),
                failed=lambda message: say(self.said, tr("Not saved. {message}", message=message)),
            )  # fmt: skip

    def _fill(self) -> None:
        rows = report_rows(self._report, everything=self.everything.isChecked()) if self._report else ()
        self.cut.setVisible(len(rows) > MOST)
        rows = rows[:MOST]
        self.table.setRowCount(len(rows))
        for place, row in enumerate(rows):
            for column, text in enumerate(row):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(place, column, item)
        self.table.setVisible(bool(rows))

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_TITLES), self)
        table.setHorizontalHeaderLabels(_TITLES)
        table.setAccessibleName(tr("What became of the files"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for column in (0, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        table.setColumnWidth(1, 170)
        return table

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.everything)
        row.addStretch(1)
        for button, slot in (
            (self.save, self.ask_where), (self.left, self.rest.emit), (self.more, self.again.emit),
            (self.done, self.closed.emit),
        ):  # fmt: skip
            button.clicked.connect(lambda _checked=False, slot=slot: slot())
            row.addWidget(button)
        let_copy(self.said)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.heading, self.told):
            column.addWidget(widget)
        column.addLayout(row)
        column.addWidget(self.said)
        column.addWidget(self.table, 1)
        column.addWidget(self.cut)
        column.addStretch(0)
