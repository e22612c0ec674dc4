"""Words of a label that can be copied, without taking the keys from where they are."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from shiboken6 import isValid

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
        self._before: QWidget | None = None  # had the keys

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """See the class."""
        if event.type() in _CHOSE:
            QTimer.singleShot(0, self, self._follow)  # the label has not looked at the event yet
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self._label.setSelection(0, 0)
            QTimer.singleShot(0, self, self._follow)
        elif event.type() == QEvent.Type.Paint and self._before is not None:  # other words, of which none are chosen
            QTimer.singleShot(0, self, self._follow)
        return False

    def _follow(self) -> None:
        """The keys come when words are chosen, and go back when none are any more."""
        label = self._label
        if label.hasSelectedText() and not label.hasFocus():
            self._before = QApplication.focusWidget()
            label.setFocus(Qt.FocusReason.MouseFocusReason)
        elif not label.hasSelectedText() and self._before is not None:
            before, self._before = self._before, None
            if isValid(before) and before.isVisible() and (label.hasFocus() or QApplication.focusWidget() is None):
                before.setFocus(Qt.FocusReason.OtherFocusReason)
