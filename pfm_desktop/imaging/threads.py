"""How many threads OpenCV takes for one call."""

from __future__ import annotations

import threading

import cv2

_lock = threading.Lock()
_live = 0
_before = 0


def live_begins() -> None:
    """From now on each call of OpenCV stays on the thread that makes it, until as many `live_ends`.

    Its own threads are shared by all that call it: the live picture would wait there for a registration, and a thread
    that gives way (`support.threads.give_way`) would make them give way for good.
    """
    global _live, _before
    with _lock:
        if _live == 0:
            _before = cv2.getNumThreads()
            cv2.setNumThreads(1)
        _live += 1


def live_ends() -> None:
    """See `live_begins`."""
    global _live
    with _lock:
        _live = max(0, _live - 1)
        if _live == 0 and _before:
            cv2.setNumThreads(_before)
