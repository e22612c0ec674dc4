"""Enter presses the button that has the keys, as Space does; Qt does so only in dialogs, and on some desktops."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget

from pfm_desktop.gui.widgets.held_keys import HeldKeys

BUTTONS = (QPushButton, QToolButton)
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class EnterKey(QObject):
    """Of the whole program, for as long as `parent` is there.

    Listens at the button that has the keys only: shortcuts come before, and what holds the button comes after. A key
    that is held presses once.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._held = HeldKeys()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow)

    def _follow(self, before: QWidget | None, now: QWidget | None) -> None:
        if isinstance(before, BUTTONS):
            before.removeEventFilter(self)
        if isinstance(now, BUTTONS):
            now.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of the button that has the keys."""
        self._held.look(event)
        if not (isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and event.key() in ENTER):
            return False
        if not isinstance(watched, BUTTONS) or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if not (event.isAutoRepeat() or self._held.take()):
            _press(watched)
        return True


def _press(button: QPushButton | QToolButton) -> None:
    if isinstance(button, QToolButton) and button.popupMode() is QToolButton.ToolButtonPopupMode.InstantPopup:
        button.showMenu()  # all that it does
    else:
        button.click()
