"""The bar of point mode: what to click next, the pairs so far with their errors, and what can be done with them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

BUTTONS = (
    ("undo", "Undo last", "Takes the last point away (Backspace, Ctrl+Z)"),
    ("apply", "Apply", "Registers the pair by these points, three or more (Enter)"),
    ("automatic", "Automatic again", "Forgets points and registers the pair automatically"),
    ("leave", "Leave", "Back, without a change (Escape)"),
)


class PointsBar(QFrame):
    """`asked` names the button that was pressed: undo, apply, automatic, leave."""

    asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName("Points that are paired by hand")
        self.prompt, self.fit = QLabel(self), QLabel(self)
        self.prompt.setStyleSheet("font-weight: 600;")
        self.fit.setProperty("role", "quiet")
        words = QVBoxLayout()
        words.setSpacing(2)
        for label in (self.prompt, self.fit):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            words.addWidget(label)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 10, 4)
        row.addLayout(words, 1)
        self.buttons: dict[str, QPushButton] = {}
        for name, text, tip in BUTTONS:
            button = QPushButton(text, self)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the stage
            button.clicked.connect(lambda _checked=False, name=name: self.asked.emit(name))
            row.addWidget(button)
            self.buttons[name] = button
        self.hide()

    def show_points(self, prompt: str, lines: Sequence[str], said: str, *, enough: bool, placed: int) -> None:
        """Say how far the points are."""
        self.prompt.setText(prompt)
        pairs = "Pairs " + ",  ".join(lines) if lines else "No pair yet"
        self.fit.setText("   ".join(part for part in (pairs, said) if part))
        self.buttons["undo"].setEnabled(placed > 0)
        self.buttons["apply"].setEnabled(enough)
