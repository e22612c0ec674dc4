"""What `pfm doctor` says, in the window: to read, to copy, to save for whoever helps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.file_dialog import ask_where
from pfm_desktop.gui.widgets.panel_parts import LeavesOnEscape, in_a_row, say, words
from pfm_desktop.gui.widgets.report_text import ReportText
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.files import write_text
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import support as model

NAME = "pfm-doctor.txt"


class CheckPage(LeavesOnEscape, QWidget):
    """`closed` where it was opened from is to be shown again. It needs no library."""

    closed = Signal()
    title = tr("Check of this computer")
    needs_no_library = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looking = Background(self)
        heading = QLabel(self.title, self)
        heading.setProperty("role", "title")
        self.about, self.said = words(self, "quiet", model.CHECK), words(self, "badge")
        self.text = ReportText(tr("All that was found"), self)
        self.copy, self.save = QPushButton(tr("Copy all"), self), QPushButton(tr("Save..."), self)
        self.again, self.back = QPushButton(tr("Look again"), self), QPushButton(tr("Back"), self)
        for button, slot in (
            (self.copy, self._copy), (self.save, self._ask), (self.again, self.look), (self.back, self.closed.emit),
        ):  # fmt: skip
            button.clicked.connect(lambda _checked=False, slot=slot: slot())
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        for part in (heading, self.about, self.said):
            column.addWidget(part)
        column.addWidget(self.text, 1)
        column.addLayout(in_a_row(self.copy, self.save, self.again, self.back))

    @property
    def idle(self) -> bool:
        """Whether all was looked at."""
        return not self._looking.busy

    def page_actions(self) -> Sequence[QAction]:
        """None: its buttons are all."""
        return ()

    def entered(self) -> None:
        """The keys go to the text."""
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def left(self) -> None:
        """What still looks tells nobody."""

    def look(self) -> None:
        """At everything, as it is now; a second or two."""
        say(self.said, model.LOOKING)
        self._ready(False)
        self._looking.start(model.check_job, done=self._show, failed=self._fail)

    def save_to(self, path: str) -> None:
        """Write what is shown."""
        try:
            write_text(Path(path), self.text.toPlainText() + "\n")
        except UserError as error:
            say(self.said, error.sentences)
        else:
            say(self.said, model.saved(path))

    def _show(self, text: str) -> None:
        self.text.show_text(text)
        say(self.said, "")
        self._ready(True)

    def _fail(self, why: str) -> None:
        say(self.said, why)
        self._ready(True)

    def _ready(self, ready: bool) -> None:
        for button in (self.copy, self.save, self.again):
            button.setEnabled(ready)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        say(self.said, tr("All of it is in the clipboard."))

    def _ask(self) -> None:
        ask_where(self, "save_check", tr("Save what is shown"), NAME, self.save_to, kind=model.TEXT)
