"""The privacy screen: at one key nothing of a woman is seen, at the same key all is as it was. What runs goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from pfm_desktop.gui.theme import ON_SURROUND, SURROUND
from pfm_desktop.support.language import tr

WORDS, WITHOUT_KEY = tr("Hidden. {key} shows it again."), tr("Escape", "key")  # where somebody took the key away


def toggle(window: QWidget, keys: Callable[[], Sequence[QKeySequence]]) -> None:
    """Hide all of `window`, or show it again; `keys` are those that do so, as they are at the moment."""
    found = window.findChild(PrivacyScreen)
    screen = found if isinstance(found, PrivacyScreen) else PrivacyScreen(window, keys)
    screen.toggle()


class PrivacyScreen(QWidget):
    """Lies over all of `window`; made when it is first asked for.

    No lock: whoever has the keyboard takes it away. Keys and mouse do nothing to what lies under it.
    """

    def __init__(self, window: QWidget, keys: Callable[[], Sequence[QKeySequence]]) -> None:
        super().__init__(window)
        self._window, self._keys = window, keys
        self._before: QWidget | None = None
        self._hidden: list[QWidget] = []
        self.setAccessibleName(tr("Privacy screen"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.setStyleSheet(f"PrivacyScreen {{ background: {SURROUND}; }} QLabel {{ color: {ON_SURROUND}; }}")
        self.words = QLabel(self)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        self.hide()

    def toggle(self) -> None:
        """Hide everything, or show it again."""
        if self.isVisible():
            self._show_again()
        else:
            self._cover()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """As large as the window."""
        if watched is self._window and event.type() is QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._window.rect())
        return False

    def event(self, event: QEvent) -> bool:
        """No key is a command of what lies under it, but the one that shows it again."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            pressed = QKeySequence(event.keyCombination())
            event.setAccepted(all(pressed != key for key in self._keys()))
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes nowhere, but Escape where no key shows it again: the menu lies under it."""
        if event.key() == Qt.Key.Key_Escape and not self._keys():
            self.toggle()
        event.accept()

    def focusNextPrevChild(self, _next: bool) -> bool:
        """The keys stay here."""
        return True

    def _cover(self) -> None:
        while (menu := QApplication.activePopupWidget()) is not None:
            menu.close()
        self._before = QApplication.focusWidget()
        others = (one for one in QApplication.topLevelWidgets() if one.isVisible() and one is not self._window)
        self._hidden = [one for one in others if one.windowType() is not Qt.WindowType.Popup]
        for dialog in self._hidden:
            dialog.hide()
        keys = self._keys()
        text = WORDS.format(key=keys[0].toString(QKeySequence.SequenceFormat.NativeText) if keys else WITHOUT_KEY)
        self.words.setText(text)
        self.setAccessibleDescription(text)
        self.setGeometry(self._window.rect())
        self._window.installEventFilter(self)
        self.raise_()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_again(self) -> None:
        from shiboken6 import isValid

        self.hide()
        self._window.removeEventFilter(self)
        for dialog in self._hidden:
            if isValid(dialog):
                dialog.show()
        self._hidden = []
        if self._before is not None and isValid(self._before) and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
