"""A stage with pictures whose colours say where they were taken from, and a hand to use it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QNativeGestureEvent, QPainter, QPointingDevice, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from pfm_desktop.domain.annotation import OsMark, Pin
from pfm_desktop.domain.geometry import Points
from pfm_desktop.domain.prediction import Heatmap
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.gui.widgets.stage_render import paint
from pfm_desktop.viewmodels.pair_view import Mode, set_mode

WIDTH, HEIGHT = 400, 300  # of the white-light picture
STAGE = (1004, 400)  # two panes of 500 x 400 and a gap of 4
RGB = np.ndarray

PLAIN, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton


@dataclass
class Shift:
    """White (x, y) lies at (x + dx, y + dy) in fluorescence. `gate` holds the warp until it is set."""

    dx: int = 40
    dy: int = 20
    status: RegistrationStatus = RegistrationStatus.OK
    for_looking_only: bool = False
    size: tuple[int, int] = (WIDTH, HEIGHT)
    gate: threading.Event | None = None
    entered: threading.Event = field(default_factory=threading.Event)
    broken: bool = False

    def white_to_fluorescence(self, points: Points) -> Points:
        return points + np.array([self.dx, self.dy])

    def fluorescence_to_white(self, points: Points) -> Points:
        return points - np.array([self.dx, self.dy])

    def warp_to_white(self, image: RGB) -> RGB:
        self.entered.set()
        if self.gate is not None:
            assert self.gate.wait(20)
        if self.broken:
            raise RuntimeError("this map is broken")
        rows, columns, inside = self._source(image.shape[1::-1])
        warped = np.zeros((self.size[1], self.size[0], 3), np.uint8)
        warped[inside] = image[rows[inside], columns[inside]]
        return warped

    def overlap_mask(self) -> np.ndarray:
        return self._source((WIDTH, HEIGHT))[2]

    def in_white_frame(self, image: RGB) -> tuple[RGB, np.ndarray]:
        return self.warp_to_white(image), self.overlap_mask()

    def _source(self, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows, columns = np.mgrid[0 : self.size[1], 0 : self.size[0]]
        rows, columns = rows + self.dy, columns + self.dx
        inside = (rows >= 0) & (rows < size[1]) & (columns >= 0) & (columns < size[0])
        return np.clip(rows, 0, size[1] - 1), np.clip(columns, 0, size[0] - 1), inside


class Hand:
    """Sends what a hand does with mouse, wheel, touchpad and keys; positions are stage pixels."""

    def __init__(self, stage: StageWidget) -> None:
        self.stage = stage
        self._held = Qt.MouseButton.NoButton

    def press(self, at: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
        self._held = button
        self._mouse(QEvent.Type.MouseButtonPress, at, button)

    def move(self, at: tuple[float, float]) -> None:
        self._mouse(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton)

    def release(self, at: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
        self._held = Qt.MouseButton.NoButton
        self._mouse(QEvent.Type.MouseButtonRelease, at, button)

    def lose_release(self) -> None:
        """The button went up where the stage could not hear it."""
        self._held = Qt.MouseButton.NoButton

    def click(self, at: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
        self.press(at, button)
        self.release(at, button)

    def double_click(self, at: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
        self.click(at, button)
        self._held = button
        self._mouse(QEvent.Type.MouseButtonDblClick, at, button)
        self.release(at, button)

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
        self.press(start, button)
        for step in (0.3, 0.7, 1.0):
            self.move((start[0] + step * (end[0] - start[0]), start[1] + step * (end[1] - start[1])))
        self.release(end, button)

    def wheel(
        self,
        at: tuple[float, float],
        turn: int = 120,
        *,
        sideways: int = 0,
        phase: Qt.ScrollPhase = Qt.ScrollPhase.NoScrollPhase,
    ) -> None:
        spot, turned = QPointF(*at), QPoint(sideways, turn)
        event = QWheelEvent(spot, spot, QPoint(), turned, Qt.MouseButton.NoButton, PLAIN, phase, False)
        QApplication.sendEvent(self.stage, event)

    def pinch(self, at: tuple[float, float], more: float) -> None:
        spot, device = QPointF(*at), QPointingDevice.primaryPointingDevice()
        kind = Qt.NativeGestureType.ZoomNativeGesture
        event = QNativeGestureEvent(kind, device, 2, spot, spot, spot, more, QPointF())
        QApplication.sendEvent(self.stage, event)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN, *, repeats: int = 0, up: bool = True) -> bool:
        """True when the stage used the key up."""
        down = QKeyEvent(QEvent.Type.KeyPress, key, modifiers)
        down.ignore()
        QApplication.sendEvent(self.stage, down)
        for _ in range(repeats):
            QApplication.sendEvent(self.stage, QKeyEvent(QEvent.Type.KeyPress, key, modifiers, "", True))
        if up:
            self.key_up(key, modifiers)
        return down.isAccepted()

    def key_up(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN, *, again: bool = False) -> None:
        QApplication.sendEvent(self.stage, QKeyEvent(QEvent.Type.KeyRelease, key, modifiers, "", again))

    def _mouse(self, kind: QEvent.Type, at: tuple[float, float], button: Qt.MouseButton) -> None:
        spot = QPointF(*at)
        QApplication.sendEvent(self.stage, QMouseEvent(kind, spot, spot, button, self._held, PLAIN))


class Look:
    """A frame of the stage as pixels, `scale` device pixels a logical one."""

    def __init__(self, stage: StageWidget, scale: float = 1.0) -> None:
        self.scale = scale
        image = QImage(round(stage.width() * scale), round(stage.height() * scale), QImage.Format.Format_RGB32)
        image.fill(0xFFFF00FF)  # a pixel that is not painted is bright magenta
        image.setDevicePixelRatio(scale)
        painter = QPainter(image)
        paint(painter, stage.painting())
        painter.end()
        bits = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
        self.pixels = bits[:, : image.width(), 2::-1].copy()

    def at(self, x: float, y: float) -> np.ndarray:
        """RGB at a stage point, as integers that can be subtracted."""
        return self.pixels[int(y * self.scale), int(x * self.scale)].astype(int)

    def part(self, area: QRectF) -> np.ndarray:
        left, top, right, bottom = (
            round(v * self.scale) for v in (area.left(), area.top(), area.right(), area.bottom())
        )
        return self.pixels[max(0, top) : bottom, max(0, left) : right].astype(int)


def white_picture() -> RGB:
    """Red, with green growing rightwards (half a step a pixel) and blue downwards."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([np.full_like(rows, 230), columns // 2, rows // 2], axis=2).astype(np.uint8)


