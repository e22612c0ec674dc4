"""The stage shows something else than the pair that is read: what it was, and bringing it back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from pfm_desktop.gui.widgets.stage import Tool
from pfm_desktop.viewmodels.pair_view import DisplayWindow, PairView

if TYPE_CHECKING:
    from pfm_desktop.gui.widgets.stage import StageWidget


class StageLoan(QObject):
    """`active` while two visits or a sequence are on the stage. `why` is said to whoever wants to mark or read then."""

    begins = Signal()  # about to be lent
    changed = Signal()  # lent, or given back: the page shows what belongs there now

    def __init__(self, stage: StageWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._stage = stage
        self._view: PairView | None = None
        self._tool = Tool.PAN.value
        self.active, self.why = False, ""

    def begin(self, why: str) -> None:
        """Lend the stage; it keeps its mode, and shows pictures as bright as they are."""
        self.why = why
        if self.active:
            return
        self.begins.emit()
        self.active = True
        self._view, self._tool = self._stage.view, self._stage.tool
        self._stage.tool = Tool.PAN.value
        plain = DisplayWindow()
        self._stage.set_view(replace(self._view, white_window=plain, fluorescence_window=plain, cursor=None))
        self.changed.emit()

    def give_back(self) -> None:
        """The pair as it was: pictures, mode, place, zoom and tool."""
        view, tool = self._view, self._tool
        if not self._end():
            return
        self.changed.emit()
        if view is not None:
            self._stage.set_view(replace(view, cursor=None))
        self._stage.tool = tool

    def drop(self) -> None:
        """Another pair or visit comes: the way of looking is what it was, its place is nobody's any more."""
        view = self._view
        if self._end():
            if view is not None:
                self._stage.set_view(replace(view, zoom=None, cursor=None))
            self.changed.emit()

    def _end(self) -> bool:
        was, self.active = self.active, False
        self.why, self._view = "", None
        return was
