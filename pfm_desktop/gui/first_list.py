"""The Today list that stands while its library is being opened; then it becomes the Today page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QStackedWidget

from pfm_desktop.viewmodels.first_look import OPENS_SOON, FirstLook

if TYPE_CHECKING:
    from pfm_desktop.domain.case import VisitRow
    from pfm_desktop.gui.pages.today import TodayPage
    from pfm_desktop.gui.qt_jobs import QtJobs
    from pfm_desktop.gui.widgets.message_bar import MessageBar


class FirstList(QObject):
    """One at most."""

    def __init__(self, stack: QStackedWidget, jobs: QtJobs, messages: MessageBar) -> None:
        super().__init__(stack)
        self._stack, self._jobs, self._messages = stack, jobs, messages
        self._page: TodayPage | None = None

    def show(self, rows: Sequence[VisitRow]) -> None:
        """Put the list into the window."""
        from pfm_desktop.gui.pages.today import TodayPage  # the window stands before this is loaded

        self._page = page = TodayPage(FirstLook(rows), self._jobs, self._stack)
        page.opens_soon.connect(self._say)
        self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)
        page.search.setFocus()

    def handed_over(self) -> tuple[TodayPage | None, str]:
        """The page, if there is one, and the visit that was chosen in it, or ""; both are let go here."""
        page, self._page = self._page, None
        if page is None:
            return None, ""
        page.opens_soon.disconnect(self._say)
        self._messages.clear_notes()  # what was said is done now, or will not be
        wanted, page.early = page.early, ""
        return page, wanted

    def drop(self) -> None:
        """The library could not be opened: the list goes."""
        page, _ = self.handed_over()
        if page is not None:
            self._stack.removeWidget(page)
            page.deleteLater()

    def _say(self) -> None:
        self._messages.note(OPENS_SOON)
