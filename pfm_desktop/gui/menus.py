"""The menu bar: every action with its shortcut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu

from pfm_desktop.gui.actions import PORTABLE, ActionBook, plain
from pfm_desktop.support.language import tr

WINDOW = tr("Window")  # group of the actions that hold on every page
# id, text, default shortcut ("A or B" for two); None is a line between
FILE = (
    ("file.open_library", tr("&Open another library..."), "Ctrl+O"),
    ("file.new_library", tr("New &library..."), ""),
    ("file.open_for_writing", tr("Open for &writing"), "Ctrl+Shift+W"),
    None,
    ("file.lock", tr("Loc&k the window"), "Ctrl+L"),
    ("file.sign_out", tr("&Sign out"), ""),
    None,
    ("file.quit", tr("&Quit"), "Ctrl+Q"),
)
EDIT = (
    ("edit.undo", tr("&Undo"), "Ctrl+Z"),
    ("edit.redo", tr("&Redo"), "Ctrl+Shift+Z or Ctrl+Y"),
    None,
    ("edit.find", tr("&Find a visit"), "Ctrl+F"),
)
VIEW = (
    ("view.today", tr("&Today"), "Ctrl+1"),
    ("view.review", tr("&Review"), "Ctrl+2"),
    ("view.capture", tr("&Capture"), "Ctrl+3"),
    ("view.annotate", tr("&Annotate"), "Ctrl+4"),
    ("view.models", tr("&Models"), "Ctrl+5"),
    ("view.settings", tr("&Settings"), "Ctrl+6 or Ctrl+,"),
    None,
    ("view.theme", tr("&Dark or light theme"), "Ctrl+Shift+L"),
    ("view.full_screen", tr("&Full screen"), "F11"),
    ("view.privacy", tr("&Hide or show everything"), "F12"),
    ("view.close_message", tr("&Close the message"), "Ctrl+Shift+M"),
)
HELP = (
    ("help.shortcuts", tr("&Keys of this page"), "F1 or ?"),
    ("help.all_shortcuts", tr("&All keyboard shortcuts"), "Shift+F1"),
    None,
    ("help.guide", tr("&User guide"), "Ctrl+F1"),
    ("help.tour", tr("&Take the tour"), "Ctrl+Shift+F1"),
    None,
    ("help.update", tr("&Install an update..."), ""),
    ("help.check", tr("Check this &computer..."), ""),
    ("help.crashes", tr("After a cra&sh..."), ""),
    ("help.about", tr("A&bout pfm_desktop"), ""),
)
# of pages, with other letters than those of the menus beside them
_MNEMONICS = {
    tr("Today"): tr("&Today"), tr("Review"): tr("Re&view"), tr("Capture"): tr("Ca&pture"),
    tr("Annotate"): tr("&Annotate"), tr("Models"): tr("&Models"), tr("Histology"): tr("Hist&ology"),
    tr("Import"): tr("&Import"), tr("Export"): tr("E&xport"), tr("Fine-tune"): tr("Fine-&tune"),
    tr("Audit trail"): tr("Audit t&rail"), tr("User guide"): tr("&User guide"),
}  # fmt: skip
_PLACES = ((tr("&File"), FILE), (tr("&Edit"), EDIT), (tr("&View"), VIEW), (tr("&Help"), HELP))


class _LettersOfMenus(QObject):
    """Letters belong to the menu that is open, also where they are keys of the page behind it."""

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Of the menu bar, which has the keys while one of its menus is open."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(QApplication.activePopupWidget(), QMenu):
            event.accept()  # no shortcut: it goes to the menu as it is
            return True
        return False


class Menus:
    """Builds the menu bar once; the menus of pages come and go before Help."""

    def __init__(self, window: QMainWindow, book: ActionBook, slots: Mapping[str, Callable[[], object]]) -> None:
        self._window, self._book = window, book
        self._pages: dict[str, QMenu] = {}
        window.menuBar().installEventFilter(_LettersOfMenus(window))
        self._keep_letters("", (title for title, _lines in _PLACES))
        for title, letter in _MNEMONICS.items():
            self._keep_letters(title, (letter,))
        for title, lines in _PLACES:
            menu = window.menuBar().addMenu(title)
            for line in lines:
                if line is None:
                    menu.addSeparator()
                    continue
                id_, text, shortcut = line
                menu.addAction(book.make(window, id_, text, shortcut, slots[id_], group=WINDOW))
        self._help = menu

    def show_page(self, title: str) -> None:
        """Show the menu of a page (its group in the book), made from its actions; "" shows none."""
        if title and title not in self._pages and self._book.group(title):
            menu = QMenu(_MNEMONICS.get(title, title), self._window)
            menu.addActions(list(self._book.group(title)))
            self._window.menuBar().insertMenu(self._help.menuAction(), menu)
            self._pages[title] = menu
        for name, menu in self._pages.items():
            menu.menuAction().setVisible(name == title)

    def _keep_letters(self, group: str, menus: Iterable[str]) -> None:
        """What opens a menu is no key of an action: Qt would take the one and the other in turn."""
        opens = {QKeySequence.mnemonic(title).toString(PORTABLE): plain(title) for title in menus}
        self._book.fix(group, {key: tr("Menu {menu}", menu=name) for key, name in opens.items() if key})

    def drop_pages(self) -> None:
        """Forget the menus of pages that go away."""
        for menu in self._pages.values():
            self._window.menuBar().removeAction(menu.menuAction())
            menu.deleteLater()
        self._pages = {}
