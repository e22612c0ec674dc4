"""The places of a visit whose whitening is on record: chosen, looked at again, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QListWidget, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.panel_parts import in_a_row, words
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import whitening as text

if TYPE_CHECKING:
    from pfm_desktop.domain.examination import KeptWhitening
    from pfm_desktop.viewmodels.session import Session

LINES = 3  # in sight at once


class KeptPlaces(QWidget):
    """Hidden where there are none. `chosen(place)` by a person."""

    chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._kept: tuple[KeptWhitening, ...] = ()
        self.heading = words(self, "quiet", text.ON_RECORD)
        self.list = QListWidget(self)
        self.list.setAccessibleName(text.ON_RECORD)
        self.list.setMaximumHeight(LINES * self.list.fontMetrics().lineSpacing() + 16)
        self.remove = QPushButton(tr("Take off the record"), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.list)
        column.addLayout(in_a_row(self.remove))
        self.list.currentRowChanged.connect(self._choose)
        self.remove.clicked.connect(self._remove)
        self.hide()

    def follow(self) -> None:
        """The visit on the desk changed, or is another one."""
        from pfm_desktop.services.capture import records

        case = self._session.case
        try:
            kept = records.whitenings(self._session.library, case.visit.id) if case is not None else ()
        except UserError:
            kept = ()  # said where the visit is read
        if kept != self._kept:
            self._kept = kept
            self.list.blockSignals(True)
            self.list.clear()
            self.list.addItems([text.kept_text(number, one.whitening) for number, one in enumerate(kept, 1)])
            self.list.blockSignals(False)
        self.setVisible(bool(kept))
        self._enable()

    @property
    def looked_at(self) -> bool:
        """Whether one of them is chosen."""
        return 0 <= self.list.currentRow() < len(self._kept)

    def leave(self) -> None:
        """None of them is chosen: another place is looked at."""
        self.list.blockSignals(True)
        self.list.setCurrentRow(-1)
        self.list.blockSignals(False)
        self._enable()

    def _choose(self, row: int) -> None:
        self._enable()
        if 0 <= row < len(self._kept):
            self.chosen.emit(self._kept[row])

    def _enable(self) -> None:
        case = self._session.case
        signed = case is not None and case.signed
        self.remove.setEnabled(self.looked_at and not signed and not self._session.library.no_editing)

    def _remove(self) -> None:
        from pfm_desktop.services.capture import records

        row = self.list.currentRow()
        if 0 <= row < len(self._kept):
            key = self._kept[row].id
            self._session.perform(lambda lib: records.remove_whitening(lib, key))
            self.follow()
