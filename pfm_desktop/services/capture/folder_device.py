"""A device that takes its pictures itself and saves them into a folder: there is no live picture of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pfm_desktop.capture.source import Format, Frame
from pfm_desktop.capture.status import StreamState, StreamStatus
from pfm_desktop.domain.capture import Acquisition, Light
from pfm_desktop.domain.source import Source
from pfm_desktop.services.capture.config import DeviceConfig
from pfm_desktop.services.capture.live import Exposed
from pfm_desktop.support.errors import UserError
from pfm_desktop.support.language import tr

if TYPE_CHECKING:
    from pfm_desktop.capture.stream import Sink

CAME = tr("Pictures come from the folder.")


class FolderStream:
    """In place of a camera's stream: what is shown is the picture that came last, and nothing can be taken from it.
    `on_status` listeners are called on the thread that says something."""

    def __init__(self) -> None:
        self.on_status: list[Callable[[StreamStatus], None]] = []
        self.status = StreamStatus(StreamState.LIVE, CAME)
        self._there = threading.Condition()
        self._shown: Frame | None = None
        self._over = False
        self._count = 0

    def show(self, pixels: NDArray[np.uint8]) -> None:
        """A picture came: H x W x 3 uint8 RGB."""
        with self._there:
            self._count += 1
            self._shown = Frame(pixels, time.monotonic(), self._count)
            self._there.notify_all()
        self._say(self.status.state, self.status.text)

    def forget(self) -> None:
        """What is shown is not any more."""
        with self._there:
            self._shown = None
        self._say(self.status.state, self.status.text)

    def follow(self, away: str) -> None:
        """The folder cannot be looked into, for a reason; "": it can."""
        if away != ("" if self.status.state is StreamState.LIVE else self.status.text):
            self._say(StreamState.STALLED if away else StreamState.LIVE, away or CAME)

    def _say(self, state: StreamState, text: str) -> None:
        shown = self._shown
        size = None if shown is None else Format(shown.pixels.shape[1], shown.pixels.shape[0])
        self.status = StreamStatus(state, text, size, frames=self._count)
        for listener in tuple(self.on_status):
            listener(self.status)

    def latest(self) -> Frame | None:
        """There is no live picture."""
        return None

    def wait_for(self, after: float, timeout: float) -> Frame | None:
        """What is shown, once it came after a moment."""

        def newer() -> bool:
            return self._shown is not None and self._shown.at > after

        with self._there:
            self._there.wait_for(lambda: self._over or newer(), timeout)
            return self._shown if newer() and not self._over else None

    def add_sink(self, _sink: Sink) -> Callable[[], None]:
        """Nothing is recorded of it."""
        return lambda: None

    def stop(self) -> None:
        """Nobody waits any more."""
        with self._there:
            self._over = True
            self._there.notify_all()


class FolderDevice:
    """As `services.capture.device.Device`, of which it has what the page asks for."""

    def __init__(self, config: DeviceConfig) -> None:
        self.config = config
        self.files = FolderStream()
        self.stream: Any = self.files  # where the page looks for a camera's
        self.second: Any = None
        self.lamp_problem = ""
        self.tell: Callable[[str], None] | None = None

    @property
    def folder(self) -> str:
        """Into which it saves."""
        return self.config.camera

    def take(self, *, pair: bool) -> tuple[Exposed, ...]:
        """It cannot be asked to."""
        raise UserError(
            tr("this device takes its pairs itself") if pair else tr("this device takes its pictures itself"),
            safe=tr("what it saves comes into the visit"),
            remedy=tr("press its own button now"),
        )

    def exposed(self, frame: Frame) -> Exposed:
        """What is shown was taken already."""
        how = Acquisition(self.config.name, Light.WHITE)
        return Exposed(frame, Source.WHITE, how, self.config.mm_at(*frame.pixels.shape[1::-1]))

    def follow_acid(self, _since: float | None) -> None:
        """It does not know of it."""

    def lit_white(self, _frame: Frame) -> bool:
        """Nothing is followed of it."""
        return True

    def learn_map(self, _found: Any) -> DeviceConfig | None:
        """It has one sensor, as far as is known."""
        return None

    def take_dark(self) -> object:
        """It cannot be asked to."""
        return self.take(pair=False)

    @property
    def light(self) -> Light | None:
        """Not known."""
        return None

    def stop(self) -> None:
        """Nothing is shown any more."""
        self.files.stop()
