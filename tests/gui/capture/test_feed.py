"""The live picture's way to the screen: what stands still is what is seen, whatever the camera does meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from pfm_desktop.capture.source import Frame
from pfm_desktop.gui.pages.capture.feed import Feed

pytestmark = pytest.mark.slow

LIVE, FIRST, SECOND = 40, 120, 220
ROUNDS = 12
Sees = Callable[[int], None]


class Camera:
    """Gives a frame of shade `LIVE` every `interval` seconds; none while it stalls."""

    def __init__(self, interval: float) -> None:
        self.interval, self.stalls, self.silent, self._number = interval, threading.Event(), 0, 0
        self._never = threading.Event()

    def wait_for(self, after: float, timeout: float) -> Frame | None:
        if self.stalls.wait(self.interval):
            self._never.wait(timeout / 4)
            self.silent += 1
            return None
        self._number += 1
        return Frame(picture(LIVE), time.monotonic(), self._number)


def picture(shade: int) -> NDArray[np.uint8]:
    return np.full((36, 64, 3), shade, np.uint8)


@pytest.fixture
def feed(qtbot: QtBot) -> Iterator[Feed]:
    made = Feed()
    made.change_look(view=(64, 36))
    yield made
    made.stop()


@pytest.fixture
def sees(qtbot: QtBot, feed: Feed) -> Sees:
    """Wait until the screen shows this shade."""
    shown: list[int] = []

    def take() -> None:
        if (made := feed.take()) is not None:
            shown.append(QColor(made.image.pixel(10, 10)).red())

    feed.ready.connect(take)

    def seen(shade: int) -> None:
        shown.clear()  # what came before says nothing
        qtbot.waitUntil(lambda: shown[-1:] == [shade])

    return seen


@pytest.mark.parametrize("interval", [0.001, 0.02])
def test_a_still_is_seen_in_place_of_the_live_picture_and_another_in_place_of_it(
    feed: Feed, sees: Sees, interval: float
) -> None:
    feed.start(Camera(interval))
    for _ in range(ROUNDS):
        sees(LIVE)
        feed.show_still(picture(FIRST))
        sees(FIRST)
        feed.show_still(picture(SECOND))
        sees(SECOND)
        feed.show_still(None)


def test_a_still_is_seen_while_the_camera_stalls_and_the_last_frame_after_it(feed: Feed, sees: Sees) -> None:
    camera = Camera(0.005)
    feed.start(camera)
    sees(LIVE)
    camera.stalls.set()
    for _ in range(ROUNDS // 2):
        feed.show_still(picture(FIRST))
        sees(FIRST)
        feed.show_still(None)
        sees(LIVE)


def test_what_was_forgotten_is_not_drawn_anew(qtbot: QtBot, feed: Feed, sees: Sees) -> None:
    camera = Camera(0.005)
    feed.start(camera)
    sees(LIVE)
    camera.stalls.set()
    qtbot.waitUntil(lambda: camera.silent > 0)
    feed.forget()
    made = feed.made
    feed.change_look(zoom=2.0)
    qtbot.waitUntil(lambda: not feed._again.is_set())
    assert feed.made == made
    assert feed.last is None
