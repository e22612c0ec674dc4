"""A model file from another clinic: whose it is, and the fingerprint that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.panel_parts import in_a_row, say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.model_exchange import opened_text

if TYPE_CHECKING:
    from pfm_desktop.services.learning.exchange import Opened


class ModelArrival(QFrame):
    """`wanted(file, fingerprint)` once the fingerprint was typed; `given_up` on Escape."""

    wanted = Signal(str, str)
    given_up = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("A model from elsewhere"))
        self._file, self._working = "", False
        self.said, self.problem = words(self), words(self, "problem")
        self.fingerprint = QLineEdit(self)
        self.fingerprint.setAccessibleName(tr("Fingerprint, as its sender told it"))
        self.fingerprint.setPlaceholderText(tr("Fingerprint, as its sender told it"))
        self.now, self.back = QPushButton(tr("Bring it in"), self), QPushButton(tr("Back"), self)
        self._lay_out()
        self.fingerprint.textChanged.connect(lambda _text: self._allow())
        self.fingerprint.returnPressed.connect(self._ask)
        self.now.clicked.connect(lambda _checked=False: self._ask())
        self.back.clicked.connect(lambda _checked=False: self.given_up.emit())
        self.hide()

    def show_opened(self, file: str, opened: Opened) -> None:
        """A file that is whole; asks whose it is."""
        self._file, self._working = file, False
        self.said.setText(opened_text(opened))
        self.fingerprint.clear()
        say(self.problem, "")
        self._ready(True)

    def show_problem(self, message: str) -> None:
        """Why it cannot be brought in; what was typed stays."""
        self._working = False
        say(self.problem, message)
        self._ready(bool(self._file))

    def begin(self) -> None:
        """Another file is looked at: nothing of the one before."""
        self._file = ""
        self.said.setText(tr("Checking the file ..."))
        say(self.problem, "")
        self._ready(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        if event.key() == Qt.Key.Key_Escape and not self._working:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)

    def _ready(self, whole: bool) -> None:
        for part in (self.fingerprint, self.now):
            part.setVisible(whole)
        if not whole and self.problem.text():
            self.said.setText("")
        self.said.setVisible(bool(self.said.text()))
        self._allow()
        self.show()
        (self.fingerprint if whole else self.back).setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask(self) -> None:
        if self.now.isEnabled():
            self._working = True
            say(self.problem, "")
            self._allow()
            self.wanted.emit(self._file, self.fingerprint.text())

    def _allow(self) -> None:
        self.now.setEnabled(not self._working and bool(self.fingerprint.text().strip()))
        self.now.setText(tr("Bringing it in ...") if self._working else tr("Bring it in"))
        self.back.setEnabled(not self._working)

    def _lay_out(self) -> None:
        heading = QLabel(tr("A model from elsewhere"), self)
        heading.setProperty("role", "heading")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        for part in (heading, self.said, self.fingerprint, self.problem):
            column.addWidget(part)
        column.addLayout(in_a_row(self.now, self.back))
