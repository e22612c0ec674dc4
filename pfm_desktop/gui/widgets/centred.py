"""What the pages share that stand in the window while no library is open: a column in the middle."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QScrollArea, QVBoxLayout, QWidget


def put_in_the_middle(page: QWidget, inner: QLayout) -> None:
    """Fill `page` with `inner`, in the middle and a little above."""
    content, held = QWidget(page), QWidget(page)
    held.setLayout(inner)
    middle = QHBoxLayout()  # no alignment: an aligned widget gets its size hint, too low for wrapped lines
    middle.addStretch(1)
    middle.addWidget(held)
    middle.addStretch(1)
    column = QVBoxLayout(content)
    column.addStretch(1)
    column.addLayout(middle)
    column.addStretch(2)
    scroll = QScrollArea(page)  # for low windows
    scroll.setWidget(content)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    outer = QVBoxLayout(page)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(scroll)


def wrapped_label(parent: QWidget, width: int, role: str = "") -> QLabel:
    """A label of plain text that wraps at `width` pixels."""
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFixedWidth(width)  # so that the height for the wrapped words is known
    if role:
        label.setProperty("role", role)
    return label
