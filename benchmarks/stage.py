"""Time of a frame on the stage: pan, zoom, swipe, opacity on a 3840 x 2160 pair at a 1920 x 1080 stage.

A real `StageWidget` gets real mouse and wheel events; a frame is the time from the event to the end of `repaint()`,
that is, until the picture is in the window's backing store. Software rendering (Qt's raster engine, no GPU).

    python benchmarks/stage.py [--frames 200] [--json OUT]

Wanted: 16 ms median and 33 ms at the 99th percentile for each gesture; 700 MB resident with the pair open. The CPU time
of a frame tells on a shared machine how much of its time others took.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from pfm_desktop.domain.anatomy import Outline
from pfm_desktop.domain.geometry import Points
from pfm_desktop.domain.prediction import FUSED, Heatmap
from pfm_desktop.domain.registration import RegistrationStatus
from pfm_desktop.domain.source import Source
from pfm_desktop.gui.widgets.stage import StageWidget
from pfm_desktop.viewmodels.drawings import Drawn
from pfm_desktop.viewmodels.pair_view import Mode, fitted, set_mode, set_opacity, with_heatmap

PICTURE = (3840, 2160)
STAGE = (1920, 1080)
MEDIAN_MS, P99_MS = 16.0, 33.0
RESIDENT_MB = 700.0


class Shift:
    """A registration that moves by whole pixels: cheap to make, and a frame costs the same as with any other."""

    status, for_looking_only = RegistrationStatus.OK, False
    dx, dy = 60, 40

    def white_to_fluorescence(self, points: Points) -> Points:
        return points + np.array([self.dx, self.dy])

    def fluorescence_to_white(self, points: Points) -> Points:
        return points - np.array([self.dx, self.dy])

    def in_white_frame(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        mask = np.ones(PICTURE[::-1], dtype=np.bool_)
        mask[-self.dy :] = False
        mask[:, -self.dx :] = False
        return np.roll(image, (-self.dy, -self.dx), axis=(0, 1)), mask


def picture(seed: int) -> NDArray[np.uint8]:
    """Noise on every scale: nothing a scaler could take a short cut on."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 160, (PICTURE[1] // 40, PICTURE[0] // 40, 3)).astype(np.uint8)
    return np.kron(coarse, np.ones((40, 40, 1), dtype=np.uint8)) + rng.integers(
        0, 90, (PICTURE[1], PICTURE[0], 3), dtype=np.uint8
    )


def heatmap() -> Heatmap:
    y, x = np.mgrid[0:28, 0:50] / 28
    values = np.exp(-((x - 1.1) ** 2 + (y - 0.4) ** 2) / 0.05) + 0.5 * np.exp(-((x - 0.4) ** 2 + (y - 0.7) ** 2) / 0.02)
    values[:4, :4] = np.nan
    return Heatmap(np.clip(values, 0, 1).astype(np.float32), "benchmark")


class Hand:
    """Sends what a hand does with the mouse."""

    def __init__(self, stage: StageWidget) -> None:
        self.stage = stage

    def _mouse(self, kind: QEvent.Type, x: float, y: float, held: bool) -> None:
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        button = none if kind is QEvent.Type.MouseMove else left
        buttons = left if held else none
        at = QPointF(round(x), round(y))  # a mouse moves by whole pixels
        QApplication.sendEvent(self.stage, QMouseEvent(kind, at, at, button, buttons, Qt.KeyboardModifier.NoModifier))

    def press(self, x: float, y: float) -> None:
        self._mouse(QEvent.Type.MouseButtonPress, x, y, True)

    def move(self, x: float, y: float, *, held: bool = True) -> None:
        self._mouse(QEvent.Type.MouseMove, x, y, held)

    def release(self, x: float, y: float) -> None:
        self._mouse(QEvent.Type.MouseButtonRelease, x, y, False)

    def wheel(self, x: float, y: float, turn: int) -> None:
        none = Qt.MouseButton.NoButton
        at = QPointF(x, y)
        event = QWheelEvent(
            at, at, QPoint(), QPoint(0, turn), none, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False
        )
        QApplication.sendEvent(self.stage, event)


