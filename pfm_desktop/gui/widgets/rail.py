"""The left rail: one button a page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from pfm_desktop.support.language import tr

WIDTH = 116


class Rail(QFrame):
    """`chosen(index)` when the user picks a page."""

    chosen = Signal(int)

    def __init__(self, titles: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAccessibleName(tr("Pages"))
        self.setFixedWidth(WIDTH)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(2)
        for index, title in enumerate(titles):
            button = QToolButton(self)
            button.setText(title)
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setFixedWidth(WIDTH)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setAccessibleName(tr("Page {title}", title=title))
            button.setToolTip(f"{title} (Ctrl+{index + 1})")
            self._group.addButton(button, index)
            column.addWidget(button)
        column.addStretch(1)
        self._group.idClicked.connect(self.chosen)

    def show_current(self, index: int) -> None:
        """Mark the page that is shown; -1 marks none."""
        if index >= 0:
            self._group.button(index).setChecked(True)
            return
        self._group.setExclusive(False)  # a page that is not on the rail: none is marked
        for other in self._group.buttons():
            other.setChecked(False)
        self._group.setExclusive(True)

    def set_usable(self, index: int, usable: bool, why_not: str = "") -> None:
        """Whether a page can be opened now; `why_not` says what it needs."""
        button = self._group.button(index)
        button.setEnabled(usable)
        button.setToolTip(why_not if not usable else f"{button.text()} (Ctrl+{index + 1})")
