"""The bar above the stage while two visits are beside each other: which, how well they lie, and the way back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from pfm_desktop.gui.widgets.panel_parts import words
from pfm_desktop.gui.widgets.registration_chip import RegistrationChip
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.registration_chip import ChipText

BACK = tr("Back to the pair")
LEAST = 220  # pixels


class CompareBar(QFrame):
    """`left`: the pair is wanted back; `stopped`: aligning is not waited for."""

    left = Signal()
    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Two visits beside each other"))
        self.headline, self.details = words(self), words(self, "quiet")
        self.headline.setStyleSheet("font-weight: 600;")
        self.chip = RegistrationChip(self, presses=False)
        self.stop, self.back = QPushButton(tr("Stop aligning"), self), QPushButton(BACK, self)
        self.stop.setToolTip(tr("The two stay side by side, not aligned"))
        self.back.setToolTip(tr("The pair as it was (Esc)"))
        self.stop.clicked.connect(self.stopped)
        self.back.clicked.connect(self.left)
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self.headline, 1)
        above.addWidget(self.stop)
        above.addWidget(self.back)
        below.setSpacing(10)
        below.addWidget(self.chip)
        below.addWidget(self.details, 1)
        self.details.setMinimumWidth(LEAST)  # a long reason on the chip gives way; its tooltip has all of it
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 10, 4)
        column.setSpacing(2)
        column.addLayout(above)
        column.addLayout(below)
        for button in (self.stop, self.back):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the stage
        self.hide()

    def show_state(self, headline: str, details: str, chip: ChipText, *, aligning: bool) -> None:
        """How far it is."""
        self.headline.setText(headline)
        self.details.setText(details)
        self.setAccessibleDescription(f"{headline}. {details} {chip.explanation}")
        self.chip.set_text(chip)
        self.stop.setVisible(aligning)
        self.show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
