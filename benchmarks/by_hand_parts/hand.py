"""A hand on mouse and keyboard: what it does reaches the program through the X server."""

from __future__ import annotations

import subprocess
import threading
import time
from typing import TYPE_CHECKING

from benchmarks.event_loop import wait

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QWidget

PAUSE_S = 0.03  # after each event, for the window to have it


class Hand:
    """Counts what it does."""

    def __init__(self) -> None:
        self.keys = self.clicks = 0

    def key(self, *names: str) -> None:
        """Press keys one after the other, each as xdotool calls it: `Return`, `ctrl+shift+1`."""
        for name in names:
            self.keys += 1
            self._do("key", "--clearmodifiers", name)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """The left button, in the middle of a widget or at a place of it."""
        self.clicks += 1
        self._do(*self._move(widget, at), "click", "1")

    def drag(self, widget: QWidget, places: list[QPoint]) -> None:
        """The left button held from the first place to the last."""
        self.clicks += 1
        moves = [part for place in places[1:] for part in (*self._move(widget, place), "sleep", "0.01")]
        self._do(*self._move(widget, places[0]), "mousedown", "1", *moves, "mouseup", "1")

    def wheel(self, widget: QWidget, turns: int) -> None:
        """Down, so many steps at once."""
        self.clicks += 1
        self._do(*self._move(widget, None), "click", "--repeat", str(turns), "5")

    def _move(self, widget: QWidget, at: QPoint | None) -> tuple[str, ...]:
        place = widget.mapToGlobal(at if at is not None else widget.rect().center())
        return "mousemove", str(place.x()), str(place.y())

    def _do(self, *command: str) -> None:
        """The window goes on meanwhile."""
        ended = threading.Event()

        def run() -> None:
            subprocess.run(["xdotool", *command], check=True)
            time.sleep(PAUSE_S)
            ended.set()

        threading.Thread(target=run, daemon=True).start()
        wait(ended.is_set)
