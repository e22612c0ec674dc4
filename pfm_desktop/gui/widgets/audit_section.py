"""The audit trail in Settings: the way to it, and the fingerprint of the key that signs its exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.domain.people import Act
from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.copied_words import let_copy
from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.jobs import Context
    from pfm_desktop.storage.library import Library
    from pfm_desktop.viewmodels.session import Session


class AuditSection(QWidget):
    """`wanted` when the trail is to be shown."""

    wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._background = Background(self)
        self.show_trail = QPushButton(tr("Show the audit trail"), self)
        self.show_trail.clicked.connect(lambda _checked=False: self.wanted.emit())
        self.key = words(self, "quiet", tr("Fingerprint of the key: ..."))  # nothing moves when it has been read
        let_copy(self.key)
        row = QHBoxLayout()
        row.addWidget(self.show_trail)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.key)

    @property
    def idle(self) -> bool:
        """Whether the fingerprint has been read."""
        return not self._background.busy

    def showEvent(self, event: QShowEvent) -> None:
        """The key may have been made since."""
        super().showEvent(event)
        allowed = self._session.library.may(Act.READ_AUDIT)
        self.show_trail.setVisible(allowed)
        if not allowed:
            self.key.setText(tr("Read by administrators of the library."))
            return
        self._background.start(_read, self._session.library, done=self.key.setText, failed=self.key.setText)


def _read(ctx: Context, library: Library) -> str:
    """The words, as a job: what they need is loaded on another thread."""
    from pfm_desktop.viewmodels.audit import read_fingerprint

    return read_fingerprint(ctx, library)
