"""The signature under which a model is promoted."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.findings import meaning_words
from pfm_desktop.gui.widgets.panel_parts import in_a_row, say, words
from pfm_desktop.gui.widgets.secret_field import SecretField
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.learning import Signature
from pfm_desktop.viewmodels.learning_words import MEANING

REASON = tr("Why it is to answer all the same")


class Promoting(QFrame):
    """`signed(Signature)`, or `given_up` on Escape. A reason is asked for where the verdict is against the model."""

    signed = Signal(object)
    given_up = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Promote the new model"))
        self._against = self._with_password = self._working = False
        self.question, self.verdict, self.wrong = words(self), words(self, "badge"), words(self, "problem")
        self.name, self.meaning, self.reason = QLineEdit(self), QLineEdit(meaning_words(MEANING), self), QLineEdit(self)
        self.password = SecretField(tr("Your password, to sign"), self)
        self.now, self.back = QPushButton(tr("Sign and promote"), self), QPushButton(tr("Back"), self)
        self._lay_out()
        for field in (self.name, self.meaning, self.reason, self.password):
            field.textChanged.connect(lambda _text: self._allow())
            field.returnPressed.connect(self._sign)
        self.now.clicked.connect(lambda _checked=False: self._sign())
        self.back.clicked.connect(lambda _checked=False: self.given_up.emit())
        self.hide()

    def ask(
        self, model: str, before: str, *, who: str, account: bool, against: bool, verdict: tuple[str, str] = ("", "")
    ) -> None:
        """Show the form. `account`: who is signed in signs, with the password. `verdict`: what the comparison says, and
        what a person should know beside it: nobody signs without having it before them."""
        self._against, self._with_password, self._working = against, account, False
        self.question.setText(
            tr(
                "From then on {model} answers on this computer instead of {before}. Answers that were kept stay as "
                "they are, each with the model it came from. One click rolls it back. Investigational - not for "
                "diagnosis.",
                model=model,
                before=before,
            )
        )
        say(self.verdict, "\n".join(part for part in verdict if part))
        self.name.setText(who)
        self.name.setReadOnly(account)
        self.password.clear()
        self.reason.clear()
        self._form.setRowVisible(self.reason, against)
        self._form.setRowVisible(self.password, account)
        say(self.wrong, "")
        self._allow()
        self.show()
        (self.reason if against else self.password if account else self.name).setFocus(Qt.FocusReason.OtherFocusReason)

    def refuse(self, why: str) -> None:
        """It was not promoted."""
        self._working = False
        self.password.clear()
        say(self.wrong, why)
        self._allow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See the class."""
        if event.key() == Qt.Key.Key_Escape and not self._working:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)

    def _sign(self) -> None:
        if not self.now.isEnabled():
            return
        self._working = True
        self._allow()
        reason = self.reason.text() if self._against else ""
        meaning = self.meaning.text()
        kept = MEANING if meaning.strip() == meaning_words(MEANING) else meaning  # the record is English
        self.signed.emit(Signature(self.name.text(), kept, self.password.text(), reason))

    def _allow(self) -> None:
        needed = [self.name, self.meaning]
        needed += [self.reason] if self._against else []
        filled = all(field.text().strip() for field in needed)
        self.now.setEnabled(not self._working and filled and (not self._with_password or bool(self.password.text())))
        self.now.setText(tr("Promoting ...") if self._working else tr("Sign and promote"))
        self.back.setEnabled(not self._working)

    def _lay_out(self) -> None:
        heading = QLabel(tr("Promote the new model"), self)
        heading.setProperty("role", "heading")
        self._form = QFormLayout()
        for title, field in (
            (tr("Name"), self.name),
            (tr("Meaning"), self.meaning),
            (REASON, self.reason),
            (tr("Your password"), self.password),
        ):
            field.setAccessibleName(title)
            self._form.addRow(title, field)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.addWidget(heading)
        column.addWidget(self.question)
        column.addWidget(self.verdict)
        column.addLayout(self._form)
        column.addWidget(self.wrong)
        column.addLayout(in_a_row(self.now, self.back))
