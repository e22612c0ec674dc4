"""The last question before a visit is signed, in the panel itself: a signature cannot be taken back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.panel_parts import say, tall, words
from pfm_desktop.gui.widgets.secret_field import SecretField
from pfm_desktop.support.language import tr


class SignAsk(QFrame):
    """`confirmed(password)` or `given_up`; Escape gives up, and the focus starts on Back.

    `needs_password`: who is signed in shows once more that it is them; `refuse` says that it was wrong.
    """

    confirmed = Signal(str)
    given_up = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Sign this visit?"))
        self.question, self.doubts, self.wrong = words(self), words(self, "badge"), words(self, "problem")
        self.password = SecretField(tr("Your password, to sign"), self)
        self.password.setPlaceholderText(tr("Your password, to sign"))
        self.password.returnPressed.connect(self._confirm)
        self.password.textChanged.connect(lambda _text: self._settle())
        self._checking = False
        self.now, self.back = QPushButton(tr("Sign now"), self), QPushButton(tr("Back"), self)
        self.now.clicked.connect(lambda _checked=False: self._confirm())
        self.back.clicked.connect(lambda _checked=False: self.given_up.emit())
        row = QHBoxLayout()
        for button in (self.now, self.back):
            tall(button, 40)
            row.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.addWidget(self.doubts)
        column.addWidget(self.question)
        column.addWidget(self.password)
        column.addWidget(self.wrong)
        column.addLayout(row)
        self.needs_password = False
        self.hide()

    @property
    def needs_password(self) -> bool:
        """Whether signing takes the password."""
        return self._needs_password

    @needs_password.setter
    def needs_password(self, needed: bool) -> None:
        self._needs_password = needed
        self.password.setVisible(needed)
        say(self.wrong, "")
        self._settle()

    def in_order(self) -> tuple[QWidget, ...]:
        """The parts as the tab key goes through them."""
        return (self.password, self.now, self.back)

    def refuse(self, why: str) -> None:
        """The password was wrong."""
        self._checking = False
        self.password.clear()
        say(self.wrong, why)
        self._settle()
        self.password.setFocus()

    def ask(self, question: str, doubts: str = "") -> None:
        """Show the question, below what speaks against the pictures, or hide with ""."""
        if not question:
            self._checking = False
            self.password.clear()
            say(self.wrong, "")
        say(self.question, question)
        say(self.doubts, doubts)
        self.setAccessibleDescription(" ".join(part for part in (doubts, question) if part))
        self.setVisible(bool(question))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)

    def _confirm(self) -> None:
        if self.now.isEnabled():
            self._checking = self._needs_password
            self._settle()
            self.confirmed.emit(self.password.text())

    def _settle(self) -> None:
        self.now.setEnabled(not self._checking and (not self._needs_password or bool(self.password.text())))
        self.now.setText(tr("Checking...") if self._checking else tr("Sign now"))
