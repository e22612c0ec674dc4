"""What the window has for who does not know it yet: the keys of the page, the list of all keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from pfm_desktop.gui.actions import native
from pfm_desktop.gui.menus import WINDOW

if TYPE_CHECKING:
    from pfm_desktop.gui.actions import ShortcutRow
    from pfm_desktop.gui.main_window import MainWindow
    from pfm_desktop.gui.widgets.keys_card import KeysCard


class Help(QObject):
    """Of one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.stack.currentChanged.connect(lambda _index: self.leave_keys())

    def slots(self) -> dict[str, Callable[[], object]]:
        """What the menu Help does."""
        return {"help.shortcuts": self.toggle_keys, "help.all_shortcuts": self.show_all_keys}

    @cached_property
    def keys(self) -> KeysCard:
        """Where the keys of the page are shown; made when it is first asked for."""
        from pfm_desktop.gui.widgets.keys_card import KeysCard

        card = KeysCard(self._window.stack)
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
        elif window.desk is not None and page is not None and not window.entrance.holds:
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
        self._window.show_all_keys()

    def _change_keys(self) -> None:
        if self._window.desk is not None:
            self._window.desk.show_shortcut_editor()


def _said(rows: tuple[ShortcutRow, ...]) -> list[tuple[str, str]]:
    return [(native(row.shortcut), row.text) for row in rows]
