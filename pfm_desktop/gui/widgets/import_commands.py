"""Commands of an import's preview: what they are called, their keys, and when each can be given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from pfm_desktop.gui.actions import page_action
from pfm_desktop.gui.widgets.import_tree import ImportTree
from pfm_desktop.support.language import tr
from pfm_desktop.viewmodels.import_page import paired, unsure_keys
from pfm_desktop.viewmodels.importing import ImportPreview

# id, text, key. Letters act while the tree has the keys, the last ones on the whole page
ON_ROWS = (
    ("confirm", tr("&Confirm guesses"), "C"),
    ("stage", tr("&Stage..."), "S"),
    ("woman", tr("&Woman..."), "W"),
    ("time", tr("Visit &time..."), "T"),
    ("move", tr("&Move..."), "M"),
    ("pair", tr("&Pair"), "P"),
    ("leave_out", tr("&Leave out"), "Delete"),
    ("all_the_same", tr("Take all t&he same"), "A"),
)
ON_PAGE = (
    ("confirm_all", tr("Confirm a&ll"), "Ctrl+Shift+C"),
    ("only_open", tr("&Only unsure or missing"), "Ctrl+U"),
    ("bring_in", tr("&Import"), "Ctrl+Return"),
)
_PAIR, _PART = tr("&Pair"), tr("Part &pair")
_LEAVE_OUT, _TAKE = tr("&Leave out"), tr("&Take again")


class ImportCommands:
    """The actions, by the last part of their ids."""

    def __init__(self, page: QWidget, tree: ImportTree, slots: Mapping[str, Callable[[], object]]) -> None:
        self._tree = tree
        self.actions: dict[str, QAction] = {}
        for names, owner in ((ON_ROWS, tree), (ON_PAGE, page)):
            for name, text, key in names:
                self.actions[name] = _made(owner, name, text, key, slots[name])
        self.actions["only_open"].setCheckable(True)

    def refresh(self, preview: ImportPreview | None) -> None:
        """Only what can be done with the rows that are chosen can be asked for."""
        rows, keys = self._tree.chosen_rows(), self._tree.chosen_pictures()
        for name, *_ in ON_ROWS:
            self.actions[name].setEnabled(preview is not None and bool(keys))
        if preview is None:
            for name, *_ in ON_PAGE:
                self.actions[name].setEnabled(False)
            return
        self.actions["confirm"].setEnabled(bool(unsure_keys(preview, set(keys))))
        self.actions["time"].setEnabled(self._tree.chosen_visit() is not None)
        in_pair = paired(preview, keys)
        self.actions["pair"].setText(_PART if in_pair else _PAIR)
        self.actions["pair"].setEnabled(in_pair or len(keys) == 2)
        out = self.takes_again
        self.actions["leave_out"].setText(_TAKE if out else _LEAVE_OUT)
        held = any(row.held for row in rows) or bool(self.held_pictures)
        self.actions["all_the_same"].setEnabled(held)
        self.actions["confirm_all"].setEnabled(bool(unsure_keys(preview)))
        self.actions["only_open"].setEnabled(True)
        self.actions["bring_in"].setEnabled(preview.asked and preview.counts().ready > 0)

    @property
    def takes_again(self) -> bool:
        """Whether all that is chosen is left out already: then the same key takes it again."""
        lines = [row.line for row in self._tree.shown_pictures(self._tree.chosen_pictures())]
        return bool(lines) and all(line is not None and line.left_out for line in lines)

    @property
    def held_pictures(self) -> tuple[str, ...]:
        """Chosen pictures that wait for nothing that could be said, but stand elsewhere too."""
        rows = self._tree.shown_pictures(self._tree.chosen_pictures())
        return tuple(row.key for row in rows if row.line is not None and row.line.elsewhere)


def _made(owner: QWidget, name: str, text: str, key: str, slot: Callable[[], object]) -> QAction:
    action = page_action(owner, f"import.{name}", text, key, slot)
    if isinstance(owner, ImportTree):
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        owner.addAction(action)
    return action
