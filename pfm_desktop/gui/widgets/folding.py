"""A part of a column below its title, which folds it away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from pfm_desktop.support.language import tr


class Folding(QWidget):
    """`part` is in sight while the title is pressed down; Space and Enter on the title fold it, as a click does."""

    def __init__(self, title: str, part: QWidget, parent: QWidget | None = None, *, folded: bool = False) -> None:
        super().__init__(parent)
        self.part = part
        self.title = QToolButton(self)
        self.title.setText(title)
        self.title.setCheckable(True)
        self.title.setChecked(not folded)
        self.title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.title.setProperty("role", "folding")
        self.title.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.title)
        column.addWidget(part)
        self.title.toggled.connect(self._fold)
        self._fold(open_=not folded)

    @property
    def open(self) -> bool:
        """Whether the part is in sight."""
        return self.title.isChecked()

    def _fold(self, open_: bool) -> None:
        self.title.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        self.title.setAccessibleDescription(tr("open", "not folded") if open_ else tr("folded"))
        self.part.setVisible(open_)
