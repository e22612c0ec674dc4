"""What is kept of runs that did not end as they should: seen whole before it is saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.file_dialog import ask_where
from pfm_desktop.gui.widgets.panel_parts import LeavesOnEscape, in_a_row, say, words
from pfm_desktop.gui.widgets.report_text import ReportText
from pfm_desktop.gui.widgets.second_press import SecondPress
from pfm_desktop.services import crash_report
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.support.moments import moment
from pfm_desktop.viewmodels import support as model


class CrashesPage(LeavesOnEscape, QWidget):
    """`closed` where it was opened from is to be shown again. It needs no library."""

    closed = Signal()
    title = tr("After a crash")
    needs_no_library = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reports: tuple[crash_report.Report, ...] = ()
        heading = QLabel(self.title, self)
        heading.setProperty("role", "title")
        self.about, self.said = words(self, "quiet"), words(self, "badge")
        self.which = QComboBox(self)
        self.which.setAccessibleName(tr("Which run of the program"))
        self.which.currentIndexChanged.connect(lambda _index: self._show())
        self.text = ReportText(tr("All that is in the file"), self)
        self.save, self.later = QPushButton(tr("Save..."), self), QPushButton(model.NOT_NOW, self)
        self.remove = QPushButton(tr("Remove"), self)
        self.sure = SecondPress(self.remove, tr("Remove it: press again"))
        for button, slot in ((self.save, self._ask), (self.later, self.closed.emit), (self.remove, self._remove)):
            button.clicked.connect(lambda _checked=False, slot=slot: slot())
        top, column = QHBoxLayout(), QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        top.addWidget(heading)
        top.addStretch(1)
        top.addWidget(self.which)
        column.addLayout(top)
        for part in (self.about, self.said):
            column.addWidget(part)
        column.addWidget(self.text, 1)
        column.addLayout(in_a_row(self.save, self.later, self.remove))
        for one, other in ((self.which, self.text), (self.text, self.save)):
            self.setTabOrder(one, other)

    def page_actions(self) -> Sequence[QAction]:
        """None: its buttons are all."""
        return ()

    def entered(self) -> None:
        """The keys go to what is most likely wanted."""
        (self.save if self._reports else self.later).setFocus(Qt.FocusReason.OtherFocusReason)

    def left(self) -> None:
        """Nothing is kept running, and nothing half asked."""
        self.sure.forget()

    def read(self) -> None:
        """What is kept now, the newest first."""
        self._reports = crash_report.reports()
        self.which.blockSignals(True)
        self.which.clear()
        self.which.addItems([moment(report.at) for report in self._reports])
        self.which.blockSignals(False)
        self.which.setVisible(len(self._reports) > 1)
        say(self.said, "")
        self._show()

    @property
    def report(self) -> crash_report.Report | None:
        """The one that is shown."""
        return self._reports[self.which.currentIndex()] if self._reports else None

    def save_to(self, path: str) -> None:
        """Write what is shown."""
        self._try(lambda report: crash_report.save(report, Path(path)), model.saved(path))

    def _show(self) -> None:
        report = self.report
        self.sure.follow(() if report is None else (report.path,))
        self.about.setText(model.CRASHES if report is not None else model.NO_CRASH)
        self.text.show_text(report.text if report is not None else "")
        self.text.setVisible(report is not None)
        for button in (self.save, self.remove):
            button.setEnabled(report is not None)
        self.later.setText(model.NOT_NOW if report is not None else tr("Back"))

    def _ask(self) -> None:
        if self.report is not None:
            ask_where(
                self, "save_crash", tr("Save what is shown"), self.report.path.name, self.save_to, kind=model.TEXT
            )

    def _remove(self) -> None:
        report = self.report
        if report is None or not self.sure.passes((report.path,)):
            return
        if self._try(crash_report.remove, ""):
            self.read()
            self.entered()

    def _try(self, what: Callable[[crash_report.Report], None], said: str) -> bool:
        """Whether it was done; what is said is `said`, or why not."""
        report, problem = self.report, ""
        if report is None:
            return False
        try:
            what(report)
        except UserError as error:
            problem = error.sentences
        say(self.said, problem or said)
        return not problem
