"""What the window has for who does not know it yet: the keys of the page, the list of all keys, the guide, the tour."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pfm_desktop.gui.actions import native
from pfm_desktop.gui.menus import WINDOW
from pfm_desktop.gui.support import Support
from pfm_desktop.gui.widgets.offer import Offer
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels import tour

if TYPE_CHECKING:
    from pfm_desktop.gui.actions import ShortcutRow
    from pfm_desktop.gui.main_window import MainWindow
    from pfm_desktop.gui.pages.guide import GuidePage
    from pfm_desktop.gui.tour import Tour
    from pfm_desktop.gui.widgets.keys_card import KeysCard

NO_PAGE = tr("The keys are those of the pages of a library: they can be shown once one is open.")


class Help(QObject):
    """Of one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.offer = Offer(tr("Offer of a tour"), tour.OFFER_LATER, window)
        self.support = Support(window, self.show)
        self.offers = QWidget(window)
        column = QVBoxLayout(self.offers)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for offer in (self.support.offer, self.offer):
            column.addWidget(offer)
        self._tour_wanted = False  # once the demo library is open
        self._back = 0  # the page that the guide leads back to
        self._elsewhere = False  # it was asked for where another library is open
        self.offer.taken.connect(self._take)
        self.offer.declined.connect(self._decline)
        window.ready.connect(self._library_ready)
        window.stack.currentChanged.connect(lambda _index: self.leave_keys())

    def slots(self) -> dict[str, Callable[[], object]]:
        """What the menu Help does."""
        return {
            "help.shortcuts": self.toggle_keys,
            "help.all_shortcuts": self.show_all_keys,
            "help.tour": self.take_tour,
            "help.guide": self.show_guide,
            "help.update": self.install_update,
            **self.support.slots(),
        }

    def install_update(self) -> None:
        """From a file; the library that is open is backed up before."""
        from pfm_desktop.gui.updating import choose

        if self._window.session is not None and not self._window.entrance.holds:
            choose(self._window, self._window.session, self._window.jobs)

    @cached_property
    def keys(self) -> KeysCard:
        """Where the keys of the page are shown; made when it is first asked for."""
        from pfm_desktop.gui.widgets.keys_card import KeysCard

        card = KeysCard(self._window.in_sight)
        card.all_wanted.connect(self.show_all_keys)
        card.change_wanted.connect(self._change_keys)
        return card

    def toggle_keys(self) -> None:
        """Show the keys of the page in front, or hide them again; the page goes on under them."""
        window, page = self._window, self._window.stack.currentWidget()
        own = getattr(page, "own_keys", None)
        if own is not None and own():
            return
        if "keys" in vars(self) and self.keys.isVisible():
            self.keys.leave()
        elif self._may_show_keys() and page is not None:
            from pfm_desktop.gui.widgets.stage_keys import STAGE_KEYS
            from pfm_desktop.viewmodels.page_keys import groups_of

            title = str(page.property("title") or getattr(page, "title", ""))
            stage = getattr(page, "stage", None)
            pictures = STAGE_KEYS if stage is not None and stage.isVisible() else ()
            own_keys, rest = window.book.acting(title), window.book.acting(WINDOW)
            by = next((native(row.shortcut) for row in rest if row.id == "help.shortcuts"), "")
            self.keys.show_keys(title, groups_of(title, _said(own_keys), pictures, _said(rest)), by)

    def leave_keys(self) -> None:
        """Another page is in front, or nobody is to see one."""
        if "keys" in vars(self):
            self.keys.leave()

    def show_all_keys(self) -> None:
        """The list of all keys, in place of the page."""
        if self._may_show_keys():
            self._window.show_all_keys()

    def _may_show_keys(self) -> bool:
        """Whether there is a page whose keys they are; said where there is none."""
        from pfm_desktop.gui.main_window import KEY_FIRST

        window = self._window
        if window.desk is None:
            window.messages.note(NO_PAGE)
        elif window.entrance.holds:
            window.messages.note(KEY_FIRST)
        return window.desk is not None and not window.entrance.holds

    # ---- the guide

    @cached_property
    def guide(self) -> GuidePage:
        """Made when it is first asked for; it goes with the window, not with a library."""
        from pfm_desktop.gui.pages.guide import GuidePage

        page = GuidePage(self._window)
        page.closed.connect(self.leave)
        self._window.book.adopt_page(page, page.page_actions(), group=page.title)
        return page

    def know_guide(self) -> None:
        """It is made, so that its keys are known."""
        _ = self.guide

    def show_guide(self) -> None:
        """In place of the page."""
        self.show(self.guide)

    def show(self, page: QWidget) -> None:
        """A page that needs no library, in place of the one in front; it leads back there."""
        window = self._window
        shown = window.stack.currentWidget()
        if window.desk is not None and window.desk.place_of(shown) >= 0:
            self._back = window.desk.place_of(shown)
        window.show_help(page)

    def leave(self) -> None:
        """Back from there."""
        self._window.leave_help(self._back)

    # ---- the tour

    @cached_property
    def tour(self) -> Tour:
        """Made when it is first taken."""
        from pfm_desktop.gui.main_window import TITLES
        from pfm_desktop.gui.tour import Tour

        made = Tour(self._window, TITLES, self._key_of)
        made.ended.connect(self.follow)
        return made

    def take_tour(self) -> None:
        """On the demo library at once; where another one is open, it is offered to open that."""
        session = self._window.session
        if session is None or self._window.lock.locked:
            return
        if session.library.demo:
            session.change_settings(tour_offered=True)
            self.tour.start()
            self.follow()
        else:
            self._elsewhere = True
            self.follow()
            self.offer.take.setFocus()

    def follow(self) -> None:
        """Offer the tour, or no more: on Today of the demo library until it was taken or declined, or as asked for."""
        window, session = self._window, self._window.session
        if session is None:
            self._elsewhere = False
        demo = session is not None and session.library.demo
        if demo and not window.settings.tour_offered and self._on_today and not self._touring:
            self.offer.offer(tour.OFFER, tour.OFFER_TAKE)
        elif self._elsewhere and not demo:
            self.offer.offer(tour.ELSEWHERE, tour.ELSEWHERE_TAKE)
        else:
            self.offer.hide()

    @property
    def _on_today(self) -> bool:
        desk = self._window.desk
        return desk is not None and self._window.stack.currentWidget() is desk.today

    @property
    def _touring(self) -> bool:
        return "tour" in vars(self) and self.tour.running

    def _take(self) -> None:
        session = self._window.session
        if session is None or session.library.demo:
            self.take_tour()
        else:
            self._tour_wanted = self._window.visit_demo()

    def _decline(self) -> None:
        """It is not offered again; the menu Help has it."""
        session = self._window.session
        if session is not None and session.library.demo:
            session.change_settings(tour_offered=True)
        self._elsewhere = False
        self.follow()
        self._window.keys_to_page()  # the button that had them is gone

    def _library_ready(self) -> None:
        wanted, self._tour_wanted, self._elsewhere, self._back = self._tour_wanted, False, False, 0
        session = self._window.session
        if wanted and session is not None and session.library.demo:
            self.take_tour()
        else:
            self.follow()

    def _key_of(self, id_: str) -> str:
        return next((native(row.shortcut) for row in self._window.book.rows() if row.id == id_), "")

    def _change_keys(self) -> None:
        if self._window.desk is not None:
            self._window.desk.show_shortcut_editor()


def _said(rows: tuple[ShortcutRow, ...]) -> list[tuple[str, str]]:
    return [(native(row.shortcut), row.text) for row in rows]
