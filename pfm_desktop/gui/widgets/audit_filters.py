"""The filters of the audit trail: words, kind, who, about whom, from and until which day."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QWidget

from pfm_desktop.gui.widgets.panel_parts import CalmComboBox, say, words
from pfm_desktop.support.errors import BadInputError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.audit import KINDS, question
from pfm_desktop.viewmodels.words import spoken

if TYPE_CHECKING:
    from pfm_desktop.services.audit import Wanted

DEBOUNCE_MS = 300
_FIELDS = {  # name: label, hint, what the screen reader says
    "words": (
        tr("Words", "that are searched for"),
        tr("any words of the line, or of what was there before or after"),
        tr("Words in the line"),
    ),
    "who": (tr("By", "a person"), tr("part of a name"), tr("By whom: part of a name")),
    "about": (tr("Patient ID"), tr("her identifier"), tr("About the patient with this ID")),
    "since": (tr("From"), tr("like 14 Mar 2026"), tr("From this day on")),
    "until": (tr("Until"), tr("like 14 Mar 2026"), tr("Until this day, which is included")),
}


class AuditFilters(QWidget):
    """`changed` once the user stopped typing and the fields say another question; `asked` is that question."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = {name: QLineEdit(self) for name in _FIELDS}
        self.kind = CalmComboBox(self)
        self.clear = QPushButton(tr("Clear filters"), self)
        self.wrong = words(self, "badge")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(DEBOUNCE_MS)
        self._pause.timeout.connect(self.settle)
        self.asked: Wanted = question()
        for name, (_label, hint, spoken_name) in _FIELDS.items():
            field = self.fields[name]
            field.setPlaceholderText(hint)
            field.setAccessibleName(spoken_name)
            field.setClearButtonEnabled(True)
            field.textChanged.connect(lambda _text: self._pause.start())
        self.kind.setAccessibleName(tr("Kind of lines"))
        self.kind.addItems([text for text, _kind in KINDS])
        self.kind.currentIndexChanged.connect(lambda _index: self.settle())
        self.clear.clicked.connect(self.clear_all)
        self._lay_out()
        self._refresh()

    @property
    def idle(self) -> bool:
        """Whether `asked` is what the fields say."""
        return not self._pause.isActive()

    def clear_all(self) -> None:
        """Ask for all lines."""
        for field in self.fields.values():
            field.clear()
        self.kind.setCurrentIndex(0)
        self.fields["words"].setFocus()
        self.settle()

    def stop(self) -> None:
        """The page goes out of sight."""
        self._pause.stop()

    def in_order(self) -> tuple[QWidget, ...]:
        """What takes the keys, as it is read."""
        return self.fields["words"], self.kind, *(self.fields[name] for name in list(_FIELDS)[1:]), self.clear

    def settle(self) -> bool:
        """Ask at once for what stands in the fields; False (and it is said) where that is no question."""
        self._pause.stop()
        self._refresh()
        said = {name: field.text() for name, field in self.fields.items()}
        try:
            asked = question(**said, kind=KINDS[self.kind.currentIndex()][1])
        except BadInputError as error:
            say(self.wrong, spoken(error) + " " + tr("The list is still the one from before."))
            return False
        say(self.wrong, "")
        if asked != self.asked:
            self.asked = asked
            self.changed.emit()
        return True

    def _refresh(self) -> None:
        filled = any(field.text() for field in self.fields.values()) or self.kind.currentIndex() > 0
        self.clear.setEnabled(filled)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        names = list(_FIELDS)
        for place, name in enumerate(names[1:]):
            self._put(grid, name, 1, 2 * place)
        self._put(grid, "words", 0, 0, span=3)
        label = QLabel(tr("Kind"), self)
        label.setBuddy(self.kind)
        grid.addWidget(label, 0, 4)
        grid.addWidget(self.kind, 0, 5)
        grid.addWidget(self.clear, 0, 6, 1, 2)
        grid.addWidget(self.wrong, 2, 0, 1, 8)
        for column in range(8):
            grid.setColumnStretch(column, column % 2)
        say(self.wrong, "")
        for one, next_ in pairwise(self.in_order()):
            self.setTabOrder(one, next_)

    def _put(self, grid: QGridLayout, name: str, row: int, column: int, *, span: int = 1) -> None:
        label = QLabel(_FIELDS[name][0], self)
        label.setBuddy(self.fields[name])
        grid.addWidget(label, row, column)
        grid.addWidget(self.fields[name], row, column + 1, 1, span)
