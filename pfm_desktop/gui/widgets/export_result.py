"""What an export wrote, and what it left out; or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.viewmodels.export import Made


class ExportResult(QWidget):
    """`open_wanted(path)` when the folder is to be opened; `closed` when it has been read."""

    open_wanted = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = ""
        self.heading, self.text = words(self, "heading"), words(self)
        self.problem = words(self, "problem")
        let_copy(self.text)
        let_copy(self.problem)
        self.left_heading, self.left_out = words(self, "heading"), QPlainTextEdit(self)
        self.left_out.setReadOnly(True)
        self.left_out.setTabChangesFocus(True)
        self.left_out.setAccessibleName(tr("What was left out, and why"))
        self.open, self.again = QPushButton(tr("Open the folder"), self), QPushButton(tr("Back to the choices"), self)
        self.open.clicked.connect(lambda _checked=False: self.open_wanted.emit(self._folder))
        self.again.clicked.connect(lambda _checked=False: self.closed.emit())
        buttons = QHBoxLayout()
        buttons.addWidget(self.open)
        buttons.addWidget(self.again)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.heading, self.text, self.problem):
            column.addWidget(part)
        column.addLayout(buttons)
        column.addWidget(self.left_heading)
        column.addWidget(self.left_out, 1)
        column.addStretch(0)

    def show_made(self, made: Made) -> None:
        """It is written."""
        self._folder = str(made.folder)
        self._show(made.text + "\n\n" + tr("In {folder}", folder=made.folder), "", made.left_out)
        self.heading.setText(tr("Exported, and on record"))

    def show_problem(self, text: str, *, bad: bool) -> None:
        """It is not written."""
        self._folder = ""
        self._show("" if bad else text, text if bad else "", ())
        self.heading.setText(tr("Not exported"))

    def say_not_opened(self, folder: str) -> None:
        """No program of this computer shows it."""
        if folder == self._folder:
            self.problem.setText(tr("Nothing on this computer opens folders. It is here: {folder}", folder=folder))
            self.problem.show()

    def take_keys(self) -> None:
        """The keys go to what is likely next."""
        (self.open if self._folder else self.again).setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, text: str, problem: str, left_out: tuple[str, ...]) -> None:
        self.text.setText(text)
        self.problem.setText(problem)
        self.text.setVisible(bool(text))
        self.problem.setVisible(bool(problem))
        self.open.setVisible(bool(self._folder))
        self.left_heading.setText(tr("What was left out, and why") if left_out else tr("Nothing was left out."))
        self.left_heading.setVisible(bool(self._folder))
        self.left_out.setPlainText("\n".join(left_out))
        self.left_out.setVisible(bool(left_out))
