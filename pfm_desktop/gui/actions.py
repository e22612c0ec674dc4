"""Actions of the window: ids, texts, default shortcuts, and the user's own shortcuts instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from pfm_desktop.gui.keys_of_fields import of_fields
from pfm_desktop.support.language import tr
from pfm_desktop.support.listing import with_or

PORTABLE = QKeySequence.SequenceFormat.PortableText
NATIVE = QKeySequence.SequenceFormat.NativeText
FIELDS = tr("Text fields and lists")


def page_action(
    owner: QWidget, id_: str, text: str, shortcut: str, slot: Callable[[], object], *, repeat: bool = True
) -> QAction:
    """A command of a page or of a part of one; `repeat`: a key that is held does it again and again."""
    action = QAction(text, owner)
    action.setObjectName(id_)
    if shortcut:
        action.setShortcut(QKeySequence(shortcut, PORTABLE))
    action.setAutoRepeat(repeat)
    action.triggered.connect(lambda _checked=False: slot())
    return action


@dataclass(frozen=True)
class _Entry:
    action: QAction
    group: str
    default: tuple[str, ...]


@dataclass(frozen=True)
class ShortcutRow:
    """A line of the shortcut list and of the shortcut editor."""

    id: str
    group: str
    text: str
    shortcut: str  # portable text; "" for none
    changed: bool


@dataclass(frozen=True)
class Fixed:
    """What keys do by themselves, and in which group: nobody can choose others for that."""

    text: str
    group: str


class ActionBook(QObject):
    """Every action with an id, in the order they were added. `changed` tells that shortcuts differ, or that there are
    more of them."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[str, _Entry] = {}
        self._own: Mapping[str, str] = {}
        self._fixed: dict[str, dict[str, str]] = {}  # by group, keys that no action has, and what they do

    def make(
        self, owner: QWidget, id_: str, text: str, shortcut: str, slot: Callable[[], object], *, group: str
    ) -> QAction:
        """An action of `owner`'s window. Several default shortcuts stand apart by " or "."""
        action = QAction(text, owner)
        action.setObjectName(id_)
        action.setShortcuts([QKeySequence(part, PORTABLE) for part in shortcut.split(" or ") if part])
        action.triggered.connect(lambda _checked=False: slot())
        owner.addAction(action)
        self.adopt(action, group=group)
        return action

    def adopt(self, action: QAction, *, group: str) -> None:
        """Take in an action made elsewhere; its object name is the id, its present shortcuts are the default."""
        default = tuple(key.toString(PORTABLE) for key in action.shortcuts())
        self._entries[action.objectName()] = _Entry(action, group, default)
        self._settle(action.objectName())

    def adopt_page(self, page: QWidget, actions: Iterable[QAction], *, group: str) -> None:
        """Take in the commands of a page: their shortcuts act while the focus is on that page.

        An action that says itself where it acts (any context but the window's) is left as it is. `fixed_keys` of
        the page, where it has some: keys that something on it takes by itself, and what they do there.
        """
        fixed: Mapping[str, str] = getattr(page, "fixed_keys", {})
        self.fix(group, fixed)
        for action in actions:
            if action.shortcutContext() is Qt.ShortcutContext.WindowShortcut:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                page.addAction(action)
            self.adopt(action, group=group)
        self.changed.emit()

    def fix(self, group: str, keys: Mapping[str, str]) -> None:
        """Keys that no action of this group may have, and what they do by themselves."""
        self._fixed.setdefault(group, {}).update({_portable(key): text for key, text in keys.items()})

    def forget(self, actions: Iterable[QAction]) -> None:
        """Those of a page that goes away; what stands in their place by now stays."""
        gone = {id(action) for action in actions}
        self._entries = {id_: entry for id_, entry in self._entries.items() if id(entry.action) not in gone}

    def action(self, id_: str) -> QAction:
        """An action by its id."""
        return self._entries[id_].action

    def group(self, group: str) -> tuple[QAction, ...]:
        """The actions of a group, in order."""
        return tuple(entry.action for entry in self._entries.values() if entry.group == group)

    def use(self, own: Mapping[str, str]) -> None:
        """Put the user's shortcuts (action id to key sequence, "" for none) in place of the defaults."""
        if dict(own) != dict(self._own):
            self._own = dict(own)
            for id_ in self._entries:
                self._settle(id_)
            self.changed.emit()

    def rows(self) -> tuple[ShortcutRow, ...]:
        """All actions with the shortcuts that hold now."""
        return tuple(self._row(id_) for id_ in self._entries)

    def acting(self, group: str) -> tuple[ShortcutRow, ...]:
        """Those of a group whose keys act on what is in sight now."""
        return tuple(self._row(id_) for id_, entry in self._entries.items() if entry.group == group and _acts(entry))

    def _row(self, id_: str) -> ShortcutRow:
        entry = self._entries[id_]
        return ShortcutRow(
            id=id_,
            group=entry.group,
            text=plain(entry.action.text()),
            shortcut=" or ".join(key.toString(PORTABLE) for key in entry.action.shortcuts()),
            changed=id_ in self._own,
        )

    def conflict(self, id_: str, sequence: str) -> str:
        """Text of another action that has this shortcut and could be meant at the same time; "" when it is free."""
        wanted, group = QKeySequence(sequence, PORTABLE), self._entries[id_].group
        if wanted.isEmpty():
            return ""
        for other, entry in self._entries.items():
            near = entry.group == group or not (_of_page(self._entries[id_]) and _of_page(entry))
            if other != id_ and near and wanted in entry.action.shortcuts():
                return plain(entry.action.text())
        fixed = self.fixed(id_, sequence)
        if fixed is not None:
            return fixed.text
        return FIELDS if self.needed_in_fields(id_, sequence) else ""

    def fixed(self, id_: str, sequence: str) -> Fixed | None:
        """What these keys do by themselves where this action acts. The letters of menus do it on every page."""
        wanted, own = _portable(sequence), self._entries[id_]
        near = ((group, keys) for group, keys in self._fixed.items() if group in ("", own.group) or not _of_page(own))
        return next((Fixed(keys[wanted], group) for group, keys in near if wanted in keys), None)

    def needed_in_fields(self, id_: str, sequence: str) -> bool:
        """Whether an action of the whole window would take them from text fields and lists; not what it came with."""
        own = self._entries[id_]
        return not _of_page(own) and _portable(sequence) not in own.default and of_fields(_portable(sequence))

    def _settle(self, id_: str) -> None:
        entry = self._entries[id_]
        parts = (self._own[id_],) if id_ in self._own else entry.default
        entry.action.setShortcuts([QKeySequence(part, PORTABLE) for part in parts if part])


def _acts(entry: _Entry) -> bool:
    """Whether a widget that has the action is in sight, and the action itself is."""
    owners = [
        one for one in entry.action.associatedObjects() if isinstance(one, QWidget) and not isinstance(one, QMenu)
    ]
    return entry.action.isVisible() and any(owner.isVisible() for owner in owners)


def plain(text: str) -> str:
    """The text of an action without its menu letter and without dots."""
    return on_button(text).removesuffix("...").rstrip()


def on_button(text: str) -> str:
    """The text of an action without its menu letter, which some languages put behind: `Open (&O)...`."""
    kept = _LETTER_BEHIND.sub("", text.replace("&&", "\0"))
    return kept.replace("&", "").replace("\0", "&")


_LETTER_BEHIND = re.compile(r"\s*\(&\w\)")


def _portable(sequence: str) -> str:
    return QKeySequence(sequence, PORTABLE).toString(PORTABLE)


def native(sequence: str) -> str:
    """A shortcut as this system writes it."""
    return with_or(QKeySequence(part, PORTABLE).toString(NATIVE) for part in sequence.split(" or ") if part)


def _of_page(entry: _Entry) -> bool:
    return entry.action.shortcutContext() is not Qt.ShortcutContext.WindowShortcut
