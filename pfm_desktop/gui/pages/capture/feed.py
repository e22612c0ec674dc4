"""Frames on their way to the screen: made ready on a thread, so that the window only copies them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from pfm_desktop.gui.widgets.live_view import Shown
from pfm_desktop.imaging import shown as imaging

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pfm_desktop.capture.source import Frame

log = logging.getLogger(__name__)
WAIT_S = 0.25
END_S = 2.0


class Frames(Protocol):
    """Where frames come from: a `capture.stream.Stream`."""

    def wait_for(self, after: float, timeout: float) -> Frame | None:
        """The first frame after a moment."""


@dataclass(frozen=True)
class Look:
    """What of a frame is shown: `view` width and height in device pixels, `ratio` of these to logical ones."""

    view: tuple[int, int] = (640, 360)
    ratio: float = 1.0
    zoom: float = 1.0
    centre: tuple[float, float] = (0.5, 0.5)
    green: bool = False


class Feed(QObject):
    """`ready` on the thread of the window when there is something new to `take`. Of several frames that the window has
    not taken yet only the last one is kept; `passed_over` counts the others."""

    ready = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._look = Look()
        self._again = threading.Event()  # what stands still is wanted in another look
        self._slot: Shown | None = None
        self._last: Frame | None = None
        self._still: NDArray[np.uint8] | None = None  # shown instead of what comes
        self._since = float("-inf")  # what is older is not shown any more
        self._ending: threading.Event | None = None
        self._thread: threading.Thread | None = None
        self._notify = _notifier(self)
        self.source: Frames | None = None
        self.passed_over = 0
        self.made = 0

    # the thread of the window

    def start(self, frames: Frames) -> None:
        """Show these; those before are not shown any more."""
        self.stop()
        self.source = frames
        self._ending = threading.Event()
        self._thread = threading.Thread(
            target=self._work, args=(frames, self._ending), name="live picture", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Nothing is shown any more."""
        if self._ending is not None and self._thread is not None:
            self._ending.set()
            self._again.set()
            self._thread.join(END_S)
        self._ending = self._thread = self.source = None
        with self._lock:
            self._slot = self._last = None

    def forget(self) -> None:
        """What came until now is not shown any more; what comes is."""
        with self._lock:
            self._since = time.monotonic()
            self._slot = self._last = None

    def take(self) -> Shown | None:
        """The newest that was made ready, once."""
        with self._lock:
            taken, self._slot = self._slot, None
        return taken

    @property
    def last(self) -> Frame | None:
        """The last frame that came."""
        return self._last

    @property
    def look(self) -> Look:
        """How frames are shown."""
        return self._look

    def change_look(self, **changes: object) -> None:
        """Show them otherwise, what stands still as well."""
        self._look = replace(self._look, **changes)  # type: ignore[arg-type]  # names checked by replace
        self._show_again()

    def show_still(self, pixels: NDArray[np.uint8] | None) -> None:
        """Show a picture instead of what comes; None: what comes."""
        self._still = pixels
        self._show_again()

    def _show_again(self) -> None:
        """What stands still is drawn anew, by the window itself where no camera is open."""
        self._again.set()
        if self._thread is None and self._still is not None:
            self._make(self._still, time.monotonic(), threading.Event())

    # its own thread

    def _work(self, frames: Frames, ending: threading.Event) -> None:
        last = -1.0
        while not ending.is_set():
            if self._still is not None:
                if self._again.wait(WAIT_S):
                    self._draw_anew(ending)
                continue
            frame = frames.wait_for(last, WAIT_S)
            if frame is None:
                if self._again.is_set():
                    self._draw_anew(ending)
                elif getattr(frames, "ended", False):
                    ending.wait(WAIT_S)
                continue
            last = frame.at
            with self._lock:
                if last < self._since:
                    continue
                self._last = frame
            if self._still is None:  # else what stands still was asked for meanwhile, and is drawn next
                self._make(frame.pixels, frame.at, ending)

    def _draw_anew(self, ending: threading.Event) -> None:
        """What stands still, or the last frame where nothing does."""
        self._again.clear()  # first: what is asked for from now on is drawn once more
        still, last = self._still, self._last
        if still is not None:
            self._make(still, time.monotonic(), ending)
        elif last is not None:
            self._make(last.pixels, last.at, ending)

    def _make(self, pixels: NDArray[np.uint8], at: float, ending: threading.Event) -> None:
        look = self._look
        try:
            made = ready_to_show(pixels, at, look)
        except Exception:  # a frame that cannot be drawn must not end the live picture
            log.exception("a live frame could not be drawn")
            return
        with self._lock:
            waiting = self._slot is not None
            self.passed_over += waiting
            self.made += 1
            if ending.is_set() or at < self._since:
                return
            self._slot = made
        if not waiting:
            self._notify()


def ready_to_show(pixels: NDArray[np.uint8], at: float, look: Look) -> Shown:
    """A frame (H x W x 3 uint8 RGB) as the view shows it."""
    height, width = pixels.shape[:2]
    box = imaging.box_of(width, height, look.view, zoom=look.zoom, centre=look.centre)
    drawn = np.ascontiguousarray(imaging.drawn(pixels, look.view, box=box, green=look.green))
    image = QImage(drawn.data, drawn.shape[1], drawn.shape[0], drawn.strides[0], QImage.Format.Format_RGB888)
    image.setDevicePixelRatio(look.ratio)
    return Shown(image, at, box, keeps=drawn)


def _notifier(feed: Feed) -> Callable[[], None]:
    """Emits `ready` from any thread; a feed that is gone meanwhile is no error."""
    inner = _Inner()
    inner.came.connect(feed.ready, Qt.ConnectionType.QueuedConnection)

    def notify() -> None:
        try:
            inner.came.emit()
        except RuntimeError:  # the window has left
            log.debug("a live frame came after the window had gone")

    return notify


class _Inner(QObject):
    came = Signal()
