"""What stands in the window in place of a library: opening it, signing in, making one, its recovery key."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from pfm_desktop.gui.pages.opening import OpeningPage
from pfm_desktop.viewmodels.opening import Way, name_of

if TYPE_CHECKING:
    from pfm_desktop.gui.library_door import LibraryDoor
    from pfm_desktop.gui.pages.new_library import NewLibraryPage
    from pfm_desktop.gui.pages.recovery_key import RecoveryKeyPage
    from pfm_desktop.gui.pages.sign_in import SignInPage
    from pfm_desktop.viewmodels.opening import Refused


class Entrance(QStackedWidget):
    """`shown` asks the window to bring this into sight; `away` goes back to the library that is still open, and `kept`
    comes before it where a new recovery key of that library is on paper.

    `name` is what the name field begins with, `inside` whether a library is still open. `other` asks for another
    library. The pages are made when they are first needed: most starts need the first one only.
    """

    shown = Signal()
    kept = Signal()
    away = Signal()
    other = Signal()

    def __init__(self, door: LibraryDoor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._door = door
        self.name, self.inside = "", False
        self.opening = OpeningPage(self)
        self.addWidget(self.opening)
        door.locked.connect(self.sign_in)
        door.refused.connect(self.refuse)
        door.made.connect(self.show_recovery)
        door.stepped.connect(self.opening.show_step)
        self.opening.stop.connect(door.stop)

    @cached_property
    def signing_in(self) -> SignInPage:
        """Where somebody signs in."""
        from pfm_desktop.gui.pages.sign_in import SignInPage

        door, page = self._door, SignInPage(self)
        self.addWidget(page)
        page.signed_in.connect(door.sign_in)
        page.recovered.connect(door.recover)
        page.forgot.clicked.connect(lambda _checked=False: self.sign_in(door.folder, Way.RECOVER))
        page.away.connect(self._go_back)
        page.other.connect(self.other)
        return page

    @cached_property
    def making(self) -> NewLibraryPage:
        """Where a library is made."""
        from pfm_desktop.gui.pages.new_library import NewLibraryPage

        page = NewLibraryPage(self)
        self.addWidget(page)
        page.made.connect(self._door.create)
        page.away.connect(self._go_back)
        return page

    @cached_property
    def recovery(self) -> RecoveryKeyPage:
        """Where a recovery key is shown."""
        from pfm_desktop.gui.pages.recovery_key import RecoveryKeyPage

        page = RecoveryKeyPage(self)
        self.addWidget(page)
        page.done.connect(self._recovery_kept)
        return page

    @property
    def holds(self) -> bool:
        """Whether a recovery key is shown that nobody has kept yet: it would be lost by leaving."""
        page = self.currentWidget()
        return page is not self.opening and "recovery" in vars(self) and page is self.recovery and self.recovery.waits

    def take_keys(self) -> None:
        """The window shows this again."""
        page = self.currentWidget()
        if page is not self.opening and page is self.signing_in:
            self.signing_in.take_keys()

    def show_working(self, heading: str) -> None:
        """A library is being opened or made, and there is none to stay with."""
        self.opening.show_working(heading)
        self._show(self.opening)

    def show_opening(self) -> None:
        """What the opening page says."""
        self._show(self.opening)

    def sign_in(self, folder: str, way: Way = Way.SIGN_IN) -> None:
        """Ask who wants to open the library in this folder."""
        self._show(self.signing_in)
        self.signing_in.show_for(name_of(folder), way, name=self.name, back=self.inside)
        self._door.prepare()

    def make(self, folder: str) -> None:
        """Ask what kind of library is to be made in this folder."""
        self._show(self.making)
        self.making.show_for(folder, self.name)
        self._door.prepare()

    def show_recovery(self, key: str, folder: str) -> None:
        """Show the recovery key of the library that was made."""
        self._show(self.recovery)
        self.recovery.show_key(key, str(Path(folder)))

    def refuse(self, refused: Refused) -> None:
        """Nobody was let in, or no library was made."""
        if self.currentWidget() is self.making:
            self.making.refuse(refused)
        else:
            self._show(self.signing_in)
            self.signing_in.refuse(refused)

    def _recovery_kept(self) -> None:
        if not self._door.go_in():  # another key of a library that is open
            self.kept.emit()
            self.away.emit()

    def _show(self, page: QWidget) -> None:
        self.setCurrentWidget(page)
        self.shown.emit()

    def _go_back(self) -> None:
        if self.currentWidget() is self.signing_in and self.signing_in.way is Way.RECOVER:
            self.sign_in(self._door.folder)
        elif self.inside:
            self.away.emit()
        else:
            self.opening.show_stopped(demo=False)
            self._show(self.opening)
