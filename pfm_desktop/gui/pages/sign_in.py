"""Signing in to an encrypted library, with a password or the recovery key; and coming back to a locked window."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.centred import put_in_the_middle, wrapped_label
from pfm_desktop.gui.widgets.panel_parts import say
from pfm_desktop.gui.widgets.secret_field import SecretField
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.opening import Refused, Way
from pfm_desktop.viewmodels.words import spoken

WIDTH = 520
FORGOTTEN = tr(
    "An administrator of the library gives you a new password. If nobody can sign in any more, the recovery key "
    "that was printed when the library was made lets an administrator in."
)
RECOVERY_HINT = tr(
    "Nine groups of four letters and digits. Whoever signs in so becomes an administrator of the library."
)


class SignInPage(QWidget):
    """`signed_in(name, password)` or `recovered(key, name, password)` is what was typed; `refuse` says it will not do.

    `away` goes back to where the user came from, `other` to another library, `somebody` signs the present person out.
    """

    signed_in = Signal(str, str)
    recovered = Signal(str, str, str)
    away = Signal()
    other = Signal()
    somebody = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.way = Way.SIGN_IN
        self.heading, self.where = wrapped_label(self, WIDTH, "title"), wrapped_label(self, WIDTH)
        self.hint, self.said = wrapped_label(self, WIDTH, "quiet"), wrapped_label(self, WIDTH, "problem")
        self.key, self.name = QLineEdit(self), QLineEdit(self)
        self.password, self.again = SecretField(tr("Password"), self), SecretField(tr("The same password again"), self)
        self.seen = QCheckBox(tr("&Show what is typed"), self)
        self.go = QPushButton(tr("Sign in"), self)
        self.forgot = QPushButton(tr("Use the recovery key..."), self)
        self.back, self.change = QPushButton(tr("Back"), self), QPushButton(tr("Another library..."), self)
        self.leave = QPushButton(tr("Somebody else..."), self)
        self._waiting = QTimer(self, interval=500)
        self._waiting.timeout.connect(self._count)
        self._left = 0.0
        self._working = False
        self._lay_out()
        self._connect()

    def show_for(self, library: str, way: Way, *, name: str = "", back: bool = False) -> None:
        """Ask anew; `back`: there is something to go back to."""
        self.way, self._working, self._left = way, False, 0.0
        self._waiting.stop()
        said = {Way.SIGN_IN: tr("Sign in"), Way.RECOVER: tr("Sign in with the recovery key"), Way.UNLOCK: tr("Locked")}
        self.heading.setText(said[way])
        self.where.setText("" if way is Way.UNLOCK else tr("Library {library}, encrypted", library=library))
        self.where.setVisible(way is not Way.UNLOCK)
        for field in (self.key, self.password, self.again):
            field.clear()
        self.seen.setChecked(False)
        self.name.setText(name)
        self.name.setReadOnly(way is Way.UNLOCK)
        recovering = way is Way.RECOVER
        self._rows.setRowVisible(self.key, recovering)
        self._rows.setRowVisible(self.again, recovering)
        self.password.setAccessibleName(tr("New password") if recovering else tr("Password"))
        self._password_label.setText(tr("New &password") if recovering else tr("&Password"))
        say(self.hint, RECOVERY_HINT if recovering else "")
        say(self.said, "")
        self.go.setText(tr("Unlock") if way is Way.UNLOCK else tr("Sign in"))
        self.forgot.setVisible(way is Way.SIGN_IN)
        self.back.setVisible(back or recovering)
        self.change.setVisible(way is Way.SIGN_IN and not back)
        self.leave.setVisible(way is Way.UNLOCK)
        self._settle()
        self.take_keys()

    def take_keys(self) -> None:
        """The keys go to the first field that is to be filled."""
        fields = (self.key,) if self.way is Way.RECOVER else (self.name, self.password)
        empty = (field for field in fields if not field.text() and not field.isReadOnly())
        next(empty, self.password).setFocus()

    def refuse(self, refused: Refused) -> None:
        """It will not do: say so; the password is typed anew, after a while where there were many."""
        self._working, self._left = False, refused.seconds
        if self.way is not Way.RECOVER:  # there it is mostly a letter of the key
            self.password.clear()
            self.again.clear()
        say(self.said, spoken(refused.error))
        if self._left > 0:
            self._waiting.start()
        self._settle()
        (self.key if self.way is Way.RECOVER else self.password).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on from every field; Escape goes back."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._try()
        elif event.key() == Qt.Key.Key_Escape and self.back.isVisible():
            self.back.click()
        else:
            super().keyPressEvent(event)

    def _try(self) -> None:
        if not self.go.isEnabled():
            return
        if self.way is Way.RECOVER and self.password.text() != self.again.text():
            say(self.said, tr("The two passwords differ."))
            self.again.clear()
            self.again.setFocus()
            return
        self._working = True
        say(self.said, "")
        self._settle()
        if self.way is Way.RECOVER:
            self.recovered.emit(self.key.text(), self.name.text(), self.password.text())
        else:
            self.signed_in.emit(self.name.text(), self.password.text())

    def _settle(self) -> None:
        fields = [self.name, self.password, *([self.key, self.again] if self.way is Way.RECOVER else [])]
        filled = all(field.text().strip() for field in fields)
        self.go.setEnabled(filled and not self._working and self._left <= 0)
        going = {Way.SIGN_IN: tr("Sign in"), Way.RECOVER: tr("Sign in"), Way.UNLOCK: tr("Unlock")}[self.way]
        waiting = tr("Wait {left:.0f} s", left=self._left) if self._left > 0 else going
        self.go.setText(tr("Checking...") if self._working else waiting)

    def _count(self) -> None:
        self._left -= self._waiting.interval() / 1000
        if self._left <= 0:
            self._waiting.stop()
            say(self.said, "")
        self._settle()

    def _lay_out(self) -> None:
        self.key.setPlaceholderText("XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX")
        self.key.setAccessibleName(tr("Recovery key"))
        self.name.setAccessibleName(tr("Your name"))
        self._rows = QFormLayout()
        self._rows.setVerticalSpacing(12)
        self._rows.setHorizontalSpacing(18)
        self._password_label = QLabel(tr("&Password"), self)
        self._password_label.setBuddy(self.password)
        self._rows.addRow(tr("Recovery &key"), self.key)
        self._rows.addRow(tr("Your &name"), self.name)
        self._rows.addRow(self._password_label, self.password)
        self._rows.addRow(tr("&Again"), self.again)
        self._rows.addRow("", self.seen)
        buttons = QHBoxLayout()
        for button in (self.go, self.back, self.forgot, self.change, self.leave):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.forgot.setToolTip(FORGOTTEN)
        inner = QVBoxLayout()
        inner.setSpacing(14)
        for part in (self.heading, self.where, self.hint):
            inner.addWidget(part)
        inner.addLayout(self._rows)
        inner.addWidget(self.said)
        inner.addLayout(buttons)
        put_in_the_middle(self, inner)

    def _connect(self) -> None:
        for field in (self.key, self.name, self.password, self.again):
            field.textChanged.connect(lambda _text: self._settle())
        for secret in (self.password, self.again):
            self.seen.toggled.connect(secret.show_typed)
        self.go.clicked.connect(lambda _checked=False: self._try())
        self.back.clicked.connect(lambda _checked=False: self.away.emit())
        self.change.clicked.connect(lambda _checked=False: self.other.emit())
        self.leave.clicked.connect(lambda _checked=False: self.somebody.emit())
