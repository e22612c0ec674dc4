"""What the pages share that stand in the window while no library is open: a column in the middle."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QVBoxLayout, QWidget


def put_in_the_middle(page: QWidget, inner: QLayout) -> None:
    """Fill `page` with `inner`, in the middle and a little above."""
    held = QWidget(page)
    held.setLayout(inner)
    middle = QHBoxLayout()  # no alignment: an aligned widget gets its size hint, too low for wrapped lines
    middle.addStretch(1)
    middle.addWidget(held)
    middle.addStretch(1)
    outer = QVBoxLayout(page)
    outer.addStretch(1)
    outer.addLayout(middle)
    outer.addStretch(2)


def wrapped_label(parent: QWidget, width: int, role: str = "") -> QLabel:
    """A label of plain text that wraps at `width` pixels."""
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFixedWidth(width)  # so that the height for the wrapped words is known
    if role:
        label.setProperty("role", role)
    return label
