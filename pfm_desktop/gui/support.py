"""What the window has for who helps from afar: a check of the computer, and what is known of a run that crashed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from pfm_desktop.gui.widgets.background import Background
from pfm_desktop.gui.widgets.offer import Offer
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import support as words

if TYPE_CHECKING:
    from pfm_desktop.gui.main_window import MainWindow
    from pfm_desktop.gui.pages.check import CheckPage
    from pfm_desktop.gui.pages.crashes import CrashesPage
    from pfm_desktop.services.crash_report import Report


class Support(QObject):
    """Of one window. `show(page)` puts a page that needs no library in front."""

    def __init__(self, window: MainWindow, show: Callable[[QWidget], None]) -> None:
        super().__init__(window)
        self._window, self._show = window, show
        self._looking = Background(self)
        self.offer = Offer(tr("About a crash"), words.NOT_NOW, window)
        self.offer.taken.connect(self.show_crashes)
        self.offer.declined.connect(self._decline)

    def slots(self) -> dict[str, Callable[[], object]]:
        """What the menu Help does."""
        return {"help.check": self.show_check, "help.crashes": self.show_crashes}

    def look_back(self) -> None:
        """Whether a run of the program did not end as it should; it is offered once, and then found in Help."""
        self._looking.start(words.gather_job, done=self._offer, failed=lambda _why: None)

    def _offer(self, report: Report | None) -> None:
        if report is not None:
            self.offer.offer(words.offer_of(report), words.LOOK)

    def _decline(self) -> None:
        self.offer.hide()
        self._window.keys_to_page()  # the button that had them is gone

    @cached_property
    def crashes(self) -> CrashesPage:
        """Made when it is first asked for."""
        from pfm_desktop.gui.pages.crashes import CrashesPage

        page = CrashesPage(self._window)
        page.closed.connect(self._window.help.leave)
        return page

    def show_crashes(self) -> None:
        """What is kept of runs that did not end as they should."""
        self.offer.hide()
        self.crashes.read()
        self._show(self.crashes)

    @cached_property
    def check(self) -> CheckPage:
        """Made when it is first asked for."""
        from pfm_desktop.gui.pages.check import CheckPage

        page = CheckPage(self._window)
        page.closed.connect(self._window.help.leave)
        return page

    def show_check(self) -> None:
        """Installation and computer, as they are now."""
        self._show(self.check)
        self.check.look()
