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

LIVE, FIRST, SECOND = 40, 120, 220
ROUNDS = 12


class Camera:
    """Gives a frame of shade `LIVE` every `interval` seconds; none while it stalls."""

    def __init__(self, interval: float) -> None:
        self.interval, self.stalls, self._number = interval, threading.Event(), 0

    def wait_for(self, after: float, timeout: float) -> Frame | None:
        if self.stalls.wait(self.interval):
            time.sleep(timeout / 4)
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
def sees(qtbot: QtBot, feed: Feed) -> Callable[[], int]:
    """The shade that is on the screen, once nothing new comes for a while or a second of live picture has passed."""
    shown: list[int] = []

    def take() -> None:
        if (made := feed.take()) is not None:
            shown.append(QColor(made.image.pixel(10, 10)).red())

    feed.ready.connect(take)

    def seen() -> int:
        qtbot.wait(80)
        return shown[-1]

    return seen


@pytest.mark.parametrize("interval", [0.001, 0.02])
def test_a_still_is_seen_in_place_of_the_live_picture_and_another_in_place_of_it(
    feed: Feed, sees: Callable[[], int], interval: float
) -> None:
    feed.start(Camera(interval))
    for _ in range(ROUNDS):
        assert sees() == LIVE
        feed.show_still(picture(FIRST))
        assert sees() == FIRST
        feed.show_still(picture(SECOND))
        assert sees() == SECOND
        feed.show_still(None)


def test_a_still_is_seen_while_the_camera_stalls_and_the_last_frame_after_it(
    qtbot: QtBot, feed: Feed, sees: Callable[[], int]
) -> None:
    camera = Camera(0.005)
    feed.start(camera)
    assert sees() == LIVE
    camera.stalls.set()
    for _ in range(ROUNDS // 2):
        qtbot.wait(20)
        feed.show_still(picture(FIRST))
        qtbot.wait(100)
        assert sees() == FIRST
        feed.show_still(None)
        qtbot.wait(100)
        assert sees() == LIVE


def test_what_was_forgotten_is_not_drawn_anew(qtbot: QtBot, feed: Feed, sees: Callable[[], int]) -> None:
    camera = Camera(0.005)
    feed.start(camera)
    assert sees() == LIVE
    camera.stalls.set()
    qtbot.wait(100)
    feed.forget()
    made = feed.made
    feed.change_look(zoom=2.0)
    qtbot.wait(150)
    assert feed.made == made
    assert feed.last is None
