"""Chips of which one is down: which part of a list is shown."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from pfm_desktop.gui.widgets.chips import Chip, ChipRow
from pfm_desktop.support.listing import titled


class OneOfChips(ChipRow):
    """`chosen_changed(key)` when a person presses another one. One is always down."""

    chosen_changed = Signal(str)

    def __init__(self, titles: Mapping[str, str], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._titles = dict(titles)
        self._name = name
        self.buttons = {key: Chip(words, self) for key, words in titles.items()}
        for key, button in self.buttons.items():
            button.clicked.connect(lambda _checked=False, key=key: self.choose(key))
        self._chosen = next(iter(self.buttons))
        self.put(*self.buttons.values())
        self._show()

    @property
    def chosen(self) -> str:
        """The key of the one that is down."""
        return self._chosen

    def choose(self, key: str) -> None:
        """As a press does."""
        changed, self._chosen = key != self._chosen, key
        self._show()
        if changed:
            self.chosen_changed.emit(key)

    def show_counts(self, counts: Mapping[str, int], *, alarms: frozenset[str] = frozenset(), sign: str = "") -> None:
        """How many each stands for; `alarms` stand out, by `sign` and not by colour alone, where there are any."""
        for key, button in self.buttons.items():
            alarm = key in alarms and counts.get(key, 0) > 0
            words = self._titles[key] if key not in counts else f"{self._titles[key]} {counts[key]:,}"
            button.words = f"{sign} {words}" if alarm else words
            if button.property("alarm") != alarm:
                button.setProperty("alarm", alarm)
                button.style().unpolish(button)
                button.style().polish(button)
        self._show()
        for button in self.buttons.values():  # wider or narrower now
            button.fit(self.contentsRect().width())
        self.replace(*self.buttons.values())

    def _show(self) -> None:
        for key, button in self.buttons.items():
            button.show_chosen(chosen=key == self._chosen)
            button.setAccessibleName(titled(self._name, button.words))
