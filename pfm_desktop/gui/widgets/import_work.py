"""An import under way: what is being done, how far it is, and the way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.jobs import Progress
from pfm_desktop.support.language import tr

_WIDE = 560  # pixels


class ImportWork(QWidget):
    """`stop_wanted` when it is to be stopped."""

    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.heading, self.far, self.about = QLabel(self), QLabel(self), words(self, "quiet")
        self.heading.setProperty("role", "heading")
        self.bar, self.stop = QProgressBar(self), QPushButton(tr("Stop"), self)
        self.stop.clicked.connect(lambda _checked=False: self.stop_wanted.emit())
        held = QWidget(self)
        held.setFixedWidth(_WIDE)
        column = QVBoxLayout(held)
        for widget in (self.heading, self.bar, self.far, self.about):
            column.addWidget(widget)
        column.addWidget(self.stop, 0, Qt.AlignmentFlag.AlignLeft)
        whole = QVBoxLayout(self)
        whole.addStretch(1)
        whole.addWidget(held, 0, Qt.AlignmentFlag.AlignHCenter)
        whole.addStretch(2)

    def begin(self, heading: str, about: str) -> None:
        """Something else is under way."""
        self.heading.setText(heading)
        self.about.setText(about)
        self.far.setText("")
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(heading)
        self.stop.setEnabled(True)
        self.stop.setText(tr("Stop"))

    def step(self, progress: Progress) -> None:
        """How far it is."""
        self.bar.setRange(0, int(progress.total))
        self.bar.setValue(int(progress.done))
        far = tr("{done:.0f} of {total:.0f}", done=progress.done, total=progress.total)
        self.far.setText(far if progress.total else progress.text)

    def stopping(self) -> None:
        """It was asked to stop."""
        self.stop.setEnabled(False)
        self.stop.setText(tr("Stopping"))
