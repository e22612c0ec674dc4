"""Who stands under a pseudonym: a small field for who may ask. That it was asked goes on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.panel_parts import say, words
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.export import who_is
from pfm_desktop.viewmodels.words import capital

if TYPE_CHECKING:
    from pfm_desktop.storage.library import Library


class WhoseField(QWidget):
    """The answer goes away when the page does."""

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._background = Background(self)
        self.field, self.ask = QLineEdit(self), QPushButton(tr("Look up"), self)
        self.field.setPlaceholderText("W-8f3a2c")
        self.field.setAccessibleName(tr("Pseudonym to look up"))
        self.field.returnPressed.connect(self.look_up)
        self.field.textChanged.connect(lambda _text: self._changed())
        self.ask.clicked.connect(lambda _checked=False: self.look_up())
        self.ask.setToolTip(tr("That it was asked goes on record"))
        self.answer = words(self)
        let_copy(self.answer)
        label = QLabel(tr("Who is"), self)
        label.setBuddy(self.field)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.field, 1)
        row.addWidget(self.ask)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.answer)
        self._changed()

    @property
    def idle(self) -> bool:
        """Whether no answer is to come."""
        return not self._background.busy

    def look_up(self) -> None:
        """Ask; where nothing was typed nothing is asked."""
        pseudonym = self.field.text().strip()
        if not pseudonym or not self.ask.isEnabled():
            return
        say(self.answer, tr("Looking ..."))
        self._background.start(
            who_is, self._library, pseudonym,
            done=lambda woman: say(
                self.answer,
                tr("{pseudonym} is {woman}. That you asked is on record.", pseudonym=pseudonym, woman=woman),
            ),
            failed=lambda why: say(self.answer, capital(why)),
        )  # fmt: skip

    def forget(self) -> None:
        """No name stays on the screen."""
        self._background.drop()
        self.field.setText("")
        say(self.answer, "")

    def _changed(self) -> None:
        self._background.drop()
        self.ask.setEnabled(bool(self.field.text().strip()))
        say(self.answer, tr("That you ask goes on record.") if self.field.text().strip() else "")