def drawings() -> tuple[Drawn, ...]:
    """Six contours of 300 points, one with a hole, and an SCJ line as long."""
    turn = np.linspace(0, 2 * np.pi, 300)

    def ring(x: float, y: float, radius: float) -> Outline:
        wave = radius * (1 + 0.1 * np.sin(9 * turn))
        return tuple(zip((x + wave * np.cos(turn)).tolist(), (y + wave * np.sin(turn)).tolist(), strict=True))

    found = [
        Drawn(f"{number}", Source.WHITE, (ring(900 + 400 * number, 1080, 180),), f"lesion {number}", f"{number}")
        for number in range(6)
    ]
    found[0] = Drawn("0", Source.WHITE, (*found[0].edges, ring(900, 1080, 60)), "lesion 0", "0")
    return (*found, Drawn("line", Source.WHITE, (ring(1900, 1000, 500),), "SCJ"))


Gesture = Callable[[Hand, int], Iterator[None]]


def pan(hand: Hand, frames: int) -> Iterator[None]:
    hand.press(900, 300)  # beside the curtain
    for step in range(frames):
        angle = step / frames * 12.56
        hand.move(900 + 500 * np.sin(angle), 300 + 200 * np.sin(2 * angle))
        yield
    hand.release(900, 300)


def zoom(hand: Hand, frames: int) -> Iterator[None]:
    for step in range(frames):
        hand.wheel(700, 500, 40 if (step // 60) % 2 == 0 else -40)
        yield


def swipe(hand: Hand, frames: int) -> Iterator[None]:
    hand.press(hand.stage.view.swipe * STAGE[0], 700)
    for step in range(frames):
        hand.move(960 + 800 * np.sin(step / frames * 12.56), 700)
        yield
    hand.release(960, 700)


def pan_drawn(hand: Hand, frames: int) -> Iterator[None]:
    hand.stage.drawings.show(drawings())
    yield from pan(hand, frames)
    hand.stage.drawings.show(())


def brush(hand: Hand, frames: int) -> Iterator[None]:
    hand.stage.drawings.show(drawings())
    hand.stage.tool = "brush"
    hand.press(900, 300)
    for step in range(frames):
        hand.move(480 + 400 * np.sin(step / frames * 12.56), 300 + 200 * np.sin(step / frames * 25.12))
        yield
    hand.stage.tool = "pan"
    hand.stage.drawings.show(())


def opacity(hand: Hand, frames: int) -> Iterator[None]:
    for step in range(frames):
        hand.stage.set_view(set_opacity(hand.stage.view, 0.5 + 0.5 * np.sin(step / frames * 12.56)))
        yield


def heatmap_opacity(hand: Hand, frames: int) -> Iterator[None]:
    for step in range(frames):
        hand.stage.set_view(with_heatmap(hand.stage.view, opacity=0.5 + 0.4 * np.sin(step / frames * 12.56)))
        yield


def heatmap_threshold(hand: Hand, frames: int) -> Iterator[None]:
    for step in range(frames):
        hand.stage.set_view(with_heatmap(hand.stage.view, threshold=0.5 + 0.4 * np.sin(step / frames * 12.56)))
        yield


def flicker(hand: Hand, frames: int) -> Iterator[None]:
    for _ in range(frames):
        hand.stage.commands.flick()
        yield


def loupe(hand: Hand, frames: int) -> Iterator[None]:
    hand.stage.commands.hold_loupe(True)
    for step in range(frames):
        hand.move(960 + 700 * np.sin(step / frames * 12.56), 540, held=False)
        yield
    hand.stage.commands.hold_loupe(False)


CASES: tuple[tuple[str, Mode, Gesture, bool], ...] = (
    ("pan, side by side", Mode.SIDE_BY_SIDE, pan, False),
    ("pan, blend", Mode.BLEND, pan, False),
    ("pan, swipe", Mode.SWIPE, pan, False),
    ("pan, checkerboard", Mode.CHECKERBOARD, pan, False),
    ("pan, blend + heatmap", Mode.BLEND, pan, True),
    ("pan, 6 contours + SCJ", Mode.SIDE_BY_SIDE, pan_drawn, False),
    ("brush, 6 contours + SCJ", Mode.SIDE_BY_SIDE, brush, False),
    ("zoom, side by side", Mode.SIDE_BY_SIDE, zoom, False),
    ("zoom, blend", Mode.BLEND, zoom, False),
    ("zoom, blend + heatmap", Mode.BLEND, zoom, True),
    ("swipe", Mode.SWIPE, swipe, False),
    ("swipe + heatmap", Mode.SWIPE, swipe, True),
    ("opacity", Mode.BLEND, opacity, False),
    ("heatmap opacity", Mode.BLEND, heatmap_opacity, True),
    ("heatmap threshold", Mode.BLEND, heatmap_threshold, True),
    ("flicker", Mode.FLICKER, flicker, True),
    ("loupe, side by side", Mode.SIDE_BY_SIDE, loupe, True),
)


def time_gesture(stage: StageWidget, mode: Mode, gesture: Gesture, *, heat: bool, frames: int) -> NDArray[np.float64]:
    """2 x frames milliseconds: by the clock and of CPU; the first frame included."""
    stage.set_heatmaps({FUSED: heatmap()} if heat else {})
    stage.set_view(fitted(set_mode(stage.view, mode)))
    stage.commands.zoom(1.7)  # part of the picture: there is something to pan
    QApplication.processEvents()
    times = []
    steps = gesture(Hand(stage), frames)
    for _ in range(frames):
        start, busy = time.perf_counter(), time.thread_time()
        next(steps)
        stage.repaint()
        times.append(((time.perf_counter() - start) * 1000, (time.thread_time() - busy) * 1000))
    next(steps, None)
    return np.array(times).T


def resident_mb() -> float:
    import psutil

    return float(psutil.Process().memory_info().rss / 2**20)


def load_engine() -> None:
    """What else the program has in memory once it has answered: the libraries of engine and store."""
    import cv2  # noqa: F401
    import sqlalchemy  # noqa: F401
    import torch

    torch.nn.Conv2d(3, 8, 3)(torch.zeros(1, 3, 224, 224))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    app = QApplication([])
    before = resident_mb()
    stage = StageWidget()
    stage.resize(*STAGE)
    stage.show()
    white, fluorescence = picture(1), picture(2)
    start = time.perf_counter()
    stage.set_pair(white, fluorescence, Shift())
    stage.repaint()
    first = (time.perf_counter() - start) * 1000
    while stage.busy:
        app.processEvents()
    stage.repaint()
    aligned = (time.perf_counter() - start) * 1000
    print(f"{PICTURE[0]} x {PICTURE[1]} pair on a {STAGE[0]} x {STAGE[1]} stage, software rendering")
    print(f"pictures on the stage after {first:.0f} ms, registered after {aligned:.0f} ms (without registering)")
    print(f"resident: {before:.0f} MB before, {resident_mb():.0f} MB with the pair open (two RGB arrays included)")
    report = {"first_ms": first, "aligned_ms": aligned, "gestures": {}}
    for name, mode, gesture, heat in CASES:
        times = time_gesture(stage, mode, gesture, heat=heat, frames=options.frames)
        clock, cpu = times
        median, p99, busy = float(np.median(clock)), float(np.percentile(clock, 99)), float(np.median(cpu))
        verdict = "ok" if median <= MEDIAN_MS and p99 <= P99_MS else "TOO SLOW"
        print(f"{name:24s} median {median:5.1f} ms   99th percentile {p99:5.1f} ms   CPU {busy:5.1f} ms   {verdict}")
        report["gestures"][name] = {"median_ms": median, "p99_ms": p99, "cpu_ms": busy}
    report["resident_stage_mb"] = resident_mb()
    load_engine()
    report["resident_mb"] = resident_mb()
    verdict = "ok" if report["resident_mb"] <= RESIDENT_MB else "TOO MUCH"
    print(
        f"resident: {report['resident_stage_mb']:.0f} MB after all gestures, {report['resident_mb']:.0f} MB with the "
        f"engine's libraries in the same process   {verdict}"
    )
    if options.json:
        options.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
    stage.close()


if __name__ == "__main__":
    main()
