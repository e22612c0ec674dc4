"""Words in place of pictures, and the strip above them: what is missing or failed, and one button that helps."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.ink import SURROUND_COLOUR, TEXT
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.review import Notice

ACTIONS = {"retry": tr("Try again"), "add": tr("Add pictures ...")}


class _NoticeFrame(QFrame):
    asked = Signal(str)  # the notice's action

    def __init__(self, parent: QWidget | None, layout: QBoxLayout) -> None:
        super().__init__(parent)
        self.notice = Notice()
        self.text = QLabel(self)
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QPushButton(self)
        self.button.clicked.connect(lambda: self.asked.emit(self.notice.action))
        self.setLayout(layout)

    def show_notice(self, notice: Notice) -> None:
        """Say it; a notice without text hides."""
        self.notice = notice
        self.text.setText(notice.text)
        self.button.setText(ACTIONS.get(notice.action, ""))
        self.button.setVisible(bool(notice.action))
        self.setVisible(bool(notice.text))


class StageNotice(_NoticeFrame):
    """Covers the stage, in the grey of its surround in every theme."""

    def __init__(self, parent: QWidget | None = None) -> None:
        column = QVBoxLayout()
        super().__init__(parent, column)
        self.setAccessibleName(tr("Stage", "where the pictures are shown"))
        self.setAutoFillBackground(True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        colours = self.palette()
        colours.setColor(QPalette.ColorRole.Window, SURROUND_COLOUR)
        self.setPalette(colours)
        self.text.setStyleSheet(f"color: {QColor(TEXT).name()}; font-size: 16px;")
        column.setContentsMargins(40, 40, 40, 40)
        column.addStretch(1)
        column.addWidget(self.text)
        column.addSpacing(12)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)


class NoticeStrip(_NoticeFrame):
    """One line above the stage, in the colours of a warning."""

    def __init__(self, parent: QWidget | None = None) -> None:
        row = QHBoxLayout()
        super().__init__(parent, row)
        self.text.setProperty("role", "badge")
        self.setAccessibleName(tr("Message of this page"))
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row.setContentsMargins(10, 4, 10, 4)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        self.hide()
