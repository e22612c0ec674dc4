"""After how many days a result is overdue here, and whether letters are followed up: choices of the site."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from pfm_desktop.domain.followup import LIMITS, SOURCE
from pfm_desktop.gui.widgets.panel_parts import CalmComboBox
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.viewmodels.session import Session

HINT = tr("Which results Today and the histology inbox call overdue, and letters with them. {source}.", source=SOURCE)


class FollowUpChoice(QWidget):
    """Follows `read`."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.days, self.letters = CalmComboBox(self), QCheckBox(tr("Letters with the result are followed up"), self)
        self.days.setAccessibleName(tr("A result is overdue after"))
        for days in (*range(LIMITS[0], 63, 7), LIMITS[1]):
            self.days.addItem(tr("overdue after %n day(s)", "", days), days)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.days)
        row.addWidget(self.letters)
        row.addStretch(1)
        self.days.activated.connect(lambda _index: self._keep())
        self.letters.clicked.connect(lambda _on: self._keep())
        self.read()

    def in_order(self) -> tuple[QWidget, ...]:
        """As the keys go through them."""
        return self.days, self.letters

    def read(self) -> None:
        """What the library holds."""
        from pfm_desktop.services import follow_up

        with suppress(UserError):  # a library that cannot be read says so elsewhere
            found = follow_up.site_choice(self._session.library)
            if self.days.findData(found.days) < 0:  # chosen by another version
                self.days.addItem(tr("overdue after %n day(s)", "", found.days), found.days)
            self.days.setCurrentIndex(self.days.findData(found.days))
            self.letters.setChecked(found.letters)

    def _keep(self) -> None:
        from pfm_desktop.services import follow_up

        days, letters = self.days.currentData(), self.letters.isChecked()
        kept = self._session.perform(
            lambda lib: follow_up.choose_for_site(lib, days=days, letters=letters), undoable=False
        )
        if kept is None:
            self.read()
