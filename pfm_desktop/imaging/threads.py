"""How many threads OpenCV takes for one call."""

from __future__ import annotations

import threading

import cv2


class _OneEach:
    """Counts who works live. OpenCV's own threads are shared by all that call it: the live picture would wait there for
    a registration, and a thread that gives way (`support.threads.give_way`) would make them give way for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live = self._before = 0

    def begin(self) -> None:
        with self._lock:
            if self._live == 0:
                self._before = cv2.getNumThreads()
                cv2.setNumThreads(1)
            self._live += 1

    def end(self) -> None:
        with self._lock:
            self._live = max(0, self._live - 1)
            if self._live == 0 and self._before:
                cv2.setNumThreads(self._before)


_ONE_EACH = _OneEach()


def live_begins() -> None:
    """From now on each call of OpenCV stays on the thread that makes it, until as many `live_ends`."""
    _ONE_EACH.begin()


def live_ends() -> None:
    """See `live_begins`."""
    _ONE_EACH.end()
