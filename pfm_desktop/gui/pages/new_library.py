"""Making a library: encrypted, for real pictures, or plain, for a demonstration or research."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from pfm_desktop.gui.widgets.centred import put_in_the_middle, wrapped_label
from pfm_desktop.gui.widgets.panel_parts import say
from pfm_desktop.gui.widgets.secret_field import SecretField
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.opening import Refused, password_problem
from pfm_desktop.viewmodels.words import spoken

WIDTH = 620
ENCRYPTED = tr("&Encrypted, for pictures of real women")
PLAIN = tr("&Not encrypted, for demonstrations and research without names")
HINT = tr(
    "The first account is yours: clinician and administrator. There is no other way in but passwords and the "
    "recovery key, which is shown once after this. Without any of them the pictures are lost for good."
)
OPEN_TO_ALL = tr(
    "Whoever can read the folder can read the pictures and all that is written beside them, names as well."
)


class NewLibraryPage(QWidget):
    """`made(folder, name, password)`: with "" for a plain one. `away` goes back."""

    made = Signal(str, str, str)
    away = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder = ""
        self.heading, self.where = wrapped_label(self, WIDTH, "title"), wrapped_label(self, WIDTH)
        self.hint, self.said = wrapped_label(self, WIDTH, "quiet"), wrapped_label(self, WIDTH, "problem")
        self.heading.setText(tr("New library"))
        self.encrypted, self.plain = QRadioButton(ENCRYPTED, self), QRadioButton(PLAIN, self)
        self.name = QLineEdit(self)
        self.password, self.again = SecretField(tr("Password"), self), SecretField(tr("The same password again"), self)
        self.seen = QCheckBox(tr("&Show what is typed"), self)
        self.go, self.back = QPushButton(tr("Make the library"), self), QPushButton(tr("Back"), self)
        self._working = False
        self._lay_out()
        self._connect()

    def show_for(self, folder: str, name: str = "") -> None:
        """Ask anew, for a library in this folder."""
        self.folder, self._working = folder, False
        self.where.setText(folder)
        self.encrypted.setChecked(True)
        self.name.setText(name)
        for field in (self.password, self.again):
            field.clear()
        self.seen.setChecked(False)
        say(self.said, "")
        self._settle()
        (self.password if name else self.name).setFocus()

    def refuse(self, refused: Refused) -> None:
        """It could not be made: say so; what was typed stays."""
        self._working = False
        say(self.said, spoken(refused.error))
        self._settle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on; Escape goes back."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._try()
        elif event.key() == Qt.Key.Key_Escape and not self._working:
            self.away.emit()
        else:
            super().keyPressEvent(event)

    def _try(self) -> None:
        if not self.go.isEnabled():
            return
        wrong = "" if self.plain.isChecked() else self._wrong()
        say(self.said, wrong)
        if wrong:
            return
        self._working = True
        self._settle()
        if self.plain.isChecked():
            self.made.emit(self.folder, "", "")
        else:
            self.made.emit(self.folder, self.name.text(), self.password.text())

    def _wrong(self) -> str:
        if self.password.text() != self.again.text():
            self.again.clear()
            self.again.setFocus()
            return tr("The two passwords differ.")
        return password_problem(self.password.text(), self.name.text())

    def _settle(self) -> None:
        plain = self.plain.isChecked()
        for field in (self.name, self.password, self.again, self.seen):
            self._rows.setRowVisible(field, not plain)
        self.hint.setText(OPEN_TO_ALL if plain else HINT)
        filled = plain or all(field.text().strip() for field in (self.name, self.password, self.again))
        self.go.setEnabled(filled and not self._working)
        self.go.setText(tr("Making it...") if self._working else tr("Make the library"))
        self.back.setEnabled(not self._working)

    def _lay_out(self) -> None:
        self.name.setAccessibleName(tr("Your name"))
        self.name.setPlaceholderText(tr("Dr. Given Family"))
        self._rows = QFormLayout()
        self._rows.setVerticalSpacing(12)
        self._rows.setHorizontalSpacing(18)
        self._rows.addRow(tr("Your &name"), self.name)
        self._rows.addRow(tr("&Password"), self.password)
        self._rows.addRow(tr("&Again"), self.again)
        self._rows.addRow("", self.seen)
        buttons = QHBoxLayout()
        for button in (self.go, self.back):
            buttons.addWidget(button)
        buttons.addStretch(1)
        inner = QVBoxLayout()
        inner.setSpacing(14)
        for part in (self.heading, self.where, self.encrypted, self.plain, self.hint):
            inner.addWidget(part)
        inner.addLayout(self._rows)
        inner.addWidget(self.said)
        inner.addLayout(buttons)
        put_in_the_middle(self, inner)

    def _connect(self) -> None:
        for field in (self.name, self.password, self.again):
            field.textChanged.connect(lambda _text: self._settle())
        for choice in (self.encrypted, self.plain):
            choice.toggled.connect(lambda _on: self._settle())
        for secret in (self.password, self.again):
            self.seen.toggled.connect(secret.show_typed)
        self.go.clicked.connect(lambda _checked=False: self._try())
        self.back.clicked.connect(lambda _checked=False: self.away.emit())
