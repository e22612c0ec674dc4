"""One model as a card."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.prediction import BANNER
from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.model_cards import CardRow
from pfm_desktop.viewmodels.words import capital

IN_USE, IN_USE_BAD = tr("in use"), tr("in use, cannot answer")


class ModelCard(QFrame):
    """`used` carries the model's name, `chosen`, `checked` and `sent` its folder."""

    chosen = Signal(Path)
    used = Signal(str)
    checked = Signal(Path)
    sent = Signal(Path)

    def __init__(self, row: CardRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row, self._used = row, False
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Model {name} {version}", name=row.name, version=row.version))
        name = QLabel(f"{row.name}  {row.version}".strip(), self)
        name.setProperty("role", "heading")
        self.badge = QLabel(IN_USE, self)
        self.badge.setProperty("role", "badge")
        self.said = _words("", self)
        let_copy(self.said)  # it may hold a fingerprint
        self.said.hide()
        self.standing = _words("", self)
        self.standing.hide()
        self.use = QPushButton(tr("Use this model"), self)
        self.read, self.check = QPushButton(tr("Read the card"), self), QPushButton(tr("Check weights"), self)
        self.use.clicked.connect(lambda: self.used.emit(row.name))
        self.read.clicked.connect(lambda: self.chosen.emit(row.path))
        self.check.clicked.connect(lambda: self.checked.emit(row.path))
        self.send = QPushButton(tr("Pass on..."), self)
        self.send.setToolTip(tr("As one signed file, for another clinic: the model, and nothing of any patient"))
        self.send.clicked.connect(lambda: self.sent.emit(row.path))
        self._lay_out(name)
        self.set_used(False)

    def set_used(self, used: bool, *, unable: bool = False) -> None:
        """Whether this model answers now; `unable`: it should, but its folder cannot be read."""
        if unable:
            self.badge.setText(IN_USE_BAD)
        self._used = used
        self.badge.setVisible(used or unable)
        self.use.setVisible(self._usable and not used)

    @property
    def _usable(self) -> bool:
        return self.row.usable and not self.row.hidden and not self.standing.text()

    def set_standing(self, why_not: str) -> None:
        """Why it may not be chosen here although it lies among the models ("": it may)."""
        self.standing.setText(capital(f"{why_not}.") if why_not else "")
        self.standing.setVisible(bool(why_not))
        self.use.setVisible(self._usable and not self._used)

    def set_chosen(self, chosen: bool) -> None:
        """Whether its text is shown."""
        if self.property("chosen") != chosen:
            self.setProperty("chosen", chosen)
            self.style().unpolish(self)
            self.style().polish(self)

    def say(self, text: str, *, bad: bool = False, usable: bool = False) -> None:
        """What the check found, or what became of passing it on; `usable`: it answers all the same."""
        self.said.setText(tr("Problem: {what}", what=text) if bad else text)
        self.said.show()
        self.badge.setText(IN_USE_BAD if bad and not usable else IN_USE)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click anywhere shows the text."""
        self.chosen.emit(self.row.path)
        super().mousePressEvent(event)

    def _lay_out(self, name: QLabel) -> None:
        top = QHBoxLayout()
        top.addWidget(name, 1)
        top.addWidget(self.badge)
        buttons = QHBoxLayout()
        for button in (self.use, self.read, self.check, self.send):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.addLayout(top)
        if self.row.version:
            if self.row.usable:
                column.addWidget(_words(f"{capital(self.row.label)}. {BANNER}.", self))
            for text in filter(None, (self.row.facts, self.row.unlike)):
                facts = _words(text, self)
                facts.setProperty("role", "quiet")
                column.addWidget(facts)
        column.addWidget(self.standing)
        if self.row.hidden:
            column.addWidget(_words(self.row.hidden, self))
        if self.row.problem:
            column.addWidget(_words(self.row.problem, self))
        column.addWidget(self.said)
        column.addLayout(buttons)
        self.read.setVisible(bool(self.row.version))
        self.check.setVisible(bool(self.row.version))


def _words(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
