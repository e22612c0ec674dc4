"""A key that is held, and one that is pressed again."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

AT_ONCE_MS = 2  # between letting go and pressing again: a finger or a foot takes ten times as long


class HeldKeys:
    """Tells a key that is held from one that is pressed again, also where Qt does not.

    X11 repeats a held key as letting go and pressing at one moment; Qt marks that as a repeat only where it finds both
    in its queue, which on a quick computer is every other time. The moments are the keyboard's, so that a window that
    was busy hears what was typed meanwhile.
    """

    def __init__(self) -> None:
        self._let_go: dict[int, int] = {}  # when, in ms, by key
        self._repeats = False

    def look(self, event: QEvent) -> None:
        """What the keyboard does, before any action hears of it."""
        if not isinstance(event, QKeyEvent):
            return
        if event.type() is QEvent.Type.KeyRelease:
            self._let_go[event.key()] = event.timestamp()
            self._repeats = False
        elif event.type() is QEvent.Type.ShortcutOverride:
            since = event.timestamp() - self._let_go.get(event.key(), -AT_ONCE_MS - 1)
            self._repeats = event.timestamp() > 0 and 0 <= since <= AT_ONCE_MS

    def take(self) -> bool:
        """Whether what is done now was asked for by a key that is only held."""
        repeats, self._repeats = self._repeats, False
        return repeats


class KeyArea(QWidget):
    """A part of a page whose keys come by `held` before they act, where nothing in it took them. They go `home` where
    the widget that had them hides or is switched off: what stands next is pressed by an Enter that was not for it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.held = HeldKeys()  # Qt sends events while it makes the widget
        self.home: QWidget | None = None
        super().__init__(parent)

    def event(self, event: QEvent) -> bool:
        """See the class."""
        self.held.look(event)
        return super().event(event)

    def focusNextPrevChild(self, next_: bool) -> bool:
        """See the class."""
        had, home = self.focusWidget(), self.home
        if home is not None and home.isVisible() and had is not None and not (had.isVisible() and had.isEnabled()):
            home.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        return super().focusNextPrevChild(next_)
