"""The audit trail of the open library, on a page of its own behind Settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.qt_jobs import QtJobs
from pfm_desktop.gui.widgets.audit_view import AuditView
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.viewmodels.session import Session


class AuditPage(QWidget):
    """`closed` when Settings is to be shown again."""

    closed = Signal()
    title = tr("Audit trail")

    def __init__(self, session: Session, jobs: QtJobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = AuditView(session, jobs, self)
        self.view.closed.connect(self.closed)
        self.back = QPushButton(tr("Back to Settings"), self)
        self.back.setToolTip(tr("Back to Settings (Escape)"))
        self.back.clicked.connect(lambda _checked=False: self.closed.emit())
        heading = QLabel(self.title, self)
        heading.setProperty("role", "title")
        top = QHBoxLayout()
        top.addWidget(heading)
        top.addStretch(1)
        top.addWidget(self.back)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(10)
        column.addLayout(top)
        column.addWidget(self.view, 1)

    def page_actions(self) -> Sequence[QAction]:
        """None of its own: its keys are said by its buttons."""
        return ()

    @property
    def idle(self) -> bool:
        """Whether the list shows what the filters say."""
        return self.view.idle

    def entered(self) -> None:
        """The page comes into sight."""
        self.view.entered()

    def left(self) -> None:
        """The page goes out of sight."""
        self.view.left()
