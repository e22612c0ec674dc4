"""Words of a label that can be copied, without taking the keys from where they are."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QLabel

_CHOSE = (QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonDblClick)


def let_copy(label: QLabel) -> None:
    """Words are chosen with the mouse and copied; a click that chooses none leaves the keys with the page."""
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the flag makes it one that a click gives the keys
    label.installEventFilter(_Chosen(label))


class _Chosen(QObject):
    """Gives a label the keys once words are chosen, so that the key for copying copies them."""

    def __init__(self, label: QLabel) -> None:
        super().__init__(label)
        self._label = label

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """See the class."""
        if event.type() in _CHOSE:
            QTimer.singleShot(0, self, self._take_keys)  # the label has not looked at the event yet
        return False

    def _take_keys(self) -> None:
        if self._label.hasSelectedText():
            self._label.setFocus(Qt.FocusReason.MouseFocusReason)