def glow_picture() -> RGB:
    """No red; green and blue say the place as in the white-light picture."""
    picture = white_picture()
    picture[:, :, 0] = 10
    return picture


@pytest.fixture
def white() -> RGB:
    return white_picture()


@pytest.fixture
def glow() -> RGB:
    return glow_picture()


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[StageWidget]:
    """An empty stage of 1004 x 400 in a window."""
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(*STAGE)
    made = StageWidget(host)
    made.resize(*STAGE)
    with qtbot.waitExposed(host):
        host.show()
    made.setFocus()
    seconds = count()
    made.commands.clock = lambda: float(next(seconds))  # nobody presses keys that fast
    yield made
    qtbot.waitUntil(lambda: not made.busy)


@pytest.fixture
def registered(stage: StageWidget, qtbot: QtBot, white: RGB, glow: RGB) -> StageWidget:
    """The stage with a pair that is registered by `Shift()`."""
    with qtbot.waitSignal(stage.aligned):
        stage.set_pair(white, glow, Shift())
    return stage


@pytest.fixture
def unregistered(stage: StageWidget, white: RGB, glow: RGB) -> StageWidget:
    """The stage with a pair that is not registered."""
    stage.set_pair(white, glow, None)
    return stage


@pytest.fixture
def hand(stage: StageWidget) -> Hand:
    return Hand(stage)


@pytest.fixture
def look(stage: StageWidget) -> Callable[..., Look]:
    """`look()` takes a picture of the stage."""
    return lambda scale=1.0: Look(stage, scale)


@pytest.fixture
def shift() -> type[Shift]:
    return Shift


@pytest.fixture
def show(stage: StageWidget) -> Callable[[Mode], None]:
    """Choose a mode."""
    return lambda mode: stage.set_view(set_mode(stage.view, mode))


@pytest.fixture
def spot(stage: StageWidget) -> Callable[..., tuple[float, float]]:
    """`spot(x, y, pane=0)` is the stage point of a picture point in a pane."""
    return lambda x, y, pane=0: stage.arrangement.panes[pane].lens.to_stage(x, y)


@pytest.fixture
def heatmap() -> Callable[[], Heatmap]:
    """Hot in the right half, cold in the left."""

    def made(*, unseen: bool = False) -> Heatmap:
        values = np.zeros((30, 40), np.float32)
        values[:, 20:] = 1.0
        if unseen:
            values[:10] = np.nan
        return Heatmap(values, "test")

    return made


@pytest.fixture
def pins() -> tuple[Pin, Pin]:
    """A on white light, B on fluorescence (which lies at (120, 130) in white light by `Shift()`)."""
    return (
        Pin("a", "pair", Source.WHITE, 200.0, 100.0, "A"),
        Pin("b", "pair", Source.FLUORESCENCE, 160.0, 150.0, "B"),
    )


@pytest.fixture
def os_mark() -> OsMark:
    return OsMark("pair", Source.WHITE, 200.0, 150.0)


@pytest.fixture
def ended(comes_true: Callable[[Callable[[], bool], float], bool]) -> Callable[[str], None]:
    """Wait until no job of this name is at work; its thread then waits for the next one."""

    def wait(name: str) -> None:
        assert comes_true(lambda: not any(thread.name.startswith(name) for thread in threading.enumerate()), 10)

    return wait
