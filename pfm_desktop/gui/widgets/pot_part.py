"""What stands on the pot of a specimen, how it was taken, and what the laboratory said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pfm_desktop.domain.specimen import LONGEST_POT, TAKEN
from pfm_desktop.gui.widgets.folding import Folding
from pfm_desktop.gui.widgets.form_view import FormView
from pfm_desktop.gui.widgets.panel_parts import LineField, say, words
from pfm_desktop.support.language import tr

NO_POT = tr("no pot, no result awaited")
TOO_LONG = tr("A pot takes {count} characters. What is beyond them was not taken in.", count=LONGEST_POT)


class PotPart(QWidget):
    """`pot_given(text)` when another pot was typed, `answered(key, answer)` of how it was taken. Follows `show_pot`."""

    pot_given = Signal(str)
    answered = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._of, self._kept, self._locked = "", "", True
        self.name = ""  # of the specimen
        self._answers: Mapping[str, Any] = {}
        self.form: FormView | None = None  # made when it is first looked at
        self.label, self.pot, self.result = QLabel(tr("Pot"), self), LineField(self), words(self, "quiet")
        self.pot.setMaxLength(LONGEST_POT)
        self.pot.show_hint(NO_POT)
        self.label.setBuddy(self.pot)
        self._held = QWidget(self)
        self._column = QVBoxLayout(self._held)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.folding = Folding(tr("How it was taken"), self._held, self, folded=True)
        row = QHBoxLayout()
        row.addWidget(self.label)
        row.addWidget(self.pot, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.result)
        column.addWidget(self.folding)
        self.pot.let_go.connect(self._settle)
        self.pot.returnPressed.connect(self._settle)
        self.pot.inputRejected.connect(lambda: say(self.result, TOO_LONG))
        self.folding.title.toggled.connect(self._unfold)

    def show_pot(self, of: str, name: str, pot: str, answers: Mapping[str, Any], result: str, *, locked: bool) -> None:
        """Of the specimen `of`, called `name`, as it is on disk; a pot that is being typed stays."""
        typing = of == self._of and self.pot.hasFocus() and self.pot.text() != self._kept
        self._of, self._kept, self._locked, self._answers = of, pot, locked, answers
        self.name = name
        if not typing:
            self.pot.show_text(pot)
        self.pot.setReadOnly(locked)
        self.pot.setAccessibleName(tr("Pot of {specimen}", specimen=name))
        self.folding.title.setAccessibleName(tr("How {specimen} was taken", specimen=name))
        say(self.result, result)
        if self.form is not None:
            self.form.show_answers(of, answers, locked=locked)

    @property
    def unkept(self) -> tuple[str, ...]:
        """What was typed and is not on disk."""
        return () if self.form is None else self.form.unkept

    def save(self) -> None:
        """Give what was typed or chosen last."""
        self._settle()
        if self.form is not None:
            self.form.save()

    def put_back(self) -> None:
        """What was typed was refused."""
        self.pot.show_text(self._kept)

    def _settle(self) -> None:
        text = " ".join(self.pot.text().split())
        if not self._locked and text != self._kept:
            self.pot_given.emit(text)

    def _unfold(self, open_: bool) -> None:
        if not open_ or self.form is not None:
            return
        self.form = FormView(TAKEN, self._held)
        self.form.answered.connect(lambda _of, key, answer: self.answered.emit(key, answer))
        self._column.addWidget(self.form)
        self.form.show_answers(self._of, self._answers, locked=self._locked)
        self.form.show()
