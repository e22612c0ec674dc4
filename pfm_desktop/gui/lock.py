"""The locked window: after a while without keys or mouse, or at once by a key, nothing of the library is seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QWindow
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.secret_field import SecretField
from pfm_desktop.support.errors import UserError
from pfm_desktop.viewmodels import opening
from pfm_desktop.viewmodels.opening import Way

if TYPE_CHECKING:
    from pfm_desktop.domain.people import Account
    from pfm_desktop.gui.pages.sign_in import SignInPage
    from pfm_desktop.storage.library import Library

_INPUT = frozenset(  # of a key that is a command of the program only its release comes here
    {QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove,
     QEvent.Type.Wheel, QEvent.Type.TouchBegin, QEvent.Type.TabletPress}
)  # fmt: skip


class WindowLock(QObject):
    """Stands in front of `content` in `front`. `changed(locked)`; `somebody` asks to sign the present person out."""

    changed = Signal(bool)
    somebody = Signal()

    def __init__(self, content: QWidget, window: QWidget, keys: Callable[[], Sequence[QKeySequence]]) -> None:
        """`keys`: those that lock, as they are at the moment."""
        super().__init__(window)
        self._window, self._keys = window, keys
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusWindowChanged.connect(self._watch_dialog)
        self.front = QStackedWidget(window)
        self.front.addWidget(content)
        self._library: Library | None = None
        self._checking = Background(self)
        self._idle = QTimer(self, singleShot=True)
        self._idle.timeout.connect(self.lock)
        self._last_seen = time.time()
        self._hidden: list[QWidget] = []
        self._before: QWidget | None = None  # had the keys

    @cached_property
    def page(self) -> SignInPage:
        """What stands in front; made when it is first needed."""
        from pfm_desktop.gui.pages.sign_in import SignInPage

        page = SignInPage(self._window)
        self.front.addWidget(page)
        page.signed_in.connect(lambda _name, password: self._try(password))
        page.somebody.connect(self.somebody)
        return page

    @property
    def locked(self) -> bool:
        """Whether nothing is seen."""
        return self.front.currentIndex() != 0

    def guard(self, library: Library | None, minutes: int) -> None:
        """Lock what belongs to this library after so many minutes; None, or one without accounts, is never locked."""
        self._library = library if library is not None and library.account is not None else None
        self._idle.setInterval(minutes * 60_000)
        self._idle.stop()
        if self._library is None:
            self._open()
            return
        self._watch(self._window.windowHandle())
        if self.locked and self._account is not None:  # a library that was being opened: it is hers who opened it
            self._checking.drop()  # that of who had the one before
            self.page.show_for("", Way.UNLOCK, name=self._account.name)
            self.page.take_keys()
            return
        self._stay_open()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Somebody is there. In a dialog, which the window's commands do not reach, the key locks as well."""
        if event.type() in _INPUT and not self.locked and self._library is not None:
            if self._slept():
                self.lock()
                return True
            self._stay_open()
            if isinstance(event, QKeyEvent) and watched is not self._window.windowHandle() and self._locks(event):
                self.lock()
                return True
        return False

    def _stay_open(self) -> None:
        self._idle.start()
        self._last_seen = time.time()

    def _slept(self) -> bool:
        """Whether nobody was there for too long by the clock on the wall: the timer stands still while the computer
        sleeps."""
        return time.time() - self._last_seen > self._idle.interval() / 1000 + 1

    def _locks(self, event: QKeyEvent) -> bool:
        pressed = QKeySequence(event.keyCombination())
        return event.type() is QEvent.Type.KeyPress and any(pressed == key for key in self._keys())

    def _watch(self, window: QWindow | None) -> None:
        """Hear of its input: of the system's window, since the widgets' own events are far too many."""
        if window is not None:
            window.removeEventFilter(self)
            window.installEventFilter(self)

    def lock(self) -> None:
        """At once. What was typed is kept, but for passwords; work that runs goes on behind it."""
        account = self._account
        if account is None or self.locked:
            return
        self._idle.stop()
        while (menu := QApplication.activePopupWidget()) is not None:
            menu.close()
        for field in self._window.findChildren(SecretField):
            field.clear()
        self._before = QApplication.focusWidget()
        others = (one for one in QApplication.topLevelWidgets() if one.isVisible() and one is not self._window)
        self._hidden = [one for one in others if one.windowType() is not Qt.WindowType.Popup]
        for dialog in self._hidden:
            dialog.hide()
        self.page.show_for("", Way.UNLOCK, name=account.name)
        self.front.setCurrentWidget(self.page)
        self.page.take_keys()
        self.changed.emit(True)

    def _watch_dialog(self, window: QWindow | None) -> None:
        if self._library is not None and window is not None and window is not self._window.windowHandle():
            self._watch(window)

    @property
    def _account(self) -> Account | None:
        return self._library.account if self._library is not None else None

    def _try(self, password: str) -> None:
        if self._library is not None:
            self._checking.start(opening.unlock, self._library, password, done=self._checked, failed=self._failed)

    def _checked(self, refused: opening.Refused | None) -> None:
        if refused is not None:
            self.page.refuse(refused)
            return
        self._open()
        self._stay_open()

    def _failed(self, message: str) -> None:
        self.page.refuse(opening.Refused(UserError(message), 0))

    def _open(self) -> None:
        if not self.locked:
            return
        self.front.setCurrentIndex(0)
        self.page.show_for("", Way.UNLOCK)  # nothing that was typed stays
        self.changed.emit(False)
        for dialog in self._hidden:
            _again(dialog)
        self._hidden = []
        if self._before is not None:
            _again(self._before, QWidget.setFocus)
        self._before = None


def _again(widget: QWidget, how: Callable[[QWidget], None] = QWidget.show) -> None:
    from shiboken6 import isValid

    if isValid(widget):
        how(widget)
